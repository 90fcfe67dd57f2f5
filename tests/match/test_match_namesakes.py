"""Father and son of one name at one address are two people, where the files show that there are such."""

import pytest

from linkage.engine import Engine, rows
from linkage.match.candidates.units import Units
from linkage.match.two_people.apart import two_people
from tests.conftest import parse

HEAD = "unit_id | forename | surname | dob:text | address | postcode | email"
HOMES = 10

Pair = tuple[int, int]


def _units(engine: Engine, lines: list[str]) -> Units:
    table = engine.from_arrow(parse("\n".join([HEAD, *lines])))
    return Units("side", table, table, engine.sql("select unit_id, unit_id as entity_id from {t}", t=table))


def _person(unit: int, home: int, dob: str) -> str:
    """A letter for each home in the name: no two of them have one."""
    return f"{unit} | KARL | JONES{chr(65 + home)} | {dob} | {home} HIGH STREET | P{home} | -"


def _fathers(first: int, homes: range) -> list[str]:
    return [_person(first + home, home, "1960-05-17") for home in homes]


def _sons(first: int, homes: range) -> list[str]:
    return [_person(first + home, home, "1988-11-03") for home in homes]


def _namesakes(engine: Engine, left: list[str], right: list[str], pairs: dict[Pair, float]) -> set[Pair]:
    weighed = engine.from_arrow(
        parse(
            "\n".join(["left_id | right_id | match_weight:float", *(f"{a} | {b} | {w}" for (a, b), w in pairs.items())])
        )
    )
    found = rows(engine, two_people(engine, weighed, _units(engine, left), _units(engine, right), 0.0))
    assert {row["reason"] for row in found} <= {"namesake"}
    return {(row["left_id"], row["right_id"]) for row in found}


ACROSS = {(n, 100 + n): 9.0 for n in range(HOMES)}
FAMILIES = range(HOMES, 2 * HOMES)


def test_fathers_and_sons_within_files_explain_those_across(engine: Engine) -> None:
    """Ten fathers are in the left file and their sons in the right one; of ten other families both are in one file."""
    left, right = _fathers(0, range(HOMES)), _sons(100, range(HOMES))
    family = [*_fathers(200, FAMILIES), *_sons(300, FAMILIES)]
    assert _namesakes(engine, [*left, *family], [*right, *_sons(400, FAMILIES)], ACROSS) == set(ACROSS)
    assert _namesakes(engine, left, right, ACROSS) == set(), "nobody shows that there are such: the dates are wrong"


def test_one_pair_is_judged_as_many_are(engine: Engine) -> None:
    """Ten families in one file let expect one across with a file of a twentieth: a single row beside 21 does."""
    family = [*_fathers(200, FAMILIES), *_sons(300, FAMILIES)]
    pair = {(0, 100): 9.0}
    assert _namesakes(engine, [*_fathers(0, range(1)), *family], _sons(100, range(1)), pair) == set(pair)
    one = family[:1] + family[10:11]
    others = [f"{n} | EVE | B{n} | 1970-01-01 | - | - | -" for n in range(1000, 1100)]
    assert _namesakes(engine, [*_fathers(0, range(1)), *one, *others], _sons(100, range(1)), pair) == set()


def test_who_has_a_nearer_partner_explains_nobody(engine: Engine) -> None:
    """Ten families are in both files whole, and ten people's dates are wrong: twenty within explain twenty across."""
    family = [*_fathers(200, FAMILIES), *_sons(300, FAMILIES)]
    again = [*_fathers(400, FAMILIES), *_sons(500, FAMILIES)]
    right_ones = {(200 + n, 400 + n): 20.0 for n in FAMILIES} | {(300 + n, 500 + n): 20.0 for n in FAMILIES}
    crossed = {(200 + n, 500 + n): 9.0 for n in FAMILIES} | {(300 + n, 400 + n): 9.0 for n in FAMILIES}
    pairs = ACROSS | right_ones | crossed
    left, right = _fathers(0, range(HOMES)), _sons(100, range(HOMES))
    assert _namesakes(engine, [*left, *family], [*right, *again], pairs) == set()
    assert _namesakes(engine, [*left, *family], [*right, *again], ACROSS) == set(ACROSS)


def test_who_is_in_a_file_twice_with_another_date_is_nobodys_father(engine: Engine) -> None:
    """One in fifty dates of those who are in a file twice may be wrong: one pair that is born apart shows no family."""
    left, right = _fathers(0, range(1)), _sons(100, range(1))
    family = [_person(200, 1, "1960-05-17"), _person(300, 1, "1988-11-03")]
    once, twice = (
        [f"{n} | EVE | B{n % people} | 1970-01-01 | {n % people} LOW ROAD | Q | -" for n in range(1000, 1100)]
        for people in (100, 50)
    )
    right += [f"{n} | ANN | C{n} | 1970-01-01 | {n} LOW ROAD | R | -" for n in range(2000, 2100)]
    assert _namesakes(engine, [*left, *family, *once], right, {(0, 100): 9.0}) == {(0, 100)}
    assert _namesakes(engine, [*left, *family, *twice], right, {(0, 100): 9.0}) == set()
    assert _namesakes(engine, [*left, *twice], [*right, *family], {(0, 100): 9.0}) == {(0, 100)}, "the other tells it"


def test_namesakes_of_one_postcode_and_two_addresses_are_no_family(engine: Engine) -> None:
    """Ten people of one name and postcode in each file live in houses of their own: nothing tells of fathers and sons."""
    left, right = _fathers(0, range(HOMES)), _sons(100, range(HOMES))
    family = [*_fathers(200, FAMILIES), *_sons(300, FAMILIES)]
    apart = [line.replace("HIGH STREET", "LOW ROAD") if "1988" in line else line for line in family]
    assert _namesakes(engine, [*left, *family], right, ACROSS) == set(ACROSS)
    assert _namesakes(engine, [*left, *apart], right, ACROSS) == set()


def test_where_both_files_hold_people_twice_those_who_are_in_both_tell_it(engine: Engine) -> None:
    """Five families within each file are fewer than the wrong dates that 300 people twice there may have. But nobody
    of these is in both files: of ten pairs that are born apart across, none can be a person's with two dates."""
    families = [*_fathers(200, range(HOMES, HOMES + 5)), *_sons(300, range(HOMES, HOMES + 5))]

    def twice(first: int, name: str) -> list[str]:
        return [f"{first + n} | EVE | {name}{n % 300} | 1970-01-01 | {n % 300} LOW ROAD | Q | -" for n in range(600)]

    left = [*_fathers(0, range(HOMES)), *families, *twice(1000, "B")]
    right = [*_sons(100, range(HOMES)), *families]
    assert _namesakes(engine, left, [*right, *twice(2000, "C")], ACROSS) == set(ACROSS)
    assert _namesakes(engine, left, [*right, *twice(2000, "B")], ACROSS) == set(), "their dates may be wrong as often"


@pytest.mark.parametrize(
    ("other", "namesake"),
    [
        ("CARL | JONESA | 1988-11-03 | 0 HIGH STREET | P0 | -", True),
        ("KARL | JONSA | 1988-11-03 | 0 HIGH STREET | P0 | -", True),
        ("KARL | JONESA | 1988-11-03 | 0 HIGH STRET | P0 | -", True),
        ("KARL | JONESA | 1960-11-30 | 0 HIGH STREET | P0 | -", False),  # of the same year
        ("KARL | JONESA | 1988-05-17 | 0 HIGH STREET | P0 | -", False),  # of the same day
        ("KARL | SMITH | 1988-11-03 | 0 HIGH STREET | P0 | -", False),
        ("KARL | JONESA | 1988-11-03 | 7 LOW ROAD | P9 | -", False),
        ("KARL | JONESA | 1988-11-03 | 0 HIGH STREET | P0 | a@b.example", False),
    ],
)
def test_a_namesake_may_be_misspelt_and_is_of_another_year(other: str, namesake: bool, engine: Engine) -> None:
    left = "0 | KARL | JONESA | 1960-05-17 | 0 HIGH STREET | P0 | a@b.example"
    family = [*_fathers(200, FAMILIES), *_sons(300, FAMILIES)]
    others = [f"{n} | EVE | B | 1970-01-01 | - | - | -" for n in range(1000, 1009)]
    found = _namesakes(engine, [left, *family], [f"100 | {other}", *others], {(0, 100): 9.0})
    assert found == ({(0, 100)} if namesake else set())


def test_of_one_file_nothing_is_said(engine: Engine) -> None:
    file = _units(engine, [*_fathers(0, FAMILIES), *_sons(100, FAMILIES)])
    pairs = engine.sql(
        "select unit_id as left_id, unit_id + 100 as right_id, cast(9 as double) as match_weight "
        "from {t} where unit_id < 100",
        t=file.units,
    )
    assert engine.count(two_people(engine, pairs, file, file, 0.0)) == 0
