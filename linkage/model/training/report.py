"""The training report: what a model was trained on, how sure its weights are, and
whether it can be trusted.

Counts and probabilities, no values. A fault is a comparison whose m is not estimated;
warnings name comparisons that have no weight, and files that show few matches.
"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import repeat
from typing import Any

import numpy as np

from linkage.model.splink_json import GIVE_A_MODEL, Comparison, Model
from linkage.model.training.counts import Layout
from linkage.model.training.estimates import PSEUDO_MATCHES, Estimates, TrainedBlock
from linkage.model.training.evidence import Evidence
from linkage.model.training.u import pairs_seen


@dataclass(frozen=True)
class LevelReport:
    """One level of a comparison, as training left it."""

    comparison: str
    level: str
    value: int  # grade of agreement, 0 for none
    m: float
    u: float
    weight: float  # log2(m / u)
    standard_error: (
        float | None
    )  # of the weight; None where a pseudo-count or the model's file decides it


@dataclass(frozen=True)
class BlockReport:
    """A training block: pairs that agree on some columns."""

    columns: list[str]
    pairs: int  # that were compared
    matches: int | None = None  # that EM expects among these; None of Splink's


@dataclass
class TrainingReport:
    """What a model was trained on: counts, no values."""

    seed: int = 0
    units: list[int] = field(default_factory=list)  # left, right
    random_pairs: int = 0
    rules: list[BlockReport] = field(default_factory=list)
    # that m rests on, of the comparison that was known in the fewest
    matches: int = 0
    iterations: int = 0  # of EM
    prior: float = 0.0
    levels: list[LevelReport] = field(default_factory=list)
    faults: list[str] = field(
        default_factory=list
    )  # for which the model is better not used
    warnings: list[str] = field(
        default_factory=list
    )  # estimates that are usable, but not as one would think
    # False: m are default parameters, since the sides were too small, or share too few
    learnt: bool = True
    guessed: list[str] = field(
        default_factory=list
    )  # comparisons of which no block tells how many matches differ
    versions: dict[str, str] = field(
        default_factory=dict
    )  # of other software that trained it

    def as_dict(self) -> dict[str, Any]:
        """For a manifest, or the file next to a model."""
        return asdict(self)


def training_report(
    evidence: Evidence, model: Model, estimates: Estimates, seed: int
) -> TrainingReport:
    """The report on a model as trained."""
    layout = evidence.layout
    matches = estimates.matches[layout.first]
    learnt_matches = matches[matches >= 1]
    is_learnt = bool(estimates.matches.max(initial=0.0) >= PSEUDO_MATCHES)
    return TrainingReport(
        seed=seed,
        units=list(evidence.units),
        random_pairs=evidence.random.pairs,
        rules=[_block_report(block) for block in estimates.blocks],
        matches=int(min(learnt_matches, default=0)),
        iterations=estimates.iterations,
        prior=model.prior,
        levels=level_reports(model, standard_errors(evidence, estimates)),
        faults=_never_free(layout, estimates),
        warnings=[
            *_few_matches(estimates, is_learnt),
            *_not_converged(estimates),
            *_never_known(layout, estimates),
            *_silent(layout, estimates),
        ],
        learnt=is_learnt,
        guessed=_guessed(layout, estimates),
    )


def _block_report(block: TrainedBlock) -> BlockReport:
    return BlockReport(
        columns=list(block.columns),
        pairs=block.pairs.patterns.pairs,
        matches=round(block.matches),
    )


def level_reports(
    model: Model, errors: Iterable[float | None] = repeat(None)
) -> list[LevelReport]:
    """The graded levels of a model, with the standard errors of their weights."""
    levels = (
        (c.name, level)
        for c in model.comparisons
        for level in c.levels
        if level.value >= 0
    )
    return [
        LevelReport(
            name,
            level.label,
            level.value,
            level.m or 0.0,
            level.u or 0.0,
            float(f"{level.weight:.6g}"),
            error,
        )
        for (name, level), error in zip(levels, errors, strict=False)
    ]


def standard_errors(evidence: Evidence, estimates: Estimates) -> list[float | None]:
    """Of the weight of each level, by the delta method; None where a pseudo-count or
    the model's file decides it.

    m and u are shares of independent pairs, and every match is taken for seen, so that
    it is on the small side.
    """
    layout, m, u = evidence.layout, estimates.m, estimates.u
    matches = m * estimates.matches
    pairs = pairs_seen(evidence)
    is_fixed = layout.fixed_m & layout.fixed_u
    known = (matches >= 1) & (pairs >= 1) & ~is_fixed
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.sqrt((1 - m) / matches + (1 - u) / pairs) / math.log(2)
    return [
        float(f"{error:.3g}") if is_known else None
        for error, is_known in zip(errors, known, strict=True)
    ]


def _fields(layout: Layout) -> list[tuple[int, Comparison]]:
    """The comparisons that EM estimates, and the number of the first level of each."""
    fields = zip(layout.first, layout.model.comparisons, strict=True)
    return [
        (int(first), comparison) for first, comparison in fields if not comparison.given
    ]


def _silent(layout: Layout, estimates: Estimates) -> list[str]:
    """Comparisons that have no weight, each in one line that says what to do."""
    return [
        f"comparison '{comparison.name}' has no weight: matches agree on it no more "
        "often than non-matches; if they should, "
        "are the two columns the same thing, in the same codes? Map another column, or "
        "recode it"
        for first, comparison in _fields(layout)
        if estimates.silent[first]
    ]


def _guessed(layout: Layout, estimates: Estimates) -> list[str]:
    """Comparisons of which no block tells how many matches differ: only it was free in
    each.
    """
    names = []
    for first, comparison in _fields(layout):
        blocks = [block for block in estimates.blocks if _knows(layout, block, first)]
        if blocks and not any(_separates(layout, block) for block in blocks):
            names.append(comparison.name)
    return names


def _knows(layout: Layout, block: TrainedBlock, first: int) -> bool:
    """Whether a block leaves a comparison free, and both sides know it in some pair.

    Args:
        first: number of the comparison's first level.
    """
    is_shown = block.free & block.pairs.patterns.shown.any(axis=0)
    return bool(is_shown[layout.owner == layout.owner[first]].any())


def _separates(layout: Layout, block: TrainedBlock) -> bool:
    """Whether matches and non-matches are separated by two fields, or most of the pairs
    match.
    """
    known = [first for first, _ in _fields(layout) if _knows(layout, block, first)]
    return len(known) > 1 or block.prior > 0.5


def _never_free(layout: Layout, estimates: Estimates) -> list[str]:
    if not estimates.blocks:
        return []
    return [
        f"comparison '{comparison.name}' was blocked on in every training block: its m "
        "is not estimated; map more columns"
        for _, comparison in _fields(layout)
        if not _is_free(estimates, comparison)
    ]


def _never_known(layout: Layout, estimates: Estimates) -> list[str]:
    """A comparison that one side never knows is no fault: it will never have a say."""
    return [
        f"comparison '{comparison.name}' was known on both sides of no pair: its m is "
        "not estimated"
        for first, comparison in _fields(layout)
        if _is_free(estimates, comparison)
        and not any(_knows(layout, block, first) for block in estimates.blocks)
    ]


def _is_free(estimates: Estimates, comparison: Comparison) -> bool:
    blocks = [trained.pairs.block for trained in estimates.blocks]
    return any(block.leaves_free(comparison) for block in blocks)


def _few_matches(estimates: Estimates, is_learnt: bool) -> list[str]:
    """Pseudo-counts that outweigh what the files show."""
    if is_learnt or not estimates.blocks:
        return []
    return [
        f"the files show about {estimates.matches.max():.0f} matches: what matches "
        "show is taken more from how such fields usually are written than from them; "
        f"look at the links, or {GIVE_A_MODEL}"
    ]


def _not_converged(estimates: Estimates) -> list[str]:
    if estimates.converged:
        return []
    return [f"EM did not end in {estimates.iterations:,} iterations"]
