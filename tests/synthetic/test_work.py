"""Jobs and benefit claims realise what each tax year is said to be: worked throughout,
in part or not at all.
"""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.base.dates import DATA_END, day, on
from synthetic.base.draws import Draws
from synthetic.chunks import build_world
from synthetic.education.journeys import YEARS
from synthetic.sources.dwp import _out_of_work, _short, dwp
from synthetic.sources.hmrc import hmrc
from synthetic.work import (
    ALL,
    CLAIMANT,
    NONE,
    PART,
    STUDENT,
    UNCAPTURED,
    WORKER,
    jobs,
    work,
)

EARLIEST = day(1999, 1, 1)


def months(people, person, start, end):
    """(people, YEARS, 12): months of the tax year, April to March, that any spell
    touches.
    """
    end = np.minimum(end, day(2021, 3, 31))

    def month(days):
        return (
            days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
            + (1970 - YEARS[0]) * 12
            - 3
        )

    edges = np.zeros((people, len(YEARS) * 12 + 1), np.int64)
    first, last = np.clip(month(start), 0, None), month(end)
    keep = (last >= 0) & (first <= last) & (first < len(YEARS) * 12)
    np.add.at(edges, (person[keep], first[keep]), 1)
    np.add.at(edges, (person[keep], last[keep] + 1), -1)
    return (np.cumsum(edges, axis=1)[:, :-1] > 0).reshape(people, len(YEARS), 12)


def longest_run(months_worked):
    best, running = (
        np.zeros(months_worked.shape[:2], int),
        np.zeros(months_worked.shape[:2], int),
    )
    for month in range(12):
        running = np.where(months_worked[:, :, month], running + 1, 0)
        best = np.maximum(best, running)
    return best


@given(
    st.lists(
        st.lists(st.sampled_from([NONE, PART, ALL]), min_size=20, max_size=20),
        min_size=1,
        max_size=30,
    ),
    st.integers(0, 9),
)
def test_each_year_is_worked_for_as_many_months_as_its_pattern_says(lives, seed):
    pattern = np.array(lives, np.int8)
    ids = np.arange(1, len(pattern) + 1)
    age = np.tile(np.linspace(16, 35, 20), (len(pattern), 1))
    spells = jobs(
        Draws(seed),
        ids,
        age,
        pattern,
        np.full(len(ids), EARLIEST),
        np.zeros(pattern.shape, bool),
    )
    month_counts = months(len(ids), spells.person, spells.start, spells.end).sum(axis=2)
    assert (month_counts[pattern == NONE] == 0).all()
    assert (month_counts[pattern == ALL] == 12).all()
    assert (
        (month_counts[pattern == PART] > 0) & (month_counts[pattern == PART] < 12)
    ).all()


@given(st.integers(0, 50))
def test_jobs_do_not_depend_on_who_else_is_made(seed):
    pattern = (np.arange(60).reshape(3, 20) * 7 % 3).astype(np.int8)
    ids, age = np.array([5, 9, 11]), np.full((3, 20), 30.0)
    batch = jobs(
        Draws(seed), ids, age, pattern, np.full(3, EARLIEST), np.zeros((3, 20), bool)
    )
    single = jobs(
        Draws(seed),
        ids[1:2],
        age[1:2],
        pattern[1:2],
        np.full(1, EARLIEST),
        np.zeros((1, 20), bool),
    )
    rows = batch.person == 1
    assert (batch.start[rows] == single.start).all()
    assert (batch.end[rows] == single.end).all()


@pytest.fixture(scope="module")
def world_and_lives():
    world = build_world(3, "realistic", np.arange(1, 9001))
    return world, work(world.draws, world.people, world.journeys, world.insurance)


def test_claims_last_six_months_in_the_years_of_claimants_and_in_no_others(
    world_and_lives,
):
    world, lives = world_and_lives
    spells = [
        np.concatenate(column)
        for column in zip(_out_of_work(world, lives), _short(world, lives), strict=True)
    ]
    claim_months = months(
        len(world.people), spells[0], spells[1], np.minimum(spells[2], DATA_END)
    )
    run = longest_run(claim_months)
    assert (run[lives.activity == CLAIMANT] >= 6).all()
    others = ~np.isin(lives.activity, (CLAIMANT, STUDENT))
    assert (run[others] < 6).all()
    assert not claim_months[lives.activity == UNCAPTURED].any()


def test_nobody_has_universal_credit_twice_or_and_a_claim(world_and_lives):
    world, lives = world_and_lives
    table = dwp(world, lives).tables["dwp_benefits"]
    columns = (
        table[name].to_pylist()
        for name in ("NINO", "StartDate", "EndDate", "Benefit_type")
    )
    spells = sorted(
        (nino, first, last or date.max)
        for nino, first, last, kind in zip(*columns, strict=True)
        if kind not in ("DLA", "PIP")  # which are paid next to any other
    )
    pairs = [(one, other) for one, other in pairwise(spells) if one[0] == other[0]]
    assert len(pairs) > 500
    assert all(one[2] < other[1] for one, other in pairs)


def test_workers_work_all_year_and_people_without_a_trace_have_no_return(
    world_and_lives,
):
    world, lives = world_and_lives
    assert (lives.pattern[lives.activity == WORKER] == ALL).all()
    assert (lives.pattern[lives.activity == UNCAPTURED] == NONE).all()
    table = hmrc(world, lives).tables["hmrc_self_assessment"]
    places = np.arange(len(world.people))
    numbers = (
        world.insurance.numbers(places, np.zeros(len(places), bool)).plain().to_pylist()
    )
    owner = {nino: place for place, nino in enumerate(numbers)}
    years = table["TaxYear"].to_numpy() // 100 - YEARS[0]
    for nino, year in zip(table["NINO"].to_pylist(), years, strict=True):
        if nino in owner:
            assert lives.activity[owner[nino], year] != UNCAPTURED


def test_nobody_who_studied_in_spring_is_without_a_trace_unless_gone(world_and_lives):
    world, lives = world_and_lives
    has_studied = world.journeys.studies()[:, :-1]
    has_left = world.people.departure[:, None] <= on(YEARS[1:] + 1, 4, 5)[None, :]
    is_late = world.insurance.issued[:, None] > on(YEARS[1:], 4, 6)[None, :]
    is_untraced = (
        (lives.activity[:, 1:] == UNCAPTURED) & has_studied & ~has_left & ~is_late
    )
    is_untraced &= world.people.arrival[:, None] <= on(YEARS[1:], 4, 6)[None, :]
    assert not is_untraced.any()
