"""Of whom a share of the outcomes pages is: in the words that stand beside it."""

import pytest
from quality.dashboard.outcomes.counting import (
    ALL,
    COUNTED,
    EVERYBODY,
    JUDGED_CELLS,
    LEFT_OUT,
    NOT_FOLLOWED,
    OUTSIDE,
    SEVERAL,
    UNMATCHED,
    Counted,
    Place,
)
from quality.dashboard.outcomes.release import _shown, released
from quality.dashboard.outcomes.rules import load as load_rules
from quality.dashboard.outcomes.showing import Names
from quality.dashboard.outcomes.site import _of_them, _outside, _people, _sizes, denominators

from quality.disclosure import Disclosure, load
from quality.report.page import Table

ABROAD = "without graduates whose home before they entered was abroad"


LEO = load("leo_publication")


def left_of(members: int, people: int, matched: int) -> dict[str, int]:
    """Members who are each a person of their own."""
    left = {UNMATCHED: people - matched, OUTSIDE: members - people, NOT_FOLLOWED: members - matched}
    return dict.fromkeys(LEFT_OUT, 0) | left


def everybody(definition: str, members: int, people: int, matched: int) -> dict[Place, Counted]:
    counts = {"members": members, "people": people, "matched": matched}
    behind = dict.fromkeys(JUDGED_CELLS, matched) | left_of(members, people, matched)
    return {Place(definition, 1, ALL, EVERYBODY, ""): Counted(counts, behind, behind, {})}


@pytest.mark.parametrize(
    ("definition", "members", "people", "said"),
    [
        ("graduate", 890, 860, f", {ABROAD},"),
        ("graduate", 890, 890, ""),  # a definition of one's own that leaves nobody out
        ("ks4", 890, 890, ""),
        ("ks4", 890, 860, " in the calculation"),  # one that leaves out whom no rule describes
    ],
)
def test_a_share_says_who_is_in_none(definition: str, members: int, people: int, said: str) -> None:
    names = Names(load_rules(), None)
    outside = _outside(everybody(definition, members, people, 740), names)
    assert _of_them(outside.get(definition)) == said


def test_the_first_page_says_who_is_in_the_calculation() -> None:
    """Of 890 graduates 30 came from overseas, of the 860 others 740 are matched."""
    counted = everybody("graduate", 890, 860, 740) | everybody("ks4", 500, 500, 450)
    section = _sizes(counted, Names(load_rules(), None), Disclosure(LEO))
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert [[getattr(cell, "text", cell) for cell in row][2:] for row in table.rows] == [
        ["890", "860", "740", "740"],
        ["500", "500", "450", "450"],
    ]
    assert table.note.endswith(f"In the calculation are those whom the definition counts in its rates: {ABROAD}.")


@pytest.mark.parametrize(("matched", "said"), [(0, ["0", "0"]), (40, ["40", "c"])])
def test_of_nobody_nobody_earns_and_nothing_is_hidden(matched: int, said: list[str]) -> None:
    place = Place("graduate", 1, "sex", EVERYBODY, "F")
    behind = dict.fromkeys(JUDGED_CELLS, matched)
    found = Counted(dict.fromkeys(COUNTED, matched), behind, behind, {})
    apart = {"matched": 1.0, "earners": 1.0}
    shown = _shown(place, found, frozenset({("earners", place)}), apart, Disclosure(LEO))
    assert [shown.matched.text, shown.earners.text] == said


@pytest.mark.parametrize(
    ("sizes", "behind", "told"),
    [
        ((89, 86, 74), {}, ["c", "85", "75"]),
        ((90, 80, 74), {}, ["90", "c", "75"]),
        ((120, 100, 74), {}, ["120", "100", "75"]),
        ((120, 100, 74), {OUTSIDE: 9}, ["c", "100", "75"]),  # 20 achievements of nine people
        ((120, 100, 74), {UNMATCHED: 9}, ["120", "c", "75"]),
        ((120, 100, 74), {UNMATCHED: 5, NOT_FOLLOWED: 9}, ["c", "c", "75"]),
    ],
)
def test_denominators_nest_and_no_difference_tells_of_too_few(
    sizes: tuple[int, int, int], behind: dict[str, int], told: list[str]
) -> None:
    counts = dict(zip(("members", "people", "matched"), sizes, strict=True))
    shown = denominators(counts, left_of(*sizes) | behind, Disclosure(LEO))
    assert [cell.text for cell in shown] == told


def of_people(matched: int, people: int, several: int) -> tuple[str, object]:
    """People matched, and the interval of a share of half, of members of whom some people have several."""
    place = Place("graduate", 1, ALL, EVERYBODY, "")
    half = dict.fromkeys(COUNTED, matched // 2) | {"members": matched, "people": matched, "matched": matched}
    behind = dict.fromkeys(JUDGED_CELLS, people // 2) | dict.fromkeys(LEFT_OUT, 0)
    behind |= {"matched": people, SEVERAL["matched"]: several}
    found = Counted(half, behind, behind, {})
    d = Disclosure(LEO)
    (shown,) = released({place: found}, d)
    return _people(found, shown.matched, d).text, shown.estimates["further_study"].sampling


def test_how_wide_an_interval_is_tells_of_no_few_who_have_several_achievements() -> None:
    nobody = of_people(100, 100, 0)
    assert nobody[0] == "100"
    # Nine people with one to ten achievements more each: neither their number nor the interval says so.
    for extra in (1, 9, 40):
        assert of_people(100, 100 - extra, min(extra, 9)) == ("c", nobody[1])
    many = of_people(100, 60, 20)
    assert many[0] == "60"
    assert many[1] != nobody[1]
