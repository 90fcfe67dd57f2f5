"""A population's files: columns, order and types are the catalogue's; equal rows give
equal bytes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from linkage.catalogue import TableDef
from linkage.catalogue.arrow_types import ARROW_TYPES
from linkage.errors import ContractError

Format = Literal["parquet", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)

LIST_SEPARATOR = "|"
"""Between the values of a list in a CSV cell; no value of ours has it."""

_ALL_DIFFERENT = {
    "RECORDID",
    "record_key",
    "entity_key",
    "person_id",
    "family_id",
    "postcodes",
    "EnterpriseRef",
}
"""Columns that a dictionary would not shorten, or would be given up for after it was
built.
"""

# RFC 4180. Texts are always in quotes, so that a reader which guesses types leaves
# codes such as 01 alone.
_CSV = pa_csv.WriteOptions(quoting_style="needed", eol="\r\n", batch_size=65_536)


def write_source(
    folder: Path,
    part: int,
    table: TableDef,
    columns: dict[str, Any],
    form: Format = "parquet",
) -> int:
    """Write one part of a source's table and return its rows.

    Raises:
        ContractError: the columns are not those of the catalogue.
    """
    names = [variable.name for variable in table.variable]
    if list(columns) != names:
        difference = sorted(set(columns) ^ set(names)) or "their order differs"
        raise ContractError(
            "the generator and the catalogue disagree on the columns of "
            f"'{table.name}': {difference}"
        )
    arrays = []
    for variable in table.variable:
        array, expected = columns[variable.name], ARROW_TYPES[variable.type]
        actual = (
            array.type.value_type if pa.types.is_dictionary(array.type) else array.type
        )
        if actual != expected:
            raise ContractError(
                f"'{table.name}.{variable.name}' is {variable.type} in the catalogue, "
                f"made as {actual}"
            )
        arrays.append(array)
    return write(folder, part, pa.Table.from_arrays(arrays, names=names), form)


def write(folder: Path, part: int, table: pa.Table, form: Format = "parquet") -> int:
    """Write one part of a table and return its rows.

    CSV is UTF-8 with a header; a missing value is an empty cell without quotes, dates
    are 2012-01-31, booleans true and false, and the values of a list are separated by
    `|`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"part-{part:05d}.{form}"
    if form == "csv":
        pa_csv.write_csv(_flat(table), path, _CSV)
    else:
        pq.write_table(table, path, **_parquet(table.schema), row_group_size=1_000_000)
    return int(table.num_rows)


def join(parts: Sequence[Path], path: Path) -> int:
    """Parquet parts one after the other as one file, Parquet or CSV as its name ends,
    and return the rows.
    """
    schema, rows = pq.read_schema(parts[0]), 0
    if path.suffix == ".csv":
        writer: Any = pa_csv.CSVWriter(path, schema, write_options=_CSV)
    else:
        writer = pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            use_dictionary=["source"],
            store_schema=False,
        )
    with writer:
        for part in parts:
            table = pq.read_table(part)
            writer.write_table(table)
            rows += table.num_rows
    return rows


def _parquet(schema: pa.Schema) -> dict[str, Any]:
    return {
        "compression": "zstd",
        "compression_level": 1,
        "store_schema": False,  # coded columns then read as plain text
        "use_dictionary": [name for name in schema.names if name not in _ALL_DIFFERENT],
        # The bounds of a coded column take a third of the whole writing time, and few
        # readers look up names by range.
        "write_statistics": [
            column.name for column in schema if not pa.types.is_dictionary(column.type)
        ],
        "dictionary_pagesize_limit": 16 * 1024 * 1024,
    }


def _flat(table: pa.Table) -> pa.Table:
    """The table with its lists as text."""
    for place, column in enumerate(table.schema):
        if pa.types.is_list(column.type):
            table = table.set_column(
                place, column.name, _listed(table[column.name].combine_chunks())
            )
    return table


def _listed(lists: pa.ListArray) -> pa.Array:
    values = pc.fill_null(pc.cast(lists.values, pa.string()), "")
    texts = pc.binary_join(
        pa.ListArray.from_arrays(lists.offsets, values), LIST_SEPARATOR
    )
    return pc.if_else(lists.is_null(), None, texts)
