"""Secondary suppression leaves nothing for the attack, and hides the same numbers in
every process.
"""

import math
import random
from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from quality.disclosure import (
    ProtectionLevel,
    Sum,
    Unprotectable,
    disclosed,
    exact_bounds,
    intervals,
    secondary,
    suppress,
)
from quality.disclosure.attack import Programme
from tests.quality.disclosure.attacker import disclosed_cells, margins, random_table


@pytest.mark.parametrize("method", ["quick", "cheapest"])
@pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 2, 3)])
@pytest.mark.parametrize("seed", range(6))
def test_random_tables_are_protected(seed: int, shape: tuple[int, ...], method) -> None:
    counts, sums = random_table(seed, shape)
    cells = suppress(counts, sums, threshold=10, method=method)
    assert {cell for cell, count in counts.items() if 0 < count < 10} <= cells
    for cell, interval in intervals(exact_bounds(counts, sums), cells).items():
        assert not interval.recovered
        if 0 < counts[cell] < 10:
            assert interval.high >= 10 - 1e-6


def test_hierarchy_is_protected_at_every_level() -> None:
    """Two regions of two areas: hiding within one region alone would be undone by its
    total.
    """
    counts = {
        "n1": 4,
        "n2": 50,
        "s1": 30,
        "s2": 60,
        "north": 54,
        "south": 90,
        "all": 144,
    }
    sums = [
        Sum("north", ("n1", "n2")),
        Sum("south", ("s1", "s2")),
        Sum("all", ("north", "south")),
    ]
    hidden_keys = suppress(counts, sums, threshold=10, method="cheapest")
    assert hidden_keys == {"n1", "n2"}
    small_counts = counts | {"n2": 3, "north": 7, "all": 97}
    hidden_keys = suppress(small_counts, sums, threshold=10, method="cheapest")
    assert {"n1", "n2", "north"} < hidden_keys
    assert not disclosed(
        exact_bounds(small_counts, sums),
        hidden_keys,
        {key: ProtectionLevel(lower=10) for key in ("n1", "n2", "north")},
    )


def test_the_cheapest_complement_hides_no_more() -> None:
    """A row of its own could take 11 and 11; line by line the pair of 12s in a square
    is not found.
    """
    rows = [[3, 90, 14], [15, 95, 80], [99, 85, 16]]
    counts, sums = margins({(r, c): rows[r][c] for r in range(3) for c in range(3)})
    quick, cheapest = (
        suppress(counts, sums, threshold=10, method=m) for m in ("quick", "cheapest")
    )
    assert (0, 0) in quick & cheapest
    assert len(cheapest) <= len(quick)


def test_fixed_number_is_not_hidden() -> None:
    counts = {"a": 3, "b": 40, "all": 43}
    sums = [Sum("all", ("a", "b"))]
    assert suppress(counts, sums, threshold=10, fixed=["b"]) == {"a", "all"}
    with pytest.raises(Unprotectable) as error:
        suppress(counts, sums, threshold=10, fixed=["b", "all"])
    assert error.value.keys == {"a"}


def test_single_small_count_hides_the_next_smallest() -> None:
    counts = {"a": 3, "b": 40, "c": 25, "all": 68}
    assert suppress(counts, [Sum("all", ("a", "b", "c"))], threshold=10) == {"a", "c"}


def test_small_counts_with_a_small_sum_hide_another() -> None:
    counts = {"a": 2, "b": 3, "c": 25, "d": 60, "all": 90}
    assert suppress(counts, [Sum("all", ("a", "b", "c", "d"))], threshold=10) == {
        "a",
        "b",
        "c",
    }


def test_zeros_are_shown_unless_they_are_sensitive() -> None:
    counts = {"a": 0, "b": 40, "c": 50, "all": 90}
    sums = [Sum("all", ("a", "b", "c"))]
    assert suppress(counts, sums, threshold=10) == frozenset()
    assert suppress(counts, sums, threshold=10, zeros_are_sensitive=True) == {"a", "b"}


def test_chain_of_sums_discloses_nothing() -> None:
    """Two hidden blocks joined by one hidden cell: every line hides two or more, and
    the joint still follows.
    """
    rows = [
        [50, 50, 90, 90, 90],
        [50, 50, 60, 90, 90],
        [90, 90, 60, 50, 50],
        [90, 90, 90, 50, 50],
    ]
    counts, sums = margins(
        {(r, c): n for r, row in enumerate(rows) for c, n in enumerate(row)}
    )
    block = {(0, 0), (0, 1), (1, 0), (1, 1), (2, 3), (2, 4), (3, 3), (3, 4)}
    bridge = block | {(1, 2), (2, 2)}
    assert disclosed_cells(sums, bridge) == {(1, 2), (2, 2)}
    hidden_keys = suppress(counts, sums, threshold=10, sensitive=bridge)
    assert not disclosed_cells(sums, set(hidden_keys))


def test_tables_that_share_a_total_are_protected_together() -> None:
    """By sex a total must go; the table by age must not show it."""
    counts = {"f": 4, "m": 0, "young": 4, "old": 0, "all": 4}
    assert {"all", "f", "young"} <= suppress(
        counts, [Sum("all", ("f", "m")), Sum("all", ("young", "old"))], threshold=10
    )


def test_a_sum_that_does_not_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        suppress({"a": 1, "all": 2}, [Sum("all", ("a",))], threshold=10)


TABLES = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(
            st.one_of(st.integers(0, 12), st.integers(0, 300)),
            min_size=width,
            max_size=width,
        ),
        min_size=1,
        max_size=6,
    )
)


@given(TABLES, st.integers(2, 12))
def test_no_hidden_cell_follows_from_shown_cells(
    rows: list[list[int]], threshold: int
) -> None:
    counts, sums = margins(
        {(r, c): n for r, row in enumerate(rows) for c, n in enumerate(row)}
    )
    hidden_keys = set(suppress(counts, sums, threshold=threshold))
    assert all(
        key in hidden_keys for key, count in counts.items() if 0 < count < threshold
    )
    assert not disclosed_cells(sums, hidden_keys)
    for line in sums:
        parts = [key for key in line.parts if key in hidden_keys]
        if parts and line.total not in hidden_keys:
            assert sum(counts[key] for key in parts) >= threshold


@given(st.lists(st.tuples(*[st.integers(0, 60)] * 3), min_size=1, max_size=6))
def test_nested_denominators_are_protected(rows: list[tuple[int, int, int]]) -> None:
    """all = outside + eligible, eligible = linked + unlinked, and each adds up over the
    groups.
    """
    counts: dict[tuple[int, int], int] = {}
    sums = []
    for group, (outside, linked, unlinked) in enumerate(rows):
        values = (
            outside,
            linked,
            unlinked,
            linked + unlinked,
            outside + linked + unlinked,
        )
        counts |= {(group, column): value for column, value in enumerate(values)}
    counts |= {(-1, c): sum(counts[(g, c)] for g in range(len(rows))) for c in range(5)}
    for group in [*range(len(rows)), -1]:
        sums += [
            Sum((group, 3), ((group, 1), (group, 2))),
            Sum((group, 4), ((group, 0), (group, 3))),
        ]
    sums += [Sum((-1, c), tuple((g, c) for g in range(len(rows)))) for c in range(5)]
    assert not disclosed_cells(sums, set(suppress(counts, sums, threshold=10)))
    unpublished = {
        key for key in counts if key[1] in (0, 2)
    }  # tables have no column for these two
    hidden_keys = set(suppress(counts, sums, threshold=10, unpublished=unpublished))
    assert not disclosed_cells(sums, hidden_keys | unpublished) & hidden_keys
    assert all(key in hidden_keys for key, count in counts.items() if 0 < count < 10)


def test_unpublished_total_discloses_nothing() -> None:
    """Where nobody sees the total, two small parts do not disclose each other, and the
    large one is shown.
    """
    counts = {"accepted": 1415, "review": 4, "rejected": 3, "all": 1422}
    sums = [Sum("all", ("accepted", "review", "rejected"))]
    assert suppress(counts, sums, threshold=10, unpublished=["all"]) == {
        "review",
        "rejected",
    }
    assert suppress(counts, sums, threshold=10) == {"accepted", "review", "rejected"}


def test_small_difference_is_protected() -> None:
    """Eligible less linked is three: one of the two must go."""
    counts = {"eligible": 503, "linked": 500, "unlinked": 3}
    hidden_keys = suppress(
        counts,
        [Sum("eligible", ("linked", "unlinked"))],
        threshold=10,
        unpublished=["unlinked"],
    )
    assert hidden_keys == {"linked", "unlinked"}


_SALT = 0


@dataclass(frozen=True)
class SaltedKey:
    """A key with another place in a set for each salt, as a text has in each
    process.
    """

    at: tuple[int, ...]

    def __hash__(self) -> int:
        return hash((_SALT, self.at))


def table_with_margins(
    seed: int, sizes: tuple[int, ...]
) -> tuple[dict[SaltedKey, int], list[Sum[SaltedKey]]]:
    """A table of several dimensions with all its margins; 0 in a key stands for the sum
    over that dimension.
    """
    draw = random.Random(seed)
    axes = [range(1, size + 1) for size in sizes]
    inner = {at: draw.choice((0, 2, 3, 4, 11, 12, 25, 60)) for at in product(*axes)}
    places = list(product(*(range(size + 1) for size in sizes)))
    counts = {
        at: sum(
            n
            for cell, n in inner.items()
            if all(a in (0, b) for a, b in zip(at, cell, strict=True))
        )
        for at in places
    }
    sums = [
        Sum(
            SaltedKey(at),
            tuple(
                SaltedKey((*at[:axis], code, *at[axis + 1 :])) for code in axes[axis]
            ),
        )
        for at in places
        for axis in range(len(sizes))
        if at[axis] == 0
    ]
    return {SaltedKey(at): n for at, n in counts.items()}, sums


@pytest.fixture(autouse=True)
def _without_salt() -> Iterator[None]:
    secondary._CACHE.clear()  # results of another test are not used
    yield
    globals()["_SALT"] = 0


@pytest.mark.parametrize(
    ("seed", "sizes", "method"),
    [(3, (4, 4, 3), "quick"), (1, (3, 3, 2), "cheapest")],
)
def test_suppression_does_not_depend_on_hash_order(
    seed: int, sizes: tuple[int, ...], method: secondary.Method
) -> None:
    """Two pages of one run that hid different numbers would each show what the other
    hides.
    """
    results = set()
    for salt in range(5):
        globals()["_SALT"] = salt
        hidden_keys = suppress(
            *table_with_margins(seed, sizes), threshold=10, method=method
        )
        results.add(tuple(sorted(key.at for key in hidden_keys)))
    assert len(results) == 1


def test_suppression_does_not_depend_on_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search for the cheapest took five seconds of the clock, in which a busy
    machine does less.
    """
    programmes: list[Programme] = []

    def make_programme(*equations: Any) -> Programme:
        programmes.append(Programme(*equations))
        return programmes[-1]

    monkeypatch.setattr(secondary, "Programme", make_programme)
    suppress(*table_with_margins(1, (3, 3, 2)), threshold=10, method="cheapest")
    assert {
        programme._highs.getOptionValue("time_limit")[1] for programme in programmes
    } == {math.inf}


def test_protected_cell_skips_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each programme that is solved hides something: a report's sides needed 290, of
    which 36 did.
    """
    idle: list[bool] = []
    flow = secondary._flow

    def count_flow(bounds, hidden_keys: Set[SaltedKey], *arguments) -> set[SaltedKey]:
        new_keys = flow(bounds, hidden_keys, *arguments)
        idle.append(new_keys <= hidden_keys)
        return new_keys

    monkeypatch.setattr(secondary, "_flow", count_flow)
    suppress(*table_with_margins(3, (4, 4, 3)), threshold=10)
    assert idle
    assert not any(idle)


def test_released_table_is_not_solved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = {"a": 3, "b": 41, **{f"c{n}": 77 for n in range(secondary._CACHED_SIZE)}}
    sums = [Sum("all", tuple(counts))]
    counts["all"] = sum(counts.values())
    first = suppress(counts, sums, threshold=10)
    monkeypatch.setattr(
        secondary, "line_by_line", lambda *_: pytest.fail("solved again")
    )
    assert suppress(dict(counts), list(sums), threshold=10) == first == {"a", "b"}
    with pytest.raises(pytest.fail.Exception, match="solved again"):
        suppress(counts | {"a": 4, "all": counts["all"] + 1}, sums, threshold=10)


def test_solver_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    equations = csr_array((0, 1))
    Programme(equations, np.zeros(0), np.zeros(0), np.zeros(1), np.ones(1)).cheapest(
        np.ones(1)
    )
    assert capfd.readouterr() == ("", "")


COSTS = st.lists(
    st.lists(st.integers(-5, 5), min_size=3, max_size=3), min_size=1, max_size=6
)


@given(costs=COSTS, whole=st.booleans())
def test_solver_does_not_depend_on_earlier_solutions(
    costs: list[list[int]], whole: bool
) -> None:
    lines, sums = (
        csr_array(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])),
        np.array([10.0, 7.0]),
    )

    def build() -> Programme:
        return Programme(lines, sums, sums, np.zeros(3), np.full(3, 8.0))

    def solve(programme: Programme, cost: list[int]) -> float:
        return float(
            np.dot(programme.cheapest(np.array(cost, dtype=float), whole=whole), cost)
        )

    programme = build()
    assert [solve(programme, cost) for cost in costs] == pytest.approx(
        [solve(build(), cost) for cost in costs]
    )
