"""What DWP knew of a customer and when: late news, lost addresses, titles; and when people move, die and leave."""

from typing import Any

import numpy as np
import pytest

from synthetic.base import odds
from synthetic.base.dates import DATA_END, NEVER, YEAR, day
from synthetic.base.draws import Draws
from synthetic.base.reference import reference
from synthetic.people.homes import FAMILY_HOMES
from synthetic.people.people import PRIVATE, SCHOOLED, People, departures, people
from synthetic.recording.registration import Registrations
from synthetic.sources.cis import BULK_LOAD, Periods, paper, periods
from tests.synthetic.conftest import Read

COUNT = 20_000
PRESET = odds.load("realistic")


@pytest.fixture(scope="module")
def crowd() -> People:
    return people(Draws(5), reference(), PRESET, np.arange(1, COUNT + 1))


def customers(crowd: People, preset: odds.Odds) -> tuple[Periods, Any]:
    since = np.maximum(crowd.birth + int(15.75 * YEAR), crowd.arrival)
    person = np.flatnonzero((since < DATA_END) & (since < crowd.departure))
    no = np.zeros(len(person), np.int64)
    registrations = Registrations("cis", Draws(5), reference(), preset, crowd, person, no, no)
    return periods(registrations, since[person]), registrations


def test_periods_of_a_customer_follow_one_another_without_a_gap(crowd: People) -> None:
    known, _ = customers(crowd, PRESET)
    follows = known.registration[1:] == known.registration[:-1]
    assert (known.last[:-1][follows] + 1 == known.first[1:][follows]).all()
    assert (known.last[np.append(~follows, True)] == NEVER).all()
    assert (known.first <= known.last).all()
    assert known.first.max() <= DATA_END
    assert (np.diff(known.home)[follows] >= 0).all()
    same = (np.diff(known.home) == 0) & (np.diff(known.renamed) == 0) & (np.diff(known.addressed) == 0)
    assert not (same & follows).any()


def test_lost_addresses_are_found_on_the_day_of_the_load(crowd: People) -> None:
    known, registrations = customers(crowd, PRESET)
    lost = ~known.addressed
    assert (known.first[lost] < BULK_LOAD).all()
    ends = known.last[lost]
    assert ((ends < BULK_LOAD) | (crowd.departure[registrations.person][known.registration[lost]] <= BULK_LOAD)).all()
    early = np.unique(known.registration[known.first < BULK_LOAD])
    assert len(np.unique(known.registration[lost])) / len(early) == pytest.approx(PRESET.cis.no_address, abs=0.015)


def test_no_address_is_lost_where_the_preset_says_none_is(crowd: People) -> None:
    none = PRESET.model_copy(update={"cis": PRESET.cis.model_copy(update={"no_address": 0.0})})
    assert customers(crowd, none)[0].addressed.all()


def test_news_of_a_move_comes_as_late_as_the_preset_says(crowd: People) -> None:
    known, registrations = customers(crowd, PRESET)
    moved = np.flatnonzero(
        (np.diff(known.home) > 0) & (known.registration[1:] == known.registration[:-1]) & known.addressed[:-1]
    )
    moved += 1
    start = crowd.homes.start[registrations.person[known.registration[moved]], known.home[moved]]
    lag = (known.first[moved] - start) / YEAR
    assert (lag > -0.003).all()
    assert 0.6 < np.median(lag) < PRESET.late["cis"].address_years  # later news overtakes what is very late


def test_forms_were_of_paper() -> None:
    share = paper(np.array([day(1998, 1, 1), day(2010, 6, 1), day(2021, 1, 1)], np.int32))
    assert share.tolist() == pytest.approx([1.95, 1.05, 0.225])


def test_one_in_five_moves_far_at_19_and_again_at_22(crowd: People) -> None:
    """ONS, internal migration 2012/13: a fifth of those aged 19, and a second peak at 22."""
    here = np.isin(crowd.kind, (SCHOOLED, PRIVATE)) & ~crowd.foreign_born & (crowd.birth < day(1996, 9, 1))
    authority = reference().places.authority[crowd.homes.postcode[here] // 400]
    rows = np.flatnonzero(here)

    def moved(age: float) -> float:
        before, after = (crowd.homes.at(rows, crowd.birth[rows] + (age + half) * YEAR) for half in (-0.5, 0.5))
        at = np.arange(len(rows))
        return float((authority[at, before] != authority[at, after]).mean())

    assert moved(19) == pytest.approx(0.2, abs=0.02)
    assert moved(19) > moved(22) > 1.5 * moved(20)
    assert moved(15) < 0.06


def test_poor_families_move_oftener(crowd: People) -> None:
    moves = (crowd.homes.start[:, 1:FAMILY_HOMES] < NEVER).sum(axis=1)
    here = (crowd.kind == SCHOOLED) & ~crowd.foreign_born
    assert moves[here & crowd.fsm].mean() > 1.2 * moves[here & ~crowd.fsm].mean()


@pytest.mark.parametrize(("female", "by_35"), [(False, 0.01203), (True, 0.00618)])
def test_people_die_as_the_life_table_says(female: bool, by_35: float) -> None:
    ids, no = np.arange(400_000), np.zeros(400_000, bool)
    death, gone = departures(Draws(2), ids, np.zeros(400_000, np.int32), no | female, no)
    assert (death < 35 * YEAR).mean() == pytest.approx(by_35, rel=0.06)
    assert death.min() > 5 * YEAR - 1
    assert (gone <= death).all()


def test_titles_go_with_sex_and_marriage(read: Read) -> None:
    rows = read("sources/cis/customers").select(["Title", "Sex"]).to_pylist()
    wrong = [row for row in rows if (row["Title"] == "MR") is not (row["Sex"] == "M") and row["Title"] != "DR"]
    assert not wrong
    assert {row["Title"] for row in rows} == {"MR", "MISS", "MRS", "MS", "DR"}
