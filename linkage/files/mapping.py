"""What a user states of columns: --map, --compare and --date-format, by side."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from linkage.errors import ConfigError
from linkage.files.header_names import CONTACTS, ROLES, shown_names

NOT_COMPARED = "other"
"""The role of a column that is not to be compared."""
_RESERVED = frozenset({"unit_id", "slot", "place", "partner", "units", "source_key", "source_id"})
_MADE = ("_all", "_held", "_words", "_word")  # end the names of columns that are made of a field


@dataclass
class Stated:
    """What is stated of one file."""

    roles: dict[str, list[str]] = field(default_factory=dict)  # role to its columns
    left_out: list[str] = field(default_factory=list)  # columns that are not to be compared
    compared: dict[str, str] = field(default_factory=dict)  # field to the further column that is to be compared

    @property
    def columns(self) -> set[str]:
        """Every column that is named."""
        named = [column for columns in self.roles.values() for column in columns]
        return {*named, *self.left_out, *self.compared.values()}


def stated_of(headers: Mapping[str, Sequence[str]], maps: Sequence[str], compare: Sequence[str]) -> dict[str, Stated]:
    """What --map and --compare say of each file.

    Args:
        headers: "left" and "right", or "file", to column names.
        maps: "left.forename=PERNAME1", of one file "forename=PERNAME1".
        compare: "COLUMN" that both files have, or "LEFT=RIGHT".

    Raises:
        ConfigError: a map that names no column or role, or two columns for one role; a column that is not there.
    """
    stated = {side: Stated() for side in headers}
    for text in maps:
        side, role, column = _parts(text, tuple(headers))
        _refuse_unknown_column(f"--map {text}", column, side, headers)
        of, columns = stated[side], stated[side].roles.get(role, [])
        if role == NOT_COMPARED:
            of.left_out.append(column)
        elif role not in ROLES:
            nearest = ", ".join(difflib.get_close_matches(role, ROLES, 1) or ROLES)
            remedy = f"to compare a further column: --compare {column}"
            raise ConfigError(f"--map {text}: no role is called '{role}'; nearest: {nearest}\n  {remedy}")
        elif {*columns} - {column} and role not in CONTACTS:
            raise ConfigError(f"--map {text}: {role} is mapped to another column too\n  give one of them")
        elif column not in columns:
            of.roles[role] = [*columns, column]
    for text in compare:
        is_pair = "=" in text and text not in next(iter(headers.values()))
        columns = text.split("=") if is_pair else [text] * len(headers)
        for side, column in zip(headers, columns, strict=False):
            _refuse_unknown_column(f"--compare {text}", column, side, headers)
            stated[side].compared[compared_name(columns[0])] = column
    for of in stated.values():
        if "forename" in of.roles and of.roles["forename"] == of.roles.get("surname"):
            of.roles["full_name"] = of.roles.pop("forename")
            del of.roles["surname"]
    return stated


def compared_name(column: str) -> str:
    """The field of a further column: its name, or one like it that no table uses itself."""
    name = re.sub(r"\W", "_", column.lower())
    while name in ROLES or name in _RESERVED or name.endswith(_MADE):
        name += "_"
    return name


def date_formats_of(given: Sequence[str], sides: Sequence[str]) -> dict[str, str]:
    """Side to the strptime format that --date-format states, given once for all files or once for each.

    Raises:
        ConfigError: it is given more often than there are files, or has no year.
    """
    if len(given) > len(sides):
        raise ConfigError(f"--date-format is given {len(given)} times\n  give it once, or once for each file")
    for pattern in given:
        parts = set(re.findall("%[a-zA-Z]", pattern))
        if not parts & {"%Y", "%y"} or not parts <= {"%Y", "%y", "%m", "%d", "%b", "%B"}:
            raise ConfigError(
                f"--date-format {pattern}: is no format of dates\n  for example %d/%m/%Y, %Y%m%d, %d-%b-%y"
            )
    return dict(zip(sides, [given[0]] * len(sides) if len(given) == 1 else given, strict=False))


def _parts(text: str, sides: Sequence[str]) -> tuple[str, str, str]:
    prefix = r"(?:(left|right)\.)?" if len(sides) > 1 else "()"
    found = re.fullmatch(rf"{prefix}(\w+)=(.+)", text)
    if not found or (len(sides) > 1 and not found[1]):
        way = "left.ROLE=COLUMN or right.ROLE=COLUMN" if len(sides) > 1 else "ROLE=COLUMN"
        raise ConfigError(f"--map {text}: write it as {way}, ROLE one of {', '.join(ROLES)}, {NOT_COMPARED}")
    return found[1] or sides[0], found[2].lower(), found[3]


def _refuse_unknown_column(option: str, column: str, side: str, headers: Mapping[str, Sequence[str]]) -> None:
    if column not in headers[side]:
        which = "the file" if len(headers) == 1 else f"the {side} file"
        raise ConfigError(f"{option}: {which} has no column '{column}'\n  it has: {shown_names(headers[side])}")
