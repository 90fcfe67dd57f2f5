"""Drawings of the page as inline SVG: horizontal bars, shares by year, and lives as lines."""

import datetime
from collections.abc import Mapping, Sequence
from html import escape

from synthetic.page.queries import ACTIVITIES, Life

_WIDTH, _LEFT = 680, 190  # pixels
_LANES = (("Learning", ACTIVITIES[:3]), ("Work", ACTIVITIES[3:4]), ("Benefits", ACTIVITIES[4:5]))


def bars(values: Mapping[str, int]) -> str:
    """A bar for each label."""
    largest = max(values.values(), default=1) or 1
    parts = []
    for place, (label, value) in enumerate(values.items()):
        y, length = 24 * place, (_WIDTH - _LEFT - 90) * value / largest
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 15}" class="end">{escape(label)}</text>')
        parts.append(f'<rect x="{_LEFT}" y="{y + 3}" width="{max(length, 1):.1f}" height="16" class="bar"/>')
        parts.append(f'<text x="{_LEFT + length + 6:.1f}" y="{y + 15}">{value:,}</text>')
    return _svg(24 * len(values), parts)


def stacked(shares: Mapping[int, Sequence[float]]) -> str:
    """Shares of ACTIVITIES, in per cent, by year."""
    parts, top = _legend(ACTIVITIES)
    height, step = 260, (_WIDTH - 50) / max(len(shares), 1)
    for place, (year, of_year) in enumerate(shares.items()):
        y: float = top + height
        for number, share in enumerate(of_year):
            y -= height * share / 100
            x, tall = 50 + step * place, height * share / 100
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{step - 3:.1f}" height="{tall:.1f}" class="a{number}"/>'
            )
        parts.append(f'<text x="{50 + step * (place + 0.5):.1f}" y="{top + height + 18}" class="mid">{year}</text>')
    for share in (0, 50, 100):
        parts.append(f'<text x="42" y="{top + height * (1 - share / 100) + 5:.0f}" class="end">{share}%</text>')
    return _svg(top + height + 26, parts)


def life_lines(lives: Sequence[Life]) -> str:
    """One life under the other, with the years below."""
    days = [day for life in lives for _, *ends in life.spells for day in ends]
    first, last = datetime.date(min(days).year, 1, 1), datetime.date(max(days).year + 1, 1, 1)

    def x(day: datetime.date) -> float:
        return 80 + (_WIDTH - 90) * (day - first).days / (last - first).days

    parts, y = _legend((*ACTIVITIES[:5], "Moves home"))
    for life in lives:
        parts.append(f'<text x="0" y="{y + 16}" class="strong">{escape(life.title)}</text>')
        parts.append(f'<text x="0" y="{y + 34}">{escape(life.person)}</text>')
        y += 44
        start = y
        for name, activities in _LANES:
            spells = [spell for spell in life.spells if spell[0] in activities]
            if not spells:
                continue
            parts.append(f'<text x="0" y="{y + 12}">{name}</text>')
            for activity, since, until in spells:
                width = max(x(until) - x(since), 2)
                shape = f'x="{x(since):.1f}" y="{y}" width="{width:.1f}" height="14"'
                parts.append(f'<rect {shape} class="a{ACTIVITIES.index(activity)}"/>')
            y += 20
        parts += [f'<circle cx="{x(day):.1f}" cy="{y + 6}" r="4.5" class="move"/>' for day in life.moves]
        y += 18 if life.moves else 0
        for day, text in life.events:
            parts.append(f'<path d="M{x(day):.1f} {start - 2}V{y + 2}" class="event"/>')
            label = f"{day.year}: {text}"
            parts.append(f'<text x="{min(x(day), _WIDTH - 7.2 * len(label)):.1f}" y="{y + 16}">{escape(label)}</text>')
            y += 18
        y += 16
    for year in range(first.year, last.year, 4):
        parts.append(f'<text x="{x(datetime.date(year, 1, 1)):.1f}" y="{y + 14}" class="mid">{year}</text>')
    return _svg(y + 22, parts)


def _legend(names: Sequence[str]) -> tuple[list[str], int]:
    """Marks and names from left to right, and the height that they take."""
    parts, x, y = [], 0.0, 0
    for number, name in enumerate(names):
        if x + 30 + 7.2 * len(name) > _WIDTH:
            x, y = 0.0, y + 22
        mark = f'<rect x="{x:.0f}" y="{y + 2}" width="13" height="13" class="a{number}"/>'
        circle = f'<circle cx="{x + 6:.0f}" cy="{y + 9}" r="4.5" class="move"/>'
        parts.append(circle if name == "Moves home" else mark)
        parts.append(f'<text x="{x + 19:.0f}" y="{y + 13}">{escape(name)}</text>')
        x += 36 + 7.2 * len(name)
    return parts, y + 28


def _svg(height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
