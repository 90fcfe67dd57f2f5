"""People keep their ids from release to release; the concordance has the exceptions."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.spine.releases import Release, number_people


def as_sets(engine: Engine, table: Any) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in engine_rows(engine, table)}


def table_of(engine: Engine, number: str, groups: dict[int, str]) -> Table:
    """A table of `number`, source, entity_key from the number of a person or unit to
    its entities: "npd:A cis:B".
    """
    rows = [
        (n, *entity.split(":"))
        for n, entities in groups.items()
        for entity in entities.split()
    ]
    numbers, sources, keys = zip(*rows, strict=True)
    return engine.from_arrow(
        pa.table(
            {
                number: pa.array(numbers, pa.int64()),
                "source": sources,
                "entity_key": keys,
            }
        )
    )


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("before", "last", "after", "preference", "ids", "concordance"),
    [
        pytest.param(
            {
                1: "npd:stays cis:stays",
                2: "npd:meets-3",
                3: "npd:joined cis:joined",
                4: "npd:x ilr:x cis:x",
                5: "npd:gone",
            },
            7,
            {
                10: "npd:stays cis:stays",
                20: "npd:meets-3 npd:joined cis:joined",
                30: "cis:x",
                40: "npd:x ilr:x",
                50: "npd:n",
            },
            ["npd"],
            {(10, 1), (20, 3), (40, 4), (30, 8), (50, 9)},
            {
                *(
                    (1, 1, "kept"),
                    (2, 3, "merged"),
                    (3, 3, "kept"),
                    (4, 4, "kept"),
                    (4, 8, "split"),
                ),
                *((5, None, "retired"), (None, 9, "new")),
            },
            id="every change",
        ),
        pytest.param(
            {1: "cis:A npd:B"},
            1,
            {3: "cis:A", 9: "npd:B"},
            ["npd", "cis"],
            {(9, 1), (3, 2)},
            {(1, 1, "kept"), (1, 2, "split")},
            id="a tie goes to the source that makes people",
        ),
        # the second row of the next delivery is another person than the second row of
        # this one
        pytest.param(
            {1: "npd:#1", 2: "npd:#2 cis:A"},
            2,
            {5: "npd:#1", 6: "npd:#2", 7: "npd:#3 cis:A"},
            ["npd"],
            {(5, 3), (6, 4), (7, 2)},
            {(1, None, "retired"), (None, 3, "new"), (None, 4, "new"), (2, 2, "kept")},
            id="an entity without a key is not recognised",
        ),
        pytest.param(  # person 2 was the last of an earlier release, and has gone
            {1: "npd:A"},
            2,
            {1: "npd:A", 2: "npd:C"},
            [],
            {(1, 1), (2, 3)},
            {(1, 1, "kept"), (None, 3, "new")},
            id="an id that was given up is not given again",
        ),
        pytest.param(
            None,
            0,
            {7: "npd:B", 2: "npd:A cis:A"},
            [],
            {(2, 1), (7, 2)},
            {(None, 1, "new"), (None, 2, "new")},
            id="a first release numbers people in the order of their units",
        ),
    ],
)
def test_person_ids_and_concordance(
    engine: Engine,
    before: Any,
    last: int,
    after: Any,
    preference: list[str],
    ids: Any,
    concordance: Any,
) -> None:
    release = Release(table_of(engine, "person_id", before), last) if before else None
    numbering = number_people(
        engine, table_of(engine, "unit_id", after), release, preference=preference
    )
    assert as_sets(engine, numbering.ids) == ids
    assert as_sets(engine, numbering.concordance) == concordance
    assert numbering.last_person_id == max(last, *(person for _, person in ids))


Partition = st.lists(st.integers(0, 5), min_size=1, max_size=12)


def people(partition: list[int]) -> pa.Table:
    """Entity e0, e1, ... each in the unit that the partition names."""
    keys = [f"e{number}" for number in range(len(partition))]
    return pa.table(
        {
            "unit_id": pa.array(partition, pa.int64()),
            "source": ["npd"] * len(keys),
            "entity_key": keys,
        },
        schema=pa.schema(
            [
                ("unit_id", pa.int64()),
                ("source", pa.string()),
                ("entity_key", pa.string()),
            ]
        ),
    )


def released_spine(partition: list[int], ids: dict[int, int]) -> pa.Table:
    """The spine of a release of `people(partition)`."""
    table = people(partition).drop_columns("unit_id")
    return table.append_column(
        "person_id", pa.array([ids[unit] for unit in partition], pa.int64())
    )


@given(old=Partition, new=Partition, is_reversed=st.booleans())
def test_ids_are_unique_old_or_new_and_independent_of_order(
    duckdb_engine: Engine, old: list[int], new: list[int], is_reversed: bool
) -> None:
    engine = duckdb_engine
    first = number_people(engine, engine.from_arrow(people(old)))
    ids = dict(as_sets(engine, first.ids))
    before = Release(engine.from_arrow(released_spine(old, ids)), first.last_person_id)
    repeat = number_people(engine, engine.from_arrow(people(old)), before)
    assert dict(as_sets(engine, repeat.ids)) == ids
    assert {row[2] for row in as_sets(engine, repeat.concordance)} == {"kept"}, (
        "nothing new changes nothing"
    )
    shuffled = people(new).take(list(range(len(new)))[:: -1 if is_reversed else 1])
    second = number_people(engine, engine.from_arrow(shuffled), before)
    numbers = dict(as_sets(engine, second.ids))
    assert set(numbers) == set(new)
    assert len(set(numbers.values())) == len(numbers)
    last = first.last_person_id
    new_ids = {person for person in numbers.values() if person > last}
    assert new_ids == set(range(last + 1, last + 1 + len(new_ids)))
    pairs = as_sets(engine, second.concordance)
    assert {row[0] for row in pairs} - {None} == set(ids.values())
    assert {row[1] for row in pairs} - {None} == set(numbers.values())
