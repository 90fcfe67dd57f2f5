"""The last day that a run's files can tell of."""

import datetime

import pyarrow as pa
import pytest

from linkage.engine import Engine
from linkage.pipeline.outputs import last_day


@pytest.mark.parametrize(
    ("tables_held", "expected"),
    [
        ({"hmrc_earnings": {"TaxYear": [201213, 201415]}}, datetime.date(2015, 4, 5)),
        (
            {
                "hmrc_earnings": {"TaxYear": pa.array([], pa.int64())},
                "dwp_benefits": {"StartDate": [datetime.date(2012, 1, 1)], "EndDate": [datetime.date(2013, 2, 3)]},
            },
            datetime.date(2013, 2, 3),
        ),
        (
            {
                "hmrc_employment": {
                    "StartDate": [datetime.date(2014, 1, 1), datetime.date(2013, 1, 1)],
                    "EndDate": [datetime.date(9999, 12, 31), None],
                }
            },
            datetime.date(2014, 1, 1),
        ),
        ({}, datetime.date(1, 1, 1)),
    ],
)
def test_the_last_day_is_taken_from_the_data(engine: Engine, tables_held, expected):
    given = {name: engine.from_arrow(pa.table(columns)) for name, columns in tables_held.items()}
    assert last_day(engine, given) == expected
