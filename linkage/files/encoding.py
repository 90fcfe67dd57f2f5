"""The encoding of a text file that was not stated: UTF-8 or UTF-16 where it is that, else the likeliest code page."""

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
    others = [line for line in beyond if not _is_utf8(line)]
    return "utf-8" if len(others) * 2 <= len(beyond) else _code_page(b"\n".join(others))


def _code_page(text: bytes) -> str:
    """The code page under which fewest signs beyond ASCII are no letters of its names."""
    fitting = [(page, letters) for page, letters in CODE_PAGES if _decodes(text, page)]
    return min(fitting, key=lambda of: _unusual(text, *of), default=("latin-1", ""))[0]


def _unusual(text: bytes, page: str, letters: str) -> int:
    beyond = [sign for sign in text.decode(page) if not sign.isascii()]
    strange = [sign for sign in beyond if sign not in letters and sign.lower() not in letters]
    return sum(1 if sign.isalpha() else _NO_LETTER for sign in strange)


def _is_utf8(line: bytes) -> bool:
    return _decodes(line, "utf-8")


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
