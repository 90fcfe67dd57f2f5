"""The schema of a person file: which column holds what, and how its values are read.

It is inferred, or stated in the run's file (linkage.config.file_run).
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkage.config.file_run import FileSource, load_file_run
from linkage.errors import ConfigError
from linkage.files.header_names import CONTACTS, ROLES, shown_names

NOT_COMPARED = "other"  # The role of a column that is not to be compared
_RESERVED = frozenset(
    {"unit_id", "slot", "place", "partner", "units", "source_key", "source_id"}
)
_MADE = (
    "_all",
    "_held",
    "_words",
    "_word",
)  # end the names of columns that are made of a field


@dataclass
class Stated:
    """What is stated of one file."""

    roles: dict[str, list[str]] = field(default_factory=dict)  # role to its columns
    left_out: list[str] = field(
        default_factory=list
    )  # columns that are not to be compared
    compared: dict[str, str] = field(
        default_factory=dict
    )  # field to the further column that is to be compared

    @property
    def columns(self) -> set[str]:
        """Every column that is named."""
        mapped_columns = [
            column for columns in self.roles.values() for column in columns
        ]
        return {*mapped_columns, *self.left_out, *self.compared.values()}


def stated_of(
    headers: Mapping[str, Sequence[str]], maps: Sequence[str], compare: Sequence[str]
) -> dict[str, Stated]:
    """What --map (left.forename=NAME1) and --compare (COLUMN, LEFT=RIGHT) say of each
    file; `headers` are by side.

    Raises:
        ConfigError: a map that names no column or role, or two columns for one role; a
            column that is not there.
    """
    statements = {side: Stated() for side in headers}
    for text in maps:
        side, role, column = _parts(text, tuple(headers))
        refuse_unknown_column(f"--map {text}", column, side, headers[side])
        statement, columns = statements[side], statements[side].roles.get(role, [])
        if role == NOT_COMPARED:
            statement.left_out.append(column)
        elif role not in ROLES:
            nearest = ", ".join(difflib.get_close_matches(role, ROLES, 1) or ROLES)
            remedy = f"to compare a further column: --compare {column}"
            raise ConfigError(
                f"--map {text}: no role is called '{role}'; nearest: {nearest}\n  "
                f"{remedy}"
            )
        elif {*columns} - {column} and role not in CONTACTS:
            raise ConfigError(
                f"--map {text}: {role} is mapped to another column too\n  give one of "
                "them"
            )
        elif column not in columns:
            statement.roles[role] = [*columns, column]
    for text in compare:
        is_pair = "=" in text and text not in next(iter(headers.values()))
        columns = text.split("=") if is_pair else [text] * len(headers)
        for side, column in zip(headers, columns, strict=False):
            refuse_unknown_column(f"--compare {text}", column, side, headers[side])
            statements[side].compared[compared_name(columns[0])] = column
    for statement in statements.values():
        if "forename" in statement.roles and statement.roles[
            "forename"
        ] == statement.roles.get("surname"):
            statement.roles["full_name"] = statement.roles.pop("forename")
            del statement.roles["surname"]
    return statements


def compared_name(column: str) -> str:
    """The field of a further column: its name, or one like it that no table uses
    itself.
    """
    name = re.sub(r"\W", "_", column.lower())
    while name in ROLES or name in _RESERVED or name.endswith(_MADE):
        name += "_"
    return name


def date_formats_of(formats: Sequence[str], sides: Sequence[str]) -> dict[str, str]:
    """Side to the strptime format that --date-format states, given once for all files
    or once for each.

    Raises:
        ConfigError: it is given more often than there are files, or has no year.
    """
    if len(formats) > len(sides):
        raise ConfigError(
            f"--date-format is given {len(formats)} times\n  give it once, or once for "
            "each file"
        )
    for pattern in formats:
        parts = set(re.findall("%[a-zA-Z]", pattern))
        if not parts & {"%Y", "%y"} or not parts <= {
            "%Y",
            "%y",
            "%m",
            "%d",
            "%b",
            "%B",
        }:
            raise ConfigError(
                f"--date-format {pattern}: is no format of dates\n  examples: "
                "%d/%m/%Y, %Y%m%d, %d-%b-%y"
            )
    return dict(
        zip(
            sides,
            [formats[0]] * len(sides) if len(formats) == 1 else formats,
            strict=False,
        )
    )


def _parts(text: str, sides: Sequence[str]) -> tuple[str, str, str]:
    prefix = r"(?:(left|right)\.)?" if len(sides) > 1 else "()"
    match = re.fullmatch(rf"{prefix}(\w+)=(.+)", text)
    if not match or (len(sides) > 1 and not match[1]):
        way = (
            "left.ROLE=COLUMN or right.ROLE=COLUMN" if len(sides) > 1 else "ROLE=COLUMN"
        )
        raise ConfigError(
            f"--map {text}: write it as {way}, ROLE one of {', '.join(ROLES)}, "
            f"{NOT_COMPARED}"
        )
    return match[1] or sides[0], match[2].lower(), match[3]


def refuse_unknown_column(
    option: str, column: str, side: str, header: Sequence[str]
) -> None:
    """Refuse a column that a file lacks."""
    if column not in header:
        file_text = "the file" if side == "file" else f"the {side} file"
        raise ConfigError(
            f"{option}: {file_text} has no column '{column}'\n  it has: "
            f"{shown_names(header)}"
        )


HEADER, CONTENT, OPTION = "header", "content", "option"  # How a role was found


@dataclass
class FileSchema:
    """What a file's columns are."""

    id: str | None = None  # the column of ids; None numbers the rows
    # role to its columns: of several contacts, lines of an address; a further column by
    # its field's name
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # role to how its values are read
    evidence: dict[str, str] = field(
        default_factory=dict
    )  # role to HEADER, CONTENT or OPTION
    fields: list[str] = field(
        default_factory=list
    )  # what records have, in the order in which they are compared
    # what readers learned from the file itself and that is not written: words of names,
    # forms of addresses
    learned: dict[str, Any] = field(default_factory=dict)

    @property
    def used(self) -> set[str]:
        """Every column that is read."""
        return {column for columns in self.columns.values() for column in columns} | {
            self.id or ""
        } - {""}


def schemas_of(sources: Mapping[str, FileSource]) -> dict[str, FileSchema]:
    """Side to the schema that a run's file states."""
    return {
        side: FileSchema(
            id=source.id or None,
            columns=dict(source.columns),
            settings={role: dict(of) for role, of in source.settings.items()},
            evidence=dict(source.evidence),
            fields=list(source.fields),
        )
        for side, source in sources.items()
    }


def read_schema(path: Path, sides: Sequence[str]) -> dict[str, FileSchema]:
    """The schemas that the run.toml of an output folder states.

    Raises:
        ConfigError: it is no run of files with these sides.
    """
    schemas = schemas_of(load_file_run(path).source)
    if missing := [side for side in sides if side not in schemas]:
        raise ConfigError(
            f"{path}: has no table [source.{missing[0]}]\n  give the run.toml of an "
            "output folder"
        )
    return schemas


def refuse_unknown_columns(
    schema: FileSchema, columns: Sequence[str], side: str
) -> None:
    """Refuse a schema that names columns which the file lacks."""
    if missing := sorted(schema.used - set(columns)):
        raise ConfigError(
            f"--schema: the {side} file has no column '{missing[0]}'\n  infer it "
            "again: leave it out"
        )
