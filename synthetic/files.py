"""Parquet files whose columns, order and types are the catalogue's, with equal bytes for equal rows."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.catalogue import TableDef
from linkage.errors import ContractError

TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}

_ALL_DIFFERENT = {
    "RECORDID",
    "record_key",
    "entity_key",
    "person_id",
    "family_id",
    "postcodes",
    "EnterpriseRef",
    "DateOfBirth",
}
"""Columns that a dictionary would not shorten, or no more than equal neighbours are shortened anyway."""


def write_source(folder: Path, part: int, table: TableDef, columns: dict[str, Any]) -> int:
    """Write one part of a source's table and return its rows.

    Raises:
        ContractError: the columns are not those of the catalogue.
    """
    names = [variable.name for variable in table.variable]
    if list(columns) != names:
        odd = sorted(set(columns) ^ set(names)) or "their order differs"
        raise ContractError(f"the generator and the catalogue disagree on the columns of '{table.name}': {odd}")
    arrays = []
    for variable in table.variable:
        array, expected = columns[variable.name], TYPES[variable.type]
        held = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
        if held != expected:
            raise ContractError(f"'{table.name}.{variable.name}' is {variable.type} in the catalogue, made as {held}")
        arrays.append(array)
    return write(folder, part, pa.Table.from_arrays(arrays, names=names))


def write(folder: Path, part: int, table: pa.Table) -> int:
    """Write one part of a table and return its rows."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table,
        folder / f"part-{part:05d}.parquet",
        compression="zstd",
        compression_level=1,
        store_schema=False,  # coded columns then read as plain text
        use_dictionary=[name for name in table.column_names if name not in _ALL_DIFFERENT],
        # The bounds of a coded column take a third of the whole writing time, and few readers look up names by range.
        write_statistics=[column.name for column in table.schema if not pa.types.is_dictionary(column.type)],
        dictionary_pagesize_limit=16 * 1024 * 1024,
        row_group_size=1_000_000,
    )
    return int(table.num_rows)
