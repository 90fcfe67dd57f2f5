"""A cluster of two persons is split at its weakest link, and removed_links has the
reason.
"""

import datetime
import random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.config import Step
from linkage.config.identifiers import IDENTIFIERS
from linkage.engine import Engine, connect
from linkage.engine import rows as engine_rows
from linkage.spine import (
    initial_membership,
    join_people,
    most_records,
    without_conflicts,
)
from linkage.spine.conflicts import NEVER

Entities = dict[int, tuple[str, dict[str, Any]]]
Links = list[tuple[int, int, float]]
BORN, OTHER = datetime.date(1993, 1, 2), datetime.date(1971, 5, 6)


def people_of(
    engine: Engine,
    entities: Entities,
    links: Links,
    limits: dict[str, int],
    method: str = "probabilistic",
    steps: str = "",
    never: tuple[tuple[int, int], ...] = (),
) -> tuple[list[set[int]], list[tuple[Any, ...]], int]:
    """People after steps that linked entities as they are, the cuts (left, right,
    rule), and the links left.

    Args:
        steps: of each link a letter; one step, s, made them all where it is empty.
        never: entities that are not one person, by decision.
    """
    columns: dict[str, Any] = {
        "entity_id": pa.array(list(entities), pa.int64()),
        "source": pa.array([source for source, _ in entities.values()]),
    }
    for name in IDENTIFIERS:
        kind = pa.list_(pa.date32() if name == "dob" else pa.string())
        columns[name] = pa.array(
            [values_of(values, name) for _, values in entities.values()], kind
        )
    entities = engine.from_arrow(pa.table(columns))
    link_rows = pa.table(
        {
            "step": list(steps) or ["s"] * len(links),
            "left_id": pa.array([link[0] for link in links], pa.int64()),
            "right_id": pa.array([link[1] for link in links], pa.int64()),
            "method": [method] * len(links),
            "match_weight": pa.array([link[2] for link in links], pa.float64()),
            "decision": ["accepted"] * len(links),
        }
    )
    table = engine.from_arrow(link_rows)
    members = engine.sql(
        """
        select step, side, entity_id as unit_id, entity_id
        from {e} cross join (values ('left'), ('right')) as t(side) cross
            join (values ('s'), ('t')) as of(step)
        """,
        e=entities,
        store=True,
    )
    membership = join_people(engine, initial_membership(engine, entities), table)
    ids = (
        pa.array([one for one, _ in never], pa.int64()),
        pa.array([other for _, other in never], pa.int64()),
    )
    decisions = (
        engine.from_arrow(pa.table({"one_id": ids[0], "other_id": ids[1]}))
        if never
        else None
    )
    result = without_conflicts(
        engine, entities, membership, table, members, most=limits, never=decisions
    )
    people: dict[int, set[int]] = {}
    for row in engine_rows(engine, result.membership):
        people.setdefault(row["unit_id"], set()).add(row["entity_id"])
    assert all(unit == min(records) for unit, records in people.items())
    cuts = [
        (row["left_entity"], row["right_entity"], row["rule"])
        for row in engine_rows(engine, result.removed_links)
    ]
    return sorted(people.values(), key=min), sorted(cuts), engine.count(result.links)


def values_of(values: dict[str, Any], name: str) -> list[Any]:
    value = values.get(name)
    return value if isinstance(value, list) else [] if value is None else [value]


def test_a_person_who_breaks_no_rule_is_unchanged(engine: Engine) -> None:
    entities: Entities = {
        1: ("npd", {"dob": BORN}),
        2: ("cis", {"dob": OTHER}),
        3: ("ilr", {"dob": BORN}),
    }
    assert people_of(engine, entities, [(1, 2, 5.0), (1, 3, 9.0)], {"npd": 1}) == (
        [{1, 2, 3}],
        [],
        2,
    )


TWO: Entities = {1: ("npd", {}), 2: ("ilr", {}), 3: ("ilr", {}), 4: ("npd", {})}


def test_two_records_of_a_source_with_one_each_are_separated_at_the_weakest_link(
    engine: Engine,
) -> None:
    chain: Links = [(1, 2, 9.0), (2, 3, 4.0), (4, 3, 8.0)]
    assert people_of(engine, TWO, chain, {"npd": 1}) == (
        [{1, 2}, {3, 4}],
        [(2, 3, "more than 1 of npd")],
        2,
    )
    assert people_of(engine, TWO, chain, {"npd": 2}) == ([{1, 2, 3, 4}], [], 3)


def test_the_last_digits_of_a_weight_decide_nothing(engine: Engine) -> None:
    """Engines add up weights in an order of their own."""
    even: Links = [(1, 2, 9.0), (2, 3, 9.0), (4, 3, 9.0)]
    uneven: Links = [(1, 2, 9.0 - 1e-12), (2, 3, 9.0), (4, 3, 9.0 + 1e-12)]
    assert people_of(engine, TWO, uneven, {"npd": 1}) == people_of(
        engine, TWO, even, {"npd": 1}
    )


def test_a_link_of_two_steps_is_removed_from_both(engine: Engine) -> None:
    chain: Links = [(1, 2, 9.0), (2, 3, 4.0), (2, 3, 3.0), (4, 3, 8.0)]
    link = (2, 3, "more than 1 of npd")
    assert people_of(engine, TWO, chain, {"npd": 1}, steps="sstt") == (
        [{1, 2}, {3, 4}],
        [link, link],
        2,
    )


def test_links_by_override_are_kept(engine: Engine) -> None:
    assert people_of(
        engine, TWO, [(1, 2, 1.0), (2, 4, 1.0)], {"npd": 1}, method="override"
    )[0] == [{1, 2, 4}, {3}]


def test_records_separated_by_override_are_not_joined_by_others(engine: Engine) -> None:
    chain: Links = [(1, 2, 9.0), (2, 3, 4.0), (3, 4, 8.0)]
    assert people_of(engine, TWO, chain, {}, never=((4, 1),)) == (
        [{1, 2}, {3, 4}],
        [(2, 3, NEVER)],
        2,
    )
    assert people_of(engine, TWO, chain, {}, never=((1, 9),)) == ([{1, 2, 3, 4}], [], 3)


def _four(first: dict[str, Any], second: dict[str, Any]) -> Entities:
    return {
        1: ("npd", first),
        2: ("ilr", first),
        3: ("hesa", second),
        4: ("cis", second),
    }


CHAIN: Links = [(1, 2, 9.0), (2, 3, 5.0), (3, 4, 9.0)]


@pytest.mark.parametrize(
    ("field", "values", "rule"),
    [("dob", (BORN, OTHER), "two birth dates"), ("sex", "FM", "two sexes")],
)
def test_two_values_with_two_records_each_are_two_people(
    field: str, values: Any, rule: str, engine: Engine
) -> None:
    entities = _four({field: values[0]}, {field: values[1]})
    assert people_of(engine, entities, CHAIN, {}) == (
        [{1, 2}, {3, 4}],
        [(2, 3, rule)],
        2,
    )


def test_records_that_share_a_number_are_one_person(engine: Engine) -> None:
    entities = _four({"dob": BORN, "nino": "N1"}, {"dob": OTHER, "nino": ["N2", "N1"]})
    assert people_of(engine, entities, CHAIN, {})[0] == [{1, 2, 3, 4}]


def test_a_value_of_one_record_alone_is_an_error(engine: Engine) -> None:
    entities = {
        **_four({"dob": BORN}, {"dob": OTHER}),
        4: ("cis", {"dob": [BORN, OTHER]}),
    }
    assert people_of(engine, entities, CHAIN, {})[1] == []


def test_a_link_to_people_stays_with_the_most_similar_record(engine: Engine) -> None:
    """Unit 1 is records 1 and 4, joined before; when they part, record 9 stays with 4,
    which has its surname.
    """
    entities: Entities = {
        1: ("npd", {"surname": "A"}),
        4: ("npd", {"surname": "B"}),
        9: ("cis", {"surname": "B"}),
    }
    links: Links = [(1, 4, 3.0), (1, 9, 8.0)]
    with connect("duckdb") as new_engine:
        assert people_of(new_engine, entities, links, {"npd": 1})[0] == [{1, 9}, {4}], (
            "units of one record each"
        )


def test_limits_are_those_of_the_steps() -> None:
    def step(name: str, left: str, right: str, cardinality: Any, **keys: Any) -> Step:
        return Step(name=name, left=left, right=right, cardinality=cardinality, **keys)

    steps = [
        step("a", "npd", "ilr", "one-to-many"),
        step("b", "people", "hesa", "one-to-many", most_right=3),
        step("c", "people", "cis", "one-to-one"),
    ]
    assert most_records(steps) == {"npd": 1, "hesa": 3, "cis": 1}
    assert (
        most_records([step("c", "people", "cis", "one-to-one", duplicates="join")])
        == {}
    )
    join_step = step("c", "people", "cis", "one-to-one", duplicates="join")
    assert most_records([*steps, join_step]) == {
        "npd": 2,
        "hesa": 6,
    }  # two people of one npd record each are joined
    assert most_records([*steps, step("d", "hesa", "npd", "many-to-many")]) == {
        "cis": 1
    }


@given(
    st.lists(st.sampled_from(["npd", "ilr", "cis"]), min_size=2, max_size=7),
    st.dictionaries(
        st.tuples(st.integers(1, 7), st.integers(1, 7)),
        st.integers(1, 9).map(float),
        max_size=10,
    ),
    st.integers(0, 9),
)
def test_nobody_has_more_than_a_limit_in_any_order(
    sources: list[str], weights: dict[tuple[int, int], float], seed: int
) -> None:
    entities: Entities = {n: (source, {}) for n, source in enumerate(sources, 1)}
    links = [(a, b, w) for (a, b), w in weights.items() if a < b <= len(sources)]
    random_order = list(links)
    random.Random(seed).shuffle(random_order)
    with connect("duckdb") as engine:
        people, cuts, number_left = people_of(
            engine, entities, links, {"npd": 1, "cis": 1}
        )
        result = people_of(engine, entities, random_order, {"npd": 1, "cis": 1})
    assert (people, cuts, number_left) == result
    assert number_left == len(links) - len(cuts)
    assert sorted(record for person in people for record in person) == list(entities), (
        "each record in one person"
    )
    for person in people:
        labels = [entities[record][0] for record in person]
        assert labels.count("npd") <= 1
        assert labels.count("cis") <= 1
