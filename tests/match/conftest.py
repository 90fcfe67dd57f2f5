"""Entities of small sources, as linkage.records makes them."""

import datetime
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from linkage.config.identifiers import IDENTIFIERS
from linkage.engine import Engine, Table

Spell = tuple[Any, ...]  # a value and the date it was seen, or the first and the last


@pytest.fixture
def entities(engine: Engine) -> Callable[..., Table]:
    """A table of entities; each entity names its values, newest first, as (value, date)
    or (value, first, last).
    """

    def build(source: str, entities: dict[int, dict[str, list[Spell]]]) -> Table:
        date_lists = pa.list_(pa.date32())
        arrays: dict[str, Any] = {
            "entity_id": pa.array(list(entities), pa.int64()),
            "source": pa.array([source] * len(entities)),
            "entity_key": pa.array([f"{source}-{entity}" for entity in entities]),
            "records": pa.array([1] * len(entities), pa.int32()),
        }
        for field in IDENTIFIERS:
            histories = [history.get(field, []) for history in entities.values()]
            first, last = (
                [[_day(spell[place]) for spell in values] for values in histories]
                for place in (1, -1)
            )
            kind = pa.date32() if field == "dob" else pa.string()
            values = [
                [_day(spell[0]) if field == "dob" else spell[0] for spell in values]
                for values in histories
            ]
            arrays |= {
                field: pa.array(values, pa.list_(kind)),
                f"{field}_first": pa.array(first, date_lists),
                f"{field}_last": pa.array(last, date_lists),
            }
        return engine.from_arrow(pa.table(arrays))

    return build


@pytest.fixture
def identifier_records(engine: Engine) -> Callable[..., Table]:
    """A table of identifier_records: what stood together on one row of an entity."""

    def build(rows: list[dict[str, Any]]) -> Table:
        columns: dict[str, Any] = {
            "entity_id": pa.array([row["entity_id"] for row in rows], pa.int64())
        }
        for field in IDENTIFIERS:
            values = [row.get(field) for row in rows]
            if field == "dob":
                columns[field] = pa.array(
                    [_day(value) for value in values], pa.date32()
                )
            else:
                columns[field] = pa.array(values, pa.string())
        return engine.from_arrow(pa.table(columns))

    return build


def _day(text: str | None) -> datetime.date | None:
    return None if text is None else datetime.date.fromisoformat(text)
