"""Outcomes under two link sets, worked out by hand: who is followed again, and what becomes of whom in each."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.longitudinal import OutcomeDefinitions, Sampled, outcomes_drawn

EXTRACT = datetime.date(2016, 4, 5)

# The run links 1 to 11, 2 to 12 and 4 to 14; 3 has no tax record. 15 was linked by a step that samples nothing.
PEOPLE = """
    AE_ID | source | entity_id
    1     | hesa   | 101
    1     | cis    | 11
    2     | hesa   | 102
    2     | cis    | 12
    3     | hesa   | 103
    4     | hesa   | 104
    4     | cis    | 14
    4     | cis    | 15
"""
KEYS = """
    AE_ID | EDUKEY | entity_id
    1     | K1     | 11
    2     | K2     | 12
    4     | K4     | 14
    4     | K4     | 15
"""
GRADUATES = """
    entity_id | AcademicYear | XLEV601:text
    101       | 201213       | 4
    102       | 201213       | 4
    103       | 201213       | 4
    104       | 201213       | 4
"""
STUDENTS = """
    entity_id | AcademicYear | COMDATE    | ENDDATE:date | XMODE01:text | XLEV601:text | XDOMGR01
    101       | 201213       | 2010-09-20 | 2013-06-30   | 1            | 4            | E12000001
    102       | 201213       | 2010-09-20 | 2013-06-30   | 1            | 4            | E12000001
    103       | 201213       | 2010-09-20 | 2013-06-30   | 1            | 4            | E12000001
    104       | 201213       | 2010-09-20 | 2013-06-30   | 1            | 4            | E12000001
"""
# 11 works from April to October 2014 and 13 from October to the end of the tax year: one person with both works all of
# it. 12 works all year. Nobody of the four works in a record that no set links.
SPELLS = """
    entity_id | StartDate  | EndDate
    11        | 2014-04-06 | 2014-10-31
    12        | 2014-04-06 | 2015-04-05
    13        | 2014-10-15 | 2015-04-05
    14        | 2014-04-06 | 2015-04-05
"""
RETURNS = """
    entity_id | TaxYear | EmployerRef | EnterpriseRef | SIC2007:text | Section | Earnings
    11        | 201415  | E1          | 1             | 47110        | G       | 10000
    12        | 201415  | E1          | 1             | 47110        | G       | 20000
    13        | 201415  | E2          | 2             | 47110        | G       | 8000
    14        | 201415  | E1          | 1             | 47110        | G       | 30000
"""
# The left unit of 1 is unit 1, and so on; unit 4 is person 4's. The right units are the records less ten.
UNITS = """
    step | side  | unit_id | entity_id
    cis  | left  | 1       | 101
    cis  | left  | 2       | 102
    cis  | left  | 3       | 103
    cis  | left  | 4       | 104
    cis  | right | 1       | 11
    cis  | right | 2       | 12
    cis  | right | 3       | 13
    cis  | right | 4       | 14
"""
# Draw 1: the run's own links. Draw 2: 1 holds 11 and 13 (a second record of hers), 2 holds none, 3 holds 12.
# 4 holds 14 in both, and a link of 4 to 13 was cut in the end.
DRAWS = """
    step | draw | left_id | right_id
    cis  | 1    | 1       | 1
    cis  | 1    | 2       | 2
    cis  | 1    | 4       | 4
    cis  | 1    | 4       | 3
    cis  | 2    | 1       | 1
    cis  | 2    | 1       | 3
    cis  | 2    | 3       | 2
    cis  | 2    | 4       | 4
"""
CUT = """
    left_id | right_id
    4       | 3
"""


@pytest.fixture
def followed(engine: Engine, world: Callable[[str], Table], definitions: OutcomeDefinitions) -> Callable[..., Any]:
    """Outcomes of graduates one year after under the draws, by draw and person."""

    def made(
        people: str = PEOPLE, keys: str = KEYS, draws: str = DRAWS, units: str = UNITS
    ) -> dict[tuple[int, int], dict[str, Any]]:
        attributes = {
            "hesa_qualifications": world(GRADUATES),
            "hesa_students": world(STUDENTS),
            "hmrc_employment": world(SPELLS),
            "hmrc_earnings": world(RETURNS),
        }
        drawn = outcomes_drawn(
            engine,
            attributes,
            {"lookup_ae_id": world(people), "lookup_edukey": world(keys)},
            [Sampled(world(draws), world(units), world(CUT))],
            2,
            definitions,
            extract_date=EXTRACT,
        )
        return {
            (row["draw"], row["AE_ID"]): row
            for row in engine_rows(engine, drawn)
            if row["definition"] == "graduate" and row["years_after"] == 1
        }

    return made


@pytest.mark.both_engines
def test_people_whose_records_differ_are_followed_in_every_draw(followed: Callable[..., Any]) -> None:
    found = followed()
    told = {
        key: (row["matched"], row["sustained_employment"], row["earnings"], row["annualised_earnings"])
        for key, row in found.items()
    }
    assert told == {
        # April to October is no five months of the half year; 10,000 in 209 days are 17,464 in a year of 365.
        (1, 1): (True, False, 10_000, 17_464),
        (1, 2): (True, True, 20_000, 20_000),
        (1, 3): (False, False, None, None),
        # The two spells overlap and are one: the whole year.
        (2, 1): (True, True, 18_000, 18_000),
        (2, 2): (False, False, None, None),
        (2, 3): (True, True, 20_000, 20_000),
    }


def test_a_record_of_a_parted_unit_stays_with_the_person_who_has_it(followed: Callable[..., Any]) -> None:
    """Unit 1 was parted into 5, who has 11 in the run, and 3, the lower, who gets what neither has."""
    people = PEOPLE.replace("1     | hesa   | 101", "5     | hesa   | 101").replace(
        "1     | cis    | 11", "5     | cis    | 11"
    )
    keys = KEYS.replace("1     | K1     | 11", "5     | K5     | 11")
    found = followed(people, keys, units=UNITS.replace("left  | 3       | 103", "left  | 1       | 103"))
    assert {key: row["earnings"] for key, row in found.items()} == {
        (1, 2): 20_000, (1, 3): None, (2, 2): None, (2, 3): 8_000,
    }  # fmt: skip


def test_the_runs_own_links_in_every_draw_leave_nobody_to_follow(followed: Callable[..., Any]) -> None:
    own = """
        step | draw | left_id | right_id
        cis  | 1    | 1       | 1
        cis  | 1    | 2       | 2
        cis  | 1    | 4       | 4
        cis  | 2    | 1       | 1
        cis  | 2    | 2       | 2
        cis  | 2    | 4       | 4
    """
    assert followed(draws=own) == {}
