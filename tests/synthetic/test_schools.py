"""Pupils of the three nations: who is in which census, and that what happens to them
comes as often as published.
"""

import datetime
from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from synthetic.chunks import build_world
from synthetic.people.families import ENGLAND, SCOTLAND, WALES
from synthetic.sources.npd import npd
from synthetic.sources.npd.pupils import (
    FIRST_WELSH_AUTHORITY,
    WELSH_AUTHORITIES,
    census_days,
    pupils,
)
from synthetic.sources.npd.welfare import excluded
from synthetic.sources.scotland import STAGES, scotland
from synthetic.sources.scotland import census_days as september_days
from synthetic.sources.wales import census_days as welsh_days
from synthetic.sources.wales import wales
from synthetic.world import World
from tests.synthetic.conftest import Read

KEY = "PupilMatchingRefAnonymous"


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(11, "realistic", np.arange(1, 9001))


def rows(columns: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(columns[name].to_pylist() for name in names), strict=True))


def test_census_days_are_the_weekdays_that_each_nation_counts_on() -> None:
    epoch = datetime.date(1970, 1, 1)
    for days, weekday, month, week in (
        (census_days(), 3, 1, 3),
        (september_days(), 2, 9, 3),
        (welsh_days(), 1, 1, 2),
    ):
        dates = [epoch + datetime.timedelta(int(d)) for d in days]
        assert {(d.weekday(), d.month, (d.day - 1) // 7 + 1) for d in dates} == {
            (weekday, month, week)
        }


def test_a_pupil_is_in_the_census_of_the_nation_where_the_family_lives(
    world: World,
) -> None:
    homes, owner = world.people.homes, {}
    for source, name, day in (
        (npd, "npd_census", "CensusDate"),
        (scotland, "scotland_pupils", "CensusDate"),
        (wales, "wales_plasc", "CENSUS_DATE"),
    ):
        files = source(world)
        person = np.array(files.records[0]["person_id"].to_pylist()) - 1
        days = files.tables[name][day].cast("int32").to_numpy()
        owner[name] = set(person.tolist())
        assert (
            homes.nation(person, days) == [ENGLAND, SCOTLAND, WALES][len(owner) - 1]
        ).all()
    assert owner["npd_census"] & owner["scotland_pupils"]
    assert owner["npd_census"] & owner["wales_plasc"]
    count = len(owner["npd_census"] & (owner["scotland_pupils"] | owner["wales_plasc"]))
    assert count / len(owner["npd_census"]) == pytest.approx(0.016, abs=0.008)
    assert len(owner["scotland_pupils"]) / len(owner["npd_census"]) == pytest.approx(
        0.10, abs=0.04
    )


def test_scottish_years_turn_in_march(world: World) -> None:
    files = scotland(world)
    birth = (
        world.people.birth[np.array(files.records[0]["person_id"].to_pylist()) - 1]
        .astype("datetime64[D]")
        .tolist()
    )
    for birthday, (year, stage) in zip(
        birth,
        rows(files.tables["scotland_pupils"], "AcademicYear", "StudentStage"),
        strict=True,
    ):
        begins = year // 100 - STAGES.index(stage)
        assert (
            datetime.date(begins - 5, 3, 1)
            <= birthday
            < datetime.date(begins - 4, 3, 1)
        )


def test_a_welsh_number_names_a_welsh_authority_or_came_from_england(
    world: World,
) -> None:
    welsh, england = wales(world), npd(world)
    english = dict(
        zip(
            england.tables["npd_census"]["UPN"].to_pylist(),
            england.records[0]["person_id"].to_pylist(),
            strict=True,
        )
    )
    person = welsh.records[0]["person_id"].to_pylist()
    authorities, shared_count = set(), 0
    for (upn,), owner in zip(
        rows(welsh.tables["wales_plasc"], "UPN"), person, strict=True
    ):
        authorities.add(int(upn[1:4]) - FIRST_WELSH_AUTHORITY)
        if upn in english:
            assert english[upn] == owner
            shared_count += 1
    assert shared_count
    known_authorities = {a for a in authorities if 0 <= a < WELSH_AUTHORITIES}
    assert len(known_authorities) == WELSH_AUTHORITIES


def test_who_is_outside_school_alone_is_in_no_census_of_the_year(world: World) -> None:
    tables = npd(world).tables
    census = set(rows(tables["npd_census"], KEY, "AcademicYear"))
    for pmr, year, attends in rows(tables["npd_ap"], KEY, "ACADYR", "AttendsSchool"):
        assert ((pmr, year) in census) is bool(attends)
    assert {attends for (attends,) in rows(tables["npd_ap"], "AttendsSchool")} == {0, 1}


def test_exclusions_are_on_school_days_and_the_last_may_be_for_good(
    world: World,
) -> None:
    school_years = pupils(world)
    expected = excluded(school_years)
    table = npd(world).tables["npd_exclusions"]
    assert len(table[KEY]) == expected.times.sum()
    exclusions = rows(
        table, KEY, "AcademicYear", "StartDate", "Category", "ActualNumberOfSessions"
    )
    last: dict[tuple[str, int], datetime.date] = {}
    for pmr, year, start, _, _ in exclusions:
        assert start.weekday() < 5
        assert (
            datetime.date(year // 100, 9, 1)
            <= start
            <= datetime.date(year // 100 + 1, 7, 31)
        )
        last[pmr, year] = max(start, last.get((pmr, year), start))
    for pmr, year, start, category, sessions in exclusions:
        assert (category == "PERM") is (sessions is None)
        assert category == "FIXD" or start == last[pmr, year]


def test_absence_adds_up_and_is_as_frequent_as_published(read: Read) -> None:
    absence = read("sources/npd/absence")
    absences, possible = (
        absence[f"{name}_6HalfTerms"].to_numpy()
        for name in ("OverallAbsence", "SessionsPossible")
    )
    parts = [
        absence[f"{name}_6HalfTerms"].to_numpy()
        for name in ("AuthorisedAbsence", "UnauthorisedAbsence")
    ]
    persistent = absence["PA10_Exact_6HalfTerms"].to_numpy()
    assert (parts[0] + parts[1] == absences).all()
    assert (absences <= possible).all()
    assert (persistent == (absences >= 0.1 * possible)).all()
    assert absences.sum() / possible.sum() == pytest.approx(0.05, abs=0.006)
    assert persistent.mean() == pytest.approx(0.115, abs=0.02)


def test_what_is_drawn_of_pupils_follows_no_order_of_their_numbers(
    world: World,
) -> None:
    """A person's place in a block of nine numbers says who is the eldest of a family:
    nothing else may hang on it.
    """
    files = npd(world)
    owner = dict(
        zip(
            files.tables["npd_census"][KEY].to_pylist(),
            files.records[0]["person_id"].to_pylist(),
            strict=True,
        )
    )
    passes, stages = defaultdict(set), defaultdict(set)
    for pmr, level2, number in rows(files.tables["npd_ks4"], KEY, "LEVEL2", "GCSE_AC"):
        if 1 <= (place := owner.get(pmr, 0) % 9) <= 6:  # who is schooled in England
            passes[level2, place].add(number)
    for pmr, stage in rows(files.tables["npd_census"], KEY, "SENprovision"):
        stages[owner[pmr] % 2].add(stage)
    assert {len(values) for (level2, _), values in passes.items()} == {5, 6}
    assert stages[0] == stages[1] == set("NAPSKE")


def test_private_schools_send_results_and_no_census(read: Read) -> None:
    pupils = set(read("sources/npd/census")[KEY].to_pylist())
    ap_pupils = set(
        read("sources/npd/ap")[KEY].to_pylist()
    )  # some were at no school but in places of an authority
    private = [
        row
        for row in read("sources/npd/ks4").to_pylist()
        if row["LAESTAB"] % 10_000 >= 9800 and row["URN"] >= 900_000
    ]
    assert private
    assert not {row[KEY] for row in private} & pupils
    assert {row["FSM"] for row in private} == {0}
    assert {row["P8SCORE"] for row in private} == {None}
    unknown = set(read("sources/npd/ks4")[KEY].to_pylist()) - pupils - ap_pupils
    assert unknown == {row[KEY] for row in private}
