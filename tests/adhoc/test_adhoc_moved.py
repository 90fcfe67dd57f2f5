"""Companies that have moved are told of: of names that one record of each file bears, more than strangers explain."""

import pytest

from linkage.adhoc import moved
from linkage.engine import Engine, Table
from tests.conftest import parse

FIELDS = ("organisation", "postcode")


def _side(engine: Engine, lines: list[str]) -> Table:
    return engine.from_arrow(parse("\n".join(["unit_id | organisation | postcode", *lines])))


def _notes(
    engine: Engine, left: list[str], right: list[str], linked: int = 0, fields: tuple[str, ...] = FIELDS
) -> list[str]:
    pairs = [f"{n} | {n} | accepted" for n in range(linked)]
    links = engine.from_arrow(parse("\n".join(["left_id | right_id | decision", "-1 | -1 | rejected", *pairs])))
    return list(moved.notes(engine, links, _side(engine, left), _side(engine, right), fields))


def _named(numbers: range, place: str, first: int = 0) -> list[str]:
    return [f"{first + n} | OWN{n} FOODS | {place}{n}" for n in numbers]


def test_names_of_ones_own_at_two_places_are_told(engine: Engine) -> None:
    (note,) = _notes(engine, _named(range(30), "A"), _named(range(30), "B"))
    assert note.startswith("30 names of companies that one record alone bears in each file")
    assert "about 30 of them" in note


@pytest.mark.parametrize(
    ("left", "right", "linked"),
    [
        (_named(range(30), "A"), _named(range(30), "A"), 0),  # at one place
        (_named(range(30), "A"), _named(range(30), "B"), 30),  # linked
        (_named(range(5), "A"), _named(range(5), "B"), 0),  # few
        (["0 | CO | A1", *_named(range(40), "A", 100)], ["1 | CO | B1", *_named(range(40, 80), "B", 100)], 0),
    ],
    ids=["at one place", "linked", "few", "of other names"],
)
def test_nothing_is_told_where_nobody_has_moved(left: list[str], right: list[str], linked: int, engine: Engine) -> None:
    assert not _notes(engine, left, right, linked)


def test_strangers_of_one_name_are_as_often_both_in_one_file(engine: Engine) -> None:
    """Thirty names stand in either file, and as many twice in the one or the other: nobody has moved."""
    twice = [*_named(range(30, 45), "A", 100), *_named(range(30, 45), "C", 200)]
    again = [*_named(range(45, 60), "A", 100), *_named(range(45, 60), "C", 200)]
    assert not _notes(engine, [*_named(range(30), "A"), *twice], [*_named(range(30), "B"), *again])


@pytest.mark.parametrize("fields", [("organisation",), ("postcode",), (*FIELDS, "surname")])
def test_files_of_persons_or_without_a_place_are_not_asked(fields: tuple[str, ...], engine: Engine) -> None:
    assert not _notes(engine, _named(range(30), "A"), _named(range(30), "B"), fields=fields)
