"""A folder that appears only when it is whole: it is made under a hidden name beside its place and then renamed."""

import contextlib
import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from linkage.process import stoppable

_MARK = ".being-made"


@contextlib.contextmanager
def whole(out: Path) -> Iterator[Path]:
    """Give a hidden folder to fill, which becomes `out` when the block ends well and is removed when it does not.

    SIGTERM ends the block as Ctrl-C does. What a run that was killed outright left for the same `out` is removed
    first; a run that is still at work keeps its folder, for it holds a lock on it.

    Args:
        out: absolute path of the folder; there is no such folder yet, or it is empty.

    Raises:
        OSError: a folder cannot be made or renamed.
    """
    made = _parents_made(out.parent)
    folder = None
    try:
        _remove_leftovers(out)
        folder = Path(tempfile.mkdtemp(prefix=_prefix(out), dir=out.parent))
        with (folder / _MARK).open("w") as mark, stoppable():
            with contextlib.suppress(OSError):  # a file system without locks; then nobody removes what is left there
                fcntl.flock(mark, fcntl.LOCK_EX)
            yield folder
            folder.chmod(0o755)
            (folder / _MARK).unlink()
            os.replace(folder, out)
            made = []
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        for parent in made:
            with contextlib.suppress(OSError):  # another run may have put something there
                parent.rmdir()


def _prefix(out: Path) -> str:
    return f".{out.name}-"


def _parents_made(parent: Path) -> list[Path]:
    """Make the parent folders; those that were not there before, innermost first."""
    missing = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    parent.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_leftovers(out: Path) -> None:
    """Remove hidden folders of the same name that no living process holds."""
    for mark in out.parent.glob(f"{glob.escape(_prefix(out))}*/{_MARK}"):
        with contextlib.suppress(OSError), mark.open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(mark.parent, ignore_errors=True)
