"""Names in full in Latin letters of people whose names are signs of one syllable: which of their words is the surname.

Chan Tai Man, Tai Man Chan, TAI MAN Peter CHAN and Taiman Chan are one. The signs of the other file say which syllables
are surnames and which stand in given names; words that are neither, as Peter, are no part of the name in signs.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from linkage.adhoc.names.full_names import Counts

_UNSEEN = 0.5
_MIDDLE = 4.0  # nats that a surname costs that stands between syllables of a given name
_SURELY = 1.0  # nats by which one word must be likelier the surname than any other


@dataclass(frozen=True)
class Syllables:
    """How many names have a syllable as the surname, and in the given name."""

    family: Counts
    given: Counts

    @classmethod
    def of(cls, surnames: Counts, given: Counts) -> "Syllables":
        """From surnames and given names, whose syllables blanks part."""
        words = Counter[str]()
        for name, rows in given.items():
            for word in name.split():
                words[word] += rows
        return cls(surnames, words)

    def turned(self, name: str) -> str:
        """A name as SURNAME, SYLLABLES; as it is where nothing tells which word is the surname."""
        if "," in name and name.partition(",")[0].strip() in self.family:
            family, _, given = name.partition(",")
            return f"{family.strip()}, {self._known_alone(_words(given))}"
        words = _words(name.replace(",", " "))
        if len(words) < 2:
            return name
        weights = sorted(((self._weight(words, place), place) for place in range(len(words))), reverse=True)
        if weights[0][0] - weights[1][0] < _SURELY:
            return name
        place = weights[0][1]
        return f"{words[place]}, {self._known_alone([*words[:place], *words[place + 1 :]])}"

    def _weight(self, words: Sequence[str], place: int) -> float:
        """How much likelier the word at a place is the surname than part of the given name, in nats."""
        is_between = 0 < place < len(words) - 1 and all(self._is_known(word) for word in words[:place])
        parts = self._parts(words[place])
        given = sum(_share(self.given, part) for part in parts) / len(parts)
        return _share(self.family, words[place]) - given - (_MIDDLE if is_between else 0.0)

    def _parts(self, word: str) -> list[str]:
        """A word as two syllables, where it is no one that is known: TAIMAN."""
        if word not in self.given:
            for end in range(1, len(word)):
                if word[:end] in self.given and word[end:] in self.given:
                    return [word[:end], word[end:]]
        return [word]

    def _is_known(self, word: str) -> bool:
        return all(part in self.given for part in self._parts(word))

    def _known_alone(self, words: Sequence[str]) -> str:
        known = [word for word in words if self._is_known(word)]
        syllables = sum(len(self._parts(word)) for word in known)
        return " ".join(known if syllables > 1 else words)


def _words(name: str) -> list[str]:
    return re.findall(r"[^\s-]+", name)


def _share(counts: Counts, word: str) -> float:
    return math.log((counts.get(word, 0) + _UNSEEN) / (sum(counts.values()) + _UNSEEN))
