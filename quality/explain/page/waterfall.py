"""The waterfall of a match weight as SVG: solid to the right for a match, hollow to the left against it."""

from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from quality.explain.page.bars import Bar, signed
from quality.report.lettering import LETTER, SMALL, beside_lines, fitted

_ROW, _HIGH = 40, 20
_NAMES, _NUMBER = 252, 62  # room for names at the left and numbers at the right of a wide drawing


def draw(bars: Sequence[Bar], limits: Sequence[tuple[str, float]], *, narrow: bool = False) -> str:
    """The drawing in the page's colours.

    Args:
        limits: names and places of lines across all bars: what a link needs.
        narrow: for a telephone; the name stands above the bar.
    """
    width, row = (300, 58) if narrow else (720, _ROW)
    left, right = (2.0, float(width - _NUMBER)) if narrow else (float(_NAMES), float(width - _NUMBER))
    places = [place for bar in bars for place in (bar.start, bar.end)] + [place for _, place in limits] + [0.0]
    low, high = min(places), max(places)

    def across(value: float) -> float:
        return left + (value - low) / ((high - low) or 1.0) * (right - left)

    top = 24.0 * (1 + len(limits))
    bottom = top + row * len(bars)
    parts = [
        *_lines([(across(place), f"{name} {signed(place, plus=False)}") for name, place in limits], width, bottom),
        f'<path d="M{across(0):.1f} {top - 6}V{bottom}" class="zero"/>',
    ]
    for index, bar in enumerate(bars):
        y = top + row * index
        parts += _bar(bar, across, y, right, narrow=narrow)
        if index + 1 < len(bars) and not bars[index + 1].is_sum:
            step = across(bar.end)
            bar_end = y + row - (_ROW - _HIGH) / 2
            parts.append(f'<path d="M{step:.1f} {bar_end:.1f}v{row - _HIGH:.1f}" class="step"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom + 4:.0f}" class="waterfall" '
        f'aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )


def _lines(lines: Sequence[tuple[float, str]], width: float, bottom: float) -> list[str]:
    parts = []
    for index, (x, text, anchor) in enumerate(beside_lines(lines, width)):
        y = 14.0 + 24 * index
        parts.append(f'<path d="M{x:.1f} {y + 5:.1f}V{bottom:.1f}" class="limit"/>')
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="small">{escape(text)}</text>')
    return parts


def _bar(bar: Bar, across: Callable[[float], float], y: float, right: float, *, narrow: bool) -> list[str]:
    start, end = sorted((across(bar.start), across(bar.end)))
    kind = "sum" if bar.is_sum or not bar.bits else "for" if bar.bits > 0 else "against"
    below = y + (58 - _ROW if narrow else 0) + (_ROW - _HIGH) / 2
    title = "title" if bar.is_sum else "name"
    parts = [
        f'<rect x="{start:.1f}" y="{below:.1f}" width="{max(end - start, 1.5):.1f}" height="{_HIGH}" class="{kind}"/>',
        f'<text x="{right + 8:.1f}" y="{below + 15:.1f}" class="{title}">{bar.number}</text>',
    ]
    if narrow:
        return [*parts, fitted(0, y + 20, bar.said, title, room=right + _NUMBER, letter=LETTER)]
    parts.append(fitted(0, y + (25 if not bar.note else 18), bar.name, title, room=_NAMES - 6, letter=LETTER))
    if bar.note:
        parts.append(fitted(0, y + 34, bar.note, "small", room=_NAMES - 6, letter=SMALL))
    return parts
