"""Connected components of graphs that may be larger than one machine, and work in Python on each as a whole."""

from collections.abc import Mapping, Sequence

from linkage.engine import pieces
from linkage.engine.base import Engine, Table, quote
from linkage.engine.pieces import Work
from linkage.errors import LeoError

_MOST_ROUNDS = 60  # a component's labels travel twice as far each round; 2^60 is longer than any chain
_LABELS = {"node": "bigint", "label": "bigint"}
_BOTH = {"a": "bigint", "b": "bigint"}


def components(engine: Engine, edges: Table) -> Table:
    """Connected components of a graph, by set-based label propagation.

    Args:
        edges: left_id, right_id.

    Returns:
        node, label: the smallest node of its component.
    """
    both = engine.sql(
        """
        select left_id as a, right_id as b from {edges}
        union
        select right_id as a, left_id as b from {edges}
        """,
        edges=edges,
        store=_BOTH,
    )
    labels = engine.sql("select a as node, least(a, min(b)) as label from {both} group by a", both=both, store=_LABELS)
    for _ in range(_MOST_ROUNDS):
        nearer = engine.sql(_NEARER, labels=labels, both=both, store=_LABELS)
        # A label that points at a node takes that node's label: distances halve each round.
        following = engine.sql(_JUMP, labels=nearer, store=_LABELS)
        changed = engine.sql(_CHANGED, before=labels, after=following)
        moved = engine.count(changed)
        engine.drop(labels, nearer)
        labels = following
        if not moved:
            engine.drop(both)
            return labels
    raise LeoError(
        "the links form a chain too long to follow\n  raise the acceptance threshold; see the summary of the step"
    )


_NEARER = """
    with heard as (
        select e.a as node, min(l.label) as label
        from {both} as e
        join {labels} as l on l.node = e.b
        group by e.a
    )
    select l.node, least(l.label, h.label) as label
    from {labels} as l
    join heard as h using (node)
    """

_JUMP = """
    select l.node, least(l.label, pointed.label) as label
    from {labels} as l
    join {labels} as pointed on pointed.node = l.label
    """

_CHANGED = """
    select a.node
    from {after} as a
    join {before} as b using (node)
    where a.label <> b.label
    """


def by_component(
    engine: Engine, pairs: Table, work: Work, kinds: Mapping[str, str], *, ends: Sequence[str] = ("left_id", "right_id")
) -> Table:
    """What a function in Python makes of pairs, those that hang together all before it at once.

    Args:
        pairs: left_id, right_id and what `work` reads of them.
        work: as of `Engine.by_group`; the pairs come in the order of left_id, right_id.
        kinds: columns of what it makes to their types, as DuckDB names them.
        ends: the columns of the units of either side by which pairs hang together; of one side alone, where those of
            the other hold many.
    """
    order = ("left_id", "right_id")
    if len(ends) == 1 or not engine.cuts:
        return engine.by_group(pairs, work, kinds, by=ends[0], order=order)
    pairs = engine.sql("select * from {pairs}", pairs=pairs, store=True)
    if engine.count(pairs) <= pieces.AT_ONCE:
        found = engine.by_group(pairs, work, kinds, by=ends[0], order=order)
        engine.drop(pairs)
        return found
    left, right = (f"{quote(end)} * 2" for end in ends)  # units of the two sides bear the same numbers
    edges = engine.sql(f"select {left} as left_id, {right} + 1 as right_id from {{pairs}}", pairs=pairs, store=_EDGES)
    labels = components(engine, edges)
    labelled = engine.sql(
        f"select p.*, l.label from {{pairs}} as p join {{labels}} as l on l.node = {left}", pairs=pairs, labels=labels
    )
    found = engine.by_group(labelled, work, kinds, by="label", order=order)
    engine.drop(pairs, edges, labels)
    return found


_EDGES = {"left_id": "bigint", "right_id": "bigint"}
