"""The encoding of a text file that nobody named: UTF-8 where it is that, else the likeliest that people use."""

import unicodedata
from functools import partial
from pathlib import Path

from linkage.config import FileFormat
from linkage.records.csv_files import mark_of, start_of

_LOOKED_AT = 1 << 20  # bytes from the file's start
_LATIN = ("cp1252", "cp1250", "cp1254", "mac_roman", "cp850")  # the first that fits as well as any is taken
_RARE = frozenset("ýþðÝÞÐŸ")
"""Letters of the Western code page that few names have, and that files in others seem to be full of."""
_NO_LETTER = 3  # as much against a code page as so many rare letters


def found_encoding(path: Path) -> str:
    """What a delimited text file is written in, by its mark or by its first megabyte.

    A file most of whose lines beyond ASCII are UTF-8 is that, so that single damaged lines stand out. Of another that
    is full of bytes beyond ASCII, the script is told by charset-normalizer. Among code pages of Latin letters, which
    that takes for one another in lists of names, the one is taken that leaves fewest signs where names have letters.

    Raises:
        InputError: the file cannot be read, or its compression is cut short.
    """
    start = start_of(path, FileFormat(type="csv"), _LOOKED_AT)
    if marked := mark_of(start):
        return marked
    if start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    beyond = [line for line in start.splitlines()[: -1 if len(start) == _LOOKED_AT else None] if not line.isascii()]
    others = [line for line in beyond if not _decodes(line, "utf-8")]
    return "utf-8" if len(others) * 2 <= len(beyond) else _guessed(b"\n".join(others))


def _guessed(text: bytes) -> str:
    from charset_normalizer import from_bytes

    if sum(byte > 127 for byte in text) * 2 > sum(chr(byte).isalpha() for byte in text if byte < 128):
        best = from_bytes(text).best()
        if best and not _is_latin(str(best)):
            return best.encoding
    fitting = [encoding for encoding in _LATIN if _decodes(text, encoding)]
    return min(fitting, key=partial(_against, text), default="latin-1")


def _against(text: bytes, encoding: str) -> int:
    """How much speaks against a code page: what is no letter beyond ASCII, and letters that few names have."""
    beyond = [letter for letter in text.decode(encoding) if not letter.isascii()]
    signs = sum(not letter.isalpha() for letter in beyond)
    return _NO_LETTER * signs + sum(letter in _RARE for letter in beyond)


def _is_latin(text: str) -> bool:
    beyond = [letter for letter in text if not letter.isascii() and letter.isalpha()]
    return sum("LATIN" in unicodedata.name(letter, "") for letter in beyond) * 2 >= len(beyond)


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
