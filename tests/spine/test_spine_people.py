"""Joined entities become people, however long the chain between them."""

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, components, connect
from linkage.engine import rows as engine_rows
from linkage.spine import Spine, build, initial_membership, join_people


def test_units_joined_by_a_link_get_the_smallest_id_step_by_step(
    engine: Engine, world: Any, rows: Any
) -> None:
    membership = initial_membership(engine, world("entity_id\n1\n2\n5\n6\n9"))
    links = "left_id | right_id | decision\n5 | 9 | accepted\n2 | 6 | review"
    membership = join_people(engine, membership, world(links))
    assert rows(membership) == [(1, 1), (2, 2), (5, 5), (6, 6), (9, 5)]
    membership = join_people(
        engine, membership, world("left_id | right_id | decision\n1 | 5 | accepted")
    )
    assert rows(membership) == [(1, 1), (2, 2), (5, 1), (6, 6), (9, 1)]


LINK = (
    "step | left_id | right_id | method | pass | match_weight:float | "
    "match_probability:float | runner_up_weight:float | decision"
)


def spine_of(
    engine: Engine,
    world: Any,
    entities: str,
    links: str,
    units: str = "",
    *,
    people_of: str = "npd",
    **options: Any,
) -> Spine:
    """The spine of entities ("npd P1, cis N1", numbered from 1), and of links in lines
    of the columns LINK.

    Args:
        units: "step side unit entity" of units that hold another entity than the one of
            their number.
    """
    names = [entity.split() for entity in entities.split(",")]
    table = world(
        "\n".join(
            [
                "entity_id | source | entity_key",
                *(f"{n} | {s} | {k}" for n, (s, k) in enumerate(names, 1)),
            ]
        )
    )
    pairs = world(f"{LINK}\n{links}")
    ids = {
        (row["step"], side, row[f"{side}_id"])
        for row in engine_rows(engine, pairs)
        for side in ("left", "right")
    }
    lines = [f"{step} | {side} | {unit} | {unit}" for step, side, unit in sorted(ids)]
    lines += [" | ".join(line.split()) for line in units.splitlines()]
    return build(
        engine,
        table,
        join_people(engine, initial_membership(engine, table), pairs),
        pairs,
        world("\n".join(["step | side | unit_id | entity_id", *lines])),
        people_of=[people_of],
        **{"edukey_sources": ["cis"], "pmr_sources": ["npd"], **options},
    )


def test_the_spine_has_people_and_the_link_of_each_record(
    engine: Engine, world: Any, rows: Any
) -> None:
    links = """
        ec | 2 | 4 | probabilistic | rule 1 | 12 | 0.9998 | 2 | accepted
        ec | 1 | 3 | probabilistic | rule 1 | 1  | 0.6    | - | review
    """
    spine = spine_of(engine, world, "npd P1, npd P2, cis N1, cis N2", links)
    first, unlinked = "first seen here", (None, None)
    assert rows(spine.spine) == [
        (1, 1, "npd", "P1", *unlinked, first, None, None, None),
        (2, 2, "npd", "P2", *unlinked, first, None, None, None),
        (2, 4, "cis", "N2", "probabilistic", "rule 1", "strong", 12.0, 0.9998, 10.0),
    ]
    assert rows(spine.lookup_edukey) == [(2, "E0000000000002", 4)]
    assert rows(spine.lookup_pmr) == [(1, "P1", 1), (2, "P2", 2)]


def test_every_source_of_tax_records_gives_its_people_a_key(
    engine: Engine, world: Any, rows: Any
) -> None:
    """Of two deliveries of tax records the second had no EDUKEY: its data were in no
    table and no extract.
    """
    links = """
        ec | 1 | 2 | probabilistic | rule 1 | 12 | 0.9998 | 2 | accepted
        ec | 1 | 3 | probabilistic | rule 1 | 12 | 0.9998 | 2 | accepted
    """
    sources = {"edukey_sources": ["cis", "cis_2"], "pmr_sources": []}
    spine = spine_of(engine, world, "npd P1, cis N1, cis_2 N1", links, **sources)
    assert rows(spine.lookup_edukey) == [
        (1, "E0000000000001", 2),
        (1, "E0000000000001", 3),
    ]
    assert rows(spine.lookup_pmr) == []


def test_the_new_records_of_a_step_may_be_its_left_side(
    engine: Engine, world: Any
) -> None:
    """`left = "cis", right = "people"`: the tax record was "first seen here", the
    pupil's record the new one.
    """
    links = """
        schools | 1 | 2 | deterministic | uln    | 20 | 0.9999 | - | accepted
        tax     | 3 | 1 | probabilistic | rule 1 | 4  | 0.96   | - | accepted
    """
    spine = spine_of(
        engine,
        world,
        "npd P1, ilr L1, cis N1",
        links,
        "tax right 1 2",
        pmr_sources=[],
        brought_left=["tax"],
    )
    links_of = {
        row["source"]: (row["link_pass"], row["match_probability"])
        for row in engine_rows(engine, spine.spine)
    }
    assert links_of == {
        "npd": (None, None),
        "ilr": ("uln", 0.9999),
        "cis": ("rule 1", 0.96),
    }


def test_of_two_links_of_one_weight_the_lower_id_is_used(
    engine: Engine, world: Any
) -> None:
    """Weights that differ in the last digit are equal: 0.1 + 0.2 is 0.3 only in another
    order.
    """
    links = """
        ec | 2 | 3 | probabilistic | rule 2 | 0.30000000000000004 | 0.99 | - | accepted
        ec | 1 | 3 | probabilistic | rule 1 | 0.3                 | 0.99 | - | accepted
    """
    spine = spine_of(engine, world, "npd P1, npd P2, cis N1", links)
    assert {
        row["source"]: row["link_pass"] for row in engine_rows(engine, spine.spine)
    } == {
        "npd": None,
        "cis": "rule 1",
    }


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=40)
)
def test_components_are_those_of_a_union_find(edges: list[tuple[int, int]]) -> None:
    parent = {node: node for edge in edges for node in edge}

    def root(node: int) -> int:
        while parent[node] != node:
            node = parent[node]
        return node

    for a, b in edges:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    with connect("duckdb", threads=1) as engine:
        table = engine.from_arrow(
            pa.table(
                {"left_id": [a for a, _ in edges], "right_id": [b for _, b in edges]}
            )
        )
        labels = {
            row["node"]: row["label"]
            for row in engine_rows(engine, components(engine, table))
        }
    assert labels == {node: root(node) for node in parent}


def test_components_of_nodes_of_any_size(engine: Engine, rows: Any) -> None:
    """The nodes of a chain are in no order."""
    rng = np.random.default_rng(5)
    nodes = rng.permutation(
        np.concatenate(
            [np.arange(40) * (2**31 - 1), 2**62 + np.arange(40), np.arange(40) + 7]
        )
    )
    chains = [
        np.sort(rng.permutation(nodes)[:30])[rng.permutation(30)] for _ in range(2)
    ]
    chains[1] = np.setdiff1d(chains[1], chains[0])
    table = pa.table(
        {
            "left_id": np.concatenate([chain[:-1] for chain in chains]),
            "right_id": np.concatenate([chain[1:] for chain in chains]),
        }
    )
    expected = {(int(node), int(chain.min())) for chain in chains for node in chain}
    assert set(rows(components(engine, engine.from_arrow(table)))) == expected


def test_a_long_chain_is_one_person(engine: Engine, rows: Any) -> None:
    """In each round a label passes twice as many nodes."""
    chain = pa.table(
        {"left_id": list(range(1, 3_000)), "right_id": list(range(2, 3_001))}
    )
    assert {
        label for _, label in rows(components(engine, engine.from_arrow(chain)))
    } == {1}
