"""Folders that a process holds while it works in them: what a killed one left, the next
one clears away.
"""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
import weakref
from pathlib import Path

from linkage.errors import ConfigError, LeoError

_DRAWN = "[a-z0-9_]{8}"  # what tempfile puts between


class LockedTempdir:
    """A new folder `before`xxxxxxxx`after` in `parent`, gone when it is closed and at
    the end of the process.

    `parent` is made where it is not there.

    Folders of such a name without a lock are cleared away first. Who works in one has a
    lock on it, which the system lets go when the process ends, however it ends. Where
    the file system has no locks nothing is cleared, nor is what belongs to another
    user.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, parent: Path, before: str, after: str = "") -> None:
        parent.mkdir(parents=True, exist_ok=True)
        _clear(parent, re.compile(re.escape(before) + _DRAWN + re.escape(after)))
        self.path, handle = _made(parent, before, after)
        self._gone = weakref.finalize(self, _end, self.path, handle)

    def close(self) -> None:
        self._gone()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *exc: object) -> None:
        self.close()


def scratch_folder() -> LockedTempdir:
    """A folder for files that are deleted after the work, among the system's temporary
    files.

    Raises:
        ConfigError: TMPDIR names no folder that can be written to: rows of persons are
            put nowhere else unasked.
        LeoError: there is no folder for temporary files.
    """
    folder = os.environ.get("TMPDIR")
    if folder and not (os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)):
        raise ConfigError(
            f"TMPDIR: {folder} is no folder that this user may write to\n  let it name "
            "one that is"
        )
    try:
        return LockedTempdir(Path(tempfile.gettempdir()), "leo-work-")
    except FileNotFoundError:
        raise LeoError(
            "no folder for temporary files can be written to\n  free space there, or "
            "let TMPDIR name one"
        ) from None


def _made(parent: Path, before: str, after: str) -> tuple[Path, int]:
    """A folder, and the handle that locks it: made again where another process took it
    away before it was locked.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=before, suffix=after, dir=parent))
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            with contextlib.suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
            if folder.is_dir():
                return folder, handle
            os.close(handle)


def _end(folder: Path, handle: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(handle)


def _clear(parent: Path, name: re.Pattern[str]) -> None:
    with contextlib.suppress(
        OSError
    ):  # a folder may be one to write to, and not to list
        for folder in parent.iterdir():
            if name.fullmatch(folder.name):
                with contextlib.suppress(OSError):
                    _clear_unheld(folder)


def _clear_unheld(folder: Path) -> None:
    """Remove a folder of this user's without a lock; an OSError where it is locked."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_uid == os.geteuid():
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)
