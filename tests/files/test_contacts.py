"""Numbers, telephones, e-mail addresses and postcodes in one form."""

from collections import Counter

import pytest

from linkage.files import contacts
from linkage.files.contacts import infer_number, infer_phone, infer_postcodes, number, part_in_common, phones, postcode


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
        ("national_number", "85-12.345", "008512345"),
    ],
)
def test_numbers_in_their_form_or_none(role: str, text: str, value: str | None) -> None:
    assert number(text, role, {"length": 9}) == value


def test_lost_zeros_and_the_part_that_both_files_write() -> None:
    full = Counter({f"{n:09}": 1 for n in range(10_000_000, 900_000_000, 7_654_321)})
    last = Counter({value[-4:]: 1 for value in full})
    assert infer_number(full) == {"length": 9}
    assert number("32145678", "national_number", {"length": 9}) == "032145678"
    assert part_in_common(full, last, (9, 4)) == {"last": 4}
    assert part_in_common(full, full, (9, 9)) == {}


def test_telephones_by_their_last_digits() -> None:
    assert phones("+44 20 7946 0000", 9) == phones("(020) 79460000", 9) == ["079460000"]
    assert phones("0161 496 0000 / 07700 900123", 9) == ["614960000", "700900123"]
    assert phones("0000000", 9) == []
    assert infer_phone(Counter(["020 7946 0000", "7946 0000"])) == 8


def test_email_addresses_without_what_sorts_them() -> None:
    assert contacts.emails("Ann <ann+news@post.example>; b@c.example") == ["ANN@POST.EXAMPLE", "B@C.EXAMPLE"]
    assert contacts.emails("none") == []


def test_postcodes_are_compared_to_what_both_files_have() -> None:
    units, districts = Counter(["AB1 2CD", "M60 9XY"]), Counter(["AB1", "M60"])
    assert infer_postcodes(units, units)[0] == {"kind": "british", "precision": "unit"}
    coarse = infer_postcodes(units, districts)[0]
    assert postcode("ab12cd", infer_postcodes(units, units)[0]) == "AB1 2CD"
    assert (postcode("AB1 2CD", coarse), postcode("AB1", coarse)) == ("AB1", "AB1")
    short, long = infer_postcodes(Counter(["06620", "1234", "98765"]), Counter(["06620-1234", "98765-0001"]))
    assert postcode("6620", short) == postcode("06620-1234", long) == "06620"
    assert postcode("ZZ1 1ZZ", infer_postcodes(units, units)[0]) is None
