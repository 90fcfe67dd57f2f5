"""Records of one file that are one person: what accepted pairs join, unless the pairs between them speak against it.

A chain is only as good as its weakest link: A is like B, B is like C, and A and C are two people. So a component whose
records are not all accepted pairs of each other is looked at whole: its other pairs are weighed too, and two groups of
records become one only where the evidence between them, on average over their pairs, is what a pair itself needs.
"""

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage.engine import Engine, Table, components, empty
from linkage.spine.parting import part

_MOST_RECORDS = 300
"""Records of a component whose every pair is weighed. In a larger one, a pair that no blocking rule made is denied."""

MISFIT = "the groups that it would join do not fit"


@dataclass(frozen=True)
class Clusters:
    """Who is one person.

    Attributes:
        members: unit_id, cluster_id (the smallest unit of the cluster), of every unit.
        cuts: left_id, right_id, match_weight, reason: accepted pairs whose records are not in one cluster.
    """

    members: Table
    cuts: Table


def cluster(
    engine: Engine,
    units: Table,
    pairs: Table,
    weigh: Callable[[Table], Table],
    *,
    accept: float,
    never: Table | None = None,
) -> Clusters:
    """Join a file's records by accepted pairs.

    Args:
        units: unit_id.
        pairs: left_id < right_id, match_weight; each pair once, whatever its weight, none of `never`.
        weigh: adds match_weight to pairs (left_id, right_id) that no blocking rule made.
        accept: match weight from which a pair is one person.
        never: left_id < right_id of pairs that are two people whatever they weigh; two groups that have one between
            them are two people too.
    """
    edges = engine.sql(
        "select left_id, right_id from {pairs} where match_weight >= $accept",
        params={"accept": accept},
        pairs=pairs,
        store=True,
    )
    labels = components(engine, edges)
    whole = engine.sql(_OPEN, labels=labels, edges=edges, store=True)
    weights = _weights(engine, whole, pairs, weigh, never)
    parted = engine.by_group(weights, functools.partial(_parted, accept=accept), _PARTED, by="label")
    cuts = engine.sql(
        "select left_id, right_id, match_weight, cast($misfit as varchar) as reason from {t} where part is null",
        params={"misfit": MISFIT},
        t=parted,
    )
    return Clusters(_members(engine, units, labels, parted), cuts)


# Components that lack an accepted pair between two of their records.
_OPEN = """
    with sizes as (
        select label, count(*) as records from {labels} group by label
    ),
    links as (
        select l.label, count(*) as links
        from {edges} as e
        join {labels} as l on l.node = e.left_id
        group by l.label
    )
    select l.node, l.label, s.records
    from {labels} as l
    join sizes as s on s.label = l.label
    join links as k on k.label = l.label
    where k.links < s.records * (s.records - 1) / 2
    """

_SCORED = """
    select l.label, p.left_id, p.right_id, p.match_weight
    from {pairs} as p
    join {whole} as l on l.node = p.left_id
    join {whole} as r on r.node = p.right_id and r.label = l.label
    """

_DENIED = """
    select l.label, n.left_id, n.right_id
    from {never} as n
    join {whole} as l on l.node = n.left_id
    join {whole} as r on r.node = n.right_id and r.label = l.label
    """

_OTHERS = """
    select a.node as left_id, b.node as right_id
    from {whole} as a
    join {whole} as b on b.label = a.label and b.node > a.node
    where a.records <= $most
      and not exists (select 1 from {scored} as s where s.left_id = a.node and s.right_id = b.node)
      and not exists (select 1 from {denied} as d where d.left_id = a.node and d.right_id = b.node)
    """


def _weights(engine: Engine, whole: Table, pairs: Table, weigh: Callable[[Table], Table], never: Table | None) -> Table:
    """label, left_id, right_id, match_weight of each pair of a component's records; NULL of two people."""
    scored = engine.sql(_SCORED, pairs=pairs, whole=whole, store=True)
    denied = engine.sql(_DENIED, never=never or no_pairs(engine), whole=whole, store=True)
    others = engine.sql(_OTHERS, params={"most": _MOST_RECORDS}, whole=whole, scored=scored, denied=denied, store=True)
    return engine.sql(
        """
        select label, left_id, right_id, match_weight from {scored}
        union all
        select l.label, w.left_id, w.right_id, w.match_weight from {w} as w join {whole} as l on l.node = w.left_id
        union all
        select label, left_id, right_id, cast(null as double) as match_weight from {denied}
        """,
        w=weigh(others),
        whole=whole,
        scored=scored,
        denied=denied,
    )


_PARTED = {"left_id": "bigint", "right_id": "bigint", "match_weight": "double", "part": "bigint"}


def _parted(weights: pa.Table, accept: float) -> pa.Table:
    """Of some components: records (left_id) with the smallest of their part, and accepted pairs whose records are not
    in one part (part NULL)."""
    found: list[tuple[int, int | None, float | None, int | None]] = []
    names = ("label", "left_id", "right_id", "match_weight")
    each = zip(*(weights[name].to_pylist() for name in names), strict=True)
    for _, rows in itertools.groupby(each, key=lambda row: row[0]):
        component = {(a, b): -math.inf if weight is None else weight for _, a, b, weight in rows}
        accepted = [(a, b, weight) for (a, b), weight in component.items() if weight >= accept]
        moved, cuts = part(accepted, _Misfit(component, accept))
        found += [(node, None, None, label) for node, label in moved.items()]
        found += [(min(cut.left, cut.right), max(cut.left, cut.right), cut.weight, None) for cut in cuts]
    columns = zip(*found, strict=True) if found else [()] * len(_PARTED)
    kinds = (pa.int64(), pa.int64(), pa.float64(), pa.int64())
    return pa.table({name: pa.array(held, kind) for name, held, kind in zip(_PARTED, columns, kinds, strict=True)})


@dataclass(frozen=True)
class _Misfit:
    """Whether two groups of records are kept apart by the pairs between them."""

    weights: Mapping[tuple[int, int], float]
    accept: float

    def __call__(self, one: Sequence[int], other: Sequence[int]) -> str | None:
        between = [self.weights.get((min(a, b), max(a, b)), -math.inf) for a in one for b in other]
        return MISFIT if sum(between) / len(between) < self.accept else None


def no_pairs(engine: Engine) -> Table:
    """left_id, right_id of nobody."""
    return empty(engine, {"left_id": "bigint", "right_id": "bigint"})


def _members(engine: Engine, units: Table, labels: Table, parted: Table) -> Table:
    return engine.sql(
        """
        select u.unit_id, coalesce(p.part, l.label, u.unit_id) as cluster_id
        from {units} as u
        left join {labels} as l on l.node = u.unit_id
        left join {parted} as p on p.left_id = u.unit_id and p.part is not null
        """,
        units=units,
        labels=labels,
        parted=parted,
        store=True,
    )
