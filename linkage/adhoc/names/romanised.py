"""Names of another script in the Latin letters that the other file writes them in.

Щербак is Shcherbak in London, Schtscherbak in Berlin and Chtcherbak in Paris, 陳志明 Chan Chi Ming in Hong Kong and
Chen Chih-ming in Taipei, and sign by sign none of them is equal to what stands there. Which way a file's names have,
its words show: ways are data (configs/romanised.toml, decision 150).
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Annotated

from anyascii import anyascii
from pydantic import AfterValidator, Field

from linkage.adhoc.files.columns_made import counted, each_value
from linkage.adhoc.files.shapes import Shape, move
from linkage.adhoc.names.consonants import NAMES
from linkage.adhoc.names.full_names import by_form
from linkage.adhoc.names.of_syllables import Syllables
from linkage.adhoc.names.parents import PARENTS
from linkage.config.resources import config_file
from linkage.config.toml_file import Strict, fault, held_to
from linkage.engine import Engine

NOTE = "names are compared by how they sound: one file writes them in Hangul, which Latin letters have many ways for"

_PLACES = ("town", "county", "birth_place", "address")
_FURTHER = ("other_surname", *PARENTS)
_LOOKED_AT = 3_000  # distinct values of a column that show how its names are written
_MOSTLY, _SELDOM = 0.5, 0.05  # shares of names with signs of a script, of the file that writes it and of the other
_ACCENT = re.compile("(?<=[α-ω])[\u0301\u0308]+")
_A_LETTER = r"[^\W\d_]"
_IN_DEVANAGARI = {sign: 0x900 + sign % 0x80 for sign in range(0x980, 0xD80)}
"""Signs of Bengali, Gurmukhi, Gujarati, Oriya, Tamil, Telugu, Kannada, Malayalam: their blocks are laid out alike."""


def _expression(value: str) -> str:
    return _replacement((value, ""))[0]


def _replacement(value: tuple[str, str]) -> tuple[str, str]:
    pattern, by = value
    try:
        re.compile(pattern).sub(by, "")  # which reads what stands for it, too
    except (re.error, IndexError) as error:
        raise fault(f"no regular expression, or none for what stands for it: {error}") from None
    return value


Replacement = Annotated[tuple[str, str], AfterValidator(_replacement)]


class Way(Strict):
    """A way to write a script's names in Latin letters.

    Attributes:
        name: for those who read the file.
        script: an expression for a sign of it, a small one.
        only: for a sign that some name has, where the way is one language's.
        letters: expressions for what stands in the script, and what is read instead, in their order: a vowel that is
            heard and not written. Scripts of India are read as Devanagari, whose letters stand in their places.
        spellings, first: small letters to Latin ones; at the beginning of a word.
        of_signs: each sign is a syllable, and no blank parts surname and given name.
        signs: spellings to the signs that have them.
        surnames: of two signs.
        syllables: expressions for syllables as they are romanised otherwise, and what stands for them, in their order.
        sounds: the same for words in Latin letters of both files, which write one sound in several ways.
    """

    name: str
    script: Annotated[str, AfterValidator(_expression)]
    only: Annotated[str, AfterValidator(_expression)] = ""
    letters: tuple[Replacement, ...] = ()
    spellings: dict[str, str] = Field({})
    first: dict[str, str] = Field({})
    of_signs: bool = False
    signs: dict[str, str] = Field({})
    surnames: frozenset[str] = frozenset()
    syllables: tuple[Replacement, ...] = ()
    sounds: tuple[Replacement, ...] = ()

    def written(self, name: str, *, whole: bool = False) -> str:
        """A name in capital Latin letters; what the way says nothing of is romanised sign by sign.

        Args:
            whole: a name in full, of which signs without a blank are the surname and the given name.
        """
        if self.of_signs:
            return self._of_signs(name, whole)
        text = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", name.lower())))
        text = _replaced(text.translate(_IN_DEVANAGARI), self.letters) if self.letters else text
        latin: str = anyascii(_known(self).sub(self._in_latin, text))
        return latin.upper()

    def heard(self, name: str) -> str:
        """A name in Latin letters by the sounds that the way tells apart."""
        return re.sub(r"[A-Za-z]+", lambda word: _replaced(word[0].upper(), self.sounds), name) if self.sounds else name

    def together(self, given: str) -> str:
        """A given name's syllables as one word: Chi Ming, Chi-ming and Chiming are one."""
        return self.heard(re.sub(r"[\s-]", "", anyascii(given).upper()))

    def _in_latin(self, found: re.Match[str]) -> str:
        return self.first[found["first"]] if found["first"] else self.spellings[found[0]]

    def _of_signs(self, name: str, whole: bool) -> str:
        parts = re.fullmatch(rf"({self.script}{{1,2}})(\s*)({self.script}{{1,2}})", name.strip()) if whole else None
        if parts and parts[2]:
            return f"{self._syllables(parts[1], '')}, {self._syllables(parts[3])}"
        if parts:
            signs = parts[1] + parts[3]
            first = 2 if len(signs) > 2 and signs[:2] in self.surnames else 1
            return f"{self._syllables(signs[:first], '')}, {self._syllables(signs[first:])}"
        return re.sub(rf"{self.script}+", lambda signs: self._syllables(signs[0]), name)

    def _syllables(self, signs: str, between: str = " ") -> str:
        return between.join(self.heard(self._syllable(sign)) for sign in signs)

    def _syllable(self, sign: str) -> str:
        known = next((spelling for spelling, signs in self.signs.items() if sign in signs), None)
        return (known or _replaced(anyascii(sign).lower(), self.syllables)).strip().upper()


class _Ways(Strict):
    """configs/romanised.toml."""

    way: tuple[Way, ...]


def in_latin(engine: Engine, shapes: Sequence[Shape]) -> Way | None:
    """Names of one file as the other writes them, where they are in another script; the way they are written in.

    Args:
        shapes: two files; their fields move to the columns that are made.
    """
    names = [name for name in NAMES if all(name in shape.fields for shape in shapes)]
    if len(shapes) < 2 or not names:
        return None
    samples = [_sample(engine, shape, names) for shape in shapes]
    for here, other in ((0, 1), (1, 0)):
        if way := _way(samples[here], samples[other]):
            _write(engine, shapes[here], way)
            if way.of_signs:
                _hear(engine, shapes[other], way, _syllables(engine, shapes[here]))
            return way
    return None


def given_together(engine: Engine, shapes: Sequence[Shape], way: Way | None) -> None:
    """Given names of which each sign is a syllable, as one word in both files."""
    if way and way.of_signs and not any("middle_names" in shape.fields for shape in shapes):
        for shape in shapes:
            if "forename" in shape.fields:
                held = [(shape.file, shape.fields["forename"])]
                made = each_value(engine, held, "given name", lambda name: way.together(name) or None)
                move([shape], "forename", made)


def _write(engine: Engine, shape: Shape, way: Way) -> None:
    asked = (*NAMES, *_FURTHER, *(() if way.of_signs else _PLACES))
    whole = _whole(shape)
    for name, column in _each_once(shape, asked):
        become = functools.partial(way.written, whole=column == whole)
        move([shape], name, each_value(engine, [(shape.file, column)], "in Latin letters", become))


def _hear(engine: Engine, shape: Shape, way: Way, known: Syllables) -> None:
    """Names in Latin letters as those in signs are written now."""
    whole = _whole(shape)
    for name, column in _each_once(shape, NAMES):

        def become(text: str, in_full: bool = column == whole) -> str:
            heard = way.heard(anyascii(text).upper())
            return known.turned(heard) if in_full else heard

        move([shape], name, each_value(engine, [(shape.file, column)], "by its syllables", become))


def _syllables(engine: Engine, shape: Shape) -> Syllables:
    """Syllables of the names that were written in signs."""
    values = {
        name: counted(engine, shape.file, shape.fields[name])
        for name in ("surname", "forename")
        if name in shape.fields
    }
    if _whole(shape):
        given, family = by_form(next(iter(values.values())))
        return Syllables.of({name.strip(): rows for name, rows in family.items()}, given)
    return Syllables.of(values.get("surname", {}), values.get("forename", {}))


def _whole(shape: Shape) -> str | None:
    """The column of names in full."""
    column = shape.fields.get("forename")
    return column if column == shape.fields.get("surname") else None


def _each_once(shape: Shape, names: Sequence[str]) -> list[tuple[str, str]]:
    """Fields of a file and their columns, each column once."""
    found: dict[str, str] = {}
    for name in names:
        if name in shape.fields:
            found.setdefault(shape.fields[name], name)
    return [(name, column) for column, name in found.items()]


def _sample(engine: Engine, shape: Shape, names: Sequence[str]) -> list[tuple[str, bool]]:
    """Some of the names that a file has in some fields, and whether they are names in full."""
    found = []
    for _, column in _each_once(shape, names):
        values = counted(engine, shape.file, column)
        is_whole = column == _whole(shape)
        step = max(1, len(values) // _LOOKED_AT)
        found += [(value, is_whole) for value in itertools.islice(values, 0, None, step)]
    return found


def _way(names: Sequence[tuple[str, bool]], others: Sequence[tuple[str, bool]]) -> Way | None:
    """The way by which most words of some names are words of the others; None where signs alone do as well."""
    ways = [way for way in _ways() if _are_of(names, way.script) and not _have(others, way.script)]
    if not ways:
        return None
    known = _words([value for value, _ in others])
    best, most = None, -1 if ways[0].of_signs else _in_common([value for value, _ in names], known)
    for way in ways:
        if way.only and not any(re.search(way.only, value.lower()) for value, _ in names):
            continue
        found = _in_common([way.written(value, whole=whole) for value, whole in names], known)
        if found > most:
            best, most = way, found
    return best


def _are_of(names: Sequence[tuple[str, bool]], script: str) -> bool:
    return _share(names, script) > _MOSTLY


def _have(names: Sequence[tuple[str, bool]], script: str) -> bool:
    return _share(names, script) > _SELDOM


def _share(names: Sequence[tuple[str, bool]], script: str) -> float:
    return sum(bool(re.search(script, value.lower())) for value, _ in names) / max(len(names), 1)


def _in_common(names: Sequence[str], known: Collection[str]) -> int:
    return sum(word in known for name in names for word in _words([name]))


def _words(names: Sequence[str]) -> set[str]:
    return {word for name in names for word in re.findall("[A-Z]{2,}", anyascii(name).upper())}


def _replaced(text: str, rules: Sequence[tuple[str, str]]) -> str:
    for pattern, by in rules:
        text = re.sub(pattern, by, text)
    return text


@functools.cache
def _ways() -> tuple[Way, ...]:
    return held_to(_Ways, config_file("romanised.toml")).way


@functools.lru_cache(16)
def _known_of(first: tuple[str, ...], spellings: tuple[str, ...]) -> re.Pattern[str]:
    starts, known = ("|".join(map(re.escape, sorted(of, key=len, reverse=True))) for of in (first, spellings))
    return re.compile(f"(?<!{_A_LETTER})(?P<first>{starts or '(?!)'})|(?:{known})")


def _known(way: Way) -> re.Pattern[str]:
    """Letters that a way has a spelling for, the longest first."""
    return _known_of(tuple(way.first), tuple(way.spellings))
