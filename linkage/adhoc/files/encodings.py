"""The encoding of a text file that nobody named: UTF-8 where it is that, else the likeliest that people use."""

import codecs
import functools
import re
import unicodedata
from pathlib import Path

from pydantic import field_validator

from linkage.config import FileFormat
from linkage.config.resources import config_file
from linkage.config.toml_file import Strict, fault, held_to
from linkage.records.csv_files import is_of_two_bytes, mark_of, start_of

_LOOKED_AT = 1 << 20  # bytes from the file's start
_BEFORE_NUMBERS = re.compile(r"(?<!\w)[^\x00-\x7f](?=[0-9])")
_NO_LETTER = 3  # as much against a code page as so many letters that its languages have not


class _Page(Strict):
    """A code page of Latin letters, and letters that it is used for together."""

    encoding: str
    of: str
    letters: str

    @field_validator("encoding")
    @classmethod
    def _is_one(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError:
            raise fault("no encoding is called so; common ones: cp1252, cp1250, latin-1") from None
        return value

    def against(self, text: bytes) -> int:
        """How much speaks against it: what is no letter beyond ASCII, and letters that its languages have not.

        Before a number that no letter begins stands a sign (£12, €50): there no letter is meant.
        """
        decoded = text.decode(self.encoding)
        before_numbers = _BEFORE_NUMBERS.findall(decoded)
        beyond = [letter for letter in _BEFORE_NUMBERS.sub("", decoded) if not letter.isascii()]
        signs = sum(not letter.isalpha() for letter in beyond)
        foreign = sum(letter not in self.letters and letter.lower() not in self.letters for letter in beyond)
        return (_NO_LETTER - 1) * signs + foreign + _NO_LETTER * sum(map(str.isalpha, before_numbers))


class _Unlikely(Strict):
    """The first and last of letters that are hardly ever meant."""

    letters: tuple[str, str]


class _Encodings(Strict):
    """configs/encodings.toml: pages in the order in which they are taken."""

    page: tuple[_Page, ...]
    unlikely: _Unlikely


@functools.cache
def _rules() -> tuple[tuple[_Page, ...], tuple[str, str]]:
    held = held_to(_Encodings, config_file("encodings.toml"))
    return held.page, held.unlikely.letters


def found_encoding(path: Path) -> str:
    """What a delimited text file is written in, by its mark or by its first megabyte.

    A file most of whose lines beyond ASCII are UTF-8 is that, so that single damaged lines stand out. Of another that
    is full of bytes beyond ASCII, the script is told by charset-normalizer. Among code pages of Latin letters, which
    that takes for one another in lists of names, the one is taken that leaves fewest signs where names have letters,
    and fewest letters that its languages have not (configs/encodings.toml).

    Raises:
        InputError: the file cannot be read, or its compression is cut short.
    """
    start = start_of(path, FileFormat(type="csv"), _LOOKED_AT)
    if marked := mark_of(start):
        return marked
    if is_of_two_bytes(start):
        return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    beyond = [line for line in start.splitlines()[: -1 if len(start) == _LOOKED_AT else None] if not line.isascii()]
    others = [line for line in beyond if not _decodes(line, "utf-8")]
    return "utf-8" if len(others) * 2 <= len(beyond) else _guessed(b"\n".join(others))


def _guessed(text: bytes) -> str:
    from charset_normalizer import from_bytes

    if sum(byte > 127 for byte in text) * 2 > sum(chr(byte).isalpha() for byte in text if byte < 128):
        found = sorted(from_bytes(text), key=lambda match: _is_unlikely(str(match)))  # the best first, in both parts
        if found and not _is_latin(str(found[0])):
            return found[0].encoding
    pages, _ = _rules()
    fitting = [page for page in pages if _decodes(text, page.encoding)]
    return min(fitting, key=lambda page: page.against(text)).encoding if fitting else "latin-1"


def _is_latin(text: str) -> bool:
    beyond = _letters(text)
    return sum("LATIN" in unicodedata.name(letter, "") for letter in beyond) * 2 >= len(beyond)


def _is_unlikely(text: str) -> bool:
    """Whether most letters are of a kind that hardly a file is written in throughout."""
    _, (first, last) = _rules()
    beyond = _letters(text)
    return sum(first <= letter <= last for letter in beyond) * 2 > len(beyond)


def _letters(text: str) -> list[str]:
    return [letter for letter in text if not letter.isascii() and letter.isalpha()]


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
