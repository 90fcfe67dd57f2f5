"""A second record of somebody joins too: a customer with two numbers is one person, who keeps both.

Each unit holds one link, so of two records of a person only the better one is linked. Where a step says
`duplicates = "join"`, a unit without a link joins one that has a link when three things hold: it would be accepted as
its partner, no other unit comes near, and what it shares with either of the person's records makes it as likely one
more as a link must be. How many such records there are, and what they show, is learnt from all units without a link
that fit somebody's partner (linkage.match.further.further_records). Twins join nobody together: either is like a record
that has but their initial.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from linkage.config import OTHER_SIDE, holds_many
from linkage.engine import Engine, Table, columns, empty, one, quote, run_concurrently_if_small
from linkage.match.candidates.parts import Parts
from linkage.match.candidates.passes import STANDS
from linkage.match.candidates.score import Frequencies, score_candidates, weighed_given
from linkage.match.candidates.units import Units
from linkage.match.further.further_records import Further, learnt, of_pairs_alone, share_of, shown
from linkage.match.further.in_doubt import PROBABLE
from linkage.match.resolution.decide import Matched
from linkage.match.resolution.resolve import Thresholds
from linkage.match.resolution.rounds import heaviest_first, leads
from linkage.match.two_people.apart import two_people
from linkage.match.two_people.apart_rules import Rule, asked_for
from linkage.model import Model
from linkage.model.stages import pattern_column

_ANY_WEIGHT = -1e6  # a pair of twins may weigh little by the model
ANOTHER = "another record of the same person"


@dataclass(frozen=True)
class SecondRecords:
    """What a step found that looked for second records.

    Attributes:
        scored, outcomes: pairs and outcomes of the step, with the pairs that join.
        joined: left_id, right_id, probability of the pairs that join.
        refused: the same of those that were looked at and do not.
        further: by side, what is known of the further records of its units, as a pair shows it.
        beside: the same, as a pair and the one with the partner show it together.
    """

    scored: Table
    outcomes: Table
    joined: Table
    refused: Table
    further: Mapping[str, Further]
    beside: Mapping[str, Further] = field(default_factory=dict)


def with_second_records(engine: Engine, matched: Matched, outcomes: Table) -> SecondRecords:
    """Join units without a link to linked ones with whose partner they are one person.

    Args:
        outcomes: of the scored pairs: left_id, right_id, runner_up_weight, decision, reason.
    """
    step, scored, sides = matched.step, matched.scored, {"left": matched.left, "right": matched.right}
    accepted = engine.sql(
        f"""
        select left_id, right_id from {{certain}} where {STANDS}
        union
        select left_id, right_id from {{outcomes}} where decision = 'accepted'
        """,
        params={"review": matched.thresholds.review},
        certain=matched.certain,
        outcomes=outcomes,
        store=True,
    )
    rules, overrides = asked_for(step), matched.given.get("overrides")
    search = _Search(
        engine,
        matched.model,
        sides,
        accepted,
        barred=[overrides.barred] if overrides else [],
        rules=rules,
        frequencies=matched.frequencies,
        thresholds=matched.thresholds,
        parts=matched.given.get("parts"),
    )
    # Units of a side that may hold many hold further links in any case.
    single = [side for side in ("left", "right") if not holds_many(step.cardinality, OTHER_SIDE[side])]
    asked = [functools.partial(search.second, side) for side in single]
    units = sum(engine.count(each.units) for each in sides.values())
    made = dict(zip(single, run_concurrently_if_small(engine, *asked, rows=units), strict=True))
    joining = {side: found.joins for side, found in made.items() if engine.count(found.joins)}
    joined = _without_twins(engine, sides, accepted, joining, rules)
    for found in joined.values():
        scored = engine.sql(_MORE_PAIRS.format(columns=columns(scored.columns)), scored=scored, found=found, store=True)
        outcomes = engine.sql(_MORE_OUTCOMES, params={"reason": ANOTHER}, outcomes=outcomes, found=found, store=True)
    of_joined, of_refused = (
        _of_both(engine, tables) for tables in (joined, {side: found.refused for side, found in made.items()})
    )
    engine.drop(*joined.values(), *(found.refused for found in made.values()))
    beside, alone = ({side: getattr(found, what) for side, found in made.items()} for what in ("beside", "alone"))
    return SecondRecords(scored, outcomes, of_joined, of_refused, alone, beside)


def _of_both(engine: Engine, tables: Mapping[str, Table]) -> Table:
    """left_id, right_id, probability of the pairs of both sides."""
    queries = [f"select left_id, right_id, probability from {{{name}}}" for name in tables]
    if not queries:
        return empty(engine, PROBABLE)
    return engine.sql(" union all ".join(queries), params=None, store=True, **tables)


_MORE_PAIRS = """
    select {columns} from {{scored}}
    union all
    select {columns}
    from {{found}} as f
    where not exists (select 1 from {{scored}} as s where s.left_id = f.left_id and s.right_id = f.right_id)
    """

_MORE_OUTCOMES = """
    select o.*
    from {outcomes} as o
    where not exists (select 1 from {found} as f where f.left_id = o.left_id and f.right_id = o.right_id)
    union all
    select left_id, right_id, cast(null as double) as runner_up_weight, 'accepted' as decision, $reason as reason
    from {found}
    """


@dataclass(frozen=True)
class _Search:
    """What is searched for pairs that join, and by what.

    Attributes:
        sides: left and right, all units.
        accepted: left_id, right_id of the links that the step has.
        barred: left_id, right_id of pairs that are never linked.
        rules: by which pairs are two people.
        parts: how scoring is cut where the sides are large.
    """

    engine: Engine
    model: Model
    sides: dict[str, Units]
    accepted: Table
    barred: Sequence[Table]
    rules: Sequence[Rule]
    frequencies: Frequencies
    thresholds: Thresholds
    parts: Parts | None

    def second(self, side: str) -> "_Found":
        """Pairs that join a side's units without a link, and those that do not."""
        engine, model = self.engine, self.model
        pairs = self._near_linked_units(side)
        of_sides = one(engine, engine.sql(_LINKED_UNITS, accepted=self.accepted))
        linked, free = int(of_sides[OTHER_SIDE[side]]), engine.count(self.sides[side].units) - int(of_sides[side])
        # Of the units without a link any may be the further record of somebody.
        gain = -model.prior_weight - math.log2(max(free, 1))
        if engine.count(pairs) == 0:
            nobody, few = empty(engine, PROBABLE), Further(share_of(0, linked), gain)
            return _Found(nobody, nobody, few, few)
        beside = self._beside_partners(side, pairs)
        both, _ = learnt(model, shown(engine, model, beside, "together"), gain, None, linked)
        priced = engine.sql(_PRICED.format(side=side, odds=both.odds("b", "together")), beside=beside, store=True)
        params = {"certain": 1 / (1 + 2**-self.thresholds.certain), "accept": self.thresholds.accept}
        joins = engine.sql(_JOINS, params=params, pairs=pairs, priced=priced, store=True)
        refused = engine.sql(_REFUSED, params=params, priced=priced, store=True)
        looked = engine.sql(_LOOKED_AT, pairs=pairs, priced=priced)
        alone = of_pairs_alone(model, both, shown(engine, model, looked, pair="probability"))
        engine.drop(pairs, beside, priced)
        return _Found(joins, refused, both, alone)

    def _beside_partners(self, side: str, pairs: Table) -> Table:
        """Pairs, but for twins, with the best levels that the unit has with either of the person's records.

        A record shares one address with one of them and another with the other: `together` is what the pair weighs
        where each comparison counts once, as it speaks most for the person.
        """
        engine, model, units = self.engine, self.model, self.sides[side]
        partners = engine.sql(_PARTNERS.format(side=side), pairs=pairs, store=True)
        asked = engine.sql("select left_id, right_id from {pairs}", pairs=pairs)
        of_pair, of_partner = (
            weighed_given(engine, model, *within, self.frequencies, of)
            for within, of in (
                ((self.sides["left"].units, self.sides["right"].units), asked),
                ((units.units, units.units), partners),
            )
        )
        twins = two_people(engine, of_partner, units, units, _ANY_WEIGHT, self.rules)
        names = [pattern_column(comparison) for comparison in model.comparisons]
        # What goes together with another field is taken back where either of the two agrees in both.
        more = " + ".join(
            f"{'least' if comparison.given else 'greatest'}(w.w_{place} - s.w_{place}, 0e0)"
            for place, comparison in enumerate(model.comparisons)
        )
        levels = ", ".join(_that_counts(place, name) for place, name in enumerate(names))
        found = engine.sql(
            f"""
            select p.left_id, p.right_id, p.match_weight, {levels}, p.match_weight + {more} as together
            from {{pairs}} as p
            join {{of_pair}} as s on s.left_id = p.left_id and s.right_id = p.right_id
            join {{of_partner}} as w on w.left_id = p.partner_id and w.right_id = p.{side}_id
            where not exists (select 1 from {{twins}} as t where t.left_id = w.left_id and t.right_id = w.right_id)
            """,
            pairs=pairs,
            of_pair=of_pair,
            of_partner=of_partner,
            twins=twins,
            store=True,
        )
        engine.drop(partners, of_pair, of_partner)
        return found

    def _near_linked_units(self, side: str) -> Table:
        """A unit without a link and the linked units of the other side that it fits, with their partner (partner_id).

        They are of one partner, and it fits nobody else's as well: of a learner's several records each speaks for the
        same pupil.
        """
        engine, model, sides = self.engine, self.model, self.sides
        left, right = (self._units(name, linked=name != side) for name in ("left", "right"))
        lowest, other = self.thresholds.lowest, OTHER_SIDE[side]
        scored = score_candidates(
            engine,
            model,
            left,
            right,
            self.frequencies,
            lowest,
            # What the first scoring kept is of other sides.
            parts=self.parts.within(f"second-{side}") if self.parts else None,
            meetings=False,
            leftovers=True,
        ).pairs
        apart = two_people(engine, scored, sides["left"], sides["right"], lowest, self.rules, model=model)
        never = {f"never_{number}": table for number, table in enumerate([apart, *self.barred])}
        free = " and ".join(
            f"not exists (select 1 from {{{name}}} as n where n.left_id = s.left_id and n.right_id = s.right_id)"
            for name in never
        )
        found = engine.sql(
            f"""
            with possible as (
                select s.*, k.partner_id
                from {{scored}} as s
                join (
                    select {other}_id, min({side}_id) as partner_id from {{accepted}} group by {other}_id
                ) as k on k.{other}_id = s.{other}_id
                where {free}
            ),
            partners as (
                select {side}_id, partner_id, max(match_weight) as heaviest
                from possible
                group by {side}_id, partner_id
            ),
            ranked as (
                select *, row_number() over by_unit as place, lead(heaviest) over by_unit as runner_up
                from partners
                window by_unit as (partition by {side}_id order by {heaviest_first("heaviest")}, partner_id)
            )
            select {columns([*scored.columns, "partner_id"], "p")}
            from ranked as r
            join possible as p on p.{side}_id = r.{side}_id and p.partner_id = r.partner_id
            where r.place = 1 and p.match_weight >= $review
              and (r.runner_up is null or {leads("r.heaviest", "r.runner_up", "$margin")})
            """,
            params={"review": self.thresholds.review, "margin": self.thresholds.margin},
            scored=scored,
            accepted=self.accepted,
            store=True,
            **never,
        )
        engine.drop(scored, left, right)
        return found

    def _units(self, side: str, *, linked: bool) -> Table:
        """A side's units with a link, or those without."""
        return self.engine.sql(
            f"""
            select u.*
            from {{units}} as u
            where {"" if linked else "not"} exists (select 1 from {{accepted}} as k where k.{side}_id = u.unit_id)
            """,
            units=self.sides[side].units,
            accepted=self.accepted,
            store=True,
        )


def _that_counts(place: int, name: str) -> str:
    """SQL of a comparison's level in the pair that speaks more for one person: where one of the two does not know the
    field, nothing speaks against him that the other differs in it."""
    return f"case when w.w_{place} > s.w_{place} then w.{quote(name)} else s.{quote(name)} end as {quote(name)}"


# The partner that the linked unit has, beside the unit that has none: two records of one file.
_PARTNERS = "select distinct partner_id as left_id, {side}_id as right_id from {{pairs}}"

_LINKED_UNITS = """
    select count(distinct left_id) as "left", count(distinct right_id) as "right" from {accepted}
    """

# A unit is one person with all records of its partner, or with none.
_PRICED = """
    with priced as (
        select b.left_id, b.right_id, b.match_weight, {odds} as odds from {{beside}} as b
    )
    select left_id, right_id, match_weight, max(odds / (1 + odds)) over (partition by {side}_id) as probability
    from priced
    """

_LOOKED_AT = """
    select p.*, k.probability
    from {pairs} as p
    join {priced} as k on k.left_id = p.left_id and k.right_id = p.right_id
    """

_JOINS = f"{_LOOKED_AT} where k.probability >= $certain and p.match_weight >= $accept"

_REFUSED = """
    select left_id, right_id, probability from {priced} where not (probability >= $certain and match_weight >= $accept)
    """


@dataclass(frozen=True)
class _Found:
    """Pairs of units of one side without a link: as they were scored, with probability, those that join; left_id,
    right_id and probability of those that do not; and what is known of such records."""

    joins: Table
    refused: Table
    beside: Further
    alone: Further


def _without_twins(
    engine: Engine, sides: dict[str, Units], accepted: Table, found: dict[str, Table], rules: Sequence[Rule]
) -> dict[str, Table]:
    """Pairs that join, but for twins who would join one link: either is like a record that has but their initial.

    Args:
        accepted: the links that they join.
        found: by the side of the units that join.
    """
    asked = [(side, side, _BESIDE.format(side=side, other=OTHER_SIDE[side])) for side in found]
    asked += [("left", "right", _ACROSS)] if len(found) > 1 else []
    for first, other, query in asked:
        together = engine.sql(query, params=None, store=True, accepted=accepted, **found)
        if engine.count(together):
            twins = two_people(engine, together, sides[first], sides[other], _ANY_WEIGHT, rules)
            for side, end in dict.fromkeys([(first, "left"), (other, "right")]):
                kept = engine.sql(_BUT_FOR.format(side=side, end=end), found=found[side], twins=twins, store=True)
                engine.drop(found[side])
                found[side] = kept
        engine.drop(together)
    return found


_BESIDE = """
    select distinct a.{side}_id as left_id, b.{side}_id as right_id, cast(0 as double) as match_weight
    from {{{side}}} as a
    join {{{side}}} as b on b.{other}_id = a.{other}_id and b.{side}_id > a.{side}_id
    """

_ACROSS = """
    select distinct a.left_id, b.right_id, cast(0 as double) as match_weight
    from {left} as a
    join {accepted} as k on k.right_id = a.right_id
    join {right} as b on b.left_id = k.left_id
    """

_BUT_FOR = """
    select f.* from {{found}} as f where not exists (select 1 from {{twins}} as t where t.{end}_id = f.{side}_id)
    """
