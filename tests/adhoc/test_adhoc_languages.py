"""Headers and words of sex of registers in languages whose files nobody had looked at."""

import pytest
from anyascii import anyascii

from linkage.adhoc.fields.spellings import frame_of_sex
from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.names.around_names import bare_names

ENGLISH = ["id", "forename", "surname", "dob", "sex"]


@pytest.mark.parametrize(
    "header",
    [
        ["رقم العقد", "الاسم الشخصي", "الاسم العائلي", "تاريخ الازدياد", "الجنس"],  # Morocco
        ["Հ/Հ", "Անուն", "Ազգանուն", "Ծննդյան ամսաթիվ", "Սեռ"],
        ["Реттік №", "Аты", "Тегі", "Туған күні", "Жынысы"],  # Kazakhstan
        ["№", "Өөрийн нэр", "Эцэг /эх/-ийн нэр", "Төрсөн огноо", "Хүйс"],  # Mongolia
        ["№", "Нэр", "Овог", "Төрсөн огноо", "Хүйс"],
        ["ល.រ", "នាមខ្លួន", "នាមត្រកូល", "ថ្ងៃខែឆ្នាំកំណើត", "ភេទ"],  # Cambodia
        ["ລ/ດ", "ຊື່", "ນາມສະກຸນ", "ວັນເດືອນປີເກີດ", "ເພດ"],  # Laos
        ["क्र.सं.", "नाम", "थर", "जन्म मिति", "लिङ्ग"],  # Nepal
        ["NRO_FICHA", "PRENOMBRES", "AP_PRIMER", "FE_NACIMIENTO", "DE_GENERO"],  # Peru
    ],
)
def test_headers_of_registers_are_known(header: list[str]) -> None:
    columns = recognise(header, ENGLISH)
    assert [columns.left.get(field) for field in ("forename", "surname", "dob", "sex")] == header[1:]


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (["எண்", "வாக்காளர் பெயர்", "தந்தையின் பெயர்", "வயது", "பாலினம்"], ["full_name", "father_name", "age", "sex"]),
        (["No", "Name with initials", "NIC No", "DOB"], ["full_name", "national_number", "dob"]),
        (["Matricule", "NOM_PRENOM", "DATE_NAIS", "LIEU_NAIS", "PRENOM_PERE"], ["full_name", "dob", "birth_place", "father_name"]),
        (["BIL", "NAMA PENUH", "NO. KP BARU", "TARIKH LAHIR"], ["full_name", "national_number", "dob"]),
        (["VisaNo", "Name in Pinyin", "Birth Date"], ["full_name", "dob"]),
    ],
)  # fmt: skip
def test_headers_of_other_fields_are_known(header: list[str], fields: list[str]) -> None:
    columns = recognise(header, header, enough=False)
    found = {**columns.left, **columns.left_parts}
    assert [found.get(field) for field in fields] == header[1:]


@pytest.mark.parametrize(
    ("man", "woman"),
    [
        ("Boy", "Girl"),
        ("B", "G"),
        ("мушки", "женски"),
        ("muško", "žensko"),
        ("мъж", "жена"),
        ("B", "F"),  # Romania
        ("vīrietis", "sieviete"),
        ("gwryw", "benyw"),
        ("արական", "իգական"),
        ("ер", "әйел"),
        ("эр", "эм"),
        ("ஆண்", "பெண்"),
        ("पु", "स्त्री"),
        ("ប្រុស", "ស្រី"),
        ("مرد", "عورت"),
        ("ወንድ", "ሴት"),
        ("LELAKI", "PEREMPUAN"),
        ("mwanaume", "mwanamke"),
        ("Tane", "Fafine"),
    ],
)
def test_words_of_sex_are_known(man: str, woman: str) -> None:
    codes = frame_of_sex({man: 5, woman: 4}, "sex") or {}
    assert [codes.get(anyascii(word).upper()) for word in (man, woman)] == ["M", "F"]


def test_a_letter_of_two_languages_is_that_of_the_header() -> None:
    """V is a man in Lithuania and a woman in the Netherlands."""
    values = {"V": 5, "M": 5}
    lithuanian, dutch = (frame_of_sex(values, header) for header in ("Lytis", "Geslacht"))
    found = [[(frame or {}).get(letter) for letter in "VM"] for frame in (lithuanian, dutch)]
    assert found == [["M", "F"], ["F", "M"]]


def test_titles_of_laos_and_burma_are_no_names() -> None:
    """Nang was the forename of every woman. U alone is an initial."""
    assert list(bare_names({"Thao Inpeng Sayavong": 1, "Nang Daovone Vongsa": 1}).values()) == [
        "Inpeng Sayavong",
        "Daovone Vongsa",
    ]
    assert list(bare_names({"U Aung Kyaw": 1, "Daw Mya Mya": 1}).values()) == ["Aung Kyaw", "Mya Mya"]
    assert list(bare_names({"U Thant": 1}).values()) == ["U Thant"]
