"""Whether a model can be trusted: levels whose m and u cross.

- Full agreement that speaks against a match is a fault: the columns are not the same thing, or not in the same codes.
- A lesser grade that weighs more than a higher one is a warning: its estimates are as good as any, and scoring is
  right with them, but who reads the model should know. An order of levels is an order of evaluation, and "one
  character differs" need not weigh more than "same sector", which it does not contain.
- Of a field that every run has learnt alone, among pairs of whom most are strangers, nobody knows how many matches
  differ in it: as well more of the strangers may be matches.
- Partial agreement that speaks against a match is neither: strangers are more often alike than matches are.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from linkage.model.training.counts.patterns import Layout
from linkage.model.training.em.evidence import Run
from linkage.model.training.estimates.estimation import Estimates
from linkage.model.training.estimates.report import LevelReport

_BEYOND_CHANCE = 3.0  # standard errors; a model has dozens of levels, of which two would be crossed by chance at 2
_MOSTLY = 0.5  # share of a block's pairs that are matches, from which those that differ are seen


def guessed(layout: Layout, estimates: Estimates) -> list[str]:
    """Comparisons of which no run tells how many matches differ: each was learnt where it alone was free."""
    usable = [run for run in estimates.runs if run.usable]
    found = []
    for first, comparison in zip(layout.first, layout.model.comparisons, strict=True):
        learnt = [run for run in usable if run.free[first]]
        if learnt and not any(_tells_apart(layout, run) for run in learnt):
            found.append(comparison.name)
    return found


def _tells_apart(layout: Layout, run: Run) -> bool:
    """Whether matches and strangers are told apart by two fields, or are hardly mixed."""
    return run.free[layout.first].sum() > 1 or float(run.estimate.prior[0]) > _MOSTLY


def inverted(levels: Sequence[LevelReport]) -> list[str]:
    """Comparisons of which full agreement speaks against a match, each in one line that says what to do.

    Args:
        levels: of all comparisons, each from full agreement down.
    """
    return _of_each(levels, _inverted)


def crossed(levels: Sequence[LevelReport]) -> list[str]:
    """Levels that weigh more than a higher grade of the same thing, each in one line that says what to do."""
    return _of_each(levels, _crossed)


def _of_each(levels: Sequence[LevelReport], check: Callable[[list[LevelReport]], Iterator[str]]) -> list[str]:
    """Levels that a pseudo-count decides are not asked: they have no standard error."""
    known = [level for level in levels if level.standard_error is not None]
    return [line for _, group in groupby(known, lambda level: level.comparison) for line in check(list(group))]


def _inverted(levels: list[LevelReport]) -> Iterator[str]:
    for level in levels:
        if level.full and level.weight < -_BEYOND_CHANCE * (level.standard_error or 0.0):
            yield (
                f"comparison '{level.comparison}': full agreement ('{level.level}') weighs {level.weight:.2f}, "
                "which speaks against a match: are the two columns the same thing, in the same codes? "
                "Map another column, recode it, or leave it out"
            )


def _crossed(levels: list[LevelReport]) -> Iterator[str]:
    grades = [level for level in levels if level.graded]
    for place, lower in enumerate(grades):
        higher = min(grades[:place], key=lambda level: level.weight, default=lower)
        noise = ((lower.standard_error or 0.0) ** 2 + (higher.standard_error or 0.0) ** 2) ** 0.5
        if lower.weight - higher.weight > _BEYOND_CHANCE * noise:
            yield (
                f"comparison '{lower.comparison}': '{lower.level}' weighs {lower.weight:.2f}, more than "
                f"'{higher.level}' with {higher.weight:.2f}, though that agrees better and is asked first: links are "
                "as good; to mend the model let the one that weighs more come first, or make one level of the two"
            )
