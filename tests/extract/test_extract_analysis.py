"""Analysis-ready tables: exact rows of a small world, and nothing in them that was not
approved.
"""

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkage.catalogue import shipped
from linkage.engine import Engine, Table
from linkage.errors import ConfigError
from linkage.extract import ExtractSummary, MasterKey, Project, extract
from linkage.extract.verify import verify

TODAY = datetime.date(2026, 6, 1)
ALL = ["person", "person_year", "person_month"]
TABLES: list[dict[str, Any]] = [
    {"name": "leo.person", "variables": ["in_cis", "ks4_year"]},
    {"name": "npd.ks4", "years": "2005/06-2008/09", "variables": ["ACADYR", "LEVEL2"]},
    {
        "name": "hesa.students",
        "years": "2011/12-2012/13",
        "variables": ["AcademicYear", "COMDATE", "ENDDATE"],
    },
    {
        "name": "leo.employment",
        "years": "2012/13-2013/14",
        "variables": ["StartDate", "EndDate"],
    },
    {
        "name": "leo.earnings",
        "years": "2012/13-2013/14",
        "variables": ["TaxYear", "Earnings", "Main_Section"],
    },
    {
        "name": "leo.self_assessment",
        "years": "2013/14",
        "variables": ["TaxYear", "EARNINGS_SELF_EMPLOYMENT"],
    },
    {
        "name": "leo.outcomes",
        "years": "2012/13-2020/21",
        "variables": [
            *(
                "definition",
                "cohort_type",
                "cohort_year",
                "years_after",
                "tax_year",
                "academic_year",
                "earnings",
            )
        ],
    },
]


@pytest.fixture
def tables(engine: Engine, world: Callable[[str], Table]) -> dict[str, Table]:
    """Person 1 studies, works under two keys and for herself; person 2 has a school
    record and nothing more.
    """
    return {
        "lookup_ae_id": world("""
            AE_ID | source | entity_id
            1     | npd    | 11
            1     | hesa   | 21
            1     | cis    | 31
            1     | cis    | 32
            2     | npd    | 12
        """),
        "lookup_edukey": world("""
            AE_ID | EDUKEY | entity_id
            1     | K1     | 31
            1     | K2     | 32
        """),
        "person": engine.sql(
            "select AE_ID, EDUKEY, in_cis = 1 as in_cis, ks4_year from {people}",
            people=world("""
                AE_ID | EDUKEY | in_cis | ks4_year
                1     | K1     | 1      | 200607
                2     | -      | 0      | 200708
            """),
        ),
        "attributes/npd_ks4": world("""
            entity_id | ACADYR | LEVEL2
            11        | 200607 | 0
            11        | 200708 | 1
            12        | 200708 | 0
        """),
        "attributes/hesa_students": world("""
            entity_id | AcademicYear | COMDATE    | ENDDATE
            21        | 201112       | 2011-10-01 | -
            21        | 201213       | 2011-10-01 | 2012-11-15
        """),
        "employment": world("""
            EDUKEY | StartDate  | EndDate
            K1     | 2012-11-20 | 2013-04-10
            K2     | 2013-04-01 | 2013-04-20
            K2     | 2014-03-01 | 2014-03-31
        """),
        "earnings": world("""
            EDUKEY | TaxYear | Earnings | Main_Section
            K1     | 201213  | 9000     | A
            K2     | 201213  | 500      | B
            K1     | 201314  | 300      | C
        """),
        "self_assessment": world("""
            EDUKEY | TaxYear | EARNINGS_SELF_EMPLOYMENT
            K1     | 201213  | 50
        """),
        "outcomes": world("""
            AE_ID | EDUKEY | definition | cohort_type | cohort_year | years_after | tax_year | academic_year:int | earnings
            1     | K1     | graduate   | graduation  | 201112      | 1           | 201314   | -                 | 300
            1     | K1     | graduate   | graduation  | 201112      | 3           | 201516   | -                 | 700
            2     | -      | ks4        | ks4         | 200708      | 5           | 201314   | -                 | 0
        """),
    }


@pytest.fixture
def give(
    engine: Engine,
    tables: dict[str, Table],
    key: MasterKey,
    make_project: Callable[..., Project],
    tmp_path: Path,
) -> Callable[..., ExtractSummary]:
    def make(**changes: Any) -> ExtractSummary:
        project = make_project(
            **{"link_metadata": False, "analysis": ALL, "table": TABLES, **changes}
        )
        return extract(
            engine,
            project,
            shipped(),
            tables,
            key,
            tmp_path / "out",
            run_info={},
            today=TODAY,
        )

    return make


@pytest.fixture
def rows(key: MasterKey) -> Callable[..., list[tuple[Any, ...]]]:
    """A table's rows with the people's numbers in the place of their pseudonyms, and
    its columns first.
    """
    number = {
        key.project("study", "a university", "").pseudonym("AE_ID", person): int(person)
        for person in ("1", "2")
    }

    def read(summary: ExtractSummary, table: str) -> list[tuple[Any, ...]]:
        table_read = pq.read_table(summary.folder / "parquet" / f"{table}.parquet")
        values = [
            tuple(number.get(value, value) for value in row.values())
            for row in table_read.to_pylist()
        ]
        return [tuple(table_read.column_names), *sorted(values)]

    return read


Give, Rows = Callable[..., ExtractSummary], Callable[..., list[tuple[Any, ...]]]


def test_person(give: Give, rows: Rows) -> None:
    assert rows(give(), "analysis_person") == [
        ("AE_ID", "in_cis", "ks4_year", "ks4_ACADYR", "ks4_LEVEL2"),
        (1, True, 200607, 200708, 1),
        (2, False, 200708, 200708, 0),
    ]


KS4 = {"variables": ["ACADYR"], "name": "npd.ks4"}


@pytest.mark.parametrize(
    ("tables_asked", "cohorts", "years", "coverage"),
    [
        (
            [{**KS4, "years": "2006/07"}],
            ["2006/07", "2007/08"],
            (200607, None),
            " Empty outside 2006/07,",
        ),
        ([{**KS4, "years": "2005/06"}], [], (None, None), " Empty outside 2005/06,"),
        (
            [
                {**KS4, "years": "2005/06", "part": "one"},
                {**KS4, "years": "2007/08", "part": "two"},
            ],
            [],
            (None, 200708),
            " Empty outside 2005/06, 2007/08,",
        ),
        ([], ["2006/07"], (200607,), " Empty outside 2006/07,"),
        ([], [], (200607, 200708), ""),
    ],
)
def test_a_year_of_a_person_is_within_the_approved_years(
    give: Give,
    rows: Rows,
    tables_asked: list[dict[str, Any]],
    cohorts: list[str],
    years: tuple[int | None, ...],
    coverage: str,
) -> None:
    """ks4_year had years for which the project had not been approved."""
    person = {"name": "leo.person", "variables": ["ks4_year"]}
    population = {"cohort": [{"table": "npd.ks4", "years": span} for span in cohorts]}
    summary = give(
        table=[person, *tables_asked], population=population, analysis=["person"]
    )
    for table in ("leo_person", "analysis_person"):
        header, *body = rows(summary, table)
        assert [row[header.index("ks4_year")] for row in body] == list(years)
    package = json.loads((summary.folder / "datapackage.json").read_text())
    resource = next(
        span
        for span in package["resources"]
        if span["path"] == "parquet/leo_person.parquet"
    )
    description = next(
        span["description"]
        for span in resource["leo:schema"]["fields"]
        if span["name"] == "ks4_year"
    )
    assert description.partition(" Empty")[2].partition(" the years")[
        0
    ] == coverage.removeprefix(" Empty")


def test_person_by_tax_year(give: Give, rows: Rows) -> None:
    """Study counts from September 2011 but the panel begins with the first tax year
    that is approved: April 2012.
    """
    assert rows(give(), "analysis_person_year") == [
        (
            *(
                "AE_ID",
                "tax_year",
                "tax_or_benefit_record",
                "earnings",
                "self_employment_profit",
                "main_section",
            ),
            *(
                "study_months",
                "employment_months",
                "employment_days",
                "self_employment_months",
            ),
        ),
        # Study April to July and September to November; work from 20 November to 5
        # April, each day once.
        (1, 201213, True, 9500, None, "A", 7, 5, 137, None),
        # Work from 6 to 20 April under two keys, and in March.
        (1, 201314, True, 300, 0, "C", None, 2, 46, 0),
        (2, 201213, False, 0, None, None, 0, 0, 0, None),
        (2, 201314, False, 0, 0, None, None, 0, 0, 0),
    ]


def test_person_by_month(give: Give, rows: Rows) -> None:
    study, work = ("study", True, False, False), ("employment", False, True, False)
    assert rows(give(), "analysis_person_month") == [
        ("AE_ID", "month", "main_activity", "study", "employment", "self_employment"),
        *(
            (1, month, *study)
            for month in (201204, 201205, 201206, 201207, 201209, 201210)
        ),
        (1, 201211, "study", True, True, False),
        *(
            (1, month, *work)
            for month in (201212, 201301, 201302, 201303, 201304, 201403)
        ),
    ]


def test_data_that_were_not_approved_are_in_no_table(give: Give, rows: Rows) -> None:
    """Without start and end of study a year's rows count for its months; without
    sections there is none.
    """
    requests = [
        {"name": "hesa.students", "years": "2012/13", "variables": ["AcademicYear"]},
        {
            "name": "leo.earnings",
            "years": "2013/14",
            "variables": ["TaxYear", "Earnings"],
        },
    ]
    summary = give(table=requests, analysis=["person", "person_year", "person_month"])
    assert rows(summary, "analysis_person") == [("AE_ID",), (1,), (2,)]
    assert rows(summary, "analysis_person_year") == [
        ("AE_ID", "tax_year", "tax_or_benefit_record", "earnings", "study_months"),
        (1, 201314, True, 300, None),
        (2, 201314, False, 0, None),
    ]
    months = [row[1] for row in rows(summary, "analysis_person_month")[1:]]
    assert months == [201304, 201305, 201306, 201307]


def test_years_between_the_approved_years_of_tables_are_unknown(
    give: Give, rows: Rows, tables: dict[str, Table], world: Callable[[str], Table]
) -> None:
    tables["attributes/npd_ks5"] = world("entity_id | ACADYR\n11 | 201415")
    separate_years = [
        {"name": "hesa.students", "years": "2012/13", "variables": ["AcademicYear"]},
        {"name": "npd.ks5", "years": "2014/15", "variables": ["ACADYR"]},
        {
            "name": "leo.earnings",
            "years": "2012/13-2014/15",
            "variables": ["TaxYear", "Earnings"],
        },
    ]
    assert rows(
        give(table=separate_years, analysis=["person_year"]), "analysis_person_year"
    ) == [
        ("AE_ID", "tax_year", "tax_or_benefit_record", "earnings", "study_months"),
        (1, 201213, True, 9500, 7),
        (1, 201314, True, 300, None),
        (1, 201415, True, 0, 7),
        (2, 201213, False, 0, 0),
        (2, 201314, False, 0, None),
        (2, 201415, False, 0, 0),
    ]


def test_tables_that_cannot_be_made_are_refused_at_once(give: Give) -> None:
    ks4 = [{"name": "npd.ks4", "years": "2006/07", "variables": ["ACADYR"]}]
    with pytest.raises(ConfigError) as error:
        give(table=ks4)
    for table in ("person_year needs", "person_month needs"):
        assert table in str(error.value)


def test_analysis_tables_are_described_verified_and_explained(
    give: Give, engine: Engine
) -> None:
    summary = give(formats=["parquet", "csv"])
    assert verify(engine, shipped(), summary.folder).tables == 2 * len(summary.rows)
    guide = (summary.folder / "README.md").read_text()
    assert (
        "### `analysis_person_month`: People by month, with their main activity"
        in guide
    )
    assert "| `study` | study: school from 16, college or university |" in guide


def test_self_employment_fills_its_tax_year(
    give: Give, rows: Rows, engine: Engine, tables: dict[str, Table]
) -> None:
    requests = [
        {"name": "leo.self_assessment", "years": "2013/14", "variables": ["TaxYear"]}
    ]
    assert (
        rows(give(analysis=["person_month"], table=requests), "analysis_person_month")[
            1:
        ]
        == []
    )
    tables["self_assessment"] = engine.sql(
        "select EDUKEY, TaxYear + 101 as TaxYear from {t}", t=tables["self_assessment"]
    )
    months = rows(
        give(analysis=["person_month"], table=requests), "analysis_person_month"
    )[1:]
    assert [row[1:3] for row in months] == [
        (month, "self_employment")
        for month in (*range(201304, 201313), 201401, 201402, 201403)
    ]
