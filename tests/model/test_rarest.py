"""Agreement of histories weighs by the rarest value that both held."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.match.candidates import score_given, term_frequencies
from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.rarest import LEAST

World = Callable[[str], Table]
LEVEL = "surname: agrees at another time"
M, U_LEVEL, U_EQUAL = 0.05, 0.002, 0.1


def model(*, rarest: bool = True) -> Model:
    made = settings([comparison("surname", "name", history=True, rarest=rarest)])
    for level in made["comparisons"][0]["comparison_levels"][1:]:
        level["u_probability"] = {LEVEL: U_LEVEL, "surname: equal": U_EQUAL}.get(level["label_for_charts"], 0.01)
    return from_dict(made)


@pytest.mark.both_engines
def test_a_rare_former_surname_weighs_more_than_a_common_one(engine: Engine, world: World) -> None:
    left = world("""
        unit_id | surname | surname_all:list
        1       | ABEL    | ABEL;SMITH
        2       | BOND    | BOND;ZYX
        3       | COLE    | COLE;SMITH;ZYX
        4       | ZYX     | ZYX
        5       | SMITH   | SMITH
        6       | -       | -
    """)
    right = world("""
        unit_id | surname | surname_all:list
        7       | SMITH   | SMITH
        8       | EAST    | EAST;ZYX;SMITH
    """)
    # Of the seven units with a surname, five ever were SMITH and four ZYX.
    pairs = world("""
        left_id | right_id
        1       | 7
        1       | 8
        2       | 8
        3       | 8
        5       | 7
        6       | 7
    """)
    weights = {}
    for kind in (True, False):
        made = model(rarest=kind)
        frequencies = term_frequencies(engine, made, left, right)
        scored = engine_rows(engine, score_given(engine, made, left, right, frequencies, pairs))
        weights[kind] = {(row["left_id"], row["right_id"]): row["match_weight"] for row in scored}
    added = {pair: weights[True][pair] - weights[False][pair] for pair in weights[True]}
    smith, zyx = (math.log2(U_EQUAL / (held / 7)) for held in (5, 4))
    expected = {(1, 7): smith, (1, 8): smith, (2, 8): zyx, (3, 8): zyx, (5, 7): 0.0, (6, 7): 0.0}
    assert added == {pair: pytest.approx(bits) for pair, bits in expected.items()}


def test_no_value_is_rarer_than_one_in_a_million(engine: Engine, world: World) -> None:
    left, right = (
        world(f"unit_id | surname | surname_all:list\n{n} | {n} | {n};ZYX".replace(f"| {n} |", f"| A{n} |"))
        for n in (1, 2)
    )
    frequencies: dict[str, Any] = {
        "surname": world("value | frequency:float\nA1 | 0.5"),
        "surname_all": world("value | frequency:float\nZYX | 0.00000000001"),
    }
    pairs = world("left_id | right_id\n1 | 2")
    (row,) = engine_rows(engine, score_given(engine, model(), left, right, frequencies, pairs))
    expected = model().prior_weight + math.log2(M / U_LEVEL) + math.log2(U_EQUAL / LEAST)
    assert row["match_weight"] == pytest.approx(expected)


def test_a_value_of_unknown_frequency_changes_nothing(engine: Engine, world: World) -> None:
    left, right = (world(f"unit_id | surname | surname_all:list\n{n} | A{n} | A{n};ZYX") for n in (1, 2))
    unknown = {name: world("value:text | frequency:float\nDUNN | 0.5") for name in ("surname", "surname_all")}
    pairs = world("left_id | right_id\n1 | 2")
    (row,) = engine_rows(engine, score_given(engine, model(), left, right, unknown, pairs))
    assert row["match_weight"] == pytest.approx(model().prior_weight + math.log2(M / U_LEVEL))


def test_the_description_says_it_and_splink_keeps_the_levels() -> None:
    with_it, without = model().raw["comparisons"][0], model(rarest=False).raw["comparisons"][0]
    assert with_it["comparison_description"] == "surname by the rarest value that both ever held"
    assert with_it["comparison_levels"] == without["comparison_levels"]
    assert [level.label for level in model().comparisons[0].levels if level.tf_list] == [LEVEL]
    assert model().tf_lists == ("surname_all",)
    assert model(rarest=False).tf_lists == ()
