"""Matches among the pairs that blocking rules made and of which nothing was kept.

A step keeps the pairs that reach its floor, of units that no pass had linked. Below the floor no pair is likely, but
there are many, and their small probabilities add up: two rules of three make pairs of somebody who has moved and
married, and nothing else speaks for them. So a sample of the left units is scored against all of the right without any
floor, and what was not kept of its pairs is added up, each by its own weight beside what its units hold already: a unit
that is linked leaves to a rival only that it may be another record of the same person
(linkage.match.further.other_records). Where the pairs that were kept show that the model is wrong about a pattern, they
correct it (linkage.match.likelihood.kept_share).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from linkage.config import OTHER_SIDE, Cardinality, holds_many
from linkage.engine import Engine, Table, empty, rows
from linkage.match.candidates.coverage import most_gain
from linkage.match.candidates.score import score_candidates
from linkage.match.further.further_records import MOST_BITS
from linkage.match.further.in_doubt import PROBABLE
from linkage.match.further.missed_records import MissedRecords
from linkage.match.further.other_records import no_other_records
from linkage.match.likelihood.kept_share import by_kept_pairs
from linkage.match.resolution.decide import Matched
from linkage.match.two_people.apart import two_people
from linkage.match.two_people.apart_rules import asked_for
from linkage.model import Model
from linkage.model.compiled import levels_of, pattern_text

MOST_UNITS = 50_000
"""Left units that are looked at; of more, every so many-th."""

_ANY_WEIGHT = -1e6


@dataclass(frozen=True)
class NotKept:
    """What a step made and did not keep.

    Attributes:
        patterns: levels of the comparisons to the expected matches that show them.
        one_in: how many left units each that was looked at stands for.
    """

    patterns: Mapping[tuple[int, ...], float]
    one_in: int

    @property
    def expected(self) -> float:
        """Matches in all."""
        return sum(self.patterns.values())


def not_kept(
    engine: Engine, found: Matched, links: Table, *, counted: Sequence[Table], others: MissedRecords
) -> NotKept:
    """Expected matches among the pairs that rules made and the step did not keep.

    Args:
        links: every pair that the step kept, with match_probability.
        counted: left_id, right_id of pairs that are counted elsewhere.
        others: what is known of other records of people who are linked.
    """
    model, units = found.model, (found.left.units, found.right.units)
    one_in = max(1, -(-engine.count(units[0]) // MOST_UNITS))
    pairs = _pairs_not_kept(engine, found, one_in, [links, *counted])
    summed = {}
    if engine.count(pairs):
        rules, lowest = asked_for(found.step), found.thresholds.lowest
        apart = two_people(engine, pairs, found.left, found.right, lowest, rules, model=model)
        nobody = no_other_records(engine, model, apart, pairs)
        expected = engine.sql(
            _expected(model, found.step.cardinality, others),
            params={"gain": found.thresholds.gain, "most": MOST_BITS},
            pairs=pairs,
            links=links,
            apart=apart,
            nobody=nobody,
            known=others.known or empty(engine, PROBABLE),
        )
        summed = {levels_of(row["pattern"]): row for row in rows(engine, expected)}
        engine.drop(apart, nobody)
    alone, of_records = (
        {pattern: one_in * float(row[what]) for pattern, row in summed.items()} for what in ("matches", "records")
    )
    engine.drop(pairs)
    floor = found.thresholds.floor(most_gain(found.sizes, found.step.cardinality))
    corrected = by_kept_pairs(engine, model, units, links, found.frequencies, floor, alone)
    return NotKept({pattern: matches + of_records[pattern] for pattern, matches in corrected.items()}, one_in)


def _pairs_not_kept(engine: Engine, found: Matched, one_in: int, told: Sequence[Table]) -> Table:
    """Pairs that rules make of every so many-th left unit, but for those told of, and those that people have barred."""
    parts, overrides = found.given.get("parts"), found.given.get("overrides")
    some = engine.sql(f"select * from {{u}} where unit_id % {one_in} = 0", u=found.left.units, store=True)
    made = score_candidates(
        engine,
        found.model,
        some,
        found.right.units,
        found.frequencies,
        _ANY_WEIGHT,
        parts=parts.within("not-kept") if parts else None,
        meetings=False,
        leftovers=True,
    ).pairs
    barred = [overrides.barred] if overrides else []
    named = {f"told_{number}": table for number, table in enumerate([*told, *barred])}
    there = " and ".join(  # what is told of the units that are looked at is few of all
        f"not exists (select 1 from {{{name}}} as t"
        f" where t.left_id % {one_in} = 0 and t.left_id = p.left_id and t.right_id = p.right_id)"
        for name in named
    )
    pairs = engine.sql(f"select p.* from {{made}} as p where {there}", params=None, store=True, made=made, **named)
    engine.drop(made, some)  # scored without a floor: far more than what is left of it
    return pairs


def _expected(model: Model, cardinality: Cardinality, others: MissedRecords) -> str:
    """SQL of what is expected of {pairs} beside what their units hold in {links}: pattern, matches, records (pairs of
    another record of somebody who is linked)."""
    free = {
        side: "1e0" if holds_many(cardinality, side) else f"(1 - coalesce(of_{side}.held, 0))"
        for side in ("left", "right")
    }
    records, odds = ["0e0"], list[str]()
    for side, further in others.further.items():
        odds.append(f"{further.odds('p')} as {side}_odds")
        record = f"case when n.left_id is null then 1 - 1 / (1 + {side}_odds) else 0e0 end"
        records.append(f"(1 - {free[OTHER_SIDE[side]]}) * {free[side]} * coalesce(k.probability, {record})")
    listed = ", ".join([f"{pattern_text(model, 'p')} as pattern", _ODDS, *odds])
    return f"""
        with of_left as (
            select left_id, least(sum(match_probability), 1) as held
            from {{links}} as k
            where exists (select 1 from {{pairs}} as p where p.left_id = k.left_id)
            group by left_id
        ),
        of_right as (
            select right_id, least(sum(match_probability), 1) as held
            from {{links}} as k
            where exists (select 1 from {{pairs}} as p where p.right_id = k.right_id)
            group by right_id
        ),
        priced as (
            select p.left_id, p.right_id, {listed}
            from {{pairs}} as p
            where not exists (select 1 from {{apart}} as a where a.left_id = p.left_id and a.right_id = p.right_id)
        )
        select p.pattern,
               sum({free["left"]} * {free["right"]} * odds / (1 + odds)) as matches,
               sum({" + ".join(records)}) as records
        from priced as p
        left join of_left on of_left.left_id = p.left_id
        left join of_right on of_right.right_id = p.right_id
        left join {{nobody}} as n on n.left_id = p.left_id and n.right_id = p.right_id
        left join {{known}} as k on k.left_id = p.left_id and k.right_id = p.right_id
        group by p.pattern
        order by p.pattern
        """


_ODDS = "exp(ln(2) * least(p.match_weight + $gain, $most)) as odds"
