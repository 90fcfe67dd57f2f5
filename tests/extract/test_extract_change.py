"""An extract is compared with the last: changes over 5 % are listed, and a gate stops
larger ones.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.engine import Engine, Table
from linkage.errors import GateError
from linkage.extract import ExtractSummary, Project
from linkage.extract.change import changes, profile_of
from linkage.extract.formats import Written
from linkage.extract.layout import Field, Layout

LAYOUT = Layout(
    "t",
    "",
    "",
    (
        Field("AE_ID", "string", ""),
        Field("pay", "integer", ""),
        Field("sex", "string", ""),
    ),
)


def stats(
    engine: Engine, rows: int, *, filled: int, folder: Path
) -> dict[str, dict[str, Any]]:
    """Two rows a person; pay is filled in so many of them."""
    table = engine.sql(
        f"""
        with numbers as (select range as n from range({rows}))
        select 'p' || cast(n // 2 as varchar) as AE_ID, case when n < {filled} then 9
            end as pay, 'F' as sex from numbers
        """,
        params=None,
    )
    path = folder / f"{rows}-{filled}.parquet"
    return profile_of(engine, [Written(LAYOUT, path, engine.write(table, path))])


@pytest.mark.parametrize(
    ("rows", "filled", "expected"),
    [
        (100, 80, []),
        (104, 83, []),
        (110, 88, [("rows", None, 0.1), ("people", None, 0.1)]),
        (100, 70, [("filled", "pay", -0.1)]),
        (100, 18, [("filled", "pay", -0.8)]),  # nine people: counted as empty
        (100, 0, [("filled", "pay", -0.8)]),
        (0, 0, [("rows", None, -1.0), ("people", None, -1.0)]),
    ],
)
def test_changes_of_more_than_a_twentieth_are_listed(
    engine: Engine,
    tmp_path: Path,
    rows: int,
    filled: int,
    expected: list[tuple[str, str | None, float]],
) -> None:
    before = stats(engine, 100, filled=80, folder=tmp_path)
    assert before == {
        "t": {"rows": 100, "people": 50, "filled": {"pay": 0.8, "sex": 1.0}}
    }
    rows_changed = changes(
        before, stats(engine, rows, filled=filled, folder=tmp_path), last="last"
    ).summary["changes"]
    assert [
        (row["what"], row["column"], row["change"]) for row in rows_changed
    ] == expected


def test_added_and_removed_columns_are_named(engine: Engine, tmp_path: Path) -> None:
    before, after = (stats(engine, 100, filled=80, folder=tmp_path) for _ in range(2))
    after["t"]["filled"]["region"] = after["t"]["filled"].pop("sex")
    summary = changes(before, after, last="last").summary
    assert (summary["added"], summary["gone"]) == (["t.region"], ["t.sex"])


@pytest.fixture
def last(
    publish: Callable[..., ExtractSummary], make_project: Callable[..., Project]
) -> Path:
    return publish(make_project(), out="last").folder


@pytest.fixture
def tables(engine: Engine, run_tables: dict[str, Table]) -> dict[str, Table]:
    ks4 = engine.sql(
        "select * from {t} where entity_id <> 12", t=run_tables["attributes/npd_ks4"]
    )
    return {**run_tables, "attributes/npd_ks4": ks4}


def test_changes_are_in_the_metadata_and_the_guide(
    publish: Callable[..., ExtractSummary],
    make_project: Callable[..., Project],
    last: Path,
    tables: dict[str, Table],
) -> None:
    summary = publish(make_project(), tables=tables, last=last)
    assert summary.change is not None
    rows = [row for row in summary.change["changes"] if row["what"] == "rows"]
    assert rows == [
        {
            "table": "npd_ks4",
            "what": "rows",
            "column": None,
            "before": 3,
            "after": 2,
            "change": -0.3333,
        }
    ]
    assert (
        json.loads((summary.folder / "datapackage.json").read_text())["leo:change"]
        == summary.change
    )
    assert (
        "- npd_ks4: rows 3 before, 2 now (-33.3%)"
        in (summary.folder / "README.md").read_text()
    )


@pytest.mark.parametrize("gate", ["the run's", "the project's"])
def test_a_gate_withholds_an_extract_that_changed_too_much(
    publish: Callable[..., ExtractSummary],
    make_project: Callable[..., Project],
    last: Path,
    tables: dict[str, Table],
    gate: str,
) -> None:
    project = make_project(max_change=0.3 if gate == "the project's" else None)
    with pytest.raises(GateError, match="npd_ks4: rows 3 before, 2 now") as error:
        publish(
            project,
            tables=tables,
            last=last,
            max_change=0.3 if gate == "the run's" else None,
        )
    assert int(error.value.exit_code) == 3
    assert not (last.parent / "out").exists()
    assert publish(make_project(max_change=0.4), tables=tables, last=last).people == 3


def test_a_gate_stops_an_extract_without_a_former_table(
    publish: Callable[..., ExtractSummary],
    make_project: Callable[..., Project],
    last: Path,
) -> None:
    ks4 = [{"name": "npd.ks4", "years": "2011/12-2012/13", "variables": ["ACADYR"]}]
    summary = publish(make_project(table=ks4), last=last)
    assert summary.change is not None
    assert summary.change["gone"][0] == "leo_employment"
    assert all(name.startswith("npd_ks4.") for name in summary.change["gone"][1:])
    with pytest.raises(GateError, match="leo_employment: is no longer in it"):
        publish(make_project(table=ks4), last=last, max_change=0.9)
