"""Forenames that each file has in its own language are compared as one of them writes them."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

Shaped = Callable[..., tuple[list[str], list[tuple[Any, ...]], list[tuple[Any, ...]]]]

LATIN = {"Jacobus": "James", "Brigida": "Bridget", "Gulielmus": "William", "Honora": "Nora"}
LATIN |= {"Joannes": "John", "Catharina": "Kate", "Dionysius": "Denis", "Helena": "Ellen"}
FAMILIES = ["Walsh", "Byrne", "Ryan", "Doyle", "Quinn", "Burke", "Healy", "Power", "Moran"]


Person = tuple[str, ...]


def _people(names: Sequence[str], twins: Sequence[str] = ()) -> list[Person]:
    """Each name with each surname, born on a day of their own; twins of one day."""
    people = [
        (name, family, f"18{60 + n}-0{1 + m}-11") for n, name in enumerate(names) for m, family in enumerate(FAMILIES)
    ]
    return people + [(name, family, "1890-05-06") for family in FAMILIES for name in twins]


def _lines(header: str, people: Sequence[Person]) -> str:
    return "\n".join([header, *(f"{n}|{'|'.join(person)}" for n, person in enumerate(people))])


def test_names_of_two_languages_are_told_by_who_agrees_on_all_else(shaped: Shaped) -> None:
    left = _people(list(LATIN))
    right = [(LATIN[name], family, born) for name, family, born in left]
    header = "id|forename|surname|dob"
    fields, one, other = shaped(_lines(header, left), _lines(header, right))
    assert fields == ["forename", "surname", "dob"]
    assert one == other
    assert len({name for name, *_ in one}) == len(LATIN)


def test_parents_names_are_translated_too(shaped: Shaped) -> None:
    left = [(*person, f"Gulielmus {person[1]}") for person in _people(list(LATIN))]
    right = [(LATIN[name], family, born, f"{family}, William") for name, family, born, _ in left]
    header = "id|forename|surname|dob|father_name"
    fields, one, other = shaped(_lines(header, left), _lines(header, right))
    assert fields == ["forename", "surname", "dob", "father_name"]
    assert one == other


def test_towns_of_two_languages_are_one_where_people_show_it(shaped: Shaped) -> None:
    """Bozen and Bolzano: none was equal, and strangers of one file seemed to share what nobody shares across."""
    towns = {"Bozen": "Bolzano", "Meran": "Merano", "Brixen": "Bressanone", "Lana": "Lana"} | {
        german: german + "o" for german in ("Bruneck", "Klaus", "Sterz")
    }
    people = [(name, family, born, town) for town in towns for name, family, born in _people(["Ann", "Bo"])]
    days = [(name, family, f"{1900 + n}-02-03", town) for n, (name, family, _, town) in enumerate(people)]
    right = [(name, family, born, towns[town]) for name, family, born, town in days]
    header = "id|forename|surname|dob|town"
    fields, one, other = shaped(_lines(header, days), _lines(header, right))
    assert fields == ["forename", "surname", "dob", "town"]
    assert one == other
    assert len({town for *_, town in one}) == len(towns)


def test_names_that_both_files_have_in_two_forms_are_one_where_people_show_it(shaped: Shaped) -> None:
    """Of fourteen people called Jack in a file thirteen are John in the other one, which has a Jack too."""
    names = ["John", "Ann", "Bea", "Cai", "Dee", "Eve", "Flo", "Gus"]
    left = [(*person[:2], born) for person in _people(names) for born in (person[2], "19" + person[2][2:])]
    left += [("Jack", "Bell", "1931-02-03")]
    called = dict.fromkeys(left[:13], "Jack")
    right = [(called.get(person, person[0]), *person[1:]) for person in left]
    header = "id|forename|surname|dob"
    fields, one, other = shaped(_lines(header, left), _lines(header, right))
    assert fields == ["forename", "surname", "dob"]
    assert one == other
    assert {name for name, *_ in one} == {"JOHN", *(name.upper() for name in names[1:])}


def test_a_first_letter_is_no_form_of_a_name_that_begins_with_it(shaped: Shaped) -> None:
    """J is James as well as John: as one of them it would be none of the other."""
    names = ["John", "Ann", "Bea", "Cai", "Dee", "Eve", "Flo", "Gus"]
    left = [(*person[:2], born) for person in _people(names) for born in (person[2], "19" + person[2][2:])]
    right = [("J" if n < 13 else name, family, born) for n, (name, family, born) in enumerate(left)]
    _, _, other = shaped(_lines("id|forename|surname|dob", left), _lines("id|forename|surname|dob", right))
    assert sum(name == "J" for name, *_ in other) == 13


def test_so_are_surnames_of_people_of_one_forename(shaped: Shaped) -> None:
    born_once = _people(["Ann", "Bea", "Cai", "Dee", "Eve", "Flo", "Gus", "Hal"])
    left = born_once + [(name, family, "19" + born[2:]) for name, family, born in born_once]
    right = [(name, family.replace("Walsh", "Welsh"), born) for name, family, born in born_once] + left[
        len(born_once) :
    ]
    _, one, other = shaped(_lines("id|forename|surname|dob", left), _lines("id|forename|surname|dob", right))
    assert one == other
    assert len({family for _, family, _ in one}) == len(FAMILIES)


@pytest.mark.parametrize("further", ["Kehinde", None])
def test_twins_are_two_people_though_their_names_stand_together(further: str | None, shaped: Shaped) -> None:
    """What both files have is a name of its own: of files of two languages, and of one."""
    names = list(LATIN) if further else ["Ada", "Bola", "Chike", "Dayo", "Efe", "Femi", "Gozie", "Ife"]
    both = _people(names, twins=("Taiwo", "Kehinde"))
    right = [(LATIN.get(name, name), family, born) for name, family, born in both]
    header = "id|forename|surname|dob"
    _, one, other = shaped(_lines(header, both), _lines(header, right))
    assert {"TAIWO", "KEHINDE"} <= {name for name, *_ in one} & {name for name, *_ in other}
    assert one == other


def test_names_of_strangers_are_not_one(shaped: Shaped) -> None:
    """Each name of one file stands beside each of the other, as chance has it."""
    left = [(name, family, "1860-01-11") for name in LATIN for family in FAMILIES]
    right = [(name, family, "1860-01-11") for name in LATIN.values() for family in FAMILIES]
    header = "id|forename|surname|dob"
    _, one, other = shaped(_lines(header, left), _lines(header, right))
    assert {name for name, *_ in one} == {name.upper() for name in LATIN}
    assert {name for name, *_ in other} == {name.upper() for name in LATIN.values()}


def test_initials_are_no_language(shaped: Shaped) -> None:
    """J. is James and John beyond chance, and neither is the other."""
    left = _people(list(LATIN.values()))
    right = [(f"{name[0]}.", family, born) for name, family, born in left]
    header = "id|forename|surname|dob"
    _, one, other = shaped(_lines(header, left), _lines(header, right))
    assert one == other
    assert {name for name, *_ in one} == {name[0] for name in LATIN.values()}
