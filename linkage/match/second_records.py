"""A second record of somebody joins too: a customer with two numbers is one person, who keeps both.

Each unit holds one link, so of two records of a person only the better one is linked. Where a step says
`duplicates = "join"`, a unit without a link joins one that has a link when three things hold: it would be accepted as
its partner, no other unit comes near, and either the pair weighs what a second record must, or the unit is one person
with the partner that the other has. Twins join nobody together: either is like a record that has but their initial.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from linkage.config import Cardinality, Step
from linkage.engine import Engine, Table, columns, side_by_side
from linkage.match.apart import two_people
from linkage.match.apart_rules import Rule, asked_for
from linkage.match.duplicates import same_person_from, second_record_from
from linkage.match.parts import Parts
from linkage.match.passes import OVERRIDE, holds_many
from linkage.match.resolve import Thresholds
from linkage.match.rounds import heaviest_first, leads
from linkage.match.score import Frequencies, score_candidates, score_within
from linkage.match.units import Units
from linkage.model import Model

_OTHER = {"left": "right", "right": "left"}

_ANY_WEIGHT = -1e6  # a pair of twins may weigh little by the model
ANOTHER = "another record of the same person"


def with_second_records(
    engine: Engine,
    step: Step,
    model: Model,
    sides: dict[str, Units],
    decided: tuple[Table, Table, Table],
    barred: Sequence[Table],
    frequencies: Frequencies,
    thresholds: Thresholds,
    parts: Parts | None = None,
) -> tuple[Table, Table]:
    """Join units without a link to linked ones with whose partner they are one person.

    Args:
        sides: left and right, all units.
        decided: pairs of passes (left_id, right_id, pass, match_weight), those that rules made (left_id, right_id,
            rule, gamma_<comparison>, match_weight), and their outcomes (left_id, right_id, runner_up_weight, decision,
            reason).
        barred: left_id, right_id of pairs that are never linked.
        parts: how scoring is cut where the sides are large.

    Returns:
        Pairs and outcomes as they were given, with the pairs that join.
    """
    certain, scored, outcomes = decided
    accepted = engine.sql(
        f"""
        select left_id, right_id from {{certain}} where match_weight >= $review or pass = '{OVERRIDE}'
        union
        select left_id, right_id from {{outcomes}} where decision = 'accepted'
        """,
        params={"review": thresholds.review},
        certain=certain,
        outcomes=outcomes,
        store=True,
    )
    rules = asked_for(step)
    search = _Search(engine, model, sides, accepted, barred, rules, frequencies, thresholds, parts)
    # Units of a side that may hold many hold further links in any case.
    single = [side for side in ("left", "right") if not holds_many(step.cardinality, _OTHER[side])]
    asked = [functools.partial(search.second, side) for side in single]
    made = side_by_side(engine, *asked, rows=sum(engine.count(each.units) for each in sides.values()))
    joined = _without_twins(engine, sides, accepted, dict(zip(single, made, strict=True)), rules)
    for found in joined.values():
        scored = engine.sql(_MORE_PAIRS.format(columns=columns(scored.columns)), scored=scored, found=found, store=True)
        outcomes = engine.sql(_MORE_OUTCOMES, params={"reason": ANOTHER}, outcomes=outcomes, found=found, store=True)
        engine.drop(found)
    return scored, outcomes


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
    """What is searched for pairs that join, and by what; each as of `with_second_records`.

    Attributes:
        accepted: left_id, right_id of the links that the step has.
        rules: by which pairs are two people.
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

    def second(self, side: str) -> Table:
        """Pairs that join a side's units without a link, as they were scored."""
        engine, model, units = self.engine, self.model, self.sides[side]
        pairs = self._near_linked_units(side)
        partners = engine.sql(_PARTNERS.format(side=side), pairs=pairs, store=True)
        weighed = score_within(engine, model, units.units, self.frequencies, partners)
        twins = two_people(engine, weighed, units, units, _ANY_WEIGHT, self.rules)
        records, others = engine.count(units.units), engine.count(self.sides[_OTHER[side]].units)
        covered = engine.count(self.accepted) / max(records, 1)
        found = engine.sql(
            _SAME.format(side=side),
            params={
                "alone": second_record_from(model, others, covered, self.thresholds),
                "same": same_person_from(model, records, self.thresholds),
            },
            pairs=pairs,
            weighed=weighed,
            twins=twins,
            store=True,
        )
        engine.drop(pairs, partners, weighed)
        return found

    def _near_linked_units(self, side: str) -> Table:
        """A unit without a link and the linked units of the other side that it fits, with their partner (partner_id).

        They are of one partner, and it fits nobody else's as well: of a learner's several records each speaks for the
        same pupil.
        """
        engine, model, sides = self.engine, self.model, self.sides
        left, right = (self._units(name, linked=name != side) for name in ("left", "right"))
        lowest = self.thresholds.accept - self.thresholds.margin
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
                    select {_OTHER[side]}_id, min({side}_id) as partner_id from {{accepted}} group by {_OTHER[side]}_id
                ) as k on k.{_OTHER[side]}_id = s.{_OTHER[side]}_id
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
            where r.place = 1 and p.match_weight >= $accept
              and (r.runner_up is null or {leads("r.heaviest", "r.runner_up", "$margin")})
            """,
            params={"accept": self.thresholds.accept, "margin": self.thresholds.margin},
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


# The partner that the linked unit has, beside the unit that has none: two records of one file.
_PARTNERS = "select distinct partner_id as left_id, {side}_id as right_id from {{pairs}}"

_SAME = """
    select p.*
    from {{pairs}} as p
    join {{weighed}} as w on w.left_id = p.partner_id and w.right_id = p.{side}_id
    where (p.match_weight >= $alone or w.match_weight >= $same)
      and not exists (select 1 from {{twins}} as t where t.left_id = w.left_id and t.right_id = w.right_id)
    """


def _without_twins(
    engine: Engine, sides: dict[str, Units], accepted: Table, found: dict[str, Table], rules: Sequence[Rule]
) -> dict[str, Table]:
    """Pairs that join, but for twins who would join one link: either is like a record that has but their initial.

    Args:
        accepted: the links that they join.
        found: by the side of the units that join.
    """
    asked = [(side, side, _BESIDE.format(side=side, other=_OTHER[side])) for side in found]
    asked += [("left", "right", _ACROSS)] if len(found) > 1 else []
    for one, other, query in asked:
        together = engine.sql(query, params=None, store=True, accepted=accepted, **found)
        if engine.count(together):
            twins = two_people(engine, together, sides[one], sides[other], _ANY_WEIGHT, rules)
            for side, end in dict.fromkeys([(one, "left"), (other, "right")]):
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


def likely_together(engine: Engine, links: Table, cardinality: Cardinality) -> Table:
    """Links of a step with the probability of those that join two records of one person with the same unit.

    As rivals, of whom one at most is right, they shared one probability. Since they were joined as one person, each is
    as likely as one of them is: the sum. Where the sum passes 1 they were no rivals, and keep what they have. A unit
    that may hold many links makes no rivals.
    """
    single = [side for side in ("left", "right") if not holds_many(cardinality, side)]
    if not single:
        return links
    others = columns([name for name in links.columns if name != "match_probability"])
    joined = "\n".join(
        f"when decision = 'accepted' and on_{side} > 1 and of_{side} <= 1.000001 then least(of_{side}, 1)"
        for side in single
    )
    found = engine.sql(
        f"""
        with shared as (
            select *, {", ".join(_SHARED.format(side=side) for side in single)} from {{links}}
        )
        select {others},
               case {joined}
                    else match_probability end as match_probability
        from shared
        """,
        links=links,
        store=True,
    )
    ordered = engine.sql(f"select {columns(links.columns)} from {{found}}", found=found, store=True)
    engine.drop(found, links)
    return ordered


_SHARED = """
    sum(case when decision = 'accepted' then 1 else 0 end) over (partition by {side}_id) as on_{side},
    sum(case when decision = 'accepted' then match_probability else 0e0 end) over (partition by {side}_id) as of_{side}
"""
