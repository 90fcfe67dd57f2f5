"""Which pairs are looked at, and what is counted of them."""

import math
from typing import Any

import numpy as np
import pytest
from linkage.model.training.counts.chance import random_pairs
from linkage.model.training.counts.inside import block_pairs, stranger_pairs
from linkage.model.training.counts.patterns import Layout, Patterns, counted
from linkage.model.training.em.evidence import as_counted
from linkage.model.training.estimates.estimation import estimated
from linkage.model.training.strangers.block_strangers import block_u

from linkage.engine import Engine, Table, rows
from linkage.model import Model, from_dict
from linkage.model.sampling import Side, below, drawn
from linkage.model.training import gathered
from linkage.model.training.counts import chance, inside
from linkage.model.training.counts.rules import Agreement, agreements
from tests.conftest import parse
from tests.model import known_errors

# Random pairs agree on sex half of the time, and on a postcode once in ten; they count as 200 pairs.
U = {"forename": 0.2, "sex": 0.5, "postcode": 0.1}
SIDE = """
    unit_id | forename | sex | postcode
    1       | AVA      | F   | P1
    2       | AVA      | F   | P1
    3       | AVA      | F   | P2
    4       | NOAH     | M   | P1
    5       | NOAH     | M   | P3
    6       | ROBIN    | M   | -
    7       | ROBIN    | F   | P4
    8       | -        | F   | P1
    9       | -        | F   | P1
"""
NOBODY = "unit_id | forename | sex | postcode\n99 | - | - | -"


def _model() -> Model:
    comparisons = [
        {
            "output_column_name": name,
            "comparison_levels": [
                {"sql_condition": f"{name}_l IS NULL OR {name}_r IS NULL", "is_null_level": True},
                {"sql_condition": f"{name}_l = {name}_r", "m_probability": 0.9, "u_probability": u},
                {"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 1 - u},
            ],
        }
        for name, u in U.items()
    ]
    return from_dict({"comparisons": comparisons, "probability_two_random_records_match": 0.01})


def _sides(engine: Engine, left: str, right: str = NOBODY) -> list[Side]:
    tables = [engine.from_arrow(parse(side)) for side in (left, right)]
    return drawn(engine, tables, list(U), most=10_000, seed=1)


def _rule(layout: Layout, sides: list[Side], engine: Engine, *names: str) -> Agreement:
    return next(rule for rule in agreements(engine, layout, sides) if rule.columns == names)


def _u(engine: Engine, block: list[str], left: str, right: str = NOBODY) -> dict[str, tuple[float, float]]:
    """u of agreement and of disagreement inside a block, of each field."""
    layout, sides = Layout(_model()), _sides(engine, left, right)
    rule = _rule(layout, sides, engine, *block)
    tables = counted(engine, layout, stranger_pairs(layout, rule, sides), sides)
    counts = [table.counts[None, :].astype(float) for table in tables]
    found = block_u(layout, rule, tables, counts, layout.said("u")[None, :])[0]
    return {name: (found[2 * index], found[2 * index + 1]) for index, name in enumerate(U)}


@pytest.mark.both_engines
def test_strangers_of_one_forename_are_of_one_sex(engine: Engine) -> None:
    """Five pairs share a forename: three of AVA, one of NOAH, one of ROBIN, who are of both sexes."""
    found = _u(engine, ["forename"], SIDE)
    assert found["sex"] == pytest.approx(((4 + 100) / 205, (1 + 100) / 205))
    # One ROBIN has no postcode, so that four pairs show whether postcodes agree.
    assert found["postcode"] == pytest.approx(((1 + 20) / 204, (3 + 180) / 204))
    assert found["forename"] == pytest.approx(((5 + 40) / 205, 160 / 205))


def test_a_block_of_two_columns_holds_who_agrees_on_both(engine: Engine) -> None:
    """Only 1 and 2; 8 and 9 have no forename."""
    assert _u(engine, ["forename", "postcode"], SIDE)["sex"] == pytest.approx((101 / 201, 100 / 201))


def test_each_file_shows_its_own_strangers(engine: Engine) -> None:
    """Pairs between files may be matches, and are not looked at."""
    other = "unit_id | forename | sex | postcode\n11 | AVA | F | P1\n12 | NOAH | M | P1\n13 | NOAH | F | P1"
    pooled = (4 + 100) / 206
    left, right = (4 + 200 * pooled) / 205, 200 * pooled / 201
    agree = pooled ** (200 / 201) * math.sqrt(left * right) ** (1 / 201)  # one pair of the right file says little
    assert _u(engine, ["forename"], SIDE, other)["sex"] == pytest.approx((agree, 1 - agree))


def test_where_nobody_shares_a_block_random_pairs_are_all_there_is(engine: Engine) -> None:
    found = _u(engine, ["forename"], "unit_id | forename | sex | postcode\n1 | AVA | F | P1\n2 | NOAH | M | P1")
    assert found == {name: pytest.approx((u, 1 - u)) for name, u in U.items()}


def test_rows_without_a_value_make_no_pairs_and_thin_out_none(engine: Engine) -> None:
    """Two thousand of unknown forename would be two million pairs, were they a block."""
    unknown = "".join(f"{100 + n} | - | F | P1\n" for n in range(2000))
    assert _u(engine, ["forename"], SIDE + unknown)["sex"] == pytest.approx(((4 + 100) / 205, (1 + 100) / 205))


RIGHT = """
    unit_id | forename | sex | postcode
    1       | AVA      | F   | P1
    2       | AVA      | M   | -
    3       | NOAH     | M   | P3
"""


def _shown(patterns: Patterns) -> dict[tuple[int, ...], int]:
    """Pairs by agreement (1), disagreement (0) or a side unknown (-1) of each field."""
    pairs = patterns.shown.reshape(len(patterns.counts), len(U), 2)
    grades = np.where(pairs.any(axis=2), pairs[:, :, 0], -1).astype(int)
    return {tuple(map(int, grade)): int(n) for grade, n in zip(grades, patterns.counts, strict=True)}


@pytest.mark.both_engines
def test_a_block_holds_its_pairs_and_says_nothing_of_what_it_blocks_on(engine: Engine) -> None:
    layout, sides = Layout(_model()), _sides(engine, SIDE, RIGHT)
    pairs, share = block_pairs(layout, _rule(layout, sides, engine, "forename"), sides)
    (found,) = counted(engine, layout, [pairs], sides)
    assert share == 1
    # Three of AVA meet two, two of NOAH meet one; nobody meets ROBIN or who has no forename.
    assert _shown(found) == {(-1, 1, 1): 3, (-1, 1, 0): 2, (-1, 0, -1): 3}
    assert found.pairs == 8


def test_where_all_pairs_are_few_they_are_all_looked_at(engine: Engine) -> None:
    layout, sides = Layout(_model()), _sides(engine, SIDE, RIGHT)
    (found,) = counted(engine, layout, [random_pairs(engine, layout, sides)], sides)
    assert found.pairs == 9 * 3
    assert sum(n for grade, n in _shown(found).items() if grade[1] == 1) == 6 * 1 + 3 * 2


@pytest.mark.parametrize(("left", "right"), [(40, 300), (300, 40), (200, 200), (1, 900)])
def test_random_pairs_are_many_distinct_and_share_out_the_units(
    left: int, right: int, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chance, "RANDOM_PAIRS", 1000)
    header = "unit_id | forename | sex | postcode\n"
    texts = [header + "".join(f"{n} | A | F | P\n" for n in range(units)) for units in (left, right)]
    layout, sides = Layout(_model()), _sides(engine, *texts)
    pairs = random_pairs(engine, layout, sides)
    made = rows(
        engine,
        engine.sql(
            f"select left_id, right_id from ({pairs.sql})", left_sample=sides[0].sample, right_sample=sides[1].sample
        ),
    )
    distinct = {(row["left_id"], row["right_id"]) for row in made}
    assert len(distinct) == len(made)
    assert min(1000, left * right) - max(left, right) < len(made) <= min(1000, left * right)
    for side, units in (("left_id", left), ("right_id", right)):
        meetings = np.bincount([row[side] for row in made], minlength=units)
        assert meetings.max() - meetings.min() <= max(left, right) // min(left, right) + 1
    if left == right:
        same = sum(row["left_id"] == row["right_id"] for row in made)
        assert same <= 5 * 3, "units of one number meet as seldom as any others: five times are expected"


@pytest.mark.both_engines
def test_agreements_are_counted_as_pairs_would_be(engine: Engine) -> None:
    layout, sides = Layout(_model()), _sides(engine, SIDE, RIGHT)
    found = {rule.columns: rule for rule in agreements(engine, layout, sides)}
    assert len(found) == 6
    forename = found[("forename",)]
    assert (forename.pairs, forename.seen, forename.strangers) == (8, 8, (5, 1))
    assert forename.complete == pytest.approx(7 / 9)
    assert forename.chance == pytest.approx(8 / 21)
    assert found["forename", "sex"].pairs == 3 + 2
    assert found["sex", "postcode"].strangers == (6, 0), "1, 2, 8 and 9"


@pytest.mark.both_engines
def test_a_sample_is_a_share_of_the_units_and_another_one_on_each_side(engine: Engine) -> None:
    table = engine.sql("select cast(id as bigint) as unit_id, 1 as a from {t}", t=_numbers(engine, 4000))
    sides = drawn(engine, (table, table), ["a"], most=1000, seed=7)
    ids = [{row["unit_id"] for row in rows(engine, side.sample)} for side in sides]
    assert [side.share for side in sides] == [0.25, 0.25]
    assert all(abs(len(found) - 1000) <= 110 for found in ids)
    assert 190 <= len(ids[0] & ids[1]) <= 310, "a quarter of a quarter: the sides are drawn apart"
    other = drawn(engine, (table, table), ["a"], most=1000, seed=8)[0]
    assert {row["unit_id"] for row in rows(engine, other.sample)} != ids[0]
    neighbours = sum(n + 1 in ids[0] for n in ids[0])
    assert 190 <= neighbours <= 310, "neighbouring units are drawn together as often as any two"
    prime = 2**31 - 1
    assert {n for n in range(4000) if pow(n * 1_327_217_885 + 7 * 48_271, 2, prime) < below(0.25)} == ids[0]


def _numbers(engine: Engine, units: int) -> Table:
    return engine.from_arrow(parse("id\n" + "\n".join(map(str, range(units)))))


def test_a_sample_of_a_block_keeps_its_share_of_matches(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sampled on one side, so that a tenth of the pairs holds a tenth of the matches, not a hundredth."""
    left, right = (engine.from_arrow(side) for side in known_errors.two_files())
    model = known_errors.model()
    whole = estimated(*_counted(gathered(engine, model, left, right, seed=1)))
    pairs = next(run.block.rule for run in whole.runs if run.block.share == 1).pairs
    monkeypatch.setattr(inside, "BLOCK_PAIRS", pairs // 10)
    tenth = estimated(*_counted(gathered(engine, model, left, right, seed=1)))
    for full, part in zip(whole.runs, tenth.runs, strict=True):
        assert part.block.share == pytest.approx(pairs // 10 / part.block.rule.pairs)
        assert part.block.patterns.pairs == pytest.approx(full.block.patterns.pairs * part.block.share, rel=0.3)
        assert part.matches[0] == pytest.approx(full.matches[0] * part.block.share, rel=0.3)


def _counted(evidence: Any) -> tuple[Any, Any]:
    return evidence, as_counted(evidence)


@pytest.mark.spark
def test_the_same_is_counted_on_duckdb_and_on_spark(duckdb_engine: Engine, spark_engine: Engine) -> None:
    sides = [side.slice(0, 400) for side in known_errors.two_files()]
    found = [
        gathered(engine, known_errors.model(), *map(engine.from_arrow, sides), seed=3)
        for engine in (duckdb_engine, spark_engine)
    ]
    assert found[0].equal == found[1].equal
    assert [b.rule for b in found[0].blocks] == [b.rule for b in found[1].blocks]
    tables = [[e.random, *(t for b in e.blocks for t in (b.patterns, *b.strangers))] for e in found]
    for ours, theirs in zip(*tables, strict=True):
        assert np.array_equal(ours.counts, theirs.counts)
        assert np.array_equal(ours.shown, theirs.shown)
    assert len(found[0].random.counts) > 20
