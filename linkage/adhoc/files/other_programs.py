"""Files of SPSS, Stata, SAS, Arrow and ORC as Parquet, and what is said of kinds that are not read."""

import codecs
import datetime
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from linkage.config.resources import config_file
from linkage.config.toml_file import Strict, held_to
from linkage.errors import InputError

_OURS = (".gz", ".zip", ".xlsx", ".xlsm")
"""Suffixes of files that are read by themselves: what is wrong within one is told there."""

_BEGINNING = 264  # bytes
_ROWS = 500_000  # that are read at a time
_WHOLE = 2.0**53  # beyond which these programs' numbers are not whole ones any more


class Kind(Strict):
    """A kind of files: how one is told, and what reads it or is to be done with it (configs/other_programs.toml)."""

    called: str
    suffixes: tuple[Annotated[str, Field(pattern=r"^[.]\S+$")], ...]
    begins: Annotated[str, Field(pattern="^([0-9A-Fa-f]{2})*$")] = ""  # bytes, hexadecimal
    at: Annotated[int, Field(ge=0, lt=_BEGINNING)] = 0  # byte of the file where these are
    read: Literal["", "arrow", "orc", "read_sav", "read_dta", "read_sas7bdat", "read_xport", "read_por"] = ""
    remedy: str = ""

    def is_of(self, path: Path, beginning: bytes) -> bool:
        """Whether a file is of this kind: by how it begins, or by its name where the kind has no one beginning."""
        if self.begins and beginning.startswith(bytes.fromhex(self.begins), self.at):
            return True
        return path.suffix.lower() in self.suffixes


class _Kinds(Strict):
    """configs/other_programs.toml: kinds in the order in which they are asked."""

    kind: tuple[Kind, ...]

    @staticmethod
    def faults_between(raw: dict[str, Any]) -> list[str]:
        """Kinds of which nothing says what to do, or of two things which."""
        kinds = raw.get("kind")
        return [
            f"kind.{index}: either `read` or `remedy` says what is done with such a file"
            for index, kind in enumerate(kinds if isinstance(kinds, list) else [])
            if isinstance(kind, dict) and bool(kind.get("read")) == bool(kind.get("remedy"))
        ]


def kind_of(path: Path) -> Kind | None:
    """Which other program's kind a file is of; None for text, and for what is read by itself.

    Raises:
        InputError: it is of a kind that is not read; the message says what to do.
    """
    if path.suffix.lower() in _OURS:
        return None
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    kind = next((kind for kind in _kinds() if kind.is_of(path, beginning)), None)
    if kind and not kind.read:
        raise InputError(f"{path}: {kind.called}\n  {kind.remedy}")
    return kind


def suffixes() -> tuple[str, ...]:
    """Of all kinds that are read."""
    return tuple(suffix for kind in _kinds() if kind.read for suffix in kind.suffixes)


def as_parquet(path: Path, kind: Kind, folder: Path, encoding: str | None) -> Path:
    """A file of another program as Parquet, its rows in their order, written to a folder.

    Values that have a label there (1: "Male") become the label, and numbers without fractions whole ones.

    Args:
        encoding: of its text, as Python calls it; as the file says when None.

    Raises:
        InputError: it is damaged, empty, or its text is of another encoding.
    """
    written = folder / f"{path.stem}.parquet"
    table = _of_arrow(path, kind) if kind.read in ("arrow", "orc") else _of_statistics(path, kind, encoding)
    pq.write_table(table, written)
    return written


@cache
def _kinds() -> tuple[Kind, ...]:
    return held_to(_Kinds, config_file("other_programs.toml")).kind


def _of_arrow(path: Path, kind: Kind) -> pa.Table:
    from pyarrow import feather, orc

    try:
        found: pa.Table = orc.read_table(path) if kind.read == "orc" else feather.read_table(path)
    except (pa.ArrowInvalid, OSError):
        raise _damaged(path, kind) from None
    return found


def _of_statistics(path: Path, kind: Kind, encoding: str | None) -> pa.Table:
    import pyreadstat

    named = {"encoding": codecs.lookup(encoding).name} if encoding else {}
    read = partial(getattr(pyreadstat, kind.read), path, output_format="dict", row_limit=_ROWS, **named)
    parts: list[pa.Table] = []
    while not parts or parts[-1].num_rows == _ROWS:  # transport files do not say how many rows they hold
        try:
            columns, about = read(row_offset=_ROWS * len(parts))
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeError, OverflowError) as error:
            is_encoding = isinstance(error, UnicodeError) or "encoding" in str(error)
            raise _damaged(path, kind, is_encoding=is_encoding) from None
        labels = about.variable_value_labels
        parts.append(pa.table({name: _column(values, labels.get(name, {})) for name, values in columns.items()}))
    return _whole(pa.concat_tables(parts, promote_options="permissive"))


def _column(values: Sequence[Any], labels: Mapping[Any, str]) -> pa.Array:
    """Values of a column; text that is empty is unknown, and a column with labels is text."""
    if labels:
        return pa.array([None if value is None else _labelled(value, labels) for value in values], pa.string())
    if any(isinstance(value, str) for value in values):
        return pa.array([value or None for value in values], pa.string())
    if any(isinstance(value, datetime.time) for value in values):
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    return pa.array(values)


def _labelled(value: Any, labels: Mapping[Any, str]) -> str | None:
    if value in labels:
        return labels[value]
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value) or None


def _whole(table: pa.Table) -> pa.Table:
    """The table with its numbers as whole ones where none has a fraction, of which these programs have no type."""
    for place, column in enumerate(table.schema):
        numbers = table.column(place)
        if pa.types.is_null(column.type):
            table = table.set_column(place, column.name, pc.cast(numbers, pa.string()))
        elif pa.types.is_floating(column.type) and _are_whole(numbers):
            table = table.set_column(place, column.name, pc.cast(numbers, pa.int64()))
    return table


def _are_whole(numbers: pa.ChunkedArray) -> bool:
    whole = pc.and_(pc.equal(numbers, pc.floor(numbers)), pc.less(pc.abs(numbers), _WHOLE))
    return bool(pc.all(whole, min_count=0).as_py())


def _damaged(path: Path, kind: Kind, *, is_encoding: bool = False) -> InputError:
    if is_encoding:
        return InputError(
            f"{path}: its text is of another encoding than it says\n  name it: --encoding cp1252, latin-1 ..."
        )
    return InputError(
        f"{path}: {kind.called} that is damaged, or of a version that is not read\n"
        "  fetch it again, or save it as CSV (UTF-8) or Parquet"
    )
