"""Randomness without a state: each draw is a hash of seed, field, person and event.

The same person has the same draws in any chunk, in any process and in a population of
any size, and a new field changes none of the old ones. The hash is SplitMix64's
finaliser (Steele, Lea and Flood, OOPSLA 2014). NumPy's own distributions may change
between versions (NEP 19), so uniforms are inverted by tables instead.
"""

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_EVENT = np.uint64(0xD1342543DE82EF95)


@dataclass(frozen=True)
class Arrays:
    """A dataclass of arrays of one length."""

    def take(self, rows: NDArray[Any]) -> Self:
        """The same arrays at other rows."""
        return type(self)(
            *(getattr(self, name)[rows] for name in self.__dataclass_fields__)
        )

    @classmethod
    def concatenate(cls, *parts: Self) -> Self:
        """The rows of several parts, one after the other."""
        return cls(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in cls.__dataclass_fields__
            )
        )


def mix(words: Words) -> Words:
    """SplitMix64's finaliser: a bijection of 64 bits in which each bit moves about half
    of the others.
    """
    out = words >> np.uint64(30)
    out ^= words
    out *= np.uint64(0xBF58476D1CE4E5B9)
    high = out >> np.uint64(27)
    out ^= high
    out *= np.uint64(0x94D049BB133111EB)
    out ^= np.right_shift(out, np.uint64(31), out=high)
    return out


def _words(numbers: NDArray[Any]) -> Words:
    """Whole numbers as words, without a copy where they are as wide."""
    wide = numbers.dtype == np.int64 or numbers.dtype == np.uint64
    return numbers.view(np.uint64) if wide else numbers.astype(np.uint64)


class Draws:
    """Draws of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    @functools.lru_cache(maxsize=1024)  # noqa: B019 - one object a process
    def key(self, field: str) -> np.uint64:
        """64 bits that stand for a field under this seed."""
        digest = hashlib.blake2b(
            f"{self.seed}/{field}".encode(), digest_size=8
        ).digest()
        return np.uint64(int.from_bytes(digest, "little"))

    def words(
        self, field: str, ids: NDArray[Any], event: NDArray[Any] | int = 0
    ) -> Words:
        """64 random bits for each id and event (broadcast against each other)."""
        with np.errstate(over="ignore"):
            numbers = _words(ids) * _GOLDEN
            numbers += self.key(field)
            hashes = mix(numbers)
            if isinstance(event, int) and event == 0:
                return hashes
            return mix(hashes + _words(np.asarray(event)) * _EVENT)

    def uniform(
        self, field: str, ids: NDArray[Any], event: NDArray[Any] | int = 0
    ) -> Floats:
        """Numbers in [0, 1) with 53 bits."""
        words = self.words(field, ids, event)
        words >>= np.uint64(11)
        out: Floats = words.astype(np.float64)
        out *= 2.0**-53
        return out

    def normal(
        self, field: str, ids: NDArray[Any], event: NDArray[Any] | int = 0
    ) -> Floats:
        """Standard normal numbers, by a table of 65,536 slots."""
        out: Floats = _normal_table()[self.words(field, ids, event) >> np.uint64(48)]
        return out

    def chance(
        self, field: str, ids: NDArray[Any], odds: Any, event: NDArray[Any] | int = 0
    ) -> NDArray[np.bool_]:
        """True with the given probability."""
        out: NDArray[np.bool_] = self.uniform(field, ids, event) < odds
        return out

    def scramble(
        self, field: str, numbers: NDArray[Any], bits: int, limit: int | None = None
    ) -> Words:
        """A permutation of [0, 2**bits), or of [0, limit), of distinct whole numbers;
        `limit` is at most 2**bits.
        """
        out = numbers.astype(np.uint64)
        out = self._round(field, out, bits)
        while limit is not None and (is_outside := out >= np.uint64(limit)).any():
            out[is_outside] = self._round(field, out[is_outside], bits)
        return out

    def _round(self, field: str, words: Words, bits: int) -> Words:
        mask = np.uint64((1 << bits) - 1)
        key = self.key(field)
        out = (words ^ key) & mask
        with np.errstate(over="ignore"):
            for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93):
                out = (out * np.uint64(factor)) & mask
                out ^= out >> np.uint64((bits + 1) // 2)
        return out


class Slots:
    """A discrete distribution as a table of equal slots: a draw is one look-up.

    Slots are cut at the cumulated odds, so that the many rare values together keep
    their share.
    """

    def __init__(
        self, odds: NDArray[Any], bits: int = 12, values: NDArray[Any] | None = None
    ) -> None:
        size = 1 << bits
        edges = np.cumsum(np.asarray(odds, np.float64))
        middles = (np.arange(size) + 0.5) / size * edges[-1]
        codes = np.searchsorted(edges, middles, side="right").clip(0, len(edges) - 1)
        self.table = (np.arange(len(edges)) if values is None else values)[
            codes
        ].astype(np.int32)
        self.size = size

    def at(self, uniforms: Floats) -> NDArray[np.int32]:
        """The value for each uniform number."""
        out: NDArray[np.int32] = self.table[(uniforms * self.size).astype(np.int64)]
        return out


def share_below(deviates: Floats) -> Floats:
    """About the share of a standard normal distribution below each number (logistic
    approximation).
    """
    out: Floats = 1 / (1 + np.exp(-1.702 * deviates))
    return out


def drawn_again(
    choices: NDArray[Any],
    rows: Ints,
    before: Ints,
    draw: Callable[[Ints, int], NDArray[Any]],
    tries: int,
) -> NDArray[Any]:
    """Choices, drawn again where one of `rows` (in order) has the same as the row in
    `before` that it follows.

    `draw` chooses for rows at the number of the try; what is the same after all `tries`
    stays: there may be no other.
    """
    choices = choices.copy()
    for number in range(tries):
        repeats = rows[choices[rows] == choices[before]]
        choices[repeats] = draw(repeats, number)
    return choices


@functools.cache
def _normal_table() -> Floats:
    from scipy.special import ndtri

    table: Floats = np.round(ndtri((np.arange(65536) + 0.5) / 65536), 6)
    return table
