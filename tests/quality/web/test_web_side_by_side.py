"""Two records side by side: what is the same, what differs, and where."""

import datetime
import itertools
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.pipeline.pair_facts import Record, Value
from quality.web.side_by_side import side_by_side


def record(**values: str | list[str]) -> Record:
    return {
        name: [Value(v) for v in ([value] if isinstance(value, str) else value)]
        for name, value in values.items()
    }


@pytest.mark.parametrize(
    ("left", "right", "kind", "words"),
    [
        (record(surname="HILL"), record(surname="HILL"), "same", "Same"),
        (
            record(surname=["HILL", "WOOD"]),
            record(surname="HILL"),
            "same",
            "Same latest value",
        ),
        (
            record(surname=["WOOD", "HILL"]),
            record(surname="HILL"),
            "shared",
            "One value in both, not the latest of both",
        ),
        (
            record(surname="HILL"),
            record(surname="HULL"),
            "differs",
            "Differs by 1 character",
        ),
        (record(surname="HILL"), record(surname="ABERNATHY"), "differs", "Differs"),
        (
            record(dob="1999-02-03"),
            record(dob="1999-03-02"),
            "differs",
            "Differs: day and month are exchanged",
        ),
        (
            record(dob="1999-02-03"),
            record(dob="1989-02-04"),
            "differs",
            "Differs: year, day",
        ),
        (record(surname="HILL"), record(), "unknown", "Known on one side only"),
    ],
)
def test_the_comparison_of_two_records_is_in_words(
    left: Record, right: Record, kind: str, words: str
) -> None:
    (row,) = side_by_side(left, right)
    assert (row.kind, row.text) == (kind, words)


def test_differences_are_marked_in_the_most_similar_values() -> None:
    (row,) = side_by_side(record(surname=["WOOD", "HILL"]), record(surname="HULL"))
    assert [value.pieces for value in row.left] == [
        [("WOOD", False)],
        [("H", False), ("I", True), ("LL", False)],
    ]
    assert row.right[0].pieces == [("H", False), ("U", True), ("LL", False)]


def test_the_time_of_a_value_is_shown_in_years() -> None:
    start, end = datetime.date(2004, 1, 15), datetime.date(2011, 5, 1)
    left = {
        "postcode": [Value("AB1 2CD", start, end)],
        "dob": [Value("1999-01-01", start, end)],
    }
    assert [row.left[0].years for row in side_by_side(left, {})] == ["", "2004 to 2011"]


@given(st.text("ABC ", min_size=1, max_size=8), st.text("ABC ", min_size=1, max_size=8))
def test_marks_change_no_value(first: str, second: str) -> None:
    (row,) = side_by_side(record(surname=first), record(surname=second))
    assert "".join(text for text, _ in row.left[0].pieces) == first
    assert "".join(text for text, _ in row.right[0].pieces) == second
    marks = [is_marked for _, is_marked in row.left[0].pieces]
    assert not any(itertools.starmap(operator.and_, itertools.pairwise(marks))), (
        "a mark is one box"
    )


def test_values_that_differ_in_most_characters_are_not_marked() -> None:
    (row,) = side_by_side(record(postcode="W8 4DE"), record(postcode="SE27 0DF"))
    assert not any(
        is_marked for value in (*row.left, *row.right) for _, is_marked in value.pieces
    )
