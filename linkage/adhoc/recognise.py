"""Which column is which: by name, by an analyst's word, and for the rest by what both files hold."""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.errors import ConfigError
from linkage.resources import config_file

ROLES = ("forename", "middle_names", "surname", "dob", "sex", "postcode", "nino", "uln", "upn", "email", "phone")
"""Fields with a form of their own; every other field is compared as text."""


@dataclass(frozen=True)
class Columns:
    """What was recognised: field -> column, for each file."""

    left: dict[str, str]
    right: dict[str, str]
    left_id: str | None
    right_id: str | None

    @property
    def fields(self) -> list[str]:
        """Fields that both files hold, and that are therefore compared."""
        return [field for field in self.left if field in self.right]


@functools.cache
def _rules() -> dict[str, Any]:
    return tomllib.loads(config_file("recognise.toml").read_text(encoding="utf-8"))


def date_forms() -> list[dict[str, Any]]:
    """Forms of a birth date: name, pattern, parts (groups that are year, month, day)."""
    forms: list[dict[str, Any]] = _rules()["date"]
    return forms


def recognise(
    left: Sequence[str],
    right: Sequence[str],
    maps: Sequence[str] = (),
    ids: tuple[str | None, str | None] = (None, None),
) -> Columns:
    """Fields of two files.

    Args:
        left, right: column names.
        maps: "left.forename=PERNAME1": an analyst's word, which wins over names.
        ids: the id columns, where they are named.

    Raises:
        ConfigError: a map that names no file or no column, or nothing that both files hold.
    """
    told: dict[str, dict[str, str]] = {"left": {}, "right": {}}
    for text in maps:
        side, field, column = _map(text)
        there = left if side == "left" else right
        if column not in there:
            raise ConfigError(f"--map {text}: the {side} file has no column '{column}'\n  it has: {', '.join(there)}")
        told[side][field] = column
    found = {}
    chosen = {}
    for side, names, named in (("left", left, ids[0]), ("right", right, ids[1])):
        if named is not None and named not in names:
            raise ConfigError(f"--id: the {side} file has no column '{named}'\n  it has: {', '.join(names)}")
        chosen[side] = named or told[side].pop("id", None) or _named(names, "id", set(told[side].values()))
        found[side] = _fields([name for name in names if name != chosen[side]], told[side])
    shared = _shared(left, right, found, {chosen["left"], chosen["right"]})
    fields_left, fields_right = found["left"] | shared, found["right"] | shared
    columns = Columns(fields_left, fields_right, chosen["left"], chosen["right"])
    if len(columns.fields) < 2:
        raise ConfigError(
            "the two files share fewer than two fields that can be compared\n"
            f"  left has: {', '.join(left)}\n  right has: {', '.join(right)}\n"
            "  name them: --map left.surname=COLUMN --map right.surname=COLUMN"
        )
    return columns


def _map(text: str) -> tuple[str, str, str]:
    match = re.fullmatch(r"(left|right)\.(\w+)=(.+)", text)
    if not match:
        raise ConfigError(f"--map {text}: write it as left.FIELD=COLUMN or right.FIELD=COLUMN, FIELD one of {_known()}")
    return match[1], match[2].lower(), match[3]


def _known() -> str:
    return ", ".join(name for name in _rules() if name != "date")


def _fields(names: Sequence[str], told: Mapping[str, str]) -> dict[str, str]:
    found = dict(told)
    for field in _rules():
        if field in ("id", "date") or field in found:
            continue
        column = _named(names, field, set(found.values()))
        if column:
            found[field] = column
    return found


def _named(names: Sequence[str], field: str, taken: set[str]) -> str | None:
    rule = _rules()[field]
    free = {_plain(name): name for name in reversed(names) if name not in taken}
    return next((free[known] for known in (*rule["names"], *rule.get("also", ())) if known in free), None)


def _shared(
    left: Sequence[str], right: Sequence[str], found: Mapping[str, Mapping[str, str]], ids: set[Any]
) -> dict[str, str]:
    """Columns of one name in both files that are no known field."""
    used = {*found["left"].values(), *found["right"].values(), *ids}
    both = [name for name in left if name in set(right) and name not in used]
    fields: dict[str, str] = {}
    for name in both:
        field = re.sub(r"\W", "_", name.lower())
        while field in {*fields, *found["left"], *found["right"], "unit_id"}:  # neither another's name nor our own
            field += "_"
        fields[field] = name
    return fields


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
