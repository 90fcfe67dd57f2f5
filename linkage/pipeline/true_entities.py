"""The truth of a run, where there is one: who is behind each entity key, as Parquet or as CSV."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from linkage.engine import Engine, Table
from linkage.errors import InputError

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
    if path.suffix == ".parquet":
        return engine.read(path)
    options = pa_csv.ConvertOptions(column_types=_TYPES, include_columns=list(_TYPES))
    try:
        return engine.from_arrow(pa_csv.read_csv(path, convert_options=options))
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        raise InputError(f"{path}: no CSV with columns {', '.join(_TYPES)}\n  make the truth again") from None
