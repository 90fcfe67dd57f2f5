"""What DWP knew of a customer and when: late news, lost addresses, titles; and when
people move, die and leave.
"""

from typing import Any

import numpy as np
import pytest

from synthetic.base import odds
from synthetic.base.dates import DATA_END, NEVER, YEAR
from synthetic.base.draws import Draws
from synthetic.base.reference import reference
from synthetic.base.rules import Table
from synthetic.people.people import People, people
from synthetic.recording.registration import Registrations
from synthetic.sources.cis import BULK_LOAD, Periods, periods

COUNT = 20_000
PRESET = odds.load("realistic")


@pytest.fixture(scope="module")
def crowd() -> People:
    return people(Draws(5), reference(), PRESET, np.arange(1, COUNT + 1))


def customers(crowd: People, preset: Table) -> tuple[Periods, Any]:
    issue_day = np.maximum(crowd.birth + int(15.75 * YEAR), crowd.arrival)
    person = np.flatnonzero((issue_day < DATA_END) & (issue_day < crowd.departure))
    zeros = np.zeros(len(person), np.int64)
    registrations = Registrations(
        "cis", Draws(5), reference(), preset, crowd, person, zeros, zeros
    )
    return periods(registrations, issue_day[person]), registrations


def test_periods_of_a_customer_follow_one_another_without_a_gap(crowd: People) -> None:
    records, _ = customers(crowd, PRESET)
    follows = records.registration[1:] == records.registration[:-1]
    assert (records.last[:-1][follows] + 1 == records.first[1:][follows]).all()
    assert (records.last[np.append(~follows, True)] == NEVER).all()
    assert (records.first <= records.last).all()
    assert records.first.max() <= DATA_END
    assert (np.diff(records.home)[follows] >= 0).all()
    is_same = (
        (np.diff(records.home) == 0)
        & (np.diff(records.renamed) == 0)
        & (np.diff(records.addressed) == 0)
    )
    assert not (is_same & follows).any()


def test_lost_addresses_are_found_on_the_day_of_the_load(crowd: People) -> None:
    records, registrations = customers(crowd, PRESET)
    mask = ~records.addressed
    assert (records.first[mask] < BULK_LOAD).all()
    ends = records.last[mask]
    assert (
        (ends < BULK_LOAD)
        | (
            crowd.departure[registrations.person][records.registration[mask]]
            <= BULK_LOAD
        )
    ).all()
    group = np.unique(records.registration[records.first < BULK_LOAD])
    assert len(np.unique(records.registration[mask])) / len(group) == pytest.approx(
        PRESET.cis.no_address, abs=0.015
    )


def test_news_of_a_move_comes_as_late_as_the_preset_says(crowd: People) -> None:
    records, registrations = customers(crowd, PRESET)
    move_rows = np.flatnonzero(
        (np.diff(records.home) > 0)
        & (records.registration[1:] == records.registration[:-1])
        & records.addressed[:-1]
    )
    move_rows += 1
    start = crowd.homes.start[
        registrations.person[records.registration[move_rows]], records.home[move_rows]
    ]
    lag = (records.first[move_rows] - start) / YEAR
    assert (lag > -0.003).all()
    assert (
        0.6 < np.median(lag) < PRESET.late["cis"].address_years
    )  # later news overtakes what is very late
