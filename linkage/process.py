"""How a process of ours treats garbage, how it is stopped from outside, and who may
read what it writes.

Python looks for unreachable cycles at every few hundred new objects, and walks all
objects for it at the end. The libraries that a verb imports are some hundred thousand
objects, none of which is ever garbage: walking them cost a tenth of a second at the end
of each process, and more while it ran. What leaves no cycle is freed as before.
"""

import atexit
import contextlib
import gc
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from linkage.errors import ConfigError

_NEW_OBJECTS = 100_000
"""New objects that may be in cycles before they are looked through, some ten megabytes;
Python's own number is 700.
"""


class _NoPandas:
    """An importer that finds no pandas."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def begin_arrow() -> None:
    """Let Arrow begin without pandas.

    Where pandas is installed, Arrow imports it for the first array of Python values, to
    know its words for "not known": a third of a second, and no value of ours is one.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    finders: list[Any] = sys.meta_path
    finders.insert(0, _NoPandas)
    try:
        pa.array([None])
    finally:
        finders.remove(_NoPandas)


OWNER_ONLY, GROUP_READS = 0o077, 0o027
"""Umasks: files 0600 and folders 0700, or 0640 and 0750."""


def begin() -> None:
    """To be called once, before what a process imports later, by the process and not by
    a library.
    """
    os.umask(OWNER_ONLY)
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
    atexit.register(
        gc.freeze
    )  # what is frozen is not walked: the system takes it back whole
    _have_streams()
    if isinstance(
        sys.stdout, io.TextIOWrapper
    ):  # a terminal that is not in UTF-8 lacks − and █
        sys.stdout.reconfigure(errors="backslashreplace")


def umask() -> int:
    """The permissions that new files lack."""
    mask = os.umask(OWNER_ONLY)
    os.umask(mask)
    return mask


def share(folder: Path, group: str | None) -> None:
    """Let a group read what is written to a folder from now on, which is made where it
    is not there.

    Raises:
        ConfigError: there is no such group, or this user is not in it.
    """
    if group is None:
        return
    import grp

    try:
        number = grp.getgrnam(group).gr_gid
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, -1, number)
        folder.chmod(
            0o2750
        )  # with the bit by which new files and folders take the group of their folder
    except (KeyError, PermissionError):
        raise ConfigError(
            f"run.group: there is no group '{group}' that this user is in\n  name one "
            "that `id` lists, or leave it out"
        ) from None
    os.umask(GROUP_READS)


def readable_by_others(folder: Path) -> str | None:
    """What to do about a folder that every user of the machine may read; None where
    they may not, or it is not there.
    """
    if folder.is_dir() and folder.stat().st_mode & 0o007:
        return (
            f"{folder}: every user may read this folder, which holds personal "
            f"data\n  chmod -R o= {folder}"
        )
    return None


def _have_streams() -> None:
    """Give a process that was started without an input or output empty ones.

    Else the first file that it opens is its output, and a library that says something
    says it into that file.
    """
    for number, name, mode in (
        (0, "stdin", "r"),
        (1, "stdout", "w"),
        (2, "stderr", "w"),
    ):
        try:
            os.fstat(number)
        except OSError:
            null_file = os.open(os.devnull, os.O_RDWR)
            os.dup2(null_file, number)
            if null_file != number:
                os.close(null_file)
            setattr(sys, name, os.fdopen(number, mode, closefd=False, encoding="utf-8"))


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Let a scheduler's SIGTERM end the block as Ctrl-C does: what it has half made is
    cleared away.

    It stays as it is where the caller has a way of their own, and in another thread
    than the main one.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
    ):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
