"""Tables that are packed: one in a ZIP archive, and records of JSON, a line each or in one list."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq

from linkage.errors import InputError

READ = (".zip", ".json", ".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv", ".txt", ".dat", ".gz", ".parquet", ".pq", ".xlsx", ".xlsm", ".json", ".jsonl", ".ndjson")
_BLOCK = 16 << 20  # bytes of JSON whose records show the columns at a time


def unpacked(path: Path, folder: Path) -> Path:
    """The table that a file of one of the kinds `READ` holds, as a file that is read: written to a folder.

    Raises:
        InputError: an archive that is damaged, locked, or holds no table or several; no records in JSON.
    """
    return _only_table(path, folder) if path.suffix.lower() == ".zip" else _as_parquet(path, folder)


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
    return not (member.is_dir() or hidden) and place.suffix.lower() in _TABLES


def _as_parquet(path: Path, folder: Path) -> Path:
    """Records of JSON as Parquet; a record within a record stays one."""
    lines = path
    if _first_sign(path) == "[":
        lines = folder / f"{path.stem}.lines.json"
        with lines.open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(record)}\n" for record in _records(path))
    try:
        options = pyarrow.json.ReadOptions(block_size=min(max(lines.stat().st_size, 1), _BLOCK))
        table = pyarrow.json.read_json(lines, read_options=options)
    except pa.ArrowInvalid:  # its message may quote what it read
        raise InputError(
            f"{path}: no records in JSON, a line each or in one list, whose fields are of one kind\n"
            "  convert it to CSV (UTF-8) or Parquet"
        ) from None
    written = folder / f"{path.stem}.parquet"
    pq.write_table(table, written)
    return written


def _records(path: Path) -> Iterator[Any]:
    try:
        held = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise InputError(f"{path}: JSON that is not whole, or not in UTF-8\n  fetch it again") from None
    return iter(held)


def _first_sign(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return file.read(1_000).lstrip()[:1]
