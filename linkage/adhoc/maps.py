"""What an analyst says of columns: --map left.forename=PERNAME1."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence

from linkage.errors import ConfigError

LEFT_OUT = "other"
"""The field of a column that is not to be compared."""


def told_by(
    maps: Sequence[str],
    headers: Mapping[str, Sequence[str]],
    known: Sequence[str],
    shown: Callable[[Sequence[str]], str],
) -> dict[str, dict[str, str]]:
    """Each side's fields and their columns.

    Args:
        headers: column names by side.
        known: names of fields. Another name is a field of the analyst's own, which needs a column on both sides.
        shown: column names as a message may say them.

    Raises:
        ConfigError: a map that is none, or names no column or no field.
    """
    told: dict[str, dict[str, str]] = {side: {} for side in headers}
    for text in maps:
        side, field, column = _parts(text, known)
        if column not in headers[side]:
            raise ConfigError(
                f"--map {text}: the {side} file has no column '{column}'\n  it has: {shown(headers[side])}"
            )
        told[side][field] = column
    for text in maps:
        side, field, _ = _parts(text, known)
        other = "right" if side == "left" else "left"
        if field not in {*known, LEFT_OUT, *told[other], *(name.lower() for name in headers[other])}:
            raise ConfigError(_slip(text, field, other, known))
    return told


def _parts(text: str, known: Sequence[str]) -> tuple[str, str, str]:
    match = re.fullmatch(r"(left|right)\.(\w+)=(.+)", text)
    if not match:
        fields = ", ".join(known)
        raise ConfigError(f"--map {text}: write it as left.FIELD=COLUMN or right.FIELD=COLUMN, FIELD one of {fields}")
    return match[1], match[2].lower(), match[3]


def _slip(text: str, field: str, other: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(field, known, 1)
    says = f"nearest: {near[0]}" if near else f"there are {', '.join(known)}"
    return (
        f"--map {text}: no field is called '{field}'; {says}\n"
        f"  a field of your own is named on both sides: add --map {other}.{field}=COLUMN"
    )
