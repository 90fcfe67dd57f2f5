"""Other records of people whom a pass has linked, of which a step kept no pair.

Who is linked by a pass leaves the step, and another record of theirs meets nobody. Nobody had joined it to the first
record, and so it is unlike that: of those who have moved and married, most of all. How often is learnt by EM from the
pairs of units that are left with those that passes have linked, beside what the model knows of all matches.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from linkage.engine import Engine, Table, columns, quote
from linkage.match.other_records import ROUNDS, Numbers, likely, share_of
from linkage.model import Model
from linkage.model.splink_json import Comparison
from linkage.model.stages import pattern_column

Levels = npt.NDArray[np.int64]
Times = dict[int, float]
"""Of a level, how many times as often it is shown as the model says."""

_CHANGES = {"surname", "postcode"}
"""What changes in life, and not by a slip."""
_M_COUNTS_AS = 50.0
"""Records that the model's m stands for, beside those of the step."""


@dataclass(frozen=True)
class MissedRecords:
    """What is known of other records of people who are linked.

    Attributes:
        shares: by side, as a share of the units that a pass has linked, other units of the side that are records of
            theirs and of which no pair was kept; where no pass has linked any, what the kept pairs say of all.
        times: by the column of a pair's level, how many times as often such records show a level as the model says.
        expected: pairs of such records in all.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    times: Mapping[str, Times] = field(default_factory=dict)
    expected: float = 0.0

    def more(self, alias: str) -> str:
        """SQL of what a pair weighs beyond the model, in bits, if it is of such a record."""
        return (
            " + ".join(
                f"case {alias}.{quote(column)} "
                + " ".join(f"when {level} then {math.log2(often):.12e}" for level, often in times.items())
                + " else 0e0 end"
                for column, times in self.times.items()
            )
            or "0e0"
        )


def missed_records(
    engine: Engine, model: Model, taken: Mapping[str, Table], gain: float, shares: Mapping[str, float], passed: int
) -> MissedRecords:
    """Other records among the pairs of units that nothing else was kept of with units that a pass has linked.

    Args:
        taken: by the side of the unit without a link: left_id, right_id, match_weight and levels of such pairs.
        gain: bits that the cardinality adds to a weight.
        shares: by side, the share of linked units that another unit is a record of, as `with_other_records` returns it.
        passed: links that passes made.
    """
    asked = [side for side in shares if side in taken]
    if not asked:
        return MissedRecords(shares)
    levels, bits, side = _read(engine, model, [taken[name] for name in asked])
    share = np.array([shares[name] for name in asked])[side]
    changing = {place: c for place, c in enumerate(model.comparisons) if _changes(c)}
    times, said = dict[int, Times](), likely(bits + gain, share)
    for _ in range(ROUNDS):
        before = said
        times = {place: _times(comparison, levels[:, place], said) for place, comparison in changing.items()}
        more = sum((_of_levels(levels[:, place], found) for place, found in times.items()), np.zeros(len(bits)))
        said = likely(bits + gain + more, share)
        if np.allclose(said, before, rtol=0.0, atol=1e-9):
            break
    found = np.bincount(side, said, len(asked))
    return MissedRecords(
        {**shares, **{name: share_of(float(missed), passed) for name, missed in zip(asked, found, strict=True)}},
        {pattern_column(changing[place]): often for place, often in times.items()},
        float(said.sum()),
    )


def _read(engine: Engine, model: Model, taken: list[Table]) -> tuple[Levels, Numbers, npt.NDArray[np.intp]]:
    """Of all pairs, in a settled order: levels, a column a comparison; weights; and the place of their table."""
    names = [pattern_column(comparison) for comparison in model.comparisons]
    listed = columns(["match_weight", *names])
    read = [engine.arrow(engine.sql(f"select {listed} from {{t}} order by {listed}", t=pairs)) for pairs in taken]
    levels = [np.stack([table[name].to_numpy() for name in names], axis=1).astype(np.int64) for table in read]
    weights = [table["match_weight"].to_numpy().astype(np.float64) for table in read]
    place = np.repeat(np.arange(len(read)), [table.num_rows for table in read])
    return np.concatenate(levels), np.concatenate(weights), place


def _changes(comparison: Comparison) -> bool:
    return not comparison.given and comparison.columns[0].removesuffix("_all") in _CHANGES


def _times(comparison: Comparison, levels: Levels, said: Numbers) -> Times:
    """How many times as often a comparison's levels are shown by pairs that are as likely as `said`."""
    m = {level.value: level.m for level in comparison.levels if level.value >= 0 and level.m}
    shown = {value: float(said[levels == value].sum()) for value in m}
    counted = _M_COUNTS_AS + sum(shown.values())
    return {value: (of * _M_COUNTS_AS + shown[value]) / counted / of for value, of in m.items()}


def _of_levels(levels: Levels, times: Times) -> Numbers:
    """The same in bits, of each pair."""
    found = np.zeros(len(levels))
    for value, often in times.items():
        found[levels == value] = math.log2(often)
    return found
