"""What a report says of a person file: rows read and set aside, and how many records know each field."""

from typing import Any

from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.word_columns import OF_WORD, OF_WORDS
from linkage.engine import Engine, Table, one, quote


def counted_source(engine: Engine, name: str, file: PersonFile, units: Table) -> dict[str, Any]:
    """A file as `quality.measures.evaluation` has its sources.

    Args:
        name: what the report calls it.
        units: unit_id and the fields.
    """
    fields = [column for column in units.columns if column != "unit_id" and not column.endswith((OF_WORDS, OF_WORD))]
    known = "".join(f", count({quote(field)}) as {quote(field)}" for field in fields)
    found = one(engine, engine.sql(f"select count(*) as {quote(_ALL)}{known} from {{t}}", t=units))
    entities = int(found[_ALL])
    return {
        "source": name,
        "rows_read": file.rows,
        "records": file.rows - len(file.quarantined),
        "quarantined": len(file.quarantined),
        "entities": entities,
        "completeness": [
            {"identifier": field, "entities": entities, "present": int(found[field]), "several": None}
            for field in fields
        ],
    }


_ALL = "all records"  # with a space, so that no field has its name
