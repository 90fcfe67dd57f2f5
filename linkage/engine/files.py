"""Parquet files by path: one file, or a folder of parts; and how either takes its
place.
"""

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from glob import escape
from pathlib import Path

import pyarrow.parquet as pq

from linkage.engine.base import literal
from linkage.errors import InputError
from linkage.process import umask


def parquet_files(paths: Path | Sequence[Path]) -> list[Path]:
    """All .parquet files at the paths, in order.

    Raises:
        InputError: a path is not there, or a folder holds no such file.
    """
    files: list[Path] = []
    for path in [paths] if isinstance(paths, Path) else paths:
        if path.is_dir():
            folder_files = sorted(
                file
                for file in path.glob("**/*.parquet")
                if file.is_file() and not is_hidden(file.relative_to(path))
            )
            if not folder_files:
                raise InputError(
                    f"{path}: the folder holds no .parquet file\n  name a file or a "
                    "folder that does"
                )
            files += folder_files
        elif path.is_file():
            files.append(path)
        else:
            raise InputError(
                f"{path}: no such file\n  what a run has lost the same leo run makes "
                "again"
            )
    return files


def is_hidden(path: Path) -> bool:
    """Whether a path below a folder of data is none of its rows: what a program wrote
    half, or keeps next to them.

    A folder or file that begins with . or _, as Spark and Hive have it: _temporary
    holds the parts of a job at work.
    """
    return any(part.startswith((".", "_")) for part in path.parts)


def rows_of(files: Sequence[Path]) -> str:
    """DuckDB SQL of the rows of Parquet files, columns matched by name, and of no other
    file.

    A path may hold what DuckDB takes for a pattern, and a folder called year=2024 makes
    no column.

    Raises:
        InputError: a path that DuckDB cannot be given: in a pattern it takes a
            backslash for the end of a folder.
    """
    for file in files:
        if "\\" in str(file) and escape(str(file)) != str(file):
            raise InputError(
                f"{file}: a path with a backslash and one of * ? [ cannot be read\n  "
                "rename a folder of it"
            )
    paths_text = ", ".join(literal(escape(str(file))) for file in files)
    return (
        f"read_parquet([{paths_text}], union_by_name = true, hive_partitioning = false)"
    )


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Give a hidden place of its own to write a file at, which takes `path` when the
    block ends well.

    Of several who write one file at once the last one's stays, and none takes another's
    half for its own; `whole` is for what one process at a time writes, and clears away
    what a killed one left.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a hidden place to fill with a file or a folder, which takes `path` when the
    block ends well.

    What stands at `path`, a file or a folder of whichever engine, stays until then, and
    what a killed process left half written next to it goes first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part, before = (
        path.with_name(f".{path.name}.part"),
        path.with_name(f".{path.name}.before"),
    )
    _cleared(path, part, before)
    try:
        yield part
        for place in [
            part,
            *part.rglob("*"),
        ]:  # Hadoop sets modes of its own, whatever the umask
            mode = place.stat().st_mode
            place.chmod(mode & ~umask() & 0o7777)
        if path.is_dir() or (
            part.is_dir() and path.exists()
        ):  # no folder is replaced at one stroke
            path.rename(before)
        os.replace(part, path)
    except BaseException:
        _cleared(path, part, before)
        raise
    _remove(before)


def _cleared(path: Path, part: Path, before: Path) -> None:
    """Take away what was not put in place, and put back what it was to replace."""
    if before.exists() and not path.exists():
        before.rename(path)
    _remove(part)
    _remove(before)


def _remove(path: Path) -> None:
    """Remove a file or a folder; of a link, the link alone; nothing where there is
    none.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def rows_in(files: Iterable[Path]) -> int:
    """Rows of Parquet files, from their footers."""
    return sum(pq.read_metadata(file).num_rows for file in files)
