"""The identifiers that linkage compares, and the names of the columns that hold
them.
"""

from collections.abc import Iterable

IDENTIFIERS = (
    "forename",
    "middle_names",
    "surname",
    "dob",
    "sex",
    "postcode",
    "nino",
    "uln",
    "upn",
    "husid",
)
"""The identifier columns of `records`, in their order. former_* values become rows of
their own.
"""

HISTORY_ENDS = ("_all", "_held", "_first", "_last")
"""Suffixes of columns that hold an identifier's history."""


def kept_columns(names: Iterable[str]) -> list[str]:
    """Of a table's columns those that the run keeps in addition to the identifiers,
    x_<name>, without histories.
    """
    return [
        name
        for name in names
        if name.startswith("x_") and not name.endswith(HISTORY_ENDS)
    ]
