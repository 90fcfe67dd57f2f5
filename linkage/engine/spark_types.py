"""Types of Arrow and Parquet as Spark names them, so that it need not run a job to
learn them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import (
    BooleanType,
    ByteType,
    DataType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from linkage.errors import ContractError

_NARROW = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.large_string(): pa.string(),
    pa.null(): pa.string(),
}
_PLAIN = {
    pa.int8(),
    pa.int16(),
    pa.int32(),
    pa.int64(),
    pa.float32(),
    pa.float64(),
    pa.string(),
    pa.large_string(),
    pa.bool_(),
    pa.date32(),
    pa.timestamp("us"),
}

_NAMED: Mapping[str, DataType] = {
    "tinyint": ByteType(),
    "integer": IntegerType(),
    "bigint": LongType(),
    "double": DoubleType(),
    "varchar": StringType(),
    "boolean": BooleanType(),
}


def accepted(data: pa.Table) -> pa.Table:
    """The table in types that Spark takes from Arrow."""
    fields = []
    for field in data.schema:
        kind = (
            field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        )
        fields.append(pa.field(field.name, _NARROW.get(kind, kind)))
    return data.cast(pa.schema(fields))


def of_arrow(schema: pa.Schema) -> StructType:
    """The schema of a table that Spark accepts, timestamps without a zone as
    they are.
    """
    return from_arrow_schema(schema, prefer_timestamp_ntz=True)


def of_files(files: Sequence[Path]) -> StructType | None:
    """The columns of Parquet files, from their footers; None where they differ, or are
    Spark's to make sense of.
    """
    try:
        first, *others = (pq.read_schema(file).remove_metadata() for file in files)
    except (OSError, pa.ArrowException):  # Spark says what is wrong with the file
        return None
    if any(not first.equals(other) for other in others) or not all(
        _is_plain(field.type) for field in first
    ):
        return None
    return of_arrow(
        pa.schema([pa.field(field.name, field.type) for field in first])
    )  # a column of a file may be NULL


def of_names(kinds: Mapping[str, str]) -> StructType:
    """Columns to their types as DuckDB names them."""
    return StructType([StructField(name, _NAMED[kind]) for name, kind in kinds.items()])


def check_types(frame: DataFrame) -> None:
    """Refuse what only Spark has.

    Raises:
        ContractError: a column is an interval.
    """
    intervals = [name for name, kind in frame.dtypes if kind.startswith("interval")]
    if intervals:
        raise ContractError(
            f"{', '.join(intervals)}: a date minus a date is an interval on Spark\n"
            "  say date_diff('day', earlier, later)"
        )


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind):
        return _is_plain(kind.value_type)
    return (
        all(_is_plain(field.type) for field in kind)
        if pa.types.is_struct(kind)
        else kind in _PLAIN
    )
