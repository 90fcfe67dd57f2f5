"""An age, a place or a time of day around a date is left out where most of a column's values are dates then."""

import datetime
from collections import Counter

import pytest

from linkage.adhoc.dates.around_dates import bare
from linkage.adhoc.dates.birth_dates import Reading, read, reading


def _read(*texts: str) -> list[str | None]:
    how = reading(Counter(texts), 2010)
    return [read(text, how) for text in texts]


AROUND = [
    ("05.03.1984 r.", "1984-03-05"),
    ("05.03.1984r.", "1984-03-05"),
    ("1984-05-12Z", "1984-05-12"),
    ("1984-05-12+02:00", "1984-05-12"),
    ("12/05/1984 (39y)", "1984-05-12"),
    ("12/05/1984 (39)", "1984-05-12"),
    ("12-May-1984 (39Y 3M)", "1984-05-12"),
    ("12 May 1984 00:00", "1984-05-12"),
    ("May 12 1984 12:00AM", "1984-05-12"),
    ("12MAY1984:00:00:00", "1984-05-12"),
    ("Sat May 12 1984 00:00:00 GMT+0100 (BST)", "1984-05-12"),
    ("Sat May 12 00:00:00 CET 1984", "1984-05-12"),
    ("12.V.1984", "1984-05-12"),
    ("12 VIII 1984", "1984-08-12"),
    ("12-xii-84", "1984-12-12"),
    ("1984. V. 12.", "1984-05-12"),
    ("1984-XX-XX", "1984-00-00"),
    ("1984-05-XX", "1984-05-00"),
    ("XX/05/1984", "1984-05-00"),
    ("??.??.1984", "1984-00-00"),
    ("12/XX/1984", "1984-00-00"),  # December, or the 12th
    ("UN-UNK-1984", "1984-00-00"),
    ("1984-UNK-UN", "1984-00-00"),
    ("UN/05/1984", "1984-05-00"),
    ("/Date(453168000000)/", "1984-05-12"),
    ("/Date(453164400000+0100)/", "1984-05-12"),  # 23 o'clock in Greenwich is midnight in Paris
    ("/Date(-1262304000000)/", "1930-01-01"),
    ("İZMİR 23.01.1954", "1954-01-23"),
    ("Jakarta, 12-05-1984", "1984-05-12"),
    ("12-05-1984 Jakarta", "1984-05-12"),
    ("geb. 12.05.1984", "1984-05-12"),
]


@pytest.mark.parametrize(("text", "expected"), AROUND)
def test_what_stands_around_a_date_is_left_out(text: str, expected: str) -> None:
    assert _read(text) == [expected]


@pytest.mark.parametrize(("text", "expected"), AROUND)
def test_few_values_change_nothing_in_a_column_of_no_dates(text: str, expected: str) -> None:
    assert _read(*[text] * 3, *["somebody"] * 2)[0] is None
    assert _read(*[text] * 9, "somebody") == [expected] * 9 + [None]


@pytest.mark.parametrize(
    "text",
    [
        "05.03.1984rr",
        "1984-05-12ZZ",
        "12/05/1984 (in hospital 39)",
        "12/05/1984 39",
        "12.IIII.1984",
        "12.XIII.1984",
        "May 12 12:00AM",
        "Date of 453168000000",
        "/Date(45316800000000000000)/",
        "12.05.1984 - 13.06.1990",
        "XX/XX/XX",
        "ward 3, 12.05.1984",
        "about 1990",
    ],
)
def test_what_is_not_known_around_a_date_leaves_it_unread(text: str) -> None:
    assert _read(text) == [None]


def test_what_is_read_as_it_stands_is_not_read_otherwise() -> None:
    """No known surroundings are those of a date that is read with them."""
    assert [read(text, Reading(2010)) for text, _ in AROUND] == [None] * len(AROUND)


def test_the_dates_alone_show_what_comes_first() -> None:
    assert _read("03/04/1990 (33)", "12/25/1990 (33)", "05/06/1990") == ["1990-03-04", "1990-12-25", "1990-05-06"]
    assert _read("Izmir 03.04.90", "25.12.1990") == [None, "1990-12-25"]


def test_whole_dates_may_stand_beside_those_of_which_parts_are_unknown() -> None:
    assert _read("1984-05-12", "12/25/1990", "1985-XX-XX", "unknown") == [
        "1984-05-12", "1990-12-25", "1985-00-00", None,
    ]  # fmt: skip


@pytest.mark.parametrize("hours", [-11, 0, 2, 11])
def test_milliseconds_are_of_the_midnight_that_is_nearest(hours: int) -> None:
    days = (datetime.date(1984, 5, 12) - datetime.date(1970, 1, 1)).days
    assert bare(f"/Date({(days * 24 + hours) * 3_600_000})/") == "1984-05-12"
