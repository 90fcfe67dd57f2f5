"""The flow of records as a drawing: sources, link steps, people, and the three denominators to scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from quality.disclosure import Cell

_WIDE, _NARROW = 720, 300
_LINE = 21


@dataclass(frozen=True)
class Box:
    """A title and the lines under it."""

    title: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Bar:
    """One of the denominators: drawn as long as its share of the first, where it may be shown."""

    title: str
    cell: Cell


@dataclass(frozen=True)
class Flow:
    """What is drawn, from the top: bands of boxes, each with its name, and the bars that end it."""

    bands: Sequence[tuple[str, Sequence[Box]]]
    bars_title: str
    bars: Sequence[Bar]


def draw(flow: Flow, *, narrow: bool = False) -> str:
    """SVG in the page's colours. Boxes stand side by side, or under each other when narrow."""
    width = _NARROW if narrow else _WIDE
    parts: list[str] = []
    y = 2.0
    for index, (name, boxes) in enumerate(flow.bands):
        if index:
            parts.append(_arrow(width / 2, y + 4, y + 26))
            y += 34
        parts.append(_text(0, y + 14, name, "band"))
        y += 24
        drawn, y = _band(boxes, y, width, 1 if narrow else min(4, max(1, len(boxes))))
        parts += drawn
    if flow.bars:
        parts.append(_arrow(width / 2, y + 4, y + 26))
        y += 34
        parts.append(_text(0, y + 14, flow.bars_title, "band"))
        y += 28
        drawn, y = _bars(flow.bars, y, width)
        parts += drawn
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 4:.0f}" class="flow" '
        f'aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )


def _band(boxes: Sequence[Box], top: float, width: int, columns: int) -> tuple[list[str], float]:
    gap = 14
    box_width = (width - gap * (columns - 1)) / columns
    parts: list[str] = []
    for start in range(0, len(boxes), columns):
        row = boxes[start : start + columns]
        height = 40 + _LINE * max(len(box.lines) for box in row)
        for column, box in enumerate(row):
            x = column * (box_width + gap)
            size = f'width="{box_width - 2:.1f}" height="{height}"'
            parts.append(f'<rect x="{x + 1:.1f}" y="{top:.1f}" {size} rx="4" class="box"/>')
            parts.append(_text(x + 14, top + 27, box.title, "title"))
            parts += [
                _text(x + 14, top + 27 + _LINE * (line + 1), text, "small") for line, text in enumerate(box.lines)
            ]
        top += height + gap
    return parts, top - gap


def _bars(bars: Sequence[Bar], top: float, width: int) -> tuple[list[str], float]:
    whole = bars[0].cell.value
    parts: list[str] = []
    for index, bar in enumerate(bars):
        parts.append(_text(0, top + 14, f"{bar.title}: {bar.cell.text}", "title"))
        share = bar.cell.value / whole if whole and bar.cell.value is not None else 0
        parts.append(f'<rect x="1" y="{top + 23:.1f}" width="{width - 2}" height="16" rx="2" class="rail"/>')
        parts.append(
            f'<rect x="1" y="{top + 23:.1f}" width="{max(0.0, (width - 2) * share):.1f}" height="16" rx="2" '
            f'class="fill-{index + 1}"/>'
        )
        top += 54
    return parts, top - 12


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(text)}</text>'


def _arrow(x: float, top: float, bottom: float) -> str:
    return (
        f'<path d="M{x:.1f} {top:.1f}V{bottom - 6:.1f}" class="arrow"/>'
        f'<path d="M{x - 6:.1f} {bottom - 7:.1f}h12l-6 7z" class="head"/>'
    )
