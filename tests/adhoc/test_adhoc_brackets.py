"""Names of columns with something in brackets behind them."""

import pytest

from linkage.adhoc.headers.recognise import recognise


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("Age (completed years)", "age"),
        ("Sex [M/F]", "sex"),
        ("Postcode (current address)", "postcode"),
        ("Date of birth (as on the certificate)", "dob"),
        ("性別（男/女）", "sex"),
    ],
)
def test_brackets_say_how_a_column_is_kept(column: str, field: str) -> None:
    assert recognise(["surname", "town", column], ["surname", "town", "id"], enough=False).left[field] == column


def test_what_columns_share_is_left_out_before_brackets_too() -> None:
    names = ["Provider Last Name (Legal Name)", "Provider First Name", "Provider Gender Code"]
    found = recognise(names, names, enough=False).left
    assert found == {"forename": names[1], "surname": names[0], "sex": names[2]}


@pytest.mark.parametrize(
    "column", ["Age (months)", "Postcode (previous)", "Forename (mother)", "Town (at birth)", "Email (next of kin)"]
)
def test_brackets_that_make_something_else_of_it_are_no_such_column(column: str) -> None:
    found = recognise(["surname", "town", column], ["surname", "town", "id"], enough=False).left
    assert column not in found.values()


def test_a_column_without_brackets_goes_before_one_with_them() -> None:
    found = recognise(["surname", "Town (residence)", "town"], ["surname", "town", "id"], enough=False).left
    assert found["town"] == "town"
