"""Find the column of ids: one that is called like a key, is known in every row and holds no value twice."""

import re
from collections.abc import Callable, Collection, Sequence

from linkage.errors import ConfigError
from linkage.files.header_names import NUMBERS, is_called_like_a_key, shown_names
from linkage.files.profile import Profile
from linkage.files.schema import FileSchema

NUMBERED = "none"
"""What --id says where the rows are to be numbered."""
_CODE = re.compile(r"[A-Za-z]*[-_/]?[A-Za-z]*[0-9][A-Za-z0-9]*([-_/][A-Za-z0-9]+)*")
_DATE = re.compile(r"\d{1,4}[-/]\d{1,2}[-/]\d{1,4}")

Keys = Callable[[Profile, Sequence[str]], Sequence[str]]
"""Of some columns of a file those that are known in every row and hold no value twice, by all of its rows."""


def find_ids(
    profiles: Sequence[Profile],
    schemas: Sequence[FileSchema],
    stated: Sequence[Collection[str]],
    ids: Sequence[str | None],
    keys: Keys,
) -> list[str | None]:
    """The column of ids of each file; None where rows are to be numbered.

    Raises:
        ConfigError: a stated column is not there.
    """
    found: list[str | None] = []
    for profile, schema, named, key in zip(profiles, schemas, stated, ids, strict=True):
        mapped = schema.columns.get("id", (None,))[0] if schema.evidence.get("id") == "option" else None
        if key not in (None, NUMBERED) and key not in profile.file.columns:
            which = "the file" if profile.file.side == "file" else f"the {profile.file.side} file"
            raise ConfigError(f"--id: {which} has no column '{key}'\n  it has: {shown_names(profile.file.columns)}")
        if key == NUMBERED:
            found.append(None)
        else:
            found.append(key or mapped or _key(profile, schema, named, keys))
    for here, key in enumerate(found):  # what is one file's id may be the other's under the same name
        other = found[here - 1]
        if key is None and ids[here] is None and other in profiles[here].columns and keys(profiles[here], [str(other)]):
            found[here] = other
    return found


def _key(profile: Profile, schema: FileSchema, stated: Collection[str], keys: Keys) -> str | None:
    by_header = schema.columns.get("id", ())
    roles = {column for role, of in schema.columns.items() if role != "id" for column in of} | {*stated}
    columns = profile.sample.column_names
    free = [name for name in columns if name not in roles]
    called = [name for name in free if is_called_like_a_key(name)]
    ends = [name for name in dict.fromkeys((columns[0], columns[-1])) if name in free]
    numbers = [schema.columns[role][0] for role in NUMBERS if role in schema.columns]
    coded = [name for name in ends if name not in called and _are_codes(profile, name)]
    asked = [name for name in dict.fromkeys([*by_header, *called, *coded, *numbers]) if _may_be_key(profile, name)]
    return next(iter(keys(profile, asked)), None) if asked else None


def _may_be_key(profile: Profile, column: str) -> bool:
    if column not in profile.sample.column_names:
        return False
    values = profile.values(column)
    return len(values) == values.total() == profile.rows


def _are_codes(profile: Profile, column: str) -> bool:
    """Whether all values are codes with a digit, and no dates or quantities of several lengths."""
    values = profile.values(column)
    lengths = {len(value) for value in values}
    same = len(lengths) == 1 and min(lengths) > 3
    prefixes = {re.sub(r"[0-9].*", "", value) for value in values}
    prefixed = len(prefixes) == 1 and prefixes != {""}
    digits = [int(value) for value in values if value.isdigit()]
    series = len(digits) == len(values) > 0 and max(digits) - min(digits) + 1 == len(digits)
    plain = all(_CODE.fullmatch(value) and not _DATE.fullmatch(value) for value in values)
    return bool(values) and plain and (same or prefixed or series)
