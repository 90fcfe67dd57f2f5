"""Locks: one run at a time in a folder, turns at a shared file, and a folder that is
put in its place when complete.
"""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from linkage.errors import LeoError
from linkage.pipeline.atomic import put, remove, sync_tree

LOCK = ".lock"


@contextlib.contextmanager
def locked(path: Path, *, label: Path | None = None) -> Iterator[None]:
    """Hold a lock on the folder `path` for as long as the block runs.

    The system ends it with the process, however that ends: a lock file that a killed
    run left is no lock.

    Args:
        label: what messages call the folder, where it is made under another name.

    Raises:
        LeoError: another process holds it (the message gives its id), or the file
            system has no locks.
    """
    with _held(path / LOCK, label or path):
        yield


@contextlib.contextmanager
def place_locked(place: Path) -> Iterator[None]:
    """Hold a lock on what is to be made at `place`, for as long as the block runs.
    Nothing need be there yet.

    Raises:
        LeoError: another process makes it (the message gives its id), or the file
            system has no locks.
    """
    file = place.with_name(f".{place.name}{LOCK}")
    place.parent.mkdir(parents=True, exist_ok=True)
    with _held(file, place):
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def _held(file: Path, label: Path) -> Iterator[None]:
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
            raise LeoError(
                f"{label}: another run is at work in this folder (process {holder})\n"
                "  wait until it ends, or give another folder with --out"
            ) from None
        except OSError as error:
            raise LeoError(
                f"{label}: its file system gives no locks: {error.strerror}\n  without "
                "them two runs could "
                "write there at once: give a folder on another with --out, or mount it "
                "with locks (Lustre: flock)"
            ) from error
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def at_work(path: Path) -> bool:
    """Whether a process holds the lock on a folder; False where nothing is known of
    one.
    """
    with contextlib.suppress(OSError):
        handle = os.open(path / LOCK, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
    return False


@contextlib.contextmanager
def turn(file: Path, *, shared: bool = False) -> Iterator[None]:
    """Wait until no one else writes what the lock `file` stands for, and keep others
    waiting until the block ends.

    Args:
        shared: others may read meanwhile, and no one writes. Without the file no one
            has ever written, and users who may not write in the folder can look all the
            same.
    """
    if shared and not file.exists():
        yield
        return
    handle = os.open(
        file, os.O_RDONLY | os.O_CLOEXEC | (0 if shared else os.O_CREAT), 0o644
    )
    try:
        with contextlib.suppress(
            OSError
        ):  # a file system without locks: people do not often begin at once
            fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def in_the_making(
    place: Path, *, label: Path | None = None, mode: int = 0o777
) -> Iterator[Path]:
    """Give an empty, hidden folder, which replaces what is at `place` when the block
    ends well.

    All processes that make the same folder know its name: the second meets the lock of
    the first, and what a killed one left is removed before the next begins. If the
    block fails the folder is removed, and what was at `place` stays.

    Args:
        label: what messages call the folder, where it is not `place`.
        mode: who may open it, as of `mkdir`.

    Raises:
        LeoError: another process is making it.
        FileNotFoundError: another has just put it in its place.
    """
    part, folder = place.with_name(f".{place.name}.part"), label or place
    try:
        part.mkdir(mode=mode, parents=True, exist_ok=True)
        with locked(part, label=folder):
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
    except (
        OSError
    ) as error:  # errors name the folder as the user gave it, and not the hidden one
        if isinstance(error.filename, str):
            error.filename = error.filename.replace(str(part), str(folder))
        elif error.errno in (
            errno.ENOSPC,
            errno.EDQUOT,
        ):  # an error of writing to an open file has no name
            error.filename = str(folder)
        raise
    except LeoError as error:
        error.args = (str(error).replace(str(part), str(folder)),)
        raise
