"""Whether a model can be trusted: levels whose m and u cross.

An order of levels is an order of evaluation, and a comparison may weigh them otherwise than their order says. Where
that is more than chance, it is said.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from linkage.model.training.report import LevelReport

_BEYOND_CHANCE = 3.0  # standard errors; a model has dozens of levels, of which two would be crossed by chance at 2


def crossings(levels: Sequence[LevelReport]) -> list[str]:
    """What crosses, each in one line that says what to do about it.

    Args:
        levels: of all comparisons, each from full agreement down.
    """
    return [line for _, group in groupby(levels, lambda level: level.comparison) for line in _of(list(group))]


def _of(levels: Sequence[LevelReport]) -> Iterator[str]:
    known = [level for level in levels if level.standard_error is not None]
    for level in known:
        if level.exact and level.weight < -_BEYOND_CHANCE * (level.standard_error or 0.0):
            yield (
                f"comparison '{level.comparison}': full agreement ('{level.level}') weighs {level.weight:.2f}, "
                "which speaks against a match: are the two files' columns the same thing, in the same codes? "
                "Map or recode the column, or leave it out"
            )
    for place, lower in enumerate(known):
        higher = min(known[:place], key=lambda level: level.weight, default=lower)
        noise = ((lower.standard_error or 0.0) ** 2 + (higher.standard_error or 0.0) ** 2) ** 0.5
        if lower.weight - higher.weight > _BEYOND_CHANCE * noise:
            yield (
                f"comparison '{lower.comparison}': '{lower.level}' weighs {lower.weight:.2f}, more than the higher "
                f"level '{higher.level}' with {higher.weight:.2f}: evaluate it first, or join the two levels"
            )
