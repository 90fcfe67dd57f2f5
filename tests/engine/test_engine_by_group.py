"""Work in Python on rows that belong together: whole groups, whoever does it and in how
many batches.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, Table, batches, by_component

World = Callable[[str], Table]
Rows = Callable[[Table], list[tuple[Any, ...]]]
SUMS = {"unit_id": "bigint", "total": "bigint", "batch_rows": "bigint"}


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches so small that the rows of a test do not fit into one."""
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)


def _group_sums() -> Callable[[pa.Table], pa.Table]:
    def group_sums(rows: pa.Table) -> pa.Table:
        """The sum of each group, and in how many rows it came."""
        units, values = (
            np.array(rows[name].to_pylist()) for name in ("unit_id", "value")
        )
        sums = [
            (int(unit), int(values[units == unit].sum()), rows.num_rows)
            for unit in dict.fromkeys(units.tolist())
        ]
        return pa.table(
            {
                name: pa.array(column)
                for name, column in zip(SUMS, zip(*sums, strict=True), strict=True)
            }
        )

    # of a test's file workers know nothing: a function within a function goes to them
    # as it is
    return group_sums


WORLD = "unit_id | value\n1 | 1\n2 | 10\n1 | 2\n3 | 100\n2 | 20\n2 | 30"


@pytest.mark.both_engines
@pytest.mark.usefixtures("small_batches")
def test_a_group_comes_whole(engine: Engine, world: World, rows: Rows) -> None:
    sums = rows(
        engine.by_group(
            world(WORLD), _group_sums(), SUMS, by="unit_id", order=("value",)
        )
    )
    assert [row[:2] for row in sums] == [(1, 3), (2, 60), (3, 100)]
    size = max(row[2] for row in sums)
    assert size == 6 if engine.name == "duckdb" else size < 6, (
        "all at once on one machine, a few at a time by workers"
    )


@pytest.mark.both_engines
def test_few_rows_stay_on_the_driver(engine: Engine, world: World, rows: Rows) -> None:
    sums = rows(engine.by_group(world(WORLD), _group_sums(), SUMS, by="unit_id"))
    assert sums == [(1, 3, 6), (2, 60, 6), (3, 100, 6)]


@given(st.lists(st.integers(1, 5), max_size=30), st.integers(1, 4), st.integers(1, 9))
def test_pieces_hold_whole_groups_and_all_rows(
    groups: list[int], size: int, batch_rows: int
) -> None:
    values = sorted(groups)
    arrow_batches = pa.table({"g": pa.array(values, pa.int64())}).to_batches(size)
    pieces: list[list[int]] = []

    def note(rows: pa.Table) -> pa.Table:
        pieces.append(rows["g"].to_pylist())
        return rows

    results = batches.work_in_batches(
        arrow_batches, note, "g", pa.schema([("g", pa.int64())]), batch_rows
    )
    assert [
        value for batch in results for value in batch.column(0).to_pylist()
    ] == values
    assert sum(len(set(piece)) for piece in pieces) == len(set(groups)), (
        "no group is in two batches"
    )
    largest = max(map(values.count, values), default=0)
    assert all(len(piece) < batch_rows + size + largest for piece in pieces)


def _components() -> Callable[[pa.Table], pa.Table]:
    def smallest(rows: pa.Table) -> pa.Table:
        """Each pair with the smallest left unit that hangs together with it, as far as
        these rows show.
        """
        pairs = list(
            zip(rows["left_id"].to_pylist(), rows["right_id"].to_pylist(), strict=True)
        )
        names = {left: left for left, _ in pairs}
        for _ in pairs:
            for a, x in pairs:
                for b, y in pairs:
                    if x == y:
                        names[a] = names[b] = min(names[a], names[b])
        return pa.table(
            {
                "left_id": [a for a, _ in pairs],
                "right_id": [x for _, x in pairs],
                "first": [names[a] for a, _ in pairs],
            }
        )

    return smallest


@pytest.mark.both_engines
@pytest.mark.usefixtures("small_batches")
def test_pairs_that_hang_together_come_together(
    engine: Engine, world: World, rows: Rows
) -> None:
    """Units of the two sides bear the same numbers, and are not one for that."""
    pairs = world("left_id | right_id\n1 | 2\n3 | 2\n3 | 4\n5 | 4\n2 | 1\n4 | 3\n6 | 3")
    kinds = dict.fromkeys(("left_id", "right_id", "first"), "bigint")
    assert rows(by_component(engine, pairs, _components(), kinds)) == [
        *[(1, 2, 1), (2, 1, 2), (3, 2, 1), (3, 4, 1), (4, 3, 4), (5, 4, 1), (6, 3, 4)]
    ]
