"""Files about people at work: physicians who were paid, contacts of whom no company is told."""

import pytest

from linkage.adhoc.headers.recognise import recognise


def _fields(*names: str) -> dict[str, str]:
    return recognise(names, names, enough=False).left


@pytest.mark.parametrize("who", ["Physician", "Contact", "Prescriber", "Doctor"])
def test_a_file_that_names_nobody_else_is_about_them(who: str) -> None:
    found = _fields("no", f"{who}_First_Name", f"{who}_Last_Name", "Zip", "Paid")
    assert {name: found.get(name) for name in ("forename", "surname", "postcode")} == {
        "forename": f"{who}_First_Name",
        "surname": f"{who}_Last_Name",
        "postcode": "Zip",
    }


@pytest.mark.parametrize("beside", ["DOB", "Sex", "Company"])
def test_beside_a_patient_or_a_company_they_are_others(beside: str) -> None:
    found = _fields("no", "Physician First Name", "Physician Last Name", beside)
    assert not {"forename", "surname"} & set(found)


def test_beside_names_of_ones_own_they_are_others() -> None:
    found = _fields("no", "First Name", "Last Name", "Contact First Name", "Contact Last Name")
    assert (found["forename"], found["surname"]) == ("First Name", "Last Name")
