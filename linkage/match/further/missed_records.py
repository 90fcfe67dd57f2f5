"""Other records of people whom a pass has linked, of which a step kept no pair.

Who is linked by a pass leaves the step, and another record of theirs meets nobody. Nobody had joined it to the first
record, and so it is unlike that: of those who have moved and married, most of all. How often is learnt by EM from the
pairs of units that are left with those that passes have linked, beside what the model knows of all matches. Where the
step itself has looked for second records, it knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from linkage.engine import Engine, Table, one
from linkage.match.further.further_records import Further, learnt, share_of, shown
from linkage.match.further.second_records import SecondRecords
from linkage.model import Model


@dataclass(frozen=True)
class MissedRecords:
    """What is known of other records of people who are linked.

    Attributes:
        further: by side, its other units that are records of those whom a pass has linked, and of which no pair was
            kept; where no pass has linked any, what the kept pairs say of all.
        expected: pairs of such records in all.
    """

    further: Mapping[str, Further] = field(default_factory=dict)
    expected: float = 0.0


def missed_records(
    engine: Engine,
    model: Model,
    taken: Mapping[str, Table],
    further: Mapping[str, Further],
    passed: int,
    second: SecondRecords | None = None,
) -> MissedRecords:
    """Other records among the pairs of units that nothing else was kept of with units that a pass has linked.

    Args:
        taken: by the side of the unit without a link: left_id, right_id, match_weight and levels of such pairs.
        further: by side, what the kept pairs say of other records, as `with_other_records` returns it.
        passed: links that passes made.
        second: what the step knows, where it has looked for second records.
    """
    asked = [side for side in further if side in taken]
    if second:
        return MissedRecords(further, sum(_beside(engine, taken[side], further[side], second) for side in asked))
    found, expected = dict(further), 0.0
    for side in asked:
        kept = further[side]
        now, missed = learnt(model, shown(engine, model, taken[side]), kept.gain, kept.share, passed)
        found[side] = replace(now, share=share_of(missed, passed))
        expected += missed
    return MissedRecords(found, expected)


def _beside(engine: Engine, pairs: Table, further: Further, second: SecondRecords) -> float:
    """Matches that are expected among pairs: by what was found where the step has looked, else by the pair alone."""
    summed = one(
        engine,
        engine.sql(
            f"""
            with priced as (
                select p.left_id, p.right_id, {further.odds("p")} as odds from {{pairs}} as p
            )
            select sum(coalesce(r.probability, odds / (1 + odds))) as expected
            from priced as p
            left join {{refused}} as r on r.left_id = p.left_id and r.right_id = p.right_id
            """,
            pairs=pairs,
            refused=second.refused,
        ),
    )
    return float(summed["expected"] or 0.0)
