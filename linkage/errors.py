"""What can go wrong, by who has to act. Messages name the file, line or key and the
remedy, never a person's value.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import IntEnum


def nearest(
    name: str, known: Iterable[str], count: int = 1, *, cutoff: float = 0.5
) -> list[str]:
    """The known names most like one, without case, for a message."""
    import difflib

    names = {candidate.lower(): candidate for candidate in known}
    return [
        names[match]
        for match in difflib.get_close_matches(name.lower(), list(names), count, cutoff)
    ]


def repeated(names: Iterable[str]) -> list[str]:
    """Names that occur more than once, sorted."""
    return sorted(name for name, times in Counter(names).items() if times > 1)


def hint(name: str, known: Iterable[str]) -> str:
    """What follows an unknown name in a message: the nearest known one, or all
    of them.
    """
    names = sorted(known)
    matches = nearest(name, names)
    return f"; nearest: {matches[0]}" if matches else f"; there are {', '.join(names)}"


class ExitCode(IntEnum):
    """Exit codes of the `leo` command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    GATE = 3
    STOPPED = 130  # as a shell reports a process that Ctrl-C ended


class LeoError(Exception):
    """Something a user can fix. The message is all that is shown."""

    exit_code = ExitCode.FAILED


class ConfigError(LeoError):
    """The configuration, the command line or a model file does not say what can
    be run.
    """

    exit_code = ExitCode.USAGE


def all_faults(where: str, faults: Sequence[str]) -> ConfigError:
    """One error with every fault, a line each."""
    count = f"{len(faults)} fault{'' if len(faults) == 1 else 's'}"
    return ConfigError(
        f"{where}: {count}\n" + "\n".join(f"  {fault}" for fault in faults)
    )


class InputError(LeoError):
    """A source file is missing, unreadable or not what the configuration says."""


class NothingToTrainOnError(LeoError):
    """Training finds no matches to learn from: too few pairs, no convergence, or
    convergence on non-matches.
    """


class ContractError(LeoError):
    """A table breaks its contract; the message gives counts, never rows."""


class GateError(LeoError):
    """A check that guards publication failed."""

    exit_code = ExitCode.GATE


class Stopped(LeoError):
    """A user or a scheduler ended the command."""

    exit_code = ExitCode.STOPPED

    def __init__(self) -> None:
        super().__init__("stopped\n  the same command can be given again")


def check_utf8_name(name: str, shown: str | None = None) -> None:
    """Refuse a name of a file or folder that is not in UTF-8: manifests and pages could
    not hold it.

    Args:
        shown: what the message calls it; the name with its strange bytes as \\xfc when
            None.

    Raises:
        InputError: it is not in UTF-8.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = shown or name.encode(errors="surrogateescape").decode(
            errors="backslashreplace"
        )
        raise InputError(
            f"{shown}: the name is not in UTF-8\n  rename it; where it is in UTF-8, "
            "say so: export LC_ALL=C.UTF-8"
        ) from None
