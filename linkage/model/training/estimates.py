"""m, u and the prior of a model, estimated from counts by one joint EM."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.model.splink_json import Model, from_dict
from linkage.model.training.blocks import TrainingBlock
from linkage.model.training.chi_squared import critical_value
from linkage.model.training.counts import Flags, Floats, Layout
from linkage.model.training.em import Block, expectation_maximisation
from linkage.model.training.evidence import BlockPairs, Evidence
from linkage.model.training.u import (
    block_u,
    equal_share,
    estimate_u,
    most_matches,
    without_matches,
)

Numbers = npt.NDArray[np.int64]

PSEUDO_MATCHES = 20.0
"""Pseudo-count of matches that show the m where EM starts (a Dirichlet prior). As many
matches of the files' own count as much.
"""
CHANCE = 0.0027
"""Probability below which a difference of matches and non-matches is none of chance:
three standard deviations.
"""


ROUNDS = 3
"""Estimates one after the other. The third still changes the prior of a file with
duplicates by a tenth, a fourth hardly.
"""


@dataclass(frozen=True)
class TrainedBlock:
    """A training block, and what EM found in it.

    Attributes:
        free: (levels,) of which it says something.
        prior: share of matches among the pairs that were compared.
        expected: (patterns,) matches among these.
    """

    pairs: BlockPairs
    free: Flags
    prior: float
    expected: Floats

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that all its pairs agree on."""
        return self.pairs.block.columns

    @property
    def matches(self) -> float:
        """Expected matches among the pairs that were compared."""
        return self.prior * self.pairs.patterns.pairs

    @property
    def all_matches(self) -> float:
        """Expected matches among all pairs of the block."""
        return self.matches / max(self.pairs.share, 1e-12)


@dataclass(frozen=True)
class Estimates:
    """Probabilities of a model.

    Attributes:
        m, u: (levels,).
        prior: share of all pairs that match.
        blocks: what EM learnt from.
        matches: (levels,) of matches that show a level's comparison, over all blocks.
        silent: (levels,) of comparisons on which matches agree as often as non-matches.
        iterations: of EM; converged: whether it ended by itself.
    """

    m: Floats
    u: Floats
    prior: float
    matches: Floats
    silent: Flags
    blocks: tuple[TrainedBlock, ...] = ()
    iterations: int = 0
    converged: bool = True


def estimate(evidence: Evidence) -> Estimates:
    """Estimate everything from counts.

    In rounds: u of random pairs holds the matches among these, of which the round
    before tells how many there are. So does u of the blocks of one file.
    """
    random_u = estimate_u(evidence)
    estimates = _estimate(evidence, random_u)
    for _ in range(ROUNDS - 1):
        u = without_matches(evidence, random_u, estimates.m, estimates.prior)
        estimates = _estimate(evidence, u, estimates)
    return estimates


def _estimate(
    evidence: Evidence, u: Floats, before: Estimates | None = None
) -> Estimates:
    """One round.

    Args:
        u: (levels,) of random pairs.
        before: the estimates of the round before.
    """
    layout = evidence.layout
    blocks = [
        _block(evidence, pairs, u, before.blocks[number] if before else None)
        for number, pairs in enumerate(evidence.blocks)
    ]
    fit = expectation_maximisation(layout, blocks, _pseudo_counts(evidence))
    trained_blocks = tuple(
        TrainedBlock(pairs, block.free, prior, block.matches(fit.m, prior))
        for pairs, block, prior in zip(evidence.blocks, blocks, fit.priors, strict=True)
    )
    m = monotone(layout, fit.m, u)
    is_silent = silent_levels(layout, fit.counts, u)
    return Estimates(
        m=np.where(is_silent, u, m),
        u=u,
        prior=_prior(layout, m, trained_blocks, evidence.units),
        matches=layout.totals(fit.counts),
        silent=is_silent,
        blocks=trained_blocks,
        iterations=fit.iterations,
        converged=fit.converged,
    )


def _block(
    evidence: Evidence, pairs: BlockPairs, u: Floats, before: TrainedBlock | None
) -> Block:
    """The pairs of a training block as EM sees them."""
    layout, block = evidence.layout, pairs.block
    m, largest = layout.starting_m(), 1 / max(*evidence.units, 2)
    # Without as many matches as there can be: the bound on them must not be too low.
    lowest_u = without_matches(evidence, u, m, largest)
    return Block(
        patterns=pairs.patterns,
        u=block_u(layout, pairs, u, before.expected if before else None),
        free=np.array([block.leaves_level_free(level) for level in layout.levels]),
        prior=_starting_prior(layout, block, u, 0.5 * largest),
        most=most_matches(layout, block, lowest_u, evidence.units),
    )


def _starting_prior(
    layout: Layout, block: TrainingBlock, u: Floats, prior: float
) -> float:
    """Where EM starts inside a block: half of the smaller side has a match, updated by
    agreement on its columns.

    From much higher odds EM takes a whole block for matches and never comes back.
    """
    of_m = equal_share(layout, block.columns, layout.starting_m())
    of_u = equal_share(layout, block.columns, u)
    odds = prior / (1 - prior) * of_m / of_u
    return odds / (1 + odds)


def _pseudo_counts(evidence: Evidence) -> Floats:
    """Pseudo-counts of matches for each level: (levels,)."""
    least = np.full(len(evidence.layout.places), PSEUDO_MATCHES)
    if not evidence.informative:
        return least
    m = evidence.layout.starting_m()
    counts: Floats = np.maximum(least, evidence.informative.pseudo_counts(m))
    return counts


def _prior(
    layout: Layout,
    m: Floats,
    blocks: Sequence[TrainedBlock],
    units: tuple[int, int],
) -> float:
    """Share of all pairs that match: those that EM found in all blocks, over the shares
    of all matches that are in each.

    So it is estimated where the matches of each block are Poisson counts.
    """
    matches = sum(block.all_matches for block in blocks)
    shares = sum(
        equal_share(layout, block.columns, m) * block.pairs.block.known_share
        for block in blocks
    )
    total = max(matches / max(shares, 1e-12), 1.0)
    return min(total / max(units[0] * units[1], 2), 0.5)


def monotone(layout: Layout, m: Floats, u: Floats) -> Floats:
    """m with which no level weighs less than a worse one of its distance
    (`Layout.ordered`), or than no agreement.

    m / u is the isotonic regression of what was estimated, weighted by u, which
    maximises the likelihood under that order (pool adjacent violators; Barlow,
    Bartholomew, Bremner and Brunk, Statistical Inference under Order Restrictions,
    1972).
    """
    pooled = m.copy()
    for numbers in layout.ordered:
        ratios = m[numbers] / u[numbers]
        if (np.diff(ratios) > 0).any():
            from scipy.optimize import isotonic_regression  # 0.15 s, which few need

            fit = isotonic_regression(ratios, weights=u[numbers], increasing=False)
            pooled[numbers] = fit.x * u[numbers]
    for numbers in layout.free_levels:
        _pool_with_no_agreement(pooled, u, numbers)
    return pooled


def _pool_with_no_agreement(m: Floats, u: Floats, numbers: Numbers) -> None:
    """Pool the levels that weigh less than the last, which agrees least, lowest first.

    Args:
        m: (levels,), which is changed.
        numbers: of a comparison's levels.
    """
    last = list(numbers[-1:])
    for number in sorted(numbers[:-1], key=lambda n: m[n] / u[n]):
        if m[number] / u[number] >= m[last].sum() / u[last].sum():
            break
        last.append(number)
    if len(last) > 1:
        m[last] = m[last].sum() / u[last].sum() * u[last]


def silent_levels(layout: Layout, counts: Floats, u: Floats) -> Flags:
    """Levels of comparisons on which matches agree no more than non-matches: a
    likelihood-ratio (G) test of ordered levels.

    Args:
        counts: (levels,) of matches.
    """

    totals = layout.totals(counts)
    shares = np.where(totals > 0, counts / np.maximum(totals, 1e-12), u)
    ordered_shares = monotone(layout, shares, u)
    logs = np.log(np.maximum(ordered_shares, 1e-300) / u)
    statistic = 2 * totals * layout.totals(ordered_shares * logs)
    level_counts = layout.totals(np.ones(len(u)))
    freedom = np.maximum(level_counts - 1, 1)
    by_chance = np.array([critical_value(int(n), CHANCE) for n in freedom])
    has_fixed_m = layout.totals(layout.fixed_m.astype(float)) > 0
    is_silent: Flags = (totals >= 1) & (statistic < by_chance) & ~has_fixed_m
    return is_silent


def with_estimates(layout: Layout, estimates: Estimates) -> Model:
    """The model with its estimates; rounded, since sums differ in the last digits from
    one processor to the next.
    """
    raw = deepcopy(layout.model.raw)
    for number, (index, position) in enumerate(layout.places):
        level = raw["comparisons"][index]["comparison_levels"][position]
        if not layout.fixed_m[number]:
            level["m_probability"] = _rounded(estimates.m[number])
        if not layout.fixed_u[number]:
            level["u_probability"] = _rounded(estimates.u[number])
        if estimates.silent[number] and level.get("tf_adjustment_column"):
            level["tf_adjustment_weight"] = 0.0
    raw["probability_two_random_records_match"] = _rounded(estimates.prior)
    return from_dict(raw)


def _rounded(probability: float) -> float:
    return float(f"{probability:.12g}")
