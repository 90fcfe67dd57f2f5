"""The pairs that a step kept, as arrays: the pattern of each, how common its values are, what the run decided.

A pair's match weight is the prior, the weight of each level of its pattern, and for agreement that weighs by how common
a value is, minus the log2 of its frequency. Patterns are a few hundred, so that a change of m or u is a change of a few
hundred numbers; frequencies of pairs never change.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.engine import Engine, Table, quote
from linkage.match.candidates import term_frequencies
from linkage.match.passes import OVERRIDE
from linkage.match.resolve import BELOW, LOST, UNRESOLVED
from linkage.model import Model
from linkage.model.rarest import LEAST
from quality.explain.opening import OpenStep
from quality.explain.weighing import Part, Weighed

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]
"""ACCEPTED, REVIEW or REJECTED of each pair."""

ACCEPTED, REVIEW, REJECTED = range(3)
DECISIONS = ("accepted", "review", "rejected")

# Reasons of a rejected pair that weights, thresholds and rivals gave: any other stands whatever the model says.
_BY_WEIGHT = (BELOW, LOST, UNRESOLVED)


@dataclass(frozen=True)
class Evidence:
    """Pairs of a step; arrays are as long as these unless they say otherwise.

    Attributes:
        left, right: units.
        pattern: row of `levels`.
        levels: (patterns, comparisons) value of each comparison's level; -1 where a side does not know it.
        rare: column of latest values or histories to -log2 of the frequency that agreement on it counts with; NaN where
            neither side's value is known.
        rarity: column to what frequencies add to the weight, by the sign and weight of the pattern's levels.
        rest: what the run's weight is beyond all this: nought but for rounding.
        weight, probability, decision: as the run has them.
        settled: pairs that no weight decides: of two people, or beyond what a unit may hold.
        certain, forced: links of passes, and those of people.
    """

    left: Ids
    right: Ids
    pattern: Ids
    levels: Ids
    rare: dict[str, Floats]
    rarity: dict[str, Floats]
    rest: Floats
    weight: Floats
    probability: Floats
    decision: Codes
    settled: Flags
    certain: Flags
    forced: Flags

    def __len__(self) -> int:
        return len(self.left)

    def place(self, left: int, right: int) -> int | None:
        """Where a pair stands; None where the run did not keep it."""
        first, last = np.searchsorted(self.left, left), np.searchsorted(self.left, left, side="right")
        at = int(first + np.searchsorted(self.right[first:last], right))
        return at if at < last and self.right[at] == right else None

    def weighed(self, at: int, model: Model) -> Weighed:
        """A pair with its weight taken apart, by a model of the same comparisons."""
        parts = []
        for comparison, value in zip(model.comparisons, self.levels[self.pattern[at]], strict=True):
            level = next(level for level in comparison.levels if level.value == value)
            column = level.tf_column if level.adjusted else level.tf_list
            added = 0.0
            if column and not np.isnan(bits := self.rare[column][at]):
                share = level.tf_weight if level.adjusted else 1.0
                added = share * (float(bits) + math.log2(level.tf_base_u or 1.0))
            parts.append(Part(comparison, level, added))
        total = model.prior_weight + sum(part.weight for part in parts)
        return Weighed(int(self.left[at]), int(self.right[at]), tuple(parts), total)


def adjusted_columns(model: Model) -> tuple[str, ...]:
    """Columns of which agreement weighs by how common the value is, as latest value or in a history."""
    names = (*model.tf_columns, *(name.removesuffix("_all") for name in model.tf_lists))
    return tuple(dict.fromkeys(names))


def pattern_weights(model: Model, levels: Ids) -> Floats:
    """What each pattern weighs but for how common values are, with the prior."""
    weights = np.full(len(levels), model.prior_weight)
    for place, comparison in enumerate(model.comparisons):
        of_value = np.zeros(max(level.value for level in comparison.levels) + 2)  # the last stands for -1
        for level in comparison.levels:
            base = np.log2(level.tf_base_u or 1.0)
            of_value[level.value] = level.weight
            of_value[level.value] += level.tf_weight * base if level.adjusted else base if level.tf_list else 0.0
        weights += of_value[levels[:, place]]
    return weights


def read(engine: Engine, step: OpenStep) -> Evidence:
    """All pairs of a step, in the order of their units."""
    model = step.model
    found = engine.arrow(
        engine.sql(
            f"select k.* {_frequencies_of(model)} from {{pairs}} as k {_joins(model)} order by k.left_id, k.right_id",
            params=None,
            store=False,
            pairs=_pairs(engine, step),
            **_tables(engine, step),
        )
    )
    coded = found["pattern"].combine_chunks().dictionary_encode()
    levels = np.array([[int(value) for value in text.split(",")] for text in coded.dictionary.to_pylist()])
    levels = levels.reshape(-1, len(model.comparisons)).astype(np.int64)
    pattern = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    rare = _rare(model, found)
    rarity = _rarity(model, levels, pattern, rare)
    weight = _numbers(found, "match_weight")
    rest = weight - pattern_weights(model, levels)[pattern] - sum(rarity.values(), np.zeros(len(weight)))
    return Evidence(
        left=found["left_id"].to_numpy().astype(np.int64),
        right=found["right_id"].to_numpy().astype(np.int64),
        pattern=pattern,
        levels=levels,
        rare=rare,
        rarity=rarity,
        rest=rest,
        weight=weight,
        probability=_numbers(found, "match_probability"),
        decision=found["decided"].to_numpy().astype(np.int8),
        settled=_flags(found, "settled"),
        certain=_flags(found, "certain"),
        forced=_flags(found, "forced"),
    )


def _pairs(engine: Engine, step: OpenStep) -> Table:
    by_weight = ", ".join(f"'{reason}'" for reason in _BY_WEIGHT)
    return engine.sql(
        f"""
        select left_id, right_id, pattern, match_weight, match_probability,
               case decision when 'accepted' then {ACCEPTED} when 'review' then {REVIEW} else {REJECTED} end as decided,
               decision = 'rejected' and coalesce(reason, '{LOST}') not in ({by_weight}) as settled,
               method in ('deterministic', '{OVERRIDE}') as certain, method = '{OVERRIDE}' as forced
        from {{links}}
        """,
        links=step.links,
        store=True,
    )


def _tables(engine: Engine, step: OpenStep) -> dict[str, Table]:
    """The two sides with the columns whose values count by how common they are, and how common those are."""
    model, wanted = step.model, (*step.model.tf_columns, *step.model.tf_lists)
    if not wanted:
        return {}
    sides = {}
    for name, side in step.sides.items():
        sides[name] = side.latest(side.units(), wanted)
    frequencies = term_frequencies(engine, model, sides["left"], sides["right"])
    return {**sides, **{f"f_{number}": frequencies[column] for number, column in enumerate(wanted)}}


def _joins(model: Model) -> str:
    """The units of a pair, and the frequencies of their values."""
    if not (model.tf_columns or model.tf_lists):
        return ""
    joins = "join {left} as l on l.unit_id = k.left_id join {right} as r on r.unit_id = k.right_id\n"
    for number, column in enumerate(model.tf_columns):
        for side in "lr":
            name = f"{side}_{number}"
            joins += f"left join {{f_{number}}} as {name} on {name}.value = {side}.{quote(column)}\n"
    for number, column in enumerate(model.tf_lists, len(model.tf_columns)):
        both = f"list_filter(l.{quote(column)}, lambda x: list_contains(r.{quote(column)}, x))"
        joins += f"left join {{f_{number}}} as n_{number} on n_{number}.value = ({both})[1]\n"
        joins += f"left join {{f_{number}}} as o_{number} on o_{number}.value = ({both})[array_length({both})]\n"
    return joins


def _frequencies_of(model: Model) -> str:
    """The frequency that agreement counts with: of two values the commoner, of a history's two ends the rarer."""
    found = ""
    for number, column in enumerate(model.tf_columns):
        ends = f"l_{number}.frequency", f"r_{number}.frequency"
        found += f", greatest(coalesce({ends[0]}, {ends[1]}), coalesce({ends[1]}, {ends[0]})) as {quote(column)}"
    for number, column in enumerate(model.tf_lists, len(model.tf_columns)):
        ends = f"n_{number}.frequency", f"o_{number}.frequency"
        found += f", least(coalesce({ends[0]}, {ends[1]}), coalesce({ends[1]}, {ends[0]})) as {quote(column)}"
    return found


def _rare(model: Model, found: pa.Table) -> dict[str, Floats]:
    columns = {column: _numbers(found, column) for column in (*model.tf_columns, *model.tf_lists)}
    least = {level.tf_column: level.tf_minimum_u for c in model.comparisons for level in c.levels if level.adjusted}
    with np.errstate(divide="ignore"):
        return {
            column: -np.log2(np.maximum(frequency, LEAST if column in model.tf_lists else least[column]))
            for column, frequency in columns.items()
        }


def _rarity(model: Model, levels: Ids, pattern: Ids, rare: dict[str, Floats]) -> dict[str, Floats]:
    rarity = {column: np.zeros(len(pattern)) for column in adjusted_columns(model)}
    for place, comparison in enumerate(model.comparisons):
        for level in comparison.levels:
            column = level.tf_column if level.adjusted else level.tf_list
            if column:
                reached = (levels[:, place] == level.value)[pattern]
                share = level.tf_weight if level.adjusted else 1.0
                rarity[column.removesuffix("_all")][reached] += np.nan_to_num(share * rare[column][reached])
    return rarity


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].to_numpy(zero_copy_only=False), np.float64)


def _flags(table: pa.Table, name: str) -> Flags:
    return np.asarray(table[name].to_numpy(zero_copy_only=False), np.bool_)
