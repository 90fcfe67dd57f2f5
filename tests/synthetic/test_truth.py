"""The error log says what differs from the truth, all of it and nothing else; and
errors come as often as the preset says.
"""

from collections import defaultdict
from typing import Any

import pytest

from tests.synthetic.conftest import Read

COLUMNS = {
    "npd": ("npd/census", "Forename", "Surname", "DateOfBirth", "Gender", "Postcode"),
    "scotland": (
        "scotland/pupils",
        "LegalForename",
        "LegalSurname",
        "BirthDate",
        "Gender",
        "HomePostcode",
    ),
    "wales": (
        "wales/plasc",
        "GIVEN_NAME",
        "FAMILY_NAME",
        "BIRTH_DATE",
        "SEX",
        "POSTCODE",
    ),
    "ilr": (
        "ilr/learners",
        "GivenNames",
        "FamilyName",
        "DateOfBirth",
        "Sex",
        "Postcode",
    ),
    "hesa": ("hesa/students", "FNAMES", "SURNAME", "BIRTHDTE", "SEXID", "POSTCODE"),
    "cis": ("cis/customers", "Forenames", "Surname", "DateOfBirth", "Sex", "Postcode"),
}
MIDDLE_NAMES = {"npd": "MiddleNames", "wales": "MIDDLE_NAMES"}
SEX = {"M": "Male", "F": "Female", "1": "Male", "2": "Female"}


@pytest.fixture(scope="module")
def owner(read: Read) -> dict[str, int]:
    records = read("truth/records")
    return dict(
        zip(
            records["record_key"].to_pylist(),
            records["person_id"].to_pylist(),
            strict=True,
        )
    )


@pytest.fixture(scope="module")
def error_log(read: Read) -> dict[tuple[str, str], str]:
    """Record and field to the kind of error."""
    errors = read("truth/errors").to_pylist()
    kinds = {(row["record_key"], row["field"]): row["kind"] for row in errors}
    assert len(kinds) == len(errors)
    return kinds


def given_names(person: dict[str, Any]) -> str:
    return " ".join(
        filter(
            None,
            (person["forename"], person["middle_name"], person["second_middle_name"]),
        )
    ).upper()


def spaceless(postcode: str) -> str:
    return postcode.replace(" ", "")


def surnames(person: dict[str, Any]) -> set[str]:
    return {name.upper() for name in (person["surname"], person["new_surname"]) if name}


@pytest.mark.parametrize("source", COLUMNS)
def test_a_field_differs_from_the_truth_where_the_log_says_so_and_nowhere_else(
    read: Read,
    persons: dict[int, Any],
    owner: dict[str, int],
    error_log: dict[tuple[str, str], str],
    source: str,
) -> None:
    table, forename, surname, dob, sex, postcode = COLUMNS[source]
    errors = defaultdict(int)
    for row in read(f"sources/{table}").to_pylist():
        key = str(row["RECORDID"])
        person = persons[owner[key]]
        name = (row[forename] or "").upper()
        if source in MIDDLE_NAMES:
            name = f"{name} {(row[MIDDLE_NAMES[source]] or '').upper()}".strip()
        true = {
            "names": name
            == (
                person["forename"].upper()
                if source == "scotland"
                else given_names(person)
            ),
            "surname": (row[surname] or "").upper() in surnames(person),
            "dob": row[dob] == person["birth_date"],
            "sex": SEX[row[sex]] == person["sex"],
            "postcode": row[postcode] is None
            or spaceless(row[postcode]) in map(spaceless, person["postcodes"]),
        }
        kinds = {
            field: error_log.get((key, field))
            for field in ("forename", "middle_names", *list(true)[1:])
        }
        kinds["names"] = kinds["forename"] or kinds["middle_names"]
        for field, agrees in true.items():
            # A hyphenated name cut short may be the name before marriage: then both are
            # true.
            if agrees is bool(kinds[field]) and kinds[field] != "hyphen dropped":
                errors[field] += 1
    assert not errors


def test_earlier_names_and_homes_are_true_ones_too(
    read: Read,
    persons: dict[int, Any],
    owner: dict[str, int],
    error_log: dict[tuple[str, str], str],
) -> None:
    for row in read("sources/hesa/students").to_pylist():
        key = str(row["RECORDID"])
        if row["SNAME16"] and (key, "former_surname") not in error_log:
            assert row["SNAME16"] in surnames(persons[owner[key]])
    for row in read("sources/ilr/learners").to_pylist():
        key = str(row["RECORDID"])
        if (key, "former_postcode") not in error_log:
            assert row["PostcodePrior"] in persons[owner[key]]["postcodes"]


def test_ninos_in_education_are_those_of_cis_unless_the_log_says_so(
    read: Read, owner: dict[str, int], error_log: dict[tuple[str, str], str]
) -> None:
    cis = {
        (owner[str(row["RECORDID"])], row["NINO"])
        for row in read("sources/cis/customers").to_pylist()
    }
    for table, column in (("ilr/learners", "NINumber"), ("hesa/students", "NINO")):
        rows = [row for row in read(f"sources/{table}").to_pylist() if row[column]]
        for row in rows:
            key = str(row["RECORDID"])
            assert ((owner[key], row[column]) in cis) is (
                (key, "nino") not in error_log
            )
