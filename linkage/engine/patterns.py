"""Formats of dates and replacements of regular expressions, as Java writes them."""

import re

_LETTERS = {
    "%Y": "y",
    "%y": "yy",
    "%m": "M",
    "%d": "d",
    "%-m": "M",
    "%-d": "d",
    "%b": "MMM",
    "%B": "MMMM",
    "%H": "H",
    "%M": "m",
    "%S": "s",
    "%I": "h",
    "%p": "a",
    "%f": "SSSSSS",
}
_FIXED = {"%Y": "yyyy", "%m": "MM", "%d": "dd", "%H": "HH", "%M": "mm", "%S": "ss"}
_DIRECTIVE = re.compile(r"(%-?[A-Za-z])")


def java_replacement(text: str, *, groups_before: int = 0) -> str:
    """What to put in the place of a match: \\1 becomes $1, and a dollar is itself.

    Args:
        text: as RE2 takes it.
        groups_before: groups set before the pattern's own; the first one is put back.
    """
    escaped_text = text.replace("$", "\\$")
    replacement = re.sub(
        r"\\(\d)", lambda group: f"${int(group.group(1)) + groups_before}", escaped_text
    )
    return f"$1{replacement}" if groups_before else replacement


def java_format(strptime: str) -> str:
    """A strptime format in the letters of Spark's datetime patterns.

    A directive that touches another has its full width, since nothing else parts them;
    one that does not takes one digit or two, as strptime does.

    Raises:
        ValueError: a directive that has no counterpart.
    """
    parts = [part for part in _DIRECTIVE.split(strptime) if part]
    pieces = []
    for place, part in enumerate(parts):
        if not _DIRECTIVE.fullmatch(part):
            pieces.append(
                "".join(
                    f"'{c}'" if c.isalpha() else ("''" if c == "'" else c) for c in part
                )
            )
            continue
        if part not in _LETTERS:
            raise ValueError(
                f"no counterpart of {part} on Spark; there are {', '.join(_LETTERS)}"
            )
        touches = any(
            0 <= neighbour < len(parts) and parts[neighbour][0] == "%"
            for neighbour in (place - 1, place + 1)
        )
        pieces.append(_FIXED.get(part, _LETTERS[part]) if touches else _LETTERS[part])
    return "".join(pieces)


def parsed_date(function: str, text: str, strptime: str) -> str:
    """Spark SQL that reads a text as strptime does: blanks around it pass, %y is 1969
    to 2068.
    """
    pattern = java_format(strptime).replace("\\", "\\\\").replace("'", "\\'")
    read = f"{function}(TRIM({text}), '{pattern}')"
    if "%y" in strptime:  # Java's yy is 2000 to 2099
        read = f"IF(YEAR({read}) > 2068, {read} - INTERVAL '100' YEAR, {read})"
    return f"CAST({read} AS TIMESTAMP_NTZ)"
