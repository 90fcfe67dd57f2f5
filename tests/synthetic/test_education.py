"""Ways through education and work: what the odds say, and that lives hold together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.base.draws import Draws
from synthetic.base.rules import ENTRIES, PATHS, begins, lean
from synthetic.chunks import build_world
from synthetic.education.pathways import (
    GRADUATE,
    OddsTable,
    Traits,
    by_year,
    choose,
    deviates,
    odds_table,
)
from synthetic.people.people import PRIVATE, SCHOOLED
from synthetic.work import SECTIONS

LETTERS = [letter for letter, *_ in SECTIONS]


def two_traits(a, b):
    names = {"a": ("x", "y"), "ethnic": ("p", "q", "r")}
    return Traits(
        {"a": np.array(a), "ethnic": np.array(b), "region": np.zeros(len(a), int)},
        names | {"region": ("",)},
    )


class Plain(Traits):
    """Traits in two halves as the people have them."""

    def halves(self):
        return ("a",), ("ethnic", "region")


def test_log_odds_are_the_sum_over_traits():
    table = OddsTable(
        ("one", "two"),
        np.array([1.0, 2.0]),
        {
            ("a", "y"): np.array([10.0, 20.0]),
            ("ethnic", "q"): np.array([100.0, 0.0]),
            ("ethnic", "r"): np.array([0.0, 5.0]),
        },
    )
    person = two_traits([0, 1, 1], [0, 1, 2])
    log_odds = table.of(Plain(person.codes, person.names))
    assert log_odds.tolist() == [[1, 2], [111, 22], [11, 27]]


@pytest.mark.parametrize(
    ("uniform", "place"),
    [(0.0, 0), (0.24, 0), (0.26, 1), (0.74, 1), (0.76, 2), (0.999999, 2)],
)
def test_outcomes_are_chosen_by_their_odds(uniform, place):
    odds = np.log(np.array([[1, 2, 1]], np.float32))
    assert choose(odds, np.array([uniform])).tolist() == [place]


@pytest.mark.parametrize(
    ("entry", "years"),
    [
        ("degree 2", (2, 2)),
        ("degree 5", (5, 6)),
        ("degree 12", (12, 12)),
        ("other 9", (9, 10)),
    ],
)
def test_an_entry_lasts_until_the_next_of_its_kind(entry, years):
    assert begins(entry) == years


@pytest.mark.parametrize(
    ("name", "outcomes"), [("life_entries", ENTRIES), ("life_paths", PATHS)]
)
def test_fitted_tables_have_a_column_for_each_outcome(name, outcomes):
    assert odds_table(name).outcomes == outcomes
    assert len(lean(outcomes)) == len(outcomes) if outcomes == ENTRIES else True


@given(st.floats(0, 0.9), st.floats(0, 0.95), st.integers(0, 99))
def test_deviates_are_standard_and_carried_on(lasting, from_year, seed):
    values = deviates(
        Draws(seed), "x", np.arange(20_000), np.arange(2001, 2006), lasting, from_year
    )
    assert values.mean(axis=0) == pytest.approx(np.zeros(5), abs=0.05)
    assert values.std(axis=0) == pytest.approx(np.ones(5), abs=0.05)
    correlation = lasting + (1 - lasting) * from_year
    assert np.corrcoef(values[:, 2], values[:, 3])[0, 1] == pytest.approx(
        correlation, abs=0.05
    )


def test_a_table_by_year_goes_on_before_its_first_and_after_its_last_column():
    table = OddsTable(("3", "4"), np.array([1.0, 2.0]), {})
    person = two_traits([0], [0])
    values = by_year(table, Plain(person.codes, person.names), np.array([[1, 3, 4, 9]]))
    assert values.tolist() == [[1, 1, 2, 2]]


@pytest.fixture(scope="module")
def world():
    return build_world(5, "realistic", np.arange(1, 60_001))


def test_nobody_is_in_two_places_of_learning_in_one_year(world):
    journey = world.journeys
    places = [
        journey.sixth_form,
        journey.college,
        journey.adult_learning,
        journey.apprentices(),
        journey.short_course,
    ]
    assert sum(place.astype(int) for place in places).max() == 1
    university = journey.university() & journey.may_learn()
    assert not (
        university & (journey.sixth_form | journey.college | journey.adult_learning)
    ).any()


def test_university_follows_sixth_form(world):
    journey, people = world.journeys, world.people
    starts = journey.degree_start > 0
    is_schooled = np.isin(people.kind, (SCHOOLED, PRIVATE))
    assert (
        journey.degree_start[starts & is_schooled]
        >= people.cohort[starts & is_schooled] + 19
    ).all()
    assert (journey.qualified[journey.graduates & is_schooled] == GRADUATE).all()
    assert ((journey.postgraduate_start == 0) | (journey.postgraduate_years > 0)).all()
    has_postgraduate = (journey.postgraduate_start > 0) & is_schooled
    assert (journey.postgraduate_start >= journey.degree_start + journey.degree_years)[
        has_postgraduate
    ].all()
