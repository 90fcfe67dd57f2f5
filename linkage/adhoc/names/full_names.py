"""Names written in full, parted into forenames and surname by what the names elsewhere in both files say.

A comma parts them by itself (SURNAME, Forename). Where there is none, each word is weighed: how often it stands among
forenames and how often among surnames, in the other file or in names with a comma. Which of the two comes first is one
order for a column, unless its words show that many of its names have the other one. How many words each takes is
settled for every name.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from linkage.records.names import name_words
from linkage.records.rules import name_rules

Counts = Mapping[str, int]
"""A value to the rows that hold it."""

# Chinese and Korean names in signs: the first is the surname, but for a few of two signs.
_EAST_ASIAN = re.compile("[\u4e00-\u9fff\uac00-\ud7a3]{2,4}")
_UNSEEN = 0.5  # rows, of the kind of which more are known, that any word may have; pseudo-count of a number of words
_MOST_WORDS = 6  # in a surname
_ORDER_SAMPLE = 20_000  # names that show which comes first
_TURNED_AT_FIRST, _ROUNDS, _MOST_BITS = 0.1, 30, 50.0  # of EM
_FEWEST_TURNED = 0.05  # share of names of the other order, below which words that are both may feign it
_NAMES_TURNED = 10  # and names, of those that differ
_SURELY = 3.0  # bits from which a single name has the other order


@dataclass(frozen=True)
class Vocabulary:
    """What words say: log2 odds that a word is a forename, log2 shares of surnames of so many words, which words are
    particles, as LE is of Le Goff and not where Le is a surname by itself, as in Vietnam, and log2 odds that a forename
    is the first one: in Kenya Barasa is a surname or a further name, and Joyce a first name."""

    weights: Mapping[str, float]
    lengths: tuple[float, ...]
    particles: frozenset[str]
    begins: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, forenames: Counts, surnames: Counts) -> "Vocabulary":
        """From values that are known to be the one or the other."""
        given, family, lengths = Counter[str](), Counter[str](), Counter[int]()
        first, last = Counter[str](), Counter[str]()
        for value, rows in forenames.items():
            for word in (words := name_words(value)):
                given[word] += rows
            first[words[0] if words else ""] += rows
            last[words[-1] if words else ""] += rows
        particles = _particles_of(surnames, last)
        for value, rows in surnames.items():
            words = _with_particles(name_words(value), particles)
            lengths[min(len(words), _MOST_WORDS)] += rows
            for word in words:
                family[word] += rows
        # One share for what nobody has seen: where few surnames or none are known, that a word is not among them says
        # little, and no forename may look like one for it.
        all_given, all_family = max(given.total(), 1), max(family.total(), 1)
        unseen = _UNSEEN / max(all_given, all_family)
        weights = {
            word: math.log2((given[word] / all_given + unseen) / (family[word] / all_family + unseen))
            for word in {*given, *family}
        }
        # Without any evidence one word is likelier than two, and so on.
        counted = [lengths[number] + _UNSEEN / 2**number for number in range(1, _MOST_WORDS + 1)]
        usual = first.total() / all_given  # share of the words of forenames that are first ones
        begins = {word: math.log2((first[word] / usual + 1) / (rows + 1)) for word, rows in given.items()}
        return cls(weights, tuple(math.log2(count / sum(counted)) for count in counted), particles, begins)

    def parts(self, words: list[str], surname_first: bool) -> list[str]:
        """As `_parts`, by its own particles."""
        return _parts(words, surname_first, self.particles)

    def best(self, words: list[str], *, surname_first: bool) -> tuple[float, int]:
        """The evidence for the best place to part, and how many words the surname has there."""
        found = [self.weights.get(_joined(word), 0.0) for word in words]
        found = found[::-1] if surname_first else found
        total, best = sum(found), (-math.inf, 1)
        for number in range(1, min(len(words) - 1, _MOST_WORDS) + 1):
            family = sum(found[-number:])
            begins = self.begins.get(_joined(words[number if surname_first else 0]), 0.0)
            best = max(best, (total - 2 * family + self.lengths[number - 1] + begins, number))
        return best


@dataclass(frozen=True)
class FullNames:
    """How a column's names are parted."""

    vocabulary: Vocabulary
    surname_first: bool
    alone_is_given: bool = False  # a name of one word that nothing else tells is a forename
    turned: float = 0.0  # share of names of the other order

    @classmethod
    def learnt(cls, values: Counts, vocabulary: Vocabulary) -> "FullNames":
        """The order of the column's names, and what one word alone is, by the words of which something is known."""
        plain = (value for value in values if "," not in value and not _EAST_ASIAN.fullmatch(value))
        sample = [words for value in itertools.islice(plain, _ORDER_SAMPLE) if len(words := name_words(value)) > 1]
        found = [
            [vocabulary.best(vocabulary.parts(w, order), surname_first=order)[0] for w in sample]
            for order in (False, True)
        ]
        surname_first = sum(found[1]) > sum(found[0])
        turned = _share_turned([a - b if surname_first else b - a for a, b in zip(*found, strict=True)])
        alone = {False: 0, True: 0}
        for value, rows in values.items():
            words = name_words(value)
            if len(words) == 1 and (weight := vocabulary.weights.get(words[0], 0.0)):
                alone[weight > 0] += rows
        return cls(vocabulary, surname_first, alone[True] > alone[False], turned)

    def parted(self, value: str) -> tuple[str | None, str | None]:
        """Forenames and surname; one is None where the name is a single word."""
        if parts := _by_form(value):
            return parts
        words = self.vocabulary.parts(name_words(value), self.surname_first)
        if len(words) < 2:
            alone = words[0] if words else None
            weight = self.vocabulary.weights.get(alone, 0.0) if alone else 0.0
            return (alone, None) if weight > 0 or (not weight and self.alone_is_given) else (None, alone)
        score, number = self.vocabulary.best(words, surname_first=self.surname_first)
        surname_first = self.surname_first
        if self.turned:
            others = self.vocabulary.parts(name_words(value), not surname_first)
            other, there = self.vocabulary.best(others, surname_first=not surname_first)
            if other - score + math.log2(self.turned / (1 - self.turned)) > _SURELY:
                surname_first, words, number = not surname_first, others, there
        given, family = (words[number:], words[:number]) if surname_first else (words[:-number], words[-number:])
        return " ".join(given), " ".join(map(_joined, family))


def _share_turned(evidence: Sequence[float]) -> float:
    """The share of names of the other order than most, by EM; 0 where so few have it that words may deceive.

    Args:
        evidence: of each name, log2 odds of the other order.
    """
    share, odds = _TURNED_AT_FIRST, [2.0 ** max(min(bits, _MOST_BITS), -_MOST_BITS) for bits in evidence]
    for _ in range(_ROUNDS):
        share = sum(share * odd / (1 - share + share * odd) for odd in odds) / max(len(odds), 1)
    return share if share >= _FEWEST_TURNED and share * len(odds) >= _NAMES_TURNED else 0.0


def by_form(values: Counts) -> tuple[Counts, Counts]:
    """Forenames and surnames that commas part, or of which the first sign is the surname."""
    given, family = Counter[str](), Counter[str]()
    for value, rows in values.items():
        if parts := _by_form(value):
            given[parts[0]] += rows
            family[parts[1]] += rows
    return given, family


def by_initials(values: Counts) -> tuple[Counts, Counts]:
    """Initials as forenames and what stands beside them as surnames: Ivanov I. P., J. Smith.

    Nothing where fewer than half of the names have such a form.
    """
    given, family = Counter[str](), Counter[str]()
    for value, rows in values.items():
        words = name_words(value)
        longer = [word for word in words if len(word) > 1]
        if 0 < len(longer) < len(words):
            given[" ".join(word for word in words if len(word) == 1)] += rows
            family[" ".join(longer)] += rows
    return (given, family) if 2 * family.total() > sum(values.values()) else ({}, {})


def by_place(values: Counts) -> tuple[Counts, Counts]:
    """First words as forenames and last words as surnames: all that is known where nothing else parts them."""
    given, family = Counter[str](), Counter[str]()
    for value, rows in values.items():
        words = _parts(name_words(value), False, name_rules().surname_particles)
        if len(words) > 1:
            given[words[0]] += rows
            family[_joined(words[-1])] += rows
    return given, family


def _by_form(value: str) -> tuple[str, str] | None:
    """Forenames and surname that a name's form parts, whatever its words; None where it parts nothing."""
    if _EAST_ASIAN.fullmatch(value):
        return value[1:], value[0]
    return _by_comma(value) if "," in value else None


def _by_comma(value: str) -> tuple[str, str] | None:
    """SURNAME, Forename; None where a side of the comma is no name (Lee, Jr.).

    Berg, Jan van den is Jan van den Berg.
    """
    family, _, given = (part.strip() for part in value.partition(","))
    given, particles = _without_particles(given)
    family = f"{particles} {family}".strip()
    words = name_words(family), name_words(given)
    if not all(words) or (len(words[1]) == 1 and words[1][0] in name_rules().suffixes):
        return None
    return given, family


def _without_particles(given: str) -> tuple[str, str]:
    """A forename, and the particles of the surname that stand after it, in small letters: Van is a forename too."""
    words = given.split()
    number = 0
    while number < len(words) - 1 and words[-1 - number].islower() and _is_particle(words[-1 - number]):
        number += 1
    return (" ".join(words[:-number]), " ".join(words[-number:])) if number else (given, "")


def _is_particle(word: str) -> bool:
    return all(part in name_rules().surname_particles for part in name_words(word))


def _particles_of(surnames: Counts, last: Counts) -> frozenset[str]:
    """Particles of surnames, but for those that are more often a name by themselves than before a surname.

    Le is a surname in Vietnam, and Van a further name of most of its men.

    Args:
        last: words with which forenames end.
    """
    alone, before = Counter[str](), Counter[str]()
    for value, rows in surnames.items():
        words = name_words(value)
        (alone if len(words) == 1 else before)[words[0] if words else ""] += rows
    return frozenset(
        word for word in name_rules().surname_particles if max(alone[word], last.get(word, 0)) <= before[word]
    )


def _joined(word: str) -> str:
    """A word and the particles before it without blanks, as surnames are compared."""
    return word.replace(" ", "")


def _parts(words: list[str], surname_first: bool, particles: Collection[str]) -> list[str]:
    """The words of a name in full, particles with theirs; LE VAN ANH has three, since one would be no full name."""
    parts = _with_particles(words, particles, surname_first, between=" ")
    return parts if len(parts) > 1 else words


def _with_particles(
    words: list[str], particles: Collection[str], from_first: bool = True, *, between: str = ""
) -> list[str]:
    """Particles with the word that follows, as one; the first word of a forename is none (Ben, Al)."""
    joined, front = [], ""
    for place, word in enumerate(words):
        last = place == len(words) - 1
        is_initial = not last and len(word) == len(words[place + 1]) == 1  # L. of L. M., as of L'Aquila
        if word in particles and not last and (from_first or place) and not is_initial:
            front += word + between
        else:
            joined.append(front + word)
            front = ""
    return joined
