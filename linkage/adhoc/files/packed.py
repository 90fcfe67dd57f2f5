"""Tables that are packed: one in a ZIP archive, and records of JSON, a line each, in one list or in an object."""

import codecs
import gzip
import json
import shutil
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq

from linkage.adhoc.files import other_programs
from linkage.adhoc.files.layouts import names_columns
from linkage.adhoc.headers.known_headers import any_known
from linkage.errors import InputError

_JSON = (".json", ".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv", ".txt", ".dat", ".gz", ".parquet", ".pq", ".xlsx", ".xlsm", *_JSON)
_BLOCK = 16 << 20  # bytes of JSON whose records show the columns at a time


def is_packed(path: Path) -> bool:
    """Whether a file is of one of the kinds that `unpacked` reads, by its name."""
    kinds = [suffix.lower() for suffix in path.suffixes]
    return kinds[-1:] == [".zip"] or any(kinds[-len(of) :] == of for kind in _JSON for of in ([kind], [kind, ".gz"]))


def unpacked(path: Path, folder: Path) -> Path:
    """The table that a packed file holds, as a file that is read: written to a folder.

    Raises:
        InputError: an archive that is damaged, locked, or holds no table or several; no records in JSON.
    """
    if path.suffix.lower() == ".zip":
        return _only_table(path, folder)
    return _as_parquet(_unzipped(path, folder) if path.suffix.lower() == ".gz" else path, folder, path)


def _unzipped(path: Path, folder: Path) -> Path:
    written = folder / path.stem
    try:
        with gzip.open(path) as packed, written.open("wb") as file:
            shutil.copyfileobj(packed, file)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(
            f"{path}: the compressed file is cut short or damaged\n  fetch it again and compare its size"
        ) from None
    return written


def _only_table(path: Path, folder: Path) -> Path:
    try:
        with ZipFile(path) as archive:
            tables = [member for member in archive.infolist() if _is_table(member)]
            if len(tables) != 1:
                raise InputError(
                    f"{path}: holds {len(tables)} tables, not one\n  take the file of persons out of it, and name that"
                )
            written = folder / f"{path.stem}{Path(tables[0].filename).suffix.lower()}"
            with archive.open(tables[0]) as packed, written.open("wb") as file:
                shutil.copyfileobj(packed, file)
    except (BadZipFile, EOFError):
        raise InputError(f"{path}: no ZIP archive that can be read, or a damaged one\n  unpack it first") from None
    except RuntimeError:  # what zipfile says of a password, and of other ways to pack
        raise InputError(
            f"{path}: locked with a password, or packed in a way that is not read\n  unpack it first"
        ) from None
    return written


def _is_table(member: ZipInfo) -> bool:
    """Whether a file of an archive may be a table, and is not what a program keeps beside one."""
    place = Path(member.filename)
    hidden = any(part.startswith((".", "__")) for part in place.parts)
    return not (member.is_dir() or hidden) and place.suffix.lower() in (*_TABLES, *other_programs.suffixes())


def _as_parquet(text: Path, folder: Path, path: Path) -> Path:
    """Records of JSON as Parquet; a record within a record stays one.

    Args:
        text: that holds them.
        path: what it is called in messages.
    """
    lines = folder / f"{text.stem}.lines.json"
    if not _is_in_lines(text):
        with lines.open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(record)}\n" for record in _records(text, path))
    elif not _is_marked(text):
        lines = text
    else:
        with text.open("rb") as marked, lines.open("wb") as plain:
            marked.seek(len(codecs.BOM_UTF8))
            shutil.copyfileobj(marked, plain)
    try:
        options = pyarrow.json.ReadOptions(block_size=min(max(lines.stat().st_size, 1), _BLOCK))
        table = pyarrow.json.read_json(lines, read_options=options)
    except pa.ArrowInvalid:  # its message may quote what it read
        raise InputError(
            f"{path}: no records in JSON, a line each or in one list, whose fields are of one kind\n"
            "  convert it to CSV (UTF-8) or Parquet"
        ) from None
    written = folder / f"{text.stem}.parquet"
    pq.write_table(table, written)
    return written


def _is_marked(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8


def _is_in_lines(path: Path) -> bool:
    """Whether the first line is a whole record, and not all that there is."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = next(filter(None, map(str.strip, file)), "")
        if not first.startswith("{") or not any(map(str.strip, file)):
            return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True


def _records(text: Path, path: Path) -> Iterable[Any]:
    try:
        held = json.loads(text.read_text(encoding="utf-8-sig"))
    except RecursionError:
        raise InputError(
            f"{path}: JSON of more brackets in brackets than can be read\n  convert it to CSV (UTF-8) or Parquet"
        ) from None
    except ValueError:  # of numbers of thousands of digits, too
        raise InputError(f"{path}: JSON that is not whole, or not in UTF-8\n  fetch it again") from None
    if isinstance(held, dict):
        return _within(held, path)
    return held if isinstance(held, list) else [held]


def _within(held: Mapping[str, Any], path: Path) -> Iterable[Any]:
    """The records that an object holds: in a list of its own, by their keys, or column by column.

    Raises:
        InputError: it has several lists of records.
    """
    values = list(held.values())
    if len(values) > 1 and all(isinstance(value, dict) and value.keys() == values[0].keys() for value in values):
        if any_known(list(held)):  # as pandas writes a table
            return [{name: column[key] for name, column in held.items()} for key in values[0]]
        return [{"key": key, **record} for key, record in held.items()]
    if isinstance(names := held.get("columns"), list) and isinstance(rows := held.get("data"), list):
        return [dict(zip(map(str, names), row, strict=False)) for row in rows]
    lists = [value for value in values if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(lists) == 1 and (names_columns(list(lists[0][0])) or not names_columns(list(held))):
        return list(lists[0])
    if lists and not names_columns(list(held)):
        raise InputError(
            f"{path}: JSON with {len(lists)} lists of records, not one\n  take the list of persons out of it"
        )
    if len(values) == 1 and isinstance(values[0], dict):
        return _within(values[0], path)
    return [held]  # one person
