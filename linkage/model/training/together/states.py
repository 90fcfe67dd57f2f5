"""On which fields a pair agrees at once: counts among strangers, and among the matches that EM found."""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlglot import exp

from linkage.engine import Engine, columns, one, quote, rows
from linkage.model.conditions import parsed, spelled
from linkage.model.sampling import Side, below
from linkage.model.training.counts.patterns import Flags, Floats, Layout
from linkage.model.training.counts.rules import exact_levels
from linkage.model.training.estimates.estimation import Estimates

BLOCKED, EQUAL, DIFFERS, UNKNOWN = 2, 1, 0, -1
"""BLOCKED: equal, since none but equal ones were looked at; how many are equal it does not say."""

_PAIRS = 60_000  # of each side and field that are looked at
_FEW = 20_000  # pairs of a sample below which its units meet their whole file


@dataclass(frozen=True)
class States:
    """Pairs by whether each of some fields is equal, differs, or is not known on both sides."""

    names: tuple[str, ...]
    fields: npt.NDArray[np.int8]  # (states, fields)
    pairs: Floats  # (states,): pairs there are
    seen: Floats  # (states,): of them, pairs that were looked at

    def agreeing(self, names: Collection[str], *, seen: bool = False) -> Flags:
        """States in which all these fields are equal.

        Args:
            seen: and could have differed.
        """
        fields = self.fields[:, [self.names.index(name) for name in names]]
        equal: Flags = fields == EQUAL
        if not seen:
            equal |= fields == BLOCKED
        held: Flags = np.all(equal, axis=1)
        return held

    def at(self, name: str, state: int) -> Flags:
        """States in which a field is so."""
        held: Flags = self.fields[:, self.names.index(name)] == state
        return held

    def share_equal(self, name: str, among: Flags) -> tuple[float, float]:
        """The share of pairs that agree on a field, of those that know it, and how many of these were looked at."""
        equal = among & self.at(name, EQUAL)
        known = equal | among & self.at(name, DIFFERS)
        return float(self.pairs[equal].sum() / max(self.pairs[known].sum(), 1e-12)), float(self.seen[known].sum())


def of_strangers(
    engine: Engine, names: Sequence[str], personal: Sequence[str], sides: Sequence[Side], alike: Sequence[str] = ()
) -> States:
    """Pairs within each file that agree on one of the fields at least.

    Who agrees on something that is a person's own may be in the file twice, and is no stranger.

    Args:
        names: fields that may be shared with others.
        personal: fields that are not.
        alike: conditions, over <column>_l and <column>_r of these, under which a person's own nearly agrees.
    """

    def blocked(side: Side, place: int) -> tuple[float, list[dict[str, Any]]]:
        share, whole = _sampled(engine, side, names[place])
        found = engine.sql(
            _strangers(names, personal, place, below(share), alike),
            sample=side.sample,
            others=side.table if whole else side.sample,
        )
        return 1 / max(share * (1.0 if whole else side.share), 1e-12), rows(engine, found)

    counted: dict[tuple[int, ...], tuple[float, float]] = {}
    asked = [functools.partial(blocked, side, place) for side in sides for place in range(len(names))]
    for weight, found in engine.run_concurrently(*asked):
        for row in found:
            state = tuple(int(row[f"state_{n}"]) for n in range(len(names)))
            pairs, seen = counted.get(state, (0.0, 0.0))
            counted[state] = pairs + weight * row["pairs"], seen + row["pairs"]
    states = sorted(counted)
    numbers = np.array([counted[state] for state in states]).reshape(-1, 2)
    return States(tuple(names), _fields(states, len(names)), numbers[:, 0], numbers[:, 1])


def _sampled(engine: Engine, side: Side, name: str) -> tuple[float, bool]:
    """The share of a side's units that meet others of one value, and whether these are of the whole file."""
    counted = engine.sql(
        f"""
        with blocks as (
            select count(*) as units from {{sample}} where {quote(name)} is not null group by {quote(name)}
        )
        select cast(coalesce(sum(units * (units - 1)), 0) as double) as pairs from blocks
        """,
        sample=side.sample,
    )
    within = float(one(engine, counted)["pairs"])
    whole = within < _FEW and side.share < 1
    made = within / max(side.share, 1e-12) if whole else within
    return side.share * min(_PAIRS / max(made, 1.0), 1.0), whole


def _strangers(names: Sequence[str], personal: Sequence[str], place: int, slots: int, alike: Sequence[str]) -> str:
    """SQL of pairs that agree on a field, on none before it, and on nothing personal, by state."""
    blocked = quote(names[place])
    apart = " ".join(
        f"and not coalesce(l.{quote(name)} = r.{quote(name)}, false)" for name in (*names[:place], *personal)
    )
    apart += " ".join(f" and not coalesce({_of_two_rows(condition)}, false)" for condition in alike)
    states = ", ".join(f"{_state(name)} as state_{n}" for n, name in enumerate(names))
    grouped = ", ".join(f"state_{n}" for n in range(len(names)))
    read = columns(list(dict.fromkeys(["unit_id", *names, *personal])))
    return f"""
        with pairs as (
            select {states}
            from (select {read} from {{sample}} where slot < {slots} and {blocked} is not null) as l
            join (select {read} from {{others}}) as r on l.{blocked} = r.{blocked} and l.unit_id <> r.unit_id
            where true {apart}
        )
        select {grouped}, count(*) as pairs from pairs group by {grouped}
        """


def _of_two_rows(condition: str) -> str:
    """A level's condition, said of rows l and r."""

    def column(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Column):
            return node
        return exp.column(node.name[:-2], table=node.name[-1].lower(), quoted=True)

    return f"({spelled(parsed(condition).transform(column))})"


def _state(name: str) -> str:
    left, right = (f"{side}.{quote(name)}" for side in "lr")
    return f"case when {left} = {right} then {EQUAL} when {left} <> {right} then {DIFFERS} else {UNKNOWN} end"


def of_matches(
    layout: Layout, estimates: Estimates, names: Sequence[str], also: Mapping[str, Sequence[int]] | None = None
) -> States:
    """Matches that EM found in blocks that leave all these fields free, by their probability.

    Args:
        also: numbers of levels that count as equal beside a field's exact one.
    """
    exact = exact_levels(layout)
    numbers = [exact[name] for name in names]
    agreeing = [[exact[name], *(also or {}).get(name, ())] for name in names]
    usable = [run for run in estimates.runs if run.usable]
    free = [run for run in usable if run.free[numbers].all()]
    # Where every run blocks on one of them, who has moved is seen in those that block on no home.
    chosen = free or [run for run in usable if run.estimate.home is not None]
    known, equal, blocked, matches = [], [], [], []
    for run in chosen:
        shown = run.block.patterns.shown
        equal.append(np.stack([shown[:, of].any(axis=1) for of in agreeing], axis=1))
        is_known = np.add.reduceat(shown, layout.first, axis=1)[:, layout.owner[numbers]] > 0
        is_known[:, ~run.free[numbers]] = False
        known.append(is_known)
        on = [name in run.block.rule.columns for name in names]
        blocked.append(np.broadcast_to(np.array(on), is_known.shape))
        matches.append(run.estimate.matches(run.block.patterns, run.u))
    if not matches:
        return States(tuple(names), _fields([], len(names)), np.zeros(0), np.zeros(0))
    not_seen = np.where(np.concatenate(blocked), np.int8(BLOCKED), np.int8(UNKNOWN))
    fields = np.where(np.concatenate(known), np.concatenate(equal).astype(np.int8), not_seen)
    states, places = np.unique(fields, axis=0, return_inverse=True)
    counts: Floats = np.bincount(places.ravel(), weights=np.concatenate(matches)).astype(float)
    return States(tuple(names), states, counts, counts)


def _fields(states: Sequence[Sequence[int]], width: int) -> npt.NDArray[np.int8]:
    return np.array(states, dtype=np.int8).reshape(-1, width)
