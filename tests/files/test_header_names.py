"""Headers name roles, in English and ten other languages, and never another person's
column.
"""

import pytest

from linkage.files.header_names import (
    NUMBERS,
    address_lines,
    any_known,
    is_called_like_a_key,
    roles_of,
)

HEADERS = """
    id first_name last_name date_of_birth gender postcode | id forename surname dob sex postcode
    PupilRef FNAME MNAME LNAME BIRTHDT SEX_CD | id forename middle_names surname dob sex
    Kennung Vorname Nachname Geburtsdatum Geschlecht PLZ | id forename surname dob sex postcode
    codice Cognome Nome Data_di_nascita Sesso CAP | id surname forename dob sex postcode
    nombre apellido1 apellido2 FEC_NAC sexo | forename surname second_surname dob sex
    prenom nom_de_famille date_naissance sexe commune | forename surname dob sex town
    imię nazwisko data_urodzenia płeć | forename surname dob sex
    förnamn efternamn födelsedatum kön | forename surname dob sex
    voornaam tussenvoegsel achternaam geboortedatum | forename surname_particle surname dob
    ad soyad dogum_yili cinsiyet | forename surname birth_year sex
    HUSID UPN ULN NINO UCAS_Person_ID SCN | husid upn uln nino ucas_person_id scn
    census_forename census_surname census_dob | forename surname dob
    PatientSurname Patient_Forename Sex[M/F] Maiden_name | surname forename sex other_surname
"""


@pytest.mark.parametrize("line", HEADERS.strip().splitlines())
def test_headers_name_roles(line: str) -> None:
    headers, roles = (part.split() for part in line.split("|"))
    by_role = roles_of(headers, {})
    assert {role: columns[0] for role, columns in by_role.items()} == dict(
        zip(roles, headers, strict=True)
    )


@pytest.mark.parametrize(
    "header",
    [
        "mother_forename",
        "GP surname",
        "Next of kin phone",
        "Visit date",
        "Age (months)",
        "Name (father)",
    ],
)
def test_another_persons_columns_are_no_role(header: str) -> None:
    assert header not in {
        column
        for columns in roles_of([header, "ethnicity"], {}).values()
        for column in columns
    }


def test_a_stated_column_wins() -> None:
    assert roles_of(["surname", "FAMILY"], {"surname": ["FAMILY"]})["surname"] == (
        "FAMILY",
    )


def test_an_ambiguous_header_counts_next_to_its_companion() -> None:
    assert roles_of(["Nome", "Cognome"], {})["forename"] == ("Nome",)
    assert roles_of(["Nome", "Comune"], {})["full_name"] == ("Nome",)


def test_contacts_have_several_columns() -> None:
    columns = roles_of(
        ["Home Tel", "Mobile", "Work Phone", "email", "email_2", "GP phone"], {}
    )
    assert set(columns["phone"]) == {"Home Tel", "Mobile", "Work Phone"}
    assert columns["email"] == ("email", "email_2")


def test_lines_of_an_address_are_found_in_order() -> None:
    assert address_lines(["ADDR2", "ADDR1", "ADDR3", "Phone1", "Phone2"], []) == [
        "ADDR1",
        "ADDR2",
        "ADDR3",
    ]
    assert address_lines(["Address", "town"], []) == []


def test_keys_and_known_headers() -> None:
    assert all(
        map(
            is_called_like_a_key,
            ["STUDY_ID", "ncid", "voter_reg_num", "id_l", "NU_NOTIFIC"],
        )
    )
    assert not any(map(is_called_like_a_key, ["surname", "grade", "region"]))
    assert any_known(["x", "DOB"])
    assert not any_known(["RYAN", "HENDERSON"])
    assert {"nino", "husid", "scn"} <= set(NUMBERS)
