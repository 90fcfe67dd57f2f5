"""Split full names into forenames and surname by the words of the column itself and a
shipped list of common names.

A comma splits a name (SURNAME, Forename). Elsewhere each word is scored by how often it
stands among forenames and among surnames: in names with a comma, in the list of common
names, and at the ends of the column's names. One order (forename or surname first)
holds for a column.
"""

import functools
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.files.distinct import Counts, some_of
from linkage.files.vocabulary import common_names, vocabulary
from linkage.records.names import name_words
from linkage.records.rules import name_rules

Parts = tuple[Counter[str], Counter[str]]  # Forenames and surnames to their rows

_UNSEEN = 0.5  # pseudo-count of a word as either kind, and of a number of surname words
_MAX_SURNAME_WORDS = 6
_LISTED = 20  # rows, as which a word of the list of common names counts at most
_ORDER_NAMES = 2_000
"""Names that show which comes first, of all that a sample has: the evidence of each is
a bit or more, and all of it is added up.
"""
_REMEMBERED = 1 << 16  # names, whose words are remembered: each is asked for six times


@functools.lru_cache(_REMEMBERED)
def _words_of(name: str) -> tuple[str, ...]:
    """The words of a name."""
    return tuple(name_words(name))


@dataclass(frozen=True)
class _Words:
    """What words say."""

    weights: Mapping[str, float]  # word to log2 odds that it is a forename
    lengths: tuple[float, ...]  # log2 shares of surnames of one, two ... words
    particles: frozenset[str]  # words that belong to the surname after them: VAN, DE

    @classmethod
    def of(cls, forenames: Counts, surnames: Counts) -> "_Words":
        first_names, family, last, lengths = (
            Counter[str](),
            Counter[str](),
            Counter[str](),
            Counter[int](),
        )
        for value, rows in forenames.items():
            words = _words_of(value) or ("",)
            last[words[-1]] += rows
            for word in words:
                first_names[word] += rows
        particles = _particles_of(surnames, last)
        for value, rows in surnames.items():
            parts = _with_particles(_words_of(value), particles)
            lengths[min(len(parts), _MAX_SURNAME_WORDS)] += rows
            for word in parts:
                family[word] += rows
        forename_total, surname_total = (
            max(first_names.total(), 1),
            max(family.total(), 1),
        )
        floor = _UNSEEN / max(forename_total, surname_total)
        weights = {
            word: math.log2(
                (first_names[word] / forename_total + floor)
                / (family[word] / surname_total + floor)
            )
            for word in {*first_names, *family}
        }
        length_counts = [
            lengths[number] + _UNSEEN / 2**number
            for number in range(1, _MAX_SURNAME_WORDS + 1)
        ]
        return cls(
            weights,
            tuple(math.log2(count / sum(length_counts)) for count in length_counts),
            particles,
        )

    def best(
        self, words: Sequence[str], surname_first: bool
    ) -> tuple[float, Sequence[str], Sequence[str]]:
        """The best split of a name: its evidence (log2), the forenames and the
        surname's words.
        """
        parts = _with_particles(words, self.particles, surname_first, separator=" ")
        parts = parts if len(parts) > 1 else list(words)
        scores = [self.weights.get(_joined(word), 0.0) for word in parts]
        scores = scores[::-1] if surname_first else scores
        total, numbers = (
            sum(scores),
            range(1, min(len(parts) - 1, _MAX_SURNAME_WORDS) + 1),
        )
        evidence, number = max(
            (total - 2 * sum(scores[-n:]) + self.lengths[n - 1], n) for n in numbers
        )
        if surname_first:
            return evidence, parts[number:], parts[:number]
        return evidence, parts[:-number], parts[-number:]


@dataclass(frozen=True)
class FullNames:
    """How a column's full names are split."""

    words: _Words
    surname_first: bool  # of names without a comma

    @classmethod
    def learn(
        cls, values: Counts, settings: Mapping[str, Any] | None = None
    ) -> "FullNames":
        """From a column's values; `settings` may state surname_first."""
        options, names = settings or {}, Counter[str]()
        for value, rows in values.items():
            names[bare_name(value)] += rows
        known = _known_parts(names)
        surname_first = bool(
            options.get("surname_first", _evidence(names, _Words.of(*known)) > 0)
        )
        words = _Words.of(
            *(
                one + two
                for one, two in zip(known, _by_place(names, surname_first), strict=True)
            )
        )
        return cls(words, surname_first)

    def split(self, value: str) -> tuple[str | None, str | None]:
        """Forenames and surname; one is None where the name is a single word."""
        name = bare_name(value)
        if parts := _by_comma(name):
            return parts
        words = _words_of(name)
        if len(words) < 2:
            word = words[0] if words else None
            return (
                (word, None)
                if self.words.weights.get(word or "", 0.0) > 0
                else (None, word)
            )
        _, forenames, surname = self.words.best(words, self.surname_first)
        return " ".join(forenames), " ".join(map(_joined, surname))


def _known_parts(names: Counts) -> Parts:
    """Names that commas split, and words of the column that are common names; a word in
    small letters is a particle.
    """
    forenames, surnames, rows_of = Counter[str](), Counter[str](), Counter[str]()
    small = {word.upper() for name in names for word in name.split() if word.islower()}
    for name, rows in names.items():
        if parts := _by_comma(name):
            forenames[parts[0]] += rows
            surnames[parts[1]] += rows
        for word in _words_of(name):
            rows_of[word] += rows
    for counts, common in zip((forenames, surnames), common_names(), strict=True):
        counts.update(
            {
                word: min(rows_of[word], _LISTED)
                for word in (common & rows_of.keys()) - small
            }
        )
    return forenames, surnames


def _by_place(names: Counts, surname_first: bool) -> Parts:
    """First and last words of names without a comma as forenames and surnames, or the
    other way round.
    """
    forenames, surnames = Counter[str](), Counter[str]()
    for name, rows in names.items():
        words = _with_particles(
            _words_of(name),
            name_rules().surname_particles,
            surname_first,
            separator=" ",
        )
        if "," not in name and len(words) > 1:
            first, last = (
                (words[-1], words[0]) if surname_first else (words[0], words[-1])
            )
            forenames[first] += rows
            surnames[_joined(last)] += rows
    return forenames, surnames


def _evidence(names: Counts, words: _Words) -> float:
    """Log2 odds that the surname stands first, of names of several words."""
    without_comma = {name: rows for name, rows in names.items() if "," not in name}
    return sum(
        words.best(name_parts, True)[0] - words.best(name_parts, False)[0]
        for name in some_of(without_comma, _ORDER_NAMES)
        if len(name_parts := _words_of(name)) > 1
    )


def _by_comma(value: str) -> tuple[str, str] | None:
    """SURNAME, Forename; None where a side of the comma is no name (Lee, Jr.). Berg,
    Jan van den is Jan van den Berg.
    """
    surname, comma, forename = (part.strip() for part in value.partition(","))
    if not comma:
        return None
    words = forename.split()
    while (
        len(words) > 1
        and words[-1].islower()
        and {*_words_of(words[-1])} <= {*name_rules().surname_particles}
    ):
        surname = f"{words.pop()} {surname}"
    is_suffix = (
        len(_words_of(forename)) == 1
        and _words_of(forename)[0] in name_rules().suffixes
    )
    return (
        (" ".join(words), surname)
        if _words_of(surname) and _words_of(forename) and not is_suffix
        else None
    )


def _particles_of(surnames: Counts, last: Counts) -> frozenset[str]:
    """Particles, but for those that are more often a name by themselves than before a
    surname: Le in Vietnam.
    """
    singles, before = Counter[str](), Counter[str]()
    for value, rows in surnames.items():
        words = _words_of(value)
        (singles if len(words) == 1 else before)[words[0] if words else ""] += rows
    particles = name_rules().surname_particles
    return frozenset(
        word
        for word in particles
        if max(singles[word], last.get(word, 0)) <= before[word]
    )


def _joined(word: str) -> str:
    return word.replace(" ", "")


def _with_particles(
    words: Sequence[str],
    particles: Collection[str],
    from_first: bool = True,
    *,
    separator: str = "",
) -> list[str]:
    """Particles with the word after them, as one; the first word of a forename is none
    (Ben, Al).
    """
    names, front = [], ""
    for place, word in enumerate(words):
        last = place == len(words) - 1
        is_initial = not last and len(word) == len(words[place + 1]) == 1
        if word in particles and not last and (from_first or place) and not is_initial:
            front += word + separator
        else:
            names.append(front + word)
            front = ""
    return names


def bare_name(value: str) -> str:
    """A name without titles before it, degrees after it and words such as née within
    it.
    """
    title, degrees, infix = _around_names()
    return infix.sub(
        " ",
        ",".join(
            title.sub("", part) for part in degrees.sub("", value.strip()).split(",")
        ),
    )


@functools.cache
def _around_names() -> tuple[re.Pattern[str], ...]:
    """Expressions for titles before a name, for degrees after it, and for words between
    names.
    """

    def any_of(words: Iterable[str], dot: str = "") -> str:
        longest_first = (
            word.replace(".", "") if dot else word
            for word in sorted(words, key=len, reverse=True)
        )
        return "|".join(dot.join(map(re.escape, word)) for word in longest_first)

    lists, rules = vocabulary()["around_names"], name_rules()
    titles = {*lists["titles"], *map(str.title, rules.titles)}
    dotted = {word for word in titles if word.endswith(".")}
    title = rf"^(?:\s*(?:(?:{any_of(titles - dotted)})(?:\.\s*|\s+)|(?:{any_of(dotted)})\s*)(?=.*\w))+"  # noqa: E501
    degree = (
        rf"[\s,]+(?:{any_of(lists['degrees'], '[.]?')}|{any_of(lists['dotted'])})[.]?"
    )
    degree = rf"(?<=[\w.])(?:{degree}|\s*,\s*(?:{any_of(rules.suffixes)})[.]?)+$"
    infix = rf"(?<=[^\s,])\s+(?:{any_of(lists['between'])})\s+(?=[^\s,])"
    return tuple(re.compile(form, re.IGNORECASE) for form in (title, degree, infix))
