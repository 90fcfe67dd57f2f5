"""A second look at blocks in which few matches were seen.

Two files that share a few thousand people among a million have a match in a thousand pairs of one birthday: the pairs
that EM sees of a rule hold two hundred, and one or two of these have another surname. What is learnt of changes is then
what another step has learnt, or what EM takes of strangers. More of the same pairs are looked at: as many as show
enough matches, or as many as there are.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from linkage.engine import Engine, Table
from linkage.model.sampling import drawn
from linkage.model.training.counts.inside import BLOCK_PAIRS, block_pairs
from linkage.model.training.counts.patterns import counted
from linkage.model.training.em.evidence import Evidence, Run

ENOUGH = 3_000.0
"""Matches that a rule's pairs should show: what one in a hundred does is known to a fifth of itself."""
_FEW = 1_000.0  # from which a second look is worth its time
_MOST_PAIRS = 20 * BLOCK_PAIRS


def wider(
    engine: Engine, evidence: Evidence, runs: Sequence[Run], left: Table, right: Table, *, seed: int
) -> Evidence | None:
    """The evidence with more pairs of the rules that showed few matches; None where none did, or all were seen.

    Args:
        runs: of EM on the evidence's blocks.
        seed: that the evidence was gathered with: the pairs that it has are among the new ones.
    """
    layout = evidence.layout
    shares = {number: _share(run) for number, run in enumerate(runs) if run.usable}
    again = {number: share for number, share in shares.items() if share > evidence.blocks[number].share}
    if not again:
        return None
    read = dict.fromkeys(column for comparison in layout.model.comparisons for column in comparison.columns)
    most = max(again.values()) * max(evidence.units)
    sides = drawn(engine, (left, right), list(read), most=math.ceil(most), seed=seed)
    looked = {
        number: block_pairs(layout, evidence.blocks[number].rule, sides, share=share) for number, share in again.items()
    }
    made = counted(engine, layout, [pairs for pairs, _ in looked.values()], sides)
    engine.drop(*(side.sample for side in sides))
    blocks = list(evidence.blocks)
    for (number, (_, share)), patterns in zip(looked.items(), made, strict=True):
        blocks[number] = replace(blocks[number], share=share, patterns=patterns)
    return replace(evidence, blocks=tuple(blocks))


def _share(run: Run) -> float:
    """Of a rule's pairs, those that show enough matches."""
    found = float(run.matches[0])
    if found >= _FEW:
        return run.block.share
    return min(1.0, run.block.share * ENOUGH / max(found, 1.0), _MOST_PAIRS / max(run.block.rule.pairs, 1))
