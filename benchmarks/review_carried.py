"""A review of the next release with the labels of the last: the same pairs drawn again, and what else is new.

Between the releases one pair in ten goes and as many come, twice as often wrong; one in twenty has another weight and
is in another stratum, one in twenty holds other values and must be looked at again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from quality.review import Answers, Stratum, allot

WAYS = ("all new pairs answered", "half of them answered", "the answers followed as decisions")
_GONE, _MOVED, _CHANGED = 0.1, 0.05, 0.05

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Known:
    """Strata, and how many pairs of each are a match."""

    strata: Sequence[Stratum]
    matches: Mapping[str, int]

    @property
    def truth(self) -> dict[str, float]:
        """Precision, and recall among the pairs that were kept."""
        links = sum(stratum.pairs for stratum in self.strata if stratum.accepted)
        right = sum(self.matches[stratum.name] for stratum in self.strata if stratum.accepted)
        return {"precision": right / links, "recall": right / sum(self.matches.values())}


@dataclass(frozen=True)
class Releases:
    """Pairs of two releases; a pair's place is its own in both.

    Attributes:
        before, after: stratum of each pair by its place among `strata`; -1 where it is not there.
        is_event: whether a link is false, or another pair is a match.
        changed: whether its records hold other values in the second.
    """

    strata: Sequence[Stratum]
    before: Numbers
    after: Numbers
    is_event: Flags
    changed: Flags

    @classmethod
    def following(cls, strata: Sequence[Stratum], matches: Mapping[str, int], rng: np.random.Generator) -> "Releases":
        """The release after a known one."""
        events = [s.pairs - matches[s.name] if s.accepted else matches[s.name] for s in strata]
        pairs = [s.pairs for s in strata]
        stratum = np.repeat(np.arange(len(strata)), pairs)
        is_event = np.concatenate([np.arange(n) < e for n, e in zip(pairs, events, strict=True)])
        gone = rng.random(len(stratum)) < _GONE
        new = stratum[gone]
        rate = np.minimum(2 * np.array(events) / np.array(pairs), 0.6)
        moved = np.where(rng.random(len(stratum)) < _MOVED, _next_to(strata)[stratum], stratum)
        return cls(
            strata,
            np.concatenate([stratum, np.full(len(new), -1)]),
            np.concatenate([np.where(gone, -1, moved), new]),
            np.concatenate([is_event, rng.random(len(new)) < rate[new]]),
            rng.random(len(stratum) + len(new)) < _CHANGED,
        )


def _next_to(strata: Sequence[Stratum]) -> Numbers:
    """The stratum next to each, of the same side."""
    found = []
    for place, stratum in enumerate(strata):
        other = place + 1 if place + 1 < len(strata) and strata[place + 1].accepted == stratum.accepted else place - 1
        found.append(other)
    return np.array(found)


def answered_in(
    releases: Releases, way: str, size: int, rng: np.random.Generator
) -> tuple[Known, dict[str, Answers], int]:
    """The second release, what a review says of it, and how many of its answers were given of the first."""
    lots = rng.random(len(releases.before))  # permanent: the same in both releases
    looked_at = _drawn(releases.strata, releases.before, lots, size)
    stratum = releases.after.copy()
    strata = list(releases.strata)
    followed = way == WAYS[2]
    if followed:  # what was wrong is put right; what was right is a link of its own stratum
        here = looked_at & (stratum >= 0)
        accepted = np.array([s.accepted for s in strata])[stratum]
        stratum[here & (accepted == releases.is_event)] = -1
        stratum[here & (accepted != releases.is_event)] = len(strata)
        strata.append(Stratum("links looked at before", True, "override", None, None, 0, 1.0, looked_at=True))
    is_event = releases.is_event & (stratum < len(releases.strata))
    counts = np.bincount(stratum[stratum >= 0], minlength=len(strata))
    strata = [replace(s, pairs=int(count)) for s, count in zip(strata, counts, strict=True)]
    drawn = _drawn(strata, stratum, lots, size)
    carried = looked_at & ~releases.changed & drawn
    if way == WAYS[1]:
        drawn = _up_to_half(stratum, lots, drawn, carried)
    events = np.bincount(stratum[(stratum >= 0) & is_event], minlength=len(strata))
    said = np.bincount(stratum[drawn & is_event], minlength=len(strata))
    given = np.bincount(stratum[drawn], minlength=len(strata))
    found, answers = {}, {}
    for place, s in enumerate(strata):
        wrong, seen = int(said[place]), int(given[place])
        found[s.name] = int(s.pairs - events[place] if s.accepted else events[place])
        answers[s.name] = Answers(seen - wrong, wrong) if s.accepted else Answers(wrong, seen - wrong)
    return Known(strata, found), answers, int((carried & drawn).sum())


def _drawn(strata: Sequence[Stratum], stratum: Numbers, lots: npt.NDArray[np.float64], size: int) -> Flags:
    """The pairs of the lowest lots of each stratum, as many as it is allotted."""
    allotted = allot(strata, size)
    wanted = np.array([allotted[s.name] for s in strata])
    order = np.lexsort((lots, stratum))
    sorted_ = stratum[order]
    turn = np.arange(len(order)) - np.searchsorted(sorted_, sorted_)
    drawn = np.zeros(len(order), bool)
    drawn[order] = (sorted_ >= 0) & (turn < wanted[np.maximum(sorted_, 0)])
    return drawn


def _up_to_half(stratum: Numbers, lots: npt.NDArray[np.float64], drawn: Flags, carried: Flags) -> Flags:
    """Reviewers take the open pairs in the order of their lots and stop half way; pairs count up to the first open."""
    still = np.flatnonzero(drawn & ~carried)
    left = still[np.argsort(lots[still])][len(still) // 2 :]
    first = np.full(stratum.max() + 1, np.inf)
    np.minimum.at(first, stratum[left], lots[left])
    return drawn & (lots < first[stratum])
