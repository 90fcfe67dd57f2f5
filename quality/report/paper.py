"""A chart that is taller than a page, for paper: its strips one by one, between what stands above and below them all.

On a screen such a chart is one drawing. On paper it would be cut through its words, or be made so small that nobody
reads them. There the same drawing is seen through windows, in rows whose head (the legend) and foot (the axis) a
browser repeats on each page.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple
from xml.etree.ElementTree import Element

PAGE = 850  # pixels that a chart may have: A4 within its margins has 1,017, of which a title and summary need some
_PLACE = re.compile(r"translate\(([^,()]+),([^,()]+)\)")
_HEIGHT = re.compile(r"M0,0h[^v]*v([\d.]+)h")
_MARGIN = 6  # what is less has no words in it
_LINE, _ASCENT = 15, 4  # of a label: from line to line, and from where letters stand to their middle


class _Plot(NamedTuple):
    """Places in the drawing, from above; the title is between `top` and `start`."""

    top: float
    start: float
    bottom: float
    labels: Sequence[float]


def windows(svg: Element, name: str) -> str:
    """What paper shows in place of a drawing as Vega made it, or nothing where a page holds it.

    Args:
        name: the id that all of the drawing has on the page.
    """
    width, height = (float(svg.attrib[side]) for side in ("width", "height"))
    plots = sorted(_plots(svg)) if height > PAGE else []
    if not plots:
        return ""
    cuts = [plots[0].top, *_cuts(plots), plots[-1].bottom]
    seen = [("head", 0.0, cuts[0]), *(("strip", *ends) for ends in pairwise(cuts)), ("foot", cuts[-1], height)]
    parts = "".join(
        f'<div class="{part}"><svg width="{width:g}" viewBox="0 {top:g} {width:g} {bottom - top:g}">'
        f'<use href="#{name}"/></svg></div>'
        for part, top, bottom in seen
        if bottom - top > _MARGIN
    )
    return f'<div class="paper">{parts}</div>'


def _cuts(plots: Sequence[_Plot]) -> Iterator[float]:
    """Where the drawing may be parted: between plots, and between rows of one that a page does not hold."""
    for plot, after in zip(plots, [*plots[1:], None], strict=True):
        if plot.bottom - plot.top > PAGE:
            yield from _between_rows(plot)
        if after:
            yield (plot.bottom + after.top) / 2


def _between_rows(plot: _Plot) -> Iterator[float]:
    """Every few rows, where the labels show that there are rows: an axis of numbers has its labels on the lines."""
    row = (plot.bottom - plot.start) / max(len(plot.labels), 1)
    if any(abs(label - plot.start - row * (place + 0.5)) > _LINE / 2 for place, label in enumerate(plot.labels)):
        return
    step = max(int(PAGE / 4 / row), 1)
    for place in range(step, len(plot.labels) - 1, step):
        yield plot.start + row * place


def _plots(svg: Element) -> Iterator[_Plot]:
    """Each strip of a drawing that has strips, or else what is between its axes."""
    groups = list(_places(svg, "role-scope cell", 0.0)) or list(_places(svg, "role-frame", 0.0))
    for group, start in groups:
        found = next((_HEIGHT.match(inner.get("d", "")) for inner in group if inner.get("class") == "background"), None)
        if found:
            title = min((place for _, place in _places(group, "role-title", start)), default=start)
            labels = sorted(_labels(group, start))
            yield _Plot(title, start, start + float(found[1]), labels)


def _places(node: Element, role: str, y: float) -> Iterator[tuple[Element, float]]:
    """Groups inside those of a role, and how far down in the drawing each starts."""
    for inner in node:
        here = y + _y(inner)
        if role in inner.get("class", ""):
            yield from ((group, here + _y(group)) for group in inner)
        else:
            yield from _places(inner, role, here)


def _labels(group: Element, start: float) -> Iterator[float]:
    """The middles of the labels at the left of a plot."""
    for axis, top in _places(group, "role-axis", start):
        for text, base in _places(axis, "role-axis-label", top):
            if text.get("text-anchor") == "end":
                yield base - _ASCENT + _LINE / 2 * max(len(text) - 1, 0)


def _y(node: Element) -> float:
    placed = _PLACE.match(node.get("transform", ""))
    return float(placed[2]) if placed else 0.0
