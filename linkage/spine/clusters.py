"""Clusters of one file's records: components of accepted pairs, checked against the
pairs between their records.

A is like B, B is like C, and A and C are different people: so a component whose records
are not all accepted pairs of each other is checked. Its other pairs are scored too, and
two groups of records become one cluster only where the mean weight of the pairs between
them reaches the threshold (average linkage).
"""

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage.engine import Engine, Table, components
from linkage.spine.splitting import split

# of a component whose pairs are all scored; in a larger one pairs that no rule made
# speak against
_MOST_RECORDS = 300

MISFIT = "the groups that it would join do not fit"
JOINED = "joined by other links"
"""Reason of a pair below the threshold whose records are in one cluster."""

BY_OTHER_LINKS = "by other links"
"""The pass of a pair that no blocking rule made, or that is below the floor."""


@dataclass(frozen=True)
class Clusters:
    """The clusters of a file.

    Attributes:
        members: unit_id, cluster_id (the smallest unit of the cluster), of every unit.
        removed_links: left_id, right_id, match_weight, reason: accepted pairs whose
            records are in two clusters.
    """

    members: Table
    removed_links: Table


def cluster(
    engine: Engine,
    units: Table,
    links: Table,
    score: Callable[[Table], Table],
    *,
    accept: float,
) -> Clusters:
    """Cluster a file's records by accepted pairs.

    Args:
        units: unit_id.
        links: left_id < right_id, match_weight, decision of scored pairs; each once.
        score: adds match_weight to pairs (left_id, right_id) that no blocking rule
            made.
        accept: match weight from which two groups of records are one person.
    """
    edges = engine.sql(
        "select left_id, right_id from {links} where decision = 'accepted'",
        links=links,
        store=True,
    )
    labels = components(engine, edges)
    loose_labels = engine.sql(_CHECKED, labels=labels, edges=edges, store=True)
    weights = _weights(engine, loose_labels, links, score, accept)
    split_up = engine.by_group(
        weights, functools.partial(_split, accept=accept), _SPLIT, by="label"
    )
    removed_pairs = engine.sql(
        "select left_id, right_id, match_weight, cast($misfit as varchar) as reason "
        "from {t} where part is null",
        params={"misfit": MISFIT},
        t=split_up,
    )
    return Clusters(_members(engine, units, labels, split_up), removed_pairs)


def links_by_clusters(
    engine: Engine,
    links: Table,
    clusters: Clusters,
    score: Callable[[Table], Table],
    *,
    step: str,
    accept_probability: float,
) -> Table:
    """The links of a file, where pairs are accepted if their records are in one
    cluster: the columns of `links`; stored.

    Args:
        links: of the step, every scored pair of the file.
        score: adds pattern and match_weight to pairs (left_id, right_id) that no
            blocking rule made, or that are below the floor.
        step: name of the step.
        accept_probability: of the step.
    """
    others = engine.sql(
        _UNSCORED_OF_CLUSTERS, members=clusters.members, links=links, store=True
    )
    return engine.sql(
        _BY_CLUSTERS,
        params={"step": step, "accept": accept_probability},
        links=links,
        others=score(others),
        members=clusters.members,
        removed=clusters.removed_links,
        store=True,
    )


_UNSCORED_OF_CLUSTERS = """
    select a.unit_id as left_id, b.unit_id as right_id
    from {members} as a
    join {members} as b on b.cluster_id = a.cluster_id and b.unit_id > a.unit_id
    where not exists (
        select 1 from {links} as s
        where s.left_id = a.unit_id and s.right_id = b.unit_id
    )
    """

_BY_CLUSTERS = f"""
    with pairs as (
        select * from {{links}}
        union all
        select cast($step as varchar) as step, left_id, right_id,
               'probabilistic' as method, '{BY_OTHER_LINKS}' as pass, pattern,
               match_weight,
               1 / (1 + pow(cast(2 as double), -match_weight)) as match_probability,
               cast(null as double) as runner_up_weight,
               'rejected' as decision, cast(null as varchar) as reason
        from {{others}}
    ),
    compared as (
        select p.*, l.cluster_id = r.cluster_id as is_one_cluster,
               c.reason as removed_reason
        from pairs as p
        join {{members}} as l on l.unit_id = p.left_id
        join {{members}} as r on r.unit_id = p.right_id
        left join {{removed}} as c
            on c.left_id = p.left_id and c.right_id = p.right_id
    )
    select step, left_id, right_id, method, pass, pattern, match_weight,
           match_probability, runner_up_weight,
           case when is_one_cluster then 'accepted'
                when decision = 'accepted' then 'review'
                else decision end as decision,
           case when is_one_cluster and match_probability < $accept then '{JOINED}'
                when is_one_cluster then null
                else coalesce(removed_reason, reason) end as reason
    from compared
    """


# Components that lack an accepted pair between two of their records.
_CHECKED = """
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
    select l.label, p.left_id, p.right_id, p.match_weight,
           p.decision = 'accepted' as is_link
    from {links} as p
    join {checked} as l on l.node = p.left_id
    join {checked} as r on r.node = p.right_id and r.label = l.label
    """

_OTHERS = """
    select a.node as left_id, b.node as right_id
    from {checked} as a
    join {checked} as b on b.label = a.label and b.node > a.node
    where a.records <= $most
      and not exists (select 1 from {scored} as s where s.left_id = a.node
          and s.right_id = b.node)
    """


def _weights(
    engine: Engine,
    loose_labels: Table,
    links: Table,
    score: Callable[[Table], Table],
    accept: float,
) -> Table:
    """label, left_id, right_id, match_weight, is_link (accepted) of each pair of a
    component's records.
    """
    scored_pairs = engine.sql(_SCORED, links=links, checked=loose_labels, store=True)
    others = engine.sql(
        _OTHERS,
        params={"most": _MOST_RECORDS},
        checked=loose_labels,
        scored=scored_pairs,
        store=True,
    )
    return engine.sql(
        """
        select label, left_id, right_id, match_weight, is_link from {scored}
        union all
        select l.label, w.left_id, w.right_id, w.match_weight,
               w.match_weight >= $accept as is_link
        from {others} as w
        join {checked} as l on l.node = w.left_id
        """,
        params={"accept": accept},
        others=score(others),
        checked=loose_labels,
        scored=scored_pairs,
    )


_SPLIT = {
    "left_id": "bigint",
    "right_id": "bigint",
    "match_weight": "double",
    "part": "bigint",
}


def _split(weights: pa.Table, accept: float) -> pa.Table:
    """Of some components: records (left_id) with the smallest of their part, and
    accepted pairs whose records are in two parts (part NULL).
    """
    records: list[tuple[int, int | None, float | None, int | None]] = []
    names = ("label", "left_id", "right_id", "match_weight", "is_link")
    weight_rows = zip(*(weights[name].to_pylist() for name in names), strict=True)
    for _, rows in itertools.groupby(weight_rows, key=lambda row: row[0]):
        pairs = list(rows)
        component = {(a, b): weight for _, a, b, weight, _ in pairs}
        accepted_pairs = [(a, b, weight) for _, a, b, weight, link in pairs if link]
        labels, cuts = split(accepted_pairs, _Misfit(component, accept))
        records += [(node, None, None, label) for node, label in labels.items()]
        records += [
            (min(link.left, link.right), max(link.left, link.right), link.weight, None)
            for link in cuts
        ]
    columns = zip(*records, strict=True) if records else [()] * len(_SPLIT)
    kinds = (pa.int64(), pa.int64(), pa.float64(), pa.int64())
    return pa.table(
        {
            name: pa.array(values, kind)
            for name, values, kind in zip(_SPLIT, columns, kinds, strict=True)
        }
    )


@dataclass(frozen=True)
class _Misfit:
    """Whether two groups of records are kept apart by the pairs between them."""

    weights: Mapping[tuple[int, int], float]
    accept: float

    def __call__(self, one: Sequence[int], other: Sequence[int]) -> str | None:
        pair_weights = [
            self.weights.get((min(a, b), max(a, b)), -math.inf)
            for a in one
            for b in other
        ]
        return MISFIT if sum(pair_weights) / len(pair_weights) < self.accept else None


def _members(engine: Engine, units: Table, labels: Table, split_up: Table) -> Table:
    return engine.sql(
        """
        select u.unit_id, coalesce(p.part, l.label, u.unit_id) as cluster_id
        from {units} as u
        left join {labels} as l on l.node = u.unit_id
        left join {split_up} as p on p.left_id = u.unit_id and p.part is not null
        """,
        units=units,
        labels=labels,
        split_up=split_up,
        store=True,
    )
