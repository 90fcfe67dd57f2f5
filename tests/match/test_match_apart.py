"""Twins are two people whatever they weigh; one person with another form of the forename is not."""

import pytest

from linkage.engine import Engine, rows
from linkage.match.candidates.units import Units
from linkage.match.two_people.apart import two_people
from tests.conftest import parse

HEAD = "unit_id | forename | middle_names | surname | dob:text | postcode | nino"


def _units(engine: Engine, *lines: str) -> Units:
    table = engine.from_arrow(parse("\n".join([HEAD, *lines])))
    members = engine.sql("select distinct unit_id, unit_id as entity_id from {t}", t=table)
    latest = engine.sql(
        "select * from {t} qualify row_number() over (partition by unit_id order by forename) = 1", t=table
    )
    return Units("side", latest, table, members)


def _apart(engine: Engine, left: Units, right: Units, lowest: float = 0.0) -> set[tuple[int, int]]:
    pairs = engine.sql(
        "select l.unit_id as left_id, r.unit_id as right_id, cast(9 as double) as match_weight from {l} as l cross join {r} as r",
        l=left.units,
        r=right.units,
        store=True,
    )
    found = rows(engine, two_people(engine, pairs, left, right, lowest))
    assert {row["reason"] for row in found} <= {"twin"}
    return {(row["left_id"], row["right_id"]) for row in found}


def _two(engine: Engine, one: tuple[str, str], other: tuple[str, str], **rest: str) -> bool:
    """Whether a pair of one surname, birth date and postcode is two people by its forenames and middle names."""
    nino = rest.get("nino", "-")
    sides = [
        _units(engine, f"{n} | {first} | {middle} | JONES | 1993-01-02 | P4 | {nino}")
        for n, (first, middle) in ((1, one), (2, other))
    ]
    return bool(_apart(engine, *sides))


@pytest.mark.parametrize(
    ("one", "other"),
    [(("JO", "-"), ("ANNA", "-")), (("JAMES", "PETER"), ("KARL", "PETER")), (("MARIE CLARE", "-"), ("SUSAN", "-"))],
)
def test_other_forenames_are_two_people(one: tuple[str, str], other: tuple[str, str], engine: Engine) -> None:
    assert _two(engine, one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ROBERT", "-"), ("BOB", "-")),
        (("BOB", "-"), ("ROBBIE", "-")),
        (("MOHAMMED", "-"), ("MO", "-")),
        (("JONATHAN", "-"), ("JONATHON", "-")),
        (("ANH", "-"), ("AHN", "-")),  # a slip is much of a short name
        (("J", "-"), ("ANNA", "-")),  # an initial is no name
        (("JAMES", "PETER"), ("PETER", "-")),  # called by the second name
        (("PETER", "-"), ("JAMES", "P")),
        (("JAMES", "-"), ("PETER JAMES", "-")),
        (("-", "-"), ("ANNA", "-")),
    ],
)
def test_forms_of_one_name_are_one_person(one: tuple[str, str], other: tuple[str, str], engine: Engine) -> None:
    assert not _two(engine, one, other)
    assert not _two(engine, other, one)


def test_who_shares_a_number_is_left_to_the_model(engine: Engine) -> None:
    assert not _two(engine, ("JO", "-"), ("ANNA", "-"), nino="N1")


@pytest.mark.parametrize(
    "line", ["KHAN | 1993-01-02 | P4", "JONES | 1993-01-03 | P4", "JONES | 1993-01-02 | P5", "JONES | - | P4"]
)
def test_who_differs_in_more_is_no_twin(line: str, engine: Engine) -> None:
    sides = _units(engine, "1 | JO | - | JONES | 1993-01-02 | P4 | -"), _units(engine, f"2 | ANNA | - | {line} | -")
    assert _apart(engine, *sides) == set()


def test_a_twins_surname_may_be_misspelt_in_another_file_and_not_in_the_same(engine: Engine) -> None:
    lines = "1 | JO | - | JONES | 1993-01-02 | P4 | -", "2 | ANNA | - | JNOES | 1993-01-02 | P4 | -"
    assert _apart(engine, *(_units(engine, line) for line in lines)) == {(1, 2)}
    file = _units(engine, *lines)
    assert _apart(engine, file, file) == set()


def test_a_name_of_an_earlier_time_counts(engine: Engine) -> None:
    """Anna was Joanna once, at another address: she may be Jo."""
    left = _units(engine, "1 | JO | - | JONES | 1993-01-02 | P4 | -")
    right = _units(engine, "2 | ANNA | - | JONES | 1993-01-02 | P4 | -", "2 | JOANNA | - | JONES | 1993-01-02 | P9 | -")
    assert _apart(engine, left, right) == set()


def test_pairs_that_are_light_are_not_looked_at(engine: Engine) -> None:
    sides = [_units(engine, f"{n} | {name} | - | JONES | 1993-01-02 | P4 | -") for n, name in ((1, "JO"), (2, "ANNA"))]
    assert _apart(engine, *sides, lowest=9.5) == set()


def _many(names: list[str], first: int) -> list[str]:
    return [
        f"{first + n} | {name} | - | S{n % 20} | 19{70 + n % 20}-01-02 | P{n % 20} | -" for n, name in enumerate(names)
    ]


def test_forenames_that_change_in_a_file_without_twins_say_little(engine: Engine) -> None:
    """Twenty people whose forename is another one across two files, and no file that holds two of one birth."""
    left = _units(engine, *_many(["JO"] * 20, 1))
    right = _units(engine, *_many(["ANNA"] * 20, 101))
    assert _apart(engine, left, right) == set()
    twins = _units(engine, *_many(["JO"] * 20 + ["ANNA"] * 20, 1))
    assert len(_apart(engine, twins, right)) == 20, "births of two within a file explain as many across"


def test_of_one_file_no_more_can_be_twins_than_are_born(engine: Engine) -> None:
    some = [f"{500 + n} | LEE | - | T{n} | 1960-01-02 | Q{n} | -" for n in range(1000)]
    file = _units(engine, *_many(["JO"] * 20 + ["ANNA"] * 20, 1))
    pairs = (
        "select n as left_id, n + 20 as right_id, cast(9 as double) as match_weight from generate_series(1, 20) as t(n)"
    )
    larger = _units(engine, *_many(["JO"] * 20 + ["ANNA"] * 20, 1), *some)
    for units, expected in ((file, 0), (larger, 20)):
        made = engine.sql(pairs, store=True)
        assert engine.count(two_people(engine, made, units, units, 0.0)) == expected


def test_units_that_are_held_may_lack_what_the_model_does_not_compare(engine: Engine) -> None:
    """Middle names that no row of a file knows are no comparison, and yet the rule asks for them."""
    left, right = (
        Units(side, table, table, engine.sql("select unit_id, unit_id as entity_id from {t}", t=table))
        for side, table in (
            ("left", engine.from_arrow(parse(f"{HEAD}\n1 | JO | - | JONES | 1993-01-02 | P4 | -"))),
            ("right", engine.from_arrow(parse(f"{HEAD}\n2 | ANNA | - | JONES | 1993-01-02 | P4 | -"))),
        )
    )
    held = tuple(
        engine.sql("select unit_id, forename, surname, dob, postcode from {t}", t=side.units) for side in (left, right)
    )
    pairs = engine.sql(
        "select cast(1 as bigint) as left_id, cast(2 as bigint) as right_id, cast(9 as double) as match_weight",
        store=True,
    )
    found = rows(engine, two_people(engine, pairs, left, right, 0.0, held=(held[0], held[1])))
    assert [(row["left_id"], row["right_id"], row["reason"]) for row in found] == [(1, 2, "twin")]


AT_HOME = "unit_id | forename | middle_names | surname | dob:text | address | town | nino"


def _at_home(engine: Engine, *lines: str) -> Units:
    table = engine.from_arrow(parse("\n".join([AT_HOME, *lines])))
    return Units("side", table, table, engine.sql("select unit_id, unit_id as entity_id from {t}", t=table))


def _reasons(engine: Engine, one: str, other: str) -> set[str]:
    sides = _at_home(engine, f"1 | {one}"), _at_home(engine, f"2 | {other}")
    pairs = engine.sql("select 1 as left_id, 2 as right_id, cast(9 as double) as match_weight", store=True)
    return {row["reason"] for row in rows(engine, two_people(engine, pairs, *sides, 0.0))}


def test_values_that_are_replaced_in_files_without_households_say_little(engine: Engine) -> None:
    """Twenty people of whom forename and birth date are wrong in the other file, and no file with two at one address."""
    left = [f"{n} | KARL | - | S{n} | 1993-01-02 | {n} HIGH STREET | YORK | -" for n in range(20)]
    right = [f"{n} | ANNA | - | S{n} | 1968-11-30 | {n} HIGH STREET | YORK | -" for n in range(20)]
    pairs = engine.sql("select n as left_id, n as right_id, cast(9 as double) as match_weight from range(20) as t(n)")
    others = [line.replace(f"{n} | ", f"{100 + n} | ", 1) for n, line in enumerate(right)]
    for lines, expected in ((left, 0), ([*left, *others], 20)):
        sides = _at_home(engine, *lines), _at_home(engine, *right)
        found = two_people(engine, engine.sql("select * from {p}", p=pairs, store=True), *sides, 0.0)
        assert engine.count(found) == expected


@pytest.mark.parametrize("other", ["JONES | 1968-11-30 | P4 | YORK | -", "JOHNS | 1968-11-30 | P5 | YORK | -"])
def test_another_forename_and_birth_date_are_another_persons(other: str, engine: Engine) -> None:
    assert _reasons(engine, "KARL | - | JONES | 1993-01-02 | P4 | YORK | -", f"ANNA | - | {other}") == {"household"}


@pytest.mark.parametrize(
    "other",
    [
        "ANNA | - | JONES | 1993-11-02 | P4 | YORK | -",  # a slip of the birth date
        "ANNA | - | JONES | 1993-02-01 | P4 | YORK | -",  # day and month swapped
        "ANNA | - | JONES | 1993-07-02 | P4 | YORK | -",  # two parts agree
        "ANNA | - | JONES | 1968-00-00 | P4 | YORK | -",  # of which the year alone is known
        "ANNA | - | JONES | - | P4 | YORK | -",
        "K | - | JONES | 1968-11-30 | P4 | YORK | -",
        "JONES | - | KARL | 1968-11-30 | P4 | YORK | -",  # names in each other's place
        "ANNA | KARL | JONES | 1968-11-30 | P4 | YORK | -",
        "ANNA | - | JONES | 1968-11-30 | P4 | YORK | N1",
    ],
)
def test_who_may_be_the_same_is_left_to_the_model(other: str, engine: Engine) -> None:
    nino = "N1" if other.endswith("N1") else "-"
    assert _reasons(engine, f"KARL | - | JONES | 1993-01-02 | P4 | YORK | {nino}", other) == set()


def test_children_of_one_mother_and_one_birth_date_are_two_where_no_address_is_held(engine: Engine) -> None:
    """Registers of births, schools and vaccinations name the mother, and no address."""

    def of(line: str) -> Units:
        table = engine.from_arrow(parse(f"unit_id | forename | surname | dob:text | mother_name\n{line}"))
        return Units("side", table, table, engine.sql("select unit_id, unit_id as entity_id from {t}", t=table))

    left = of("1 | JOAO | COSTA | 2011-03-05 | ALVES ANA COSTA")
    assert _apart(engine, left, of("2 | PEDRO | COSTA | 2011-03-05 | ALVES ANA COSTA")) == {(1, 2)}
    assert _apart(engine, left, of("2 | PEDRO | COSTA | 2011-03-05 | LIMA ROSA COSTA")) == set()
    assert _apart(engine, left, of("2 | JOAOZINHO | COSTA | 2011-03-05 | ALVES ANA COSTA")) == set()


def _of_names_and_dates(engine: Engine, first: int, *forenames: str) -> Units:
    """Two a birth, and of neither where they live."""
    lines = [f"{first + n} | {name} | S{n // 2} | 19{60 + n // 2}-01-02" for n, name in enumerate(forenames)]
    table = engine.from_arrow(parse("\n".join(["unit_id | forename | surname | dob:text", *lines])))
    return Units("side", table, table, engine.sql("select unit_id, unit_id as entity_id from {t}", t=table))


def test_twins_of_whom_no_file_says_where_they_live_are_told_by_births_within(engine: Engine) -> None:
    """Of two names that begin with one letter too: Hasan and Huseyin."""
    left = _of_names_and_dates(engine, 1, *["HASAN", "HUSEYIN"] * 15)
    right = _of_names_and_dates(engine, 101, *["HASAN", "HUSEYIN"] * 15)
    other = {(n, m) for n in range(1, 31) for m in range(101, 131) if (n - 1) // 2 == (m - 101) // 2 and (n - m) % 2}
    assert _apart(engine, left, right) == other
    alone = (
        _of_names_and_dates(engine, 1, *["HASAN", "HASAN"] * 15),
        _of_names_and_dates(engine, 101, *["HUSEYIN"] * 30),
    )
    assert _apart(engine, *alone) == set(), "no births of two within either file: the forename is another one"
    respelt = _of_names_and_dates(engine, 1, "IMENE"), _of_names_and_dates(engine, 101, "EEMENE")
    assert _apart(engine, *respelt) == set(), "half of the letters may be another spelling's"
