"""Rivals that are one person: a customer with two numbers, a pupil with two references.

Two records of one person on one side are equally good partners for the other side's record. That is no doubt about who
is meant, so the better one is linked, and the other stays for the next release or a person to join. Rivals who only
happen to be alike (twins, two of one name and birth date) stay in review.
"""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from linkage.config import OTHER_SIDE, Cardinality, holds_many
from linkage.engine import Engine, Table, empty
from linkage.match.candidates.passes import no_pairs
from linkage.match.candidates.score import Frequencies, few_of, score_given
from linkage.match.resolution.resolve import Thresholds
from linkage.model import Model

# Share of a file's records that are a second one of somebody. 15 of 589 respondents whom DWP matched had two numbers,
# some of them by a wrong match (Jenkins et al., ISER); split pupil references are 0.6 % (ECHILD).
_SECOND_RECORDS = 0.005


@dataclass(frozen=True)
class SamePerson:
    """By what two rivals are told to be one person.

    Attributes:
        records: how many each side has, where the units that are looked at are not all of them.
        apart: of pairs within a side (left_id, right_id, match_weight) from a weight on, which are of these few units,
            those that are two people whatever they weigh (left_id, right_id); none are when None.
    """

    model: Model
    frequencies: Frequencies
    thresholds: Thresholds
    cardinality: Cardinality
    records: Mapping[str, int] | None = None
    apart: Callable[[str, Table, float, Table], Table] | None = None


def excuse(engine: Engine, told: SamePerson, outcomes: Table, left: Table, right: Table) -> Table:
    """Accept ambiguous pairs whose near rivals are all the same person as the partner.

    Args:
        outcomes: as `contested` returns them.
        left, right: units with the model's columns, those of the outcomes at least.

    Returns:
        outcomes, with such pairs accepted for the reason 'rivals are the same person'.
    """
    sides = [side for side in ("left", "right") if not holds_many(told.cardinality, OTHER_SIDE[side])]
    if not sides:
        return outcomes  # units that hold many partners have no rivals
    units = {"left": left, "right": right}
    records = told.records or {side: engine.count(units[side]) for side in sides}

    def of(side: str) -> Table:
        return _weighed(engine, told, outcomes, side, units[side], records[side])

    weighed = dict(zip(sides, engine.run_concurrently(*(functools.partial(of, side) for side in sides)), strict=True))
    if not any(engine.count(found) for found in weighed.values()):
        return outcomes
    union = " union all ".join(f"select * from {{{side}}}" for side in sides)
    rivals = engine.sql(union, params=None, store=False, **weighed)
    return engine.sql(_EXCUSED, decided=outcomes, rivals=rivals, store=True)


def _weighed(engine: Engine, told: SamePerson, decided: Table, side: str, units: Table, records: int) -> Table:
    """Each rival on a side of an ambiguous pair, and whether it weighs as much as the same person as the partner."""
    same = same_person_from(told.model, records, told.thresholds)
    free = "true" if holds_many(told.cardinality, side) else _FREE.format(side=side)
    rivals = engine.sql(
        _RIVALS.format(side=side, other=OTHER_SIDE[side], free=free),
        params={"margin": told.thresholds.margin},
        decided=decided,
        store=True,
    )
    if engine.count(rivals) == 0:
        return empty(engine, {"of_left": "bigint", "of_right": "bigint", "is_same": "boolean"})
    pairs = engine.sql("select distinct left_id, right_id from {rivals}", rivals=rivals, store=True)
    few = few_of(engine, units, pairs, "left", "right")
    scored = score_given(engine, told.model, few, few, told.frequencies, pairs)
    # Twins share a birth date, a surname and an address: they weigh what two records of one person do.
    twins = told.apart(side, scored, same, few) if told.apart else no_pairs(engine)
    weighed = engine.sql(
        """
        select r.of_left, r.of_right, s.match_weight >= $same and t.left_id is null as is_same
        from {rivals} as r
        join {scored} as s on s.left_id = r.left_id and s.right_id = r.right_id
        left join {twins} as t on t.left_id = r.left_id and t.right_id = r.right_id
        """,
        params={"same": same},
        rivals=rivals,
        scored=scored,
        twins=twins,
        store=True,
    )
    engine.drop(few)
    return weighed


def same_person_from(model: Model, records: int, thresholds: Thresholds) -> float:
    """Match weight by the model from which two records of one file, which has so many, are one person."""
    return thresholds.certain - _within(model, records)


def within_one_file(engine: Engine, model: Model, units: Table) -> float:
    """Bits to add to a match weight between two records of one file."""
    return _within(model, engine.count(units))


def _within(model: Model, records: int) -> float:
    """The prior of the model is for records of two files; within one, a second record of a person is rarer."""
    return math.log2(_SECOND_RECORDS / max(records, 1)) - model.prior_weight


# For each ambiguous pair, the units that stand against its partner: near in weight, and free.
_RIVALS = """
    with ambiguous as (
        select left_id, right_id, match_weight from {{decided}} where decision = 'review' and reason = 'ambiguous'
    ),
    taken as (
        select {side}_id from {{decided}} where decision = 'accepted'
    )
    select a.left_id as of_left, a.right_id as of_right, a.{side}_id as left_id, d.{side}_id as right_id
    from ambiguous as a
    join {{decided}} as d on d.{other}_id = a.{other}_id and d.{side}_id <> a.{side}_id
    where d.match_weight > a.match_weight - $margin
      and {free}
    """

# A unit that holds many links is a rival still when it has some.
_FREE = "not exists (select 1 from taken as t where t.{side}_id = d.{side}_id)"

_EXCUSED = """
    with judged as (
        select of_left, of_right, bool_and(is_same) as same
        from {rivals}
        group by of_left, of_right
    )
    select d.left_id, d.right_id, d.match_weight, d.runner_up_weight,
           case when j.same then 'accepted' else d.decision end as decision,
           case when j.same then 'rivals are the same person' else d.reason end as reason
    from {decided} as d
    left join judged as j on j.of_left = d.left_id and j.of_right = d.right_id
    """
