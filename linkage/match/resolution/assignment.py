"""Optimal assignment: of each group of pairs that contend for one another's units, the set of pairs that weighs most.

Greedy mutual best takes the heaviest pair first, whatever it leaves to the others. Here A-1 and B-2 are chosen over A-2
where together they weigh more than A-2 does with what remains. The margin is that of the whole: a pair is accepted when
the best assignment without it weighs less by the margin at least, so what is close is still not guessed.
"""

import functools

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.config import Step
from linkage.engine import Engine, Table, by_component, columns
from linkage.match.resolution.resolve import Race, Thresholds
from linkage.match.resolution.rounds import HELD, TOLD_APART

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]

_MOST_CELLS = 250_000
"""Left times right units of a component. A larger one, as ties of placeholder values make, is settled greedily."""


def accept(engine: Engine, step: Step, race: Race, thresholds: Thresholds, *, held: Table | None = None) -> None:
    """Accept pairs of a race by the way of assignment that the step names."""
    if step.assignment == "optimal":
        assign(engine, race, thresholds, held=held)
    else:
        race.settle(thresholds)


def assign(engine: Engine, race: Race, thresholds: Thresholds, *, held: Table | None = None) -> None:
    """Accept the best assignment of a race whose units hold one link each.

    The runner-up of an accepted pair is what it weighs less the margin of the whole assignment; NULL where nobody
    contends for either unit.

    Args:
        held: left_id, right_id of units that were one person in the last release.
    """
    race.settle_unopposed(thresholds)
    contest = race.contest(thresholds)
    listed = columns(contest.columns)
    ranked = engine.sql(_RIVALS.format(columns=listed), contest=contest, store=True)
    rivals = engine.sql(f"select {listed} from {{ranked}} where not alone", ranked=ranked)
    decided = by_component(engine, rivals, functools.partial(_decided, thresholds=thresholds), _DECIDED)
    numbers = {name: getattr(thresholds, name) for name in ("accept", "keep", "margin", "reach")}
    accepted = _accepted("held" in contest.columns)
    race.take(engine.sql(accepted, params=numbers, store=True, ranked=ranked, decided=decided))
    engine.drop(ranked)
    crowd = engine.sql("select left_id, right_id, match_weight from {t} where crowded", t=decided)
    if engine.count(crowd):
        among_crowd = Race(engine, crowd, "one-to-one", thresholds.reach, held=held)
        among_crowd.settle(thresholds)
        race.take(among_crowd.accepted)


# Many a pair's rivals are too light to matter: nothing is to be weighed against it, and it never leaves the engine.
_RIVALS = """
    select {columns}, count(*) over (partition by left_id) + count(*) over (partition by right_id) = 2 as alone
    from {{contest}}
    """


def _accepted(some_held: bool) -> str:
    """SQL of what is accepted: the pairs without a rival that are heavy enough, and those chosen among rivals."""
    joins = "match_weight >= $accept and match_weight - $reach >= $margin"
    enough = f"case when held then match_weight >= $keep else {joins} end" if some_held else joins
    reason = f"case when held and not ({joins}) then '{HELD}' end" if some_held else "null"
    return f"""
        select left_id, right_id, match_weight, cast(null as double) as runner_up_weight,
               cast({reason} as varchar) as reason
        from {{ranked}}
        where alone and {enough}
        union all
        select left_id, right_id, match_weight, runner_up_weight, reason from {{decided}} where not crowded
        """


def _components(contest: pa.Table) -> list[Ids]:
    """Places of the pairs of each component, in the order of the pairs."""
    if not contest.num_rows:
        return []
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, places = (np.unique(contest.column(side).to_numpy(), return_inverse=True)[1] for side in _SIDES)
    units = int(rows.max()) + 1 + int(places.max()) + 1
    graph = coo_array((np.ones(len(rows), bool), (rows, places + int(rows.max()) + 1)), shape=(units, units))
    labels = connected_components(graph, directed=False)[1][rows]
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


_SIDES = ("left_id", "right_id")


_DECIDED = {"left_id": "bigint", "right_id": "bigint", "match_weight": "double", "runner_up_weight": "double",
            "reason": "varchar", "crowded": "boolean"}  # fmt: skip


def _decided(contest: pa.Table, thresholds: Thresholds) -> pa.Table:
    """Accepted pairs, and the pairs of components too large to look at whole (crowded)."""
    left, right, weights = (contest.column(name).to_numpy() for name in (*_SIDES, "match_weight"))
    stays = np.zeros(len(weights), bool)
    if "held" in contest.column_names:
        stays = contest.column("held").to_numpy(zero_copy_only=False).astype(bool)
    # A held pair stands before rivals within the margin, as it does in the greedy race.
    ahead = np.where(stays, thresholds.margin, 0.0)
    losses = np.full(len(weights), np.nan)
    crowded = np.zeros(len(weights), bool)
    gains = np.round(weights + ahead - thresholds.reach, TOLD_APART)
    for places in _components(contest):
        if len(places) == 1:
            losses[places] = gains[places]
        elif len(np.unique(left[places])) * len(np.unique(right[places])) > _MOST_CELLS:
            crowded[places] = True
        else:
            losses[places] = _losses(left[places], right[places], gains[places])
    losses = np.round(losses, TOLD_APART)
    enough = np.where(stays, weights >= thresholds.keep, (weights >= thresholds.accept) & (losses >= thresholds.margin))
    accepted = enough & ~np.isnan(losses)
    runner_up = np.where(losses < gains, weights - losses, np.nan)
    today = (weights >= thresholds.accept) & (losses - ahead >= thresholds.margin)
    found = pa.table(
        {
            "left_id": left,
            "right_id": right,
            "match_weight": weights,
            "runner_up_weight": pa.array(runner_up, from_pandas=True),
            "reason": pa.array([HELD if stayed else None for stayed in stays & ~today], pa.string()),
            "crowded": crowded,
        }
    )
    return found.filter(pa.array(accepted | crowded))


def _losses(left: Ids, right: Ids, gains: Floats) -> Floats:
    """For each pair of the best assignment, what the whole loses without it; NaN for the other pairs."""
    from scipy.optimize import linear_sum_assignment

    rows, places = np.unique(left, return_inverse=True)[1], np.unique(right, return_inverse=True)[1]
    table = np.zeros((int(rows.max()) + 1, int(places.max()) + 1))
    table[rows, places] = gains
    best = linear_sum_assignment(table, maximize=True)
    total = table[best].sum()
    chosen = np.zeros(table.shape, bool)
    chosen[best] = True
    losses = np.full(len(gains), np.nan)
    for place in np.flatnonzero(chosen[rows, places] & (gains > 0)):
        without = table.copy()
        without[rows[place], places[place]] = 0.0  # as if the two were left alone
        losses[place] = total - without[linear_sum_assignment(without, maximize=True)].sum()
    return losses
