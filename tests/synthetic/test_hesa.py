"""Student records: courses and their ends agree with journeys, subjects and classes
with what is published.
"""

from collections import defaultdict
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from synthetic.base.dates import on
from synthetic.base.rules import rule_file
from synthetic.chunks import build_world
from synthetic.people.people import VISITOR
from synthetic.sources.hesa import hesa
from synthetic.world import World

FIRST_YEAR, LAST_YEAR = 2004, 2020
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(7, "realistic", np.arange(1, 12_001))


@pytest.fixture(scope="module")
def tables(world: World) -> dict[str, Rows]:
    """Students and qualifications, each with its person's place."""
    out = hesa(world)
    place = {int(number): index for index, number in enumerate(world.people.ids)}
    owner = {
        row["record_key"]: place[row["person_id"]]
        for part in out.records
        for row in part.to_pylist()
    }
    students = pa.table(out.tables["hesa_students"]).to_pylist()
    for row in students:
        row["person"] = owner[str(row["RECORDID"])]
    person = {row["HUSID"]: row["person"] for row in students}
    awards = pa.table(out.tables["hesa_qualifications"]).to_pylist()
    return {
        "students": students,
        "awards": [row | {"person": person[row["HUSID"]]} for row in awards],
    }


@pytest.fixture(scope="module")
def courses(tables: dict[str, Rows]) -> list[Rows]:
    """The years of each course in their order."""
    by_course: dict[tuple[str, str], Rows] = defaultdict(list)
    for row in sorted(tables["students"], key=lambda row: row["AcademicYear"]):
        by_course[row["HUSID"], row["NUMHUS"]].append(row)
    return list(by_course.values())


def test_every_year_that_a_journey_studies_has_a_record_that_lasts_beyond_march(
    world: World, tables: dict[str, Rows]
) -> None:
    journey = world.journeys
    studies = set()
    for start, years in (
        (journey.degree_start, journey.degree_years),
        (journey.postgraduate_start, journey.postgraduate_years),
    ):
        for person in np.flatnonzero(start > 0):
            studies |= {
                (person, int(year))
                for year in range(start[person], start[person] + years[person])
            }
    expected = {
        (person, year)
        for person, year in studies
        if FIRST_YEAR <= year <= LAST_YEAR
        and journey.learns_from[person] <= year <= journey.learns_until[person]
    }
    studying = [row for row in tables["students"] if row["XMODE01"] not in ("5", "6")]
    assert {(row["person"], row["AcademicYear"] // 100) for row in studying} == expected
    for row in studying:
        year = row["AcademicYear"] // 100
        assert row["COMDATE"] < date(year, 10, 1)
        assert (row["ENDDATE"] or date(year + 1, 7, 31)) >= date(year + 1, 3, 31)


def test_first_degrees_go_to_graduates_and_to_nobody_else(
    world: World, tables: dict[str, Rows]
) -> None:
    journey = world.journeys
    last = journey.degree_start + journey.degree_years - 1
    graduates = (
        journey.graduates
        & (last >= journey.learns_from)
        & (last >= FIRST_YEAR)
        & (journey.degree_start > 0)
    )
    departure = world.people.departure
    firsts = [row["person"] for row in tables["awards"] if row["XLEV601"] == "4"]
    assert len(set(firsts)) == len(firsts)
    assert set(firsts) >= set(
        np.flatnonzero(graduates & (departure > on(last + 1, 7, 5))).tolist()
    )
    assert set(firsts) <= set(
        np.flatnonzero(graduates & (departure > on(last + 1, 6, 15))).tolist()
    )
    assert {row["XQOBTN01"] for row in tables["awards"] if row["XLEV601"] == "4"} == {
        "H00",
        "M22",
    }


def test_a_course_says_when_and_why_it_ended_in_its_last_year_alone(
    courses: list[Rows],
) -> None:
    reasons = defaultdict(int)
    for rows in courses:
        for row in rows:
            assert (row["ENDDATE"] is None) is (row["RSNEND"] is None)
        study_rows = [row for row in rows if row["XMODE01"] != "6"]
        assert all(row["RSNEND"] is None for row in study_rows[:-1])
        assert [row["YEARSTU"] for row in rows] == list(
            range(rows[0]["YEARSTU"], rows[0]["YEARSTU"] + len(rows))
        )
        reasons[study_rows[-1]["RSNEND"] if study_rows else None] += 1
    assert reasons["01"] > 10 * reasons["03"] > 0
    assert reasons["07"] > 0


def test_awards_are_those_of_completed_courses_or_go_along_with_those_who_leave(
    courses: list[Rows], tables: dict[str, Rows]
) -> None:
    end = {
        (row["HUSID"], row["NUMHUS"]): row["RSNEND"]
        for rows in courses
        for row in rows
        if row["RSNEND"]
    }
    award = {(row["HUSID"], row["NUMHUS"]): row["XQOBTN01"] for row in tables["awards"]}
    assert len(award) == len(tables["awards"])
    assert {key for key, reason in end.items() if reason == "01"} <= set(award)
    assert {award[key] for key in set(award) if end[key] != "01"} <= {"C20", "J20"}


def test_who_comes_from_abroad_has_no_british_home_number_or_region(
    world: World, tables: dict[str, Rows]
) -> None:
    home = {"XF", "XG", "XH", "XI"}
    for row in tables["students"]:
        is_abroad = bool(world.people.kind[row["person"]] == VISITOR)
        assert (row["DOMICILE"] in home) is not is_abroad
        assert (row["XDOMGR01"] is None) is is_abroad
        assert is_abroad or row["POSTCODE"]
        assert not (is_abroad and row["ULN"])
    homeless = [
        row["POSTCODE"] is None for row in tables["students"] if row["XDOMGR01"] is None
    ]
    assert np.mean(homeless) == pytest.approx(
        1 - rule_file("study/universities.toml").home.term_address, abs=0.08
    )


def test_subjects_are_in_the_scheme_of_their_year(tables: dict[str, Rows]) -> None:
    for row in tables["students"] + tables["awards"]:
        is_newer = row["AcademicYear"] >= 201920
        assert (row["XCAH02_1"] is not None, row["XJACS01_1"] is None) == (
            is_newer,
            is_newer,
        )


def test_medicine_has_no_class_and_classes_are_of_first_degrees_alone(
    tables: dict[str, Rows],
) -> None:
    for row in tables["awards"]:
        assert (row["XCLASS01"] is not None) is (row["XLEV601"] == "4")
        if row["XCAH02_1"] == "CAH01-01" and row["XLEV601"] == "4":
            assert row["XCLASS01"] == "7"
