"""The truth of a run, where there is one: who is behind each entity key, and which
errors were made; Parquet or CSV.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from linkage.engine import Engine, Table, rows
from linkage.errors import InputError
from linkage.records.ids import numbered

ERRORS, PERSONS = "errors", "persons"
NAMES = ("entities.parquet", "entities.csv")
_TYPES = dict.fromkeys(
    ("source", "entity_key", "person_id"), pa.string()
)  # a key 0007 is no 7


def true_entities_file(folder: Path) -> Path | None:
    """The file of the truth in its folder; None where there is none."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def true_entities(engine: Engine, path: Path) -> Table:
    """source, entity_key, person_id: texts, and a number of the person, made where the
    file has another kind of name.

    Raises:
        InputError: the file has not these columns, or an entity has several person_ids.
    """
    raw = (
        engine.read(path)
        if path.suffix == ".parquet"
        else engine.from_arrow(_csv(path, _TYPES))
    )
    if absent := [name for name in _TYPES if name not in raw.columns]:
        raise InputError(
            f"{path}: has no column {', '.join(absent)}\n  it needs {', '.join(_TYPES)}"
        )
    entities = engine.sql(
        """
        select distinct cast(source as varchar) as source,
            cast(entity_key as varchar) as entity_key,
               cast(person_id as varchar) as person
        from {raw}
        where trim(cast(person_id as varchar)) <> ''  -- unknown: no person
        """,
        raw=raw,
        store=True,
    )
    truth = _with_numbers(engine, entities)
    repeats = engine.sql(
        "select 1 as n from {t} group by source, entity_key having count(*) > 1",
        t=truth,
    )
    if count := engine.count(repeats):
        raise InputError(
            f"{path}: {count:,} entity keys have several person_ids\n  give each one "
            "person_id"
        )
    return truth


def _with_numbers(engine: Engine, entities: Table) -> Table:
    """source, entity_key, person_id from source, entity_key, person: the text's number,
    else one for each text.
    """
    digits = "regexp_matches(person, '^[0-9]+$') and length(person) <= 18"
    others = engine.sql(
        f"select 1 as n from {{entities}} where not ({digits}) limit 1",
        entities=entities,
    )
    if not engine.count(others):
        query = (
            "select source, entity_key, cast(person as bigint) as person_id from "
            "{entities}"
        )
        return engine.sql(query, entities=entities, store=True)
    persons = numbered(
        engine,
        engine.sql("select distinct person from {entities}", entities=entities),
        "person",
        "person_id",
        first=1,
    )
    query = (
        "select source, entity_key, person_id from {entities} as n join {persons} "
        "as p on p.person = n.person"
    )
    return engine.sql(query, entities=entities, persons=persons, store=True)


def unknown_to_truth(
    engine: Engine, truth: Table, entities: Table, sources: Sequence[str]
) -> list[str]:
    """A line for each source of which the truth lacks people: what is measured leaves
    these out.

    Args:
        truth: source, entity_key, person_id.
        entities: entity_id, source, entity_key.
    """
    query = engine.sql(
        """
        select e.source, count(*) as entities, count(t.person_id) as known
        from {entities} as e
        left join {truth} as t on t.source = e.source and t.entity_key = e.entity_key
        group by e.source
        """,
        truth=truth,
        entities=entities,
    )
    counts = {
        row["source"]: (int(row["known"]), int(row["entities"]))
        for row in rows(engine, query)
    }
    lines = []
    for source, (known, total) in (
        (name, counts[name]) for name in sources if name in counts
    ):
        if known == 0:
            lines.append(
                f"truth: has no key of {source}, and nothing of its links is measured; "
                "it names a source as the run "
                "does, and a person by the key that the source gives, its columns "
                "joined by |"
            )
        elif known < total:
            lines.append(
                f"truth: says who is behind {known:,} of {total:,} people of {source}; "
                "links and pairs of the "
                "others count neither for nor against precision and recall"
            )
    return lines


def true_attributes(engine: Engine, folder: Path, entities: Table) -> dict[str, Table]:
    """What only the truth knows of people, as a table of attributes: truth_persons, by
    entity; none where it has none.

    Args:
        entities: entity_id, source, entity_key.
    """
    persons, file = list(person_files(folder).values()), true_entities_file(folder)
    if file is None or not persons:
        return {}
    attributes = engine.read(persons)
    if "foreign_born" not in attributes.columns:
        return {}
    truth = engine.sql(
        """
        select e.entity_id, cast(p.foreign_born as integer) as foreign_born
        from {entities} as e
        join {truth} as t on t.source = e.source and t.entity_key = e.entity_key
        join {persons} as p on p.person_id = t.person_id
        """,
        entities=entities,
        truth=true_entities(engine, file),
        persons=attributes,
    )
    return {"truth_persons": truth}


def person_files(folder: Path) -> dict[str, Path]:
    """Files of what only the truth knows of people, by their names below its folder;
    often none.
    """
    return {
        f"{PERSONS}/{path.name}": path
        for path in sorted((folder / PERSONS).glob("*.parquet"))
    }


def error_files(folder: Path) -> dict[str, Path]:
    """Files of the log of errors that a generator made, by their names below the folder
    of the truth; often none.
    """
    paths = sorted(
        [*(folder / ERRORS).glob("*.parquet"), *(folder / ERRORS).glob("*.csv")]
    )
    return {f"{ERRORS}/{path.name}": path for path in paths}


def logged_errors(engine: Engine, folder: Path) -> Table | None:
    """source, record_key, field, kind; None where the truth has no such log.

    Raises:
        InputError: a file is no CSV with these columns.
    """
    files = list(error_files(folder).values())
    if not files:
        return None
    if files[0].suffix == ".parquet":
        return engine.read(files)
    return engine.from_arrow(
        pa.concat_tables(_csv(path, _ERROR_TYPES) for path in files)
    )


_ERROR_TYPES = {name: pa.string() for name in ("source", "record_key", "field", "kind")}


def _csv(path: Path, types: dict[str, pa.DataType]) -> pa.Table:
    options = pa_csv.ConvertOptions(column_types=types, include_columns=list(types))
    try:
        return pa_csv.read_csv(path, convert_options=options)
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        raise InputError(
            f"{path}: no CSV with columns {', '.join(types)}\n  make the truth again"
        ) from None
