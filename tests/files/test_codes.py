"""Numbers, telephones, e-mail addresses and postcodes in one form."""

from collections import Counter

import pytest

from linkage.files.codes import (
    infer_numbers,
    infer_postcodes,
    read_number,
    read_phone,
    read_postcode,
)


@pytest.mark.parametrize(
    ("role", "text", "value"),
    [
        ("nino", "ab 12 34 56 C", "AB123456"),
        ("nino", "BG123456A", None),
        ("uln", "1000000044", None),
        ("uln", "1000000043", "1000000043"),
        ("upn", "Z999999999999", None),
        ("husid", "0711 1012 34567", "0711101234567"),
        ("national_number", "NONE", None),
        ("national_number", "000000000", None),
        ("national_number", "123456789", None),
        ("national_number", "85-12.345", "8512345"),
    ],
)
def test_numbers_in_their_form_or_none(role: str, text: str, value: str | None) -> None:
    assert read_number(text, role, {"length": 9}) == value


def test_numbers_are_compared_by_the_part_that_both_files_write() -> None:
    full = Counter({f"{n:09}": 1 for n in range(10_000_000, 900_000_000, 7_654_321)})
    last = Counter({value[-4:]: 1 for value in full})
    assert infer_numbers([full, last]) == [
        {"length": 9, "last": 4},
        {"length": 4, "last": 4},
    ]
    assert infer_numbers([full, full]) == [{"length": 9}, {"length": 9}]


def test_telephones_by_their_last_digits() -> None:
    assert read_phone("(020) 79460000; 0161 496 0000") == "9460000"
    assert read_phone("0000000") is None


def test_postcodes_are_compared_to_what_both_files_have() -> None:
    units, districts = Counter(["AB1 2CD", "M60 9XY"]), Counter(["AB1", "M60"])
    assert infer_postcodes([units, units])[0] == {
        "kind": "british",
        "precision": "unit",
    }
    coarse = infer_postcodes([units, districts])[0]
    assert read_postcode("ab12cd", infer_postcodes([units, units])[0]) == "AB1 2CD"
    assert (read_postcode("AB1 2CD", coarse), read_postcode("AB1", coarse)) == (
        "AB1",
        "AB1",
    )
    short, long = infer_postcodes(
        [Counter(["06620", "1234", "98765"]), Counter(["06620-1234", "98765-0001"])]
    )
    assert read_postcode("06620", short) == read_postcode("06620-1234", long) == "06620"
    assert infer_postcodes([Counter(["6620"]), Counter(["06620"])])[0]["digits"] == 0, (
        "a file without first zeros"
    )
    assert read_postcode("ZZ1 1ZZ", infer_postcodes([units, units])[0]) is None
