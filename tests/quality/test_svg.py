"""A drawing with less markup shows the same, and paper shows all of a tall one."""

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

vl_convert = pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")

from quality.report import charts, paper, svg  # noqa: E402

_OPEN = "<svg width='99' height='99' viewBox='0 0 99 99'>"


def _levels(comparisons: int, levels: int) -> list[dict[str, Any]]:
    return [
        {"label": f"level {level} of the many", "group": f"Comparison {of}", "weight": level - 3.5, "shown": "-"}
        for of in range(comparisons)
        for level in range(levels)
    ]


def _slim(inside: str) -> str:
    return svg.slim(svg.read(f"{_OPEN}{inside}</svg>"))


def _words(drawn: str) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(drawn).iter() if text.tag.endswith("text")]


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_a_third_of_the_markup_has_all_the_words(width: int) -> None:
    drawn = vl_convert.vegalite_to_svg(charts.weights(_levels(4, 7), width))
    found = svg.slim(svg.read(drawn))
    assert _words(found) == _words(drawn)
    assert len(found) < len(drawn) / 3


def test_lines_of_one_look_are_one_path_where_they_were() -> None:
    grid = "".join(f'<line transform="translate({x},0)" x2="0" y2="-56" stroke="red"/>' for x in (47, 94.96))
    found = _slim(f'<g transform="translate(0.5,56.5)"><g><g>{grid}</g></g></g>')
    assert found.count("<path") == 1
    assert 'd="M47.5,56.5v-56M95.5,56.5v-56"' in found


def test_what_shines_through_is_drawn_one_by_one_and_as_pale_as_it_was() -> None:
    found = _slim('<g><line x2="9" stroke="red" opacity="0.45"/><line x2="9" stroke="red" opacity="0.45"/></g>')
    assert found.count('opacity="0.45"') == 2


def test_what_all_of_a_group_have_is_said_of_it_and_what_some_have_of_them() -> None:
    marks = [f'<path d="M1,{y}h5v2h-5Z" fill="{fill}" stroke="red"/>' for y, fill in ((0, "blue"), (4, "tan"))]
    found = _slim(f"<g>{''.join(marks)}</g>")
    assert re.findall(r'<(\w+) [^>]*stroke="red"', found) == ["g"]
    assert re.findall(r'<path fill="(\w+)"', found) == ["blue", "tan"]


@pytest.mark.parametrize(
    ("drawn", "place"),
    [
        ('<text transform="translate(3,4)">a</text>', 'x="13" y="24"'),
        ('<text transform="translate(3,4) rotate(-40)">a</text>', "translate(13,24)rotate(-40)"),
        ('<text transform="translate(3,4)"><tspan x="0">a</tspan></text>', "translate(13,24)"),
        ('<path transform="translate(3,4)" d="M2,0A2,2,0,1,1,-2,0A2,2,0,1,1,2,0"/>', 'cx="13" cy="24"'),
        ('<path transform="translate(3,4)" d="M-2,0L0,-2L2,0Z"/>', "M11,24l2-2l2,2Z"),
        ('<path transform="translate(3,4)" d="M0,0C1,1,2,2,3,3"/>', "translate(13,24)"),
    ],
    ids=["text", "slanted", "lines-of-text", "disc", "corners", "curve"],
)
def test_marks_stay_where_their_groups_put_them(drawn: str, place: str) -> None:
    assert place in _slim(f'<g transform="translate(10,20)"><g>{drawn}</g><path d="M0,0h1" stroke="red"/></g>')


def test_a_group_with_a_clip_keeps_its_own_places() -> None:
    clip = '<defs><clipPath id="c"><rect width="5" height="5"/></clipPath></defs>'
    found = _slim(f'{clip}<g transform="translate(9,9)" clip-path="url(#c)"><path d="M1,1h3" stroke="red"/></g>')
    assert '<clipPath id="c"><rect width="5" height="5"/></clipPath>' in found
    assert re.search(r'<g [^>]*transform="translate\(9,9\)"[^>]*><path stroke="red" d="M1,1h3"', found)


@pytest.mark.parametrize("nothing", ['<path fill="red"/>', '<path d="" fill="red"/>', "<g><g/></g>"])
def test_what_draws_nothing_is_gone(nothing: str) -> None:
    assert _slim(f'{nothing}<text fill="red">a</text>') == _slim('<text fill="red">a</text>')


def test_words_are_no_markup() -> None:
    assert ">under 5 &amp; &lt;b&gt;</text>" in _slim('<text fill="red">under 5 &amp; &lt;b&gt;</text>')


@pytest.mark.parametrize(("comparisons", "levels"), [(10, 5), (12, 3), (1, 70)])
def test_paper_shows_all_of_a_tall_chart_in_parts_that_cut_no_word(comparisons: int, levels: int) -> None:
    drawn = svg.read(vl_convert.vegalite_to_svg(charts.weights(_levels(comparisons, levels), charts.WIDE)))
    parts = [
        (float(top), float(top) + float(height))
        for top, height in re.findall(r'viewBox="0 ([\d.]+) [\d.]+ ([\d.]+)"', paper.windows(drawn, "chart"))
    ]
    assert parts[0][0] <= 2
    assert parts[-1][1] == float(drawn.attrib["height"])
    assert all(before[1] == after[0] for before, after in pairwise(parts))
    assert max(bottom - top for top, bottom in parts) < paper.PAGE / 2
    letters = [float(y) for y in re.findall(r'<text [^>]*y="([\d.]+)"', svg.slim(drawn))]
    assert len(letters) > comparisons * levels
    cuts = [bottom for _, bottom in parts[:-1]]
    assert not [y for y in letters for cut in cuts if y - 12 < cut < y + 4]


def test_paper_shows_a_chart_that_a_page_holds_as_it_is() -> None:
    drawn = svg.read(vl_convert.vegalite_to_svg(charts.weights(_levels(3, 4), charts.WIDE)))
    assert paper.windows(drawn, "chart") == ""
