"""Of whom a share of the outcomes pages is: in the words that stand beside it."""

import pytest

from quality.disclosure import Disclosure, load
from quality.outcomes.counting import ALL, COUNTED, EVERYBODY, JUDGED_CELLS, Counted, Place
from quality.outcomes.release import _shown
from quality.outcomes.rules import load as load_rules
from quality.outcomes.showing import Names
from quality.outcomes.site import _of_them, _outside, _sizes
from quality.report.page import Table

ABROAD = "without graduates whose home before they entered was abroad"


def everybody(definition: str, members: int, people: int, matched: int) -> dict[Place, Counted]:
    counts = {"members": members, "people": people, "matched": matched}
    behind = dict.fromkeys(JUDGED_CELLS, matched)
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
    section = _sizes(counted, Names(load_rules(), None), Disclosure(load("leo_publication")))
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
    shown = _shown(place, found, frozenset({("earners", place)}), apart, Disclosure(load("leo_publication")))
    assert [shown.matched.text, shown.earners.text] == said
