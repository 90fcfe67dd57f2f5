"""Texts of a drawing in the room that they have: squeezed where they need more, and cut where that is not enough."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

BOLD, LETTER, SMALL = 7.9, 7.2, 6.2  # width of a letter of 15 px, and of one of 13, about
_SQUEEZED = 0.8  # of its width a text may have, before it is cut


def fits(text: str, room: float, letter: float) -> bool:
    """Whether a text has the room that it needs."""
    return len(text) * letter <= room


def fitted(x: float, y: float, text: str, kind: str, *, room: float, letter: float) -> str:
    """A text as SVG, no wider than its room.

    Args:
        kind: its class.
        letter: width of one of its letters.
    """
    most = int(room / letter / _SQUEEZED)
    shown = text if len(text) <= most else text[: most - 1] + "…"
    squeeze = "" if fits(shown, room, letter) else f' textLength="{room:.0f}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{x:g}" y="{y:.1f}" class="{kind}"{squeeze}>{escape(shown)}</text>'


def beside_lines(lines: Sequence[tuple[float, str]], width: float) -> list[tuple[float, str, str]]:
    """Upright lines that begin under their labels: place, label and anchor of each, in the order in which they stand.

    No line that begins higher goes through the label of a lower one: all labels are to the left of their lines where
    there is room, the last line's first, else to the right, the first line's first.
    """
    is_left = all(x > len(label) * LETTER for x, label in lines)
    return [
        (x, label, "end" if is_left or x + len(label) * LETTER > width else "start")
        for x, label in sorted(lines, reverse=is_left)
    ]
