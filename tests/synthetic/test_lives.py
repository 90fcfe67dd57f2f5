"""Lives that can be: nobody is anywhere before coming or after leaving, nor at two
places that exclude each other.
"""

from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from synthetic.base import odds
from synthetic.base.dates import DATA_END, NEVER
from synthetic.base.draws import Draws
from synthetic.base.reference import reference
from synthetic.people.people import LATE, OUTSIDER, VISITOR, People, people
from tests.synthetic.conftest import Read

Rows = list[dict[str, Any]]
FAR = date(9999, 1, 1)


@pytest.fixture(scope="module")
def crowd() -> People:
    return people(Draws(5), reference(), odds.load("realistic"), np.arange(1, 40_001))


@pytest.fixture(scope="module")
def owner(read: Read) -> dict[int, int]:
    """RECORDID to person."""
    records = read("truth/records")
    return dict(
        zip(
            map(int, records["record_key"].to_pylist()),
            records["person_id"].to_pylist(),
            strict=True,
        )
    )


@pytest.fixture(scope="module")
def pupil(read: Read) -> dict[str, int]:
    """Pupil matching reference to person."""
    rows = read("truth/entities.parquet").to_pylist()
    return {
        row["entity_key"]: row["person_id"] for row in rows if row["source"] == "npd"
    }


@pytest.fixture(scope="module")
def census(read: Read, owner: dict[int, int]) -> dict[int, Rows]:
    """Records of each pupil's main school in the order of years."""
    by_person: dict[int, Rows] = defaultdict(list)
    for row in sorted(
        read("sources/npd/census").to_pylist(), key=lambda row: row["CensusDate"]
    ):
        if row["EnrolStatus"] != "S":
            by_person[owner[row["RECORDID"]]].append(row)
    return by_person


def test_a_family_comes_with_all_its_children_and_before_the_eldest_has_left_school(
    crowd: People,
) -> None:
    migrants = crowd.foreign_born & ~np.isin(crowd.kind, (LATE, OUTSIDER, VISITOR))
    days_by_family: dict[int, set[int]] = defaultdict(set)
    for family, day in zip(
        crowd.family[migrants].tolist(), crowd.arrival[migrants].tolist(), strict=True
    ):
        days_by_family[family].add(day)
    assert {len(days) for days in days_by_family.values()} == {1}
    assert (
        sum(Counter(crowd.family[migrants].tolist()).values())
        > len(days_by_family)
        > 200
    )
    age = (crowd.arrival - crowd.birth)[migrants] / 365.25
    assert (age > 0).all()
    assert np.quantile(age, 0.99) < 16


def test_nobody_comes_on_one_day_with_everybody_and_who_comes_later_is_in_no_file(
    read: Read, persons: Any
) -> None:
    days = Counter(
        row["arrival_date"] for row in persons.values() if row["arrival_date"]
    )
    assert max(days.values()) < 15
    late = {
        number
        for number, row in persons.items()
        if row["arrival_date"] and row["arrival_date"] > date(2021, 8, 31)
    }
    assert len(late) > 100
    assert not late & set(read("truth/records")["person_id"].to_pylist())


@pytest.mark.parametrize(
    ("table", "first", "last"),
    [
        ("ilr/learners", "LearnStartDate", "LearnStartDate"),
        ("hesa/students", "COMDATE", "ENDDATE"),
        ("scotland/pupils", "CensusDate", "CensusDate"),
        ("npd/census", "EntryDate", "CensusDate"),
        ("wales/plasc", "CENSUS_DATE", "CENSUS_DATE"),
    ],
)
def test_nobody_studies_before_coming_or_after_leaving(
    read: Read, persons: Any, owner: dict[int, int], table: str, first: str, last: str
) -> None:
    for row in read(f"sources/{table}").to_pylist():
        person = persons[owner[row["RECORDID"]]]
        assert row[first] >= (person["arrival_date"] or date(1900, 1, 1))
        assert (row[last] or row[first]) <= (person["departure_date"] or FAR)


def test_aims_end_before_their_learners_leave(
    read: Read, persons: Any, owner: dict[int, int]
) -> None:
    learners = {
        (row["UKPRN"], row["LearnRefNumber"]): owner[row["RECORDID"]]
        for row in read("sources/ilr/learners").to_pylist()
    }
    for row in read("sources/ilr/aims").to_pylist():
        person = persons[learners[row["UKPRN"], row["LearnRefNumber"]]]
        assert row["LearnStartDate"] >= (person["arrival_date"] or date(1900, 1, 1))
        assert (row["LearnActEndDate"] or row["LearnStartDate"]) <= (
            person["departure_date"] or FAR
        )


def test_a_course_that_is_over_has_an_end_and_an_award_falls_in_its_academic_year(
    read: Read,
) -> None:
    last: dict[tuple[str, str], int] = defaultdict(int)
    ends: dict[tuple[str, str], date] = {}
    for row in read("sources/hesa/students").to_pylist():
        course = row["HUSID"], row["NUMHUS"]
        last[course] = max(last[course], row["AcademicYear"])
        if row["ENDDATE"]:
            ends[course] = row["ENDDATE"]
    assert all(course in ends for course, year in last.items() if year < 202021)
    days = Counter()
    for row in read("sources/hesa/qualifications").to_pylist():
        day = row["AWARDDATE"]
        assert (
            ends[row["HUSID"], row["NUMHUS"]]
            < day
            <= date(row["AcademicYear"] // 100 + 1, 8, 31)
        )
        days[day] += 1
    assert max(days.values()) < 60


def test_nobody_is_at_school_in_two_nations_or_at_college_and_in_one_year(
    read: Read, owner: dict[int, int], census: dict[int, Rows]
) -> None:
    england = {
        (person, row["AcademicYear"]) for person, rows in census.items() for row in rows
    }
    scotland = {
        (owner[row["RECORDID"]], row["AcademicYear"])
        for row in read("sources/scotland/pupils").to_pylist()
    }
    wales = {
        (owner[row["RECORDID"]], row["ACADEMIC_YEAR"])
        for row in read("sources/wales/plasc").to_pylist()
    }
    college = {
        (owner[row["RECORDID"]], row["Year"])
        for row in read("sources/ilr/learners").to_pylist()
    }
    for one, other in (
        (england, scotland),
        (england, wales),
        (scotland, wales),
        (college, scotland),
        (college, wales),
    ):
        assert not one & other
    movers = {person for person, _ in england} & (
        {person for person, _ in scotland} | {person for person, _ in wales}
    )
    assert len(movers) > 50


def test_a_pupil_enters_a_school_after_having_left_the_one_before(
    census: dict[int, Rows],
) -> None:
    changes = 0
    for rows in census.values():
        for before, after in pairwise(rows):
            assert after["EntryDate"] <= after["CensusDate"]
            if before["LAEstab"] != after["LAEstab"]:
                assert after["EntryDate"] > before["CensusDate"]
                changes += 1
    assert changes > 5000


def test_who_is_excluded_for_good_goes_to_another_school(
    read: Read, pupil: dict[str, int], census: Any
) -> None:
    exclusions = [
        row
        for row in read("sources/npd/exclusions").to_pylist()
        if row["Category"] == "PERM"
    ]
    stays = [
        after["LAEstab"] == row["LAEstab"]
        for row in exclusions
        for after in census[pupil[row["PupilMatchingRefAnonymous"]]]
        if (after["CensusDate"] - row["StartDate"]).days > 30
        and (int(after["NCyearActual"].replace("R", "0")) > 6)
        is (row["NCyearActual"] > 6)
    ]
    assert len(stays) > 40
    assert (
        np.mean(stays) < 0.15
    )  # a second school of a small authority may be the first one again


def test_children_are_in_need_while_they_are_here(
    read: Read, persons: Any, pupil: dict[str, int]
) -> None:
    rows = read("sources/npd/cin").to_pylist()
    assert len(rows) > 2000
    for row in rows:
        person = (
            persons[pupil[row["PupilMatchingRefAnonymous"]]]
            if row["PupilMatchingRefAnonymous"] in pupil
            else None
        )
        if person:
            assert row["CINReferralDate"] >= (
                person["arrival_date"] or date(1900, 1, 1)
            )
            assert (row["CINClosureDate"] or row["CINReferralDate"]) <= (
                person["departure_date"] or FAR
            )


def test_benefits_begin_after_they_were_brought_in(read: Read) -> None:
    first = {
        "ESA": date(2008, 10, 27),
        "PIP": date(2013, 4, 8),
        "UAA": date(2013, 4, 29),
        "UBD": date(2013, 4, 29),
    }
    rows = [
        row
        for row in read("sources/dwp/benefits").to_pylist()
        if row["Benefit_type"] in first
    ]
    assert {row["Benefit_type"] for row in rows} == set(first)
    assert all(row["StartDate"] >= first[row["Benefit_type"]] for row in rows)


@pytest.fixture(scope="module")
def holder(read: Read) -> dict[str, int]:
    """National Insurance number to person."""
    rows = read("truth/entities.parquet").to_pylist()
    return {
        row["entity_key"]: row["person_id"] for row in rows if row["source"] == "cis"
    }


def test_who_comes_is_alive_and_who_dies_is_gone(crowd: People) -> None:
    assert (crowd.death > crowd.arrival).all()
    assert (crowd.departure <= crowd.death).all()
    late = crowd.arrival > crowd.birth
    assert (crowd.death[late] <= DATA_END).sum() > 10  # who came dies as others do


def test_the_dead_take_no_name_and_who_has_left_moves_nowhere(crowd: People) -> None:
    names = crowd.names
    for days in (names.changed, names.back):
        assert ((days < crowd.death) | (days == NEVER)).all()
    assert (names.surname[:, 0] == names.surname[:, 1])[names.changed == NEVER].all()
    start = crowd.homes.start
    assert ((start < crowd.departure[:, None]) | (start == NEVER)).all()
    assert (crowd.departure <= DATA_END).sum() > 1000


def test_dwp_takes_no_news_of_the_dead_and_its_day_of_death_is_the_true_one(
    read: Read, persons: dict[int, dict[str, Any]], holder: dict[str, int]
) -> None:
    dead = [
        row for row in read("sources/cis/customers").to_pylist() if row["DateOfDeath"]
    ]
    assert len(dead) > 50
    for row in dead:
        assert row["StartDate"] <= row["DateOfDeath"]
        assert row["DateOfDeath"] == persons[holder[row["NINO"]]]["death_date"]


@pytest.mark.parametrize("table", ["hmrc/employment", "dwp/benefits"])
def test_no_job_or_benefit_begins_after_death(
    read: Read, holder: dict[str, int], table: str
) -> None:
    customers = read("sources/cis/customers").to_pylist()
    death_days = {
        holder[row["NINO"]]: row["DateOfDeath"]
        for row in customers
        if row["DateOfDeath"]
    }
    rows = [
        row
        for row in read(f"sources/{table}").to_pylist()
        if holder[row["NINO"]] in death_days
    ]
    assert rows
    assert all(row["StartDate"] <= death_days[holder[row["NINO"]]] for row in rows)


def test_who_died_before_is_no_graduate_and_went_nowhere_at_16(
    persons: dict[int, dict[str, Any]],
) -> None:
    dead = [row for row in persons.values() if row["death_date"]]
    young = [row for row in dead if row["death_date"] < date(row["cohort"] + 17, 9, 1)]
    assert len(young) > 10
    assert {(row["post16"], row["degree_start"], row["graduate"]) for row in young} == {
        (None, None, False)
    }
    for row in dead:
        if row["graduate"]:
            assert row["death_date"].year > row["degree_start"] + 1
