"""The last day of a run's data."""

import datetime

import pyarrow as pa
import pytest

from linkage.engine import Engine
from linkage.pipeline.stages.outputs import last_day


@pytest.mark.parametrize(
    ("table_columns", "expected"),
    [
        ({"hmrc_earnings": {"TaxYear": [201213, 201415]}}, datetime.date(2015, 4, 5)),
        (
            {
                "hmrc_earnings": {"TaxYear": pa.array([], pa.int64())},
                "dwp_benefits": {
                    "StartDate": [datetime.date(2012, 1, 1)],
                    "EndDate": [datetime.date(2013, 2, 3)],
                },
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
def test_the_last_day_is_taken_from_the_data(engine: Engine, table_columns, expected):
    tables = {
        name: engine.from_arrow(pa.table(columns))
        for name, columns in table_columns.items()
    }
    assert last_day(engine, tables) == expected


TODAY = datetime.date(2026, 4, 5)


@pytest.mark.both_engines
@pytest.mark.parametrize(
    "slip", [999_900, 209_900, 20_132_014, 201_441, 2_015, 0, -201_415, 202_627]
)
def test_a_slip_in_one_tax_return_does_not_move_the_last_day(engine: Engine, slip):
    returns = engine.from_arrow(
        pa.table({"TaxYear": pa.array([201_314, slip, None, 201_415], pa.int64())})
    )
    assert last_day(engine, {"hmrc_earnings": returns}, today=TODAY) == datetime.date(
        2015, 4, 5
    )


def test_the_current_tax_year_is_no_slip(engine: Engine):
    for year, today in (
        (202_526, TODAY),
        (202_627, TODAY + datetime.timedelta(days=1)),
    ):
        returns = engine.from_arrow(pa.table({"TaxYear": [202_425, year]}))
        assert last_day(
            engine, {"hmrc_earnings": returns}, today=today
        ) == datetime.date(year // 100 + 1, 4, 5)


def test_a_day_in_the_future_is_a_slip(engine: Engine):
    ends = [datetime.date(2015, 2, 3), datetime.date(2105, 2, 3)]
    days = {"StartDate": [datetime.date(2014, 1, 1)] * 2, "EndDate": ends}
    spells = {"dwp_benefits": engine.from_arrow(pa.table(days))}
    assert last_day(engine, spells, today=TODAY) == datetime.date(2015, 2, 3)
