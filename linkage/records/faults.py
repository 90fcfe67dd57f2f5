"""What makes a single row unreadable, as conditions on its raw columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage.engine import quote
from linkage.records import dates
from linkage.records.values import as_text, is_day

_WHOLE_NUMBER = "^[+-]?[0-9]+$"


@dataclass(frozen=True)
class Fault:
    """A condition under which a row goes to quarantine."""

    column: str
    reason: str
    condition: str  # SQL over the raw columns


def faults_of(
    required: Sequence[str],
    date_columns: Sequence[str],
    number_columns: Sequence[str],
    types: Mapping[str, pa.DataType],
    date_formats: Sequence[str],
) -> list[Fault]:
    """Faults to look for, in the order in which a row is charged with one of them.

    Args:
        required: columns that must have a value.
        date_columns, number_columns: columns whose text must be a date or a whole number where it is given.
        types: the type of each raw column; one that is of days or numbers already cannot fail.
        date_formats: strptime patterns of the dates.
    """
    found = [_empty(column, types[column]) for column in required]
    shown = " or ".join(date_formats)
    for column in date_columns:
        if not is_day(types[column]):  # a day may be a number, 20150630
            text = as_text(column, types[column])
            none = f"({dates.is_no_date_text(text)} or {dates.is_of_no_year(text, date_formats)})"
            unread = f"{dates.parsed(text, date_formats)} is null and not {none}"
            found.append(Fault(column, f"is not a date in the form {shown}", f"{text} is not null and {unread}"))
    for column in number_columns:
        if is_text(types[column]):
            text = as_text(column, types[column])
            unread = f"not regexp_matches({text}, '{_WHOLE_NUMBER}')"
            found.append(Fault(column, "is not a whole number", f"{text} is not null and {unread}"))
    return found


def first_fault(faults: Sequence[Fault]) -> str:
    """A SQL expression: the number of the first fault that a row has, from 1; NULL for a row without fault."""
    if not faults:
        return "cast(null as integer)"
    cases = " ".join(f"when {fault.condition} then {number}" for number, fault in enumerate(faults, 1))
    return f"case {cases} end"


def is_text(kind: pa.DataType) -> bool:
    """Whether a raw column still has to be read as what the catalogue says it is."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
        or (pa.types.is_dictionary(kind) and is_text(kind.value_type))
    )  # fmt: skip


def _empty(column: str, kind: pa.DataType) -> Fault:
    may_be_empty = is_text(kind) or pa.types.is_floating(kind)
    return Fault(column, "is empty", f"{as_text(column, kind) if may_be_empty else quote(column)} is null")
