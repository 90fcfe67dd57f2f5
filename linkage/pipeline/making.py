"""A folder that one process at a time makes: beside its place, and put there when it is whole."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkage.errors import LeoError
from linkage.pipeline.atomic import put, remove, sync_tree
from linkage.pipeline.lock import LOCK, locked


@contextmanager
def in_the_making(place: Path, *, called: Path | None = None, mode: int = 0o777) -> Iterator[Path]:
    """Give an empty, hidden folder, which takes the stead of what is at `place` when the block ends well.

    Its name is known to all who make the same one, so that the second is told of the first, and what a killed one left
    goes before the next begins. Where the block fails the folder goes, and what was at `place` stays.

    Args:
        called: what messages call the folder, where it is not `place`.
        mode: who may open it, as of `mkdir`.

    Raises:
        LeoError: another process is making it.
        FileNotFoundError: another has just put it in its place.
    """
    part = place.with_name(f".{place.name}.part")
    with _told_of(part, called or place):
        part.mkdir(mode=mode, parents=True, exist_ok=True)
        with locked(part, called=called or place):
            for left in part.iterdir():
                if left.name != LOCK:
                    remove(left)
            try:
                yield part
                sync_tree(part)
                remove(part / LOCK)
                put(part, place)
            except BaseException:
                remove(part)
                raise


@contextmanager
def _told_of(part: Path, called: Path) -> Iterator[None]:
    """Let errors name the folder as the user gave it, and not the hidden one that stands for it."""
    try:
        yield
    except OSError as error:
        if isinstance(error.filename, str):
            error.filename = error.filename.replace(str(part), str(called))
        elif error.errno in (errno.ENOSPC, errno.EDQUOT):  # what is written to an open file says no name
            error.filename = str(called)
        raise
    except LeoError as error:
        error.args = (str(error).replace(str(part), str(called)),)
        raise
