"""Lives as lines: a lane each for learning, work, benefits and moves, along the same years."""

import datetime
from collections.abc import Sequence
from xml.sax.saxutils import escape

from quality.population.lives import LANES, Life

_ROWS = (("Learning", LANES[:3]), ("Work", LANES[3:4]), ("Benefits", LANES[4:]))
_BAR, _ROW = 15, 21
_LETTER = 7.3  # pixels of a letter of the smaller text


def draw(lives: Sequence[Life], width: int) -> str:
    """SVG in the page's colours: one life under the other, with the years above and below all."""
    is_wide = width > 400
    left = 78 if is_wide else 0
    first, last = _years(lives)
    scale = _Scale(left, width - 12, first, last)
    ticks = [year for year in range(first, last + 1) if year % (2 if is_wide else 5) == 0]
    parts: list[str] = []
    y = _legend(parts, width)
    top = y
    for life in lives:
        y = _life(parts, life, y + 22, scale, left, width)
    grid = [
        f'<path d="M{scale(datetime.date(year, 1, 1)):.1f} {top + 4:.1f}V{y + 8:.1f}" class="grid"/>' for year in ticks
    ]
    years = [
        f'<text x="{scale(datetime.date(year, 1, 1)):.1f}" y="{y + 24:.1f}" class="year">{year}</text>'
        for year in ticks
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 32:.0f}" width="{width}" class="lives" '
        f'aria-hidden="true" focusable="false">{"".join([*grid, *parts, *years])}</svg>'
    )


class _Scale:
    """Days to pixels."""

    def __init__(self, left: float, right: float, first: int, last: int) -> None:
        self._left, self._start = left, datetime.date(first, 1, 1)
        self._step = (right - left) / (datetime.date(last, 1, 1) - self._start).days

    def __call__(self, day: datetime.date) -> float:
        return self._left + (day - self._start).days * self._step


def _years(lives: Sequence[Life]) -> tuple[int, int]:
    days = [day for life in lives for spell in life.spells for day in (spell.since, spell.until)]
    return min(days).year, max(days).year + 1


def _legend(parts: list[str], width: int) -> float:
    x, y = 0.0, 14.0
    for lane in LANES:
        needed = 22 + len(lane) * _LETTER + 16
        if x + needed > width and x:
            x, y = 0.0, y + 22
        parts.append(f'<rect x="{x:.1f}" y="{y - 11:.1f}" width="13" height="13" rx="2" class="{_class(lane)}"/>')
        parts.append(f'<text x="{x + 19:.1f}" y="{y:.1f}" class="small">{escape(lane)}</text>')
        x += needed
    if x + 90 > width:
        x, y = 0.0, y + 22
    parts.append(f'<circle cx="{x + 6.5:.1f}" cy="{y - 4.5:.1f}" r="4.5" class="move"/>')
    parts.append(f'<text x="{x + 19:.1f}" y="{y:.1f}" class="small">Moves home</text>')
    return y + 10


def _life(parts: list[str], life: Life, y: float, scale: _Scale, left: int, width: int) -> float:
    parts.append(f'<text x="0" y="{y + 12:.1f}" class="title">{escape(life.title)}</text>')
    y += 31
    parts.append(f'<text x="0" y="{y:.1f}" class="small">{escape(life.who)}</text>')
    y += 10
    start = y
    for name, lanes in _ROWS:
        spells = [spell for spell in life.spells if spell.lane in lanes]
        if not spells:
            continue
        if left:
            parts.append(f'<text x="0" y="{y + 12:.1f}" class="small">{name}</text>')
        parts.append(f'<rect x="{left}" y="{y + 6.5:.1f}" width="{width - left - 12}" height="2" class="rail"/>')
        for spell in spells:
            x, end = scale(spell.since), scale(spell.until)
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(end - x, 2):.1f}" height="{_BAR}" rx="2" '
                f'class="{_class(spell.lane)}"/>'
            )
        y += _ROW
    if life.moves:
        if left:
            parts.append(f'<text x="0" y="{y + 12:.1f}" class="small">Moves</text>')
        parts += [f'<circle cx="{scale(day):.1f}" cy="{y + 7.5:.1f}" r="4.5" class="move"/>' for day in life.moves]
        y += _ROW
    for number, (day, told) in enumerate(life.events):
        parts.append(f'<path d="M{scale(day):.1f} {start - 2:.1f}V{y:.1f}" class="event"/>')
        parts.append(_told(scale(day), y + 17 * number + 14, f"{day.year}: {told}", width))
    return y + 17 * len(life.events) + 4


def _told(x: float, y: float, told: str, width: int) -> str:
    """What happened, under its line where there is room for it."""
    start = min(max(0.0, x - 4), max(0.0, width - len(told) * _LETTER))
    return f'<text x="{start:.1f}" y="{y:.1f}" class="small">{escape(told)}</text>'


def _class(lane: str) -> str:
    return f"lane-{LANES.index(lane) + 1}"
