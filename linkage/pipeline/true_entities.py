"""The truth of a run, where there is one: who is behind each entity key, and which errors were made; Parquet or CSV."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from linkage.engine import Engine, Table
from linkage.errors import InputError

ERRORS = "errors"
NAMES = ("entities.parquet", "entities.csv")
_TYPES = {"source": pa.string(), "entity_key": pa.string(), "person_id": pa.int64()}  # a key 0007 is no 7


def true_entities_file(folder: Path) -> Path | None:
    """The file of the truth in its folder; None where there is none."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def true_entities(engine: Engine, path: Path) -> Table:
    """source, entity_key, person_id.

    Raises:
        InputError: the file is no CSV with these columns.
    """
    return engine.read(path) if path.suffix == ".parquet" else engine.from_arrow(_csv(path, _TYPES))


def true_attributes(engine: Engine, folder: Path, entities: Table) -> dict[str, Table]:
    """What only the truth knows of people, as a table of attributes: truth_persons, by entity; none where it has none.

    Args:
        entities: entity_id, source, entity_key.
    """
    persons = folder / "persons"
    file = true_entities_file(folder)
    if file is None or not list(persons.glob("*.parquet")):
        return {}
    found = engine.read(persons)
    if "foreign_born" not in found.columns:
        return {}
    joined = engine.sql(
        """
        select e.entity_id, cast(p.foreign_born as integer) as foreign_born
        from {entities} as e
        join {truth} as t on t.source = e.source and t.entity_key = e.entity_key
        join {persons} as p on p.person_id = t.person_id
        """,
        entities=entities,
        truth=true_entities(engine, file),
        persons=found,
    )
    return {"truth_persons": joined}


def error_files(folder: Path) -> dict[str, Path]:
    """Files of the log of errors that a generator made, by their names below the folder of the truth; often none."""
    found = sorted([*(folder / ERRORS).glob("*.parquet"), *(folder / ERRORS).glob("*.csv")])
    return {f"{ERRORS}/{path.name}": path for path in found}


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
    return engine.from_arrow(pa.concat_tables(_csv(path, _ERROR_TYPES) for path in files))


_ERROR_TYPES = {name: pa.string() for name in ("source", "record_key", "field", "kind")}


def _csv(path: Path, types: dict[str, pa.DataType]) -> pa.Table:
    options = pa_csv.ConvertOptions(column_types=types, include_columns=list(types))
    try:
        return pa_csv.read_csv(path, convert_options=options)
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        raise InputError(f"{path}: no CSV with columns {', '.join(types)}\n  make the truth again") from None
