"""Who dies does nothing afterwards: in truth, at DWP and HMRC; and nobody comes who is dead."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from synthetic.base import odds
from synthetic.base.dates import DATA_END, NEVER
from synthetic.base.draws import Draws
from synthetic.base.reference import reference
from synthetic.people.people import People, people
from tests.synthetic.conftest import Read


@pytest.fixture(scope="module")
def crowd() -> People:
    return people(Draws(5), reference(), odds.load("realistic"), np.arange(1, 20_001))


@pytest.fixture(scope="module")
def persons(read: Read) -> dict[int, dict[str, Any]]:
    return {row["person_id"]: row for row in read("truth/persons").to_pylist()}


@pytest.fixture(scope="module")
def holder(read: Read) -> dict[str, int]:
    """National Insurance number to person."""
    rows = read("truth/entities.parquet").to_pylist()
    return {row["entity_key"]: row["person_id"] for row in rows if row["source"] == "cis"}


def test_who_comes_is_alive_and_who_dies_is_gone(crowd: People) -> None:
    assert (crowd.death > crowd.arrival).all()
    assert (crowd.departure <= crowd.death).all()
    late = crowd.arrival > crowd.birth
    assert (crowd.death[late] <= DATA_END).sum() > 10  # who came dies as others do


def test_the_dead_take_no_name_and_move_nowhere(crowd: People) -> None:
    known = crowd.names
    for when in (known.changed, known.back):
        assert ((when < crowd.death) | (when == NEVER)).all()
    assert (known.surname[:, 0] == known.surname[:, 1])[known.changed == NEVER].all()
    start = crowd.homes.start
    assert ((start < crowd.death[:, None]) | (start == NEVER)).all()


def test_dwp_takes_no_news_of_the_dead_and_its_day_of_death_is_the_true_one(
    read: Read, persons: dict[int, dict[str, Any]], holder: dict[str, int]
) -> None:
    dead = [row for row in read("sources/cis/customers").to_pylist() if row["DateOfDeath"]]
    assert len(dead) > 50
    for row in dead:
        assert row["StartDate"] <= row["DateOfDeath"]
        assert row["DateOfDeath"] == persons[holder[row["NINO"]]]["death_date"]


@pytest.mark.parametrize("table", ["hmrc/employment", "dwp/benefits"])
def test_no_job_or_benefit_begins_after_death(read: Read, holder: dict[str, int], table: str) -> None:
    customers = read("sources/cis/customers").to_pylist()
    died = {holder[row["NINO"]]: row["DateOfDeath"] for row in customers if row["DateOfDeath"]}
    rows = [row for row in read(f"sources/{table}").to_pylist() if holder[row["NINO"]] in died]
    assert rows
    assert all(row["StartDate"] <= died[holder[row["NINO"]]] for row in rows)


def test_who_died_before_is_no_graduate_and_went_nowhere_at_16(persons: dict[int, dict[str, Any]]) -> None:
    dead = [row for row in persons.values() if row["death_date"]]
    young = [row for row in dead if row["death_date"] < date(row["cohort"] + 17, 9, 1)]
    assert len(young) > 10
    assert {(row["post16"], row["degree_start"], row["graduate"]) for row in young} == {(None, None, False)}
    for row in dead:
        if row["graduate"]:
            assert row["death_date"].year > row["degree_start"] + 1
