"""What training has counted of pairs, and what EM found in each rule's blocks.

All arrays have a first axis of draws: one, or those of a bootstrap.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from linkage.model.training.counts.overlaps import Seen
from linkage.model.training.counts.patterns import Flags, Floats, Layout, Patterns
from linkage.model.training.counts.rules import Agreement
from linkage.model.training.em.earlier import Earlier
from linkage.model.training.em.expectation import Estimate

TOLERANCE = 1e-9
"""Splink's em_convergence, which is 1e-4 there. Where matches are rare, a block's share of them moves by less than that
at each of the first steps, and EM would end before it had begun."""
_NEARLY = 1e-3
"""Way left at the limit from which EM is where it goes to, to any digit that counts: of one field alone it is slow."""


@dataclass(frozen=True)
class Block:
    """A rule's pairs, and as patterns the strangers of each file inside its blocks; none where none are known."""

    rule: Agreement
    share: float  # of the rule's pairs that were looked at
    patterns: Patterns
    strangers: tuple[Patterns, ...]
    within: tuple[Patterns, ...] = ()  # pairs of each file inside its blocks where they are of one person as well


@dataclass(frozen=True)
class Evidence:
    """What was counted."""

    layout: Layout
    units: tuple[int, int]
    equal: tuple[Agreement, ...]  # of one column each
    overlapping: tuple[Seen, ...]
    random: Patterns
    blocks: tuple[Block, ...]
    # Strangers within the files say how many of a block's pairs are strangers, and what they show.
    trusting: bool = False
    earlier: Earlier | None = None  # whose m the layout's model has; otherwise that is a guess


@dataclass(frozen=True)
class Counts:
    """Evidence in numbers: as it was counted (one draw), or as it might have been (many)."""

    equal: Floats  # (draws, columns): pairs that were seen to agree
    overlapping: Floats  # (draws, levels of overlapping lists): pairs that were seen to have it
    random: Floats  # (draws, patterns)
    blocks: tuple[tuple[Floats, ...], ...]  # pairs, strangers of the left file, of the right one


def as_counted(evidence: Evidence) -> Counts:
    """The counts that were made."""
    return counts_of(evidence, lambda counts: counts[None, :], lambda counts: counts[None, :])


def counts_of(
    evidence: Evidence, patterns: Callable[[Floats], Floats], agreements: Callable[[Floats], Floats]
) -> Counts:
    """Counts by two functions: of pairs by pattern, and of pairs that agree on a column; each adds an axis of draws."""

    def drawn(table: Patterns) -> Floats:
        return patterns(table.counts.astype(float))

    return Counts(
        agreements(np.array([float(agreement.seen) for agreement in evidence.equal])),
        agreements(np.array([float(one.pairs) for one in evidence.overlapping])),
        drawn(evidence.random),
        tuple((drawn(b.patterns), *map(drawn, b.strangers)) for b in evidence.blocks),
    )


@dataclass(frozen=True)
class Run:
    """What EM found in one rule's blocks."""

    block: Block
    estimate: Estimate
    u: Floats  # (draws, levels) of strangers inside the blocks
    free: Flags  # (levels,) that it estimates
    matches: Floats  # (draws,)
    kept: bool = True  # what it found are the people whom the other runs found
    rare: bool = False  # its matches are as rare as strangers who agree on two fields beyond chance

    def without(self, levels: Flags) -> "Run":
        """The run, which says nothing of these levels."""
        return replace(self, free=self.free & ~levels)

    @property
    def usable(self) -> bool:
        """Whether the estimates rest on it."""
        return self.settled and self.kept

    @property
    def settled(self) -> bool:
        """Whether EM came to an end by itself."""
        return self.estimate.change < TOLERANCE or self.estimate.way < _NEARLY
