"""Link sets drawn from the posterior: each obeys the cardinality, and a pair is in as many as its probability says."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.config import Step
from linkage.engine import Engine, Table
from linkage.match.further.second_records import ANOTHER
from linkage.match.likelihood.matchings import Pairs, numbered
from linkage.match.likelihood.sampled import Urn, links_sampled, lots
from tests.match.every_matching import Edge, every_matching, marginals
from tests.match.test_match_posterior import graphs, pairs
from tests.match.test_match_step import linked
from tests.match.whole_step import DRAWS as DRAWS_OF_STEP
from tests.match.whole_step import whole_step

World = Callable[[str], Table]
Rows = Callable[[Table], list[tuple[Any, ...]]]

STAR: list[Edge] = [(0, 0, 1.0), (0, 1, 0.0), (0, 2, -1.0)]
PATH: list[Edge] = [(0, 0, 1.0), (1, 0, 0.0), (1, 1, 2.0), (2, 1, 1.0)]
CYCLE: list[Edge] = [(0, 0, 2.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.0), (1, 2, -1.0)]
APART: list[Edge] = [(0, 0, 0.0), (1, 1, 1.0), (2, 2, -2.0)]
DRAWS = 4_000


def _urn(of: Pairs) -> Urn:
    return Urn(of, lots(of.left, of.right))


@pytest.mark.parametrize("edges", [STAR, PATH, CYCLE, APART], ids=["star", "path", "cycle", "apart"])
def test_a_pair_is_in_as_many_draws_as_its_probability_says(edges: list[Edge]) -> None:
    urn = _urn(pairs(edges))
    seen = np.mean([urn.draw(7, number) for number in range(DRAWS)], axis=0)
    expected = np.array(marginals(edges))
    assert np.abs(seen - expected).max() < 4 * np.sqrt(expected * (1 - expected) / DRAWS).max()


@pytest.mark.parametrize("edges", [PATH, CYCLE], ids=["path", "cycle"])
def test_a_whole_matching_is_drawn_as_often_as_it_is_likely(edges: list[Edge]) -> None:
    """Pairs drawn each for itself would have the right frequencies one by one, but not together."""
    urn = _urn(pairs(edges))
    drawn = [frozenset(np.flatnonzero(urn.draw(3, number)).tolist()) for number in range(DRAWS)]
    found = dict(every_matching(edges))
    total = sum(found.values())
    for matching, likely in found.items():
        share = likely / total
        assert abs(drawn.count(matching) / DRAWS - share) < 4 * np.sqrt(share * (1 - share) / DRAWS) + 1e-3


@given(graphs, st.integers(0, 1000))
def test_no_unit_has_two_partners_in_a_draw(edges: list[Edge], number: int) -> None:
    chosen = [edge for edge, drawn in zip(edges, _urn(pairs(edges)).draw(1, number), strict=True) if drawn]
    assert len({edge[0] for edge in chosen}) == len({edge[1] for edge in chosen}) == len(chosen)


def test_a_component_too_large_to_walk_through_is_drawn_pair_by_pair() -> None:
    left, right = (ends.reshape(-1) for ends in np.meshgrid(np.arange(14), np.arange(14)))
    urn = _urn(Pairs(numbered(left), numbered(right), np.full(196, 6.0)))
    drawn = [urn.draw(1, number) for number in range(4)]
    for chosen in drawn:
        assert np.bincount(left[chosen]).max() == np.bincount(right[chosen]).max() == 1
    assert 11 < np.mean([chosen.sum() for chosen in drawn]) <= 14
    assert len({chosen.tobytes() for chosen in drawn}) == 4


@pytest.mark.both_engines
def test_a_step_draws_what_it_is_unsure_of_and_keeps_what_it_is_sure_of(engine: Engine) -> None:
    """1 and 11 weigh 17 bits: 0.99999; 4 has two equal candidates; 3 and 13 weigh 9 bits; 2 and 12 are disputed."""
    found = whole_step(engine)
    assert found.sampled_columns == ("step", "draw", "left_id", "right_id")
    drawn = found.sampled
    assert {row[1] for row in drawn} == set(range(1, DRAWS_OF_STEP + 1))
    times = {pair: sum(row[2:] == pair for row in drawn) for pair in {row[2:] for row in drawn}}
    assert times[1, 11] >= 199
    assert times[3, 13] >= 195
    assert 70 < times[4, 14] < 130
    assert times[4, 14] + times[4, 15] >= 198
    assert (2, 12) not in times
    assert len({(row[1], row[2]) for row in drawn}) == len({(row[1], row[3]) for row in drawn}) == len(drawn)


def test_a_step_that_asks_for_none_has_none(engine: Engine) -> None:
    assert linked(engine).sampled is None


def test_draws_are_the_same_again_however_many_are_asked_for(engine: Engine, rows: Rows) -> None:
    few, many = (linked(engine, samples=count).sampled for count in (3, 6))
    assert few is not None
    assert many is not None
    assert rows(few) == [row for row in rows(many) if row[1] <= 3]


def test_what_is_drawn_of_some_hangs_on_no_others() -> None:
    """Components of every kind, each drawn by itself and together with all others and with a stranger's."""
    kinds = [STAR, PATH, CYCLE, APART, [(left, right, 6.0) for left in range(14) for right in range(14)]]
    apart = [
        [(left + 100 * n, right + 100 * n, weight) for left, right, weight in edges] for n, edges in enumerate(kinds)
    ]
    together = [edge for edges in apart for edge in edges]
    stranger: list[Edge] = [(900, 900, 0.0), (900, 901, 0.0)]
    for number in (1, 2, 3):
        alone = [edge for edges in apart for edge in _chosen(edges, number)]
        assert _chosen(together, number) == alone
        assert [edge for edge in _chosen([*stranger, *together], number) if edge not in stranger] == alone


def _chosen(edges: list[Edge], number: int) -> list[Edge]:
    of = pairs(edges)
    left, right = (np.array([edge[side] for edge in edges]) for side in (0, 1))
    drawn = Urn(of, lots(left, right)).draw(5, number)
    return [edge for edge, is_drawn in zip(edges, drawn, strict=True) if is_drawn]


LINKS = """
    left_id | right_id | method        | match_weight:float | match_probability:float | decision | reason
    1       | 11       | override      | -5                 | 0.03                    | accepted | -
    2       | 12       | deterministic | 30                 | 0.999999999             | accepted | -
    3       | 13       | probabilistic | 30                 | 0.999999999             | accepted | -
    3       | 14       | probabilistic | 29                 | 0.999999999             | rejected | a better partner
    4       | 15       | probabilistic | 30                 | 0                       | rejected | twins
"""
LIKELY = """
    left_id | right_id | left_person | right_person
    3       | 13       | 3           | 13
    3       | 14       | 3           | 13
    4       | 15       | 4           | 15
"""


def test_draws_do_not_hang_on_the_order_of_the_links(engine: Engine) -> None:
    """A stored table has no order: written by two threads, its rows lie otherwise each time."""
    count = 400_000  # more than one thread writes at once
    weighed = f"""
        select 'probabilistic' as method, cast(8 + l % 5 as double) as match_weight, 'accepted' as decision,
               cast(null as varchar) as reason, cast(0.99 as double) as match_probability, l as left_id, l as right_id
        from (select unnest(range({count})) as l)
    """
    likely = "select l as left_id, l as right_id, l as left_person, l as right_person from (select 1 as l) where false"
    step, found = Step(name="draws", left="left", right="right", samples=1), []
    for order in ("l", "-l", "hash(l)"):
        links = engine.sql(f"{weighed} order by {order}", store=True)
        drawn = links_sampled(engine, step, links, engine.sql(likely, store=True), 0.0, 5)
        found.append(engine.fingerprint(drawn))
    assert len(set(found)) == 1


def test_the_linked_record_of_two_people_is_drawn_and_what_joins_it_beside(
    engine: Engine, world: World, rows: Rows
) -> None:
    """5 and 6 are one person on the left, 7 and 8 another; what was linked has the later number, and weighs no more."""
    links = world("""
        left_id | right_id | method        | match_weight:float | match_probability:float | decision | reason
        6       | 21       | probabilistic | 30                 | 0.999999                | accepted | rivals are the same person
        5       | 21       | probabilistic | 30                 | 0.999999                | accepted | another record of the same person
        8       | 22       | probabilistic | 30                 | 0.999999                | accepted | rivals are the same person
        7       | 22       | probabilistic | 30                 | 0.999999                | rejected | a better partner
    """)
    likely = world("""
        left_id | right_id | left_person | right_person
        5       | 21       | 5           | 21
        6       | 21       | 5           | 21
        7       | 22       | 7           | 22
        8       | 22       | 7           | 22
    """)
    step = Step(name="draws", left="left", right="right", samples=2)
    found = rows(links_sampled(engine, step, links, likely, 0.0, 1))
    assert found == [("draws", n, left, right) for n in (1, 2) for left, right in ((5, 21), (6, 21), (8, 22))]


@pytest.mark.parametrize("side", ["left", "right"])
def test_what_has_joined_a_linked_unit_is_no_rival_of_it(engine: Engine, world: World, rows: Rows, side: str) -> None:
    """5 and 6 do not look alike, so that the posterior has them for two; 5 has joined 6 all the same, and 7 has not."""
    mine, other = ("left", "right") if side == "left" else ("right", "left")
    links = world(f"""
        {mine}_id | {other}_id | method        | match_weight:float | match_probability:float | decision | reason
        6         | 21         | probabilistic | 30                 | 0.6                     | accepted | -
        5         | 21         | probabilistic | 29                 | 0.3                     | accepted | {ANOTHER}
        7         | 21         | probabilistic | 26                 | 0.1                     | rejected | a better partner
    """)
    likely = world(f"""
        {mine}_id | {other}_id | {mine}_person | {other}_person
        5         | 21         | 5             | 21
        6         | 21         | 6             | 21
        7         | 21         | 7             | 21
    """)
    step = Step(name="draws", left="left", right="right", samples=40)
    drawn = [row[1:] for row in rows(links_sampled(engine, step, links, likely, 0.0, 1))]
    times = {unit: sum(unit in row[1:] for row in drawn) for unit in (5, 6, 7)}
    assert times[5] == times[6]
    assert times[6] > 30
    assert times[6] + times[7] == 40


def test_links_of_people_stand_and_of_two_records_of_one_person_the_heavier_is_drawn(
    engine: Engine, world: World, rows: Rows
) -> None:
    step = Step(name="s", left="a", right="b", samples=2)
    found = links_sampled(engine, step, world(LINKS), world(LIKELY), 0.0, 1)
    each = [(1, 11), (2, 12), (3, 13)]
    assert sorted(rows(found)) == [("s", draw, *pair) for draw in (1, 2) for pair in each]


def test_no_more_are_drawn_than_a_person_may_hold(engine: Engine, world: World, rows: Rows) -> None:
    links = """
        left_id | right_id | method        | match_weight:float | match_probability:float | decision | reason
        1       | 11       | deterministic | 30                 | 0.999999999             | accepted | -
        2       | 11       | deterministic | 31                 | 0.999999999             | accepted | -
    """
    step = Step(name="s", left="a", right="b", cardinality="many-to-one", most_left=1, samples=1)
    nobody = world("left_id | right_id | left_person | right_person\n9 | 99 | 9 | 99")
    assert rows(links_sampled(engine, step, world(links), nobody, 0.0, 1)) == [("s", 1, 2, 11)]
