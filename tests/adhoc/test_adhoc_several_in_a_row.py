"""Files with a row for each household, or for each person with what was asked again and again: whom a number counts."""

import pytest

from linkage.adhoc.headers.numbered_headers import of_the_first, of_the_second
from linkage.adhoc.headers.recognise import recognise


@pytest.mark.parametrize(
    ("form", "several"),
    [
        ("person{}_{}", True),
        ("Child {} {}", True),
        ("p0{}_{}", True),
        ("HHMember{}{}", True),
        ("w{}_{}", False),
        ("wave_{}_{}", False),
        ("{}_{}", False),
    ],
)
def test_a_number_before_a_field_counts_persons_unless_it_counts_waves(form: str, several: bool) -> None:
    """Of a household's persons all but the first were taken for nothing, and nothing was said."""
    header = ["id", *(form.format(n, name) for n in (1, 2, 12) for name in ("forename", "surname", "dob", "sex"))]
    shown = [form.format(2, "dob"), form.format(2, "sex")]
    assert of_the_second(header) == (shown if several else [])
    assert of_the_first(header) == header


def test_of_two_spouses_in_a_row_the_first_is_read() -> None:
    """The words of another person, each behind whose number a field stands, are the row's own where it has no other."""
    couples = [f"spouse{n}_{name}" for n in (1, 2) for name in ("forename", "surname", "dob")]
    found = recognise(["id", *couples], ["id", "forename", "surname", "dob"])
    assert found.left == {"forename": "spouse1_forename", "surname": "spouse1_surname", "dob": "spouse1_dob"}
    assert of_the_second(couples) == ["spouse2_dob"]


def test_a_second_address_is_the_same_persons() -> None:
    assert of_the_second(["id", "forename", "surname", "address2_town", "person2_town", "person2_dob"]) == []


@pytest.mark.parametrize("form", ["{0}_w{1}", "w{1}_{0}", "Wave {1} {0}", "{0} vague {1}"])
def test_of_what_each_wave_asked_the_last_is_compared(form: str) -> None:
    """A panel has an address a wave; none of them was recognised, and who had moved or married was missed."""
    asked = ("surname", "postcode")
    panel = ["id", "forename", "dob", *(form.format(name, n) for n in (2, 9, 10) for name in asked)]
    found = recognise(panel, ["id", "forename", "surname", "dob", "postcode"]).left
    assert [found.get(name) for name in asked] == [form.format(name, 10) for name in asked]


def test_what_one_wave_alone_asked_is_not_taken_for_the_last() -> None:
    found = recognise(["id", "forename", "surname", "town_w1"], ["id", "forename", "surname", "town"])
    assert "town" not in found.fields
