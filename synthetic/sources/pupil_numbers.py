"""Unique pupil numbers, which England and Wales share: who gave a pupil the first one."""

from typing import Any

import numpy as np

from synthetic.drawn import numbers
from synthetic.drawn.draws import Ints
from synthetic.people.nations import ENGLAND, WALES, district
from synthetic.reference_tables import Codes
from synthetic.rules.schooling import nations
from synthetic.sources.npd.pupils import schools
from synthetic.sources.school_records import home_in
from synthetic.world.world import World

WELSH_AUTHORITIES, FIRST_WELSH_AUTHORITY = 22, 660
_GIVEN_IN = {ENGLAND: 0, WALES: 2}  # which of a person's numbers; an English school may give another, 1


def first_numbers(world: World, nation: int) -> Any:
    """The number under which each person's records of a nation begin, in the order of the people.

    A pupil who crosses the border may bring the number along. A temporary one is given in England alone.
    """
    people, draws = world.people, world.draws
    other = WALES if nation == ENGLAND else ENGLAND
    kept = draws.chance("upn.kept", people.ids, nations().crossing.number_kept)
    given_in = np.where((people.homes.raised.first == other) & kept, other, nation)
    temporary = draws.chance("upn.temporary", people.ids, world.odds.people.temporary_upn) & (given_in == ENGLAND)
    authority = np.where(given_in == WALES, first_welsh_authority(world), english_authority(world))
    which = np.where(given_in == WALES, _GIVEN_IN[WALES], _GIVEN_IN[ENGLAND])
    return numbers.upn(draws, people.ids, authority, which, temporary)


def english_authority(world: World) -> Ints:
    """The authority of each person's first school."""
    everyone = np.arange(len(world.people))
    return schools(world, everyone, np.zeros(len(everyone), np.int64))["authority"]


def first_welsh_authority(world: World) -> Ints:
    """The authority of each person's first school in Wales."""
    everyone = np.arange(len(world.people))
    return welsh_authority(world, everyone, home_in(world, everyone, WALES))


def welsh_authority(world: World, person: Ints, home: Codes) -> Ints:
    """The Welsh authority around the homes of people."""
    codes = world.people.homes.postcode[person, home]
    return FIRST_WELSH_AUTHORITY + district(world.reference, WALES, codes, WELSH_AUTHORITIES)
