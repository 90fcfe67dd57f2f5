"""Further records of people who are linked: how many there are, and what their pairs show, learnt from them by EM.

A file may hold a person several times: a pupil of two references, a customer of two numbers. Of the units that are
linked to somebody of a file, a share has another unit there. Such records differ by more than slips, or somebody had
joined them before: surnames and postcodes change in life, and each record may have a number of its own. How many there
are and how often those differ is learnt from the step's own pairs, beside what is known of other files and what the
model knows of all matches.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.engine import Engine, Table, columns, quote
from linkage.model import Model
from linkage.model.splink_json import Comparison
from linkage.model.stages import number, pattern_column
from linkage.model.training.counts.rules import NUMBERS

Numbers = npt.NDArray[np.float64]
Times = dict[int, float]
"""Of a level, how many times as often it is shown as the model says."""

_KNOWN, _WORTH = 0.005, 200.0
"""Share of a file's records that are a second one of somebody, as elsewhere (linkage.match.resolution.duplicates), and
for how many linked units it counts beside the step's own."""
_CHANGES = {"surname", "postcode"} | NUMBERS
"""What two records of one person differ in by more than slips: what changes in life, and the numbers of registers. Who
has two records of one often has two of its numbers."""
_M_COUNTS_AS = 50.0
"""Records that the model's m stands for, beside those of the step."""
_PARTS_OF_A_BIT = 16  # to which weights are counted, so that what is read does not grow with the pairs
MOST_BITS = 100.0
ROUNDS = 200


@dataclass(frozen=True)
class Further:
    """What is known of the further records of a side.

    Attributes:
        share: of the units that are linked to somebody of the side, those that another unit of it is a record of.
        gain: bits to add to the match weight of a pair of such a unit.
        times: by the column of a pair's level, how many times as often further records show a level as the model says.
    """

    share: float
    gain: float
    times: Mapping[str, Times] = field(default_factory=dict)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Further":
        """As `to_json` says it."""
        times = {column: {int(k): float(v) for k, v in levels.items()} for column, levels in told["times"].items()}
        return cls(told["share"], told["gain"], times)

    def to_json(self) -> dict[str, Any]:
        """Numbers alone, no values."""
        times = {
            column: {str(level): round(v, 6) for level, v in often.items()} for column, often in self.times.items()
        }
        return {"share": round(self.share, 6), "gain": round(self.gain, 6), "times": times}

    def probability(self, weight: float, levels: Mapping[str, int]) -> float:
        """How likely a pair of a weight and of levels, each by its column, is of a further record."""
        more = sum(math.log2(often.get(levels.get(column, -1), 1.0)) for column, often in self.times.items())
        return float(likely(np.array([weight + self.gain + more]), self.share)[0])

    def odds(self, alias: str, weight: str = "match_weight") -> str:
        """SQL of the odds that a pair, which has match_weight and levels, is of a further record."""
        more = [
            f"case {alias}.{quote(column)} "
            + " ".join(f"when {level} then {number(math.log2(often))}" for level, often in times.items())
            + " else 0e0 end"
            for column, times in self.times.items()
        ]
        weighs = " + ".join([f"{alias}.{quote(weight)}", number(self.gain), *more])
        return f"{number(self.share)} * exp(ln(2) * least({weighs}, {number(MOST_BITS)}))"


@dataclass(frozen=True)
class Shown:
    """Pairs that may be of further records, counted by what they show.

    Attributes:
        levels: by the column of a level, of those that such records differ in.
        bits: match weights, to the sixteenth of a bit.
        pairs: how many show both.
    """

    levels: Mapping[str, npt.NDArray[np.int64]]
    bits: Numbers
    pairs: Numbers


def shown(engine: Engine, model: Model, pairs: Table, weight: str = "match_weight", pair: str = "1e0") -> Shown:
    """Count pairs by their levels of what such records differ in and the weight that a column has.

    Args:
        pair: SQL of as how many a pair counts.
    """
    names = list(_changing(model))
    listed = columns([*names, "bits"])
    found = engine.arrow(
        engine.sql(
            f"""
            with shown as (
                select {"".join(f"{quote(name)}, " for name in names)}{pair} as pair,
                       floor({quote(weight)} * {_PARTS_OF_A_BIT} + 0.5) / {_PARTS_OF_A_BIT} as bits
                from {{pairs}}
            )
            select {listed}, sum(pair) as pairs from shown group by {listed} order by {listed}
            """,
            pairs=pairs,
        )
    )
    return Shown(
        {name: found[name].to_numpy().astype(np.int64) for name in names},
        found["bits"].to_numpy().astype(np.float64),
        found["pairs"].to_numpy().astype(np.float64),
    )


def learnt(model: Model, seen: Shown, gain: float, share: float | None, linked: float) -> tuple[Further, float]:
    """What pairs say of a side's further records, and how many of them are such.

    Args:
        gain: bits to add to a weight.
        share: of linked units, where it is known; learnt too when None.
        linked: units that are linked.
    """
    now = Further(_KNOWN if share is None else share, gain)
    said = likely(seen.bits + gain, now.share)
    for _ in range(ROUNDS):
        before = said
        times = _times_of(model, seen.levels, said * seen.pairs)
        more = sum((_in_bits(seen.levels[name], often) for name, often in times.items()), np.zeros(len(said)))
        now = Further(share_of(float(said @ seen.pairs), linked) if share is None else share, gain, times)
        said = likely(seen.bits + gain + more, now.share)
        if np.allclose(said, before, rtol=0.0, atol=1e-9):
            break
    return now, float(said @ seen.pairs)


def of_pairs_alone(model: Model, known: Further, seen: Shown) -> Further:
    """What is known of further records as their pairs show it that are seen with nothing beside them.

    Args:
        seen: pairs, each counted as it is likely to be of a further record.
    """
    return replace(known, times=_times_of(model, seen.levels, seen.pairs))


def share_of(others: float, linked: float) -> float:
    """The share that so many other records are of linked units, beside what is known of other files."""
    return (others + _KNOWN * _WORTH) / (linked + _WORTH)


def share_of_others(bits: Numbers, held: Numbers, linked: float) -> float:
    """The share of linked units of whose person another unit is a record.

    Args:
        bits: of each contested pair, its weight with the cardinality's gain.
        held: how likely its partner is held by another.
        linked: units that are linked.
    """
    share = _KNOWN
    for _ in range(ROUNDS):
        before, share = share, share_of(float(held @ likely(bits, share)), linked)
        if abs(share - before) < 1e-9:
            break
    return share


def likely(bits: Numbers, share: float | Numbers) -> Numbers:
    """How likely units are another record of a person who holds their partner."""
    odds: Numbers = share * np.exp2(np.minimum(bits, MOST_BITS))
    return odds / (1 + odds)


def _changing(model: Model) -> dict[str, Comparison]:
    """Comparisons of what such records differ in, by the column of their level."""
    return {pattern_column(comparison): comparison for comparison in model.comparisons if _changes(comparison)}


def _changes(comparison: Comparison) -> bool:
    return not comparison.given and comparison.columns[0].removesuffix("_all") in _CHANGES


def _times_of(model: Model, levels: Mapping[str, npt.NDArray[np.int64]], said: Numbers) -> dict[str, Times]:
    """By the column of a level, its times where pairs count as `said`."""
    return {name: _times(comparison, levels[name], said) for name, comparison in _changing(model).items()}


def _times(comparison: Comparison, levels: npt.NDArray[np.int64], said: Numbers) -> Times:
    """How many times as often a comparison's levels are shown by as many pairs as `said`."""
    m = {level.value: level.m for level in comparison.levels if level.value >= 0 and level.m}
    counts = {value: float(said[levels == value].sum()) for value in m}
    counted = _M_COUNTS_AS + sum(counts.values())
    return {value: (of * _M_COUNTS_AS + counts[value]) / counted / of for value, of in m.items()}


def _in_bits(levels: npt.NDArray[np.int64], times: Times) -> Numbers:
    """The same in bits, of each pair."""
    found = np.zeros(len(levels))
    for value, often in times.items():
        found[levels == value] = math.log2(often)
    return found
