"""Split full names into forenames and surname by the words of the column itself and a shipped list of common names.

A comma splits a name (SURNAME, Forename). Elsewhere each word is scored by how often it stands among forenames and among
surnames: first in names with a comma and in the list of common names, then in the names that those split. One order
(forename or surname first) holds for a column, unless its words show that many of its names have the other.
"""

import functools
import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from anyascii import anyascii

from linkage.files.vocabulary import common_names, vocabulary
from linkage.records.names import name_words
from linkage.records.rules import name_rules

Counts = Mapping[str, int]
"""A value to its rows."""

_UNSEEN = 0.5  # pseudo-count of a word as either kind, and of a number of surname words
_MAX_SURNAME_WORDS = 6
_LISTED = 20.0  # rows, as which a word of the list of common names counts at most
_ROUNDS = 2  # of splitting names and counting their words again
_ORDER_NAMES = 20_000  # that show which comes first
_MIN_TURNED_SHARE, _MIN_TURNED = 0.05, 10  # names of the other order, below which ambiguous words may feign them
_SURE_BITS = 3.0  # log2 odds from which a single name has the other order


@dataclass(frozen=True)
class _Words:
    """What words say.

    Attributes:
        weights: word to log2 odds that it is a forename.
        lengths: log2 shares of surnames of one, two ... words.
        particles: words that belong to the surname after them: VAN, DE.
        begins: word to log2 odds that a forename begins with it.
    """

    weights: Mapping[str, float]
    lengths: tuple[float, ...]
    particles: frozenset[str]
    begins: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, forenames: Counts, surnames: Counts) -> "_Words":
        given, family, lengths = Counter[str](), Counter[str](), Counter[int]()
        first, last = Counter[str](), Counter[str]()
        for value, rows in forenames.items():
            words = name_words(value) or [""]
            for word in words:
                given[word] += rows
            first[words[0]] += rows
            last[words[-1]] += rows
        particles = _particles_of(surnames, last)
        for value, rows in surnames.items():
            words = _with_particles(name_words(value), particles)
            lengths[min(len(words), _MAX_SURNAME_WORDS)] += rows
            for word in words:
                family[word] += rows
        all_given, all_family = max(given.total(), 1), max(family.total(), 1)
        unseen = _UNSEEN / max(all_given, all_family)
        weights = {
            word: math.log2((given[word] / all_given + unseen) / (family[word] / all_family + unseen))
            for word in {*given, *family}
        }
        counted = [lengths[number] + _UNSEEN / 2**number for number in range(1, _MAX_SURNAME_WORDS + 1)]
        usual = first.total() / all_given
        begins = {word: math.log2((first[word] / usual + 1) / (rows + 1)) for word, rows in given.items()}
        return cls(weights, tuple(math.log2(count / sum(counted)) for count in counted), particles, begins)

    def parts(self, words: list[str], surname_first: bool) -> list[str]:
        """The words of a full name, particles joined to theirs."""
        parts = _with_particles(words, self.particles, surname_first, between=" ")
        return parts if len(parts) > 1 else words

    def best(self, words: list[str], *, surname_first: bool) -> tuple[float, int]:
        """The evidence (log2) for the best split, and how many words the surname has there."""
        scores = [self.weights.get(_joined(word), 0.0) for word in words]
        scores = scores[::-1] if surname_first else scores
        total, best = sum(scores), (-math.inf, 1)
        for number in range(1, min(len(words) - 1, _MAX_SURNAME_WORDS) + 1):
            begins = self.begins.get(_joined(words[number if surname_first else 0]), 0.0)
            best = max(best, (total - 2 * sum(scores[-number:]) + self.lengths[number - 1] + begins, number))
        return best


@dataclass(frozen=True)
class FullNames:
    """How a column's full names are split.

    Attributes:
        surname_first: of names without a comma.
        turned: share of names of the other order.
        single_is_forename: a single word that nothing tells is a forename.
    """

    words: _Words
    surname_first: bool
    turned: float = 0.0
    single_is_forename: bool = False

    @classmethod
    def learn(cls, values: Counts, settings: Mapping[str, Any] | None = None) -> "FullNames":
        """From a column's values; `settings` may state surname_first and turned."""
        stated = settings or {}
        names = Counter[str]()
        for value, rows in values.items():
            names[bare_name(value)] += rows
        by_form = _by_form(names)
        known = _with_common_names(names, by_form)
        surname_first = bool(stated.get("surname_first", _is_surname_first(names, _Words.of(*known))))
        words = _Words.of(*_added(known, _by_place(names, surname_first)))
        turned = float(stated.get("turned", _share_turned(_evidence(names, words, surname_first))))
        learned = cls(words, surname_first, turned)
        for _ in range(_ROUNDS):
            words = _Words.of(*_added(known, learned._split_all(names)))
            learned = cls(words, surname_first, turned)
        single = Counter[bool]()
        for value, rows in names.items():
            if len(only := name_words(value)) == 1 and (weight := words.weights.get(only[0], 0.0)):
                single[weight > 0] += rows
        return cls(words, surname_first, turned, single[True] > single[False])

    def as_settings(self) -> dict[str, Any]:
        """For the schema."""
        return {"surname_first": self.surname_first, "turned": round(self.turned, 3)}

    def split(self, value: str) -> tuple[str | None, str | None]:
        """Forenames and surname; one is None where the name is a single word."""
        return self._split(bare_name(value))

    def _split(self, name: str) -> tuple[str | None, str | None]:
        if parts := _by_comma(name):
            return parts
        words = self.words.parts(name_words(name), self.surname_first)
        if len(words) < 2:
            single = words[0] if words else None
            weight = self.words.weights.get(single, 0.0) if single else 0.0
            return (single, None) if weight > 0 or (not weight and self.single_is_forename) else (None, single)
        surname_first = self.surname_first
        score, number = self.words.best(words, surname_first=surname_first)
        if self.turned:
            others = self.words.parts(name_words(name), not surname_first)
            other, there = self.words.best(others, surname_first=not surname_first)
            if other - score + math.log2(self.turned / (1 - self.turned)) > _SURE_BITS:
                surname_first, words, number = not surname_first, others, there
        given, family = (words[number:], words[:number]) if surname_first else (words[:-number], words[-number:])
        return " ".join(given), " ".join(map(_joined, family))

    def _split_all(self, names: Counts) -> tuple[Counts, Counts]:
        given, family = Counter[str](), Counter[str]()
        for name, rows in names.items():
            forenames, surname = self._split(name)
            if forenames and surname:
                given[forenames] += rows
                family[surname] += rows
        return given, family


def _added(known: tuple[Counts, Counts], more: tuple[Counts, Counts]) -> tuple[Counts, Counts]:
    return tuple(Counter(one) + Counter(two) for one, two in zip(known, more, strict=True))  # type: ignore[return-value]


def _by_form(names: Counts) -> tuple[Counts, Counts]:
    """Forenames and surnames that commas split."""
    given, family = Counter[str](), Counter[str]()
    for name, rows in names.items():
        if parts := _by_comma(name):
            given[parts[0]] += rows
            family[parts[1]] += rows
    return given, family


def _with_common_names(names: Counts, known: tuple[Counts, Counts]) -> tuple[Counts, Counts]:
    """Names that are known by their form, and words of the column that are common names, and no particles there."""
    rows_of, small = Counter[str](), {word.upper() for name in names for word in name.split() if word.islower()}
    for name, rows in names.items():
        for word in name_words(name):
            rows_of[word] += rows
    listed = tuple(
        Counter({word: int(min(rows_of[word], _LISTED)) for word in (common & rows_of.keys()) - small})
        for common in common_names()
    )
    return _added(known, listed)  # type: ignore[arg-type]


def _is_surname_first(names: Counts, words: _Words) -> bool:
    forename_first = _evidence(names, words, False)
    return sum(forename_first) > 0


def _evidence(names: Counts, words: _Words, surname_first: bool) -> list[float]:
    """Of names of several words, log2 odds of the other order."""
    plain = (value for value in names if "," not in value)
    sample = [w for value in itertools.islice(plain, _ORDER_NAMES) if len(w := name_words(value)) > 1]
    found = [[words.best(words.parts(w, order), surname_first=order)[0] for w in sample] for order in (False, True)]
    return [a - b if surname_first else b - a for a, b in zip(*found, strict=True)]


def _share_turned(evidence: Sequence[float]) -> float:
    """The share of names that have the other order surely; 0 where so few have it that words may deceive."""
    turned = sum(bits > _SURE_BITS for bits in evidence)
    return min(turned / len(evidence), 0.5) if turned >= max(_MIN_TURNED_SHARE * len(evidence), _MIN_TURNED) else 0.0


def _by_place(names: Counts, surname_first: bool) -> tuple[Counts, Counts]:
    """First and last words of names without a comma as forenames and surnames, or the other way round."""
    given, family = Counter[str](), Counter[str]()
    for name, rows in names.items():
        words = _with_particles(name_words(name), name_rules().surname_particles, surname_first, between=" ")
        if "," not in name and len(words) > 1:
            first, last = (words[-1], words[0]) if surname_first else (words[0], words[-1])
            given[first] += rows
            family[_joined(last)] += rows
    return given, family


def _by_comma(value: str) -> tuple[str, str] | None:
    """SURNAME, Forename; None where a side of the comma is no name (Lee, Jr.). Berg, Jan van den is Jan van den Berg."""
    if "," not in value:
        return None
    family, _, given = (part.strip() for part in value.partition(","))
    given, particles = _without_particles(given)
    family = f"{particles} {family}".strip()
    words = name_words(family), name_words(given)
    if not all(words) or (len(words[1]) == 1 and words[1][0] in name_rules().suffixes):
        return None
    return given, family


def _without_particles(given: str) -> tuple[str, str]:
    """A forename, and the particles of the surname after it, in small letters: Van is a forename too."""
    words, number = given.split(), 0
    while number < len(words) - 1 and words[-1 - number].islower() and _is_particle(words[-1 - number]):
        number += 1
    return (" ".join(words[:-number]), " ".join(words[-number:])) if number else (given, "")


def _is_particle(word: str) -> bool:
    return all(part in name_rules().surname_particles for part in name_words(word))


def _particles_of(surnames: Counts, last: Counts) -> frozenset[str]:
    """Particles, but for those that are more often a name by themselves than before a surname: Le in Vietnam."""
    single, before = Counter[str](), Counter[str]()
    for value, rows in surnames.items():
        words = name_words(value)
        (single if len(words) == 1 else before)[words[0] if words else ""] += rows
    particles = name_rules().surname_particles
    return frozenset(word for word in particles if max(single[word], last.get(word, 0)) <= before[word])


def _joined(word: str) -> str:
    return word.replace(" ", "")


def _with_particles(
    words: list[str], particles: Collection[str], from_first: bool = True, *, between: str = ""
) -> list[str]:
    """Particles with the word after them, as one; the first word of a forename is none (Ben, Al)."""
    joined, front = [], ""
    for place, word in enumerate(words):
        last = place == len(words) - 1
        is_initial = not last and len(word) == len(words[place + 1]) == 1
        if word in particles and not last and (from_first or place) and not is_initial:
            front += word + between
        else:
            joined.append(front + word)
            front = ""
    return joined


def bare_name(value: str) -> str:
    """A name without titles before it, degrees after it and words such as née within it.

    >>> bare_name("Dr. Anna Smith, PhD"), bare_name("Frau Anna Weber geb. Klein")
    ('Anna Smith', 'Anna Weber Klein')
    """
    name, comma, last = value.rpartition(",")
    while comma and name.strip() and _are_degrees(last):
        value = name
        name, comma, last = value.rpartition(",")
    words = value.split()
    while len(words) > 1 and _is_degree(words[-1]):
        value = value.rstrip()[: -len(words.pop())]
    parts = (_without_titles(part) for part in value.rstrip().split(","))
    return _between().sub(" ", ",".join(parts))


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


@functools.cache
def _title() -> Callable[[str], re.Match[str] | None]:
    words = {*vocabulary()["around_names"]["titles"], *map(str.title, name_rules().titles)}
    dotted = [word for word in words if word.endswith(".")]
    others = [word for word in words if not word.endswith(".")]
    pattern = rf"\s*(?:(?:{_any_of(others)})(?:\.\s*|\s+)|(?:{_any_of(dotted)})\s*)(?=.*\w)"
    return re.compile(pattern, re.IGNORECASE).match


def _without_titles(part: str) -> str:
    while found := _title()(part):
        part = part[found.end() :]
    return part


@functools.cache
def _degrees(which: str) -> frozenset[str]:
    return frozenset(word.replace(".", "").upper() for word in vocabulary()["around_names"][which])


def _is_degree(word: str) -> bool:
    key = str(anyascii(word)).replace(".", "").upper()
    return key in _degrees("degrees") or ("." in word[:-1] and key in _degrees("dotted"))


def _are_degrees(part: str) -> bool:
    """Whether all that stands after a comma are degrees and suffixes."""
    words = part.split()
    return bool(words) and all(_is_degree(word) or word.rstrip(".").upper() in name_rules().suffixes for word in words)


@functools.cache
def _between() -> re.Pattern[str]:
    words = _any_of(vocabulary()["around_names"]["between"])
    return re.compile(rf"(?<=[^\s,])\s+(?:{words})\s+(?=[^\s,])", re.IGNORECASE)


def suffix_of(value: str, *, is_name: bool) -> str | None:
    """The suffix of a name, or the one that a value is; None where there is none.

    >>> suffix_of("Smith Jr., John", is_name=True), suffix_of("John Smith III", is_name=True)
    ('JR', 'III')
    >>> suffix_of("Junior", is_name=True), suffix_of("V", is_name=False)
    (None, 'V')
    """
    if not is_name:
        return _suffixes().get("".join(sign for sign in value.upper() if sign.isalnum()))
    parts = [part.replace(".", " ").upper().split() for part in value.split(",")]
    ends = [words[-1] for place, words in enumerate(parts) if words and (place or len(words) > 1)]
    return next((_suffixes()[end] for end in ends if len(end) > 1 and end in _suffixes()), None)


@functools.cache
def _suffixes() -> dict[str, str]:
    forms: dict[str, list[str]] = vocabulary()["suffixes"]
    return {form: known for known, written in forms.items() for form in (known, *written)}
