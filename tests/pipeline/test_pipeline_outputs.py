"""What the stages after the links are given."""

import pytest

from linkage.config import Source
from linkage.pipeline.outputs import by_dataset


def _source(dataset: str) -> Source:
    return Source(dataset=dataset, table="t", files=("*.parquet",))


@pytest.mark.both_engines
def test_a_record_is_known_by_its_dataset_whatever_the_run_calls_its_source(engine, world, rows):
    lookup = world("AE_ID | source | entity_id\n1 | schools | 5\n1 | wages | 7\n2 | schools | 6")
    told = by_dataset(engine, lookup, {"schools": _source("npd"), "wages": _source("cis")})
    assert rows(told) == [(1, "cis", 7), (1, "npd", 5), (2, "npd", 6)]
    assert by_dataset(engine, lookup, {"npd": _source("npd")}) is lookup
