"""One posterior decides: what is accepted, what goes to review, and why the rest is not
linked.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.config import Step
from linkage.engine import Engine, Table, connect
from linkage.engine import rows as engine_rows
from linkage.match.resolve import (
    BELOW,
    DUPLICATE,
    LINKED_BEFORE,
    LOST,
    UNRESOLVED,
    resolve,
)
from tests.match.every_matching import marginals

World = Callable[[str], Table]
Row = dict[str, Any]

SIZES = {
    "left": 10**9,
    "right": 10**9,
}  # so many that nearly none are matched: the cardinality adds nothing
CARDINALITIES = ["one-to-one", "one-to-many", "many-to-one", "many-to-many"]
LIMITS = {"accept_probability": 0.9, "review_probability": 0.1}


def decide(
    engine: Engine,
    pairs: Table,
    cardinality: Any = "one-to-one",
    sizes: dict[str, int] = SIZES,
    **options: Any,
) -> dict[tuple[int, int], Row]:
    keys = {
        name: options.pop(name)
        for name in list(options)
        if name.endswith("probability")
    }
    step = Step(
        name="s", left="a", right="b", cardinality=cardinality, **(LIMITS | keys)
    )
    if "method" not in pairs.columns:
        pairs = engine.sql("select *, 'probabilistic' as method from {p}", p=pairs)
    result = resolve(engine, step, pairs, sizes, **options)
    return {
        (row["left_id"], row["right_id"]): row
        for row in engine_rows(engine, result.pairs)
    }


def outcomes(
    pairs: dict[tuple[int, int], Row],
) -> dict[tuple[int, int], tuple[str, str | None]]:
    return {pair: (row["decision"], row["reason"]) for pair, row in pairs.items()}


@pytest.mark.both_engines
def test_a_pair_without_competition_is_decided_by_its_weight(
    engine: Engine, world: World
) -> None:
    """log2 odds of 0.9 are 3.17, of 0.1 -3.17."""
    pairs = world("""
        left_id | right_id | match_weight:float
        1       | 11       | 3.2
        2       | 12       | 3.1
        3       | 13       | -3.1
        4       | 14       | -3.2
    """)
    assert outcomes(decide(engine, pairs)) == {
        (1, 11): ("accepted", None),
        (2, 12): ("review", BELOW),
        (3, 13): ("review", BELOW),
        (4, 14): ("rejected", BELOW),
    }


def test_a_tie_is_unresolved_and_not_linked(engine: Engine, world: World) -> None:
    pairs = world("left_id | right_id | match_weight:float\n1 | 11 | 9\n1 | 12 | 9")
    links = decide(engine, pairs)
    assert outcomes(links) == dict.fromkeys([(1, 11), (1, 12)], ("review", UNRESOLVED))
    for row in links.values():
        assert row["match_probability"] == pytest.approx(0.4995, abs=1e-4)
        assert row["runner_up_weight"] == 9


def test_the_better_of_two_candidates_takes_the_evidence_of_the_other(
    engine: Engine, world: World
) -> None:
    pairs = world(
        "left_id | right_id | match_weight:float\n1 | 11 | 20\n1 | 12 | 10\n2 | 12 | 12"
    )
    links = decide(engine, pairs)
    assert outcomes(links) == {
        (1, 11): ("accepted", None),
        (1, 12): ("rejected", LOST),
        (2, 12): ("accepted", None),
    }
    assert {pair: row["runner_up_weight"] for pair, row in links.items()} == {
        (1, 11): 10.0,
        (1, 12): 20.0,
        (2, 12): 10.0,
    }


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
        ("one-to-one", [8 / 9, 8 / 13, 4 / 13, 2 / 5, 2 / 5]),
        ("many-to-one", [8 / 9, 8 / 13, 4 / 13, 2 / 3, 2 / 3]),
        ("one-to-many", [8 / 9, 8 / 9, 4 / 5, 2 / 5, 2 / 5]),
        ("many-to-many", [8 / 9, 8 / 9, 4 / 5, 2 / 3, 2 / 3]),
    ],
)
def test_only_pairs_that_the_cardinality_forbids_compete(
    cardinality: str, expected: list[float], engine: Engine, world: World
) -> None:
    pairs = decide(engine, world(CANDIDATES), cardinality)
    assert [
        pairs[pair]["match_probability"] for pair in sorted(pairs)
    ] == pytest.approx(expected, abs=1e-6)


def test_where_most_units_have_a_partner_less_evidence_is_enough(
    engine: Engine, world: World
) -> None:
    """Three of four are sure on either side, and the fourth at -1 is worth a third:
    3.33 of 4 leave 2.58 bits a side.
    """
    pairs = world(
        "left_id | right_id | match_weight:float\n1 | 11 | 30\n2 | 12 | 30\n3 | 13 | "
        "30\n4 | 14 | -1"
    )
    assert outcomes(decide(engine, pairs))[4, 14] == ("review", BELOW)
    links = decide(engine, pairs, sizes={"left": 4, "right": 4})
    assert outcomes(links)[4, 14] == ("accepted", None)
    assert links[4, 14]["match_probability"] == pytest.approx(
        1 / (1 + 2.0 ** (1 - 2 * np.log2(6)))
    )


PASSES = """
    left_id | right_id | match_weight:float | method
    1       | 11       | 5                  | deterministic
    1       | 12       | 20                 | probabilistic
    2       | 12       | -9                 | deterministic
    3       | 11       | 9                  | probabilistic
    4       | 14       | -50                | override
"""


def test_a_link_of_a_pass_stands_and_its_units_get_no_other(
    engine: Engine, world: World
) -> None:
    pairs = decide(engine, world(PASSES))
    assert outcomes(pairs) == {
        (1, 11): ("accepted", None),
        (1, 12): ("rejected", LOST),
        (2, 12): ("review", "the model disagrees"),
        (3, 11): ("rejected", LOST),
        (4, 14): ("accepted", None),
    }
    assert pairs[3, 11]["match_probability"] == pytest.approx((1 - 32 / 33) * 512 / 513)


def test_a_unit_that_holds_many_stays_open_after_a_pass(
    engine: Engine, world: World
) -> None:
    pairs = outcomes(decide(engine, world(PASSES), "one-to-many"))
    assert pairs[3, 11] == ("rejected", LOST)
    assert pairs[1, 12] == (
        "review",
        UNRESOLVED,
    )  # unit 12 is of a pass that the model disputes


def test_a_pair_of_the_last_release_needs_less_evidence(
    engine: Engine, world: World
) -> None:
    pairs = world(
        "left_id | right_id | match_weight:float\n1 | 11 | 5\n2 | 12 | 1\n3 | 13 | "
        "-1\n4 | 14 | 1"
    )
    last_links = world("left_id | right_id\n1 | 11\n2 | 12\n3 | 13")
    assert outcomes(
        decide(engine, pairs, last_release=last_links, keep_probability=0.5)
    ) == {
        (1, 11): ("accepted", None),
        (2, 12): ("accepted", LINKED_BEFORE),
        (3, 13): ("review", BELOW),
        (4, 14): ("review", BELOW),
    }


def test_duplicates_of_one_person_do_not_compete(engine: Engine, world: World) -> None:
    """11 and 12 are one person: each has the person's probability, 12 with how likely
    it is that person's.
    """
    pairs = world(
        "left_id | right_id | match_weight:float\n1 | 11 | 9\n1 | 12 | 9\n1 | 13 | 3"
    )
    persons = {
        "right": world(
            "unit_id | person_id | probability:float\n11 | 11 | 1\n12 | 11 | 0.95"
        )
    }
    links = decide(engine, pairs, persons=persons)
    assert outcomes(links) == {
        (1, 11): ("accepted", None),
        (1, 12): ("accepted", DUPLICATE),
        (1, 13): ("rejected", LOST),
    }
    person = 512 / (1 + 512 + 8)
    assert links[1, 11]["match_probability"] == pytest.approx(person, abs=1e-3)
    assert links[1, 12]["match_probability"] == pytest.approx(0.95 * person, abs=1e-3)


def test_a_duplicate_of_a_unit_that_a_pass_has_linked_joins_it(
    engine: Engine, world: World
) -> None:
    pairs = world("""
        left_id | right_id | match_weight:float | method
        1       | 11       | 12                 | deterministic
        1       | 12       | 4                  | probabilistic
    """)
    persons = {
        "right": world(
            "unit_id | person_id | probability:float\n11 | 11 | 1\n12 | 11 | 0.97"
        )
    }
    links = decide(engine, pairs, persons=persons)
    assert outcomes(links) == {
        (1, 11): ("accepted", None),
        (1, 12): ("accepted", DUPLICATE),
    }
    assert links[1, 12]["match_probability"] == pytest.approx(0.97)


def test_no_pairs_make_no_links(engine: Engine, world: World) -> None:
    no_pairs = engine.sql("select * from {p} where false", p=world(CANDIDATES))
    for cardinality in CARDINALITIES:
        assert decide(engine, no_pairs, cardinality) == {}


# Properties: small graphs with many ties, since ties are where resolution goes wrong.

_PAIRS = st.dictionaries(
    st.tuples(st.integers(1, 5), st.integers(11, 15)),
    st.integers(-4, 14).map(float),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def duckdb() -> Iterator[Engine]:
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
                "method": ["probabilistic"] * len(pairs),
            }
        )
    )


@given(_PAIRS, st.sampled_from(CARDINALITIES), st.sampled_from([0.2, 0.5, 0.9]))
def test_the_decision_is_by_the_probability_and_keeps_the_cardinality(
    duckdb: Engine, pairs: dict[tuple[int, int], float], cardinality: str, accept: float
) -> None:
    links = decide(
        duckdb,
        _table(duckdb, list(pairs.items())),
        cardinality,
        accept_probability=accept,
        review_probability=0.1,
    )
    assert links.keys() == pairs.keys(), "every pair is decided once"
    accepted_pairs = [
        pair for pair, row in links.items() if row["decision"] == "accepted"
    ]
    if cardinality in ("one-to-one", "many-to-one"):
        assert max(Counter(left for left, _ in accepted_pairs).values(), default=1) == 1
    if cardinality in ("one-to-one", "one-to-many"):
        assert (
            max(Counter(right for _, right in accepted_pairs).values(), default=1) == 1
        )
    for row in links.values():
        if row["decision"] == "accepted":
            assert row["match_probability"] >= accept
        elif row["decision"] == "review":
            assert row["match_probability"] >= 0.1
        else:
            assert row["match_probability"] < 0.1
        if row["match_probability"] >= max(accept, 0.51):
            assert row["decision"] == "accepted"


@given(_PAIRS)
def test_the_probability_is_the_share_of_all_matchings(
    duckdb: Engine, pairs: dict[tuple[int, int], float]
) -> None:
    """What competes with a clear pair leaves the exact sum: within a hundredth."""
    edges = [(left, right, weight) for (left, right), weight in pairs.items()]
    expected = dict(zip(pairs, marginals(edges), strict=True))
    links = decide(duckdb, _table(duckdb, list(pairs.items())))
    for pair, row in links.items():
        assert row["match_probability"] == pytest.approx(expected[pair], abs=0.011)


@given(
    _PAIRS,
    st.randoms(use_true_random=False),
    st.sampled_from(["one-to-one", "one-to-many", "many-to-many"]),
)
def test_the_order_of_pairs_changes_nothing(
    duckdb: Engine, pairs: dict[tuple[int, int], float], draw: Any, cardinality: str
) -> None:
    shuffled = list(pairs.items())
    draw.shuffle(shuffled)
    first, second = (
        decide(duckdb, _table(duckdb, rows), cardinality)
        for rows in (shuffled, list(pairs.items()))
    )
    assert outcomes(first) == outcomes(second)
    for pair, row in first.items():
        assert row["match_probability"] == pytest.approx(
            second[pair]["match_probability"], abs=1e-9
        )
