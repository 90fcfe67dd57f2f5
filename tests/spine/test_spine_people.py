"""Joined entities become people, however long the chain between them."""

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, components, connect
from linkage.engine import rows as engine_rows
from linkage.spine import build, initial_membership, join_people


def test_units_that_a_link_joins_take_the_smallest_id(engine: Engine, world: Any, rows: Any) -> None:
    entities = world("""
        entity_id
        1
        2
        5
        6
    """)
    links = world("""
        left_id | right_id | decision
        1       | 5        | accepted
        2       | 6        | review
    """)
    joined = join_people(engine, initial_membership(engine, entities), links)
    assert rows(joined) == [(1, 1), (2, 2), (5, 1), (6, 6)]


def test_steps_build_on_each_other(engine: Engine, world: Any, rows: Any) -> None:
    entities = world("""
        entity_id
        1
        5
        9
    """)
    first = world("""
        left_id | right_id | decision
        5       | 9        | accepted
    """)
    second = world("""
        left_id | right_id | decision
        1       | 5        | accepted
    """)
    membership = join_people(engine, initial_membership(engine, entities), first)
    assert rows(join_people(engine, membership, second)) == [(1, 1), (5, 1), (9, 1)]


def test_the_spine_holds_people_and_how_each_record_came_to_them(engine: Engine, world: Any, rows: Any) -> None:
    entities = world("""
        entity_id | source | entity_key
        1         | npd    | P1
        2         | npd    | P2
        3         | cis    | N1
        4         | cis    | N2
    """)
    links = world("""
        step | left_id | right_id | method        | pass   | match_weight:float | match_probability:float | runner_up_weight:float | decision
        ec   | 2       | 4        | probabilistic | rule 1 | 12                 | 0.9998                  | 2                      | accepted
        ec   | 1       | 3        | probabilistic | rule 1 | 1                  | 0.6                     | -                      | review
    """)
    units = world("""
        step | side  | unit_id | entity_id
        ec   | left  | 1       | 1
        ec   | left  | 2       | 2
        ec   | right | 3       | 3
        ec   | right | 4       | 4
    """)
    membership = join_people(engine, initial_membership(engine, entities), links)
    made = build(
        engine, entities, membership, links, units, people_of=["npd"], edukey_sources=["cis"], pmr_sources=["npd"]
    )
    assert rows(made.spine) == rows(
        world("""
        person_id | entity_id | source | entity_key | link_method   | link_pass | link_band       | match_weight:float | match_probability:float | margin:float
        1         | 1         | npd    | P1         | -             | -         | first seen here | -                  | -                       | -
        2         | 2         | npd    | P2         | -             | -         | first seen here | -                  | -                       | -
        2         | 4         | cis    | N2         | probabilistic | rule 1    | strong          | 12                 | 0.9998                  | 10
    """)
    )
    assert rows(made.lookup_edukey) == [(2, "E0000000000002", 4)]
    assert rows(made.lookup_pmr) == [(1, "P1", 1), (2, "P2", 2)]


def test_every_source_of_tax_records_brings_its_people_their_key(engine: Engine, world: Any, rows: Any) -> None:
    """Of two deliveries of tax records the second had no EDUKEY: what it holds was in no table and no extract."""
    entities = world("""
        entity_id | source | entity_key
        1         | npd    | P1
        2         | cis    | N1
        3         | cis_2  | N1
    """)
    links = world("""
        step | left_id | right_id | method        | pass   | match_weight:float | match_probability:float | runner_up_weight:float | decision
        ec   | 1       | 2        | probabilistic | rule 1 | 12                 | 0.9998                  | 2                      | accepted
        ec   | 1       | 3        | probabilistic | rule 1 | 12                 | 0.9998                  | 2                      | accepted
    """)
    units = world("""
        step | side  | unit_id | entity_id
        ec   | left  | 1       | 1
        ec   | right | 2       | 2
        ec   | right | 3       | 3
    """)
    membership = join_people(engine, initial_membership(engine, entities), links)
    made = build(
        engine, entities, membership, links, units, people_of=["npd"], edukey_sources=["cis", "cis_2"], pmr_sources=[]
    )
    assert rows(made.lookup_edukey) == [(1, "E0000000000001", 2), (1, "E0000000000001", 3)]
    assert rows(made.lookup_pmr) == []


def test_what_a_step_brings_may_stand_on_its_left(engine: Engine, world: Any) -> None:
    """`left = "cis", right = "people"`: the tax record was first seen here, and the pupil's record said to be brought."""
    entities = world("""
        entity_id | source | entity_key
        1         | npd    | P1
        2         | ilr    | L1
        3         | cis    | N1
    """)
    links = world("""
        step    | left_id | right_id | method        | pass   | match_weight:float | match_probability:float | runner_up_weight:float | decision
        schools | 1       | 2        | deterministic | uln    | 20                 | 0.9999                  | -                      | accepted
        tax     | 3       | 1        | probabilistic | rule 1 | 4                  | 0.96                    | -                      | accepted
    """)
    units = world("""
        step    | side  | unit_id | entity_id
        schools | left  | 1       | 1
        schools | right | 2       | 2
        tax     | left  | 3       | 3
        tax     | right | 1       | 1
        tax     | right | 1       | 2
    """)
    membership = join_people(engine, initial_membership(engine, entities), links)
    made = build(
        engine,
        entities,
        membership,
        links,
        units,
        people_of=["npd"],
        edukey_sources=["cis"],
        pmr_sources=[],
        brought_left=["tax"],
    )
    found = {row["source"]: (row["link_pass"], row["match_probability"]) for row in engine_rows(engine, made.spine)}
    assert found == {"npd": (None, None), "ilr": ("uln", 0.9999), "cis": ("rule 1", 0.96)}


def test_of_two_links_that_weigh_the_same_the_lower_id_brought_it(engine: Engine, world: Any) -> None:
    """A last digit apart is the same: 0.1 + 0.2 is 0.3 only in another order."""
    entities = world("""
        entity_id | source | entity_key
        1         | npd    | P1
        2         | npd    | P2
        3         | cis    | N1
    """)
    links = world("""
        step | left_id | right_id | method        | pass   | match_weight:float  | match_probability:float | runner_up_weight:float | decision
        ec   | 2       | 3        | probabilistic | rule 2 | 0.30000000000000004 | 0.99                    | -                      | accepted
        ec   | 1       | 3        | probabilistic | rule 1 | 0.3                 | 0.99                    | -                      | accepted
    """)
    units = world("""
        step | side  | unit_id | entity_id
        ec   | left  | 1       | 1
        ec   | left  | 2       | 2
        ec   | right | 3       | 3
    """)
    membership = join_people(engine, initial_membership(engine, entities), links)
    made = build(
        engine, entities, membership, links, units, people_of=["npd"], edukey_sources=["cis"], pmr_sources=["npd"]
    )
    found = engine.sql("select link_pass from {s} where source = 'cis'", s=made.spine)
    assert engine.arrow(found)["link_pass"].to_pylist() == ["rule 1"]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=40))
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
        table = engine.from_arrow(pa.table({"left_id": [a for a, _ in edges], "right_id": [b for _, b in edges]}))
        found = {row["node"]: row["label"] for row in engine_rows(engine, components(engine, table))}
    assert found == {node: root(node) for node in parent}


def test_nodes_of_any_size_are_told_apart(engine: Engine, rows: Any) -> None:
    """Those of a chain come in no order."""
    drawn = np.random.default_rng(5)
    nodes = drawn.permutation(np.concatenate([np.arange(40) * (2**31 - 1), 2**62 + np.arange(40), np.arange(40) + 7]))
    chains = [np.sort(drawn.permutation(nodes)[:30])[drawn.permutation(30)] for _ in range(2)]
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
    """Twice as many more nodes are passed from round to round."""
    chain = pa.table({"left_id": list(range(1, 3_000)), "right_id": list(range(2, 3_001))})
    assert {label for _, label in rows(components(engine, engine.from_arrow(chain)))} == {1}
