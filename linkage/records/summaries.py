"""What reading a source came to: counts alone, fit for a manifest and a report."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from linkage.records.source_files import SourceFile


@dataclass(frozen=True)
class Rejection:
    """Rows that one fault sent to quarantine."""

    file: str
    column: str | None
    reason: str
    rows: int
    first_line: int


@dataclass(frozen=True)
class ReadingSummary:
    """rows_read = records + quarantined."""

    source: str
    rows_read: int
    records: int
    quarantined: int
    rejections: tuple[Rejection, ...]
    files: tuple[SourceFile, ...]
    problems: dict[str, int] = field(default_factory=dict)  # flag -> records that have it
    filled: dict[str, int] = field(default_factory=dict)  # column -> records that have a value
    absent: tuple[str, ...] = ()  # variables of the catalogue that the files lack

    def as_dict(self) -> dict[str, Any]:
        """The same in plain types, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class AttributeSummary:
    """rows_read = rows + orphans + quarantined."""

    table: str
    rows_read: int
    rows: int
    orphans: int  # rows whose key is no entity of the source
    quarantined: int
    rejections: tuple[Rejection, ...]
    files: tuple[SourceFile, ...]
    unread: dict[str, int] = field(default_factory=dict)  # column -> values that have not its type and became NULL

    def as_dict(self) -> dict[str, Any]:
        """The same in plain types, for JSON."""
        return asdict(self)


def described(rejections: Sequence[Rejection], rows_read: int) -> str:
    """Rejections in words, for a terminal or a log: a line a file, then a line a fault, commonest first."""
    lines = []
    for file in dict.fromkeys(rejection.file for rejection in rejections):
        own = sorted((r for r in rejections if r.file == file), key=lambda r: (-r.rows, r.first_line))
        lines.append(f"{file}: {sum(r.rows for r in own):,} of {rows_read:,} rows set aside")
        width = max(len(f"{r.rows:,}") for r in own)
        lines += [
            f"  {r.rows:>{width},}  {f'{r.column} ' if r.column else ''}{r.reason}   first at line {r.first_line:,}"
            for r in own
        ]
    return "\n".join(lines)
