"""From counts of patterns to u, m and the prior; for the counts that were made, or for many that might have been.

All arrays have a first axis of draws: one, or those of a bootstrap.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from linkage.errors import NothingToTrainOnError
from linkage.model.splink_json import GIVE_A_MODEL, sided_columns
from linkage.model.training.counts.patterns import Flags, Floats, Layout
from linkage.model.training.counts.rules import exact_levels
from linkage.model.training.em.born_apart import born_apart
from linkage.model.training.em.evidence import TOLERANCE, Block, Counts, Evidence, Run
from linkage.model.training.em.expectation import (
    EXPECTED_COUNTS_AS,
    Known,
    Matches,
    Strangers,
    expectation_maximisation,
)
from linkage.model.training.em.known_in_part import known_in_part
from linkage.model.training.em.middle import combined
from linkage.model.training.em.moving import common, learnt_elsewhere, of_home, of_places
from linkage.model.training.em.no_persons import no_persons, refuse_all
from linkage.model.training.em.prior import equal_on, met, prior_of
from linkage.model.training.strangers.beyond_chance import RARE, RARER, beyond_chance
from linkage.model.training.strangers.block_strangers import RANDOM_COUNTS_AS, block_u, of_two_people, starting_m
from linkage.model.training.strangers.rare_words import of_strangers

LIMIT = 1_000
"""Iterations of EM. Splink stops at 25, where each costs it a query; slow blocks need more than that to settle."""
PATIENT_LIMIT = 10_000
"""The same where strangers are trusted: a household's block may take some thousands, of a millisecond each."""
# Strangers that a block shows from which EM knows them itself. Files of other people (pupils and customers) have other
# shares of strangers within than across: what is expected is rough, and would be the worse guess.
_FEW_STRANGERS = 1_000.0
_PUREST = 0.99  # share of matches that is expected at most
_UNSEEN_RANDOM = 0.5  # pseudo-count of random pairs for a level that the sample never saw
_RANDOM_COUNTS_LESS = 3.0  # pairs that u of random pairs stands for where strangers are trusted


@dataclass(frozen=True)
class Estimates:
    """Probabilities of a model, for each draw."""

    m: Floats  # (draws, levels)
    u: Floats  # (draws, levels)
    prior: Floats  # (draws,)
    runs: tuple[Run, ...]
    matches: Floats  # (draws, levels): matches that showed a level's comparison, averaged over runs

    @property
    def weights(self) -> Floats:
        """log2(m / u)."""
        found: Floats = np.log2(self.m / self.u)
        return found


def estimated(
    evidence: Evidence, counts: Counts, *, near: Estimates | None = None, limit: int | None = None
) -> Estimates:
    """Estimate everything from counts.

    Args:
        counts: of the evidence.
        near: where EM starts; from what the model says when None.
        limit: iterations of EM; LIMIT when None.

    Raises:
        NothingToTrainOnError: EM came to no end in any run that says something of a comparison.
    """
    layout = evidence.layout
    u = random_u(evidence, counts)
    longest = PATIENT_LIMIT if evidence.trusting else LIMIT
    runs = []
    for index, block in enumerate(evidence.blocks):
        started = near.runs[index] if near else None
        by_chance = counts.random, u
        runs.append(_run(layout, evidence, block, counts.blocks[index], by_chance, started, limit or longest))
    if not near:
        runs = [replace(run, kept=not no_persons(layout, run, u, evidence.units)) for run in runs]
        refuse_all(runs)
    runs = learnt_elsewhere(_kept(evidence, runs, near))
    usable = tuple(run for run, judged in zip(runs, near.runs if near else runs, strict=True) if judged.usable)
    _refuse_unsettled(layout, [run for run in runs if run.kept], usable)
    m, matches = combined(evidence, usable, len(u))
    prior = prior_of(layout, m, usable, evidence.units[0] * evidence.units[1])
    return Estimates(m, of_strangers(layout, u, m, prior, evidence.units), prior, tuple(runs), matches)


def _kept(evidence: Evidence, runs: Sequence[Run], near: Estimates | None) -> list[Run]:
    """The runs, each with whether it found the people whom those found that leave whole comparisons free.

    A block on what matches seldom agree on (two ages, in files of two years) holds next to no match, and EM takes for
    matches what else stands out there: a household.
    """
    if near:
        return [replace(run, kept=judged.kept) for run, judged in zip(runs, near.runs, strict=True)]
    sure = [run for run in runs if run.usable and not run.block.rule.lenient]
    if not sure or not any(run.block.rule.lenient for run in runs):
        return list(runs)
    layout, all_pairs = evidence.layout, evidence.units[0] * evidence.units[1]
    m, _ = combined(evidence, sure, len(sure[0].u))
    people = prior_of(layout, m, sure, all_pairs) * all_pairs
    kept = []
    for run in runs:
        expected = float((people * met(layout, run.block.rule, m) * run.block.share)[0])
        others = run.block.rule.lenient and float(run.matches[0]) > _MORE * expected
        kept.append(replace(run, kept=run.kept and not others))
    return kept


_MORE = 1.5
"""Matches of a run beside those that are expected: a field of which m is not learnt yet may agree more than is said."""


def random_u(evidence: Evidence, counts: Counts) -> Floats:
    """Share of random pairs at each level, of those with both sides known: (draws, levels).

    Full agreement is as often as values are equal, which is known from far more pairs, as is how often lists of values
    overlap; the random pairs share out the rest.
    """
    layout = evidence.layout
    shown = evidence.random.level_counts(counts.random)
    said = layout.said("u")
    equal = np.full(shown.shape, np.nan)
    for column, agreement in enumerate(evidence.equal):
        number = exact_levels(layout).get(agreement.columns[0])
        if number is not None and _is_full_agreement(layout, number) and agreement.seen:
            seen = np.maximum(counts.equal[:, column], _UNSEEN_RANDOM)
            equal[:, number] = seen / agreement.known
    for column, one in enumerate(evidence.overlapping):
        equal[:, one.level] = one.share * np.maximum(counts.overlapping[:, column], _UNSEEN_RANDOM)
    counted = ~np.isnan(equal)
    others = np.where(counted, 0.0, shown)
    totals = layout.totals(others)
    rest = 1 - layout.totals(np.nan_to_num(equal))
    found = np.divide(others * rest, totals, out=np.zeros_like(shown), where=totals > 0)
    least = _UNSEEN_RANDOM / max(evidence.random.pairs, 1)
    found = np.maximum(np.where(found > 0, found, np.nan_to_num(said)), least)
    found = np.where(counted, equal, found)
    held: Floats = np.where(layout.fixed("u"), said, found)
    return held


def _is_full_agreement(layout: Layout, number: int) -> bool:
    """Whether a level is the first that a comparison asks for, after nothing but whether its own column is known."""
    comparison = layout.model.comparisons[layout.owner[number]]
    first = next(position for position, level in enumerate(comparison.levels) if level.value >= 0)
    column = sided_columns(layout.levels[number].condition or "")
    nulls = [sided_columns(level.condition or "") for level in comparison.levels[:first] if level.value < 0]
    return layout.places[number][1] == first and all(asked == column for asked in nulls)


def _run(
    layout: Layout,
    evidence: Evidence,
    block: Block,
    counts: Sequence[Floats],
    by_chance: tuple[Floats, Floats],
    near: Run | None,
    limit: int,
) -> Run:
    """EM on a block's pairs.

    Args:
        counts: of the block's pairs, and of the strangers of each file in it.
        by_chance: random pairs by pattern, and their share at each level.
        near: the run whose estimate moves with the draw; None for the first.
    """
    _, random_u = by_chance
    weight = _RANDOM_COUNTS_LESS if evidence.trusting else RANDOM_COUNTS_AS
    u = block_u(layout, block.rule, block.strangers, counts[1:], random_u, weight)
    shown = block.patterns.shown.any(axis=0).astype(float)
    told = np.array([block.rule.tells(level) for level in layout.levels])
    free = (layout.totals(shown) > 0) & told
    known = _known(layout, evidence, block)
    start = near.estimate.at if near else _start(layout, evidence, block, u, known.expected)
    estimate_by = functools.partial(
        expectation_maximisation,
        layout,
        block.patterns,
        counts[0],
        start.of_each(len(u)),
        tolerance=0.0 if near else TOLERANCE,
        limit=limit,
    )
    by_u = Strangers(u)
    rare, most = bool(near and near.rare), born_apart(layout, block.within)
    estimate = near.estimate if near else estimate_by(by_u, replace(known, most=most))
    in_part = known_in_part(layout, estimate.m[0], u[0])
    if in_part is not None:
        most = in_part if most is None else np.minimum(most, in_part)
    known = replace(known, most=most)
    if near or (most is not None and (estimate.m > most).any()):
        estimate = estimate_by(by_u, known)
    if rare or not near:
        beyond, surplus = _beyond_chance(evidence, block, counts, by_chance, u)
        times = RARE if evidence.trusting else RARER
        rare = rare or float(estimate.prior[0]) < times * float(surplus[0])
        estimate = estimate_by(Strangers(u, beyond), known) if rare else estimate
    return Run(block, estimate, u, free, estimate.prior * counts[0].sum(axis=1), rare=rare)


def _known(layout: Layout, evidence: Evidence, block: Block) -> Known:
    """What is known of a block's matches before its pairs are looked at."""
    strangers = sum(table.pairs for table in block.strangers)
    return Known(
        held=layout.fixed("m"),
        expected=by_strangers(evidence, block) if evidence.trusting else None,
        expected_counts_as=EXPECTED_COUNTS_AS * _FEW_STRANGERS / (_FEW_STRANGERS + strangers),
        leaning=evidence.earlier.leaning(starting_m(layout)) if evidence.earlier else None,
        home=_home(evidence, block) if evidence.trusting else None,
    )


def _home(evidence: Evidence, block: Block) -> Flags | None:
    """As `of_home`, by what is counted of both sides."""
    places = of_places(evidence.equal, evidence.units)
    return of_home(evidence.layout, block.rule, block.patterns, places=places, common=common(evidence.equal))


def _start(layout: Layout, evidence: Evidence, block: Block, u: Floats, expected: float | None) -> Matches:
    """Where EM starts on a block, of which nothing was estimated yet."""
    m = starting_m(layout)[None, :]
    prior = starting_prior(layout, block.rule.columns, 0.5 / max(*evidence.units, 2), m, u)
    return Matches(m, prior if expected is None else np.full_like(prior, expected))


def _beyond_chance(
    evidence: Evidence, block: Block, counts: Sequence[Floats], by_chance: tuple[Floats, Floats], u: Floats
) -> tuple[Floats, Floats]:
    """As `beyond_chance`, by the strangers of a block and by random pairs."""
    random, random_u = by_chance
    tables = [*block.strangers, evidence.random]
    of_two = [
        of_two_people(evidence.layout, block.rule, table, count, random_u)
        for table, count in zip(tables, [*counts[1:], random], strict=True)
    ]
    return beyond_chance(evidence.layout, block.patterns, tables, of_two, u)


def starting_prior(layout: Layout, blocked: Sequence[str], prior: float, m: Floats, u: Floats) -> Floats:
    """Where EM starts inside a block: the prior of all pairs, with what agreement on the block's columns adds.

    The prior of all pairs is that half of the smaller side has a match: from much higher odds EM takes a whole block
    for matches and never comes back.
    """
    ratios = equal_on(layout, blocked, m) / equal_on(layout, blocked, u)
    odds = prior / (1 - prior) * np.prod(ratios, axis=1)
    found: Floats = odds / (1 + odds)
    return found


def by_strangers(evidence: Evidence, block: Block) -> float | None:
    """Share of matches among a block's pairs: what is left when as many strangers meet there as do within each file.

    Within halves of one file they are not known: then as many as chance would have it, that the columns agree each by
    itself. Of one column this says nothing: who agrees on it are the block, matches and all.
    """
    left, right = evidence.units
    if block.strangers:
        within = sum(block.rule.strangers) / max((left**2 + right**2) / 2, 1)
    elif len(block.rule.columns) == 1:
        return None
    else:
        within = math.prod(one.chance for one in evidence.equal if one.columns[0] in block.rule.columns)
    expected, found = within * left * right, max(block.rule.pairs, 1)
    matches = max(found - expected, math.sqrt(found))
    most = min(left, right) if block.strangers else found  # who are strangers in a file have one match in the other
    return min(matches / found, most / found, _PUREST)


def _refuse_unsettled(layout: Layout, runs: Sequence[Run], usable: Sequence[Run]) -> None:
    """An estimate that is still on its way is no estimate; another run may have one."""
    lost = [
        comparison.name
        for first, comparison in zip(layout.first, layout.model.comparisons, strict=True)
        if any(run.free[first] for run in runs) and not any(run.free[first] for run in usable)
    ]
    if lost:
        blocks = " and ".join(", ".join(run.block.rule.columns) for run in runs if not run.settled)
        raise NothingToTrainOnError(
            f"nothing learnt of {', '.join(lost)}: EM on pairs that agree on {blocks} comes to no end "
            f"in {LIMIT:,} iterations\n"
            f"  its matches and strangers look alike: map more columns, or {GIVE_A_MODEL}"
        )
