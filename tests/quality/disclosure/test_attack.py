"""The attack finds what published numbers disclose of hidden ones."""

import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.disclosure import (
    AttackerBounds,
    Dominance,
    Profile,
    ProtectionLevel,
    Sum,
    broken_rule,
    disclosed,
    exact_bounds,
    intervals,
    is_consistent,
    level_of,
    load,
    protect,
)
from quality.disclosure.attack import Attack, underprotected
from tests.quality.disclosure.attacker import ALL, all_tables, margins


@given(st.lists(st.integers(0, 3), min_size=6, max_size=6), st.data())
def test_attack_finds_what_trying_every_table_finds(
    values: list[int], data: st.DataObject
) -> None:
    counts, sums = margins(
        {(r, c): values[3 * r + c] for r in range(2) for c in range(3)}
    )
    inner = [cell for cell in counts if ALL not in cell]
    hidden_cells = data.draw(
        st.lists(st.sampled_from(inner), min_size=1, max_size=4, unique=True)
    )
    values_of = all_tables(counts, sums, hidden_cells, 9)
    for cell, interval in intervals(exact_bounds(counts, sums), hidden_cells).items():
        assert (round(interval.low), round(interval.high)) == (
            min(values_of[cell]),
            max(values_of[cell]),
        )


def test_zeros_of_a_shown_zero_total_are_disclosed() -> None:
    """No subtraction discloses them; that numbers are not negative does."""
    counts = {"a": 0, "b": 0, "c": 40, "all": 40}
    sums = [Sum("all", ("a", "b", "c"))]
    needs = dict.fromkeys("ab", ProtectionLevel())
    assert disclosed(exact_bounds(counts, sums), ["a", "b"], needs) == {"a", "b"}


def test_rounding_bounds_a_hidden_cell() -> None:
    numbers = {"a": 40.0, "b": 25.0, "all": 70.0}
    low = {key: value - 2 for key, value in numbers.items()} | {"c": 0.0}
    high = {key: value + 2 for key, value in numbers.items()} | {"c": 0.0}
    interval = intervals(
        AttackerBounds(low, high, [Sum("all", ("a", "b", "c"))]), ["c"]
    )["c"]
    assert (interval.low, interval.high) == (0, 11)


def test_unbounded_total_is_unbounded() -> None:
    bounds = intervals(
        exact_bounds({"a": 3, "all": 3}, [Sum("all", ("a",))]), ["a", "all"]
    )
    assert (bounds["a"].low, bounds["a"].high) == (0, float("inf"))


def test_contradiction_is_refused() -> None:
    numbers = {"a": 5.0, "b": 0.0, "all": 4.0}
    bounds = AttackerBounds(numbers, numbers, [Sum("all", ("a", "b"))])
    with pytest.raises(ValueError, match="contradict"):
        disclosed(bounds, ["b"], {"b": ProtectionLevel()})


def profile(**rules) -> Profile:
    return load("leo_publication").model_copy(
        update={"dominance": (), "p_percent": None} | rules
    )


def test_p_percent() -> None:
    """100, 60 and 5: the second contributor knows the first to within 5."""
    breach = broken_rule(165, [100, 60], profile(p_percent=0.10))
    assert breach is not None
    assert breach.distance == pytest.approx(5)
    assert broken_rule(175, [100, 60], profile(p_percent=0.10)) is None


def test_n_k_distance_makes_the_rule_hold() -> None:
    rule = Dominance(contributors=2, share=0.80)
    breach = broken_rule(170, [100, 60], profile(dominance=(rule,)))
    assert breach is not None
    assert 160 / (170 + breach.distance) == pytest.approx(0.80)


def test_dominated_total_is_protected_to_its_distance() -> None:
    totals = {"a": 165.0, "b": 400.0, "c": 900.0, "all": 1465.0}
    sums = [Sum("all", ("a", "b", "c"))]
    breach = broken_rule(165, [100, 60], profile(p_percent=0.10))
    assert breach is not None
    bounds = exact_bounds(totals, sums, is_integer=False)
    hidden_cells = protect(bounds, {"a": level_of(165, breach)}, method="cheapest")
    assert hidden_cells == {"a", "b"}
    interval = intervals(bounds, hidden_cells)["a"]
    assert interval.low <= 160
    assert interval.high >= 170


@given(st.integers(0, 10**6))
def test_once_shown_agrees_with_a_new_attack(seed: int) -> None:
    """For cells tied to it; and bounds from one equation are never narrower than bounds
    from all equations.
    """
    rng = random.Random(seed)
    tables = [
        margins({(t, *at): rng.randrange(20) for at in product(range(3), range(3))})
        for t in range(2)
    ]
    counts = {
        cell: n
        for counts_of, _ in tables
        for cell, n in counts_of.items()
        if cell[0] != ALL
    }
    sums = [line for _, lines in tables for line in lines if line.total[0] != ALL]
    bounds = exact_bounds(counts, sums)
    cells = set(rng.sample(sorted(counts), 14))
    target = rng.choice(sorted(cells))
    needs = {
        cell: ProtectionLevel(lower=10)
        for cell in cells - {target}
        if counts[cell] < 10 and cell[0] == target[0]
    }
    attack = Attack(bounds, cells).once_shown(target)
    difference = disclosed(bounds, cells - {target}, needs) - disclosed(
        bounds, cells, needs
    )
    tied_cells = {bounds.keys[place] for place in Attack(bounds, cells).tied(target)}
    tied_needs = {cell: need for cell, need in needs.items() if cell in tied_cells}
    assert (
        difference
        <= underprotected(attack, tied_needs)
        == disclosed(bounds, cells - {target}, tied_needs)
    )
    assert bool(underprotected(attack, tied_needs, first_only=True)) == bool(
        underprotected(attack, tied_needs)
    )
    low, high = Attack(bounds, cells).narrowed()
    for cell, interval in intervals(bounds, cells).items():
        place = Attack(bounds, cells).places([cell])
        if interval.high > interval.low:
            assert Attack(bounds, cells).values(low, place) <= interval.low + 1e-6
            assert (
                interval.high == float("inf")
                or Attack(bounds, cells).values(high, place) >= interval.high - 1e-6
            )


def test_shown_numbers_are_consistent_if_they_add_up() -> None:
    """The solver takes no problem without an unknown; such numbers were reported as
    contradictory.
    """
    line = [Sum("total", ("north", "south"))]
    for south, is_possible in ((33.0, True), (34.0, False)):
        numbers = {"north": 40.0, "south": south, "total": 73.0}
        assert is_consistent(AttackerBounds(numbers, numbers, line), []) is is_possible
    assert is_consistent(AttackerBounds({"north": 40.0}, {"north": 40.0}, []), [])
