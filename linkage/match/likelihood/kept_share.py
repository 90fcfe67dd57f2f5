"""What the kept pairs of a pattern say of those that were not kept.

Of a pair below the floor a step knows what the model says: one of so many is a match. Where fields change together, as
surname and postcode do when somebody marries and moves, the model expects too few of the pattern, below the floor and
above it alike. Above it they can be counted, since with a rare name even such a pair is a match. And which share of a
pattern's matches lies above the floor follows from how common the values are that agree: as common as among the people
who are linked. So the matches that were kept, beside those that the model expected there, say by how much it is wrong
(a ratio estimate; Horvitz and Thompson, JASA 47, 1952, where a share is known by design).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from linkage.engine import Engine, Table, columns
from linkage.match.candidates.score import Frequencies, weighed_given
from linkage.model import Model
from linkage.model.blocking import Pattern
from linkage.model.compiled import levels_of
from linkage.model.stages import pattern_column
from linkage.model.training.em.earlier import VARIES

Numbers = npt.NDArray[np.float64]

_LINKS = 20_000  # that are looked at for how common values are
_ALIKE = 200
"""Links that agree as a pattern does in all that is adjusted, fewer of which say nothing of its values."""
_BELOW = 50
"""Of them, those that would not be kept; where fewer would, the pairs that were not kept are so for another reason."""
_BEFOREHAND = 1 / VARIES**2
"""Matches that say beforehand that the model is right: a share that varies by half of itself is worth four that show
it. Strangers with rare names are kept as well, of one fashion, and a handful of pairs may be of them."""
_LEAST = 0.05  # expected matches of a pattern below which nobody asks
_ROUNDS, _STILL = 200, 1e-6


def by_kept_pairs(
    engine: Engine,
    model: Model,
    units: tuple[Table, Table],
    links: Table,
    frequencies: Frequencies,
    floor: float,
    dropped: Mapping[Pattern, float],
) -> dict[Pattern, float]:
    """Expected matches that were not kept, corrected by those that were.

    Args:
        units: of the left and of the right, those of the links at least.
        links: every pair that the step kept.
        floor: match weight below which no pair is kept.
        dropped: levels of the comparisons to the expected matches that show them, as the model says.
    """
    asked = [pattern for pattern, matches in dropped.items() if matches >= _LEAST]
    linked = _linked(engine, model, units, links, frequencies) if asked else None
    if linked is None:
        return dict(dropped)
    kept = _kept(engine, links)
    told = dict(dropped)
    for pattern in asked:
        below = linked.below(model, pattern, floor)
        if below is not None:
            told[pattern] *= _times(dropped[pattern] * (1 - below) / below, *kept.get(pattern, _NONE))
    return told


@dataclass(frozen=True)
class _Linked:
    """Some accepted links.

    Attributes:
        levels: a row a link, a column a comparison.
        weights: the same of what the comparisons weigh, in bits.
    """

    levels: npt.NDArray[np.int64]
    weights: Numbers

    def below(self, model: Model, pattern: Pattern, floor: float) -> float | None:
        """The share of a pattern's matches that weigh less than the floor; None where the links do not say.

        Levels that are adjusted weigh what they do in a link; the others are as heavy in all.
        """
        alike = np.ones(len(self.levels), dtype=np.bool_)
        weight = np.full(len(self.levels), model.prior_weight)
        for place, (comparison, value) in enumerate(zip(model.comparisons, pattern, strict=True)):
            level = next(level for level in comparison.levels if level.value == value)
            if level.adjusted or level.tf_list:
                alike &= self.levels[:, place] == value
                weight += self.weights[:, place]
            else:
                weight += level.weight
        light = int((weight[alike] < floor).sum())
        return light / int(alike.sum()) if alike.sum() >= _ALIKE and light >= _BELOW else None


def _linked(
    engine: Engine, model: Model, units: tuple[Table, Table], links: Table, frequencies: Frequencies
) -> _Linked | None:
    """Every so many-th accepted link; None where all are too few."""
    accepted = engine.sql("select left_id, right_id from {links} where decision = 'accepted'", links=links)
    held = engine.count(accepted)
    if held < _ALIKE:
        return None
    one_in = -(-held // _LINKS)
    some = engine.sql(f"select * from {{t}} where left_id % {one_in} = 0", t=accepted, store=True)
    weighed = weighed_given(engine, model, *units, frequencies, some)
    names = [pattern_column(comparison) for comparison in model.comparisons]
    weights = [f"w_{place}" for place in range(len(names))]
    found = engine.arrow(engine.sql(f"select {columns([*names, *weights])} from {{t}}", t=weighed))
    engine.drop(some, weighed)
    of_levels, of_weights = (np.stack([found[name].to_numpy() for name in those], axis=1) for those in (names, weights))
    return _Linked(of_levels.astype(np.int64), of_weights.astype(np.float64))


_NONE = np.zeros(0), np.zeros(0)

_BINS = """
    select pattern, count(*) as pairs, avg(match_probability) as likely
    from {links}
    where method = 'probabilistic'
    group by pattern, floor(2 * log2(greatest(match_probability, 1e-9) / greatest(1 - match_probability, 1e-9)))
    order by pattern
    """


def _kept(engine: Engine, links: Table) -> dict[Pattern, tuple[Numbers, Numbers]]:
    """By pattern, how many pairs were kept of each probability, within half a bit, and that probability."""
    found = engine.arrow(engine.sql(_BINS, links=links)).to_pylist()
    kept = {}
    for pattern, bins in groupby(found, key=lambda row: str(row["pattern"])):
        pairs, likely = zip(*((float(row["pairs"]), float(row["likely"])) for row in bins), strict=True)
        kept[levels_of(pattern)] = np.array(pairs), np.clip(likely, 0.0, 1 - 1e-9)
    return kept


def _times(expected: float, pairs: Numbers, likely: Numbers) -> float:
    """How often a pattern's matches are what the model expects: the most likely value, one match given beforehand.

    Args:
        expected: matches among its kept pairs, as the model has them.
        pairs, likely: of its kept pairs, how many are how likely.
    """
    times = 1.0
    for _ in range(_ROUNDS):
        matches = float((pairs * times * likely / (1 - likely + times * likely)).sum())
        before, times = times, (matches + _BEFOREHAND) / (expected + _BEFOREHAND)
        if abs(times - before) < _STILL:
            break
    return times
