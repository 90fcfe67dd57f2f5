"""Texts of a drawing in the room that they have: squeezed where they need more, and cut where that is not enough."""

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
