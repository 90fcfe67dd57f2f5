"""Other records of people whom a pass has linked, of which a step kept no pair.

Who is linked by a pass leaves the step, and another record of theirs meets nobody. Nobody had joined it to the first
record, and so it is unlike that: of those who have moved and married, most of all. How often is learnt by EM from the
pairs of units that are left with those that passes have linked, beside what the model knows of all matches. Where the
step itself has looked for second records, it knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from linkage.engine import Engine, Table, empty, one
from linkage.match.further.further_records import Further, learnt, share_of, shown
from linkage.match.further.in_doubt import PROBABLE
from linkage.model import Model


@dataclass(frozen=True)
class MissedRecords:
    """What is known of other records of people who are linked.

    Attributes:
        further: by side, its other units that are records of those whom a pass has linked, and of which no pair was
            kept; where no pass has linked any, what the kept pairs say of all.
        expected: pairs of such records in all.
        known: left_id, right_id, probability of those of which more is known than their pair shows; None for none.
    """

    further: Mapping[str, Further] = field(default_factory=dict)
    expected: float = 0.0
    known: Table | None = None


def missed_records(
    engine: Engine,
    model: Model,
    taken: Mapping[str, Table],
    further: Mapping[str, Further],
    passed: int,
    *,
    known: Table | None = None,
    searched: bool = False,
) -> MissedRecords:
    """Other records among the pairs of units that nothing else was kept of with units that a pass has linked.

    Args:
        taken: by the side of the unit without a link: left_id, right_id, match_weight and levels of such pairs.
        further: by side, what the kept pairs say of other records, as `with_other_records` returns it.
        passed: links that passes made.
        known: left_id, right_id, probability of pairs of which more is known than they show.
        searched: whether the step has looked for second records, and so knows what they show.
    """
    found, expected = dict(further), 0.0
    for side in [side for side in further if side in taken]:
        kept = further[side]
        if not searched:
            now, missed = learnt(model, shown(engine, model, taken[side]), kept.gain, kept.share, passed)
            found[side] = replace(now, share=share_of(missed, passed))
        if searched or known:
            missed = _beside(engine, taken[side], found[side], known)
        expected += missed
    return MissedRecords(found, expected, known)


def _beside(engine: Engine, pairs: Table, further: Further, known: Table | None) -> float:
    """Matches that are expected among pairs: by what is known of them, else by the pair alone."""
    summed = one(
        engine,
        engine.sql(
            f"""
            with priced as (
                select p.left_id, p.right_id, {further.odds("p")} as odds from {{pairs}} as p
            )
            select sum(coalesce(k.probability, odds / (1 + odds))) as expected
            from priced as p
            left join {{known}} as k on k.left_id = p.left_id and k.right_id = p.right_id
            """,
            pairs=pairs,
            known=known or empty(engine, PROBABLE),
        ),
    )
    return float(summed["expected"] or 0.0)
