"""The flow of records as a drawing: sources, link steps, people, and the three denominators to scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from quality.disclosure import Cell
from quality.report.lettering import BOLD, LETTER, SMALL, fits, fitted

_WIDE, _NARROW = 720, 300
_LINE, _GAP = 21, 14
_ROOM_LESS = 20  # by which what a box says is narrower than the box


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
    """SVG in the page's colours. Boxes stand side by side as far as they hold their words, else under each other."""
    width = _NARROW if narrow else _WIDE
    parts: list[str] = []
    y = 2.0
    for index, (name, boxes) in enumerate(flow.bands):
        if index:
            parts.append(_arrow(width / 2, y + 4, y + 26))
            y += 34
        parts.append(fitted(0, y + 14, name, "heading", room=width, letter=SMALL))
        y += 24
        drawn, y = _band(boxes, y, width, 1 if narrow else _columns(boxes, width))
        parts += drawn
    if flow.bars:
        parts.append(_arrow(width / 2, y + 4, y + 26))
        y += 34
        parts.append(fitted(0, y + 14, flow.bars_title, "heading", room=width, letter=SMALL))
        y += 28
        drawn, y = _bars(flow.bars, y, width)
        parts += drawn
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 4:.0f}" class="flow" '
        f'aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )


def _columns(boxes: Sequence[Box], width: int) -> int:
    """The most boxes that may stand side by side, each with all its words inside it; one where none of them can."""

    def hold(columns: int) -> bool:
        room = _box_width(columns, width) - _ROOM_LESS
        return all(fits(box.title, room, BOLD) and all(fits(line, room, LETTER) for line in box.lines) for box in boxes)

    return next((columns for columns in range(min(4, len(boxes)), 1, -1) if hold(columns)), 1)


def _box_width(columns: int, width: int) -> float:
    return (width - _GAP * (columns - 1)) / columns


def _band(boxes: Sequence[Box], top: float, width: int, columns: int) -> tuple[list[str], float]:
    box_width = _box_width(columns, width)
    parts: list[str] = []
    for start in range(0, len(boxes), columns):
        row = boxes[start : start + columns]
        height = 40 + _LINE * max(len(box.lines) for box in row)
        for column, box in enumerate(row):
            x = column * (box_width + _GAP)
            size = f'width="{box_width - 2:.1f}" height="{height}"'
            parts.append(f'<rect x="{x + 1:.1f}" y="{top:.1f}" {size} rx="4" class="box"/>')
            room = box_width - _ROOM_LESS
            parts.append(fitted(x + 14, top + 27, box.title, "title", room=room, letter=BOLD))
            parts += [
                fitted(x + 14, top + 27 + _LINE * line, text, "line", room=room, letter=LETTER)
                for line, text in enumerate(box.lines, 1)
            ]
        top += height + _GAP
    return parts, top - _GAP


def _bars(bars: Sequence[Bar], top: float, width: int) -> tuple[list[str], float]:
    whole = bars[0].cell.value
    parts: list[str] = []
    for index, bar in enumerate(bars):
        parts.append(fitted(0, top + 14, f"{bar.title}: {bar.cell.text}", "title", room=width, letter=BOLD))
        share = bar.cell.value / whole if whole and bar.cell.value is not None else 0
        parts.append(f'<rect x="1" y="{top + 23:.1f}" width="{width - 2}" height="16" rx="2" class="rail"/>')
        parts.append(
            f'<rect x="1" y="{top + 23:.1f}" width="{max(0.0, (width - 2) * share):.1f}" height="16" rx="2" '
            f'class="fill-{index + 1}"/>'
        )
        top += 54
    return parts, top - 12


def _arrow(x: float, top: float, bottom: float) -> str:
    return (
        f'<path d="M{x:.1f} {top:.1f}V{bottom - 6:.1f}" class="arrow"/>'
        f'<path d="M{x - 6:.1f} {bottom - 7:.1f}h12l-6 7z" class="head"/>'
    )
