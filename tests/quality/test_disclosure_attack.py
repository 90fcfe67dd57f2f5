"""The attack finds what can be had, and suppression leaves it nothing to find."""

import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.disclosure import (
    Dominance,
    Known,
    Need,
    Profile,
    Sum,
    Unprotectable,
    broken,
    exactly,
    exposed,
    intervals,
    load,
    possible,
    protect,
    recovered,
    room_of,
    suppress,
)
from quality.disclosure.attack import Attack, unmet

Cell = tuple[int, ...]
ALL = -1


def margins(inner: dict[Cell, int]) -> tuple[dict[Cell, int], list[Sum[Cell]]]:
    """A table of any number of dimensions with every total, and its sums. ALL stands for all of a dimension."""
    ways = len(next(iter(inner)))
    codes = [sorted({cell[way] for cell in inner}) for way in range(ways)]
    counts = {
        cell: sum(n for at, n in inner.items() if all(c in (ALL, a) for c, a in zip(cell, at, strict=True)))
        for cell in product(*([*found, ALL] for found in codes))
    }
    sums = [
        Sum(cell, tuple((*cell[:way], code, *cell[way + 1 :]) for code in codes[way]))
        for cell in counts
        for way in range(ways)
        if cell[way] == ALL
    ]
    return counts, sums


def all_tables(counts: dict[Cell, int], sums: list[Sum[Cell]], hidden: list[Cell], most: int) -> dict[Cell, set[int]]:
    """By trying every number: which each hidden one can be."""
    found: dict[Cell, set[int]] = {cell: set() for cell in hidden}
    for values in product(range(most + 1), repeat=len(hidden)):
        tried = counts | dict(zip(hidden, values, strict=True))
        if all(sum(tried[part] for part in line.parts) == tried[line.total] for line in sums):
            for cell in hidden:
                found[cell].add(tried[cell])
    return found


@given(st.lists(st.integers(0, 3), min_size=6, max_size=6), st.data())
def test_the_attack_finds_what_trying_every_table_finds(values: list[int], data: st.DataObject) -> None:
    counts, sums = margins({(r, c): values[3 * r + c] for r in range(2) for c in range(3)})
    inner = [cell for cell in counts if ALL not in cell]
    hidden = data.draw(st.lists(st.sampled_from(inner), min_size=1, max_size=4, unique=True))
    tried = all_tables(counts, sums, hidden, 9)
    for cell, found in intervals(exactly(counts, sums), hidden).items():
        assert (round(found.low), round(found.high)) == (min(tried[cell]), max(tried[cell]))


def test_noughts_that_add_up_to_a_shown_nought_are_known() -> None:
    """No subtraction tells them; that numbers are not negative does."""
    counts = {"a": 0, "b": 0, "c": 40, "all": 40}
    sums = [Sum("all", ("a", "b", "c"))]
    assert recovered(exactly(counts, sums), ["a", "b"]) == {"a", "b"}


def test_a_hidden_cell_in_rounded_numbers_is_bounded_by_the_rounding() -> None:
    shown = {"a": 40.0, "b": 25.0, "all": 70.0}
    low = {key: value - 2 for key, value in shown.items()} | {"c": 0.0}
    high = {key: value + 2 for key, value in shown.items()} | {"c": 0.0}
    found = intervals(Known(low, high, [Sum("all", ("a", "b", "c"))]), ["c"])["c"]
    assert (found.low, found.high) == (0, 11)


def test_a_total_that_nothing_bounds_may_be_anything() -> None:
    found = intervals(exactly({"a": 3, "all": 3}, [Sum("all", ("a",))]), ["a", "all"])
    assert (found["a"].low, found["a"].high) == (0, float("inf"))


def test_numbers_that_contradict_their_sums_are_refused() -> None:
    known = Known({"a": 5.0, "b": 0.0, "all": 4.0}, {"a": 5.0, "b": 0.0, "all": 4.0}, [Sum("all", ("a", "b"))])
    with pytest.raises(ValueError, match="contradicts"):
        recovered(known, ["b"])


def random_table(seed: int, shape: tuple[int, ...]) -> tuple[dict[Cell, int], list[Sum[Cell]]]:
    draw = random.Random(seed)
    cells = product(*(range(size) for size in shape))
    return margins({cell: draw.choice([draw.randint(0, 12), draw.randint(0, 300)]) for cell in cells})


@pytest.mark.parametrize("method", ["quick", "cheapest"])
@pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 2, 3)])
@pytest.mark.parametrize("seed", range(6))
def test_no_hidden_cell_is_recovered_and_none_is_known_to_be_small(seed: int, shape: tuple[int, ...], method) -> None:
    counts, sums = random_table(seed, shape)
    hidden = suppress(counts, sums, threshold=10, method=method)
    assert {cell for cell, count in counts.items() if 0 < count < 10} <= hidden
    for cell, found in intervals(exactly(counts, sums), hidden).items():
        assert not found.recovered
        if 0 < counts[cell] < 10:
            assert found.high >= 10 - 1e-6


def test_a_hierarchy_is_guarded_at_every_level() -> None:
    """Two regions of two areas: hiding within one region alone would be undone by its total."""
    counts = {"n1": 4, "n2": 50, "s1": 30, "s2": 60, "north": 54, "south": 90, "all": 144}
    sums = [Sum("north", ("n1", "n2")), Sum("south", ("s1", "s2")), Sum("all", ("north", "south"))]
    hidden = suppress(counts, sums, threshold=10, method="cheapest")
    assert hidden == {"n1", "n2"}
    thin = counts | {"n2": 3, "north": 7, "all": 97}
    hidden = suppress(thin, sums, threshold=10, method="cheapest")
    assert {"n1", "n2", "north"} < hidden
    assert not exposed(exactly(thin, sums), hidden, {key: Need(least=10) for key in ("n1", "n2", "north")})


def test_the_cheapest_complement_is_found() -> None:
    """A row of its own could take 11 and 11; the pair of 12s in a square is what a line at a time does not see."""
    rows = [[3, 90, 14], [15, 95, 80], [99, 85, 16]]
    counts, sums = margins({(r, c): rows[r][c] for r in range(3) for c in range(3)})
    quick, cheapest = (suppress(counts, sums, threshold=10, method=m) for m in ("quick", "cheapest"))
    assert (0, 0) in quick & cheapest
    assert len(cheapest) <= len(quick)


def test_what_is_known_elsewhere_cannot_be_hidden() -> None:
    counts = {"a": 3, "b": 40, "all": 43}
    sums = [Sum("all", ("a", "b"))]
    assert suppress(counts, sums, threshold=10, fixed=["b"]) == {"a", "all"}
    with pytest.raises(Unprotectable) as found:
        suppress(counts, sums, threshold=10, fixed=["b", "all"])
    assert found.value.keys == {"a"}


def profile(**rules) -> Profile:
    return load("leo_publication").model_copy(update={"dominance": (), "p_percent": None} | rules)


def test_p_percent() -> None:
    """100, 60 and 5: the second contributor knows the first to within 5."""
    found = broken(165, [100, 60], profile(p_percent=0.10))
    assert found is not None
    assert found.room == pytest.approx(5)
    assert broken(175, [100, 60], profile(p_percent=0.10)) is None


def test_n_k_room_makes_the_rule_hold() -> None:
    rule = Dominance(contributors=2, share=0.80)
    found = broken(170, [100, 60], profile(dominance=(rule,)))
    assert found is not None
    assert 160 / (170 + found.room) == pytest.approx(0.80)


def test_a_dominated_total_cannot_be_reckoned_to_within_its_room() -> None:
    totals = {"a": 165.0, "b": 400.0, "c": 900.0, "all": 1465.0}
    sums = [Sum("all", ("a", "b", "c"))]
    found = broken(165, [100, 60], profile(p_percent=0.10))
    assert found is not None
    known = exactly(totals, sums, whole=False)
    hidden = protect(known, {"a": room_of(165, found)}, method="cheapest")
    assert hidden == {"a", "b"}
    bounds = intervals(known, hidden)["a"]
    assert bounds.low <= 160
    assert bounds.high >= 170


@given(st.integers(0, 10**6))
def test_a_number_shown_again_tells_as_much_as_if_it_had_never_been_hidden(seed: int) -> None:
    """Of those tied to it; and what one equation says of a number is never less than what all of them leave."""
    rng = random.Random(seed)
    tables = [margins({(t, *at): rng.randrange(20) for at in product(range(3), range(3))}) for t in range(2)]
    counts = {cell: n for found, _ in tables for cell, n in found.items() if cell[0] != ALL}
    sums = [line for _, found in tables for line in found if line.total[0] != ALL]
    known = exactly(counts, sums)
    hidden = set(rng.sample(sorted(counts), 14))
    shown = rng.choice(sorted(hidden))
    needs = {cell: Need(least=10) for cell in hidden - {shown} if counts[cell] < 10 and cell[0] == shown[0]}
    once = Attack(known, hidden).once_shown(shown)
    told = exposed(known, hidden - {shown}, needs) - exposed(known, hidden, needs)
    tied = {known.keys[place] for place in Attack(known, hidden).tied(shown)}
    guarded = {cell: need for cell, need in needs.items() if cell in tied}
    assert told <= unmet(once, guarded) == exposed(known, hidden - {shown}, guarded)
    assert bool(unmet(once, guarded, one_will_do=True)) == bool(unmet(once, guarded))
    low, high = Attack(known, hidden).narrowed()
    for cell, found in intervals(known, hidden).items():
        place = Attack(known, hidden).places([cell])
        if found.high > found.low:
            assert Attack(known, hidden).values(low, place) <= found.low + 1e-6
            assert found.high == float("inf") or Attack(known, hidden).values(high, place) >= found.high - 1e-6


def test_numbers_that_are_all_shown_are_possible_where_they_add_up() -> None:
    """The solver takes no problem without an unknown; such numbers were said to contradict each other."""
    line = [Sum("total", ("north", "south"))]
    for south, is_possible in ((33.0, True), (34.0, False)):
        shown = {"north": 40.0, "south": south, "total": 73.0}
        assert possible(Known(shown, shown, line), []) is is_possible
    assert possible(Known({"north": 40.0}, {"north": 40.0}, []), [])
