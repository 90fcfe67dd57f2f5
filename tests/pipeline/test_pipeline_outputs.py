"""Inputs of the stages after linkage."""

from types import SimpleNamespace

import pytest

from linkage.config import Source, Step
from linkage.pipeline.stages.linking import brought_left
from linkage.pipeline.stages.outputs import _addresses, by_dataset


def _source(dataset: str) -> Source:
    return Source(dataset=dataset, table="t", files=("*.parquet",))


@pytest.mark.both_engines
def test_a_record_is_known_by_its_dataset_whatever_the_run_calls_its_source(
    engine, world, rows
):
    lookup = world(
        "AE_ID | source | entity_id\n1 | schools | 5\n1 | wages | 7\n2 | schools | 6"
    )
    dataset_lookup = by_dataset(
        engine, lookup, {"schools": _source("npd"), "wages": _source("cis")}
    )
    assert rows(dataset_lookup) == [(1, "cis", 7), (1, "npd", 5), (2, "npd", 6)]
    assert by_dataset(engine, lookup, {"npd": _source("npd")}) is lookup


@pytest.mark.both_engines
def test_addresses_are_those_of_every_source_of_tax_records(engine, world, rows):
    """Of two deliveries the second had no geography."""
    tables = {
        "entities/cis": world("entity_id | entity_key\n1 | N1"),
        "entities/cis_2": world("entity_id | entity_key\n2 | N1"),
        "records/cis": world(
            "entity_key | postcode | valid_from | valid_to:date\nN1 | AB1 2CD | "
            "2010-01-01 | -"
        ),
        "records/cis_2": world(
            "entity_key | postcode | valid_from | valid_to:date\nN1 | EF3 4GH | "
            "2011-01-01 | -"
        ),
    }
    addresses = _addresses(
        SimpleNamespace(engine=engine, table=tables.__getitem__), ["cis", "cis_2"]
    )
    assert [row[:2] for row in rows(addresses)] == [(1, "AB1 2CD"), (2, "EF3 4GH")]


def test_a_step_may_bring_its_left_side():
    schools = Step(name="schools", left="npd", right="ilr")
    for left, right, expected in (
        ("cis", "people", ["tax"]),
        ("people", "cis", []),
        ("cis", "ilr", ["tax"]),
    ):
        tax = Step(name="tax", left=left, right=right)
        config = SimpleNamespace(
            source=dict.fromkeys(["npd", "ilr", "cis"]), step=(schools, tax)
        )
        assert brought_left(config) == expected
