"""Text to dates in declared formats."""

import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine
from linkage.errors import ConfigError
from linkage.records.dates import is_no_date_text, parsed

FORMATS = [
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%Y%m%d",
    "%d%m%Y",
    "%d-%b-%Y",
    "%d %B %Y",
    "%m/%d/%Y",
]


def read(engine: Engine, texts: list[str], *formats: str) -> list[datetime.date | None]:
    table = engine.from_arrow(
        pa.table({"n": range(len(texts)), "t": pa.array(texts, pa.string())})
    )
    days = engine.arrow(
        engine.sql(f"select n, {parsed('t', formats)} as day from {{t}}", t=table)
    ).to_pylist()
    engine.drop(table)
    return [row["day"] for row in sorted(days, key=lambda row: row["n"])]


@given(
    st.lists(st.dates(datetime.date(1000, 1, 1)), min_size=1, max_size=20),
    st.sampled_from(FORMATS),
)
def test_a_date_comes_back_from_its_text(quick_engine, days, pattern):
    assert read(quick_engine, [day.strftime(pattern) for day in days], pattern) == days


@given(st.lists(st.text(max_size=12), max_size=20), st.sampled_from(FORMATS))
def test_other_text_gives_no_date_and_no_error(quick_engine, texts, pattern):
    texts = [text.replace("\0", "") for text in texts]
    for text, day in zip(texts, read(quick_engine, texts, pattern), strict=True):
        if day is not None:
            assert str(day.day) in text


def test_days_that_are_in_no_calendar(engine):
    assert read(
        engine, ["2001-02-29", "2001-13-01", "2001-00-10", "2000-02-29"], "%Y-%m-%d"
    ) == [*(None, None, None, datetime.date(2000, 2, 29))]


def test_time_of_day_and_short_forms(engine):
    day = datetime.date(2001, 4, 3)
    assert (
        read(
            engine,
            ["2001-04-03 00:00:00", "2001-04-03T10:00:00.000Z", "2001-4-3"],
            "%Y-%m-%d",
        )
        == [day] * 3
    )
    assert read(engine, ["3/4/2001 10:15"], "%d/%m/%Y %H:%M") == [day]
    assert read(engine, ["03-APR-01", "3-apr-01"], "%d-%b-%y") == [day] * 2
    assert read(engine, ["03-XXX-2001", "03-ANF-2001"], "%d-%b-%Y") == [None, None]


def test_format_without_a_year_is_refused():
    with pytest.raises(ConfigError, match="'%d/%m' does not give a year"):
        parsed("t", ["%d/%m"])


def test_texts_that_stand_for_no_date(engine):
    table = engine.from_arrow(pa.table({"t": ["00/00/0000", "unknown", "1/1/2000"]}))
    others = engine.sql(f"select t from {{t}} where {is_no_date_text('t')}", t=table)
    assert sorted(engine.arrow(others)["t"].to_pylist()) == ["00/00/0000", "unknown"]


@pytest.mark.both_engines
def test_a_date_in_the_year_0000_is_missing(engine):
    texts = ["01/01/0000", "1/2/0001", "03/04/0987", "05/06/1000"]
    assert read(engine, texts, "%d/%m/%Y") == [
        *(
            None,
            datetime.date(1, 2, 1),
            datetime.date(987, 4, 3),
            datetime.date(1000, 6, 5),
        )
    ]
    assert read(
        engine, ["00000101", "0000-01-01 00:00:00", "0001-01-01"], "%Y%m%d", "%Y-%m-%d"
    ) == [*(None, None, datetime.date(1, 1, 1))]
