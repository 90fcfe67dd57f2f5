"""Columns whose header names the parts of what stands in them, and headers as the registers of many countries have them."""

import pytest

from linkage.adhoc.headers.joined_headers import joined
from linkage.adhoc.headers.recognise import recognise

FULL = frozenset({"forename", "surname"})


def _taken_for(header: str, *beside: str) -> frozenset[str]:
    """Fields that a column is taken for, beside others; its own name is none."""
    names = ["id", header, *beside, "zzz1"]
    columns = recognise(names, names, enough=False)
    taken = {field for field, column in {**columns.left_parts, **columns.left}.items() if column == header}
    return frozenset(taken - {"full_name", header.lower()})


@pytest.mark.parametrize(
    "header",
    [
        "Cognome e nome",
        "Ime i prezime",
        "Prezime (ime roditelja) i ime",
        "Презиме и име",
        "Име, презиме, фамилия",
        "Прізвище, ім'я, по батькові",
        "Фамилия Имя Отчество",
        "Vor- und Nachname",
        "Vor- und Zuname",
        "Name und Vorname",
        "Jméno a příjmení pacienta",
        "Vardas, pavardė",
        "Vārds uzvārds",
        "Ees- ja perekonnanimi",
        "نام و نام خانوادگی",
        "nome_e_cognome",
        "Last Name, First Name",
        "Apellido paterno, materno y nombre",
        "Ονοματεπωνυμο",
    ],
)
def test_a_name_in_full_is_called_by_its_parts(header: str) -> None:
    assert _taken_for(header) >= FULL


@pytest.mark.parametrize(
    "header",
    [
        "Straße und Hausnummer",
        "Улица и број",
        "Ulica i broj",
        "Rua, número",
        "Calle y número",
        "Street, House No and Town",
    ],
)
def test_a_street_with_its_house_is_an_address(header: str) -> None:
    assert _taken_for(header) == {"address"}


@pytest.mark.parametrize("header", ["PLZ und Ort", "PLZ, Wohnort", "CAP e comune", "Postnr. og by", "ZIP, City"])
def test_a_postcode_and_a_town_are_a_town(header: str) -> None:
    assert _taken_for(header) == {"town"}


@pytest.mark.parametrize(
    "header",
    [
        "First Surname",
        "Second Last Name",
        "Cognome e nome del padre",
        "Nome e cognome della madre",
        "Imię i nazwisko matki",
        "Name and address of school",
        "Surname and town",
        "Name (mother) and surname",
        "Surname Surname",
    ],
)
def test_one_part_alone_another_person_s_or_what_belongs_to_no_field_is_none(header: str) -> None:
    assert joined(header) is None


@pytest.mark.parametrize(
    "header", ["Nome do eleitor", "Name in English", "Nombre del trabajador", "Navn på patient", "中文姓名"]
)
def test_words_between_a_name_and_whose_it_is_say_nothing(header: str) -> None:
    assert _taken_for(header) >= FULL


@pytest.mark.parametrize("header", ["Name of school", "Nome della madre", "Nom du médecin"])
def test_a_name_of_somebody_else_is_none_of_the_person_s(header: str) -> None:
    assert not FULL & _taken_for(header)


def test_of_slavs_the_same_word_is_a_surname_and_a_patronymic() -> None:
    serbian = recognise(["име", "презиме"], ["име", "презиме"], enough=False)
    assert serbian.left == {"forename": "име", "surname": "презиме"}
    bulgarian = recognise(*[["Собствено име", "Презиме", "Фамилно име"]] * 2, enough=False)
    assert bulgarian.left == {"forename": "Собствено име", "middle_names": "Презиме", "surname": "Фамилно име"}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("ΗΜΕΡΟΜΗΝΙΑ ΓΕΝΝΗΣΗΣ", "dob"),
        ("Ημερομηνία γέννησης", "dob"),
        ("ΤΗΛΕΦΩΝΟ", "phone"),
        ("Όνομα μητρός", "mother_name"),
        ("نام خانوادگي", "surname"),
        ("نام خانوادگی", "surname"),
        ("Адрес ребёнка", "address"),
    ],
)
def test_accents_and_letters_that_not_all_write_part_no_headers(header: str, field: str) -> None:
    assert field in _taken_for(header, "Forename", "Surname" if field != "surname" else "zzz2")


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Датум рођења", "dob"),
        ("datum_rodjenja", "dob"),
        ("Рождена дата", "dob"),
        ("Nato il", "dob"),
        ("تاریخ پیدائش", "dob"),
        ("የትውልድ ቀን", "dob"),
        ("출생일자", "dob"),
        ("Petsa ng Kapanganakan", "dob"),
        ("Матични број", "national_number"),
        ("身份證號碼", "national_number"),
        ("公民身份号码", "national_number"),
        ("身分證統一編號", "national_number"),
        ("HKID", "national_number"),
        ("rodcis", "national_number"),
        ("RFC", "national_number"),
        ("شماره ملی", "national_number"),
        ("Ghana Card No", "national_number"),
        ("Nomor Induk Kependudukan", "national_number"),
        ("Поштански број", "postcode"),
        ("Sihtnumber", "postcode"),
        ("Општина", "town"),
        ("Населено място", "town"),
        ("Savivaldybė", "town"),
        ("鄉鎮市區", "town"),
        ("Tehsil", "town"),
        ("LGA", "town"),
        ("Townland", "town"),
        ("Име једног родитеља", "father_name"),
        ("نام پدر", "father_name"),
        ("Tėvo vardas", "father_name"),
        ("Mother's Maiden Name", "mother_name"),
        ("ФИО матери", "mother_name"),
        ("Matkapuhelin", "phone"),
        ("GSM No", "phone"),
        ("موبایل", "phone"),
        ("Dzimšanas vieta", "birth_place"),
        ("Nato a", "birth_place"),
        ("Място на раждане", "birth_place"),
        ("Kasarian", "sex"),
        ("ጾታ", "sex"),
        ("Mergautinė pavardė", "other_surname"),
        ("Neiupõlvenimi", "other_surname"),
    ],
)
def test_headers_of_many_countries(header: str, field: str) -> None:
    assert field in _taken_for(header, "Forename", "Surname")
