"""Charts of the tuning page as SVG in the page's colours: what levels weigh, and how the pairs' weights lie."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from quality.explain.page.bars import signed
from quality.report.lettering import beside_lines
from quality.tune.app.desk import Bin

_HIGH, _ROW = 64, 96  # of a histogram's bars, and from one histogram to the next


@dataclass(frozen=True)
class Weight:
    """A level's weight now and in the run, in bits; `heading` begins a comparison."""

    name: str
    now: float
    before: float
    heading: str = ""


def weights(levels: Sequence[Weight], *, narrow: bool = False) -> str:
    """Bars from nought: solid to the right for a match, hollow to the left against; a line where the run's ended."""
    width, names = (300, 0) if narrow else (720, 270)
    row, lift = (40, 16) if narrow else (24, 0)
    ends = [0.0, *(value for level in levels for value in (level.now, level.before))]
    low, high = min(ends), max(ends)
    left, right = names + 4.0, width - 62.0

    def across(value: float) -> float:
        return left + (value - low) / ((high - low) or 1.0) * (right - left)

    parts, y = [], 6.0
    for level in levels:
        if level.heading:
            parts.append(f'<text x="0" y="{y + 16:.0f}" class="title">{escape(level.heading)}</text>')
            y += 26
        start, end = sorted((across(0), across(level.now)))
        kind = "for" if level.now >= 0 else "against"
        top = y + lift
        parts.append(
            f'<rect x="{start:.1f}" y="{top + 3:.0f}" width="{max(end - start, 1.5):.1f}" height="14" class="{kind}"/>'
            f'<path d="M{across(level.before):.1f} {top:.0f}v20" class="run"/>'
            f'<text x="0" y="{y + 15:.0f}" class="small">{escape(_cut(level.name, 46 if narrow else 42))}</text>'
            f'<text x="{right + 8:.0f}" y="{top + 15:.0f}" class="small">{signed(level.now)}</text>'
        )
        y += row
    parts.append(f'<path d="M{across(0):.1f} 0V{y:.0f}" class="zero"/>')
    return _svg(width, y + 4, "weights", parts)


def histogram(bins: Sequence[Bin], limits: Sequence[tuple[str, float]], size: float, *, narrow: bool = False) -> str:
    """Pairs by match weight: three rows with scales of their own, linked, for people, and not linked.

    Args:
        limits: name and match weight of lines across all rows.
        size: bits of a bin.
    """
    width = 300 if narrow else 720
    low, high = _ends(bins[0].low, bins[-1].low + size, [place for _, place in limits], size)
    left, right = 4.0, width - 4.0

    def across(value: float) -> float:
        return left + (min(max(value, low), high) - low) / (high - low) * (right - left)

    top = 20.0 * len(limits) + 4
    parts, bottom = [], top + 3 * _ROW
    lines = [(across(place), f"{name} {signed(place, plus=False)}") for name, place in limits]
    for number, (x, text, anchor) in enumerate(beside_lines(lines, width)):
        parts.append(f'<path d="M{x:.1f} {16 + 20 * number}V{bottom:.0f}" class="limit"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{12 + 20 * number}" text-anchor="{anchor}" class="small">{escape(text)}</text>'
        )
    for row, (kind, said) in enumerate((("accepted", "Linked"), ("review", "To people"), ("rejected", "Not linked"))):
        counts = [getattr(found, kind) for found in bins]
        most, base = max(counts), top + _ROW * (row + 1) - 8
        parts.append(f'<text x="0" y="{base - _HIGH - 8:.0f}" class="title">{said}: {sum(counts):,}</text>')
        parts.append(f'<path d="M{left} {base:.0f}H{right}" class="zero"/>')
        for found, count in zip(bins, counts, strict=True):
            if count:
                tall = max(1.5, (_HIGH - 12) * count / most)
                x, wide = across(found.low), max(across(found.low + size) - across(found.low) - 1, 1)
                parts.append(
                    f'<rect x="{x:.1f}" y="{base - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}" class="{kind}"/>'
                )
    ends = ((left, "start", low), (right, "end", high))
    parts += [
        f'<text x="{x}" y="{bottom + 10:.0f}" text-anchor="{anchor}" class="small">{signed(value, plus=False)}</text>'
        for x, anchor, value in ends
    ]
    return _svg(width, bottom + 16, "histogram", parts)


def _ends(low: float, high: float, limits: Sequence[float], size: float) -> tuple[float, float]:
    """Where the axis begins and ends: at whole bins, with the lines on it unless they are far off."""
    furthest = high - low
    reached = [place for place in limits if low - furthest <= place <= high + furthest]
    whole = [size * round_to(place / size) for place in reached for round_to in (math.floor, math.ceil)]
    return min([low, *whole]), max([high, *whole])


def _svg(width: float, height: float, name: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" class="tuning {name}" '
        f'aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
