"""What an analyst says of columns: --map left.forename=PERNAME1."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence

from linkage.errors import ConfigError

LEFT_OUT = "other"
"""The field of a column that is not to be compared."""


Shown = Callable[[Sequence[str]], str]
"""Column names as a message may say them."""


def told_by(
    maps: Sequence[str], headers: Mapping[str, Sequence[str]], known: Sequence[str], shown: Shown
) -> dict[str, dict[str, str]]:
    """Each side's fields and their columns.

    Args:
        headers: column names by side.
        known: names of fields. Another name is a field of the analyst's own, which needs a column on both sides.

    Raises:
        ConfigError: a map that is none, or names no column or no field, or two columns for one field.
    """
    told: dict[str, dict[str, str]] = {side: {} for side in headers}
    for text in maps:
        side, field, column = _parts(text, known)
        _refuse_strange(text, column, headers[side], f"the {side} file", shown)
        if told[side].setdefault(field, column) != column:
            raise ConfigError(f"--map {text}: {side}.{field} is mapped to another column too\n  give one of them")
    for text in maps:
        side, field, _ = _parts(text, known)
        other = "right" if side == "left" else "left"
        if field not in {*known, *told[other], *(name.lower() for name in headers[other])}:
            raise ConfigError(_slip(text, field, other, known))
    for fields in told.values():  # one column for both is a name in full: so it is shown where a header tells it
        if "forename" in fields and fields["forename"] == fields.get("surname"):
            fields["full_name"] = fields.pop("forename")
            del fields["surname"]
    return told


def of_one_file(maps: Sequence[str], header: Sequence[str], known: Sequence[str], shown: Shown) -> list[str]:
    """Maps of a file that is compared with itself (surname=FAMILY) as `told_by` takes them, for which both are it.

    Raises:
        ConfigError: a map that is none, or names no column.
    """
    for text in maps:
        match = re.fullmatch(r"\w+=(.+)", text)
        if not match:
            raise ConfigError(f"--map {text}: write it as FIELD=COLUMN, FIELD one of {', '.join(known)}")
        _refuse_strange(text, match[1], header, "the file", shown)
    return [f"{side}.{text}" for text in maps for side in ("left", "right")]


def without_left_out(
    maps: Sequence[str], headers: Mapping[str, Sequence[str]], known: Sequence[str], shown: Shown
) -> tuple[list[str], dict[str, list[str]]]:
    """The maps that name a field, and each side's columns but those that are not to be compared, be they one or many.

    Raises:
        ConfigError: a map that is none, or names no column.
    """
    rest, kept = [], {side: list(header) for side, header in headers.items()}
    for text in maps:
        side, field, column = _parts(text, known)
        if field != LEFT_OUT:
            rest.append(text)
            continue
        _refuse_strange(text, column, headers[side], f"the {side} file", shown)
        kept[side] = [name for name in kept[side] if name != column]
    return rest, kept


def _refuse_strange(text: str, column: str, header: Sequence[str], file: str, shown: Shown) -> None:
    if column not in header:
        raise ConfigError(f"--map {text}: {file} has no column '{column}'\n  it has: {shown(header)}")


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
