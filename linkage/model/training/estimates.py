"""m and the prior from counts: EM on each training block, and the blocks combined."""

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np

from linkage.errors import NothingToTrainOnError
from linkage.model.splink_json import GIVE_A_MODEL, Model, from_dict
from linkage.model.training.blocks import TrainingBlock
from linkage.model.training.chi_squared import critical_value
from linkage.model.training.counts import Flags, Floats, Layout
from linkage.model.training.em import (
    LIMIT,
    TOLERANCE,
    Estimate,
    expectation_maximisation,
    with_pseudo_counts,
)
from linkage.model.training.evidence import BlockPairs, Evidence
from linkage.model.training.informative_prior import UNSEEN_MATCHES
from linkage.model.training.u import block_u, estimate_u, most_matches, without_matches

FULL_SAY = 1_000.0
"""Matches from which a run has a full say in the median: m of one in a hundred is then
known to a third of itself.
"""
CHANCE = 0.0027
"""Probability below which a difference of matches and non-matches is none of chance:
three standard deviations.
"""
_LEAST_IN_BLOCK = (
    0.05  # share of the matches that is taken to be in a training block at least
)


@dataclass(frozen=True)
class Run:
    """What EM found in one training block."""

    pairs: BlockPairs
    estimate: Estimate
    u: Floats  # (levels,) of non-matches inside the block
    free: Flags  # (levels,) that it estimates
    rejected: bool = False  # it converged on non-matches

    @property
    def block(self) -> TrainingBlock:
        """Columns that all its pairs agree on."""
        return self.pairs.block

    @property
    def matches(self) -> float:
        """Matches among the pairs that were compared."""
        return self.estimate.prior * self.pairs.patterns.pairs

    @property
    def usable(self) -> bool:
        """Whether the estimates rest on it."""
        return self.estimate.converged and not self.rejected


@dataclass(frozen=True)
class Estimates:
    """Probabilities of a model.

    Attributes:
        m, u: (levels,).
        matches: (levels,) that showed a level's comparison, averaged over runs.
        silent: (levels,) of comparisons on which matches agree as often as non-matches.
    """

    m: Floats
    u: Floats
    prior: float
    runs: tuple[Run, ...] = ()
    matches: Floats | None = None
    silent: Flags | None = None


def estimate(evidence: Evidence) -> Estimates:
    """Estimate everything from counts.

    Raises:
        NothingToTrainOnError: EM converged in no run that says something of a
            comparison, or on non-matches in all.
    """
    u = estimate_u(evidence)
    first = _estimated(evidence, u)
    return _estimated(evidence, without_matches(evidence, u, first.m, first.prior))


def _estimated(evidence: Evidence, u: Floats) -> Estimates:
    layout = evidence.layout
    runs = [_run(evidence, pairs, u) for pairs in evidence.blocks]
    runs = [
        replace(run, rejected=converged_on_non_matches(layout, run, u, evidence.units))
        for run in runs
    ]
    _refuse_non_matches(runs)
    _refuse_unconverged(layout, runs)
    usable_runs = [run for run in runs if run.usable]
    m, matches = _combined(evidence, usable_runs)
    m = monotone(layout, m, u)
    prior = _prior(layout, m, usable_runs, evidence.units)
    is_silent = silent_levels(layout, m, u, usable_runs)
    return Estimates(
        np.where(is_silent, u, m), u, prior, tuple(runs), matches, is_silent
    )


def _run(evidence: Evidence, pairs: BlockPairs, random_u: Floats) -> Run:
    layout, block = evidence.layout, pairs.block
    u = block_u(layout, pairs, random_u)
    is_seen = layout.totals(pairs.patterns.shown.any(axis=0).astype(float)) > 0
    of_fields = np.array(
        [not layout.model.comparisons[owner].given for owner in layout.owner]
    )
    free = (
        is_seen
        & of_fields
        & np.array([block.leaves_level_free(level) for level in layout.levels])
    )
    m = layout.starting_m()
    fit = expectation_maximisation(
        layout,
        pairs.patterns,
        u,
        m,
        _starting_prior(evidence, block, m, random_u),
        pseudo_counts=evidence.informative.pseudo_counts(m)
        if evidence.informative
        else None,
        most=most_matches(layout, pairs, random_u),
        tolerance=TOLERANCE,
        limit=LIMIT,
    )
    return Run(pairs, fit, u, free)


def _starting_prior(
    evidence: Evidence, block: TrainingBlock, m: Floats, u: Floats
) -> float:
    """Where EM starts inside a block: half of the smaller side has a match, updated by
    agreement on its columns.

    From much higher odds EM takes a whole block for matches and never comes back.
    """
    prior = 0.5 / max(*evidence.units, 2)
    ratios = (_equal_on(evidence.layout, block.columns, shares) for shares in (m, u))
    odds = (
        prior
        / (1 - prior)
        * math.prod(of_m / of_u for of_m, of_u in zip(*ratios, strict=True))
    )
    return float(odds / (1 + odds))


def converged_on_non_matches(
    layout: Layout, run: Run, u: Floats, units: tuple[int, int]
) -> bool:
    """Whether what a run took for matches are other pairs that stand out, such as
    households.

    Two records of one person agree, at least in part, on forename and birth date nearly
    always. They may differ in the surname, as of women; but matches that mostly do are
    none where they are more than the larger file's records.
    """
    m = run.estimate.m
    is_agreement = np.array([level.value > 0 for level in layout.levels]) & (m > u)
    agreeing = {
        comparison.name: float(m[(layout.owner == place) & is_agreement].sum())
        for place, comparison in enumerate(layout.model.comparisons)
        if run.block.leaves_free(comparison)
    }
    if any(agreeing.get(name, 1.0) < 0.5 for name in ("forename", "dob")):
        return True
    return agreeing.get("surname", 1.0) < 0.5 and run.matches / max(
        run.pairs.share, 1e-12
    ) > max(units)


def _refuse_non_matches(runs: Sequence[Run]) -> None:
    if runs and all(run.rejected for run in runs):
        blocks = " and ".join(", ".join(run.block.columns) for run in runs)
        raise NothingToTrainOnError(
            f"EM converged on non-matches: of pairs that agree on {blocks} most of "
            "those that would be matches have "
            "another name or birth date\n  the files seem to have few people in "
            f"common: {GIVE_A_MODEL}"
        )


def _refuse_unconverged(layout: Layout, runs: Sequence[Run]) -> None:
    """Refuse to go on where a comparison has estimates only of runs that did not
    converge.
    """
    accepted_runs = [run for run in runs if not run.rejected]
    gaps = [
        comparison.name
        for first, comparison in zip(
            layout.first, layout.model.comparisons, strict=True
        )
        if any(run.free[first] for run in accepted_runs)
        and not any(run.free[first] and run.usable for run in runs)
    ]
    if gaps:
        blocks = " and ".join(
            ", ".join(run.block.columns)
            for run in accepted_runs
            if not run.estimate.converged
        )
        raise NothingToTrainOnError(
            f"m of {', '.join(gaps)} is not estimated: EM on pairs that agree on "
            f"{blocks} did not converge in {LIMIT:,} "
            "iterations\n  its matches and non-matches look alike: map more columns, "
            f"or {GIVE_A_MODEL}"
        )


def _combined(evidence: Evidence, runs: Sequence[Run]) -> tuple[Floats, Floats]:
    """m of all levels: the median of the runs, as Splink combines them, each weighted
    by the matches it saw.

    A level that training never saw keeps a pseudo-count, since Splink's constant for it
    (1e-6) would let one unseen level outweigh all other evidence.
    """
    layout = evidence.layout
    level_counts = layout.totals(np.ones(len(layout.places)))
    model_m = layout.given("m")
    expected = np.where(np.isnan(model_m), 1 / level_counts, model_m)
    m, matches = expected.copy(), np.zeros(len(level_counts))
    if runs:
        free = np.array([run.free for run in runs])
        match_counts = free * np.array([[run.matches] for run in runs])
        weights = np.where(free, np.clip(match_counts, 1e-6, FULL_SAY), 0.0)
        is_learnt = free.any(axis=0)
        m[is_learnt] = weighted_median(
            np.array([run.estimate.m for run in runs])[:, is_learnt],
            weights[:, is_learnt],
        )
        matches[is_learnt] = match_counts[:, is_learnt].sum(axis=0) / free[
            :, is_learnt
        ].sum(axis=0)
    # Runs with an informative prior have their pseudo-counts already.
    pseudo = np.where(
        (matches > 0) & (evidence.informative is not None), 1e-9, UNSEEN_MATCHES
    )
    m = with_pseudo_counts(layout, m * matches, matches, expected, pseudo)
    return np.where(layout.fixed("m"), model_m, m), matches


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
            from scipy.optimize import (
                isotonic_regression,
            )  # 0.15 s, which few models need spend

            pooled[numbers] = (
                isotonic_regression(ratios, weights=u[numbers], increasing=False).x
                * u[numbers]
            )
    for numbers in (
        layout.free_levels
    ):  # the last level agrees least: levels below it are pooled with it, lowest first
        last = list(numbers[-1:])
        for number in sorted(numbers[:-1], key=lambda n: pooled[n] / u[n]):
            ratio = pooled[last].sum() / u[last].sum()
            if pooled[number] / u[number] >= ratio:
                break
            last.append(number)
        if len(last) > 1:
            pooled[last] = pooled[last].sum() / u[last].sum() * u[last]
    return pooled


def silent_levels(layout: Layout, m: Floats, u: Floats, runs: Sequence[Run]) -> Flags:
    """Levels of comparisons on which matches agree no otherwise than non-matches: a
    likelihood-ratio (G) test.
    """
    counts = [
        np.where(
            run.free,
            run.pairs.patterns.level_counts(
                run.estimate.matches(run.pairs.patterns, run.u)
            ),
            0.0,
        )
        for run in runs
    ]
    known = layout.totals(np.max(counts, axis=0)) if counts else np.zeros(len(m))
    statistic = 2 * known * layout.totals(m * np.log(m / u))
    freedom = np.maximum(layout.totals(np.ones(len(m))) - 1, 1)
    by_chance = np.array([critical_value(int(n), CHANCE) for n in freedom])
    is_silent: Flags = (
        (known >= 1)
        & (statistic < by_chance)
        & (layout.totals(layout.fixed("m").astype(float)) == 0)
    )
    return is_silent


def weighted_median(values: Floats, weights: Floats) -> Floats:
    """The weighted median over the first axis; of two values of equal weight their
    mean, as the median is.
    """
    lower, upper = (
        sign
        * np.quantile(
            sign * values, 0.5, axis=0, weights=weights, method="inverted_cdf"
        )
        for sign in (1, -1)
    )
    median: Floats = (lower + upper) / 2
    return median


def _prior(
    layout: Layout, m: Floats, runs: Sequence[Run], units: tuple[int, int]
) -> float:
    """Share of all pairs that match: those EM found in a block, over the share of
    matches that is in it.
    """
    matches, weights = [], []
    for run in runs:
        in_block = (
            math.prod(_equal_on(layout, run.block.columns, m)) * run.block.known_share
        )
        matches.append(
            run.matches / max(run.pairs.share, 1e-12) / max(in_block, _LEAST_IN_BLOCK)
        )
        weights.append(np.clip(run.matches, 1e-6, FULL_SAY))
    total = max(float(np.average(matches, weights=weights)), 1.0)
    return min(total / max(units[0] * units[1], 2), 0.5)


def _equal_on(layout: Layout, columns: Sequence[str], shares: Floats) -> list[float]:
    """Of pairs of which each level has a share (levels,), those that are equal on each
    column.

    Levels before a column's exact level agree on more: a whole address, and not its
    postcode only.
    """
    exact = [
        layout.exact_levels[name] for name in columns if name in layout.exact_levels
    ]
    return [
        float(shares[layout.first[layout.owner[number]] : number + 1].sum())
        for number in exact
    ]


def with_estimates(layout: Layout, estimates: Estimates) -> Model:
    """The model with its estimates; rounded, since sums differ in the last digits from
    one processor to the next.
    """
    raw = deepcopy(layout.model.raw)
    for number, (index, position) in enumerate(layout.places):
        level = raw["comparisons"][index]["comparison_levels"][position]
        for kind, values in (
            ("m_probability", estimates.m),
            ("u_probability", estimates.u),
        ):
            if not (level.get(f"fix_{kind}") and level.get(kind) is not None):
                level[kind] = float(f"{values[number]:.12g}")
        if (
            estimates.silent is not None
            and estimates.silent[number]
            and level.get("tf_adjustment_column")
        ):
            level["tf_adjustment_weight"] = 0.0
    raw["probability_two_random_records_match"] = float(f"{estimates.prior:.12g}")
    return from_dict(raw)
