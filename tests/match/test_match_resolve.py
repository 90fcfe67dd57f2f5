"""From scored pairs to links: best mutual pairs, and no guess where two are close."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, Table, connect
from linkage.engine import rows as engine_rows
from linkage.match.candidates.coverage import gain
from linkage.match.resolution.resolve import Race, Thresholds, resolve

World = Callable[[str], Table]
Rows = Callable[[Table], list[tuple[Any, ...]]]

AT = Thresholds(accept=4.0, review=0.0, margin=3.0)


def _decided(engine: Engine, pairs: Table, cardinality: Any = "one-to-one") -> list[tuple[Any, ...]]:
    found = engine_rows(engine, resolve(engine, pairs, AT, cardinality))
    keys = ("left_id", "right_id", "runner_up_weight", "decision", "reason")
    return sorted(tuple(row[key] for key in keys) for row in found)


def test_a_pair_without_a_rival_is_decided_by_its_weight(engine: Engine, world: World) -> None:
    pairs = world("""
        left_id | right_id | match_weight:float
        1       | 11       | 4
        2       | 12       | 3.9
        3       | 13       | 0
        4       | 14       | -0.1
    """)
    assert _decided(engine, pairs) == [
        (1, 11, None, "accepted", None),
        (2, 12, None, "review", "below threshold"),
        (3, 13, None, "review", "below threshold"),
        (4, 14, None, "rejected", "below threshold"),
    ]


def test_a_tie_goes_to_review_and_is_not_guessed(engine: Engine, world: World) -> None:
    pairs = world("""
        left_id | right_id | match_weight:float
        1       | 11       | 9
        1       | 12       | 9
        2       | 12       | 1
    """)
    assert _decided(engine, pairs) == [
        (1, 11, 9.0, "review", "ambiguous"),
        (1, 12, 9.0, "rejected", "a better partner"),
        (2, 12, 9.0, "rejected", "a better partner"),
    ]


@pytest.mark.parametrize("margin", [3.0, 0.0])
@pytest.mark.parametrize(("one", "other"), [(9.3, 9.3), (0.1 + 9.2, 9.3), (9.3, 0.1 + 9.2)])
def test_weights_apart_by_a_last_digit_are_a_tie(one: float, other: float, margin: float, engine: Engine) -> None:
    """0.1 + 9.2 is less than 9.3: an engine that adds a weight up in another order sends the same pair to people."""
    pairs = engine.from_arrow(pa.table({"left_id": [1, 1], "right_id": [11, 12], "match_weight": [one, other]}))
    found = engine_rows(engine, resolve(engine, pairs, replace(AT, margin=margin), "one-to-one"))
    decided = sorted((row["right_id"], row["decision"]) for row in found)
    assert decided == [(11, "accepted" if margin == 0 else "review"), (12, "rejected")]


@pytest.mark.parametrize(
    ("rival", "decision"), [(6.0, "accepted"), (6.01, "review"), (9.0, "review"), (1.0, "accepted")]
)
def test_a_lead_of_the_margin_is_needed_on_either_side(rival: float, decision: str, engine: Engine) -> None:
    for sides in ((1, 12), (2, 11)):
        pairs = engine.from_arrow(
            pa.table({"left_id": [1, sides[0]], "right_id": [11, sides[1]], "match_weight": [9.0, rival]})
        )
        assert (1, 11, rival, decision) in [row[:4] for row in _decided(engine, pairs)]


def test_a_rival_too_light_to_matter_is_none(engine: Engine, world: World) -> None:
    """At 0.9 it could not keep the lightest pair that may be accepted, one of 4, from being so."""
    pairs = world("""
        left_id | right_id | match_weight:float
        1       | 11       | 9
        1       | 12       | 0.9
    """)
    assert _decided(engine, pairs) == [(1, 11, None, "accepted", None), (1, 12, None, "rejected", "a better partner")]


def test_a_link_takes_rivals_out_of_the_race_which_settles_others(engine: Engine, world: World) -> None:
    """1-11 is clear of its rivals; without 11 the pair 2-12 has none left, and then 3-13 is free of 12."""
    pairs = world("""
        left_id | right_id | match_weight:float
        1       | 11       | 20
        2       | 11       | 12
        2       | 12       | 11
        3       | 12       | 9
        3       | 13       | 8
    """)
    assert _decided(engine, pairs) == [
        (1, 11, 12.0, "accepted", None),
        (2, 11, None, "rejected", "a better partner"),
        (2, 12, 9.0, "review", "ambiguous"),
        (3, 12, 11.0, "rejected", "a better partner"),
        (3, 13, 9.0, "rejected", "a better partner"),
    ]
    clear = engine.sql("select * replace (match_weight * 2 as match_weight) from {p}", p=pairs)
    assert [row[:2] for row in _decided(engine, clear) if row[3] == "accepted"] == [(1, 11), (2, 12), (3, 13)]


SEVERAL = """
    left_id | right_id | match_weight:float
    1       | 11       | 9
    1       | 12       | 8
    2       | 12       | 2
    2       | 13       | 1
    3       | 13       | 9
"""


KEEPING = Thresholds(accept=4.0, review=0.0, margin=3.0, keep=1.0)


def _held(engine: Engine, pairs: Table, held: Table, cardinality: Any = "one-to-one") -> list[tuple[Any, ...]]:
    found = engine_rows(engine, resolve(engine, pairs, KEEPING, cardinality, held=held))
    keys = ("left_id", "right_id", "decision", "reason")
    return sorted(tuple(row[key] for key in keys) for row in found)


def test_staying_joined_takes_less_than_joining(engine: Engine, world: World) -> None:
    pairs = world("""
        left_id | right_id | match_weight:float
        1       | 11       | 5
        2       | 12       | 1
        3       | 13       | 0.9
        4       | 14       | 1
    """)
    held = world("""
        left_id | right_id
        1       | 11
        2       | 12
        3       | 13
    """)
    assert _held(engine, pairs, held) == [
        (1, 11, "accepted", None),
        (2, 12, "accepted", "held since the last release"),
        (3, 13, "review", "below threshold"),
        (4, 14, "review", "below threshold"),
    ]


def test_a_held_pair_stands_before_rivals_within_the_margin_alone(engine: Engine, world: World) -> None:
    pairs = world("""
        left_id | right_id | match_weight:float
        1       | 11       | 6
        1       | 12       | 8.9
        2       | 21       | 6
        2       | 22       | 12.1
    """)
    held = world("""
        left_id | right_id
        1       | 11
        2       | 21
    """)
    assert _held(engine, pairs, held) == [
        (1, 11, "accepted", "held since the last release"),
        (1, 12, "rejected", "a better partner"),
        (2, 21, "rejected", "a better partner"),
        (2, 22, "accepted", None),
    ]


def test_one_to_many_holds_several_on_the_left_alone(engine: Engine, world: World) -> None:
    assert _decided(engine, world(SEVERAL), "one-to-many") == [
        (1, 11, None, "accepted", None),
        (1, 12, 2.0, "accepted", None),
        (2, 12, None, "rejected", "a better partner"),
        (2, 13, None, "rejected", "a better partner"),
        (3, 13, 1.0, "accepted", None),
    ]


def test_many_to_one_is_the_same_from_the_other_side(engine: Engine, world: World) -> None:
    turned = engine.sql(
        "select right_id as left_id, left_id as right_id, match_weight from {p}", p=world(SEVERAL), store=True
    )
    there = _decided(engine, world(SEVERAL), "one-to-many")
    back = [(left, right, *rest) for right, left, *rest in _decided(engine, turned, "many-to-one")]
    assert sorted(back) == there


def test_many_to_many_takes_every_pair_by_its_weight(engine: Engine, world: World) -> None:
    assert [(*row[:2], *row[3:]) for row in _decided(engine, world(SEVERAL), "many-to-many")] == [
        (1, 11, "accepted", None),
        (1, 12, "accepted", None),
        (2, 12, "review", "below threshold"),
        (2, 13, "review", "below threshold"),
        (3, 13, "accepted", None),
    ]


def test_no_pairs_make_no_links(engine: Engine, world: World, rows: Rows) -> None:
    nothing = engine.sql("select * from {p} where false", p=world(SEVERAL))
    found = resolve(engine, nothing, AT, "one-to-one")
    assert rows(found) == []
    assert found.columns == ("left_id", "right_id", "match_weight", "runner_up_weight", "decision", "reason")


def test_a_chain_longer_than_the_rounds_ends_in_no_wrong_link(engine: Engine) -> None:
    """Each pair blocks the next until it is settled itself; what the rounds do not reach stays undecided, once each."""
    links = 60
    left = [n for n in range(links) for _ in (0, 1)]
    right = [1000 + n + k for n in range(links) for k in (1, 0)]
    weights = [500.0 - 8 * n - 4 * k for n in range(links) for k in (1, 0)]
    found = _decided(engine, engine.from_arrow(pa.table({"left_id": left, "right_id": right, "match_weight": weights})))
    assert len(found) == 2 * links
    accepted = [row for row in found if row[3] == "accepted"]
    assert len(accepted) >= 20
    assert len({row[0] for row in accepted}) == len({row[1] for row in accepted}) == len(accepted)


def test_what_was_accepted_before_stands_and_the_rest_is_decided_anew(engine: Engine, world: World, rows: Rows) -> None:
    """With 2 bits gained, 2-12 reaches 2; 3-13 is still in doubt, and 4-11 comes too late."""
    pairs = world("""
        left_id | right_id | match_weight:float
        1       | 11       | 9
        2       | 12       | 2
        3       | 13       | 3
        3       | 14       | 2
        4       | 11       | 5
    """)
    race = Race(engine, pairs, "one-to-one", AT.given(2.0).lowest)
    race.settle(AT)
    assert [row[:2] for row in rows(race.accepted)] == [(1, 11)]
    race.settle(AT.given(2.0))
    assert rows(race.outcomes(AT.given(2.0))) == rows(
        world("""
        left_id | right_id | match_weight:float | runner_up_weight:float | decision | reason
        1       | 11       | 9                  | 5                      | accepted | -
        2       | 12       | 2                  | -                      | accepted | -
        3       | 13       | 3                  | 2                      | review   | ambiguous
        3       | 14       | 2                  | 3                      | rejected | a better partner
    """)
    )


# Properties: small graphs with many ties, since ties are where resolution goes wrong.

_PAIRS = st.dictionaries(
    st.tuples(st.integers(1, 5), st.integers(11, 15)), st.integers(-4, 14).map(float), min_size=1, max_size=16
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Engine]:
    """One engine for all examples of a property."""
    with connect("duckdb", threads=2) as engine:
        yield engine


def _table(engine: Engine, pairs: list[tuple[tuple[int, int], float]]) -> Table:
    return engine.from_arrow(
        pa.table(
            {
                "left_id": [pair[0] for pair, _ in pairs],
                "right_id": [pair[1] for pair, _ in pairs],
                "match_weight": [weight for _, weight in pairs],
            }
        )
    )


def _resolved(
    engine: Engine, pairs: list[tuple[tuple[int, int], float]], cardinality: Any, at: Thresholds = AT
) -> list[dict[str, Any]]:
    table = _table(engine, pairs)
    decided = resolve(engine, table, at, cardinality)
    found = engine_rows(engine, decided)
    engine.drop(table, decided)
    return sorted(found, key=lambda row: (row["left_id"], row["right_id"]))


@given(_PAIRS, st.sampled_from(["one-to-one", "one-to-many", "many-to-one", "many-to-many"]))
def test_what_holds_for_all_links(shared: Engine, pairs: dict[tuple[int, int], float], cardinality: str) -> None:
    found = _resolved(shared, list(pairs.items()), cardinality)
    assert {(row["left_id"], row["right_id"]): row["match_weight"] for row in found} == pairs
    assert len(found) == len(pairs), "every pair is decided once"
    accepted = [row for row in found if row["decision"] == "accepted"]
    if cardinality in ("one-to-one", "many-to-one"):
        assert max(Counter(row["left_id"] for row in accepted).values(), default=1) == 1
    if cardinality in ("one-to-one", "one-to-many"):
        assert max(Counter(row["right_id"] for row in accepted).values(), default=1) == 1
    for row in found:
        lead = row["match_weight"] - (row["runner_up_weight"] if row["runner_up_weight"] is not None else -1e9)
        if row["decision"] == "accepted":
            assert row["reason"] is None
            assert row["match_weight"] >= AT.accept
            assert lead >= AT.margin
        else:
            assert row["reason"] in ("ambiguous", "below threshold", "a better partner")
        if row["decision"] == "review":
            assert row["match_weight"] >= AT.review
        if row["match_weight"] < AT.review:
            assert (row["decision"], row["reason"]) == ("rejected", "below threshold")


@given(_PAIRS)
def test_accepted_pairs_are_those_of_a_plain_reading(shared: Engine, pairs: dict[tuple[int, int], float]) -> None:
    """Best on both sides by the margin; take them out; again, until nothing changes."""
    left_over, expected = dict(pairs), set()
    while True:
        new = {
            pair
            for pair, weight in left_over.items()
            if weight >= AT.accept
            and all(
                weight - other >= AT.margin
                for rival, other in left_over.items()
                if rival != pair and (rival[0] == pair[0] or rival[1] == pair[1])
            )
        }
        if not new:
            break
        expected |= new
        taken = {unit for pair in new for unit in pair}
        left_over = {pair: weight for pair, weight in left_over.items() if not taken & set(pair)}
    found = _resolved(shared, list(pairs.items()), "one-to-one")
    assert {(row["left_id"], row["right_id"]) for row in found if row["decision"] == "accepted"} == expected


@given(_PAIRS, st.floats(0, 1), st.floats(0, 1))
def test_more_units_with_a_partner_undo_no_link(
    shared: Engine, pairs: dict[tuple[int, int], float], one: float, other: float
) -> None:
    accepted = []
    for share in sorted((one, other)):
        found = _resolved(shared, list(pairs.items()), "one-to-one", AT.given(gain([share, share])))
        accepted.append({(row["left_id"], row["right_id"]) for row in found if row["decision"] == "accepted"})
    assert accepted[0] <= accepted[1]


@given(_PAIRS, st.floats(0, 6), st.sampled_from(["one-to-one", "one-to-many", "many-to-one", "many-to-many"]))
def test_to_go_on_from_an_earlier_resolution_comes_to_the_same_links(
    shared: Engine, pairs: dict[tuple[int, int], float], gained: float, cardinality: Any
) -> None:
    at = AT.given(gained)
    table = _table(shared, list(pairs.items()))
    race = Race(shared, table, cardinality, at.lowest)
    race.settle(AT)
    race.settle(at)
    accepted = {(r["left_id"], r["right_id"]) for r in engine_rows(shared, race.accepted)}
    shared.drop(table, race.accepted)
    whole = _resolved(shared, list(pairs.items()), cardinality, at)
    assert accepted == {(r["left_id"], r["right_id"]) for r in whole if r["decision"] == "accepted"}


@given(_PAIRS, st.randoms(use_true_random=False), st.sampled_from(["one-to-one", "one-to-many", "many-to-many"]))
def test_the_order_of_pairs_changes_nothing(
    shared: Engine, pairs: dict[tuple[int, int], float], draw: Any, cardinality: str
) -> None:
    shuffled = list(pairs.items())
    draw.shuffle(shuffled)
    assert _resolved(shared, shuffled, cardinality) == _resolved(shared, list(pairs.items()), cardinality)
