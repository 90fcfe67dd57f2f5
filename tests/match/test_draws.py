"""Link draws: each obeys the cardinality, and a pair is in a share of them that equals
its probability.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.config import Step
from linkage.engine import Engine, Table
from linkage.match.draws import Urn, link_draws, lots
from linkage.match.matchings import Pairs, numbered
from tests.match.every_matching import Edge, every_matching, marginals
from tests.match.test_matchings import graphs, pairs
from tests.match.test_step import linked

World = Callable[[str], Table]
Rows = Callable[[Table], list[tuple[Any, ...]]]

STAR: list[Edge] = [(0, 0, 1.0), (0, 1, 0.0), (0, 2, -1.0)]
PATH: list[Edge] = [(0, 0, 1.0), (1, 0, 0.0), (1, 1, 2.0), (2, 1, 1.0)]
CYCLE: list[Edge] = [(0, 0, 2.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.0), (1, 2, -1.0)]
APART: list[Edge] = [(0, 0, 0.0), (1, 1, 1.0), (2, 2, -2.0)]
DRAWS = 4_000


def _urn(graph: Pairs) -> Urn:
    return Urn(graph, lots(graph.left, graph.right))


@pytest.mark.parametrize(
    "edges", [STAR, PATH, CYCLE, APART], ids=["star", "path", "cycle", "apart"]
)
def test_a_pair_is_in_as_many_draws_as_its_probability_says(edges: list[Edge]) -> None:
    urn = _urn(pairs(edges))
    shares = np.mean([urn.draw(7, number) for number in range(DRAWS)], axis=0)
    expected = np.array(marginals(edges))
    assert (
        np.abs(shares - expected).max()
        < 4 * np.sqrt(expected * (1 - expected) / DRAWS).max()
    )


@pytest.mark.parametrize("edges", [PATH, CYCLE], ids=["path", "cycle"])
def test_a_whole_matching_is_drawn_as_often_as_it_is_likely(edges: list[Edge]) -> None:
    """Pairs drawn each by itself would have the right frequencies one by one, but not
    jointly.
    """
    urn = _urn(pairs(edges))
    matchings = [
        frozenset(np.flatnonzero(urn.draw(3, number)).tolist())
        for number in range(DRAWS)
    ]
    likelihoods = dict(every_matching(edges))
    total = sum(likelihoods.values())
    for matching, likelihood in likelihoods.items():
        share = likelihood / total
        assert (
            abs(matchings.count(matching) / DRAWS - share)
            < 4 * np.sqrt(share * (1 - share) / DRAWS) + 1e-3
        )


@given(graphs, st.integers(0, 1000))
def test_no_unit_has_two_partners_in_a_draw(edges: list[Edge], number: int) -> None:
    matching = [
        edge
        for edge, is_drawn in zip(
            edges, _urn(pairs(edges)).draw(1, number), strict=True
        )
        if is_drawn
    ]
    assert (
        len({edge[0] for edge in matching})
        == len({edge[1] for edge in matching})
        == len(matching)
    )


def test_a_component_too_large_to_enumerate_is_drawn_pair_by_pair() -> None:
    left, right = (
        ends.reshape(-1) for ends in np.meshgrid(np.arange(14), np.arange(14))
    )
    urn = _urn(Pairs(numbered(left), numbered(right), np.full(196, 6.0)))
    draws = [urn.draw(1, number) for number in range(4)]
    for flags in draws:
        assert np.bincount(left[flags]).max() == np.bincount(right[flags]).max() == 1
    assert 11 < np.mean([flags.sum() for flags in draws]) <= 14
    assert len({flags.tobytes() for flags in draws}) == 4


def test_draws_of_a_component_do_not_depend_on_others() -> None:
    kinds = [
        STAR,
        PATH,
        CYCLE,
        APART,
        [(left, right, 6.0) for left in range(14) for right in range(14)],
    ]
    components = [
        [(left + 100 * n, right + 100 * n, weight) for left, right, weight in edges]
        for n, edges in enumerate(kinds)
    ]
    graph = [edge for edges in components for edge in edges]
    for number in (1, 2, 3):
        assert _matching(graph, number) == [
            edge for edges in components for edge in _matching(edges, number)
        ]


def _matching(edges: list[Edge], number: int) -> list[Edge]:
    graph = pairs(edges)
    left, right = (np.array([edge[side] for edge in edges]) for side in (0, 1))
    flags = Urn(graph, lots(left, right)).draw(5, number)
    return [edge for edge, is_drawn in zip(edges, flags, strict=True) if is_drawn]


def test_uncertain_links_vary_between_draws(engine: Engine, rows: Rows) -> None:
    """1 and 11 weigh 17 bits: 0.99999; 4 has two equal candidates; 3 and 13 weigh 9
    bits; 2 and 12 are disputed.
    """
    draws = linked(engine, link_draws=200).draws
    assert draws is not None
    assert draws.columns == ("step", "draw", "left_id", "right_id")
    links = rows(draws)
    assert {row[1] for row in links} == set(range(1, 201))
    times = {
        pair: sum(row[2:] == pair for row in links)
        for pair in {row[2:] for row in links}
    }
    assert times[1, 11] >= 199
    assert times[3, 13] >= 195
    assert 70 < times[4, 14] < 130
    assert times[4, 14] + times[4, 15] >= 198
    assert times.get((2, 12), 0) == 0
    assert (
        len({(row[1], row[2]) for row in links})
        == len({(row[1], row[3]) for row in links})
        == len(links)
    )


def test_more_draws_do_not_change_the_first_ones(engine: Engine, rows: Rows) -> None:
    small, large = (linked(engine, link_draws=count).draws for count in (3, 6))
    assert small is not None
    assert large is not None
    assert sorted(rows(small)) == sorted(row for row in rows(large) if row[1] <= 3)
    assert linked(engine).draws is None


LINKS = """
    left_id | right_id | method        | match_weight:float | match_probability:float | decision
    1       | 11       | override      | -5                 | 0.03                    | accepted
    2       | 12       | deterministic | 30                 | 0.999999999             | accepted
    3       | 13       | probabilistic | 1                  | 0.7                     | accepted
    4       | 14       | probabilistic | 9                  | 0.6                     | accepted
    5       | 14       | probabilistic | 8                  | 0.3                     | rejected
"""


def _draw_rows(
    engine: Engine, links: Table, persons: Table | None = None, **keys: Any
) -> list[tuple[Any, ...]]:
    step = Step(name="s", left="a", right="b", **keys)
    draws = link_draws(engine, step, links, persons, 0.0, 1)
    return sorted(
        (int(row["draw"]), int(row["left_id"]), int(row["right_id"]))
        for row in _rows(engine, draws)
    )


def _rows(engine: Engine, table: Table) -> list[dict[str, Any]]:
    return engine.arrow(table).to_pylist()


@pytest.mark.both_engines
def test_links_of_reviewers_and_certain_ones_stand_in_every_draw(
    engine: Engine, world: World
) -> None:
    links = _draw_rows(engine, world(LINKS), link_draws=50)
    times = {
        pair: sum(row[1:] == pair for row in links)
        for pair in {row[1:] for row in links}
    }
    assert times[1, 11] == times[2, 12] == 50
    assert 0 < times[3, 13] < 50
    assert times[4, 14] + times[5, 14] >= 48
    assert (
        len({row[:2] for row in links})
        == len({(row[0], row[2]) for row in links})
        == len(links)
    )


def test_duplicates_of_one_person_are_drawn_with_it(
    engine: Engine, world: World
) -> None:
    """5 is 4's person nine times in ten."""
    persons = world("""
        left_id | right_id | left_person | right_person | same_person:float
        4       | 14       | 4           | 14           | 1
        5       | 14       | 4           | 14           | 0.9
    """)
    links = _draw_rows(engine, world(LINKS), persons, link_draws=200)
    partners = [
        {row[1] for row in links if row[0] == draw and row[2] == 14}
        for draw in range(1, 201)
    ]
    assert 150 < sum(units == {4, 5} for units in partners) < 195
    assert not any(units == {5} for units in partners)


def test_draws_keep_the_limit_of_links_per_person(engine: Engine, world: World) -> None:
    links = world("""
        left_id | right_id | method        | match_weight:float | match_probability:float | decision
        1       | 11       | deterministic | 30                 | 0.999999999             | accepted
        2       | 11       | deterministic | 31                 | 0.999999999             | accepted
    """)
    assert _draw_rows(
        engine, links, cardinality="many-to-one", most_left=1, link_draws=1
    ) == [(1, 2, 11)]
