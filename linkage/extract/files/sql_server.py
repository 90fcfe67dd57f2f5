"""SQL Server: the tables' definitions, and files that BULK INSERT loads as they are.

A bit is 0 or 1 here, since BULK INSERT reads no other word for it; all else is as in the CSV files.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from linkage.extract.approved.layout import PERSON, Field, Layout
from linkage.extract.files.data_files import batches, parquet_parts

FOLDER = "sqlserver"
SCHEMA_SCRIPT = "schema.sql"
LOAD_SCRIPT = "load.sql"

_TYPES = {"integer": "bigint", "number": "float", "boolean": "bit", "date": "date"}
_WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4000)


def write_load_file(parquet: Path, path: Path) -> dict[str, int]:
    """A table's rows as BULK INSERT reads them; returns the longest text of each text column, in UTF-16 units."""
    schema = pq.read_schema(parquet_parts(parquet)[0])
    as_bits = pa.schema([pa.field(f.name, pa.int8() if pa.types.is_boolean(f.type) else f.type) for f in schema])
    longest = {field.name: 0 for field in schema if pa.types.is_string(field.type)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa_csv.CSVWriter(path, as_bits, write_options=pa_csv.WriteOptions(quoting_style="needed")) as writer:
        for batch in batches(parquet):
            writer.write_batch(batch.cast(as_bits))
            for name in longest:
                longest[name] = max(longest[name], _units(batch.column(name)))
    return longest


def _units(texts: pa.Array) -> int:
    """Upper bound of the UTF-16 units of any text: bytes of UTF-8 are never fewer."""
    return int(pc.max(pc.binary_length(texts)).as_py() or 0)


def schema_script(layouts: Sequence[Layout], longest: Mapping[str, Mapping[str, int]]) -> str:
    """CREATE TABLE for every table, people first, with primary and foreign keys in T-SQL.

    Args:
        longest: for each table the longest text of each text column.
    """
    return "\n\n".join(_table(layout, longest[layout.name]) for layout in layouts) + "\n"


def _table(layout: Layout, longest: Mapping[str, int]) -> str:
    lines = [f"    {_quote(field.name)} {_type(field, longest)}{_null(field, layout)}" for field in layout.fields]
    if layout.key:
        listed = ", ".join(map(_quote, layout.key))
        lines.append(f"    CONSTRAINT {_quote(f'pk_{layout.name}')} PRIMARY KEY ({listed})")
    if layout.name != "people":
        lines.append(
            f"    CONSTRAINT {_quote(f'fk_{layout.name}')} FOREIGN KEY ({_quote(PERSON)}) "
            f"REFERENCES {_quote('people')} ({_quote(PERSON)})"
        )
    return f"CREATE TABLE {_quote(layout.name)} (\n" + ",\n".join(lines) + "\n);"


def _type(field: Field, longest: Mapping[str, int]) -> str:
    if field.pseudonym_of:
        return "char(26) COLLATE Latin1_General_BIN2"
    if field.type in _TYPES:
        return _TYPES[field.type]
    width = next((width for width in _WIDTHS if width >= longest.get(field.name, 0)), None)
    return f"nvarchar({width or 'max'})"


def _null(field: Field, layout: Layout) -> str:
    return " NOT NULL" if field.name == PERSON or field.name in layout.key else " NULL"


def load_script(layouts: Sequence[Layout]) -> str:
    """BULK INSERT for every table, to be run by sqlcmd with the folder's place as the server sees it."""
    lines = [
        "-- sqlcmd -S SERVER -d DATABASE -i schema.sql",
        r'-- sqlcmd -S SERVER -d DATABASE -i load.sql -v folder="D:\extract\sqlserver"',
        "",
    ]
    for layout in layouts:
        lines += [
            f"BULK INSERT {_quote(layout.name)} FROM '$(folder)\\{layout.name}.csv'",
            "WITH (FORMAT = 'CSV', FIRSTROW = 2, CODEPAGE = '65001', ROWTERMINATOR = '0x0a', KEEPNULLS,",
            "    CHECK_CONSTRAINTS, TABLOCK);",
            "",
        ]
    return "\n".join(lines)


def _quote(name: str) -> str:
    return "[" + name.replace("]", "]]") + "]"
