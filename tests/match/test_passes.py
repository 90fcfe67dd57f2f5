"""Passes accept what is unambiguous, in order, and leave the rest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.config import Pass, holds_many
from linkage.config.resources import config_file
from linkage.engine import Engine, Table
from linkage.errors import ConfigError
from linkage.match import passes

World = Callable[[str], Table]
Rows = Callable[[Table], list[tuple[Any, ...]]]

NUMBER = Pass(name="nino", why="one person's", equal=("nino", "dob"))
NAMES = Pass(
    name="names", why="both names and birth date", equal=("forename", "surname", "dob")
)

LEFT = """
    unit_id | forename | surname | dob        | nino
    1       | AVA      | LEE     | 1990-01-02 | AB1
    2       | NOAH     | KHAN    | 1991-03-04 | AB2
    3       | NOAH     | KHAN    | 1991-03-04 | -
    4       | ISLA     | SMITH   | 1992-05-06 | -
    5       | -        | JONES   | 1993-07-08 | AB5
    6       | MIA      | DUNN    | -          | AB6
"""
RIGHT = """
    unit_id | forename | surname | dob        | nino
    11      | AVE      | LEIGH   | 1990-01-02 | AB1
    12      | NOAH     | KHAN    | 1991-03-04 | AB2
    13      | NOAH     | KHAN    | 1991-03-04 | AB3
    14      | ISLA     | SMITH   | 1992-05-06 | AB4
    15      | -        | JONES   | 1993-07-08 | -
    16      | MIA      | DUNN    | -          | AB6
"""


def _texts(engine: Engine, table: Table) -> Table:
    return engine.sql(
        "select * replace (cast(dob as varchar) as dob) from {t}", t=table, store=True
    )


def test_unambiguous_pairs_are_accepted_and_the_rest_is_left_to_the_next_pass(
    engine: Engine, world: World, rows: Rows
) -> None:
    left = engine.sql(
        "select unit_id, forename, surname, cast(dob as varchar) as dob, nino from {t}",
        t=world(LEFT),
    )
    right = engine.sql(
        "select unit_id, forename, surname, cast(dob as varchar) as dob, nino from {t}",
        t=world(RIGHT),
    )
    result = passes.run(engine, [NUMBER, NAMES], left, right, "one-to-one")
    # 2 is taken by its number, which leaves 3 and 13 to each other. NULL agrees with
    # nothing: 5 and 6 stay.
    assert rows(result.links) == [
        (1, 11, "nino"),
        (2, 12, "nino"),
        (3, 13, "names"),
        (4, 14, "names"),
    ]
    keys = ("pass", "equal", "pairs", "accepted", "ambiguous")
    assert [{key: row[key] for key in keys} for row in result.counts] == [
        {
            "pass": "nino",
            "equal": list(NUMBER.equal),
            "pairs": 2,
            "accepted": 2,
            "ambiguous": 0,
        },
        {
            "pass": "names",
            "equal": list(NAMES.equal),
            "pairs": 2,
            "accepted": 2,
            "ambiguous": 0,
        },
    ]


@pytest.mark.parametrize(
    ("cardinality", "expected"),
    [
        ("one-to-one", [(4, 14)]),
        # many-to-one: a right unit holds many left ones. Each Noah still has two
        # partners on the right.
        ("many-to-one", [(4, 14)]),
        ("one-to-many", [(4, 14)]),
        ("many-to-many", [(2, 12), (2, 13), (3, 12), (3, 13), (4, 14)]),
    ],
)
def test_two_of_one_name_and_birth_date_on_both_sides_are_not_linked(
    cardinality: Any,
    expected: list[tuple[int, int]],
    engine: Engine,
    world: World,
    rows: Rows,
) -> None:
    left, right = (_texts(engine, world(side)) for side in (LEFT, RIGHT))
    result = passes.run(engine, [NAMES], left, right, cardinality)
    assert [row[:2] for row in rows(result.links)] == expected
    assert result.counts[0]["ambiguous"] == 5 - len(expected)


TWICE = """
    unit_id | surname
    1       | LEE
    2       | LEE
    3       | KHAN
"""
ONCE = """
    unit_id | surname
    11      | LEE
    12      | KHAN
    13      | KHAN
"""
SURNAME = Pass(name="surname", why="a rule for a small world", equal=("surname",))


@pytest.mark.parametrize(
    ("cardinality", "expected"),
    [
        ("one-to-one", []),
        ("many-to-one", [(1, 11), (2, 11)]),  # many left units, one right
        ("one-to-many", [(3, 12), (3, 13)]),
        ("many-to-many", [(1, 11), (2, 11), (3, 12), (3, 13)]),
    ],
)
def test_only_a_side_that_holds_one_link_must_be_unambiguous(
    cardinality: Any,
    expected: list[tuple[int, int]],
    engine: Engine,
    world: World,
    rows: Rows,
) -> None:
    result = passes.run(engine, [SURNAME], world(TWICE), world(ONCE), cardinality)
    assert [row[:2] for row in rows(result.links)] == expected


def test_a_side_that_holds_many_stays_open_to_later_passes(
    engine: Engine, world: World, rows: Rows
) -> None:
    left = world("""
        unit_id | surname | town
        1       | LEE     | A
        2       | KHAN    | B
        3       | DUNN    | B
    """)
    right = world("""
        unit_id | surname | town
        11      | LEE     | B
    """)
    town = Pass(name="town", why="a rule for a small world", equal=("town",))
    many_result = passes.run(engine, [SURNAME, town], left, right, "many-to-one")
    assert rows(many_result.links) == [
        (1, 11, "surname"),
        (2, 11, "town"),
        (3, 11, "town"),
    ]
    one_result = passes.run(engine, [SURNAME, town], left, right, "one-to-one")
    assert rows(one_result.links) == [(1, 11, "surname")]


def test_a_pair_that_a_pass_made_is_not_made_again(
    engine: Engine, world: World, rows: Rows
) -> None:
    second_pass = SURNAME.model_copy(update={"name": "again"})
    result = passes.run(
        engine, [SURNAME, second_pass], world(TWICE), world(ONCE), "many-to-many"
    )
    assert {row[2] for row in rows(result.links)} == {"surname"}
    counts = result.counts[1]
    assert (
        counts["pass"],
        counts["pairs"],
        counts["accepted"],
        counts["ambiguous"],
    ) == ("again", 0, 0, 0)


def test_accept_all_takes_every_pair(engine: Engine, world: World, rows: Rows) -> None:
    rule = SURNAME.model_copy(update={"accept": "all"})
    result = passes.run(engine, [rule], world(TWICE), world(ONCE), "one-to-one")
    assert [row[:2] for row in rows(result.links)] == [
        (1, 11),
        (2, 11),
        (3, 12),
        (3, 13),
    ]


AGREEING = """
    unit_id | dob        | forename | surname
    1       | 1990-01-01 | MARTHA   | LEE
    2       | 1990-01-02 | MARTHA   | LEE
    3       | 1990-01-03 | MARTHA   | LEE
    4       | 1990-01-04 | MARTHA   | LEE
    5       | 1990-01-05 | -        | LEE
"""
SEEN = """
    unit_id | dob        | forename | surname
    11      | 1990-01-01 | MARTHA   | KHAN
    12      | 1990-01-02 | MARHTA   | KHAN
    13      | 1990-01-03 | MOLLY    | KHAN
    14      | 1990-01-04 | JO       | LEE
    15      | 1990-01-05 | JO       | -
"""


@pytest.mark.parametrize(
    ("agree_any", "expected"),
    [
        (("forename",), [1]),
        (("forename~equal",), [1]),
        (("forename~close",), [1, 2]),
        (("forename~initial",), [1, 2, 3]),
        (("surname",), [4]),
        (("surname", "forename~close"), [1, 2, 4]),
    ],
)
def test_one_of_the_further_agreements_must_hold(
    agree_any: tuple[str, ...],
    expected: list[int],
    engine: Engine,
    world: World,
    rows: Rows,
) -> None:
    rule = Pass(
        name="p", why="a rule for a small world", equal=("dob",), agree_any=agree_any
    )
    result = passes.run(engine, [rule], world(AGREEING), world(SEEN), "one-to-one")
    assert [row[0] for row in rows(result.links)] == expected
    assert all(row[1] == row[0] + 10 for row in rows(result.links))


def test_a_rule_may_ask_for_the_first_letters_alone(
    engine: Engine, world: World, rows: Rows
) -> None:
    left = world("""
        unit_id | forename    | surname
        1       | CHRISTOPHER | LEE
        2       | ABI         | LEE
        3       | -           | LEE
    """)
    right = world("""
        unit_id | forename | surname
        11      | CHRIS    | LEE
        12      | ABIGAIL  | LEE
        13      | -        | LEE
    """)
    rule = Pass(name="four", why="ECHILD stage 1B", equal=("forename^4", "surname"))
    assert rows(passes.run(engine, [rule], left, right, "one-to-one").links) == [
        (1, 11, "four")
    ]


def test_a_rule_holds_at_any_identifier_record_but_never_across_two(
    engine: Engine, world: World, rows: Rows
) -> None:
    """1 was LEE and then KHAN; no row of 2 holds the name and the town that 12 has
    together.
    """
    left = world("""
        unit_id | surname | town
        1       | LEE     | A
        1       | KHAN    | B
        2       | DUNN    | C
        2       | OTHER   | D
    """)
    right = world("""
        unit_id | surname | town
        11      | LEE     | A
        11      | KHAN    | B
        12      | DUNN    | D
    """)
    rule = Pass(name="p", why="a rule for a small world", equal=("surname", "town"))
    result = passes.run(engine, [rule], left, right, "one-to-one")
    assert rows(result.links) == [(1, 11, "p")]
    assert result.counts[0]["pairs"] == 1


def test_a_pass_whose_fields_a_side_lacks_is_left_out(
    engine: Engine, world: World, rows: Rows
) -> None:
    result = passes.run(
        engine, [NUMBER, SURNAME], world(TWICE), world(ONCE), "many-to-many"
    )
    assert [row["pass"] for row in result.counts] == ["surname"]


def test_no_passes_make_no_links(engine: Engine, world: World, rows: Rows) -> None:
    result = passes.run(engine, [], world(TWICE), world(ONCE), "one-to-one")
    assert (rows(result.links), result.counts) == ([], [])
    assert result.links.columns == ("left_id", "right_id", "pass")


@pytest.mark.parametrize(
    ("first", "left_many", "right_many"),
    [
        ("one-to-one", False, False),
        ("one-to-many", True, False),
        ("many-to-one", False, True),
        ("many-to-many", True, True),
    ],
)
def test_sides_that_may_hold_several_links(
    first: Any, left_many: bool, right_many: bool
) -> None:
    assert (holds_many(first, "left"), holds_many(first, "right")) == (
        left_many,
        right_many,
    )


@pytest.mark.parametrize("name", ["education", "cis", "link"])
def test_passes_that_ship_give_their_reasons(name: str) -> None:
    rules = passes.load(config_file(f"passes/{name}.toml"))
    assert rules
    assert all(len(rule.why) > 30 for rule in rules)


FAULTS = {
    "": ["pass", "missing"],
    "[[pass]]\nname = 'p'\nwhy = 'w'\nequal = ['dob']\nagree = ['surname']": [
        "agree",
        "nearest: agree_any",
    ],
    "[[pass]]\nname = 'p'\nwhy = 'w'\nequal = ['dob']\nagree_any = ['surname~like']": [
        "pass 'p'",
        "'surname~like'",
        "close",
    ],
    "[[pass]]\nname = 'P 1'\nwhy = 'w'\nequal = ['dob']\naccept = 'some'": [
        "pass.0.name",
        "pass.0.accept",
        "2 faults",
    ],
    "[[pass]\n": ["not TOML"],
    "[[pass]]\nname = 'p'\nwhy = 'w'\nequal = ['forename^x']": [
        "pass 'p'",
        "'forename^x'",
    ],
    "[[pass]]\nname = 'p'\nwhy = 'w'\nequal = []": ["pass 'p'", "equal"],
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_in_a_file_of_passes_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        passes.load(path)
    assert str(path) in str(error.value)
    for part in FAULTS[text]:
        assert part in str(error.value)


def test_a_missing_file_of_passes_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file\n  name another"):
        passes.load(tmp_path / "p.toml")


def test_a_pass_with_an_unknown_field_is_refused_and_not_left_out() -> None:
    rules = [NAMES, Pass(name="typo", why="w", equal=("surnam", "x_national_number"))]
    with pytest.raises(ConfigError) as error:
        passes.check_fields(rules, ("forename", "surname", "dob"), "step.s.passes")
    assert str(error.value).splitlines() == [
        "step.s.passes: passes have faults",
        "  pass 'typo': no identifier 'surnam'; nearest: surname",
        "  pass 'typo': no identifier 'x_national_number'",
        "  there are forename, surname, dob",
    ]
