"""Reasons to refuse a project: every fault at once, each with its place and its
remedy.
"""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkage.catalogue import Catalogue, Variable, shipped
from linkage.catalogue.holdings import holdings, names_a_person
from linkage.catalogue.years import Years
from linkage.config.resources import config_file
from linkage.engine import Engine
from linkage.errors import ConfigError
from linkage.extract import MasterKey, Project, check_project, extract
from linkage.requests.approved import approved_project

TODAY = datetime.date(2026, 6, 1)


def refusal(project: Project, catalogue: Catalogue) -> str:
    with pytest.raises(ConfigError) as error:
        check_project(project, catalogue, today=TODAY)
    return str(error.value)


def test_an_approved_project_passes(
    make_project: Callable[..., Project], catalogue: Catalogue
) -> None:
    check_project(make_project(), catalogue, today=TODAY)
    project = approved_project(
        config_file("projects/graduate-earnings.toml"), shipped(), today=TODAY
    )
    check_project(project, shipped(), today=TODAY)


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (
            {"name": "npd.ks5", "variables": ["A"]},
            "no table 'npd.ks5'; nearest: npd.ks4",
        ),
        ({"variables": ["Grad"]}, "no variable 'Grad'; nearest: Grade"),
        ({"variables": ["UPN"]}, "npd.ks4.UPN: its identifiability is 1"),
        ({"variables": ["Birth"]}, "npd.ks4.Birth: its identifiability is 2"),
        ({"variables": ["PMR"]}, "npd.ks4.PMR: it is an identifier"),
        (
            {"name": "leo.employment", "variables": ["EDUKEY"]},
            "leo.employment.EDUKEY: it is a number of a person",
        ),
        (
            {"variables": ["Late"]},
            "npd.ks4.Late: not held in 2011/12-2012/13; it is held in 2014/15",
        ),
        ({"variables": ["Grade", "Grade"]}, "npd.ks4.Grade: named twice"),
        (
            {"years": "2009/10-2012/13"},
            "not all of 2009/10-2012/13 is held; it is held in 2010/11-2014/15",
        ),
        (
            {"only": {"column": "Phase", "values": ["1"]}},
            "npd.ks4: no variable 'Phase' to choose rows by",
        ),
        ({"years": None}, "npd.ks4: years are missing"),
    ],
)
def test_a_table_that_may_not_be_shared(
    make_project: Callable[..., Project],
    catalogue: Catalogue,
    table: dict[str, object],
    fault: str,
) -> None:
    entry = {
        "name": "npd.ks4",
        "years": "2011/12-2012/13",
        "variables": ["Grade"],
        **table,
    }
    assert fault in refusal(make_project(table=[entry]), catalogue)


@pytest.mark.parametrize(
    ("decision", "fault"),
    [
        (None, "decision: there is none"),
        (
            {"reference": "D", "date": "2025-01-01", "expires": "2026-05-31"},
            "ended on 2026-05-31",
        ),
        (
            {"reference": "D", "date": "2026-06-02", "expires": "2027-01-01"},
            "in the future",
        ),
        (
            {"reference": "D", "date": "2026-01-01", "expires": "2025-01-01"},
            "before the decision itself",
        ),
    ],
)
def test_nothing_leaves_without_a_decision_in_force(
    make_project: Callable[..., Project],
    catalogue: Catalogue,
    decision: object,
    fault: str,
) -> None:
    assert fault in refusal(make_project(decision=decision), catalogue)


def test_all_faults_are_in_one_error(
    make_project: Callable[..., Project], catalogue: Catalogue
) -> None:
    project = make_project(
        decision=None,
        population={
            "sources": ["ndp"],
            "cohort": [{"table": "leo.employment", "years": "2012/13"}],
        },
        table=[
            {"name": "npd.ks4", "years": "2011/12", "variables": ["UPN", "Grad"]},
            {"name": "npd.ks4", "years": "2011/12", "variables": ["Grade"]},
        ],
    )
    message = refusal(project, catalogue)
    assert message.startswith("project 'study': 6 faults\n")
    for part in (
        "decision",
        "no source 'ndp'; nearest: npd",
        "no year to choose",
        "named twice",
        "UPN",
        "Grad",
    ):
        assert part in message


@pytest.mark.parametrize("text", ["2012/14", "2012", "2013/14-2012/13", "201213", ""])
def test_a_wrong_range_of_years(text: str) -> None:
    with pytest.raises(ValueError):
        Years.parse(text)


def test_every_derived_table_and_column_keeps_to_the_approved_years(
    engine: Engine, key: MasterKey, make_project: Callable[..., Project], tmp_path: Path
) -> None:
    """Each table that a run makes, with rows of 2000/01 to 2020/21: what leaves has
    2013/14 and 2014/15 and no more.
    """
    leo_tables = [
        h
        for h in holdings(shipped()).values()
        if h.dataset == "leo" and not h.name.startswith("leo.lookup")
    ]
    cohorts = {
        "npd.ks4": "ACADYR",
        "hesa.qualifications": "AcademicYear",
        "ilr.aims": "Year",
    }
    tables = {
        "lookup_ae_id": engine.sql(
            "select '1' as AE_ID, 'npd' as source, 11 as entity_id"
        ),
        "lookup_edukey": engine.sql(
            "select '1' as AE_ID, 'K1' as EDUKEY, 11 as entity_id"
        ),
    }
    for name, year in cohorts.items():
        table = holdings(shipped())[name].run_table
        tables[table] = engine.sql(f'select 11 as entity_id, 201314 as "{year}"')
    for holding in leo_tables:
        columns = ", ".join(
            f'{_value(v)} as "{v.name}"' for v in holding.definition.variable
        )
        types = (
            "(values ('ks4'), ('graduation'), ('fe')) as t(type)"
            if holding.name == "leo.outcomes"
            else "range(1)"
        )
        tables[holding.run_table] = engine.sql(
            f"select {columns} from range(2000, 2021) as r(y), {types}"
        )
    requests: list[dict[str, Any]] = [
        {"name": name, "variables": [year], "years": "2013/14-2014/15"}
        for name, year in cohorts.items()
    ]
    for holding in leo_tables:
        variables = [
            v.name for v in holding.definition.variable if not names_a_person(v)
        ]
        yearly = (
            {"years": "2013/14-2014/15"}
            if holding.year_columns or holding.spell_columns
            else {}
        )
        requests.append({"name": holding.name, "variables": variables, **yearly})
    project = make_project(table=requests, link_metadata=False, formats=["parquet"])
    summary = extract(
        engine,
        project,
        shipped(),
        tables,
        key,
        tmp_path / "out",
        run_info={},
        today=TODAY,
    )
    span = Years.parse("2013/14-2014/15")
    of_years = set()
    for path in sorted((summary.folder / "parquet").glob("leo_*.parquet")):
        for name, column in pq.read_table(path).to_pydict().items():
            years = {v for v in column if type(v) is int and v > 190_000}
            days = {v for v in column if isinstance(v, datetime.date)}
            assert years <= {201314, 201415}, f"{path.stem}.{name}"
            assert all(span.first_day <= day <= span.last_day for day in days), (
                f"{path.stem}.{name}"
            )
            of_years |= {f"{path.stem}.{name}"} if years or days else set()
    date_columns = {
        f"{h.file_name}.{v.name}"
        for h in leo_tables
        for v in h.definition.variable
        if v.concept == "time"
    }
    assert of_years == date_columns - {
        "leo_outcomes.years_after",
        "leo_outcomes.academic_year",
    }, "these are of no year"


def _value(variable: Variable) -> str:
    """SQL of a value of a column in year y: a cohort begins in the year before the one
    that is measured.
    """
    if variable.name in ("AE_ID", "EDUKEY"):
        return {"AE_ID": "'1'", "EDUKEY": "'K1'"}[variable.name]
    if variable.type == "date":
        return (
            f"make_date(cast(y + {0 if 'start' in variable.name.lower() else 2} as "
            "integer), 3, 1)"
        )
    if variable.name == "cohort_type":
        return "type"
    if variable.name in ("years_after", "academic_year") or variable.concept != "time":
        values = {"integer": "1", "number": "1.0", "boolean": "true", "string": "null"}
        return f"cast({values[variable.type] if variable.name != 'academic_year' else 'null'} as {SQL[variable.type]})"
    year = "y - 1" if variable.name == "cohort_year" else "y"
    return f"cast(({year}) * 100 + ({year} + 1) % 100 as integer)"


SQL = {
    "integer": "integer",
    "number": "double",
    "boolean": "boolean",
    "string": "varchar",
}
