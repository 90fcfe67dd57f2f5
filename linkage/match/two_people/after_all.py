"""Pairs that look like twins of whom neither has another partner: maybe one person after all.

Who is called otherwise than before has a partner who looks like a twin, and so have two twins whose own records are
missing, the one's in the right file and the other's in the left. Such a pair is as likely as its weight says against
strangers, and against twins as its forenames, further names and numbers say: all else twins share. How many pairs of
twins neither of whom has a partner there are, those tell of whom one has, or both: whether a twin is in the other file
says nothing of the sister, among those of one birth.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from linkage.engine import Engine, Table, empty, one, quote
from linkage.match.candidates.score import Frequencies, weighed_given
from linkage.match.candidates.units import Units
from linkage.match.two_people.apart_rules import Rule
from linkage.match.two_people.explained import of_some_births
from linkage.model import Model

_PAIRS = {"left_id": "bigint", "right_id": "bigint"}
_JUDGED = {**_PAIRS, "match_weight": "double", "bits": "double"}


@dataclass(frozen=True)
class LinksSoFar:
    """What a step has linked, and by what it weighs pairs.

    Attributes:
        sides: units of the left and of the right, the model's columns among theirs; two files.
        frequencies: of the model's adjusted columns.
        links: left_id, right_id.
        gain: bits that the cardinality adds to a weight.
    """

    model: Model
    sides: tuple[Units, Units]
    frequencies: Frequencies
    links: Table
    gain: float


def maybe_one(engine: Engine, so_far: LinksSoFar, apart: Table, rules: Sequence[Rule]) -> Table:
    """Pairs of units without a link that a rule of births says are two people, and how likely they are one.

    Args:
        apart: left_id, right_id, reason (the rule's name).
        rules: those by which pairs are apart.

    Returns:
        left_id, right_id, match_weight, bits (log2 odds of being one person, the cardinality's among them), reason.
    """
    found = {}
    for rule in rules:
        if not (rule.equal and rule.differ) or engine.count(apart) == 0:
            continue
        partners = _links_of(engine, so_far.links, apart)
        free = engine.sql(_FREE, params={"rule": rule.name}, apart=apart, linked=partners, store=_PAIRS)
        if engine.count(free):
            found[rule.name] = _judged(engine, so_far, free, rule)
        engine.drop(partners, free)
    if not found:
        return empty(engine, {**_JUDGED, "reason": "varchar"})
    each = [f"select *, cast('{name}' as varchar) as reason from {{of_{name}}}" for name in found]
    tables = {f"of_{name}": table for name, table in found.items()}
    return engine.sql(" union all ".join(each), params=None, store=True, **tables)


_FREE = """
    select a.left_id, a.right_id
    from {apart} as a
    where a.reason = $rule
      and not exists (select 1 from {linked} as k where k.left_id = a.left_id)
      and not exists (select 1 from {linked} as k where k.right_id = a.right_id)
    """


def _links_of(engine: Engine, linked: Table, pairs: Table) -> Table:
    """Of all links, those of a unit that is in one of a few pairs."""
    of_unit = [f"exists (select 1 from {{pairs}} as p where p.{side}_id = k.{side}_id)" for side in ("left", "right")]
    query = f"select k.left_id, k.right_id from {{linked}} as k where {' or '.join(of_unit)}"
    return engine.sql(query, params=None, store=_PAIRS, linked=linked, pairs=pairs)


def _judged(engine: Engine, so_far: LinksSoFar, pairs: Table, rule: Rule) -> Table:
    """`maybe_one` of some pairs (left_id, right_id) that one rule says are two people."""
    model, (left, right) = so_far.model, so_far.sides
    weighed = weighed_given(engine, model, left.units, right.units, so_far.frequencies, pairs)
    own = {str(rule.differ), *rule.also, *rule.unless_equal}
    shared = {*rule.equal, *rule.near, *rule.equal_any}
    telling = [f"w_{place}" for place, name in _fields(model) if name in own]
    # What else they hold may be their home's, and speaks for one person no more than for a twin.
    telling += [f"least(w_{place}, 0e0)" for place, name in _fields(model) if name not in own | shared]
    twins = _without_partners(engine, so_far, rule)
    judged = engine.sql(
        f"""
        with weighed as (
            select left_id, right_id, match_weight, {" + ".join([*telling, "0e0"])} as own from {{weighed}}
        )
        select left_id, right_id, match_weight,
               -ln(exp(-ln(2) * (match_weight + $gain)) + exp(-ln(2) * (own + $matches))) / ln(2) as bits
        from weighed
        """,
        params={"gain": so_far.gain, "matches": math.log2(max(engine.count(so_far.links), 1) / twins)},
        weighed=weighed,
        store=_JUDGED,
    )
    engine.drop(weighed)
    return judged


def _fields(model: Model) -> list[tuple[int, str]]:
    """The places of the comparisons of a field by itself, each with its column."""
    return [
        (place, comparison.columns[0].removesuffix("_all"))
        for place, comparison in enumerate(model.comparisons)
        if comparison in model.fields
    ]


def _share_of_other_names(model: Model, column: str) -> float:
    """Share of the matches of whom the model says that they have two names that differ."""
    places = [place for place, name in _fields(model) if name == column]
    said = [level.m for place in places for level in model.comparisons[place].levels if level.value == 0]
    return min([1.0, *(m for m in said if m is not None)])


def _without_partners(engine: Engine, so_far: LinksSoFar, rule: Rule) -> float:
    """How many pairs of twins there are across the files neither of whom has a partner.

    They are to those of whom one has as these are to those of whom both have. Of all that look so no more are matches
    than there are of another name.
    """
    stand_for, met = _across(engine, rule, so_far.sides)
    partners = _links_of(engine, so_far.links, met)
    counted = {name: float(n) for name, n in one(engine, engine.sql(_BY_PARTNER, met=met, linked=partners)).items()}
    engine.drop(met, partners)
    both, on_left, on_right, neither = (counted[name] for name in ("both", "on_left", "on_right", "neither"))
    on_left, on_right, both = on_left + 0.5, on_right + 0.5, both + 0.5  # half a pair is given to each beforehand
    told = stand_for * on_left * on_right / both
    # Where both twins have partners, they are two pairs, and one birth.
    chance = math.sqrt(1 / on_left + 1 / on_right + 2 / both)
    other_names = _share_of_other_names(so_far.model, str(rule.differ)) * engine.count(so_far.links)
    return max(told * math.exp(_DEVIATIONS * chance), stand_for * neither - other_names)


_DEVIATIONS = 3.0  # as many as chance may have hidden: few twins tell how many others there are


def _across(engine: Engine, rule: Rule, sides: tuple[Units, Units]) -> tuple[float, Table]:
    """left_id, right_id of pairs across that share what twins share, whose names begin differently; of large files
    those of some births, and how many each stands for."""
    left, right = (side.identifier_records for side in sides)
    held = {*left.columns} & {*right.columns}
    same = [*rule.equal, *rule.near, *[name for name in rule.equal_any if name in held][:1]]
    names, rows_held = [*same, str(rule.differ)], max(engine.count(left), engine.count(right))
    shown = [functools.partial(of_some_births, engine, names, side, rows_held) for side in (left, right)]
    (of_left, sampled), (of_right, _) = engine.run_concurrently(*shown)
    met = engine.sql(
        f"""
        select distinct a.unit_id as left_id, b.unit_id as right_id
        from {{lefts}} as a
        join {{rights}} as b on {" and ".join(f"b.{quote(name)} = a.{quote(name)}" for name in same)}
        where a.begins <> b.begins
        """,
        params=None,
        store=_PAIRS,
        lefts=of_left,
        rights=of_right,
    )
    stand_for = _known(engine, left, names) / _known(engine, of_left, [*same, "begins"]) if sampled else 1.0
    engine.drop(of_left, of_right)
    return stand_for, met


def _known(engine: Engine, table: Table, names: Sequence[str]) -> int:
    """Rows that know all of the fields named; 1 at least."""
    known = " and ".join(f"{quote(name)} is not null" for name in names)
    return max(int(one(engine, engine.sql(f"select count(*) as known from {{t}} where {known}", t=table))["known"]), 1)


# Pairs of two who are not linked to each other, by which of them has a partner.
_BY_PARTNER = """
    with with_partner as (
        select m.left_id, m.right_id, l.left_id is not null as on_left, r.right_id is not null as on_right
        from {met} as m
        left join (select distinct left_id from {linked}) as l on l.left_id = m.left_id
        left join (select distinct right_id from {linked}) as r on r.right_id = m.right_id
        where not exists (select 1 from {linked} as k where k.left_id = m.left_id and k.right_id = m.right_id)
    )
    select count(*) filter (where on_left and on_right) as both,
           count(*) filter (where on_left and not on_right) as on_left,
           count(*) filter (where on_right and not on_left) as on_right,
           count(*) filter (where not on_left and not on_right) as neither
    from with_partner
    """
