"""People keep their ids from release to release; the concordance says where they did not."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, connect
from linkage.engine import rows as engine_rows
from linkage.spine.releases import Release, number_people


def as_sets(engine: Engine, table: Any) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in engine_rows(engine, table)}


@pytest.mark.both_engines
def test_every_change_has_a_name(engine: Engine, world: Any) -> None:
    before = world("""
        person_id | source | entity_key
        1         | npd    | stays
        1         | cis    | stays
        2         | npd    | meets-three
        3         | npd    | joined-by-two
        3         | cis    | joined-by-two
        4         | npd    | parts
        4         | ilr    | parts
        4         | cis    | parts
        5         | npd    | withdrawn
    """)
    now = world("""
        unit_id | source | entity_key
        10      | npd    | stays
        10      | cis    | stays
        20      | npd    | meets-three
        20      | npd    | joined-by-two
        20      | cis    | joined-by-two
        30      | cis    | parts
        40      | npd    | parts
        40      | ilr    | parts
        50      | npd    | newcomer
    """)
    made = number_people(engine, now, Release(before, last_person_id=7), preference=["npd"])
    assert as_sets(engine, made.ids) == {(10, 1), (20, 3), (40, 4), (30, 8), (50, 9)}
    assert as_sets(engine, made.concordance) == {
        (1, 1, "kept"),
        (2, 3, "merged"),
        (3, 3, "kept"),
        (4, 4, "kept"),
        (4, 8, "split"),
        (5, None, "retired"),
        (None, 9, "new"),
    }
    assert made.last_person_id == 9


@pytest.mark.both_engines
def test_a_tie_goes_by_the_source_that_makes_people(engine: Engine, world: Any) -> None:
    before = world("""
        person_id | source | entity_key
        1         | cis    | A
        1         | npd    | B
    """)
    now = world("""
        unit_id | source | entity_key
        3       | cis    | A
        9       | npd    | B
    """)
    made = number_people(engine, now, Release(before, last_person_id=1), preference=["npd", "cis"])
    assert as_sets(engine, made.ids) == {(9, 1), (3, 2)}


@pytest.mark.both_engines
def test_who_has_no_key_is_known_again_by_none(engine: Engine, world: Any) -> None:
    """The second row of the next delivery is another person than the second row of this one."""
    before = world("""
        person_id | source | entity_key
        1         | npd    | #1
        2         | npd    | #2
        2         | cis    | A
    """)
    now = world("""
        unit_id | source | entity_key
        5       | npd    | #1
        6       | npd    | #2
        7       | npd    | #3
        7       | cis    | A
    """)
    made = number_people(engine, now, Release(before, last_person_id=2), preference=["npd"])
    assert as_sets(engine, made.ids) == {(5, 3), (6, 4), (7, 2)}
    assert as_sets(engine, made.concordance) == {
        (1, None, "retired"),
        (None, 3, "new"),
        (None, 4, "new"),
        (2, 2, "kept"),
    }


def test_a_first_release_numbers_people_in_the_order_of_their_units(engine: Engine, world: Any) -> None:
    now = world("""
        unit_id | source | entity_key
        7       | npd    | B
        2       | npd    | A
        2       | cis    | A
    """)
    made = number_people(engine, now)
    assert as_sets(engine, made.ids) == {(2, 1), (7, 2)}
    assert as_sets(engine, made.concordance) == {(None, 1, "new"), (None, 2, "new")}


def test_an_id_that_was_given_up_is_never_given_again(engine: Engine, world: Any) -> None:
    """Person 2 was the last; when they are gone, the next newcomer is 3, even two releases later."""
    first = number_people(
        engine,
        world("""
        unit_id | source | entity_key
        1       | npd    | A
        2       | npd    | B
    """),
    )
    only_a = world("""
        unit_id | source | entity_key
        1       | npd    | A
    """)
    spine = world("""
        person_id | source | entity_key
        1         | npd    | A
        2         | npd    | B
    """)
    second = number_people(engine, only_a, Release(spine, first.last_person_id))
    later = world("""
        unit_id | source | entity_key
        1       | npd    | A
        2       | npd    | C
    """)
    spine_of_second = world("""
        person_id | source | entity_key
        1         | npd    | A
    """)
    third = number_people(engine, later, Release(spine_of_second, second.last_person_id))
    assert as_sets(engine, third.ids) == {(1, 1), (2, 3)}


Partition = st.lists(st.integers(0, 5), min_size=1, max_size=12)


def people(partition: list[int]) -> pa.Table:
    """Entity e0, e1, ... each in the unit that the partition names."""
    keys = [f"e{number}" for number in range(len(partition))]
    return pa.table(
        {"unit_id": pa.array(partition, pa.int64()), "source": ["npd"] * len(keys), "entity_key": keys},
        schema=pa.schema([("unit_id", pa.int64()), ("source", pa.string()), ("entity_key", pa.string())]),
    )


@given(old=Partition, new=Partition, turned=st.booleans())
def test_ids_are_one_to_a_unit_old_or_never_given_and_independent_of_order(
    duckdb_engine: Engine, old: list[int], new: list[int], turned: bool
) -> None:
    engine = duckdb_engine
    first = number_people(engine, engine.from_arrow(people(old)))
    ids = dict(as_sets(engine, first.ids))
    spine = people(old)
    spine = spine.drop_columns("unit_id").append_column("person_id", pa.array([ids[unit] for unit in old], pa.int64()))
    now = people(new)
    given_now = now.take(list(range(len(new)))[::-1]) if turned else now
    second = number_people(
        engine, engine.from_arrow(given_now), Release(engine.from_arrow(spine), first.last_person_id)
    )
    found = dict(as_sets(engine, second.ids))
    assert set(found) == set(new)
    assert len(set(found.values())) == len(found)
    fresh = {person for person in found.values() if person > first.last_person_id}
    assert fresh == set(range(first.last_person_id + 1, first.last_person_id + 1 + len(fresh)))
    named_old = {row[0] for row in as_sets(engine, second.concordance)} - {None}
    named_new = {row[1] for row in as_sets(engine, second.concordance)} - {None}
    assert named_old == set(ids.values())
    assert named_new == set(found.values())


@given(partition=Partition)
def test_a_release_with_nothing_new_changes_nothing(partition: list[int]) -> None:
    with connect("duckdb", threads=1) as engine:
        first = number_people(engine, engine.from_arrow(people(partition)))
        ids = dict(as_sets(engine, first.ids))
        spine = people(partition).drop_columns("unit_id")
        spine = spine.append_column("person_id", pa.array([ids[unit] for unit in partition], pa.int64()))
        again = number_people(
            engine, engine.from_arrow(people(partition)), Release(engine.from_arrow(spine), first.last_person_id)
        )
        assert dict(as_sets(engine, again.ids)) == ids
        assert {row[2] for row in as_sets(engine, again.concordance)} == {"kept"}
