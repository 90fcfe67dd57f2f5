"""Origin groups by birth and region, and free school meals, poverty and attainment that go with them."""

import numpy as np
import pytest

from synthetic.base.draws import Draws
from synthetic.base.reference import Reference, reference
from synthetic.people.families import (
    FIRST_YEAR,
    LAST_YEAR,
    circumstances,
    lived_in,
    pupils_origin,
    regions,
    shares_of_pupils,
    spouses_origin,
)

N = 60_000
IDS = np.arange(1, N + 1)
FAR_APART = ("white_british", "pakistani", "bangladeshi", "chinese", "east_african")


@pytest.fixture(scope="module")
def figures() -> Reference:
    return reference()


def code(figures: Reference, group: str) -> int:
    return [origin.name for origin in figures.origins].index(group)


def test_every_group_lives_somewhere_and_every_region_has_a_number(figures: Reference) -> None:
    shares = lived_in(figures)
    assert shares.shape == (len(figures.origins), 11)
    assert shares.sum(axis=1) == pytest.approx(1)
    london = figures.regions.index("E12000007")
    assert shares[code(figures, "bangladeshi"), london] == pytest.approx(222 / 450)
    assert shares[code(figures, "white_british"), london] < 0.1


def test_shares_of_pupils_lie_between_the_first_and_the_last_year(figures: Reference) -> None:
    first, middle, last = (shares_of_pupils(year) for year in (FIRST_YEAR, 1995, LAST_YEAR))
    low, high = np.minimum(first, last), np.maximum(first, last)
    assert ((middle >= low - 1e-9) & (middle <= high + 1e-9)).all()
    assert (shares_of_pupils(1950) == first).all()
    assert first[code(figures, "white_british")] > 0.82
    assert last[code(figures, "pakistani")] == pytest.approx(0.046, abs=0.002)


def test_a_family_has_the_origin_of_its_years(figures: Reference) -> None:
    drawn = (np.arange(N) + 0.5) / N
    for year, days in ((1985, 5480), (2006, 13_200)):
        origin = pupils_origin(drawn, np.full(N, days, np.int32))
        found = np.bincount(origin, minlength=len(figures.origins)) / N
        assert found == pytest.approx(shares_of_pupils(year), abs=0.001)


@pytest.mark.parametrize("group", FAR_APART)
def test_groups_have_their_share_of_free_school_meals(figures: Reference, group: str) -> None:
    origin = np.full(N, code(figures, group))
    no = np.zeros(N, bool)
    place = regions(Draws(4), figures, IDS, origin, ~no)
    assert all(figures.regions[at].startswith("E") for at in np.unique(place))
    means = circumstances(Draws(4), IDS, IDS, origin, place, no, no)
    facts = figures.origins[code(figures, group)]
    assert means.fsm.mean() == pytest.approx(facts.share("fsm"), abs=0.012)
    gap = means.ability[~means.fsm].mean() - means.ability[means.fsm].mean()
    assert gap == pytest.approx(facts.share("fsm_gap"), abs=0.05)
    assert means.ability.mean() == pytest.approx(facts.share("attainment") - 0.12, abs=0.02)
    assert means.idaci[means.fsm].mean() > 1.2 * means.idaci[~means.fsm].mean()


def test_regions_stand_to_each_other_as_published(figures: Reference) -> None:
    """London 23.3 per cent, the South East 8.0 (DfES, January 2007): here of all years at school, so a quarter more."""
    drawn = Draws(4).uniform("who", IDS)
    origin = pupils_origin(drawn, np.full(N, 8000, np.int32))
    no = np.zeros(N, bool)
    place = regions(Draws(4), figures, IDS, origin, ~no)
    fsm = circumstances(Draws(4), IDS, IDS, origin, place, no, no).fsm
    london, south_east = (fsm[place == figures.regions.index(region)].mean() for region in ("E12000007", "E12000008"))
    assert london / south_east == pytest.approx(23.3 / 8.0, rel=0.12)


def test_private_schools_have_next_to_no_free_meals(figures: Reference) -> None:
    yes, no = np.ones(N, bool), np.zeros(N, bool)
    origin = np.full(N, code(figures, "white_british"))
    place = regions(Draws(4), figures, IDS, origin, yes)
    assert circumstances(Draws(4), IDS, IDS, origin, place, yes, no).fsm.mean() < 0.02


@pytest.mark.parametrize("group", FAR_APART)
def test_some_marry_out_of_their_group_most_into_the_largest(figures: Reference, group: str) -> None:
    own = code(figures, group)
    spouse = spouses_origin(Draws(4), figures, IDS, np.full(N, own, np.int32))
    assert (spouse != own).mean() == pytest.approx(figures.origins[own].share("marries_out"), abs=0.006)
    into = np.bincount(spouse[spouse != own], minlength=len(figures.origins))
    assert into[own] == 0
    if group != "white_british":
        assert into.argmax() == code(figures, "white_british")
