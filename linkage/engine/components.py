"""Connected components of graphs that may be larger than one machine, and work in
Python on each as a whole.
"""

from collections.abc import Mapping, Sequence

from linkage.engine import batches
from linkage.engine.base import Engine, Table, quote
from linkage.engine.batches import Work

_EDGES = {"left_id": "bigint", "right_id": "bigint"}
_LABELS = {"node": "bigint", "label": "bigint"}


def components(engine: Engine, edges: Table) -> Table:
    """Connected components of a graph, by contraction.

    Each round every node goes over to the smallest of its neighbours, where this is
    smaller than itself, and edges between nodes that went over to different ones are
    all that is left. From round to round it goes further the same way, twice as far
    each time, so that chains are short work: a graph whose nodes all reach the end of
    their way loses half of them at least. Of pairs and of neighbours of one smallest
    node nothing is left after one round.

    Args:
        edges: left_id, right_id.

    Returns:
        node, label: the smallest node of its component, which never goes anywhere.
    """
    rounds, open_edges = list[Table](), edges
    while not rounds or engine.count(open_edges):
        nearest = engine.sql(_NEAREST, edges=open_edges, store=_LABELS)
        for _ in rounds:
            nearest = _through(engine, nearest, nearest)
        next_edges = engine.sql(_LEFT, edges=open_edges, nearest=nearest, store=_EDGES)
        if rounds:
            engine.drop(open_edges)
        rounds.append(nearest)
        open_edges = next_edges
    engine.drop(open_edges)
    labels = rounds.pop()
    while rounds:
        labels = _through(engine, rounds.pop(), labels)
    return labels


_NEAREST = """
    with ends as (
        select left_id as node, right_id as other from {edges}
        union all
        select right_id as node, left_id as other from {edges}
    )
    select node, least(node, min(other)) as label from ends group by node
    """

_LEFT = """
    select distinct least(a.label, b.label) as left_id,
        greatest(a.label, b.label) as right_id
    from {edges} as e
    join {nearest} as a on a.node = e.left_id
    join {nearest} as b on b.node = e.right_id
    where a.label <> b.label
    """


def _through(engine: Engine, nearest: Table, labels: Table) -> Table:
    """For each node the label of the node that it moved to, or that node itself where
    it has no label.
    """
    end_labels = engine.sql(
        """
        select n.node, coalesce(l.label, n.label) as label
        from {nearest} as n
        left join {labels} as l on l.node = n.label
        """,
        nearest=nearest,
        labels=labels,
        store=_LABELS,
    )
    engine.drop(*dict.fromkeys((nearest, labels)))
    return end_labels


def by_component(
    engine: Engine,
    pairs: Table,
    work: Work,
    kinds: Mapping[str, str],
    *,
    ends: Sequence[str] = ("left_id", "right_id"),
) -> Table:
    """The output of a Python function over pairs; connected pairs are passed to it
    together.

    Args:
        pairs: left_id, right_id and what `work` reads of them.
        work: as of `Engine.by_group`; the pairs come in the order of left_id, right_id.
        kinds: columns of its output to their types, as DuckDB names them.
        ends: the columns of the units that connect pairs; of one side only, where units
            of the other may have many links.
    """
    order = ("left_id", "right_id")
    if len(ends) == 1 or not engine.is_distributed:
        return engine.by_group(pairs, work, kinds, by=ends[0], order=order)
    pairs = engine.sql("select * from {pairs}", pairs=pairs, store=True)
    if engine.count(pairs) <= batches.BATCH_ROWS:
        output = engine.by_group(pairs, work, kinds, by=ends[0], order=order)
        engine.drop(pairs)
        return output
    left, right = (
        f"{quote(end)} * 2" for end in ends
    )  # units of the two sides bear the same numbers
    edges = engine.sql(
        f"select {left} as left_id, {right} + 1 as right_id from {{pairs}}",
        pairs=pairs,
        store=_EDGES,
    )
    labels = components(engine, edges)
    labelled_pairs = engine.sql(
        f"select p.*, l.label from {{pairs}} as p join {{labels}} as l on l.node = "
        f"{left}",
        pairs=pairs,
        labels=labels,
    )
    output = engine.by_group(labelled_pairs, work, kinds, by="label", order=order)
    engine.drop(pairs, edges, labels)
    return output
