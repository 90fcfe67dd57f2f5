"""Who has changed one field has often changed another: a bride her surname and her address.

A Fellegi-Sunter weight asks a match for each change by itself, as if one said nothing of the other, and expects too few
matches who have both behind them. A model that names fields which strangers share together ("surname given postcode")
says which fields go together at all. Of these EM's matches are counted who differ in both, and where there are clearly
more of them than of two changes that know nothing of each other, a comparison gives back the difference. A loglinear
model with this one interaction has the same odds (Thibaudeau, Survey Methodology 19, 1993).
"""

import math
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from linkage.model.dependence import changed_comparison
from linkage.model.splink_json import Comparison, Model, from_dict
from linkage.model.training.counts.patterns import Flags, Floats, Layout
from linkage.model.training.counts.rules import PERSONAL, exact_levels
from linkage.model.training.em.evidence import Run
from linkage.model.training.estimates.estimation import Estimates

_AS_EXPECTED = 4.0
"""Matches beforehand that change the two as if one said nothing of the other."""
_BEYOND_CHANCE = 2.0  # standard deviations of the matches that would differ in both
_CLEARLY = 0.5  # bits
_ROUNDS, _STILL = 200, 1e-6


def with_changes(model: Model, trained: Model, layout: Layout, estimates: Estimates) -> Model:
    """The trained model with a comparison for each two fields that matches change together.

    Args:
        model: whose comparisons given one other column name these fields; without any that training has found.
        trained: of which layout and estimates have the comparisons of one field each.
    """
    exact = exact_levels(layout)
    raw = deepcopy(trained.raw)
    for comparison in model.comparisons:
        fields = _fields(comparison, exact)
        if fields is None:
            continue
        one, other = (_Field.of(layout, estimates, exact[name]) for name in fields)
        times = _times(layout, estimates, one, other)
        if times is not None:
            raw["comparisons"].append(changed_comparison(*fields, one.differs, other.differs, times))
    return from_dict(raw)


def _fields(comparison: Comparison, exact: dict[str, int]) -> tuple[str, str] | None:
    """The field of a comparison that is given one other, and that other.

    None where one of them is a person's own: who differs there is somebody else of the household as soon as a match.
    """
    if len(comparison.given) != 1:
        return None
    other = comparison.given[0]
    name = next((name for name in comparison.columns if name in exact and name != other), None)
    return (name, other) if name and other in exact and not {name, other} & PERSONAL else None


@dataclass(frozen=True)
class _Field:
    """A field of which a pair differs.

    Attributes:
        comparison: its place in the layout's model.
        numbers: levels of a value that is another: those at the end that speak against a match.
        differs: SQL of them.
    """

    comparison: int
    numbers: Flags
    differs: str

    @staticmethod
    def of(layout: Layout, estimates: Estimates, exact: int) -> "_Field":
        place = int(layout.owner[exact])
        comparison = layout.model.comparisons[place]
        numbers = np.flatnonzero(layout.owner == place)
        others = len(numbers)
        while others > 1 and estimates.weights[0, numbers[others - 1]] < 0:
            others -= 1
        graded = [level for level in comparison.levels if level.value >= 0][:others]
        alike = " OR ".join(f"({level.condition})" for level in graded)
        differs = np.isin(np.arange(len(layout.owner)), numbers[others:])
        return _Field(place, differs, f"NOT coalesce({alike}, FALSE)")


def _times(layout: Layout, estimates: Estimates, one: _Field, other: _Field) -> float | None:
    """How often matches differ in both fields, of as often as if one said nothing of the other; None if as often.

    What a pair of both weighs depends on it, and so how many of them are matches: they are found in turns.
    """
    told = [
        run for run in estimates.runs if run.usable and run.free[one.numbers].any() and run.free[other.numbers].any()
    ]
    times, seen, expected = 1.0, 0.0, 0.0
    for _ in range(_ROUNDS if told else 0):
        seen, expected = np.sum([_both(layout, run, one, other, times) for run in told], axis=0)
        before, times = times, float((seen + _AS_EXPECTED) / (expected + _AS_EXPECTED))
        if abs(times - before) < _STILL:
            break
    beyond = seen - expected > _BEYOND_CHANCE * math.sqrt(expected + 1)
    return times if beyond and math.log2(times) >= _CLEARLY else None


def _both(layout: Layout, run: Run, one: _Field, other: _Field, times: float) -> Floats:
    """Matches of a run's block that differ in both fields, and how many would, if one said nothing of the other."""
    shown = run.block.patterns.shown
    known = np.add.reduceat(shown, layout.first, axis=1) > 0
    asked: Flags = known[:, one.comparison] & known[:, other.comparison]
    first, second = (shown[:, field.numbers].any(axis=1) & asked for field in (one, other))
    both: Flags = first & second
    matches = run.estimate.matches(run.block.patterns, run.u, more=np.where(both, math.log2(times), 0.0))
    expected = matches[first].sum() * matches[second].sum() / max(matches[asked].sum(), 1e-12)
    return np.array([matches[both].sum(), expected])
