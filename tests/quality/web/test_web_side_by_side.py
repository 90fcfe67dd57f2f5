"""Two records side by side: what is the same, what differs, and where."""

import datetime
import itertools
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.pipeline.pair_facts import Record, Value
from quality.web.side_by_side import side_by_side


def record(**held: str | list[str]) -> Record:
    return {name: [Value(v) for v in ([of] if isinstance(of, str) else of)] for name, of in held.items()}


@pytest.mark.parametrize(
    ("left", "right", "kind", "words"),
    [
        (record(surname="HILL"), record(surname="HILL"), "same", "Same"),
        (record(surname=["HILL", "WOOD"]), record(surname="HILL"), "same", "Same latest value"),
        (
            record(surname=["WOOD", "HILL"]),
            record(surname="HILL"),
            "shared",
            "One value in both, not the latest of both",
        ),
        (record(surname="HILL"), record(surname="HULL"), "differs", "Differs by 1 character"),
        (record(surname="HILL"), record(surname="ABERNATHY"), "differs", "Differs"),
        (record(dob="1999-02-03"), record(dob="1999-03-02"), "differs", "Differs: day and month are exchanged"),
        (record(dob="1999-02-03"), record(dob="1989-02-04"), "differs", "Differs: year, day"),
        (record(surname="HILL"), record(), "unknown", "Known on one side only"),
    ],
)
def test_how_two_records_compare_is_said_in_words(left: Record, right: Record, kind: str, words: str) -> None:
    (row,) = side_by_side(left, right)
    assert (row.kind, row.text) == (kind, words)


def test_what_differs_is_marked_in_the_values_that_are_most_alike() -> None:
    (row,) = side_by_side(record(surname=["WOOD", "HILL"]), record(surname="HULL"))
    assert [shown.pieces for shown in row.left] == [
        [("WOOD", False)],
        [("H", False), ("I", True), ("LL", False)],
    ]
    assert row.right[0].pieces == [("H", False), ("U", True), ("LL", False)]


def test_when_a_value_was_held_is_told_in_years() -> None:
    since, until = datetime.date(2004, 1, 15), datetime.date(2011, 5, 1)
    left = {"postcode": [Value("AB1 2CD", since, until)], "dob": [Value("1999-01-01", since, until)]}
    assert [row.left[0].years for row in side_by_side(left, {})] == ["", "2004 to 2011"]


@given(st.text("ABC ", min_size=1, max_size=8), st.text("ABC ", min_size=1, max_size=8))
def test_marks_change_no_value(one: str, other: str) -> None:
    (row,) = side_by_side(record(surname=one), record(surname=other))
    assert "".join(text for text, _ in row.left[0].pieces) == one
    assert "".join(text for text, _ in row.right[0].pieces) == other
    marks = [marked for _, marked in row.left[0].pieces]
    assert not any(itertools.starmap(operator.and_, itertools.pairwise(marks))), "a mark is one box"


def test_values_of_which_most_differs_are_not_marked() -> None:
    (row,) = side_by_side(record(postcode="W8 4DE"), record(postcode="SE27 0DF"))
    assert not any(marked for shown in (*row.left, *row.right) for _, marked in shown.pieces)
