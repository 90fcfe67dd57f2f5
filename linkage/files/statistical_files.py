"""Files of SPSS, Stata and SAS (.sav, .dta, .sas7bdat) as Parquet, by pyreadstat."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage.errors import InputError

READERS = {".sav": "read_sav", ".zsav": "read_sav", ".dta": "read_dta", ".sas7bdat": "read_sas7bdat"}

_EXACT = 2.0**53  # beyond which a float of 64 bits does not hold every whole number (IEEE 754)


def holds_whole_numbers(column: pa.Array) -> bool:
    """Whether all numbers are whole, as a program that made fractions of them (1.0) leaves them."""
    whole = pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), _EXACT))
    return bool(pc.all(whole, min_count=0).as_py())


def to_parquet(path: Path, folder: Path, encoding: str | None) -> Path:
    """Write a statistical file as Parquet; a value with a label (1: "Male") becomes the label.

    Raises:
        InputError: the file is damaged, or its text is of another encoding.
    """
    import pyreadstat

    read = getattr(pyreadstat, READERS[path.suffix.lower()])
    try:
        columns, about = read(path, output_format="dict", **({"encoding": encoding} if encoding else {}))
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeError, OverflowError) as error:
        if isinstance(error, UnicodeError) or "encoding" in str(error):
            raise InputError(
                f"{path}: its text is of another encoding than it says\n  --encoding cp1252, say"
            ) from None
        raise InputError(f"{path}: is damaged, or of a version that is not read\n  save it as CSV in UTF-8") from None
    labels = about.variable_value_labels
    written = folder / f"{path.stem}.parquet"
    pq.write_table(pa.table({name: _column(values, labels.get(name, {})) for name, values in columns.items()}), written)
    return written


def _column(values: Sequence[Any], labels: Mapping[Any, str]) -> pa.Array:
    if labels or any(isinstance(value, str | datetime.time) for value in values):
        whole = (int(value) if isinstance(value, float) and value.is_integer() else value for value in values)
        texts = [labels.get(value, value) for value in whole]
        return pa.array([None if text in (None, "") else str(text) for text in texts], pa.string())
    column = pa.array(values)
    if pa.types.is_floating(column.type) and holds_whole_numbers(column):
        return column.cast(pa.int64())
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column
