"""Which counts to hide, so that no hidden one can be had from those shown.

Small counts are hidden first (primary suppression). Then others are hidden (secondary suppression) until no hidden
count follows from the shown ones and the sums that tie them together. Tables that share totals are judged together:
what one shows must not undo what another hides.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Sum(Generic[Key]):
    """An equation that every reader knows: the parts add up to the total."""

    total: Key
    parts: tuple[Key, ...]

    @property
    def members(self) -> tuple[Key, ...]:
        return (*self.parts, self.total)


def suppress(
    counts: Mapping[Key, int],
    sums: Sequence[Sum[Key]],
    *,
    threshold: int,
    zeros_are_sensitive: bool = False,
    sensitive: Iterable[Key] = (),
    unshown: Iterable[Key] = (),
) -> frozenset[Key]:
    """The keys to hide.

    Args:
        counts: exact counts.
        sums: the equations between them: rows, columns, subtotals.
        threshold: a count below it is hidden; zero only where `zeros_are_sensitive`.
        sensitive: further keys to hide, for example totals that one contributor dominates.
        unshown: keys that stand in no table, such as all less those in the calculation. A small one is guarded like any
            other; of a large one no harm is done when it is reckoned, and nobody knows it when it cannot be.

    Raises:
        ValueError: a sum does not hold or names a key that has no count.
    """
    _check(counts, sums)
    least = 0 if zeros_are_sensitive else 1
    guarded = {key for key, count in counts.items() if least <= count < threshold} | set(sensitive)
    others = set(unshown)
    while True:
        found = determined(sums, sorted(guarded | others, key=repr))
        exposed = _exposed(counts, sums, guarded, guarded | (others - found), found & guarded, threshold)
        if exposed is None:
            return frozenset(guarded)
        guarded.add(exposed)


def determined(sums: Sequence[Sum[Key]], hidden: Iterable[Key]) -> set[Key]:
    """The hidden keys whose count follows from the shown counts by adding and subtracting.

    A hidden count is free when some change of the hidden counts alone keeps every sum: when its row of the null space
    of the sums is not zero.
    """
    found: set[Key] = set()
    for unknown, lines in _tied_together(sums, list(hidden)):
        found |= _determined(lines, unknown)
    return found


def _tied_together(sums: Sequence[Sum[Key]], hidden: Sequence[Key]) -> list[tuple[list[Key], list[Sum[Key]]]]:
    """Hidden keys that sums tie to each other, with those sums: what is known of one says nothing of the others.

    One null space of all would grow with the square of the hidden keys.
    """
    parent = {key: key for key in hidden}

    def root(key: Key) -> Key:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    tied = [(line, [key for key in line.members if key in parent]) for line in sums]
    for _, keys in tied:
        for key in keys[1:]:
            parent[root(key)] = root(keys[0])
    parts: dict[Key, tuple[list[Key], list[Sum[Key]]]] = {}
    for line, keys in tied:
        if keys:
            parts.setdefault(root(keys[0]), ([], []))[1].append(line)
    for key in hidden:
        if root(key) in parts:
            parts[root(key)][0].append(key)
    return list(parts.values())


def _determined(lines: Sequence[Sum[Key]], unknown: Sequence[Key]) -> set[Key]:
    place = {key: index for index, key in enumerate(unknown)}
    matrix = np.zeros((len(lines), len(unknown)))
    for row, line in enumerate(lines):
        for key in line.parts:
            if key in place:
                matrix[row, place[key]] += 1
        if line.total in place:
            matrix[row, place[line.total]] -= 1
    _, singular, directions = np.linalg.svd(matrix)
    rank = int((singular > 1e-9).sum())
    free = np.abs(directions[rank:]).max(axis=0) if rank < len(unknown) else np.zeros(len(unknown))
    return {key for key, index in place.items() if free[index] < 1e-9}


def _check(counts: Mapping[Key, int], sums: Sequence[Sum[Key]]) -> None:
    for line in sums:
        if any(key not in counts for key in line.members):
            raise ValueError("a sum names a key that has no count")
        if sum(counts[key] for key in line.parts) != counts[line.total]:
            raise ValueError("the parts of a sum do not add up to its total")


def _exposed(
    counts: Mapping[Key, int],
    sums: Sequence[Sum[Key]],
    guarded: set[Key],
    unknown: set[Key],
    found: set[Key],
    threshold: int,
) -> Key | None:
    """The next key to hide, or None when nothing guarded can be found out.

    Args:
        unknown: the guarded keys and the unshown ones that cannot be reckoned.
        found: the guarded keys that can be.
    """
    for line in sums:
        if _gives_away(line, counts, guarded, unknown, threshold):
            # A part before the total, which other tables show; a nought last, since hiding it hides next to nothing.
            partner = (
                _partner(counts, [key for key in line.parts if counts[key]], unknown)
                or _partner(counts, [line.total] if counts[line.total] else [], unknown)
                or _partner(counts, line.members, unknown)
            )
            if partner is not None:
                return partner[0]
    if not found:
        return None
    # A chain of sums gives it away, where each sum alone does not: widen the hidden part around it.
    near = [line for line in sums if any(key in found for key in line.members)]
    for lines in (near, sums):
        partner = _partner(counts, [key for line in lines for key in line.members], unknown)
        if partner is not None:
            return partner[0]
    return None


def _gives_away(
    line: Sum[Key], counts: Mapping[Key, int], guarded: set[Key], unknown: set[Key], threshold: int
) -> bool:
    """Whether a sum alone says a guarded count, or that its unknown counts together are under the threshold."""
    parts = [key for key in line.parts if key in unknown]
    if line.total in unknown:
        return not parts and line.total in guarded
    if not any(key in guarded for key in parts):
        return False
    return len(parts) == 1 or sum(counts[key] for key in parts) < threshold


def _partner(counts: Mapping[Key, int], keys: Sequence[Key], hidden: set[Key]) -> tuple[Key] | None:
    """The shown key that costs least to hide: the smallest that is not zero, a zero only when there is no other."""
    shown = [key for key in keys if key not in hidden]
    if not shown:
        return None
    return (min(shown, key=lambda key: (counts[key] == 0, counts[key], repr(key))),)
