"""Record keys and entity keys as texts: the columns of a key joined by |.

Where a key has several columns, a | within one of them is written ~1, and a ~ as ~0: else the columns A|B and C would
make the key of A and B|C, and two people would be one.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from linkage.catalogue import Variable
from linkage.engine import quote
from linkage.records.csv_files import FILE, LINE
from linkage.records.identifiers import valid_uln
from linkage.records.values import as_text


def joined_key(names: Sequence[str], types: Mapping[str, pa.DataType]) -> str:
    """A SQL expression: the columns as text joined by |, NULL when one is NULL."""
    return _joined([as_text(name, types[name]) for name in names])


def entity_key(
    alternatives: Sequence[Sequence[str]], types: Mapping[str, pa.DataType], variables: Mapping[str, Variable]
) -> str:
    """A SQL expression: the first alternative whose columns all have a value, a ULN its check digit; else NULL."""
    if not alternatives:
        return "cast(null as varchar)"
    tried = [
        _joined([_part(name, types[name], variables.get(name)) for name in alternative]) for alternative in alternatives
    ]
    return tried[0] if len(tried) == 1 else f"coalesce({', '.join(tried)})"


def row_key(names: Sequence[str], types: Mapping[str, pa.DataType], is_csv: bool) -> str:
    """A SQL expression that names a row of files without a record key: its file and line in CSV, else a hash of it.

    Rows that are equal in every column are numbered; which is which does not matter.
    """
    if is_csv:
        return f"lpad(cast({quote(FILE)} as varchar), 5, '0') || ':' || lpad(cast({quote(LINE)} as varchar), 12, '0')"
    text = " || '|' || ".join(f"coalesce({_escaped(as_text(name, types[name]))}, '~')" for name in names)
    return (
        f"md5({text}) || '-' || "
        f"lpad(cast(row_number() over (partition by md5({text}) order by md5({text})) as varchar), 9, '0')"
    )


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else " || '|' || ".join(_escaped(part) for part in parts)


def _escaped(text: str) -> str:
    return f"replace(replace({text}, '~', '~0'), '|', '~1')"


def _part(name: str, kind: pa.DataType, variable: Variable | None) -> str:
    text = as_text(name, kind)
    if variable is None or variable.format not in ("uln", "nino"):
        return text
    if variable.format == "nino":
        return f"upper(replace({text}, ' ', ''))"
    return f"case when {valid_uln(text)} then {text} end"
