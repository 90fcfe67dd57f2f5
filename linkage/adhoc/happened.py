"""Days of what happened, where files hold not people but what happened to them: admissions and their claims.

One person's records of one file are then each of another day, and stand for one another no more than those of two
people do. Linked by the person alone, every admission had all claims of the patient.
"""

from collections.abc import Mapping, Sequence

from linkage.adhoc.fields.held_twice import MANY_TWICE, TELLING, each_held_twice
from linkage.engine import Engine, Table, one, quote

_ASKED = 5_000  # records that show whether days are of one thing that happened
_NEAR = 7  # days
_MOST_NEAR = 0.5  # of the records, from which they are


def of_what_happened(engine: Engine, left: Table, right: Table, kinds: Mapping[str, str]) -> list[str]:
    """Of fields that are days those of one thing that happened, which both files hold: an admission and its claim.

    Whoever is in both files has then, for most records, one in the other file of that day or of a week around it. Days
    of other things (visits to two hospitals) have that seldom.

    Args:
        kinds: how each field is compared.
    """
    beside = next((name for name in TELLING if name in left.columns and name in right.columns), None)
    if not {"forename", "surname"} <= set(left.columns) & set(right.columns):
        return []
    own = ", ".join(["forename", "surname", *([beside] if beside else [])])
    days = [name for name, kind in kinds.items() if kind == "day"]
    return [day for day in days if _share_within_a_week(engine, left, right, own, quote(day)) >= _MOST_NEAR]


def _share_within_a_week(engine: Engine, left: Table, right: Table, own: str, day: str) -> float:
    """Of records of somebody who is in the other file too, the share that has one there within a week."""
    step = max(1, engine.count(left) // _ASKED)
    query = f"""
        with asked as (
            select unit_id, {own}, try_cast({day} as date) as on_day from {{l}} where unit_id % {step} = 0
        ),
        others as (
            select {own}, try_cast({day} as date) as other_day from {{r}}
        ),
        nearest as (
            select unit_id, min(abs(date_diff('day', on_day, other_day))) as apart
            from asked join others using ({own})
            where on_day is not null and other_day is not null
            group by unit_id
        )
        select avg(case when apart <= $near then 1e0 else 0e0 end) as share from nearest
        """
    return float(one(engine, engine.sql(query, params={"near": _NEAR}, l=left, r=right))["share"] or 0)


def are_told_apart(engine: Engine, left: Table, right: Table, days: Sequence[str], twice: Sequence[float]) -> bool:
    """Whether a file holds people again and again, and neither holds many of them twice on one of these days.

    Args:
        twice: the share of either file's records that are of somebody who is there twice.
    """
    return bool(days) and max(twice) >= MANY_TWICE > max(each_held_twice(engine, left, right, days))


def notes(days: Sequence[str]) -> list[str]:
    """What was made of people who are there on several days."""
    if not days:
        return []
    return [
        f"records of one person on other days ({', '.join(days)}) are told apart, and each is linked once "
        "(--second-records: all of a person's)"
    ]
