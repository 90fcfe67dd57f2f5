"""How likely each pair of a step is one person, given its rivals: the posterior under the step's cardinality.

A match weight speaks of a pair alone. Where a unit has one partner at most, what speaks for one candidate speaks
against the others, and against those who want that candidate: a pair's probability is its share in all matchings of
the units around it (linkage.match.matchings). Rivals that are two records of one person do not stand against each
other; they are taken together, and each is as likely as both.
"""

import numpy as np
import pyarrow as pa

from linkage.config import Cardinality, Step
from linkage.engine import Engine, Table
from linkage.match.matchings import Ids, Numbers, Pairs, numbered, probabilities
from linkage.match.passes import holds_many
from linkage.match.same_people import nobody, same_people, whole
from linkage.match.score import Frequencies
from linkage.model import Model


def of_step(
    engine: Engine,
    step: Step,
    model: Model,
    pairs: Table,
    apart: Table,
    still_open: tuple[Table, Table],
    frequencies: Frequencies,
    gain: float,
) -> Table:
    """The `posterior` of a step's pairs, two records of one person not being rivals.

    Args:
        pairs: left_id, right_id, match_weight of all pairs that may be one person.
        apart: left_id, right_id of pairs that are two people, whatever they weigh.
        still_open: units of the left and of the right that the pairs are of, with the model's columns.
    """
    same = {
        side: same_people(engine, model, pairs, side, units, frequencies, gain)
        for side, chooser, units in zip(("left", "right"), ("right", "left"), still_open, strict=True)
        if not holds_many(step.cardinality, chooser)
    }
    return engine.sql(
        """
        select left_id, right_id, match_probability from {likely}
        union all
        select left_id, right_id, cast(0 as double) as match_probability from {apart}
        """,
        likely=posterior(engine, pairs, step.cardinality, gain, same),
        apart=apart,
    )


def posterior(
    engine: Engine, pairs: Table, cardinality: Cardinality, gain: float, same: dict[str, Table] | None = None
) -> Table:
    """The probability of each contested pair; one without a rival has what its weight says.

    Args:
        pairs: left_id, right_id, match_weight; a pair once.
        gain: bits that the cardinality adds to a weight.
        same: by side: unit_id, same_as, as `same_people` finds them.

    Returns:
        left_id, right_id, match_probability of pairs of which a unit that holds one link has others.
    """
    single = [side for side in ("left", "right") if not holds_many(cardinality, side)]
    rivalled = " or ".join(f"count(*) over (partition by {side}_id) > 1" for side in single)
    contested = f"qualify {rivalled}" if single else "where false"
    found = engine.arrow(
        engine.sql(
            f"""
            with contested as (
                select left_id, right_id, match_weight from {{pairs}} {contested}
            )
            select c.left_id, c.right_id, c.match_weight,
                   coalesce(l.same_as, c.left_id) as left_person, coalesce(r.same_as, c.right_id) as right_person
            from contested as c
            left join {{same_left}} as l on l.unit_id = c.left_id
            left join {{same_right}} as r on r.unit_id = c.right_id
            order by c.left_id, c.right_id
            """,
            pairs=pairs,
            same_left=(same or {}).get("left") or nobody(engine),
            same_right=(same or {}).get("right") or nobody(engine),
        )
    )
    left, right = (whole(found, f"{side}_person") for side in ("left", "right"))
    weight = found["match_weight"].to_numpy().astype(np.float64) + gain
    likely = between_people(
        left if "left" in single else np.arange(len(left)), right if "right" in single else np.arange(len(left)), weight
    )
    return engine.from_arrow(
        pa.table({"left_id": found["left_id"], "right_id": found["right_id"], "match_probability": likely})
    )


def between_people(left: Ids, right: Ids, weight: Numbers) -> Numbers:
    """The probability of each pair, where several records of the same two people count as the heaviest of them."""
    _, place = np.unique(np.stack([left, right]), axis=1, return_inverse=True)
    place = place.reshape(-1)
    heaviest = np.full(int(place.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(heaviest, place, weight)
    first = np.unique(place, return_index=True)[1]
    pairs = Pairs(numbered(left[first]), numbered(right[first]), heaviest)
    return probabilities(pairs)[place]
