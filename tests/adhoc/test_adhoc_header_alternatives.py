"""Columns of two names: both of one field, or none."""

import pytest

from linkage.adhoc.headers.recognise import recognise


def _taken_for(header: str) -> set[str]:
    """Fields that a column is taken for, in a file of others that say nothing."""
    columns = recognise(["id", header, "zzz1", "zzz2"], ["id", "zzz3"], enough=False)
    return {field for field, column in {**columns.left, **columns.left_parts}.items() if column == header}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("City/Town", "town"),
        ("Xã/Phường", "town"),
        ("Quận / Huyện", "county"),
        ("Sex/Gender", "sex"),
        ("Surname | Family Name", "surname"),
        ("Given name(s)/Forename", "forename"),
        ("Vorname / First name", "forename"),
        ("Nom/Surname", "surname"),
        ("Geburtsdatum (Date of birth)", "dob"),
        ("생년월일/DOB", "dob"),
        ("姓 Surname", "surname"),
        ("ชื่อ (First name)", "forename"),
        ("Postleitzahl\nPostcode", "postcode"),
        ("Town or city", "town"),
        ("Ort oder Stadt", "town"),
        ("House name or number", "street_number"),
    ],
)
def test_a_column_of_two_names_is_what_both_say(header: str, field: str) -> None:
    assert _taken_for(header) == {field}


@pytest.mark.parametrize(
    "header",
    [
        "DOB/Age",
        "City/Phone",
        "Hospital/Town",
        "Visit date/DOB",
        "Postcode (school)",
        "Town (of birth)",
        "Yes/No",
        "Age or DOB",
        "A/B",
    ],
)
def test_two_things_in_a_column_or_somebody_else_s_are_none(header: str) -> None:
    assert not _taken_for(header) & {"dob", "age", "town", "phone", "postcode"}


def test_a_name_that_is_known_as_a_whole_is_that() -> None:
    assert _taken_for("M/F") == {"sex"}


def test_a_first_name_or_an_initial_is_the_forename() -> None:
    """The schedule on which charities claim gift aid has such a column; it was compared as a text of its own."""
    found = recognise(["id", "First name or initial", "Last name"], ["id", "Initial", "Last name"])
    assert (found.left["forename"], found.right["forename"]) == ("First name or initial", "Initial")


def test_names_beside_a_surname_are_the_forenames() -> None:
    found = recognise(["id", "Names", "Surname"], ["id", "forename", "surname"])
    assert found.left["forename"] == "Names"
