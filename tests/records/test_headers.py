"""A record in the place of column names is in no message."""

import pytest

from linkage.records.layout import listed, looks_like_a_record

NAMES = [
    "id",
    "forename",
    "surname",
    "dob",
    "2011",
    "address 1",
    "tel (home)",
    "a-b",
    "q12",
]


@pytest.mark.parametrize(
    "value",
    [
        "1994-05-20",
        "20/5/94",
        "1994-05-20 00:00:00",
        "TS23 1JB",
        "ts231jb",
        "a.b@example.org",
        "07700 900123",
    ],
)
def test_a_header_with_a_value_of_a_person_is_not_shown(value: str) -> None:
    assert looks_like_a_record(["RYAN", value])
    assert "RYAN" not in listed(["RYAN", value])
    assert "2 columns" in listed(["RYAN", value])


def test_names_are_shown() -> None:
    assert not looks_like_a_record(NAMES)
    assert listed(NAMES) == ", ".join(NAMES)
