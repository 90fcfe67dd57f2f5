"""The training report: what a model was trained on, how sure its weights are, and
whether it can be trusted.

Counts and probabilities, no values. A fault is a comparison whose m is not estimated;
warnings name runs of EM that were left out, and comparisons that have no weight.
"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import repeat
from typing import Any

import numpy as np

from linkage.model.splink_json import Comparison, Model
from linkage.model.training.counts import Layout
from linkage.model.training.em import LIMIT
from linkage.model.training.estimates import Estimates, Run
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


@dataclass
class TrainingReport:
    """What a model was trained on: counts, no values."""

    seed: int = 0
    units: list[int] = field(default_factory=list)  # left, right
    random_pairs: int = 0
    rules: list[dict[str, Any]] = field(default_factory=list)
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
    )  # comparisons of which no run tells how many matches differ
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
    layout, is_learnt = evidence.layout, bool(estimates.runs)
    return TrainingReport(
        seed=seed,
        units=list(evidence.units),
        random_pairs=evidence.random.pairs,
        rules=[
            {
                "columns": list(run.block.columns),
                "pairs": run.pairs.patterns.pairs,
                "matches": round(run.matches),
                "iterations": run.estimate.iterations,
                "used": run.usable,
            }
            for run in estimates.runs
        ],
        prior=model.prior,
        levels=level_reports(model, standard_errors(evidence, estimates)),
        faults=_never_free(layout, estimates) if is_learnt else [],
        warnings=[
            *_rejected(estimates),
            *_never_known(layout, estimates),
            *_silent(layout, estimates),
        ],
        learnt=is_learnt,
        guessed=_guessed(layout, estimates),
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
    matches = m * (np.zeros(len(m)) if estimates.matches is None else estimates.matches)
    pairs = pairs_seen(evidence)
    is_fixed = layout.fixed("m") & layout.fixed("u")
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
        if estimates.silent is not None and estimates.silent[first]
    ]


def _guessed(layout: Layout, estimates: Estimates) -> list[str]:
    """Comparisons of which no run tells how many matches differ: each was learnt where
    only it was free.
    """
    names = []
    for first, comparison in _fields(layout):
        runs = [run for run in estimates.runs if run.usable and run.free[first]]
        if runs and not any(_separates(layout, run) for run in runs):
            names.append(comparison.name)
    return names


def _separates(layout: Layout, run: Run) -> bool:
    """Whether matches and non-matches are separated by two fields, or most of the pairs
    match.
    """
    return run.free[layout.first].sum() > 1 or run.estimate.prior > 0.5


def _never_free(layout: Layout, estimates: Estimates) -> list[str]:
    return [
        f"comparison '{comparison.name}' was blocked on in every run: its m is not "
        "estimated; map more columns"
        for _, comparison in _fields(layout)
        if not any(
            run.usable and run.block.leaves_free(comparison) for run in estimates.runs
        )
    ]


def _never_known(layout: Layout, estimates: Estimates) -> list[str]:
    """A comparison that one side never knows is no fault: it will never have a say."""
    return [
        f"comparison '{comparison.name}' was known on both sides of no pair: its m is "
        "not estimated"
        for first, comparison in _fields(layout)
        if any(run.block.leaves_free(comparison) for run in estimates.runs)
        and not any(run.free[first] for run in estimates.runs)
    ]


def _rejected(estimates: Estimates) -> list[str]:
    return [
        f"EM on {', '.join(run.block.columns)} did not converge in {LIMIT:,} "
        "iterations: left out of the estimates"
        for run in estimates.runs
        if not run.estimate.converged
    ] + [
        f"EM on {', '.join(run.block.columns)} converged on non-matches, such as "
        "households: left out of the estimates"
        for run in estimates.runs
        if run.rejected
    ]
