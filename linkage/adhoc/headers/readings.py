"""How names are read: columns in a syllabary, which stand for the names that files also write in signs."""

from collections.abc import Mapping, Sequence

from linkage.adhoc.headers.header_words import in_latin, in_own_script, without_noise_in_script
from linkage.adhoc.headers.vocabulary import vocabulary

_WHOLE = (("full_name",), ("surname", "forename"))
"""Fields that are a name: one of these is enough."""


def readings(sides: Mapping[str, Sequence[str]]) -> dict[str, dict[str, str]]:
    """Field -> column of names as they are read, for each file that is to be linked by them.

    Args:
        sides: column names of each file.

    Returns:
        Readings of both files where both have them, else those of a file that has no other name; {} for a file without.
    """
    found = {side: _of(names) for side, names in sides.items()}
    if all(found.values()):
        return found
    return {side: columns if columns and not _has_signs(sides[side]) else {} for side, columns in found.items()}


def _of(names: Sequence[str]) -> dict[str, str]:
    """The columns of readings, of a name in full or of both its parts."""
    rules: dict[str, list[str]] = vocabulary()["readings"]
    named = {form: name for name in reversed(names) for form in _forms(name)}
    held = {field: next((named[known] for known in rules[field] if known in named), None) for field in rules}
    for fields in _WHOLE:
        columns = {field: column for field in fields if (column := held[field])}
        if len(columns) == len(fields):
            return columns
    return {}


def _has_signs(names: Sequence[str]) -> bool:
    """Whether a file has names besides their readings."""
    rules, known = vocabulary()["field"], set[str]()
    for field in ("full_name", "surname", "forename"):
        known |= {*rules[field]["names"], *rules[field].get("beside", ())}
    return any(known & _forms(name) for name in names)


def _forms(name: str) -> set[str]:
    return {in_own_script(name), in_latin(name) if name.isascii() else "", without_noise_in_script(name)} - {""}
