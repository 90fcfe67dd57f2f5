"""Initials, particles, words for kinds of places and hashes: the same of one person in both files."""

from collections.abc import Callable
from typing import Any

import pytest

from linkage.adhoc.headers.recognise import recognise
from linkage.engine import Table

Rows = Callable[[Table], list[tuple[Any, ...]]]
Shaped = Callable[..., tuple[list[str], list[tuple[Any, ...]], list[tuple[Any, ...]]]]


def test_initials_beside_a_surname_are_forenames_wherever_they_stand(shaped: Shaped) -> None:
    _, left, right = shaped(
        """id|ФИО|Год рождения
        1|Цветков Виктор Львович|1990
        2|Гусева Людмила Марковна|1992
        3|Орлов Игорь Ильич|1994""",
        """id|ФИО|Год рождения
        1|Цветков В.Л.|1990
        2|Гусева Л.М.|1992
        3|Орлов И. И.|1994""",
    )
    assert [row[:2] for row in left] == [("V", "TSVETKOV"), ("L", "GUSEVA"), ("I", "ORLOV")]
    assert [row[:2] for row in right] == [row[:2] for row in left]


def test_forenames_are_compared_by_their_first_letters_where_a_file_has_no_more(shaped: Shaped) -> None:
    _, left, right = shaped(
        """id|name|yob
        1|J. M. Smith|1990
        2|A. Khan|1992""",
        """id|first name|last name|birth year
        1|Mr. John|Smith|1990
        2|Ayesha|Khan|1992""",
    )
    assert [row[:2] for row in left] == [row[:2] for row in right] == [("J", "SMITH"), ("A", "KHAN")]


def test_forenames_that_a_few_write_short_are_compared_whole(shaped: Shaped) -> None:
    _, left, _ = shaped(
        """id|forename|surname
        1|J|Smith
        2|Ann|Khan
        3|Bo|Lee""",
        """id|forename|surname
        1|John|Smith
        2|Ann|Khan""",
    )
    assert [row[0] for row in left] == ["J", "ANN", "BO"]


def test_particles_after_a_forename_are_the_surnames(shaped: Shaped) -> None:
    _, left, right = shaped(
        """id|Naam|geboortedatum
        1|Berg, Jan van den|1-2-1990
        2|Nguyen, Thi Van|3-2-1990""",
        """id|voornaam|tussenvoegsels|geslachtsnaam|geboortedatum
        1|Jan|van den|Berg|1990-02-01
        2|Thi Van||Nguyen|1990-02-03""",
    )
    assert [row[:2] for row in left] == [row[:2] for row in right] == [("JAN", "VANDENBERG"), ("THI", "NGUYEN")]


@pytest.mark.parametrize(
    ("of_others", "name"),
    [("Linden, van der", "VANDERLINDEN"), ("van der Linden", "VANDERLINDEN"), ("Linden", "LINDEN")],
)
def test_a_particle_stands_where_the_other_file_has_it_or_is_left_out(
    shaped: Shaped, of_others: str, name: str
) -> None:
    _, left, right = shaped(
        """id|voornaam|tussenvoegsel|achternaam
        1|Jan|van der|Linden
        2|Els||Bakker""",
        f"""id|roepnaam|naam
        1|Jan|{of_others}
        2|Els|Bakker""",
    )
    assert left == right == [("JAN", name), ("ELS", "BAKKER")]


def test_a_street_without_its_number_is_the_street_with_it(shaped: Shaped) -> None:
    streets = [
        "Polna",
        "Leśna",
        "Krótka",
        "Szkolna",
        "Lipowa",
        "Łąkowa",
        "Sosnowa",
        "Polna",
        "Leśna",
        "Krótka",
        "3 Maja",
    ]
    apart = "\n".join(f"{n}|Nowak|{name}|{n}" for n, name in enumerate(streets))
    behind = "\n".join(f"{n}|Nowak|ul. {name} {n} m. 5" for n, name in enumerate(streets))
    fields, left, right = shaped(f"id|surname|Ulica|Nr domu\n{apart}", f"id|surname|adres\n{behind}")
    assert fields == ["surname", "address"]
    assert left == right
    assert {address for _, address in left} == {
        "POLNA",
        "LESNA",
        "KROTKA",
        "SZKOLNA",
        "LIPOWA",
        "LAKOWA",
        "SOSNOWA",
        "MAJA",
    }


def test_numbers_of_houses_that_both_files_have_stay(shaped: Shaped) -> None:
    _, left, right = shaped(
        "id|surname|address\n1|Lee|12 High St\n2|Kay|7 Elm St", "id|surname|street\n1|Lee|12 High St\n2|Kay|Elm St"
    )
    assert [row[1] for row in left] == ["12 HIGH ST", "7 ELM ST"]
    assert [row[1] for row in right] == ["12 HIGH ST", "ELM ST"]


def test_a_word_for_the_kind_of_place_is_left_out_where_one_file_has_it(shaped: Shaped) -> None:
    fields, left, right = shaped(
        """id|surname|Город
        1|Orlov|г. Тула
        2|Gusev|г.Нижний Новгород
        3|Lee|Омск""",
        """id|surname|town
        1|Orlov|Tula
        2|Gusev|Nizhniy Novgorod
        3|Lee|Omsk""",
    )
    assert fields == ["surname", "town"]
    assert [row[1] for row in left] == ["TULA", "NIZHNIY NOVGOROD", "OMSK"]
    assert [row[1] for row in right] == ["TULA", "NIZHNIY NOVGOROD", "OMSK"]


def test_a_word_that_both_files_have_stays(shaped: Shaped) -> None:
    _, left, _ = shaped(
        """id|surname|town
        1|Orlov|San Jose
        2|Gusev|San Diego
        3|Lee|Reno""",
        """id|surname|town
        1|Orlov|San Jose
        2|Gusev|Reno""",
    )
    assert [row[1] for row in left] == ["SAN JOSE", "SAN DIEGO", "RENO"]


def test_birth_dates_that_are_hashes_are_compared_as_they_are(shaped: Shaped) -> None:
    lines = "\n".join(f"{n}|Lee{n}|{n:032x}7af" for n in range(3))
    fields, left, right = shaped(f"id|surname|dob\n{lines}", f"id|surname|dob\n{lines}")
    assert fields == ["surname", "birth_date_code"]
    assert left == right


def test_names_that_are_hashes_are_no_words(shaped: Shaped) -> None:
    """A hash has letters between digits, of which forenames would be made and further ones."""
    head = "id|forename|surname|sex|dob|town"
    rows = (f"{n}|{n * 7:032x}b|{n * 3:032x}c|{n % 2:032x}d|19{n + 50}-01-02|{n * 5:032x}e" for n in range(1, 9))
    lines = "\n".join([head, *rows])
    fields, left, right = shaped(lines, lines)
    assert fields == ["dob", "forename_code", "surname_code", "sex_code", "town_code"]
    assert left == right
    plain = "\n".join([head, *(f"{n}|Ann|Lee{'abcdefgh'[n]}|F|19{n + 50}-01-02|Leeds" for n in range(8))])
    assert "forename" in shaped(lines, plain)[0], "the other file has names"


def test_an_initial_is_the_forename_of_who_has_no_other_one_and_a_middle_name_beside_one() -> None:
    found = recognise(["id", "INITIAL", "SURNAME", "DOB"], ["id", "first_name", "last_name", "initial", "dob"])
    assert (found.left["forename"], found.left["surname"]) == ("INITIAL", "SURNAME")
    assert (found.right["forename"], found.right["middle_names"]) == ("first_name", "initial")
