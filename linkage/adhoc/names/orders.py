"""Names in full of one column that stand in both orders, Ana Ruiz and Ruiz Ana, where nothing says which word is which.

Each word is mostly a forename or mostly part of a surname, whichever comes first: EM finds which, and which order each
name has, by the words that it shares with others. Which of the two kinds is the forenames it cannot know: they stand
first in most of the names, as where all have one order.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from linkage.records.names import name_words

_SHOWING = 5_000  # names that show whether they stand in both orders
_SAMPLE = 20_000  # names that show which word is which
_ROUNDS, _UNSEEN = 40, 0.05  # of EM; pseudo-count of a word as either kind
_MOST_SURNAMES = 3  # words of a surname
_FEWEST = 20  # names
_FEWEST_TURNED = 0.05  # share of names of the other order, below which words that are both may feign it
_BETTER = 0.1  # bits of a name by which two orders tell the names better than one does
_FROM_A_WORD = 0.5  # share of names of the other order, with which EM starts from a word
_FIRST_SEEN = 10.0  # records, as which the word that EM starts from counts as a forename

_Both = tuple[Mapping[str, float], Mapping[str, float]]
"""Forenames and surnames, to their records."""


def by_orders(values: Mapping[str, int], known: _Both = ({}, {})) -> _Both:
    """Forenames and surnames of names that stand in both orders, beside those known; these where they have one.

    Args:
        values: names in full, of which those with a comma are left out: their form parts them.
        known: forenames and surnames that the form of some names has parted.

    >>> given, family = by_orders({f"{a} {b}": 1 for a in "ABEL IDA UNA TOM".split() for b in "RUIZ SOLER PONS".split()}
    ...                           | {f"{b} {a}": 1 for a in "ABEL IDA TOM".split() for b in "RUIZ SOLER PONS".split()})
    >>> sorted(given), sorted(family)
    (['ABEL', 'IDA', 'TOM', 'UNA'], ['PONS', 'RUIZ', 'SOLER'])
    """
    plain = ((name_words(value), rows) for value, rows in values.items() if "," not in value)
    texts = [(words, rows) for words, rows in plain if 1 < len(words) <= _MOST_WORDS]
    if len(texts) < _FEWEST or not _parted(texts[:: len(texts) // _SHOWING + 1], known):
        return known
    return _parted(texts[:: len(texts) // _SAMPLE + 1], known) or known


_MOST_WORDS = 6  # of a name

_Texts = Sequence[tuple[list[str], int]]


def _parted(texts: _Texts, known: _Both) -> _Both | None:
    """Each name in its likeliest order, and those known; None where one order tells them as well as two."""
    ways = _Ways(texts, known)
    one_order = max((ways.learnt(turned=share) for share in (0.0, 1.0)), key=_fit)
    both = max((ways.learnt(turned=share) for share in (_FROM_A_WORD, 0.3)), key=_fit)
    share = float(both.turned)
    if not _FEWEST_TURNED <= share <= 1 - _FEWEST_TURNED or both.fit - one_order.fit < _BETTER * ways.rows.sum():
        return None
    found = (Counter[str](known[0]), Counter[str](known[1]))
    for (words, rows), way in zip(texts, ways.best(both), strict=True):
        number, is_turned = int(ways.number[way]), bool(ways.is_turned[way])
        family, given = (words[:number], words[number:]) if is_turned else (words[-number:], words[:-number])
        for kind, of_kind in zip(found, (given, family), strict=True):
            kind[" ".join(of_kind)] += rows
    return found if share <= 0.5 or any(known) else (found[1], found[0])


@dataclass(frozen=True)
class _Learnt:
    """What EM found: the share of names of the other order, how likely each way of each name is, and all of them."""

    turned: float
    likely: np.ndarray
    fit: float  # bits


def _fit(learnt: _Learnt) -> float:
    return learnt.fit


class _Ways:
    """All ways in which some names may be parted: in either order, after each word."""

    def __init__(self, texts: _Texts, known: _Both) -> None:
        self.words = {word: place for place, word in enumerate(dict.fromkeys(w for words, _ in texts for w in words))}
        self.rows = np.array([rows for _, rows in texts], dtype=float)
        made = [
            (text, number, turned)
            for text, (words, _) in enumerate(texts)
            for number in range(1, min(len(words) - 1, _MOST_SURNAMES) + 1)
            for turned in (0, 1)
        ]
        self.text, self.number, self.is_turned = (np.array(column) for column in zip(*made, strict=True))
        held = [
            (way, self.words[word] + len(self.words) * ((place < number) if turned else (place >= len(words) - number)))
            for way, (text, number, turned) in enumerate(made)
            for words in (texts[text][0],)
            for place, word in enumerate(words)
        ]
        self.way, self.kind = (np.array(column) for column in zip(*held, strict=True))  # a word as either kind

        self.known = np.zeros(2 * len(self.words))
        for kind, counts in enumerate(known):
            for value, rows in counts.items():
                for word in filter(self.words.__contains__, name_words(value)):
                    self.known[self.words[word] + kind * len(self.words)] += rows

    @cached_property
    def first(self) -> np.ndarray:
        """Of each name the place of its first way."""
        return np.flatnonzero(np.diff(self.text, prepend=-1))

    def learnt(self, *, turned: float) -> _Learnt:
        """EM from a share of names of the other order.

        Where nothing is known a half says nothing of any word: the one that most names have is a forename at first.
        """
        size, lengths = len(self.words), 0.5 ** np.arange(_MOST_SURNAMES + 1)
        seen = self.known.copy()
        if turned == _FROM_A_WORD and not seen.any():
            usual = np.bincount(self.kind % size, self.rows[self.text[self.way]], minlength=size)
            seen[int(usual.argmax())] = _FIRST_SEEN
        likely, fit = np.zeros(len(self.text)), 0.0
        for place in range(_ROUNDS):
            chance = np.where(self.is_turned, turned, 1 - turned) * lengths[self.number]
            score = np.log2(np.maximum(chance, 1e-300))
            if place or seen.any():
                kinds = seen.reshape(2, size) + _UNSEEN
                bits = np.log2(kinds / kinds.sum(axis=1, keepdims=True)).reshape(-1)
                score = score + np.bincount(self.way, bits[self.kind], minlength=len(self.text))
            most = np.maximum.reduceat(score, self.first)
            odds = np.exp2(score - most[self.text])
            total = np.add.reduceat(odds, self.first)
            likely, fit = odds / total[self.text], float(((most + np.log2(total)) * self.rows).sum())
            weight = likely * self.rows[self.text]
            seen = self.known + np.bincount(self.kind, weight[self.way], minlength=2 * size)
            if 0 < turned < 1:  # else one order is asked for
                turned = float((weight * self.is_turned).sum() / self.rows.sum())
            lengths = np.bincount(self.number, weight, minlength=_MOST_SURNAMES + 1) / self.rows.sum()
        return _Learnt(turned, likely, fit)

    def best(self, learnt: _Learnt) -> np.ndarray:
        """Of each name its likeliest way."""
        order = np.lexsort((-learnt.likely, self.text))
        return order[np.flatnonzero(np.diff(self.text[order], prepend=-1))]
