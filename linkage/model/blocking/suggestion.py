"""Blocking rules chosen for a trained model: the fewest pairs that reach nearly all matches.

A rule is equality of a few columns. From the model's m a rule's reach is known, and with it what a set of rules
misses: a match is missed when no rule's columns all agree. Rules are added greedily, each time the one that reaches
most for the pairs it makes, until the rest is not worth its pairs.

Fields do not err apart: who has moved differs in postcode, town, county and whatever else goes by address, and a rule
for each of them reaches no more than one does. So that rules do not lean on these alone, some matches are taken to
agree on nothing but what is a person's own.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from linkage.engine import Engine, Table, columns, one, quote
from linkage.model.splink_json import Model
from linkage.model.training.rules import PERSONAL

_MOST_COLUMNS = 12  # agreement of columns is enumerated: 2^12 cases
_MOST_RULES = 12
_WORTH = 2e-4  # stop when a rule would reach less than this share of the matches
_SAMPLE = 100_000
_MOVED = 0.1  # share of matches that is taken to agree on nothing that is shared at home
_OWN = PERSONAL | {"surname", "second_surname"}


@dataclass(frozen=True)
class Suggestion:
    """A set of rules and what it is expected to do."""

    rules: tuple[str, ...]  # SQL over l and r
    recall: float  # expected share of matches that some rule reaches, if fields err independently
    pairs: int  # expected pairs, counted on a sample


def suggest(engine: Engine, model: Model, left: Table, right: Table, *, pairs_per_unit: float = 10.0) -> Suggestion:
    """Rules for linking two sides.

    Args:
        model: trained, its comparisons with an exact level each.
        left, right: unit_id and the model's columns.
        pairs_per_unit: the budget, in pairs for each unit of the larger side.
    """
    sizes = engine.count(left), engine.count(right)
    budget = pairs_per_unit * max(sizes)
    known = {c: share for c, share in _known(engine, model, left, right).items() if share > 0}
    agree = {column: m * known[column] for column, m, _ in _exact_levels(model) if column in known}
    rare = {column: u * known[column] for column, _, u in _exact_levels(model) if column in known}
    strong = sorted(agree, key=lambda c: agree[c] / max(rare[c], 1e-9), reverse=True)[:_MOST_COLUMNS]
    independent = missed = _agreements(strong, agree)
    moved = _agreements([name for name in strong if name in _OWN], agree)
    if len(moved) > 1:
        missed = [(share * (1 - _MOVED), of) for share, of in missed] + [(share * _MOVED, of) for share, of in moved]
    samples = [_sampled(engine, table, strong) for table in (left, right)]
    candidates = {
        names: sizes[0] * sizes[1] * _product(rare[c] for c in names)
        for size in (1, 2, 3)
        for names in itertools.combinations(strong, size)
    }
    counted: set[tuple[str, ...]] = set()
    chosen: dict[tuple[str, ...], float] = {}
    gains = {names: _reached(missed, names) for names in candidates}
    while candidates and len(chosen) < _MOST_RULES:
        spent = sum(chosen.values())
        affordable = [n for n, cost in candidates.items() if spent + cost <= budget and gains[n] >= _WORTH]
        if not affordable:
            break
        best = max(affordable, key=lambda n: gains[n] / (1 + candidates[n] / max(sizes)))
        if best not in counted:
            # Columns hang together (suburb and postcode), so the product of their shares is only where to look first.
            counted.add(best)
            candidates[best] = _counted_pairs(engine, best, samples, sizes)
            continue
        missed = [(share, agreeing) for share, agreeing in missed if not set(best) <= agreeing]
        # A rule of more columns makes no pair that this one does not.
        chosen = {names: cost for names, cost in chosen.items() if not set(best) <= set(names)}
        chosen[best] = candidates.pop(best)
        gains = {names: _reached(missed, names) for names in candidates}
    rules = tuple(" AND ".join(f"l.{quote(c)} = r.{quote(c)}" for c in names) for names in chosen)
    reached = sum(share for share, agreeing in independent if any(set(names) <= agreeing for names in chosen))
    return Suggestion(rules, reached, int(sum(chosen.values())))


def _exact_levels(model: Model) -> list[tuple[str, float, float]]:
    """Column, m and u of each comparison's exact level on one column."""
    found = []
    for comparison in model.fields:
        for level in comparison.levels:
            plain = (level.condition or "").replace('"', "").replace(" ", "")
            column = next((c for c in comparison.columns if plain == f"{c}_l={c}_r"), None)
            if column and level.m is not None and level.u is not None:
                found.append((column, level.m, level.u))
                break
    return found


def _known(engine: Engine, model: Model, left: Table, right: Table) -> dict[str, float]:
    """Share of pairs in which both sides know a column."""
    names = [column for column, _, _ in _exact_levels(model)]
    shares = ", ".join(f"avg(case when {quote(c)} is null then 0.0 else 1.0 end) as {quote(c)}" for c in names)
    sides = [one(engine, engine.sql(f"select {shares} from {{t}}", t=table)) for table in (left, right)]
    return {name: float(sides[0][name] or 0) * float(sides[1][name] or 0) for name in names}


def _agreements(names: Sequence[str], agree: dict[str, float]) -> list[tuple[float, frozenset[str]]]:
    """Every set of columns that a match may agree on, with its probability."""
    cases: list[tuple[float, frozenset[str]]] = [(1.0, frozenset())]
    for name in names:
        p = min(max(agree[name], 0.0), 1.0)
        cases = [case for q, s in cases for case in ((q * p, s | {name}), (q * (1 - p), s)) if case[0] > 1e-9]
    return cases


def _reached(missed: Sequence[tuple[float, frozenset[str]]], names: tuple[str, ...]) -> float:
    wanted = set(names)
    return sum(share for share, agreeing in missed if wanted <= agreeing)


def _product(values: object) -> float:
    total = 1.0
    for value in values:  # type: ignore[attr-defined]
        total *= value
    return total


def _sampled(engine: Engine, table: Table, names: Sequence[str]) -> tuple[Table, float]:
    step = max(1, engine.count(table) // _SAMPLE)
    query = f"select {columns(names)} from {{t}} where unit_id % {step} = 0"
    sample = engine.sql(query, t=table, store=True)
    return sample, engine.count(sample) / max(engine.count(table), 1)


def _counted_pairs(
    engine: Engine, names: tuple[str, ...], samples: Sequence[tuple[Table, float]], sizes: tuple[int, int]
) -> float:
    """Pairs that a rule makes on the samples, scaled to all; never less than one sampled pair would stand for."""
    listed = columns(names)
    known = " and ".join(f"{quote(name)} is not null" for name in names)
    counted = engine.sql(
        f"""
        with of_left as (select {listed}, count(*) as units from {{l}} where {known} group by {listed}),
        of_right as (select {listed}, count(*) as units from {{r}} where {known} group by {listed})
        select coalesce(sum(of_left.units * of_right.units), 0) as pairs
        from of_left join of_right using ({listed})
        """,
        l=samples[0][0],
        r=samples[1][0],
    )
    pairs = max(float(one(engine, counted)["pairs"]), 0.5)
    return pairs / max(samples[0][1] * samples[1][1], 1e-12)
