"""The encoding of a text file that was not stated: UTF-8 or UTF-16 where it is that, else the likeliest code page."""

from pathlib import Path

from linkage.config import FileFormat
from linkage.records.csv_files import is_of_two_bytes, mark_of, start_of

_SAMPLE_BYTES = 1 << 20  # from the file's start
CODE_PAGES = ("cp1252", "cp1250", "cp1254", "mac_roman", "cp850")
"""Western and Central European, Turkish; Mac and DOS. Of those that fit alike the first is taken."""
_USUAL = {
    "cp1252": "àáâãäåæçèéêëìíîïñòóôõöøœùúûüßšžðþý",
    "cp1250": "áâäąăčćďđéěëęíîĺľłńňóôőöŕřśšşťţúůűüýźżžß",
    "cp1254": "çğıİöşüâîûé",
    "mac_roman": "àáâãäåæçèéêëìíîïñòóôõöøœùúûüß",
    "cp850": "àáâãäåæçèéêëìíîïñòóôõöøùúûüß",
}
"""Letters of names, by the code page that they are expected in; a letter elsewhere speaks against the page."""


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
    """The code page that charset-normalizer and the letters of names speak for."""
    from charset_normalizer import from_bytes

    fitting = {match.encoding for match in from_bytes(text, cp_isolation=list(CODE_PAGES))}
    pages = [page for page in CODE_PAGES if page in fitting] or [page for page in CODE_PAGES if _decodes(text, page)]
    return min(pages, key=lambda page: _unusual(text, page), default="latin-1")


def _unusual(text: bytes, page: str) -> int:
    """Signs beyond ASCII that no name has; one that is no letter counts three times."""
    beyond = [sign for sign in text.decode(page, "replace") if not sign.isascii()]
    strange = [sign for sign in beyond if sign not in _USUAL[page] and sign.lower() not in _USUAL[page]]
    return sum(1 if sign.isalpha() else 3 for sign in strange)


def _is_utf8(line: bytes) -> bool:
    return _decodes(line, "utf-8")


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
