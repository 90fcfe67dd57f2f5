"""Two files of different shapes get the same fields, with the same kind of thing in them."""

from collections.abc import Callable
from typing import Any

import pytest

from linkage.adhoc.names.full_names import FullNames, Vocabulary, by_form, by_place
from linkage.engine import Table
from linkage.errors import InputError

Rows = Callable[[Table], list[tuple[Any, ...]]]
Shaped = Callable[..., tuple[list[str], list[tuple[Any, ...]], list[tuple[Any, ...]]]]


def test_a_name_in_full_is_parted_as_the_other_file_parts_it(shaped: Shaped) -> None:
    fields, left, right = shaped(
        """id|nome_completo|nascimento
        1|Ana Luiza da Silva|01/02/1990
        2|João Souza|03/02/1990""",
        """id|nome|sobrenome|nascimento
        1|ANA LUIZA|DA SILVA|1990-02-01
        2|JOAO|SOUZA|1990-02-03""",
    )
    assert fields == ["forename", "surname", "dob", "middle_names"]
    assert left == right == [("ANA", "DASILVA", "1990-02-01", "LUIZA"), ("JOAO", "SOUZA", "1990-02-03", None)]


def test_names_of_fathers_after_ones_own_are_the_name_in_full(shaped: Shaped) -> None:
    _, left, right = shaped(
        """Card No|Name|Father's Name|Grandfather's Name|dob
        1|Selam|Mekonnen|Assefa|1990-02-01
        2|Girma|Worku|Eshetu|1990-02-03""",
        """id|full_name|dob
        1|Selam Mekonnen Assefa|1990-02-01
        2|GIRMA WORKU ESHETU|1990-02-03""",
    )
    assert left == right
    assert left[0][:2] == ("SELAM", "ASSEFA")


def test_a_fathers_occupation_is_no_name(shaped: Shaped) -> None:
    _, left, _ = shaped(
        "id|Name|Father's Occupation|dob\n1|Selam|Farmer|1990-02-01", "id|full_name|dob\n1|Selam Mekonnen|1990-02-01"
    )
    assert "FARMER" not in left[0]


def test_a_father_who_is_named_in_full_is_no_part_of_a_name(shaped: Shaped) -> None:
    _, left, _ = shaped(
        "id|Name|Father's Name|dob\n1|Ravi Kumar|Anil Kumar|1990-02-01", "id|name|dob\n1|Ravi Kumar|1990-02-01"
    )
    assert left[0][:2] == ("RAVI", "KUMAR")


def test_initials_and_districts_are_all_that_is_compared_where_a_file_has_no_more(shaped: Shaped) -> None:
    fields, left, right = shaped(
        """id|initials|dob|pc_district
        1|J.S.|1990-02-01|SW1A
        2|abc|1990-02-03|M1
        3|E|1990-02-04|""",
        """id|forename|surname|middle_name|dob|postcode
        1|John|Smith|Paul|01/02/1990|SW1A 2AA
        2|Ann|Cole||03/02/1990|m11ae
        3|Élodie|||04/02/1990|""",
    )
    assert fields == ["forename", "surname", "dob", "postcode"]
    assert left == [
        ("J", "S", "1990-02-01", "SW1A"),
        ("A", "C", "1990-02-03", "M1"),
        ("E", None, "1990-02-04", None),
    ]
    assert right == left


def test_initials_beside_a_surname_are_all_of_a_forename_that_is_compared(shaped: Shaped) -> None:
    _, left, right = shaped(
        "id|initials|surname|dob\n1|J.P.|Smith|1990-02-01", "id|forename|surname|dob\n1|John|Smith|01/02/1990"
    )
    assert left[0][:2] == ("J", "SMITH")
    assert right[0][:2] == ("J", "SMITH")


def test_postcodes_are_compared_by_sectors_where_a_file_has_no_more(shaped: Shaped) -> None:
    _, left, right = shaped(
        "id|surname|dob|pcsector\n1|Lee|1990-02-01|M1 1\n2|Cole|1990-02-03|SW1A 2",
        "id|surname|dob|postcode\n1|LEE|1990-02-01|M1 1AE\n2|COLE|1990-02-03|SW1A2AA",
    )
    assert [row[-1] for row in left] == [row[-1] for row in right] == ["M1 1", "SW1A 2"]


def test_names_of_companies_are_compared_without_their_legal_form_where_no_person_is_named(shaped: Shaped) -> None:
    fields, left, right = shaped(
        "CompanyNumber|CompanyName|PostCode\n01|SMITH & SONS LTD.|M1 1AE\n02|Crown Foods p.l.c.|M1 1AF\n03|Limited|M1 1AF",
        "premises_id|BusinessName|PostCode\n1|Smith and Sons|M1 1AE\n2|CROWN FOODS PLC|M1 1AF\n3|LIMITED|M1 1AF",
    )
    assert fields == ["postcode", "organisation"]
    assert left == right == [("M1 1AE", "SMITH SONS"), ("M1 1AF", "CROWN FOODS"), ("M1 1AF", "LIMITED")]
    fields, _, _ = shaped(
        "id|surname|company|dob\n1|Lee|A|1990-02-01", "id|surname|company_name|dob\n1|Lee|A|1990-02-01"
    )
    assert fields == ["surname", "dob"], "an employer is no name"


def test_names_of_parents_are_compared_in_any_order_and_without_what_stands_before_them(shaped: Shaped) -> None:
    fields, left, right = shaped(
        """id|first_name|Father/Husband Name|NOME_MAE
        1|Ann|S/o Ravi Kumar|Ana Souza
        2|Bo|D/o Meera|Eva Lima""",
        """id|forename|father_name|mother_name
        1|ANN|KUMAR RAVI|SOUZA, Ana
        2|BO|n/a|LIMA, Eva""",
    )
    assert fields == ["forename", "mother_name", "father_name"]
    assert left == [("ANN", "ANA SOUZA", "KUMAR RAVI"), ("BO", "EVA LIMA", "MEERA")]
    assert right == [("ANN", "ANA SOUZA", "KUMAR RAVI"), ("BO", "EVA LIMA", None)]


def test_a_surname_that_comes_first_is_told_by_the_names_of_the_other_file(shaped: Shaped) -> None:
    _, left, right = shaped(
        """id|Họ và tên|sex
        1|Nguyễn Lan|Nữ
        2|Lê Minh|Nam""",
        """id|given names|family name|sex
        1|Lan|Nguyen|F
        2|Minh|Le|M""",
    )
    assert left == right == [("LAN", "NGUYEN", "F"), ("MINH", "LE", "M")]


def test_two_surnames_in_one_column_are_two_where_the_other_file_has_two(shaped: Shaped) -> None:
    fields, left, right = shaped(
        """id|nombre|apellido1|apellido2|sexo
        1|Rosa|García|López|M
        2|Juan|Pérez||H""",
        """id|nombre_completo|genero
        1|GARCIA LOPEZ, ROSA|mujer
        2|PEREZ, JUAN|hombre""",
    )
    assert fields == ["forename", "surname", "second_surname", "sex"]
    assert left == right == [("ROSA", "GARCIA", "LOPEZ", "F"), ("JUAN", "PEREZ", None, "M")]


def test_names_in_full_end_in_two_surnames_where_the_other_file_has_a_column_for_the_second(shaped: Shaped) -> None:
    _, left, right = shaped(
        """id|nombres|ap_paterno|ap_materno|sexo
        1|Rosa|García|López|M
        2|Juan Luis|Pérez|García|H
        3|Eva|López|Pérez|M""",
        """id|nombre completo|genero
        1|ROSA GARCIA LOPEZ|mujer
        2|JUAN LUIS PEREZ GARCIA|hombre
        3|EVA LOPEZ|mujer""",
    )
    surnames = [("ROSA", "GARCIA", "LOPEZ"), ("JUAN", "PEREZ", "GARCIA")]
    assert [row[:3] for row in left] == [*surnames, ("EVA", "LOPEZ", "PEREZ")]
    assert [row[:3] for row in right] == [*surnames, ("EVA", "LOPEZ", None)]


def test_0_and_1_are_the_same_sexes_in_both_files(shaped: Shaped) -> None:
    few_men = "surname|sex\nLee|1\nKay|0\nRay|0\nOrr|"
    _, left, right = shaped("surname|sex\nLee|1.0\nKay|0.0", few_men)
    assert left == right[:2] == [("LEE", "M"), ("KAY", "F")]
    assert right[2:] == [("RAY", "F"), ("ORR", None)]
    _, left, _ = shaped(few_men, "surname|sex\nLee|M\nKay|F")
    assert {sex for _, sex in left} <= {"M", None}, "nobody knows which is a man"


def test_a_particle_in_its_own_column_belongs_to_the_surname(shaped: Shaped) -> None:
    _, left, right = shaped(
        """id|voornaam|tussenvoegsel|achternaam|geslacht
        1|Jan|van der|Berg|M
        2|Els||Bakker|V""",
        """id|forename|surname|sex
        1|JAN|VAN DER BERG|M
        2|ELS|BAKKER|F""",
    )
    assert left == right == [("JAN", "VANDERBERG", "M"), ("ELS", "BAKKER", "F")]


def test_letters_with_marks_are_written_as_the_other_file_writes_them(shaped: Shaped) -> None:
    _, left, right = shaped("surname|ort\nMüller|Köln\nGroß|Bonn", "surname|town\nMUELLER|KOELN\nGROSS|BONN")
    assert left == right == [("MUELLER", "KOELN"), ("GROSS", "BONN")]
    _, left, right = shaped("surname|ort\nMüller|Köln\nGroß|Bonn", "surname|town\nMULLER|KOLN\nGROSS|BONN")
    assert left == right == [("MULLER", "KOLN"), ("GROSS", "BONN")]


def test_a_year_is_compared_with_the_year_of_a_date(shaped: Shaped) -> None:
    _, left, right = shaped("surname|dogum_yili\nLee|1985\nKhan|1990", "surname|dob\nLEE|12/25/1985\nKHAN|03/04/1990")
    assert left == right == [("LEE", "1985-00-00"), ("KHAN", "1990-00-00")]


def test_a_month_is_compared_with_the_month_of_a_date(shaped: Shaped) -> None:
    _, left, right = shaped(
        "id|surname|dob\n1|Lee|1990-02\n2|Kay|1991-03", "id|surname|dob\n1|Lee|1990-02-03\n2|Kay|1991-03-04"
    )
    assert left == right == [("LEE", "1990-02-00"), ("KAY", "1991-03-00")]


def test_a_day_that_far_too_many_are_born_on_is_no_birth_date(shaped: Shaped) -> None:
    born = (
        [f"{1950 + n % 50}-0{1 + n % 9}-{10 + n % 17}" for n in range(400)] + ["1985-06-15"] * 100 + ["1900-01-01"] * 50
    )
    text = "id|surname|dob\n" + "\n".join(f"{n:03}|Lee|{day}" for n, day in enumerate(born))
    _, left, _ = shaped(text, "id|surname|dob\n1|Lee|1990-02-03")
    assert sorted(day or "" for _, day in left) == sorted([*born[:400], *[""] * 150])


def test_day_month_and_year_of_their_own_make_a_date(shaped: Shaped) -> None:
    _, left, right = shaped(
        "surname|birth_day|birth_month|birth_year\nLee|25|12|1985\nKhan|||1990",
        "surname|dob\nLEE|1985-12-25\nKHAN|1990-03-04",
    )
    assert left == [("LEE", "1985-12-25"), ("KHAN", "1990-00-00")]
    assert right == [("LEE", "1985-12-25"), ("KHAN", "1990-03-04")]


@pytest.mark.parametrize(
    ("header", "values"),
    [
        (
            "surname|ngay_sinh|thang_sinh|nam_sinh",
            "Lee|25|12|1985\nKhan|4|3|1990",
        ),  # called a birth date, and the day of it
        ("surname|dob|birth_month|birth_year", "Lee|25/12/1985|12|1985\nKhan|04/03/1990|3|1990"),
        ("surname|dob|birth_year", "Lee|25/12/1985|1985\nKhan|04/03/1990|1990"),
    ],
)
def test_what_is_called_a_birth_date_beside_month_and_year_may_be_the_day(
    header: str, values: str, shaped: Shaped
) -> None:
    fields, left, right = shaped(f"{header}\n{values}", "surname|dob\nLEE|1985-12-25\nKHAN|1990-03-04")
    assert fields == ["surname", "dob"]
    assert left == right == [("LEE", "1985-12-25"), ("KHAN", "1990-03-04")]


def test_years_of_two_digits_and_months_in_words_may_have_columns_of_their_own(shaped: Shaped) -> None:
    _, left, right = shaped(
        "surname|birth_day|birth_month|birth_year\nLee|12|March|5\nKay|4|Dec|12\nRay|9|May|84",
        "surname|dob\nLEE|2005-03-12\nKAY|2012-12-04\nRAY|1984-05-09",
    )
    assert left == right == [("LEE", "2005-03-12"), ("KAY", "2012-12-04"), ("RAY", "1984-05-09")]


def test_birth_dates_that_nobody_can_read_are_left_out_where_other_fields_are_enough(shaped: Shaped) -> None:
    fields, left, right = shaped(
        "forename|surname|sex|dob\nAnn|Lee|F|1985-12-25\nBo|Kay|M|1990-03-04",
        "forename|surname|sex|dob\nANN|LEE|F|spring\nBO|KAY|M|autumn",
    )
    assert fields == ["forename", "surname", "sex"]
    assert left == right == [("ANN", "LEE", "F"), ("BO", "KAY", "M")]


def test_birth_dates_that_nobody_can_read_are_named_where_little_else_is_left(shaped: Shaped) -> None:
    with pytest.raises(InputError, match=r"right\.csv: column 'born'[^$]*--map right\.dob=COLUMN"):
        shaped("forename|surname|dob\nAnn|Lee|1985-12-25", "forename|surname|born\nAnn|Lee|spring")


def test_too_many_births_on_1_january_say_the_year_and_no_more(shaped: Shaped) -> None:
    days = [f"19{n % 50 + 40}-0{n % 8 + 2}-1{n % 9}" for n in range(80)]
    left = "\n".join(f"N{n}|{day}" for n, day in enumerate([*days, *["1970-01-01"] * 20]))
    right = "\n".join(f"N{n}|{day}" for n, day in enumerate([*days, "1970-01-01"]))
    _, some, few = shaped(f"surname|dob\n{left}", f"surname|dob\n{right}")
    assert {day for _, day in some} == {*days, "1970-00-00"}
    assert {day for _, day in few} == {*days, "1970-01-01"}


def test_postcodes_have_the_length_of_the_shorter_and_their_first_zeros_back(shaped: Shaped) -> None:
    _, left, right = shaped(
        "surname|zip\nLee|02134-1000\nKhan|90210-4321\nCole|10001-0001", "surname|zip\nLEE|2134\nKHAN|90210\nCOLE|10001"
    )
    assert left == right == [("LEE", "02134"), ("KHAN", "90210"), ("COLE", "10001")]
    _, left, right = shaped("surname|postcode\nLee|1234 AB\nKhan|4321xy", "surname|postcode\nLEE|1234AB\nKHAN|4321 XY")
    assert left == right == [("LEE", "1234AB"), ("KHAN", "4321XY")]


@pytest.mark.parametrize("more", ["", "-1000"])
def test_first_zeros_that_all_postcodes_of_a_region_have_lost_are_put_back(shaped: Shaped, more: str) -> None:
    """The first four digits of 02134 are no number of four digits."""
    left, right = (
        f"surname|zip\nLee|{zero}2134{rest}\nKhan|{zero}1810{rest}" for zero, rest in (("0", more), ("", ""))
    )
    _, left, right = shaped(left, right)
    assert left == right == [("LEE", "02134"), ("KHAN", "01810")]


def test_words_part_a_name_and_unknown_ones_leave_the_last_for_a_surname() -> None:
    vocabulary = Vocabulary.of({"Mary Ann": 5, "Ben": 3}, {"Stone": 4, "van der Berg": 2})
    names = FullNames.learnt({"Mary Ann Stone": 1, "Ben van der Berg": 1}, vocabulary)
    assert not names.surname_first
    assert names.parted("Mary Ann Stone") == ("MARY ANN", "STONE")
    assert names.parted("Ben van der Berg") == ("BEN", "VANDERBERG")
    assert names.parted("Xa Yb Zc") == ("XA YB", "ZC")
    assert names.parted("Lee, Ann") == ("Ann", "Lee")
    assert names.parted("Stone") == (None, "STONE")
    assert names.parted("Unknown") == (None, None)


def test_a_particle_that_is_a_surname_by_itself_is_one_in_a_name_in_full() -> None:
    vocabulary = Vocabulary.of({"Thi Tam": 5, "Van Hung": 5}, {"Le": 20, "Nguyen": 40, "Le Goff": 1})
    names = FullNames.learnt({"Le Thi Tam": 1, "Nguyen Van Hung": 1}, vocabulary)
    assert names.parted("Le Thi Tam") == ("THI TAM", "LE")
    assert names.parted("Nguyen Van Hung") == ("VAN HUNG", "NGUYEN"), "as the other file writes it, in two words"
    french = Vocabulary.of({"Anne": 5}, {"Le": 1, "Le Goff": 9, "Durand": 20})
    assert FullNames.learnt({"Durand Anne": 1}, french).parted("Le Goff Anne") == ("ANNE", "LEGOFF")


@pytest.mark.parametrize("surnames", [{}, {"Quill": 1}])
def test_forenames_alone_part_a_name_by_the_words_that_they_know(surnames: dict[str, int]) -> None:
    vocabulary = Vocabulary.of({"Mary Ann": 40, "Ben": 30, "Isolde": 1}, surnames)
    names = FullNames.learnt({"Mary Ann Stone": 1, "Ben Hall": 1, "Isolde Gray": 1}, vocabulary)
    assert not names.surname_first
    assert names.parted("Mary Isolde Stone") == ("MARY ISOLDE", "STONE")
    assert names.parted("Isolde Gray") == ("ISOLDE", "GRAY")
    assert names.parted("Ben") == ("BEN", None)
    assert FullNames.learnt({"Stone Mary Ann": 1, "Hall Ben": 1}, vocabulary).surname_first


def test_names_of_the_other_order_are_turned_where_many_have_it() -> None:
    vocabulary = Vocabulary.of(dict.fromkeys(GIVEN, 5), {"KIM": 30, "LEE": 20})
    first, last = [f"Kim {name}" for name in GIVEN] + [f"Lee {name}" for name in GIVEN], [f"{n} Lee" for n in GIVEN]
    names = FullNames.learnt(dict.fromkeys([*first, *last, "Kim Xu"], 1), vocabulary)
    assert names.surname_first
    assert [names.parted(name) for name in ("Kim Minh", "Minh Lee", "Kim Xu")] == [
        ("MINH", "KIM"),
        ("MINH", "LEE"),
        ("XU", "KIM"),
    ]
    few = FullNames.learnt(dict.fromkeys([*first, "Minh Lee"], 1), vocabulary)
    assert few.parted("Minh Lee") == ("LEE", "MINH"), "words that are both would turn names of a column of one order"


def test_syllables_of_a_forename_are_one_name_where_the_other_file_writes_them_as_one(shaped: Shaped) -> None:
    fields, left, right = shaped(
        "id|given|family|dob\n1|Min Jun|Kim|1990-02-01\n2|Seo-Yeon|Lee|1990-02-03\n3|Ji Ho|Lee|1990-02-04",
        "id|given|family|dob\n1|Minjun|Kim|1990-02-01\n2|Seoyeon|Lee|1990-02-03\n3|Ji-ho|Lee|1990-02-04",
    )
    assert fields == ["forename", "surname", "dob"]
    assert [row[0] for row in left] == [row[0] for row in right] == ["MINJUN", "SEOYEON", "JIHO"]


def test_surnames_alone_part_a_name_by_the_words_that_they_know() -> None:
    vocabulary = Vocabulary.of({}, {"Stone": 40, "Hall": 30, "Gray": 1})
    names = FullNames.learnt({"Stone Mary Ann": 1, "Hall Ben": 1}, vocabulary)
    assert names.surname_first
    assert names.parted("Gray Mary Ann") == ("MARY ANN", "GRAY")
    assert not FullNames.learnt({"Mary Ann Stone": 1, "Ben Hall": 1}, vocabulary).surname_first


def test_one_word_that_nothing_tells_is_what_the_columns_others_are() -> None:
    vocabulary = Vocabulary.of({"Siti": 5, "Putri": 5}, {"Wijaya": 5})
    for told, expected in (("Siti", ("UNHEARD", None)), ("Wijaya", (None, "UNHEARD"))):
        names = FullNames.learnt({told: 3, "Unheard": 9, "Putri Wijaya": 1}, vocabulary)
        assert names.parted("Unheard") == expected
        assert names.parted("Putri") == ("PUTRI", None)


def test_an_order_that_nothing_tells_is_that_of_the_first_file() -> None:
    first = {"Lan Nguyen": 3, "Minh Tran": 2}
    vocabulary = Vocabulary.of(*by_place(first))
    assert not FullNames.learnt(first, vocabulary).surname_first
    assert FullNames.learnt({"Nguyen Lan": 1, "Tran Minh": 4}, vocabulary).surname_first


def test_a_comma_before_a_suffix_parts_nothing() -> None:
    assert by_form({"Stone, Mary": 2, "Mary Stone, Jr.": 1}) == ({"Mary": 2}, {"Stone": 2})


GIVEN = ("ANH", "BINH", "CHI", "DUNG", "GIANG", "HOA", "KHOA", "LAN", "MINH", "NGA")


def test_who_is_called_by_the_last_of_several_forenames_is_compared_by_it(shaped: Shaped) -> None:
    people = [(GIVEN[n % 10], GIVEN[(3 * n + 1) % 10], f"N{n % 7}E", f"19{50 + n}-03-04") for n in range(40)]
    several = "\n".join(f"{middle} {called}|{family}|{born}" for middle, called, family, born in people)
    single = "\n".join(f"{called}|{family}|{born}" for _, called, family, born in people)
    first = "\n".join(f"{middle}|{family}|{born}" for middle, _, family, born in people)
    header = "forename|surname|dob\n"
    _, left, _ = shaped(header + several, header + single)
    assert {(row[0], row[2]) for row in left} == {(called, born) for _, called, _, born in people}
    _, left, _ = shaped(header + several, header + first)
    assert {(row[0], row[2]) for row in left} == {(middle, born) for middle, _, _, born in people}


def test_a_year_of_two_digits_in_a_column_of_its_own_is_never_the_day(shaped: Shaped) -> None:
    fields, left, right = shaped(
        "id|surname|dobdd|dobmm|dobyy\n1|Ray|4|5|05\n2|Lee|26|5|08\n3|Orr|1|12|03\n4|Poe|0|5|60",
        "id|surname|dob\n1|Ray|2005-05-04\n2|Lee|2008-05-26\n3|Orr|2003-12-01\n4|Poe|1960-07-07",
    )
    assert fields == ["surname", "dob"]
    assert [str(row[1]) for row in left[:3]] == [str(row[1]) for row in right[:3]]


def test_titles_that_are_joined_to_names_are_no_part_of_them(shaped: Shaped) -> None:
    _, left, right = shaped(
        "id|ชื่อ|นามสกุล\n1|นายยอดแมน|เลิศกิ่ง\n2|นางสาวดวงจันทร์|ราชมณี\n3|นาง|บุญศล",
        "id|fname|lname\n1|ยอดแมน|เลิศกิ่ง\n2|ดวงจันทร์|ราชมณี\n3|นาง|บุญศล",
    )
    assert left == right
