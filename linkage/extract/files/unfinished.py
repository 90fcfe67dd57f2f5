"""Folders in the making beside an extract's target: held while they are written, cleared away once nobody holds one."""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A folder of its own to write in, gone at the end unless it was moved to its place.

    What killed processes left of the same target is cleared away first. One who writes still holds a lock, which ends
    with the process however it ends; where the file system has no locks nothing is cleared.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    left = re.compile(rf"\.{re.escape(target.name)}\.[a-z0-9_]{{8}}\.part")
    for one in target.parent.iterdir():
        if left.fullmatch(one.name):
            with contextlib.suppress(OSError), _held(one):
                shutil.rmtree(one, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        with contextlib.ExitStack() as held:
            with contextlib.suppress(OSError):
                held.enter_context(_held(folder))
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """While a folder is locked; an OSError at once where another holds it."""
    place = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(place)
