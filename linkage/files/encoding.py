"""The encoding of a text file that was not stated: UTF-8 or UTF-16 where it is that, else the likeliest code page."""

import contextlib
from pathlib import Path

from linkage.config import FileFormat
from linkage.records.csv_files import is_of_two_bytes, mark_of, start_of

_SAMPLE_BYTES = 1 << 20  # from the file's start
CODE_PAGES = (
    ("cp1252", "àáâãäåæçèéêëìíîïñòóôõöøœùúûüßšž"),
    ("cp1250", "áâäąăčćďéěëęíîĺľłńňóôőöŕřśšťúůűüźżžşß"),
    ("cp1250", "čćđšžäöüßéáó"),
    ("cp1250", "ăâîşţáéíóöőúüűß"),
    ("cp1254", "çğıİöşüâîûé"),
    ("cp1252", "áðéíóúýþæöøå"),
    ("mac_roman", "àáâãäåæçèéêëìíîïñòóôõöøœùúûüß"),
    ("cp850", "àáâãäåæçèéêëìíîïñòóôõöøùúûüß"),
)
"""Code pages of Western Europe, Central Europe, Croatia, Romania, Turkey, Iceland, Mac and DOS, with letters of names.
Of those that fit alike the first is taken."""
_NO_LETTER = 3  # letters, as which a sign beyond ASCII that is none speaks against a page


def detect_encoding(path: Path) -> str:
    """What a delimited text file is written in, by its byte order mark or its first megabyte.

    Lines of UTF-8 win where they are most of those beyond ASCII, so that single damaged lines stand out.

    Raises:
        InputError: the file cannot be read, or its compression is cut short.
    """
    start = start_of(path, FileFormat(type="csv"), _SAMPLE_BYTES)
    if marked := mark_of(start):
        return marked
    if is_of_two_bytes(start):
        return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    lines = start.splitlines()[: -1 if len(start) == _SAMPLE_BYTES else None]
    beyond = [line for line in lines if not line.isascii()]
    others = [line for line in beyond if not _decodes(line, "utf-8")]
    if len(others) * 2 <= len(beyond):
        return "utf-8"
    text = b"\n".join(others)
    fitting = [(page, letters) for page, letters in CODE_PAGES if _decodes(text, page)]
    return min(fitting, key=lambda of: _unusual(text.decode(of[0]), of[1]), default=("latin-1", ""))[0]


def _unusual(text: str, letters: str) -> int:
    """How many signs beyond ASCII are no letters of a page's names; those that are no letters at all count more."""
    strange = [sign for sign in text if not sign.isascii() and sign.lower() not in letters]
    return sum(1 if sign.isalpha() else _NO_LETTER for sign in strange)


def _decodes(text: bytes, encoding: str) -> bool:
    with contextlib.suppress(UnicodeDecodeError):
        text.decode(encoding)
        return True
    return False
