"""A pair's probability is its share in all matchings of the units around it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.config import Step
from linkage.engine import Engine, Table
from linkage.match.likelihood import matchings
from linkage.match.likelihood.matchings import Matchings, Pairs, components, messages, probabilities
from linkage.match.likelihood.posterior import of_possible, posterior, with_apart
from linkage.match.resolution.resolve import Thresholds
from linkage.match.resolution.same_people import same_people, share_same
from tests.match.every_matching import Edge, marginals
from tests.match.exact_model import exact_model

World = Callable[[str], Table]
Rows = Callable[[Table], list[tuple[Any, ...]]]

weights = st.floats(-12, 30)
ends = st.tuples(st.integers(0, 4), st.integers(0, 4))
graphs = st.dictionaries(ends, weights, min_size=1, max_size=9).map(lambda d: [(*e, w) for e, w in sorted(d.items())])


def pairs(edges: list[Edge]) -> Pairs:
    left, right, weight = zip(*edges, strict=True)
    return Pairs(np.array(left), np.array(right), np.array(weight, float))


@given(graphs)
def test_on_small_graphs_it_is_what_counting_all_matchings_gives(edges: list[Edge]) -> None:
    assert probabilities(pairs(edges)) == pytest.approx(marginals(edges), abs=1e-6)


@given(graphs)
def test_of_one_unit_no_more_than_one_pair_is_expected(edges: list[Edge]) -> None:
    found = messages(pairs(edges))  # whatever the graph, exact or not
    for side in (0, 1):
        unit = [edge[side] for edge in edges]
        assert np.bincount(unit, weights=found).max() <= 1 + 1e-6


@given(graphs, st.integers(0, 8))
def test_evidence_for_a_pair_speaks_against_its_rivals(edges: list[Edge], which: int) -> None:
    place = which % len(edges)
    stronger = [(left, right, w + 3 * (n == place)) for n, (left, right, w) in enumerate(edges)]
    before, after = probabilities(pairs(edges)), probabilities(pairs(stronger))
    assert after[place] >= before[place] - 1e-9
    for n, (left, right, _) in enumerate(edges):
        if n != place and (left == edges[place][0] or right == edges[place][1]):
            assert after[n] <= before[n] + 1e-9


def test_weights_of_a_hundred_bits_neither_overflow_nor_drown_a_rival() -> None:
    found = probabilities(pairs([(0, 0, 100.0), (0, 1, 99.0), (1, 1, 100.0), (1, 0, 99.0)]))
    assert found == pytest.approx([0.8, 0.2, 0.8, 0.2])  # both heavy pairs, or both light ones: 200 bits against 198


def test_components_of_one_shape_are_summed_each_by_its_own_weights() -> None:
    """Three units a side, all of whose pairs there are, twice; and two that want the same three."""
    square = [(left, right) for left in range(3) for right in range(3)]
    graphs = [
        [(left, right, 3.0 * left - right) for left, right in square],
        [(left + 3, right + 3, float(left * right)) for left, right in square],
        [(left + 6, right + 6, 2.0 * right - left) for left in range(2) for right in range(3)],
    ]
    found = probabilities(pairs([edge for edges in graphs for edge in edges]))
    assert found == pytest.approx([p for edges in graphs for p in marginals(edges)], abs=1e-12)


def test_many_components_of_one_shape_are_summed_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    edges = [(2 * n + left, 2 * n + right, float(n + left)) for n in range(5) for left in (0, 1) for right in (0, 1)]
    at_once = probabilities(pairs(edges))
    monkeypatch.setattr(matchings, "_MOST_ODDS", 15)  # a square has seven matchings: two components at once
    assert probabilities(pairs(edges)) == pytest.approx(at_once, abs=1e-15)


def test_a_component_too_large_to_sum_is_left_to_messages() -> None:
    edges = [(left, right, 1.0) for left in range(14) for right in range(14)]
    assert Matchings.of(pairs(edges)) is None
    found = probabilities(pairs(edges))
    assert np.ptp(found) < 1e-9
    assert 0 < found[0] * 14 < 1


def test_components_are_pairs_that_touch() -> None:
    label = components(pairs([(0, 0, 1.0), (1, 0, 1.0), (1, 2, 1.0), (3, 3, 1.0)]))
    assert label[0] == label[1] == label[2] != label[3]


CANDIDATES = """
    left_id | right_id | match_weight:float
    1       | 11       | 3
    2       | 12       | 3
    2       | 13       | 2
    3       | 14       | 1
    4       | 14       | 1
"""


@pytest.mark.parametrize(
    ("cardinality", "expected"),
    [
        # 8 : 4 : 1 for the three ways of unit 2, 2 : 2 : 1 for who gets unit 14
        ("one-to-one", [(2, 12, 8 / 13), (2, 13, 4 / 13), (3, 14, 2 / 5), (4, 14, 2 / 5)]),
        ("many-to-one", [(2, 12, 8 / 13), (2, 13, 4 / 13)]),
        ("one-to-many", [(3, 14, 2 / 5), (4, 14, 2 / 5)]),
        ("many-to-many", []),
    ],
)
def test_only_what_the_cardinality_forbids_is_a_rival(
    cardinality: Any, expected: list[tuple[int, int, float]], engine: Engine, world: World, rows: Rows
) -> None:
    found = rows(posterior(engine, world(CANDIDATES), cardinality, 0.0))
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    assert [row[2] for row in found] == pytest.approx([row[2] for row in expected])


@pytest.mark.both_engines
def test_the_gain_of_the_cardinality_is_in_it(engine: Engine, world: World, rows: Rows) -> None:
    found = rows(posterior(engine, world(CANDIDATES), "one-to-one", 1.0))
    assert found[0][:3] == pytest.approx((2, 12, 16 / 25))


def test_two_records_of_one_person_are_each_as_likely_as_both(engine: Engine, world: World, rows: Rows) -> None:
    same = {"right": world("unit_id | same_as\n12 | 12\n13 | 12")}
    found = rows(posterior(engine, world(CANDIDATES), "one-to-one", 0.0, same))
    assert [row[:2] for row in found[:2]] == [(2, 12), (2, 13)]
    assert [row[2] for row in found[:2]] == pytest.approx([8 / 9, 8 / 9])


SAME = (1, 1, 1, 1, 1)
OTHER_FORENAME = (0, 1, 1, 1, 1)  # m of another forename is 2^-5, of the same 2^-1


def test_relatives_are_told_from_one_person_by_how_many_there_are() -> None:
    """320 who agree in all make 20 of one person whose forename differs; 380 of 400 such pairs are someone else's."""
    counted = {SAME: (320, 1.0), OTHER_FORENAME: (400, 1.0)}
    assert share_same(exact_model().comparisons, SAME, counted) == pytest.approx(1.0)
    assert share_same(exact_model().comparisons, OTHER_FORENAME, counted) == pytest.approx(21 / 401)


def test_a_pattern_seen_once_is_judged_by_its_weight() -> None:
    assert share_same(exact_model().comparisons, OTHER_FORENAME, {OTHER_FORENAME: (1, 0.9)}) == pytest.approx(0.45)
    assert share_same(exact_model().comparisons, SAME, {SAME: (1, 0.9)}) == pytest.approx(0.9)


def test_a_pair_that_is_two_people_has_no_probability_and_is_no_rival(engine: Engine, world: World, rows: Rows) -> None:
    step = Step(name="s", left="a", right="b", cardinality="many-to-many")
    apart = world("left_id | right_id\n2 | 12")
    nobody = engine.sql("select 1 as unit_id where false")
    likely = of_possible(engine, step, exact_model(), world(CANDIDATES), (nobody, nobody), {}, Thresholds(8, 0, 3))
    found = rows(with_apart(engine, likely, apart))
    assert found == [(2, 12, 0.0, 2, 12)]


def test_a_number_of_each_record_is_no_word_against_two_records_of_one_person(
    engine: Engine, world: World, rows: Rows
) -> None:
    """Customers 12 and 13 differ in the number alone, as every two customers do; 14 has another forename."""
    units = world("""
        unit_id | forename | surname | dob:text   | sex | postcode
        12      | AVA      | LEE     | 1990-01-02 | F   | P1
        13      | AVA      | LEE     | 1990-01-02 | F   | P2
        14      | ZOE      | LEE     | 1990-01-02 | F   | P3
    """)
    pairs_of_one = world("left_id | right_id | match_weight:float\n1 | 12 | 20\n1 | 13 | 20\n1 | 14 | 20")
    found = same_people(engine, exact_model(), pairs_of_one, "right", units, {}, 0.0)
    assert rows(found) == [(12, 12), (13, 12)]
