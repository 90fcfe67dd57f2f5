"""Outcomes of cohorts under the definitions that ship, and of an own one, calculated by
hand.
"""

import datetime

import pytest

from linkage import catalogue
from linkage.engine import rows as engine_rows
from linkage.errors import ContractError
from linkage.longitudinal import build

EXTRACT = datetime.date(2021, 4, 5)

HEAD = "AE_ID:int | source:text | entity_id:int\n"
KEY = "AE_ID:int | EDUKEY:text | entity_id:int\n"


def _tables(
    engine,
    world,
    definitions,
    attributes,
    people="- | - | -",
    keys="- | - | -",
    **options,
):
    """LEO's tables, from texts of attributes, of the people's records and of their tax
    keys, a line a record.
    """
    lookups = {"lookup_ae_id": world(HEAD + people), "lookup_edukey": world(KEY + keys)}
    tables = {name: world(text) for name, text in attributes.items()}
    return build(engine, tables, lookups, definitions, extract_date=EXTRACT, **options)


def _lines(*rows):
    return "\n".join(" | ".join(map(str, row)) for row in rows)


IN_TAX = (1, 2, 3, 4, 7, 8)
PEOPLE = _lines(
    *((n, "hesa", 100 + n) for n in range(1, 9)), *((n, "cis", 10 + n) for n in IN_TAX)
)
KEYS = _lines(*((n, f"K{n}", 10 + n) for n in IN_TAX))
# All graduated in 2012/13, so that one year after is tax year 2014/15.
GRADUATES = "entity_id | AcademicYear | XLEV601:text\n" + _lines(
    *((100 + n, 201213, 2 if n == 8 else 4) for n in range(1, 9))
)
# 2 and 6 study on (6 has no tax record); 1's record is dormant; 7 came from overseas.
STUDENTS = """
    entity_id | AcademicYear | COMDATE    | ENDDATE:date | XMODE01:text | XLEV601:text | XDOMGR01
    101       | 201213       | 2010-09-20 | 2013-06-30   | 1            | 4            | E12000001
    101       | 201415       | 2014-09-20 | -            | 6            | 2            | E12000001
    102       | 201213       | 2010-09-20 | 2013-06-30   | 1            | 4            | E12000001
    102       | 201314       | 2013-09-20 | -            | 1            | 2            | E12000001
    103       | 201213       | 2010-09-20 | 2013-06-30   | 1            | 4            | E12000001
    104       | 201213       | 2010-09-20 | 2013-06-30   | 1            | 4            | E12000001
    105       | 201213       | 2010-09-20 | 2013-06-30   | 1            | 4            | E12000001
    106       | 201213       | 2010-09-20 | 2013-06-30   | 1            | 4            | E12000001
    106       | 201415       | 2014-09-20 | -            | 3            | 2            | E12000001
    107       | 201213       | 2010-09-20 | 2013-06-30   | 1            | 4            | -
"""
# 1 works from November: five of six months, 156 of 365 days. 2 works all year. 3 works
# two months.
SPELLS = """
    entity_id | StartDate  | EndDate
    11        | 2014-11-01 | 2015-04-05
    12        | 2014-01-01 | 2016-01-01
    13        | 2014-10-15 | 2014-11-15
    17        | 2014-01-01 | 2016-01-01
"""
RETURNS = """
    entity_id | TaxYear | EmployerRef | EnterpriseRef | SIC2007:text | Section | Earnings
    11        | 201415  | E1          | 1             | 47110        | G       | 7800
    12        | 201415  | E1          | 1             | 47110        | G       | 20000
    13        | 201415  | E1          | 1             | 47110        | G       | 900
    17        | 201415  | E1          | 1             | 47110        | G       | 30000
"""


@pytest.fixture
def graduates(engine, world, definitions):
    """The graduates' outcomes one year after, by person."""
    return _by_person(engine, world, definitions, returns="")


def _by_person(engine, world, definitions, *, returns):
    attributes = {
        "hesa_qualifications": GRADUATES,
        "hesa_students": STUDENTS,
        "hmrc_employment": SPELLS,
        "hmrc_earnings": RETURNS,
        **({"hmrc_self_assessment": returns} if returns else {}),
    }
    rows = engine_rows(
        engine,
        _tables(engine, world, definitions, attributes, PEOPLE, KEYS)["outcomes"],
    )
    return {
        row["AE_ID"]: row
        for row in rows
        if (row["definition"], row["years_after"]) == ("graduate", 1)
    }


def test_the_first_whole_tax_year_after_graduation_is_measured(graduates):
    assert {row["tax_year"] for row in graduates.values()} == {201415}
    assert {row["academic_year"] for row in graduates.values()} == {None}
    assert 8 not in graduates  # a master's degree is no first degree


def test_each_graduate_has_the_first_activity_that_holds(graduates):
    assert {person: row["activity"] for person, row in graduates.items()} == {
        1: "sustained_employment_only",
        2: "sustained_employment_with_study",
        3: "no_sustained_destination",
        4: "activity_not_captured",
        5: "unmatched",
        6: "further_study_only",
        7: "sustained_employment_only",
    }


def test_three_denominators_nest(graduates):
    all_people = set(graduates)
    calculation = {person for person, row in graduates.items() if row["in_calculation"]}
    matched_people = {person for person in calculation if graduates[person]["matched"]}
    assert (all_people, calculation, matched_people) == (
        {1, 2, 3, 4, 5, 6, 7},
        {1, 2, 3, 4, 5, 6},
        {1, 2, 3, 4, 6},
    )


def test_earnings_are_grossed_up_for_those_in_work_and_not_in_study(graduates):
    assert graduates[1]["earnings"] == 7800
    assert graduates[1]["annualised_earnings"] == round(7800 / 156 * 365)
    assert {
        person for person, row in graduates.items() if row["earnings_included"]
    } == {1}  # 7 is not counted


def test_a_self_assessment_return_counts_as_sustained_employment(
    engine, world, definitions
):
    returns = """
        entity_id | TaxYear | EARNINGS_PTR:int | EARNINGS_SOLE:int
        14        | 201415  | -                | 12000
        11        | 201415  | 1000             | -
    """
    rows = _by_person(engine, world, definitions, returns=returns)
    assert (rows[4]["activity"], rows[4]["self_employed"]) == (
        "sustained_employment_only",
        True,
    )
    assert (
        rows[4]["earnings"],
        rows[4]["annualised_earnings"],
        rows[4]["earnings_included"],
    ) == (None, 12000, True)
    assert rows[1]["annualised_earnings"] == round(7800 / 156 * 365) + 1000
    assert rows[2]["self_employed"] is False


PUPILS = """
    1 | npd      | 1
    1 | npd      | 2
    1 | cis      | 11
    2 | npd      | 3
    2 | cis      | 12
    3 | npd      | 4
    3 | wales    | 104
    3 | ilr      | 204
    3 | cis      | 13
    4 | npd      | 5
    4 | scotland | 105
    4 | cis      | 14
"""


@pytest.fixture
def pupils(engine, world, definitions):
    """LEO's tables of four pupils who ended key stage 4 in 2012/13, or 2017/18."""
    attributes = {
        "npd_ks4": """
            entity_id | ACADYR
            1         | 201213
            2         | 201314
            3         | 201213
            4         | 201213
            5         | 201718
        """,
        "npd_census": """
            entity_id | AcademicYear | EthnicGroupMajor | FSMeligible | NCyearActual:text | EntryDate
            1         | 201213       | WHIT             | 0           | 11                | 2008-09-01
            1         | 201112       | ASIA             | 1           | 10                | 2008-09-01
            4         | 201314       | BLAC             | 0           | 11                | 2008-09-01
        """,
        "ilr_aims": """
            entity_id | Year   | FundModel:text | LearnStartDate | LearnActEndDate:date | Outcome:text
            204       | 201415 | 25             | 2014-09-10     | -                    | 8
            204       | 201617 | 36             | 2016-09-10     | 2017-01-31           | 1
        """,
        # 1 works every month of 2014/15 but in 2016/17 has a gap of a month; 2 is on
        # benefits for six months together.
        "hmrc_employment": """
            entity_id | StartDate  | EndDate
            11        | 2014-04-10 | 2016-10-31
            11        | 2016-12-01 | 2017-06-30
            12        | 2014-04-01 | 2015-04-30
            99        | 2014-04-01 | 2015-04-30
        """,
        "dwp_benefits": """
            entity_id | StartDate  | EndDate    | Benefit_type
            12        | 2014-10-01 | 2015-02-01 | JSA
            12        | 2016-09-01 | 2017-01-31 | JSA
            12        | 2017-02-01 | 2017-02-01 | UAA
        """,
    }
    births = world("""
        entity_id | dob        | records
        1         | 1997-03-14 | 2
        11        | 1997-04-14 | 3
        2         | 1997-05-01 | 1
        12        | 1979-05-01 | 1
        4         | 1997-01-01 | 1
        204       | 1996-12-31 | 1
    """)
    keys = _lines(*((n, f"K{n}", 10 + n) for n in (1, 2, 3, 4)))
    return _tables(engine, world, definitions, attributes, PUPILS, keys, births=births)


def test_pupils_follow_the_hierarchy_of_education_benefits_and_work(engine, pupils):
    activities = {
        (row["AE_ID"], row["years_after"]): row["activity"]
        for row in engine_rows(engine, pupils["outcomes"])
        if row["definition"] == "ks4"
    }
    assert activities == {
        (1, 1): "sustained_employment",
        (1, 3): "no_sustained_activity",  # eleven months of twelve
        (1, 5): "activity_not_captured",
        (2, 1): "sustained_employment",  # benefits touch five months only
        (2, 3): "out_of_work_benefits",  # two kinds in turn, September to February
        (2, 5): "activity_not_captured",
        (3, 1): "other_education",  # no end given: to the end of the record's own year
        (3, 3): "no_sustained_activity",  # five months of an apprenticeship
        (3, 5): "activity_not_captured",
        (4, 1): "activity_not_captured",  # later periods end after the extract
    }


def test_two_references_of_one_pupil_are_one_member(engine, pupils):
    members = [
        (row["AE_ID"], row["cohort_year"], row["tax_year"])
        for row in engine_rows(engine, pupils["outcomes"])
        if row["definition"] == "ks4" and row["years_after"] == 1
    ]
    assert sorted(members) == [
        (1, 201213, 201415),
        (2, 201213, 201415),
        (3, 201213, 201415),
        (4, 201718, 201920),
    ]


def test_achieved_adult_aims_make_a_cohort_of_further_education(engine, pupils):
    rows = [
        row
        for row in engine_rows(engine, pupils["outcomes"])
        if row["definition"] == "further-education"
    ]
    assert sorted(
        (r["AE_ID"], r["cohort_year"], r["years_after"], r["academic_year"])
        for r in rows
    ) == [
        (3, 201617, 1, 201718),
        (3, 201617, 3, 201920),
    ]


def test_before_2013_self_employment_is_unknown(engine, world, definitions):
    attributes = {"npd_ks4": "entity_id | ACADYR\n1 | 201011\n1 | 201011\n2 | 201112"}
    tables = _tables(engine, world, definitions, attributes, "1 | npd | 1\n2 | npd | 2")
    rows = [
        row
        for row in engine_rows(engine, tables["outcomes"])
        if row["years_after"] == 1
    ]
    by_year = {(row["AE_ID"], row["tax_year"]): row["self_employed"] for row in rows}
    assert by_year == {(1, 201213): None, (2, 201314): False}


def test_a_person_has_one_row(engine, pupils):
    people = {row["AE_ID"]: row for row in engine_rows(engine, pupils["person"])}
    sources = {"in_npd", "in_cis"}
    assert {name for name, value in people[1].items() if value is True} == sources
    assert {
        name: value for name, value in people[1].items() if not name.startswith("in_")
    } == {
        "AE_ID": 1,
        "EDUKEY": "K1",
        "cis_records": 1,
        "birth_year": 1997,
        "birth_month": 4,
        "ks4_year": 201213,
        "graduation_year": None,
        "ethnic_group": "WHIT",
        "ever_fsm": 1,
    }
    births = {
        person: (row["birth_year"], row["birth_month"])
        for person, row in people.items()
    }
    assert births == {
        1: (1997, 4),
        2: (1979, 5),
        3: (1996, 12),
        4: (None, None),
    }  # of as many records, the earlier
    assert people[3]["in_ilr"]
    assert [people[n]["in_wales"] for n in (2, 3, 4)] == [False, True, False]
    assert [people[n]["in_scotland"] for n in (2, 3, 4)] == [False, False, True]
    assert people[2]["ever_fsm"] is None


@pytest.mark.parametrize("groups", ["WHIT ASIA BLAC", "BLAC ASIA WHIT"])
def test_of_two_groups_in_one_census_the_order_does_not_matter(
    engine, world, definitions, groups
):
    first, second, third = groups.split()
    census = f"""
        entity_id | AcademicYear | EthnicGroupMajor | FSMeligible | NCyearActual:text | EntryDate:date
        1         | 201314       | -                | 0           | 11                | -
        1         | 201213       | {first}          | 0           | 11                | -
        2         | 201213       | {second}         | 1           | 11                | -
        2         | 201213       | {third}          | 0           | 11                | -
    """
    tables = _tables(
        engine, world, definitions, {"npd_census": census}, "1 | npd | 1\n1 | npd | 2"
    )
    assert [
        (p["ethnic_group"], p["ever_fsm"])
        for p in engine_rows(engine, tables["person"])
    ] == [("ASIA", 1)]


def test_rows_left_out_are_counted_with_their_reason(engine, world, definitions, rows):
    spells = """
        entity_id | StartDate:date | EndDate:date
        10        | -              | -
        10        | 2015-06-01     | 2015-05-01
        10        | 2022-06-01     | -
        99        | -              | -
    """
    returns = (
        "entity_id | TaxYear | EARNINGS_PTR | EARNINGS_SOLE\n10 | 201213 | 1 | "
        "1\n10 | 201314 | 1 | 1"
    )
    attributes = {"hmrc_employment": spells, "hmrc_self_assessment": returns}
    tables = _tables(
        engine, world, definitions, attributes, "1 | cis | 10", "1 | A | 10"
    )
    assert rows(tables["quarantined"]) == [
        ("employment", "the record is linked to no person", 1),
        ("employment", "the spell ends before it starts", 2),
        ("employment", "the spell has no date", 1),
        ("self_assessment", "the tax year is before 2013/14", 1),
    ]


def test_tables_have_the_columns_of_the_catalogue_without_any_files(
    engine, world, definitions
):
    tables = _tables(engine, world, definitions, {})
    table_defs = catalogue.shipped().datasets["leo"].table
    for name in (
        "employment",
        "earnings",
        "self_assessment",
        "benefits",
        "geography",
        "outcomes",
        "person",
    ):
        assert set(tables[name].columns) == set(table_defs[name].variables), name


def test_a_column_that_is_missing_is_named(engine, world, definitions):
    with pytest.raises(ContractError, match="attributes/npd_ks4 lacks ACADYR"):
        _tables(
            engine,
            world,
            definitions,
            {"npd_ks4": "entity_id | YEAR\n1 | 201213"},
            PEOPLE,
            KEYS,
        )
