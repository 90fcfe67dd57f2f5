"""A rule in Great Expectations' own words: a kind of expectation and what it is given, for a suite that others open.

Nothing here imports Great Expectations, which takes seconds: an expectation is a name and plain values, as its own JSON
holds it.
"""

import datetime
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Asked:
    """An expectation on a table as a run keeps it.

    Attributes:
        takes_share: whether it may be told the share of rows that must meet it.
    """

    type: str
    kwargs: dict[str, Any]
    takes_share: bool = True


def not_null(column: str) -> Asked:
    """Every row has a value."""
    return Asked("expect_column_values_to_not_be_null", {"column": column})


def in_set(column: str, values: Collection[Any]) -> Asked:
    """What is there is one of these values."""
    return Asked("expect_column_values_to_be_in_set", {"column": column, "value_set": list(values)})


def in_form(column: str, form: str) -> Asked:
    """What is there has a form, a regular expression."""
    return Asked("expect_column_values_to_match_regex", {"column": column, "regex": form})


def between(column: str, low: float, high: float) -> Asked:
    """What is there lies between two numbers, or is one of them."""
    return Asked("expect_column_values_to_be_between", {"column": column, "min_value": low, "max_value": high})


def not_before(column: str, earlier: str) -> Asked:
    """Of rows that have both, `column` is not before `earlier`."""
    return Asked(
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": column, "column_B": earlier, "or_equal": True, "ignore_row_if": "either_value_is_missing"},
    )


def once(columns: Sequence[str]) -> Asked:
    """No two rows are alike in `columns`. Great Expectations counts every row of those that are alike, our counts all
    but one: where none may be, the verdict is the same."""
    if len(columns) == 1:
        return Asked("expect_column_values_to_be_unique", {"column": columns[0]})
    return Asked("expect_compound_columns_to_be_unique", {"column_list": list(columns), "ignore_row_if": "never"})


def columns_are(names: Collection[str]) -> Asked:
    """The table has these columns and no other, in whatever order."""
    kwargs = {"column_set": sorted(names), "exact_match": True}
    return Asked("expect_table_columns_to_match_set", kwargs, takes_share=False)


def without_flag(role: str | None, flag: int, flags: int) -> Asked:
    """A bit of `problems` is not set, of rows that have a value or that had one which was no value.

    Args:
        role: the column of the value; None where every row is looked at.
        flags: all bits together.
    """
    clear = [sum_ for sum_ in range(flags + 1) if not sum_ & flag]
    asked = in_set("problems", clear)
    if role is None:
        return asked
    given = {"type": "nullity", "column": {"name": role}, "is_null": False}
    flagged = {"type": "comparison", "column": {"name": "problems"}, "operator": "NOT_IN", "parameter": clear}
    return Asked(asked.type, asked.kwargs | {"row_condition": {"type": "or", "conditions": [given, flagged]}})


def from_day(column: str, day: datetime.date) -> Asked:
    """A day is not before `day`: by its text, which pandas and Spark write alike, whatever kind of date they hold."""
    return in_form(column, f"^(?:{_years_from(day.year + 1)})-|^{_rest_of_year(day)}")


def _years_from(year: int) -> str:
    """Years of four digits from `year`: for each of its digits those that go on as it does and then exceed it."""
    digits = f"{year:04d}"
    larger = [
        digits[:place] + f"[{int(digit) + 1}-9]" + "[0-9]" * (3 - place)
        for place, digit in enumerate(digits)
        if digit != "9"
    ]
    return "|".join([digits, *larger])


def _rest_of_year(day: datetime.date) -> str:
    later = [f"{month:02d}" for month in range(day.month + 1, 13)]
    days = [f"{number:02d}" for number in range(day.day, 32)]
    months = f"(?:{'|'.join(later)})-|" if later else ""
    return f"{day.year:04d}-(?:{months}{day.month:02d}-(?:{'|'.join(days)}))"


def six_digits(column: str) -> Asked:
    """201112 is 2011/12. Where some are missing, pandas holds whole numbers as decimals."""
    pairs = "|".join(f"{year:02d}{(year + 1) % 100:02d}" for year in range(100))
    return in_form(column, rf"^[1-9][0-9](?:{pairs})(?:\.0)?$")


def codes(column: str, type_: str, listed: Collection[str]) -> Asked:
    """A code frame's codes as the column holds them: a whole number has no leading nought."""
    if type_ == "integer":
        return in_set(column, [int(code) for code in listed if re.fullmatch(r"0|-?[1-9][0-9]*", code)])
    if type_ == "boolean":
        return in_set(column, [code == "true" for code in listed if code in ("true", "false")])
    return in_set(column, listed)
