"""Whether a model's strangers are those of the files that it is given to.

u is the share of strangers at a level. Where files write a column in another way than those that a model was trained on
(years of birth in the stead of days), or hold other people (one town's), far more or fewer strangers have a level here,
and its weight is wrong by as much. Levels that are adjusted by how common a value is follow the files already.
"""

import math
from dataclasses import dataclass, replace

from linkage.engine import Engine, Table
from linkage.model.sampling import drawn
from linkage.model.splink_json import Model
from linkage.model.training.counts.chance import random_pairs
from linkage.model.training.counts.patterns import Layout, counted

_TIMES = 8.0  # so many times as many strangers at a level: three bits of every weight that it has a part in
_SHARE = 0.01  # of strangers, at a level that is common enough to matter
_PAIRS = 5_000  # of which both sides are known; fewer show too little
_ROWS = 50_000


@dataclass(frozen=True)
class Misfit:
    """A level that far more or far fewer strangers have than a model says."""

    comparison: str
    label: str
    said: float  # share of strangers, by the model
    here: float

    @property
    def bits(self) -> float:
        """How much the level weighs too much."""
        return math.log2(self.here / self.said)


def misfits(engine: Engine, model: Model, left: Table, right: Table, *, seed: int) -> list[Misfit]:
    """Levels of a trained model that do not fit two sides: of each comparison the one that does most harm.

    Args:
        left, right: units with the model's columns; twice the same of one file.
    """
    layout = Layout(replace(model, comparisons=model.fields))
    read = dict.fromkeys(column for comparison in layout.model.comparisons for column in comparison.columns)
    sides = drawn(engine, (left, right), list(read), most=_ROWS, seed=seed)
    (pairs,) = counted(engine, layout, [random_pairs(engine, layout, sides)], sides)
    engine.drop(*(side.sample for side in sides))
    at = pairs.level_counts(pairs.counts[None, :].astype(float))
    known = layout.totals(at)[0]
    # Some of the pairs are of one person, and in one file of one record: as many as a side has records at the most.
    of_one = 1 / max(side.units for side in sides)
    found: dict[str, Misfit] = {}
    for level, (index, _), here, of in zip(layout.levels, layout.places, at[0], known, strict=True):
        if level.adjusted or of < _PAIRS:
            continue
        name = layout.model.comparisons[index].name
        said, least = level.u or 0.0, 1 / of
        shown = Misfit(name, level.label, max(said, least), max(here / of - of_one, least))
        far = abs(shown.bits) >= math.log2(_TIMES) and max(shown.said, shown.here) >= _SHARE
        if far and (name not in found or _worse(shown, found[name])):
            found[name] = shown
    return list(found.values())


def _worse(one: Misfit, other: Misfit) -> bool:
    """Strangers who look like one person are worse than matches that are missed, and many of them than few."""

    def harm(of: Misfit) -> tuple[bool, float]:
        return of.bits > 0, abs(of.bits) * max(of.said, of.here)

    return harm(one) > harm(other)
