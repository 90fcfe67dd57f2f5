"""No hidden count can be had from what is shown."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import ConfigError
from quality.disclosure import Cell, Disclosure, Dominance, Sum, dominated, load, suppress
from quality.measures.intervals import wilson


@pytest.fixture
def leo() -> Disclosure:
    return Disclosure(load("leo_publication"))


def table(rows: list[list[int]]) -> tuple[dict[tuple[int, int], int], list[Sum[tuple[int, int]]]]:
    """Counts of a table with its margins (row or column -1), and its sums."""
    height, width = len(rows), len(rows[0])
    counts = {(r, c): rows[r][c] for r in range(height) for c in range(width)}
    counts |= {(r, -1): sum(rows[r]) for r in range(height)}
    counts |= {(-1, c): sum(row[c] for row in rows) for c in range(width)}
    counts[(-1, -1)] = sum(map(sum, rows))
    sums = [Sum((r, -1), tuple((r, c) for c in range(width))) for r in [*range(height), -1]]
    sums += [Sum((-1, c), tuple((r, c) for r in range(height))) for c in [*range(width), -1]]
    return counts, sums


def solved(sums: list[Sum[tuple[int, int]]], hidden: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """The hidden cells that exact elimination over the sums finds: an attacker's way, not the code's."""
    unknown = sorted(hidden)
    matrix = [
        [Fraction((key in line.parts) - (key == line.total)) for key in unknown]
        for line in sums
        if hidden & set(line.members)
    ]
    row = 0
    for column in range(len(unknown)):
        pivot = next((r for r in range(row, len(matrix)) if matrix[r][column]), None)
        if pivot is None:
            continue
        matrix[row], matrix[pivot] = matrix[pivot], matrix[row]
        matrix[row] = [x / matrix[row][column] for x in matrix[row]]
        for r in range(len(matrix)):
            if r != row and matrix[r][column]:
                factor = matrix[r][column]
                matrix[r] = [x - factor * y for x, y in zip(matrix[r], matrix[row], strict=True)]
        row += 1
    return {unknown[line.index(1)] for line in matrix if sum(1 for x in line if x) == 1}


def test_a_lone_small_count_takes_the_next_smallest_with_it() -> None:
    counts = {"a": 3, "b": 40, "c": 25, "all": 68}
    assert suppress(counts, [Sum("all", ("a", "b", "c"))], threshold=10) == {"a", "c"}


def test_small_counts_that_are_small_together_take_another() -> None:
    counts = {"a": 2, "b": 3, "c": 25, "d": 60, "all": 90}
    assert suppress(counts, [Sum("all", ("a", "b", "c", "d"))], threshold=10) == {"a", "b", "c"}


def test_zeros_are_shown_unless_they_are_sensitive() -> None:
    counts = {"a": 0, "b": 40, "c": 50, "all": 90}
    sums = [Sum("all", ("a", "b", "c"))]
    assert suppress(counts, sums, threshold=10) == frozenset()
    assert suppress(counts, sums, threshold=10, zeros_are_sensitive=True) == {"a", "b"}


def test_a_chain_of_sums_gives_nothing_away() -> None:
    """Two hidden blocks joined by one hidden cell: every line hides two or more, and the joint still follows."""
    rows = [[50, 50, 90, 90, 90], [50, 50, 60, 90, 90], [90, 90, 60, 50, 50], [90, 90, 90, 50, 50]]
    counts, sums = table(rows)
    block = {(0, 0), (0, 1), (1, 0), (1, 1), (2, 3), (2, 4), (3, 3), (3, 4)}
    bridge = block | {(1, 2), (2, 2)}
    assert solved(sums, bridge) == {(1, 2), (2, 2)}
    hidden = suppress(counts, sums, threshold=10, sensitive=bridge)
    assert not solved(sums, set(hidden))


def test_tables_that_share_a_total_are_judged_together() -> None:
    """By sex a total must go; the table by age must not show it."""
    counts = {"f": 4, "m": 0, "young": 4, "old": 0, "all": 4}
    assert {"all", "f", "young"} <= suppress(
        counts, [Sum("all", ("f", "m")), Sum("all", ("young", "old"))], threshold=10
    )


def test_a_sum_that_does_not_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        suppress({"a": 1, "all": 2}, [Sum("all", ("a",))], threshold=10)


tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.one_of(st.integers(0, 12), st.integers(0, 300)), min_size=width, max_size=width),
        min_size=1,
        max_size=6,
    )
)


@given(tables, st.integers(2, 12))
def test_no_hidden_cell_follows_from_the_shown(rows: list[list[int]], threshold: int) -> None:
    counts, sums = table(rows)
    hidden = set(suppress(counts, sums, threshold=threshold))
    assert all(key in hidden for key, count in counts.items() if 0 < count < threshold)
    assert not solved(sums, hidden)
    for line in sums:
        parts = [key for key in line.parts if key in hidden]
        if parts and line.total not in hidden:
            assert sum(counts[key] for key in parts) >= threshold


@given(st.lists(st.tuples(*[st.integers(0, 60)] * 3), min_size=1, max_size=6))
def test_nested_denominators_hide_no_worse(rows: list[tuple[int, int, int]]) -> None:
    """all = outside + eligible, eligible = linked + unlinked, and each adds up over the groups."""
    counts: dict[tuple[int, int], int] = {}
    sums = []
    for group, (outside, linked, unlinked) in enumerate(rows):
        values = (outside, linked, unlinked, linked + unlinked, outside + linked + unlinked)
        counts |= {(group, column): value for column, value in enumerate(values)}
    counts |= {(-1, c): sum(counts[(g, c)] for g in range(len(rows))) for c in range(5)}
    for group in [*range(len(rows)), -1]:
        sums += [Sum((group, 3), ((group, 1), (group, 2))), Sum((group, 4), ((group, 0), (group, 3)))]
    sums += [Sum((-1, c), tuple((g, c) for g in range(len(rows)))) for c in range(5)]
    assert not solved(sums, set(suppress(counts, sums, threshold=10)))
    unshown = {key for key in counts if key[1] in (0, 2)}  # tables have no column for these two
    hidden = set(suppress(counts, sums, threshold=10, unshown=unshown))
    assert not solved(sums, hidden | unshown) & hidden
    assert all(key in hidden for key, count in counts.items() if 0 < count < 10)


def test_what_no_table_shows_may_stay_unknown() -> None:
    """Where nobody sees the total, two small parts give each other away to no one, and the large one stays."""
    counts = {"accepted": 1415, "review": 4, "rejected": 3, "all": 1422}
    sums = [Sum("all", ("accepted", "review", "rejected"))]
    assert suppress(counts, sums, threshold=10, unshown=["all"]) == {"review", "rejected"}
    assert suppress(counts, sums, threshold=10) == {"accepted", "review", "rejected"}


def test_a_small_remainder_is_guarded_though_no_table_shows_it() -> None:
    """Eligible less linked is three: one of the two must go."""
    counts = {"eligible": 503, "linked": 500, "unlinked": 3}
    hidden = suppress(counts, [Sum("eligible", ("linked", "unlinked"))], threshold=10, unshown=["unlinked"])
    assert hidden == {"linked", "unlinked"}


@given(st.integers(0, 10**7))
def test_counts_are_shown_to_the_nearest_five_or_not_at_all(count: int) -> None:
    cell = Disclosure(load("leo_publication")).count(count)
    if 0 < count < 10:
        assert cell == Cell("c", None, "suppressed")
    else:
        assert cell.value is not None
        assert cell.value % 5 == 0
        assert abs(cell.value - count) <= 2


@given(st.integers(0, 10**6).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_a_percentage_says_no_small_count(case: tuple[int, int]) -> None:
    """At least `threshold` values of the part are behind every shown percentage whose part or rest is small."""
    part, of = case
    cell = Disclosure(load("leo_publication")).percent(part, of)
    small = 0 < part < 10 or 0 < of - part < 10
    if cell.value is not None:
        assert not small
        assert math.isclose(cell.value, 100 * part / of, abs_tol=0.0501)
    if small and cell.mark in ("low", "high"):
        assert 0.0005 * of >= 10


@pytest.mark.parametrize(
    ("part", "of", "text"),
    [
        (0, 0, "z"),
        (3, 9, "c"),
        (4, 500, "c"),
        (496, 500, "c"),
        (250, 500, "50.0"),
        (0, 500, "0.0"),
        (500, 500, "100.0"),
        (4, 40_000, "low"),
        (39_996, 40_000, "high"),
        (12, 40_000, "low"),
    ],
)
def test_symbols_of_percentages(leo: Disclosure, part: int, of: int, text: str) -> None:
    assert leo.percent(part, of).text == text


def test_a_percentage_is_hidden_with_the_cells_it_would_say(leo: Disclosure) -> None:
    assert leo.percent(400, 500, tied=[leo.count(4)]).mark == "suppressed"


def test_percentages_from_rounded_counts() -> None:
    assert Disclosure(load("ons_10_5")).percent(111, 333).text == f"{100 * 110 / 335:.1f}"


def test_an_error_against_truth_is_shown_and_never_rounded_away(leo: Disclosure) -> None:
    assert leo.accuracy(wilson(99_999, 100_000)).text == "99.99"
    assert leo.accuracy(wilson(100_000, 100_000)).text == "100.00"
    assert leo.accuracy(wilson(5, 5)).text == "c"
    assert leo.accuracy(None).text == "z"


def test_dominance() -> None:
    rule = Dominance(contributors=2, share=0.9)
    assert dominated([60.0, 35.0, 5.0], rule)
    assert not dominated([60.0, 25.0, 15.0], rule)


def test_an_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="leo_publication"):
        load("nobody")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "leo_publication",
            "Counts under 10 are not shown, nor others from which they could be had; the rest are to the nearest 5",
        ),
        ("acro", "Counts under 10 are not shown, nor others from which they could be had"),
        ("hesa", "Counts are to the nearest 5; none is hidden for being small"),
        ("ofqual", "Counts are to the nearest 5, those under 5 written “fewer than 5”; none is hidden for being small"),
    ],
)
def test_a_profile_says_what_it_does_to_counts(name: str, said: str) -> None:
    assert load(name).of_counts == said
