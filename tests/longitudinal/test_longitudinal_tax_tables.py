"""Employment, earnings, self-assessment and benefits, by hand."""

import datetime

import pytest

from linkage.catalogue import shipped
from linkage.longitudinal.build import received
from linkage.longitudinal.definitions import Benefits
from linkage.longitudinal.earnings import earnings
from linkage.longitudinal.tax_tables import (
    benefits,
    employment,
    quarantined,
    self_assessment,
)

EXTRACT = datetime.date(2021, 4, 5)


@pytest.mark.both_engines
def test_spells_under_two_numbers_are_one_person_s_and_defaults_are_marked(
    engine, world, holders, rows
):
    spells = world("""
        entity_id | StartDate  | EndDate
        10        | 2014-05-01 | 2014-08-31
        11        | 2014-09-01 | 2015-04-05
        10        | 2016-04-06 | 2016-10-01
        20        | -          | 2015-03-10
        20        | 2018-01-02 | -
        21        | 2019-01-02 | 2019-01-03
        99        | 2015-01-01 | 2015-02-01
    """)
    assert rows(employment(engine, spells, holders, extract_date=EXTRACT)) == rows(
        world("""
        EDUKEY | StartDate  | EndDate    | UncertainStartDate | UncertainEndDate
        A      | 2014-05-01 | 2015-04-05 | 0                  | 1
        A      | 2016-04-06 | 2016-10-01 | 1                  | 0
        B      | 2015-03-09 | 2015-03-10 | 1                  | 0
        B      | 2018-01-02 | 2021-04-05 | 0                  | 1
        C      | 2019-01-02 | 2019-01-03 | 1                  | 0
    """)
    )


def test_spells_without_dates_or_ending_first_are_no_employment(
    engine, world, holders, rows
):
    spells = world("""
        entity_id | StartDate:date | EndDate:date
        10        | -              | -
        10        | 2015-06-01     | 2015-05-01
        10        | 2022-01-01     | -
    """)
    assert rows(employment(engine, spells, holders, extract_date=EXTRACT)) == []


RETURNS = """
    entity_id | TaxYear | EmployerRef | EnterpriseRef:int | SIC2007:text | Section | Earnings:int
    10        | 201415  | E1          | 7                 | 47110        | G       | 9000
    10        | 201415  | E1          | 7                 | 47110        | G       | 9000
    11        | 201415  | E2          | 5                 | 56101        | I       | 6000
    11        | 201415  | E3          | 6                 | 56102        | I       | 5000
    10        | 201415  | E4          | -                 | -            | -       | 50000
    20        | 201415  | E5          | 9                 | 85200        | P       | 4000
    20        | 201415  | E6          | 8                 | 62010        | J       | 4000
    20        | 201516  | E5          | 9                 | 85200        | P       | -250
    20        | 201617  | E7          | -                 | -            | -       | 1200
    20        | 201718  | E5          | 9                 | 85200        | P       | 4000
    20        | 201718  | E8          | 8                 | -            | -       | 4000
    20        | -       | E7          | -                 | -            | -       | 1200
    99        | 201415  | E1          | 7                 | 47110        | G       | 100
"""


@pytest.mark.both_engines
def test_earnings_have_the_largest_payer_and_flag_ties(engine, world, holders, rows):
    pay = {row[:2]: row[2:] for row in rows(earnings(engine, world(RETURNS), holders))}
    # Total, enterprise, its pay, tied, enterprises; section the same; industry the
    # same; the enterprise's own industry.
    assert pay[("A", 201415)] == (
        70000,
        7,
        9000,
        0,
        3,  # E1 counts once; E4 is on no register
        "I",
        11000,
        0,
        2,
        "47110",
        9000,
        0,
        3,
        "47110",
        "G",
    )
    assert pay[("B", 201415)] == (
        8000,
        8,
        4000,
        1,
        2,
        "J",
        4000,
        1,
        2,
        "62010",
        4000,
        1,
        2,
        "62010",
        "J",
    )
    assert pay[("B", 201516)] == (
        0,
        9,
        0,
        0,
        1,
        "P",
        0,
        0,
        1,
        "85200",
        0,
        0,
        1,
        "85200",
        "P",
    )
    assert pay[("B", 201617)] == (
        1200,
        None,
        None,
        None,
        0,
        None,
        None,
        None,
        0,
        None,
        None,
        None,
        0,
        None,
        None,
    )
    # The main one of two that paid as much has no industry, and does not get the
    # other's.
    assert pay[("B", 201718)] == (
        8000,
        8,
        4000,
        1,
        2,
        "P",
        4000,
        0,
        1,
        "85200",
        4000,
        0,
        1,
        None,
        None,
    )
    assert len(pay) == 5


@pytest.mark.both_engines
def test_two_unknown_employers_are_distinguished_by_their_other_columns(
    engine, world, holders, rows
):
    """7 and 8 are two jobs of one pay, and so are H and G of no enterprise; equal rows
    are one return sent twice.
    """
    returns = world("""
        entity_id | TaxYear | EmployerRef | EnterpriseRef:int | SIC2007:text | Section | Earnings:int
        10        | 201415  | -           | 7                 | 47110        | G       | 9000
        11        | 201415  | -           | 7                 | 47110        | G       | 9000
        10        | 201415  | -           | 8                 | 47110        | G       | 9000
        20        | 201415  | -           | -                 | -            | H       | 4000
        20        | 201415  | -           | -                 | -            | G       | 4000
        20        | 201516  | -           | -                 | -            | -       | 1000
        20        | 201516  | -           | -                 | -            | -       | 1000
    """)
    pay = rows(earnings(engine, returns, holders))
    assert [(row[0], row[1], row[2]) for row in pay] == [
        ("A", 201415, 18000),
        ("B", 201415, 8000),
        ("B", 201516, 1000),
    ]


@pytest.mark.both_engines
def test_self_assessment_begins_in_2013_and_unknown_is_not_zero(
    engine, world, holders, rows
):
    returns = world("""
        entity_id | TaxYear | EARNINGS_PTR:int | EARNINGS_SOLE:int
        10        | 201213  | 100              | 100
        10        | 201314  | 100              | -
        11        | 201314  | -                | 40
        20        | 201415  | -                | -
        20        | 201516  | -                | 0
        20        | 201516  | -                | 0
    """)
    assert rows(self_assessment(engine, returns, holders)) == [
        ("A", 201314, 1, 100, 40, 140),
        ("B", 201415, 1, None, None, None),
        ("B", 201516, 1, None, 0, 0),
    ]


@pytest.mark.both_engines
def test_benefits_merge_within_a_kind_and_are_flagged_out_of_work(
    engine, world, holders, rows
):
    spells = world("""
        entity_id | StartDate  | EndDate    | Benefit_type
        10        | 2015-01-01 | 2015-02-01 | JSA
        11        | 2015-02-02 | 2015-03-01 | JSA
        10        | 2015-02-01 | 2015-04-01 | DLA
        10        | 2015-03-03 | -          | JSA
        20        | 2015-03-03 | 2015-04-03 | NEW
        20        | -          | 2015-04-03 | JSA
    """)
    kinds = Benefits(out_of_work=("JSA",), other=("DLA",))
    assert rows(benefits(engine, spells, holders, kinds, extract_date=EXTRACT)) == rows(
        world("""
        EDUKEY | StartDate  | EndDate    | Benefit_type | Out_of_work_benefit
        A      | 2015-01-01 | 2015-03-01 | JSA          | 1
        A      | 2015-03-03 | 2021-04-05 | JSA          | 1
        A      | 2015-02-01 | 2015-04-01 | DLA          | 0
        B      | 2015-03-03 | 2015-04-03 | NEW          | -
    """)
    )


@pytest.mark.both_engines
def test_an_open_end_is_the_same_in_either_form(engine, world, holders, rows):
    text = """
        entity_id | StartDate  | EndDate:date | Benefit_type
        10        | 2014-05-01 | {end}        | JSA
        20        | -          | {end}        | JSA
        20        | 2022-01-01 | {end}        | JSA
    """
    kinds = Benefits(out_of_work=("JSA",), other=())
    results = []
    for end in ("-", "9999-12-31"):
        spells = world(text.format(end=end))
        work = employment(engine, spells, holders, extract_date=EXTRACT)
        claims = benefits(engine, spells, holders, kinds, extract_date=EXTRACT)
        no_rows = {
            name: received(engine, shipped(), {}, f"hmrc_{name}", ())
            for name in ("earnings", "self_assessment")
        }
        rejections = quarantined(
            engine,
            holders,
            employment=spells,
            benefits=spells,
            extract_date=EXTRACT,
            **no_rows,
        )
        results.append((rows(work), rows(claims), rows(rejections)))
    assert results[0] == results[1]
    assert results[1][0] == [("A", datetime.date(2014, 5, 1), EXTRACT, 0, 1)]
    assert sorted(reason for _, reason, _ in results[1][2]) == [
        *(
            "the spell ends before it starts",
            "the spell ends before it starts",
            "the spell has no date",
        ),
        "the spell has no start or no kind",
    ]
