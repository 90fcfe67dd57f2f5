"""Column names in messages: a file without a header shows a record where names should stand, and a message must not."""

import re
from collections.abc import Sequence

_OF_RECORDS = re.compile(
    r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}.*"  # a date
    r"|\+?[\d ()-]{5,}"  # a number as long as a phone's or an id's
    r"|[^@\s]+@[^@\s]+\.\w+"
    r"|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",  # a British postcode
    re.IGNORECASE,
)


def looks_like_a_record(names: Sequence[str]) -> bool:
    """Whether one of the names can only be a value: a date, a long number, an address of mail, a postcode."""
    return any(_OF_RECORDS.fullmatch(name.strip()) for name in names)


def listed(names: Sequence[str], *, known: bool = True) -> str:
    """The names, for a message; only how many they are where they may be the values of a record.

    Args:
        known: whether any of them is a name that a column is expected to have.
    """
    is_record = looks_like_a_record(names)
    if known and not is_record:
        return ", ".join(names)
    why = (
        "the first line looks like a record, and not like the names of columns"
        if is_record
        else "none has a name that is known, and the first line may be a record"
    )
    return f"{len(names)} column{'s' if len(names) != 1 else ''} (not shown: {why})"
