"""What a model was trained on and how sure its weights are: counts and probabilities, no values."""

import math
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from linkage.model.splink_json import Level, Model, sided_columns
from linkage.model.training.em.evidence import Evidence
from linkage.model.training.estimates.estimation import Estimates

_VERSIONS = ("leo-linkage", "splink", "duckdb", "numpy")
_SEEN = 1.0  # matches, or random pairs, that a level needs for its weight to be more than a pseudo-count


@dataclass(frozen=True)
class LevelReport:
    """One level of a comparison, as training left it."""

    comparison: str
    level: str
    value: int  # grade of agreement, 0 for none
    m: float
    u: float
    weight: float  # log2(m / u)
    standard_error: float | None  # of the weight; None where a pseudo-count or the model's file decides it
    full: bool = False  # the comparison's full agreement
    graded: bool = True  # reads no other columns than full agreement does: a lesser grade of the same thing


@dataclass
class TrainingReport:
    """What a model was trained on: counts, no values."""

    seed: int = 0
    units: list[int] = field(default_factory=list)  # left, right
    random_pairs: int = 0
    rules: list[dict[str, Any]] = field(default_factory=list)
    prior: float = 0.0
    prior_standard_error: float = 0.0
    levels: list[LevelReport] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # for which the model is better not used
    warnings: list[str] = field(default_factory=list)  # estimates that are usable, but not as one would think
    learnt: bool = True  # False: what matches show is as given, since the sides were too small, or share too few
    guessed: list[str] = field(default_factory=list)  # comparisons of which no run tells how many matches differ
    versions: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For a manifest, or the file beside a model."""
        return asdict(self)


def reported(evidence: Evidence, model: Model, estimates: Estimates, drawn: Estimates, seed: int) -> TrainingReport:
    """The report on a model.

    Args:
        model: as trained.
        estimates: of the counts that were made.
        drawn: of counts drawn again.
    """
    return TrainingReport(
        seed=seed,
        units=list(evidence.units),
        random_pairs=evidence.random.pairs,
        rules=[
            {
                "columns": list(run.block.rule.columns),
                "pairs": run.block.patterns.pairs,
                "matches": round(float(run.matches[0])),
                "strangers": sum(table.pairs for table in run.block.strangers),
                "iterations": run.estimate.iterations,
                "used": run.usable,
            }
            for run in estimates.runs
        ],
        prior=model.prior,
        prior_standard_error=_rounded(float(drawn.prior.std(ddof=1))),
        levels=_levels(evidence, model, estimates, drawn),
        versions=_versions(),
    )


def _levels(evidence: Evidence, model: Model, estimates: Estimates, drawn: Estimates) -> list[LevelReport]:
    layout = evidence.layout
    errors = drawn.weights.std(axis=0, ddof=1)
    in_random = evidence.random.level_counts(evidence.random.counts[None, :].astype(float))[0]
    seen = (estimates.m * estimates.matches)[0] >= _SEEN
    known = seen & (in_random >= _SEEN) & ~(layout.fixed("m") & layout.fixed("u"))
    found = []
    for number, (index, position) in enumerate(layout.places):
        level = model.comparisons[index].levels[position]
        full = layout.levels[layout.first[index]]
        found.append(
            LevelReport(
                comparison=model.comparisons[index].name,
                level=level.label,
                value=level.value,
                m=level.m or 0.0,
                u=level.u or 0.0,
                weight=float(f"{level.weight:.6g}"),
                standard_error=_rounded(float(errors[number])) if known[number] else None,
                full=bool(number == layout.first[index]),
                graded=set(_columns(level)) <= set(_columns(full)),
            )
        )
    return found


def measured_levels(model: Model) -> list[LevelReport]:
    """Levels of comparisons that are given other columns: measured on strangers, not on matches."""
    return [
        LevelReport(
            comparison=comparison.name,
            level=level.label,
            value=level.value,
            m=level.m or 0.0,
            u=level.u or 0.0,
            weight=float(f"{level.weight:.6g}"),
            standard_error=None,
            full=level.value == comparison.levels[1].value,
            graded=False,
        )
        for comparison in model.comparisons
        if comparison.given
        for level in comparison.levels
        if level.value >= 0
    ]


def _columns(level: Level) -> tuple[str, ...]:
    return sided_columns(level.condition) if level.condition else ()


def _rounded(value: float) -> float:
    """Three digits, which is more than a bootstrap knows."""
    return float(f"{value:.3g}") if math.isfinite(value) else 0.0


def _versions() -> dict[str, str]:
    found = {}
    for name in _VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
