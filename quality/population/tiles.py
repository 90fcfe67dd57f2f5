"""A map of equal tiles, so that a small region is seen as well as a large one; more people, stronger colour."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

SHADES = 5
_GAP = 6


@dataclass(frozen=True)
class Tile:
    """A region: row and column of its tile, what is written on it, and how much there is (None is not shown)."""

    row: int
    column: int
    name: str
    text: str
    value: float | None


def draw(tiles: Sequence[Tile], width: int) -> str:
    """SVG in the page's colours."""
    columns = 1 + max(tile.column for tile in tiles)
    top = min(tile.row for tile in tiles)
    across = min(width, 620)
    size = (across - _GAP * (columns - 1)) / columns
    height = size * 0.62 if width > 400 else size * 0.95
    largest = max((tile.value or 0 for tile in tiles), default=0) or 1
    parts = []
    for tile in tiles:
        x, y = tile.column * (size + _GAP), (tile.row - top) * (height + _GAP)
        shade = 1 + min(SHADES - 1, int(SHADES * (tile.value or 0) / largest))
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{size:.1f}" height="{height:.1f}" rx="4" class="shade-{shade}"/>'
        )
        lines = textwrap.wrap(tile.name, 14 if width > 400 else 9)
        middle = y + height / 2 - 8 * len(lines) + 4
        step = 17 if width > 400 else 13
        parts += [
            f'<text x="{x + size / 2:.1f}" y="{middle + step * place:.1f}" class="on-{shade}">{escape(line)}</text>'
            for place, line in enumerate(lines)
        ]
        parts.append(
            f'<text x="{x + size / 2:.1f}" y="{middle + step * len(lines) + 3:.1f}" class="on-{shade} strong">'
            f"{escape(tile.text)}</text>"
        )
    rows = 1 + max(tile.row for tile in tiles) - top
    tall = rows * (height + _GAP) - _GAP
    kind = "tiles" if width > 400 else "tiles small"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {tall:.0f}" width="{across}" class="{kind}" '
        f'aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )
