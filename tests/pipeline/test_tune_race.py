"""Rounds over arrays come to what the rounds of a run come to."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.config import single_sides
from linkage.engine import connect, rows
from linkage.match.resolution.resolve import Thresholds, resolve
from quality.tune.evidence import DECISIONS
from quality.tune.race import Contest

AT = Thresholds(accept=5.0, review=1.0, margin=2.0)
CARDINALITIES = ["one-to-one", "one-to-many", "many-to-one", "many-to-many"]


def contest(pairs: list[tuple[int, int]], cardinality: Any) -> Contest:
    left, right = (np.array([pair[end] for pair in pairs], np.int64) for end in (0, 1))
    return Contest(left, right, single_sides(cardinality))


def decided(pairs: dict[tuple[int, int], float], cardinality: Any = "one-to-one", at: Thresholds = AT) -> list[str]:
    found = contest(list(pairs), cardinality).decide(np.array(list(pairs.values())), [at])
    return [DECISIONS[code] for code in found]


def test_a_pair_alone_goes_by_its_weight() -> None:
    assert decided({(1, 1): 5.0, (2, 2): 4.9, (3, 3): 0.9}) == ["accepted", "review", "rejected"]


def test_a_pair_is_linked_where_it_leads_and_frees_nobody_else() -> None:
    """The second has lost its unit to the first; the third's unit is free again, and it alone."""
    assert decided({(1, 1): 9.0, (1, 2): 6.0, (3, 2): 5.5}) == ["accepted", "rejected", "accepted"]


def test_what_is_close_goes_to_people() -> None:
    assert decided({(1, 1): 9.0, (1, 2): 8.0}) == ["review", "rejected"]


def test_a_side_that_holds_many_has_no_rivals() -> None:
    assert decided({(1, 1): 9.0, (1, 2): 8.0}, "one-to-many") == ["accepted", "accepted"]


@pytest.fixture(scope="module")
def duckdb() -> Any:
    with connect("duckdb", threads=2) as engine:
        yield engine


@given(
    pairs=st.dictionaries(
        st.tuples(st.integers(1, 5), st.integers(1, 5)),
        st.tuples(st.integers(-2, 24), st.sampled_from([0.1, 0.1 + 1e-12])).map(lambda told: told[0] / 2 + told[1]),
        min_size=1,
    ),
    cardinality=st.sampled_from(CARDINALITIES),
    margin=st.sampled_from([0.0, 1.0, 3.0]),
)
def test_the_rounds_of_a_run(duckdb: Any, pairs: dict[Any, float], cardinality: Any, margin: float) -> None:
    """Weights apart by a last digit are ties to both."""
    at = Thresholds(accept=5.0, review=1.0, margin=margin)
    columns = {
        "left_id": pa.array([left for left, _ in pairs], pa.int64()),
        "right_id": pa.array([right for _, right in pairs], pa.int64()),
        "match_weight": pa.array(list(pairs.values()), pa.float64()),
    }
    table = duckdb.from_arrow(pa.table(columns))
    wanted = {
        (row["left_id"], row["right_id"]): row["decision"]
        for row in rows(duckdb, resolve(duckdb, table, at, cardinality))
    }
    assert dict(zip(pairs, decided(pairs, cardinality, at), strict=True)) == wanted


def test_odds_of_rivals_are_not_lost_beside_greater_ones() -> None:
    """A rival of -3 bits beside a pair of 60: the pair loses log2(1 + 1/8) bits, the rival all but everything."""
    pairs = [(1, 1), (1, 2), (2, 3)]
    lead = contest(pairs, "one-to-one").lead(np.array([60.0, -3.0, 7.0]))
    assert lead == pytest.approx([60.0 - np.log2(1.125), -63.0, 7.0])
