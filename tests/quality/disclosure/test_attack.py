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
def test_attack_finds_what_trying_every_table_finds(values: list[int], data: st.DataObject) -> None:
    counts, sums = margins({(r, c): values[3 * r + c] for r in range(2) for c in range(3)})
    inner = [cell for cell in counts if ALL not in cell]
    hidden = data.draw(st.lists(st.sampled_from(inner), min_size=1, max_size=4, unique=True))
    tried = all_tables(counts, sums, hidden, 9)
    for cell, found in intervals(exact_bounds(counts, sums), hidden).items():
        assert (round(found.low), round(found.high)) == (min(tried[cell]), max(tried[cell]))


def test_zeros_of_a_shown_zero_total_are_disclosed() -> None:
    """No subtraction discloses them; that numbers are not negative does."""
    counts = {"a": 0, "b": 0, "c": 40, "all": 40}
    sums = [Sum("all", ("a", "b", "c"))]
    needs = dict.fromkeys("ab", ProtectionLevel())
    assert disclosed(exact_bounds(counts, sums), ["a", "b"], needs) == {"a", "b"}


def test_rounding_bounds_a_hidden_cell() -> None:
    shown = {"a": 40.0, "b": 25.0, "all": 70.0}
    low = {key: value - 2 for key, value in shown.items()} | {"c": 0.0}
    high = {key: value + 2 for key, value in shown.items()} | {"c": 0.0}
    found = intervals(AttackerBounds(low, high, [Sum("all", ("a", "b", "c"))]), ["c"])["c"]
    assert (found.low, found.high) == (0, 11)


def test_unbounded_total_is_unbounded() -> None:
    found = intervals(exact_bounds({"a": 3, "all": 3}, [Sum("all", ("a",))]), ["a", "all"])
    assert (found["a"].low, found["a"].high) == (0, float("inf"))


def test_contradiction_is_refused() -> None:
    known = AttackerBounds({"a": 5.0, "b": 0.0, "all": 4.0}, {"a": 5.0, "b": 0.0, "all": 4.0}, [Sum("all", ("a", "b"))])
    with pytest.raises(ValueError, match="contradict"):
        disclosed(known, ["b"], {"b": ProtectionLevel()})


def profile(**rules) -> Profile:
    return load("leo_publication").model_copy(update={"dominance": (), "p_percent": None} | rules)


def test_p_percent() -> None:
    """100, 60 and 5: the second contributor knows the first to within 5."""
    found = broken_rule(165, [100, 60], profile(p_percent=0.10))
    assert found is not None
    assert found.distance == pytest.approx(5)
    assert broken_rule(175, [100, 60], profile(p_percent=0.10)) is None


def test_n_k_distance_makes_the_rule_hold() -> None:
    rule = Dominance(contributors=2, share=0.80)
    found = broken_rule(170, [100, 60], profile(dominance=(rule,)))
    assert found is not None
    assert 160 / (170 + found.distance) == pytest.approx(0.80)


def test_dominated_total_is_protected_to_its_distance() -> None:
    totals = {"a": 165.0, "b": 400.0, "c": 900.0, "all": 1465.0}
    sums = [Sum("all", ("a", "b", "c"))]
    found = broken_rule(165, [100, 60], profile(p_percent=0.10))
    assert found is not None
    known = exact_bounds(totals, sums, is_integer=False)
    hidden = protect(known, {"a": level_of(165, found)}, method="cheapest")
    assert hidden == {"a", "b"}
    bounds = intervals(known, hidden)["a"]
    assert bounds.low <= 160
    assert bounds.high >= 170


@given(st.integers(0, 10**6))
def test_once_shown_agrees_with_a_new_attack(seed: int) -> None:
    """Of those tied to it; and what one equation says of a number is never less than what all of them leave."""
    rng = random.Random(seed)
    tables = [margins({(t, *at): rng.randrange(20) for at in product(range(3), range(3))}) for t in range(2)]
    counts = {cell: n for found, _ in tables for cell, n in found.items() if cell[0] != ALL}
    sums = [line for _, found in tables for line in found if line.total[0] != ALL]
    known = exact_bounds(counts, sums)
    hidden = set(rng.sample(sorted(counts), 14))
    shown = rng.choice(sorted(hidden))
    needs = {cell: ProtectionLevel(lower=10) for cell in hidden - {shown} if counts[cell] < 10 and cell[0] == shown[0]}
    once = Attack(known, hidden).once_shown(shown)
    told = disclosed(known, hidden - {shown}, needs) - disclosed(known, hidden, needs)
    tied = {known.keys[place] for place in Attack(known, hidden).tied(shown)}
    guarded = {cell: need for cell, need in needs.items() if cell in tied}
    assert told <= underprotected(once, guarded) == disclosed(known, hidden - {shown}, guarded)
    assert bool(underprotected(once, guarded, first_only=True)) == bool(underprotected(once, guarded))
    low, high = Attack(known, hidden).narrowed()
    for cell, found in intervals(known, hidden).items():
        place = Attack(known, hidden).places([cell])
        if found.high > found.low:
            assert Attack(known, hidden).values(low, place) <= found.low + 1e-6
            assert found.high == float("inf") or Attack(known, hidden).values(high, place) >= found.high - 1e-6


def test_shown_numbers_are_consistent_where_they_add_up() -> None:
    """The solver takes no problem without an unknown; such numbers were said to contradict each other."""
    line = [Sum("total", ("north", "south"))]
    for south, is_possible in ((33.0, True), (34.0, False)):
        shown = {"north": 40.0, "south": south, "total": 73.0}
        assert is_consistent(AttackerBounds(shown, shown, line), []) is is_possible
    assert is_consistent(AttackerBounds({"north": 40.0}, {"north": 40.0}, []), [])
