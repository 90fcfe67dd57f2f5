"""An extract is held against the last: what changed by more than 5 % is listed, and more than a gate allows is withheld."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.engine import Engine, Table
from linkage.errors import GateError
from linkage.extract import ExtractSummary, Project
from linkage.extract.change import changes, profile
from linkage.extract.layout import Field, Layout

LAYOUT = Layout("t", "", "", (Field("AE_ID", "string", ""), Field("pay", "integer", ""), Field("sex", "string", "")))


def of(engine: Engine, rows: int, *, pay: int, filled: int) -> dict[str, dict[str, Any]]:
    table = engine.sql(
        f"""
        with numbers as (select range as n from range({rows}))
        select 'p' || cast(n // 2 as varchar) as AE_ID, case when n < {filled} then {pay} end as pay, 'F' as sex from numbers
        """,
        params=None,
    )
    return profile(engine, [(LAYOUT, table)])


def test_a_profile_counts_rows_people_and_means(engine: Engine) -> None:
    assert of(engine, 40, pay=10, filled=30) == {
        "t": {
            "rows": 40,
            "people": 20,
            "columns": {
                "pay": {"filled": 0.75, "few": False, "mean": 10.0},
                "sex": {"filled": 1.0, "few": False, "mean": None},
            },
        }
    }


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ({"rows": 100, "pay": 1000, "filled": 80}, []),
        ({"rows": 104, "pay": 1040, "filled": 83}, []),
        ({"rows": 110, "pay": 1000, "filled": 88}, [("rows", None, 0.1), ("people", None, 0.1)]),
        ({"rows": 100, "pay": 900, "filled": 80}, [("mean", "pay", -0.1)]),
        ({"rows": 100, "pay": 1000, "filled": 70}, [("filled", "pay", -0.1)]),
        ({"rows": 100, "pay": 9, "filled": 18}, [("filled", "pay", -0.8)]),  # nine people: their mean is not told
        ({"rows": 100, "pay": 9, "filled": 0}, [("filled", "pay", -0.8)]),
        ({"rows": 0, "pay": 9, "filled": 0}, [("rows", None, -1.0), ("people", None, -1.0)]),
    ],
)
def test_changes_of_more_than_a_twentieth_are_listed(
    engine: Engine, now: dict[str, int], found: list[tuple[str, str | None, float]]
) -> None:
    before = of(engine, 100, pay=1000, filled=80)
    told = changes(before, of(engine, now["rows"], pay=now["pay"], filled=now["filled"]), last="last").summary
    assert [(row["what"], row["column"], row["change"]) for row in told["changes"]] == found


def test_what_few_fill_in_both_is_not_compared(engine: Engine) -> None:
    few, others = of(engine, 100, pay=10, filled=18), of(engine, 100, pay=9000, filled=2)
    assert changes(few, others, last="last").summary["changes"] == []
    assert few["t"]["columns"]["pay"] == {"filled": 0.0, "few": True, "mean": None}


def test_columns_that_came_and_went_are_named(engine: Engine) -> None:
    before, after = of(engine, 100, pay=10, filled=80), of(engine, 100, pay=10, filled=80)
    after["t"]["columns"]["region"] = after["t"]["columns"].pop("sex")
    told = changes(before, after, last="last").summary
    assert (told["added"], told["gone"]) == (["t.region"], ["t.sex"])


@pytest.fixture
def last(publish: Callable[..., ExtractSummary], make_project: Callable[..., Project]) -> Path:
    return publish(make_project(), out="last").folder


@pytest.fixture
def fewer(engine: Engine, run_tables: dict[str, Table]) -> dict[str, Table]:
    ks4 = engine.sql("select * from {t} where entity_id <> 12", t=run_tables["attributes/npd_ks4"])
    return {**run_tables, "attributes/npd_ks4": ks4}


def test_what_changed_is_in_the_metadata_and_the_guide(
    publish: Callable[..., ExtractSummary], make_project: Callable[..., Project], last: Path, fewer: dict[str, Table]
) -> None:
    summary = publish(make_project(), tables=fewer, last=last)
    assert summary.change is not None
    rows = [row for row in summary.change["changes"] if row["what"] == "rows"]
    assert rows == [
        {"table": "npd_ks4", "what": "rows", "column": None, "before": 3, "after": 2, "change": -0.3333},
    ]
    assert json.loads((summary.folder / "datapackage.json").read_text())["leo:change"] == summary.change
    assert "- npd_ks4: rows 3 before, 2 now (-33.3%)" in (summary.folder / "README.md").read_text()


@pytest.mark.parametrize("gate", ["the run's", "the project's"])
def test_a_gate_withholds_an_extract_that_changed_too_much(
    publish: Callable[..., ExtractSummary],
    make_project: Callable[..., Project],
    last: Path,
    fewer: dict[str, Table],
    gate: str,
) -> None:
    project = make_project(max_change=0.3 if gate == "the project's" else None)
    with pytest.raises(GateError, match="npd_ks4: rows 3 before, 2 now") as refused:
        publish(project, tables=fewer, last=last, max_change=0.3 if gate == "the run's" else None)
    assert int(refused.value.exit_code) == 3
    assert not (last.parent / "out").exists()
    assert publish(make_project(max_change=0.4), tables=fewer, last=last).people == 3


def test_a_table_that_is_gone_stops_a_gate(
    publish: Callable[..., ExtractSummary], make_project: Callable[..., Project], last: Path
) -> None:
    ks4 = [{"name": "npd.ks4", "years": "2011/12-2012/13", "variables": ["ACADYR"]}]
    summary = publish(make_project(table=ks4), last=last)
    assert summary.change is not None
    assert summary.change["gone"][0] == "leo_employment"
    assert all(name.startswith("npd_ks4.") for name in summary.change["gone"][1:])
    with pytest.raises(GateError, match="leo_employment: is no longer in it"):
        publish(make_project(table=ks4), last=last, max_change=0.9)
