"""One run at a time in a run's folder, and turns at what several may write there while it rests."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from linkage.errors import LeoError

LOCK = ".lock"


@contextlib.contextmanager
def locked(path: Path, *, called: Path | None = None) -> Iterator[None]:
    """Hold a lock on the folder `path` for as long as the block runs.

    The system holds it for this process and lets it go when the process ends, however it ends: a lock file that a
    killed run left behind is no lock, and the next run takes it over.

    Args:
        called: what messages call the folder, where it is made beside its place.

    Raises:
        LeoError: another process holds it; the message gives its id.
    """
    file = path / LOCK
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
            raise LeoError(
                f"{called or path}: another run is at work in this folder (process {holder})\n"
                "  wait until it ends, or give another folder with --out"
            ) from None
        except OSError as error:
            raise LeoError(
                f"{called or path}: its file system gives no locks: {error.strerror}\n  without them two runs could "
                "write there at once: give a folder on another with --out, or mount it with locks (Lustre: flock)"
            ) from error
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


@contextlib.contextmanager
def turn(file: Path, *, looking: bool = False) -> Iterator[None]:
    """Wait until nobody else writes what the lock `file` stands for, and keep others waiting until the block ends.

    Args:
        looking: others may look meanwhile, and nobody writes. Where nobody has ever written there is nothing to wait
            for, and who may not write in the folder can look all the same.
    """
    try:
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC | (0 if looking else os.O_CREAT), 0o644)
    except FileNotFoundError:
        if not looking:
            raise
        yield
        return
    try:
        with contextlib.suppress(OSError):  # a file system without locks: people do not often begin at once
            fcntl.flock(handle, fcntl.LOCK_SH if looking else fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
