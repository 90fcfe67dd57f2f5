"""The flow of records as a drawing: its words stay inside it and beside each other, however long names are."""

import re

import pytest
from quality.report.sections.flow import Bar, Box, Flow, draw

from quality.disclosure import Cell
from quality.report.document import report_style
from quality.report.lettering import BOLD

STEP = "Pupils of all schools to customers"  # two names as somebody's own files have them


def drawn(title: str, *, narrow: bool = False) -> list[tuple[float, float, str, float]]:
    """Texts of a drawing of four steps: place, the room that each takes, and what it says."""
    boxes = [Box(title, ["1,234,567 links"]) for _ in range(4)]
    svg = draw(Flow([("Link steps", boxes)], title, [Bar("Matched", Cell("10", 10))]), narrow=narrow)
    texts = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="[a-z]+"(?: textLength="(\d+)")?[^>]*>([^<]+)<', svg)
    return [(float(x), float(y), said, float(room or len(said) * BOLD)) for x, y, room, said in texts]


def test_short_names_stand_four_in_a_row() -> None:
    assert len({y for _, y, said, _ in drawn("NPD to ILR") if "links" in said}) == 1


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
@pytest.mark.parametrize("title", ["People to Scotland", STEP, STEP * 4], ids=["short", "long", "endless"])
def test_no_words_run_into_others_or_off_the_drawing(title: str, *, narrow: bool) -> None:
    texts = drawn(title, narrow=narrow)
    width = 300 if narrow else 720
    for x, y, said, room in texts:
        ends = [other for other, beside, *_ in texts if beside == y and other > x]
        assert x + room <= min(ends, default=width), said


def test_names_are_whole_where_the_drawing_can_hold_them() -> None:
    assert sum(said == STEP for *_, said, _ in drawn(STEP)) == 5
    assert any(said.endswith("…") for *_, said, _ in drawn(STEP * 4))


def test_no_word_is_gone_on_paper() -> None:
    """The names of the bands had the class of the page's own band, which is not printed."""
    paper = report_style().partition("@media print {")[2]
    hidden = {
        name
        for names, said in re.findall(r"([^{}]+){([^{}]*)}", paper)
        if "display: none" in said
        for name in re.findall(r"^\s*\.([\w-]+)\s*$", names.replace(",", "\n"), re.MULTILINE)
    }
    svg = draw(Flow([("Sources", [Box("NPD", ["1,234 people"])])], "The rest", [Bar("Matched", Cell("10", 10))]))
    assert {"band", "skip"} <= hidden
    assert hidden.isdisjoint(re.findall(r'class="([^"]+)"', svg))
