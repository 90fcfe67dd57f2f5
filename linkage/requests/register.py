"""The register of decisions: a line of JSON each, appended and never changed, each
bound to the one before by a hash.

A byte changed anywhere breaks the hash of its line. A line changed with its hash breaks
the next line's. That lines were removed from the end, or all rewritten, shows against a
hash that was published: `read_register(published=...)`.
"""

import datetime
import fcntl
import json
import os
import pwd
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from linkage.errors import ConfigError, GateError
from linkage.extract.project import Span
from linkage.requests.request import canonical, digest

NAME = "register.jsonl"
"""A register's file, where it is in the folder of the requests that it is about."""

START = "0" * 64
"""What the first line is bound to."""


def _is_day(text: str) -> str:
    datetime.date.fromisoformat(text)
    return text


Day: TypeAlias = Annotated[str, AfterValidator(_is_day)]


class _Read(BaseModel):
    model_config = ConfigDict(strict=True)


class _Package(_Read):
    name: str
    phases: list[str]
    years: str | None


class _Public(_Read):
    title: str
    organisation: str
    organisation_type: str
    aims: str
    benefit: str
    lawful_basis: str
    special_basis: str
    setting: str
    retention: str | None
    rating: str
    audience: list[str]
    outputs: list[str]
    people: dict[str, int]
    packages: list[_Package]
    population: str = ""
    derived_years: dict[str, str] = Field({})
    link_metadata: list[str] = Field([])


class _Only(_Read):
    column: str
    values: list[str]


class _Part(_Read):
    table: str
    variables: list[str]
    years: Span | None
    only: _Only | None


class _Submission(_Read):
    request: str
    date: Day
    public: _Public | None = None


class _Withdrawal(_Submission):
    withdraws: str
    reason: str


class _Rejection(_Submission):
    reference: str
    reason: str


class _Approval(_Submission):
    reference: str
    expires: Day
    conditions: list[str]
    without: list[str]
    scope: list[_Part]
    public: _Public
    purpose_sha256: str
    amends: str = ""


_FORMS: dict[str, type[_Submission]] = {
    "submitted": _Submission,
    "rejected": _Rejection,
    "withdrawn": _Withdrawal,
}
_FORMS |= dict.fromkeys(("approved", "approved-with-conditions"), _Approval)
"""Events, and what must be in an entry of each: whoever writes an entry by hand can
give it its hash as well.
"""


@dataclass(frozen=True)
class Entry:
    """One line of a register."""

    number: int
    sha256: str
    content: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.content[key]

    @property
    def event(self) -> str:
        """submitted, approved, approved-with-conditions, rejected or withdrawn."""
        return str(self.content["event"])

    @property
    def is_approval(self) -> bool:
        return self.event.startswith("approved")

    def day(self, key: str) -> datetime.date:
        """A date of the entry."""
        return datetime.date.fromisoformat(self.content[key])


def account() -> str:
    """This process's user, as 12 hex digits of a hash: equal accounts can be compared,
    and no name is kept.
    """
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a number
        name = str(os.getuid())
    return digest(["account", name])[:12]


def read_register(path: Path, *, published: str | None = None) -> list[Entry]:
    """Every entry of a register, when each is as it was written.

    Args:
        published: a hash that was published earlier, in full or its first twelve or
            more characters: the register must still hold the entry of that hash.

    Raises:
        ConfigError: there is no such file.
        GateError: a line is not as it was written; the message names the first.
    """
    try:
        text = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise ConfigError(
            f"{path}: no such register\n  decisions are recorded in it: leo request "
            "decide; or name one with --register"
        ) from None
    *lines, rest = text.split(b"\n")
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        entries.append(
            _entry(path, number, line, entries[-1].sha256 if entries else START)
        )
    if rest:
        raise _broken(path, len(lines) + 1, "it is cut short")
    if published is not None:
        if len(published) < 12:
            raise ConfigError(
                "--published: give at least twelve characters of a published hash"
            )
        if not any(entry.sha256.startswith(published) for entry in entries):
            raise GateError(
                f"{path}: no entry has the published hash {published[:12]}: entries "
                "were removed or rewritten\n"
                "  restore the register from a copy that has it"
            )
    return entries


def _entry(path: Path, number: int, line: bytes, previous: str) -> Entry:
    try:
        content = json.loads(line.decode("utf-8"))
        sha256 = content.pop("sha256")
        if (
            canonical({**content, "sha256": sha256}).encode("utf-8") != line
            or digest(content) != sha256
        ):
            raise _broken(path, number, "its hash is not that of its content")
        if content["number"] != number or content["previous"] != previous:
            raise _broken(path, number, "it does not follow the line before it")
        _FORMS[content["event"]].model_validate(content)
    except (
        UnicodeDecodeError,
        ValueError,
        KeyError,
        AttributeError,
        TypeError,
        RecursionError,
    ):
        raise _broken(path, number, "it is not as a register writes it") from None
    return Entry(number, sha256, content)


def _broken(path: Path, number: int, fault: str) -> GateError:
    return GateError(
        f"{path}: line {number} was changed: {fault}\n"
        "  nothing is decided or extracted under a register that does not hold; "
        "restore it from a copy"
    )


def append(
    path: Path,
    content: Mapping[str, Any],
    *,
    see: Callable[[Sequence[Entry]], None] = lambda entries: None,
) -> Entry:
    """Add an entry, to the disk, and return it. One process at a time; the register is
    verified first.

    Args:
        see: looks at the entries that it would follow, while the register is locked;
            raises where it may not.

    Raises:
        GateError: the register does not hold.
        ConfigError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(
            path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640
        )
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}\n  give another place with "
            "--register"
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        entries = read_register(path)
        see(entries)
        entry = {
            **content,
            "recorded_by": account(),
            "recorded": datetime.datetime.now(datetime.UTC).isoformat(
                timespec="seconds"
            ),
            "number": len(entries) + 1,
            "previous": entries[-1].sha256 if entries else START,
        }
        sha256 = digest(entry)
        size = os.fstat(handle).st_size
        try:
            _write(
                handle, (canonical({**entry, "sha256": sha256}) + "\n").encode("utf-8")
            )
        except OSError as error:
            os.ftruncate(handle, size)
            raise ConfigError(
                f"{path}: cannot be written: {error.strerror}\n  make room, and decide "
                "again"
            ) from None
        return Entry(len(entries) + 1, sha256, entry)
    finally:
        os.close(handle)


def _write(handle: int, line: bytes) -> None:
    while line:
        line = line[os.write(handle, line) :]
    os.fsync(handle)
