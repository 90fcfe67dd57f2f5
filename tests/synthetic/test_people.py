"""What people are called: customs of origin groups, twins, changes of surname, and how
concentrated names are.
"""

import numpy as np
import pytest

from synthetic.base import odds
from synthetic.base.dates import NEVER, YEAR
from synthetic.base.draws import Draws
from synthetic.base.reference import Reference, reference
from synthetic.people.families import (
    circumstances,
    regions,
)
from synthetic.people.names import DEED_POLL, MARRIAGE, PARTNER
from synthetic.people.people import People, people

COUNT = 60_000


@pytest.fixture(scope="module")
def figures() -> Reference:
    return reference()


@pytest.fixture(scope="module")
def crowd(figures: Reference) -> People:
    return people(Draws(11), figures, odds.load("realistic"), np.arange(1, COUNT + 1))


@pytest.fixture(scope="module")
def forenames(crowd: People, figures: Reference) -> np.ndarray:
    return np.array(figures.forenames.to_pylist(), object)[crowd.names.forename]


@pytest.fixture(scope="module")
def surnames(crowd: People) -> np.ndarray:
    """(people, 2): before and after the change."""
    return np.array(crowd.names.surname_values.to_pylist(), object)[crowd.names.surname]


def members(crowd: People, figures: Reference, group: str) -> np.ndarray:
    return crowd.origin == [origin.name for origin in figures.origins].index(group)


@pytest.mark.parametrize(
    ("man", "woman"),
    [
        ("Kowalski", "Kowalska"),
        ("Ivanov", "Ivanova"),
        ("Georgiev", "Georgieva"),
        ("Kazlauskas", "Kazlauskaite"),
        ("Nowak", "Nowak"),
        ("Smith", "Smith"),
    ],
)
def test_women_bear_the_ending_of_their_language(
    figures: Reference, man: str, woman: str
) -> None:
    names = figures.surnames.to_pylist()
    assert names[figures.feminine[names.index(man)]] == woman


def test_no_man_bears_a_womans_ending(
    crowd: People, figures: Reference, surnames: np.ndarray
) -> None:
    polish = members(crowd, figures, "east_european")
    has_ending = np.array([name.endswith("ska") for name in surnames[:, 0]])
    assert not has_ending[polish & ~crowd.female].any()
    assert 0.02 < has_ending[polish & crowd.female].mean() < 0.3


def test_twins_have_two_names_and_some_begin_alike(
    crowd: People, forenames: np.ndarray
) -> None:
    second = np.flatnonzero(crowd.twin)
    assert (forenames[second] != forenames[second - 1]).all()
    assert (crowd.birth[second] == crowd.birth[second - 1]).all()
    same_sex = crowd.female[second] == crowd.female[second - 1]
    alike = np.array(
        [
            a[0] == b[0]
            for a, b in zip(forenames[second], forenames[second - 1], strict=True)
        ]
    )
    assert alike[same_sex].mean() > alike[~same_sex].mean() + 0.06


def test_sons_and_daughters_of_some_families_bear_other_names(
    crowd: People, figures: Reference, surnames: np.ndarray
) -> None:
    bangladeshi = members(crowd, figures, "bangladeshi")
    begum = surnames[:, 0] == "Begum"
    assert begum[bangladeshi & crowd.female].mean() > 0.05
    assert not begum[~crowd.female].any()
    singh = np.isin(
        crowd.names.middle[:, 0], [figures.forenames.to_pylist().index("Singh")]
    )
    assert singh[
        members(crowd, figures, "indian") & ~crowd.female
    ].mean() == pytest.approx(0.12, abs=0.04)
    assert not singh[crowd.female].any()


def test_surnames_change_for_a_reason_and_on_a_day_of_the_life(
    crowd: People, surnames: np.ndarray
) -> None:
    names = crowd.names
    has_change = names.changed < NEVER
    assert (has_change == (names.reason > 0)).all()
    assert ((surnames[:, 0] != surnames[:, 1]) == has_change).all()
    age = (names.changed - crowd.birth) / YEAR
    assert (age[names.reason == MARRIAGE] >= 18.9).all()
    assert (age[names.reason == DEED_POLL] >= 15.9).all()
    assert (
        (age[names.reason == PARTNER] > 0) & (age[names.reason == PARTNER] < 16)
    ).all()
    is_back = names.back < NEVER
    assert (names.reason[is_back] == MARRIAGE).all()
    assert (names.back[is_back] > names.changed[is_back] + 2.9 * YEAR).all()


def test_a_name_of_birth_is_used_again_after_a_divorce(crowd: People) -> None:
    names = crowd.names
    rows = np.flatnonzero(names.back < NEVER)[:50]
    assert not names.new_on(rows, names.changed[rows] - 1).any()
    assert names.new_on(rows, names.changed[rows]).all()
    assert names.new_on(rows, names.back[rows] - 1).all()
    assert not names.new_on(rows, names.back[rows]).any()


N = 60_000
IDS = np.arange(1, N + 1)
FAR_APART = ("white_british", "pakistani", "bangladeshi", "chinese", "east_african")


def code(figures: Reference, group: str) -> int:
    return [origin.name for origin in figures.origins].index(group)


@pytest.mark.parametrize("group", FAR_APART)
def test_groups_have_their_share_of_free_school_meals(
    figures: Reference, group: str
) -> None:
    origin = np.full(N, code(figures, group))
    empty_mask = np.zeros(N, bool)
    place = regions(Draws(4), figures, IDS, origin, ~empty_mask)
    assert all(figures.regions[region].startswith("E") for region in np.unique(place))
    means = circumstances(Draws(4), IDS, IDS, origin, place, empty_mask, empty_mask)
    facts = figures.origins[code(figures, group)]
    assert means.fsm.mean() == pytest.approx(facts.share("fsm"), abs=0.012)
    gap = means.ability[~means.fsm].mean() - means.ability[means.fsm].mean()
    assert gap == pytest.approx(facts.share("fsm_gap"), abs=0.05)
    assert means.ability.mean() == pytest.approx(
        facts.share("attainment") - 0.12, abs=0.02
    )
    assert means.idaci[means.fsm].mean() > 1.2 * means.idaci[~means.fsm].mean()
