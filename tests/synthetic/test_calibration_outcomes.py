"""What pupils did, on a world counted by hand, and next to what the pipeline makes of
the same people.
"""

import pytest

from linkage import catalogue
from linkage.config.resources import config_file
from linkage.engine import rows as engine_rows
from linkage.longitudinal import build, load_definitions
from synthetic.calibration.measures import measures, views
from synthetic.calibration.population import LAST_DAY, SOURCES, Population
from tests.synthetic.calibration_world import population_of

NINE = range(1, 10)
WORLD = {
    "truth_persons": "person_id | kind | sex | ethnic_group | fsm:bool | "
    "graduate:bool\n"
    + "\n".join(
        f"{n} | {'private school' if n == 9 else 'schooled'} | Female | WBRI | false | "
        "false"
        for n in NINE
    ),
    "truth_entities": "source | entity_key | person_id\n"
    + "\n".join(
        f"{source} | {source}{n} | {n}"
        for n in NINE
        for source in ("npd", "hesa", "cis", "ilr")
    ),
    "npd_ks4": "PupilMatchingRefAnonymous | ACADYR | LEVEL2\n"
    + "\n".join(f"npd{n} | 200203 | {n % 2}" for n in NINE)
    + "\nnpd1 | 200304 | 1",
    # Three years on is the tax year 2006/07. 1 is at university, and in work; 2 left in
    # January, so five months.
    "hesa_students": """
        HUSID | AcademicYear | COMDATE | ENDDATE:date | XMODE01:text | XLEV601:text
        hesa1 | 200607 | 2004-09-20 | -          | 1 | 4
        hesa2 | 200607 | 2006-09-20 | 2007-01-10 | 1 | 4
    """,
    # 3 learns as an adult for six months; 4 on two courses of three months each that do
    # not meet.
    "ilr_aims": """
        ULN | Year | LearnStartDate | LearnActEndDate:date | FundModel:text
        ilr3 | 200607 | 2006-10-31 | 2007-04-01 | 35
        ilr4 | 200607 | 2006-09-05 | 2006-11-05 | 35
        ilr4 | 200607 | 2007-01-05 | 2007-03-05 | 35
    """,
    # 5 is in work in each month, in two jobs; 6 misses March.
    "hmrc_employment": """
        NINO | StartDate:date | EndDate:date
        cis1 | 2005-01-01 | -
        cis5 | 2005-04-06 | 2007-01-01
        cis5 | 2007-02-28 | 2007-03-01
        cis6 | 2005-04-06 | 2007-02-28
        cis7 | 2005-04-06 | -
    """,
    # 7 is out of work for six months and in work; 8 was paid and nothing else; 9
    # nothing at all.
    "dwp_benefits": """
        NINO | StartDate:date | EndDate:date | Benefit_type
        cis7 | 2006-04-30 | 2006-09-01 | JSA
        cis6 | 2005-09-01 | -          | PIP
    """,
    "hmrc_earnings": """
        NINO | TaxYear | EmployerRef | Earnings
        cis1 | 200607 | E1 | 4000
        cis5 | 200607 | E1 | 9000
        cis5 | 200607 | E1 | 9000
        cis5 | 200607 | E2 | 2000
        cis7 | 200607 | E1 | 8000
        cis8 | 200607 | E1 | 100
    """,
}
ACTIVITIES = {
    1: "higher_education",
    2: "no_sustained_activity",
    3: "adult_further_education",
    4: "no_sustained_activity",
    5: "sustained_employment",
    6: "no_sustained_activity",
    7: "out_of_work_benefits",
    8: "no_sustained_activity",
    9: "activity_not_captured",
}


def activities(population, cells):
    population.views |= views()
    population.stored["cells"] = cells
    return population.table("activities")


def figures_of(engine, world, tables):
    population = population_of(engine, world, **tables)
    population.views |= views()
    return population.measured(measures("outcomes"))


def test_the_first_activity_that_holds_is_the_main_one(engine, world):
    cells = world(
        "person_id | years | start_year\n" + "\n".join(f"{n} | 3 | 2006" for n in NINE)
    )
    rows = engine_rows(engine, activities(population_of(engine, world, **WORLD), cells))
    assert {row["person_id"]: row["activity"] for row in rows} == ACTIVITIES
    # 1, 5 and 7 worked in each month, whatever else they did; a return sent twice
    # counts once.
    assert {
        row["person_id"]: row["pay"] for row in rows if row["sustained_employment"]
    } == {1: 4000, 5: 11000, 7: 8000}


def test_figures_are_by_group_and_years(engine, world):
    figures = figures_of(engine, world, WORLD)
    assert figures["activity.all.higher_education.3"].value == pytest.approx(100 / 9)
    assert figures["activity.no_free_school_meals.higher_education.3"].people == 8
    assert figures["activity.independent_school.activity_not_captured.3"].value == 100
    assert figures["activity.five_a_to_c.sustained_employment.3"].people == 5
    assert "activity.men.higher_education.3" not in figures
    assert figures["median_earnings.all.3"].value == 8000
    assert figures["mean_earnings.all.3"].value == pytest.approx(23_000 / 3)
    # Fifteen years on is 2018/19.
    assert figures["activity.all.activity_not_captured.15"].people == 9


def test_a_year_that_the_files_do_not_hold_is_left_out(engine, world):
    tables = WORLD | {
        "npd_ks4": "PupilMatchingRefAnonymous | ACADYR | LEVEL2\nnpd1 | 200607 | 1"
    }
    figures = figures_of(engine, world, tables)
    assert {
        name.rpartition(".")[2] for name in figures if name.startswith("activity.all")
    } == {
        "1",
        "3",
        "5",
        "7",
        "10",
        "12",
    }


def test_the_pipeline_says_the_same_of_people_linked_without_error(engine, population):
    """The check has its own SQL; linkage.longitudinal, given the truth as the spine,
    must agree in every row.
    """
    files = Population.read(engine, population)
    entities = engine.sql(
        "select *, row_number() over (order by source, entity_key) as entity_id from "
        "{e}",
        e=files.tables["truth_entities"],
        store=True,
    )
    attributes = {
        name: engine.sql(
            "select n.entity_id, r.* exclude (person_id) from {rows} as r join "
            "{entities} as n "
            "on n.person_id = r.person_id and n.source = $source "
            "where n.entity_id = (select min(entity_id) from {entities} as f "
            "where f.person_id = r.person_id and f.source = $source)",
            rows=files.table(name),
            entities=entities,
            params={
                "source": "cis"
                if name.partition("_")[0] in ("hmrc", "dwp")
                else name.partition("_")[0]
            },
            store=True,
        )
        for name in (
            f"{source}_{table}"
            for source, tables in SOURCES.items()
            for table in tables
        )
        if not name.startswith("cis")
    }
    lookups = {
        "lookup_ae_id": engine.sql(
            "select person_id as AE_ID, source, entity_id from {e}", e=entities
        ),
        "lookup_edukey": engine.sql(
            "select person_id as AE_ID, cast(person_id as varchar) as EDUKEY, "
            "entity_id from {e} where source = 'cis'",
            e=entities,
        ),
    }
    definitions = load_definitions(
        config_file("outcomes/leo.toml"), catalogue.shipped()
    )
    ks4 = definitions.model_copy(
        update={
            "definition": tuple(d for d in definitions.definition if d.name == "ks4")
        }
    )
    outcomes = build(engine, attributes, lookups, ks4, extract_date=LAST_DAY)[
        "outcomes"
    ]
    cells = engine.sql(
        "select AE_ID as person_id, years_after as years, coalesce(academic_year, "
        "tax_year) // 100 as start_year from {o}",
        o=outcomes,
        store=True,
    )
    activity_table = activities(files, cells)
    comparison = engine_rows(
        engine,
        engine.sql(
            """
            select case o.activity when 'unmatched' then 'activity_not_captured'
                else o.activity end as theirs,
                   a.activity as ours, o.sustained_employment = a.sustained_employment
                       as same_work,
                   coalesce(o.earnings, 0) = coalesce(a.pay, 0) as same_pay,
                       count(*) as people
            from {o} as o
            join {a} as a on a.person_id = o.AE_ID and a.years = o.years_after
            group by all
            """,
            o=outcomes,
            a=activity_table,
        ),
    )
    assert sum(row["people"] for row in comparison) > 10_000
    assert len({row["ours"] for row in comparison}) >= 7
    assert [
        row
        for row in comparison
        if row["theirs"] != row["ours"] or not row["same_work"] or not row["same_pay"]
    ] == []


def test_an_apprentice_of_seventeen_is_in_other_education(engine, world):
    changes = WORLD | {
        "ilr_aims": """
            ULN | Year | LearnStartDate | LearnActEndDate:date | FundModel:text
            ilr3 | 200405 | 2004-08-30 | 2005-06-01 | 36
            ilr4 | 200506 | 2005-09-30 | 2006-06-01 | 36
        """,
        "npd_ks4": "PupilMatchingRefAnonymous | ACADYR | LEVEL2\nnpd3 | 200203 | "
        "1\nnpd4 | 200102 | 1",
        "hmrc_employment": None,
    }
    tables = {name: text for name, text in changes.items() if text is not None}
    figures = figures_of(engine, world, tables)
    assert figures["activity.all.other_education.1"].value == 50  # of 3, in 2004/05
    assert (
        figures["activity.all.adult_further_education.3"].value == 50
    )  # of 4, in 2005/06
    assert figures["activity.all.adult_further_education.1"].value == 0
