"""Hashes of input files, each taken once a run, and kept for the next one."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from linkage.errors import InputError
from linkage.pipeline.atomic import write_json

T = TypeVar("T")


class FileDigests:
    """sha256 of input files, taken once and remembered by path, size and times of change.

    Of the two times the system's own counts too: what is copied over a file may bring the old one's size and date.
    """

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache
        self._known: dict[str, list[Any]] = {}
        self._told: dict[Path, str] = {}
        if cache and cache.exists():
            try:
                self._known = json.loads(cache.read_text(encoding="utf-8"))
            except ValueError:  # a cache that cannot be read is as good as none
                self._known = {}

    def of(self, paths: Iterable[Path]) -> dict[Path, str]:
        """Path to sha256.

        Raises:
            InputError: a file is missing or cannot be read, or is another than when it was asked about before: half of
                what is made of it would be of the one, half of the other.
        """
        wanted = {path: self._stamp(path) for path in paths}
        new = [path for path, stamp in wanted.items() if self._known.get(str(path.resolve()), [])[:-1] != stamp]
        if new:
            with ThreadPoolExecutor(max_workers=2) as pool:
                for path, value in zip(new, pool.map(_sha256, new), strict=True):
                    self._known[str(path.resolve())] = [*wanted[path], value]
            if self._cache and self._cache.parent.is_dir():
                with contextlib.suppress(OSError):  # a plan may read where it may not write, or while a run is at work
                    write_json(self._cache, self._known)
        found = {path: str(self._known[str(path.resolve())][-1]) for path in wanted}
        if other := [path for path, value in found.items() if self._told.setdefault(path, value) != value]:
            raise InputError(
                f"{other[0]}: was changed while the run was at work\n  wait until what is delivered is there whole, "
                "then give the same command again"
            )
        return found

    def one(self, path: Path) -> str:
        """The sha256 of one file; raises as `of`."""
        return self.of([path])[path]

    def _stamp(self, path: Path) -> list[int]:
        about = _readable(path, path.stat)
        return [about.st_size, about.st_mtime_ns, about.st_ctime_ns]


def _sha256(path: Path) -> str:
    def read() -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    return _readable(path, read)


def _readable(path: Path, read: Callable[[], T]) -> T:
    try:
        return read()
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file\n"
            "  it was there when the run began to look: fetch it again, or take it out of the run's file"
        ) from None
    except PermissionError:
        raise InputError(f"{path}: may not be read\n  give the user of this run read permission") from None
    except OSError as error:
        raise InputError(
            f"{path}: could not be read: {error.strerror}\n"
            "  see that its disk or network drive is there, then give the same command again"
        ) from error
