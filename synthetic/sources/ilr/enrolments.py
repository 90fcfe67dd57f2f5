"""Who learns where and in which years: a learner record a provider and year, and which of them are one dealing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Ints, Slots, drawn_again
from synthetic.education.colleges import ADULT as ADULT_SERVICE
from synthetic.education.colleges import GENERAL, SIXTH_FORM, TRAINING, colleges
from synthetic.education.journeys import FIRST_YEAR as FIRST_JOURNEY_YEAR
from synthetic.education.journeys import YEARS as JOURNEY_YEARS
from synthetic.education.universities import band_of
from synthetic.reference_tables import Codes
from synthetic.rules import study
from synthetic.world.world import World

FIRST_YEAR, LAST_YEAR = 2002, 2020
STUDY, APPRENTICESHIP, ADULT, COMMUNITY, UNFUNDED = range(5)
PROGRAMMES = ("study", "apprenticeship", "adult", "community", "unfunded")
"""16 to 19 study programmes, apprenticeships, adult skills, community learning, and learning without public money."""

_TRIES = 12  # for another provider than the one that a learner leaves
_SLOTS = 3  # records a person and year: study or adult learning, an apprenticeship, a short course


@dataclass(frozen=True)
class Enrolments:
    """Arrays of one place a learner record, in the order of people and years; years begin in autumn."""

    person: Ints  # place in the chunk
    year: Ints
    slot: Ints
    event: Ints  # number of the dealing among the person's, below 64
    first: Ints  # first and last year of the dealing
    last: Ints
    follows: Ints  # event of the dealing that this one goes on from: at another provider, or an adult's; -1 for none
    leaves: NDArray[np.bool_]  # before the end, and goes on at another provider
    programme: Ints
    short: NDArray[np.bool_]  # too short to count as sustained

    def take(self, rows: NDArray[np.int64]) -> "Enrolments":
        """The enrolments at other rows."""
        return Enrolments(*(column[rows] for column in self.columns()))

    def columns(self) -> tuple[Any, ...]:
        """All arrays in their order."""
        return tuple(getattr(self, name) for name in self.__dataclass_fields__)


def enrolments(world: World) -> Enrolments:
    """Study programmes and adult learning as journeys have them, apprenticeships, and short courses beside."""
    journey, rules = world.journeys, study.colleges()
    held = JOURNEY_YEARS >= FIRST_YEAR
    there = journey.may_learn() & held[None, :]
    young = journey.college & held[None, :]
    adult = journey.adult_learning & ~journey.college & held[None, :]
    apprentice = there & journey.apprentices()
    busy = young | adult | apprentice
    parts = [
        _runs(world, young, 0, "study", rules.learner.other_college),
        _runs(world, apprentice, 1, "apprenticeship", rules.learner.other_college),
        _runs(world, adult, 0, "adult", rules.learner.again),
        _short(world, journey.short_course & ~busy & held[None, :]),
    ]
    joined = Enrolments(*(np.concatenate(column) for column in zip(*(part.columns() for part in parts), strict=True)))
    return joined.take(np.lexsort((joined.slot, joined.year, joined.person)))


def _runs(world: World, cells: NDArray[np.bool_], slot: int, name: str, changes: float) -> Enrolments:
    """Unbroken years as dealings; some go on at another provider, or with another enrolment of adults."""
    person, at = np.nonzero(cells)
    ids = world.people.ids[person]
    goes_on = np.zeros(len(person), bool)
    goes_on[1:] = (person[1:] == person[:-1]) & (at[1:] == at[:-1] + 1)
    changed = goes_on & world.draws.chance(f"ilr.{name}.change", ids, changes, at)
    begins = np.flatnonzero(~goes_on | changed)
    run = np.cumsum(~goes_on | changed) - 1
    ends = np.append(begins, len(person))[1:] - 1
    first, last = at[begins], at[ends]
    event = (first + FIRST_JOURNEY_YEAR - FIRST_YEAR) * _SLOTS + slot
    follows = np.where(changed[begins], event[np.maximum(np.arange(len(begins)) - 1, 0)], -1)
    leaves = np.append(changed[begins], False)[1:] & (name != "adult")  # adults end one course and take another
    programme = np.full(len(begins), STUDY if name == "study" else APPRENTICESHIP)
    if name == "adult":
        programme = _kinds(study.colleges().adult.kinds, world.draws.uniform("ilr.kind", ids[begins], event))
    years = at + FIRST_JOURNEY_YEAR
    return Enrolments(
        person, years, np.full(len(person), slot), event[run], first[run] + FIRST_JOURNEY_YEAR,
        last[run] + FIRST_JOURNEY_YEAR, follows[run], leaves[run], programme[run], np.zeros(len(person), bool),
    )  # fmt: skip


def _short(world: World, cells: NDArray[np.bool_]) -> Enrolments:
    """Short courses, one a year, each a dealing of its own."""
    person, at = np.nonzero(cells)
    year = at + FIRST_JOURNEY_YEAR
    event = (year - FIRST_YEAR) * _SLOTS + 2
    programme = _kinds(study.colleges().short.kinds, world.draws.uniform("ilr.kind", world.people.ids[person], event))
    none = np.full(len(person), -1)
    return Enrolments(
        person, year, np.full(len(person), 2), event, year, year, none, none > 0, programme, none < 0
    )  # fmt: skip


def _kinds(shares: study.Shares, drawn: NDArray[np.float64]) -> Ints:
    kinds = Slots(np.array(list(shares.values())), 10, np.array([PROGRAMMES.index(name) for name in shares]))
    return kinds.at(drawn).astype(np.int64)


def providers(world: World, of: Enrolments) -> Ints:
    """The UKPRN of each dealing: in the home region, the first ones largest; some adults come back to one they know."""
    people, draws, rules = world.people, world.draws, study.colleges()
    ids = people.ids[of.person]
    able = np.array([0.5, 0.8, 1.7])[band_of(people.ability[of.person])] * rules.study.sixth_form_college
    kind: Codes = np.array([GENERAL, TRAINING, GENERAL, ADULT_SERVICE, GENERAL], np.int32)[of.programme]
    kind = np.where((of.programme == STUDY) & draws.chance("ilr.sixth.form", ids, able), SIXTH_FORM, kind)
    returns = draws.chance("ilr.returns", ids, rules.learner.same_provider, of.event)
    returns &= (of.slot != 1) & (of.follows < 0)
    region = people.homes.region[of.person]
    chosen = colleges().choose(draws.uniform("ilr.provider", ids, np.where(returns, 0, of.event + 1)), kind, region)
    before = np.searchsorted(of.person * 64 + of.event, of.person * 64 + of.follows)
    moves = np.flatnonzero((of.follows >= 0) & np.isin(of.programme, (STUDY, APPRENTICESHIP)))

    def draw(rows: Ints, number: int) -> Ints:
        drawn = draws.uniform("ilr.provider.other", ids[rows], of.event[rows] * _TRIES + number)
        return colleges().choose(drawn, kind[rows], region[rows])

    return drawn_again(chosen, moves, before[moves], draw, _TRIES)
