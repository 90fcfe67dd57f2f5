"""Pairs that rules make are counted, not made; true pairs that they reach are counted
by a semi join.
"""

from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, connect
from linkage.model import BlockingRule
from linkage.model.blocking import RulePairs, count_reached, counting, rule_pairs
from tests.conftest import World

LEFT = """
    unit_id | surname | dob:text   | postcode_all:list
    1       | LEE     | 1990-01-02 | P1;P2
    2       | LEE     | 1990-01-09 | P2
    3       | KHAN    | 1991-01-02 | -
    4       | -       | 1990-01-02 | P3
"""
RIGHT = """
    unit_id | surname | dob:text   | postcode_all:list
    11      | LEE     | 1990-01-02 | P2;P1
    12      | KHAN    | 1991-02-02 | P1
    13      | KHAN    | -          | P3
"""
SURNAME = BlockingRule('l."surname" = r."surname"')
MONTH = BlockingRule('substr(l."dob", 1, 7) = substr(r."dob", 1, 7)')
PLACE = BlockingRule('l."postcode_all" = r."postcode_all"', ("postcode_all",))
BOTH = BlockingRule(
    'r."surname" = l."surname" AND l."postcode_all" = r."postcode_all"',
    ("postcode_all",),
)
UNLIKE = BlockingRule('l."surname" = r."surname" AND l."dob" <> r."dob"')
EITHER = BlockingRule('l."surname" = r."surname" OR l."dob" = r."dob"')


@pytest.mark.both_engines
def test_each_rule_has_its_pairs_and_its_new_pairs(
    engine: Engine, world: World
) -> None:
    rules = [SURNAME, MONTH, PLACE, BOTH, UNLIKE, EITHER]
    # Surname: 1-11, 2-11, 3-12, 3-13. Month: 1-11, 2-11, 4-11. Place: 1-11 (by two
    # postcodes), 1-12, 2-11, 4-13. Both: 1-11, 2-11. Unlike: 2-11, 3-12 (13's birth
    # date is not known). Either: those of the surname, and 4-11.
    assert rule_pairs(engine, rules, world(LEFT), world(RIGHT)) == [
        RulePairs(4, 4, True),
        RulePairs(3, 1, True),
        RulePairs(4, 2, True),
        RulePairs(2, 0, True),
        RulePairs(2, 0, True),
        RulePairs(5, 0, True),
    ]


@pytest.mark.both_engines
def test_true_pairs_reached_alone_in_addition_and_together(
    engine: Engine, world: World
) -> None:
    truth = world("""
        left_id | right_id
        1       | 11
        3       | 12
        4       | 12
        4       | 13
        4       | 99
    """)
    links = world("""
        left_id | right_id
        4       | 12
        1       | 12
    """)
    counts = count_reached(
        engine, [SURNAME, PLACE, MONTH], world(LEFT), world(RIGHT), truth, linked=links
    )
    assert counts.true_pairs == 4, "99 is in neither side"
    assert counts.alone == (2, 2, 1)
    assert counts.added == (2, 1, 0)
    assert counts.together == 3
    assert counts.in_all == 4, "4 and 12 share nothing, but a pass has linked them"


VALUES = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", None]),
        st.sampled_from(["X", "Y", "Z", None]),
        st.sets(st.sampled_from("PQ")),
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def duckdb() -> Iterator[Engine]:
    """One engine for all examples."""
    with connect("duckdb", threads=1) as engine:
        yield engine


@given(VALUES, VALUES)
def test_counts_equal_those_of_the_pairs_themselves(
    duckdb: Engine,
    left: list[tuple[str, str, set[str]]],
    right: list[tuple[str, str, set[str]]],
) -> None:
    rules = [
        BlockingRule('l."a" = r."a" AND l."b" = r."b"'),
        BlockingRule('l."b" = r."b"'),
        BlockingRule('l."c" = r."c" AND l."a" = r."a"', ("c",)),
    ]
    tests = [
        lambda p, q: (
            p[0] is not None and p[0] == q[0] and p[1] is not None and p[1] == q[1]
        ),
        lambda p, q: p[1] is not None and p[1] == q[1],
        lambda p, q: p[0] is not None and p[0] == q[0] and bool(p[2] & q[2]),
    ]
    pairs = [
        {(i, j) for i, p in enumerate(left) for j, q in enumerate(right) if test(p, q)}
        for test in tests
    ]
    new = [len(block.difference(*pairs[:place])) for place, block in enumerate(pairs)]
    schema = pa.schema(
        {
            "unit_id": pa.int64(),
            "a": pa.string(),
            "b": pa.string(),
            "c": pa.list_(pa.string()),
        }
    )
    sides = [
        duckdb.from_arrow(
            pa.table(
                [[*range(len(side))], [*a], [*b], [*map(sorted, c)]], schema=schema
            )
        )
        for side, (a, b, c) in (
            (side, zip(*side, strict=True)) for side in (left, right)
        )
    ]
    rates = rule_pairs(duckdb, rules, *sides)
    truth = duckdb.sql(
        "select l.unit_id as left_id, r.unit_id as right_id from {l} as l, {r} as r",
        l=sides[0],
        r=sides[1],
    )
    counts = count_reached(duckdb, rules, *sides, truth)
    assert [(rule.made, rule.new) for rule in rates] == [
        (len(block), n) for block, n in zip(pairs, new, strict=True)
    ]
    assert (counts.alone, counts.added) == (tuple(map(len, pairs)), tuple(new))


def test_a_sample_stands_for_large_sides(
    duckdb_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "COUNTED_UNITS", 6_000)
    monkeypatch.setattr(counting, "_MADE_PAIRS", 20_000)
    engine = duckdb_engine
    side = engine.sql(
        "select i as unit_id, 'S' || (i * 7 % 61) as surname, 'D' || (i * 11 % 997) as "
        "dob from range(30000) as t(i)",
        store=True,
    )
    rules = [BlockingRule('l."dob" = r."dob"'), SURNAME]
    rates = rule_pairs(engine, rules, side, side)
    overlap = engine.count(
        engine.sql(
            "select l.unit_id from {t} as l join {t} as r using (dob, surname)", t=side
        )
    )
    assert not any(rule.counted for rule in rates)
    assert [rule.made for rule in rates] == pytest.approx(
        [30_000**2 / 997, 30_000**2 / 61], rel=0.1
    )
    assert rates[0].new == rates[0].made
    assert rates[1].new == pytest.approx(30_000**2 / 61 - overlap, rel=0.1)
