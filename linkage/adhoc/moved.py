"""Companies of a name of their own that stand at two places: those that have moved are not linked, and are told.

With nothing but name and place compared, a company that has moved is as like a stranger of its name. How many are
strangers is told by the files themselves: of two companies of one name both are in one file as often as one is in each.
"""

import math
from collections.abc import Collection, Sequence

from linkage.engine import Engine, Table, one, quote

_PLACES = ("postcode", "address", "town")
_FEWEST, _LEAST = 10, 0.02  # companies that are told of, and as a share of the links
_DEVIATIONS = 2.0  # by which they are more than strangers


def notes(engine: Engine, links: Table, left: Table, right: Table, fields: Collection[str]) -> Sequence[str]:
    """What to tell of companies that may have moved, of files of no persons; no value.

    Args:
        links: left_id, right_id, decision.
        left, right: unit_id and the fields.
    """
    place = next((name for name in _PLACES if name in fields), None)
    if place is None or "organisation" not in fields or {"forename", "surname", "dob"} & set(fields):
        return []
    linked = "select 1 as one from {links} as k where k.decision = 'accepted' and k.%s_id = u.unit_id"
    sides = " union all ".join(
        f"""
        select '{side}' as side, u.organisation as name, u.{quote(place)} as place
        from {{{side}}} as u
        where u.organisation is not null and u.{quote(place)} is not null and not exists ({linked % side})
        """
        for side in ("left", "right")
    )
    counted = engine.sql(
        f"""
        with alone as ({sides}),
        named as (
            select count(*) filter (where side = 'left') as of_left, count(*) filter (where side = 'right') as of_right,
                   min(place) <> max(place) as apart
            from alone
            group by name
        )
        select coalesce(sum(of_left), 0) as of_left, coalesce(sum(of_right), 0) as of_right,
               count(*) filter (where of_left = 1 and of_right = 1 and apart) as across,
               count(*) filter (where abs(of_left - of_right) = 2 and of_left + of_right = 2 and apart) as within,
               (select count(*) from {{links}} where decision = 'accepted') as links
        from named
        """,
        links=links,
        left=left,
        right=right,
    )
    found = {name: int(number) for name, number in one(engine, counted).items()}
    sizes = found["of_left"], found["of_right"]
    for_each = 2 * math.prod(sizes) / max(sum(size**2 for size in sizes), 1)
    moved = found["across"] - for_each * found["within"]
    chance = math.sqrt(found["across"] + for_each**2 * found["within"])
    if moved < max(_FEWEST, _LEAST * found["links"], _DEVIATIONS * chance):
        return []
    return [
        f"{found['across']:,} names of companies that one record alone bears in each file stand at two places: about "
        f"{moved:,.0f} of them have moved, and are not linked, nor counted among the missed"
    ]
