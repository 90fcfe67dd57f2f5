"""Random small tables under every profile: no small count follows from sums and
differences of what is shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.disclosure import Profile, load, names
from quality.disclosure.outputs.checking import check_tables
from quality.disclosure.outputs.reading import Sheet, value
from tests.quality.disclosure.attacker import bounds_of
from tests.quality.disclosure.test_linked import sheet

AREAS, SEXES = ("north", "south", "east", "west"), ("female", "male", "other")
Query = tuple[str | None, str | None]  # an area and a sex; None for all


@dataclass(frozen=True)
class World:
    """People by area and sex, and the layout of their tables.

    Attributes:
        tables: of each its rows' and its columns' codes, None for all; no columns where
            it is by area alone.
    """

    people: dict[tuple[str, str], int]
    tables: list[tuple[list[str | None], list[str | None]]]

    def count(self, query: Query) -> int:
        return sum(n for at, n in self.people.items() if is_of(at, query))


def is_of(person: tuple[str, str], query: Query) -> bool:
    return all(
        code in (None, code_of_person)
        for code_of_person, code in zip(person, query, strict=True)
    )


@st.composite
def worlds(draw: st.DrawFn, *, has_margins: bool) -> World:
    areas, sexes = (
        list(codes[: draw(st.integers(2, len(codes)))]) for codes in (AREAS, SEXES)
    )
    number = st.one_of(st.just(0), st.integers(1, 14), st.integers(15, 60))
    people = {at: draw(number) for at in product(areas, sexes)}
    all_areas, all_sexes = draw(st.booleans()), draw(st.booleans())
    rows: list[str | None] = [*areas, *[None] * all_areas]
    tables: list[tuple[list[str | None], list[str | None]]] = [
        (rows, [*sexes, *[None] * all_sexes])
    ]
    if has_margins and draw(st.booleans()):
        tables.append((rows, [None]))
    return World(people, tables)


def sheets_of(world: World, profile: Profile, *, is_rounded: bool) -> list[Sheet]:
    """The tables with exact counts, or rounded with a symbol for those that are
    small.
    """

    def text_of_cell(query: Query) -> str:
        count, base = world.count(query), profile.round_to
        if not is_rounded:
            return str(count)
        return (
            profile.symbols.suppressed
            if is_small(count, profile)
            else str((count + base // 2) // base * base)
        )

    sheets = []
    for number, (rows, columns) in enumerate(world.tables):
        heads = (
            ["people"]
            if columns == [None]
            else [column or "total" for column in columns]
        )
        lines = [
            " | ".join(
                [row or "total", *(text_of_cell((row, column)) for column in columns)]
            )
            for row in rows
        ]
        codes = [head for head, column in zip(heads, columns, strict=True) if column]
        schemas: dict[str, object] = {
            head: {"holds": "count", "code_of": "sex"} for head in codes
        }
        schemas |= {"area": {"holds": "dimension"}}
        schemas |= (
            {"total": {"holds": "count", "sum_of": codes}} if "total" in heads else {}
        )
        rounded_to = profile.round_to if is_rounded else 1
        table_text = "\n".join([" | ".join(["area", *heads]), *lines])
        sheets.append(
            sheet(f"t{number}", table_text, columns=schemas, rounded_to=rounded_to)
        )
    return sheets


def is_small(count: int, profile: Profile) -> bool:
    return (0 if profile.zeros_are_sensitive else 1) <= count < profile.threshold


def cells_shown(
    world: World, safe: Sequence[Sequence[Sequence[str]]]
) -> Iterator[tuple[Query, str]]:
    for (rows, columns), lines in zip(world.tables, safe, strict=True):
        for row, line in zip(rows, lines, strict=True):
            for column, text in zip(columns, line[1:], strict=True):
                yield (row, column), text


def ends(text: str, profile: Profile) -> tuple[float, float]:
    """What a reader of one cell, who knows the profile, knows of its count."""
    number, reach = value(text).number, profile.round_to // 2
    if text == profile.symbols.suppressed:
        return 0.0, np.inf
    if number is None:  # written low
        return 1.0, max(profile.low_below - 1.0, reach)
    low = max(number - reach, 0.0)
    low = (
        max(low, profile.threshold)
        if number and number + reach >= profile.threshold
        else low
    )
    if not number and profile.zeros_are_sensitive:
        low = 0.0
    return low, number + reach if number or profile.threshold <= reach else 0.0


def bounds(
    world: World, cells: Sequence[tuple[Query, str]], profile: Profile, query: Query
) -> tuple[float, float]:
    """The least and the most that a count can be, by programmes in whole numbers over
    the people themselves.
    """
    places = list(world.people)
    lines = np.array([[float(is_of(at, cell)) for at in places] for cell, _ in cells])
    low, high = (
        np.array(side)
        for side in zip(*(ends(text, profile) for _, text in cells), strict=True)
    )
    return bounds_of([float(is_of(at, query)) for at in places], lines, low, high)


@pytest.mark.parametrize("name", names())
@given(world=worlds(has_margins=True))
def test_no_small_count_is_disclosed_by_exact_tables(name: str, world: World) -> None:
    profile = load(name)
    outputs = check_tables(sheets_of(world, profile, is_rounded=False), profile)
    assert all(output.safe is not None for output in outputs)
    cells = list(cells_shown(world, [output.safe or [] for output in outputs]))
    for query, text in cells:
        count = world.count(query)
        if is_small(count, profile):
            assert text == profile.symbols.suppressed
            assert bounds(world, cells, profile, query)[1] >= profile.threshold


def rounded_cells(world: World, profile: Profile) -> list[tuple[Query, str]]:
    """What is shown of a world's rounded tables; nothing where a table is refused."""
    outputs = check_tables(sheets_of(world, profile, is_rounded=True), profile)
    safe = [output.safe for output in outputs if output.safe is not None]
    return list(cells_shown(world, safe)) if len(safe) == len(outputs) else []


@pytest.mark.parametrize("name", [name for name in names() if load(name).threshold > 1])
@given(world=worlds(has_margins=False))
def test_no_hidden_count_of_rounded_tables_is_known_to_be_small(
    name: str, world: World
) -> None:
    """A reader of the rounded table alone cannot tell which count is small, and may be
    certain of none.
    """
    profile = load(name)
    cells = rounded_cells(world, profile)
    for query, text in cells:
        if text == profile.symbols.suppressed:
            assert bounds(world, cells, profile, query)[1] >= profile.threshold


@pytest.mark.parametrize(
    "name", [name for name in names() if load(name).threshold == 1]
)
@given(world=worlds(has_margins=False))
def test_rounding_that_protects_alone_is_not_undone(name: str, world: World) -> None:
    profile = load(name)
    cells = rounded_cells(world, profile)
    for query, _ in cells:
        if 0 < world.count(query) < profile.round_to:
            low, high = bounds(world, cells, profile, query)
            assert high > low
