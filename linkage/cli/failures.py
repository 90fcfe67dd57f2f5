"""How a verb fails: what went wrong and what to do on stderr, and an exit code by who
has to act.
"""

import contextlib
import datetime
import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import typer

from linkage import process
from linkage.errors import ExitCode, InputError, LeoError, Stopped, check_utf8_name
from linkage.pipeline.log import place_of, value_free_trace


@contextlib.contextmanager
def failing_clearly() -> Iterator[None]:
    """Turn every exception of a command into a message and an exit code.

    An unforeseen exception may quote a row in its message, so only its type and place
    are shown; where it came from is written to a file, without messages and without
    variables.
    """
    try:
        yield
    except (SystemExit, GeneratorExit):
        raise
    # a library in Rust that panics raises what is no Exception, and may quote as well
    except BaseException as error:
        message, code = _explained(error)
        typer.echo(f"leo: {message}", err=True)
        sys.exit(int(code))


def _explained(error: BaseException) -> tuple[str, ExitCode]:
    if isinstance(error, KeyboardInterrupt):
        error = Stopped()
    if isinstance(error, LeoError):
        return str(error), error.exit_code
    if isinstance(error, MemoryError):  # of Python or of Arrow
        return (
            "the system gave no more memory\n"
            "  close other programs, or give --memory-limit (of a run, [run] "
            "memory_limit) and fewer threads"
        ), ExitCode.FAILED
    if isinstance(error, OSError) and (explanation := _of_the_system(error)):
        return explanation, ExitCode.FAILED
    return (
        f"unexpected {type(error).__name__} at {place_of(error)}\n"
        "  its message is withheld, since it may quote a record; where it arose: "
        f"{_write_trace(error)}"
    ), ExitCode.FAILED


_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_NO_RIGHT = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))
_TOO_MANY = frozenset((errno.EMFILE, errno.ENFILE))
_REMEDIES = {
    **dict.fromkeys(_NO_ROOM, "free space there, then run the same command again"),
    **dict.fromkeys(
        _NO_RIGHT, "give another file or folder, or this user the right to it"
    ),
    **dict.fromkeys(_TOO_MANY, "let a process open more of them: ulimit -n 1024"),
}


def _of_the_system(error: OSError) -> str | None:
    """What the system would not do, and where, in its own words and none of the
    message's; None where it is unclear.
    """
    place, number = error.filename, error.errno
    if number is None or not (number in _REMEDIES or isinstance(place, str)):
        return None
    prefix = f"{place}: " if isinstance(place, str) else ""
    remedy = _REMEDIES.get(number, "give another file or folder")
    if (
        number in _NO_ROOM and not prefix
    ):  # what is written to an open file says no name
        remedy = remedy.replace(
            "there", f"in the output folder and in {tempfile.gettempdir()}"
        )
    return f"{prefix}{os.strerror(number)}\n  {remedy}"


def refuse_strange_names() -> None:
    """Refuse a command whose file names are not text, or whose folder is gone, before
    any work.

    Raises:
        InputError: so it is; what is no file may be somebody's key, and is not shown.
    """
    try:
        check_utf8_name(os.getcwd())
    except FileNotFoundError:
        raise InputError(
            "the folder that the command is given in is gone\n  go to another one"
        ) from None
    for number, argument in enumerate(sys.argv[1:], 1):
        check_utf8_name(
            argument, None if os.path.lexists(argument) else f"argument {number}"
        )


@contextlib.contextmanager
def stoppable(root: Path) -> Iterator[None]:
    """Let a scheduler's SIGTERM end a run as Ctrl-C does, and say how to go on."""
    try:
        with process.stoppable():
            yield
    except KeyboardInterrupt:
        typer.echo(
            f"leo: stopped\n  what is whole is kept in {root}; the same command "
            "continues",
            err=True,
        )
        raise typer.Exit(int(ExitCode.STOPPED)) from None


def _write_trace(error: BaseException) -> str:
    """A file of its own among the temporary files; its path."""
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S")
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            prefix=f"leo-trace-{stamp}-",
            suffix=".txt",
            delete=False,
            encoding="utf-8",
        ) as file:
            file.write(value_free_trace(error))
            return file.name
    except OSError:
        return "nowhere: the file for it could not be written"
