"""What a dealing teaches: sector subject area and level, and of an apprenticeship its framework or standard."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Floats, Ints, Slots
from synthetic.rules import study
from synthetic.sources.ilr.enrolments import APPRENTICESHIP, COMMUNITY, PROGRAMMES, STUDY, Enrolments
from synthetic.world.world import World

_AREAS = 15
_HIGHER = np.array([0.55, 0.75, 0.95])  # of higher apprenticeships: level 4, 5, 6 and 7, cumulated (estimate)
_FIRST_FRAMEWORK, _FIRST_STANDARD, _EACH = 400, 1, 12


@dataclass(frozen=True)
class Programmes:
    """Arrays of one place a record. Levels are 0 (entry) to 7; areas 0 to 14, for tiers 1 to 15."""

    area: Ints
    level: Ints
    standard: NDArray[np.bool_]  # an apprenticeship standard, no framework
    framework: Ints
    standard_code: Ints
    levy: NDArray[np.bool_]  # the employer's contract is with the apprenticeship service

    def take(self, rows: NDArray[np.int64]) -> "Programmes":
        """The programmes at other rows."""
        return Programmes(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def programmes(world: World, of: Enrolments) -> Programmes:
    """The programme of each record's dealing; codes of frameworks and standards are invented."""
    people, draws, rules = world.people, world.draws, study.colleges()
    ids = people.ids[of.person]
    drawn = draws.uniform("aim.area", ids, of.event)
    tables = np.array([_areas(rules, name) for name in PROGRAMMES])
    area = tables[of.programme, people.female[of.person].astype(np.int64), (drawn * tables.shape[-1]).astype(np.int64)]
    apprentice = of.programme == APPRENTICESHIP
    start = draws.uniform("apprenticeship", ids, of.event)
    standard = apprentice & (start < study.of_year(rules.standards, of.first)) & (of.first >= min(rules.standards))
    levy = draws.uniform("apprenticeship.levy", ids, of.event) < study.of_year(rules.levy, of.first)
    level = np.where(apprentice, _apprenticeship(world, of, ids), _level(world, of, ids))
    which = draws.uniform("apprenticeship.code", ids, of.event) ** 2 * _EACH
    code = area.astype(np.int64) * _EACH + which.astype(np.int64)
    return Programmes(area.astype(np.int64), level, standard, _FIRST_FRAMEWORK + code, _FIRST_STANDARD + code, levy)


def _areas(rules: study.Colleges, programme: str) -> list[NDArray[np.int32]]:
    """Men's and women's table of a programme; what has no weights of its own is as adult learning."""
    weights = rules.area.get(programme, rules.area["adult"])
    return [
        Slots(np.array([one.get(str(area + 1), 0.0) for area in range(_AREAS)]), 10).table
        for one in (weights.m, weights.f)
    ]


def _apprenticeship(world: World, of: Enrolments, ids: Ints) -> Ints:
    """Levels by year of start, higher ones to the able."""
    shares = study.of_year(study.colleges().apprenticeships, of.first)
    noise = world.draws.normal("apprenticeship.level", ids, of.event)
    rank = _normal(0.6 * world.people.ability[of.person] + 0.8 * noise)
    higher = world.draws.uniform("apprenticeship.higher", ids, of.event)
    beyond = 4 + np.searchsorted(_HIGHER, higher, side="right")
    return np.select([rank < shares[:, 0], rank < shares[:, 0] + shares[:, 1]], [2, 3], beyond).astype(np.int64)


def _normal(x: Floats) -> Floats:
    """About the share of a standard normal distribution below x."""
    out: Floats = 1 / (1 + np.exp(-1.702 * x))
    return out


def _level(world: World, of: Enrolments, ids: Ints) -> Ints:
    """Levels by ability; community learning is at entry level and level 1."""
    noise = world.draws.normal("aim.level", ids, of.event)
    middle = np.select([of.programme == STUDY, of.programme == COMMUNITY], [2.5, 1.0], 1.9)
    able = middle + world.people.ability[of.person] * 0.7 + noise * 0.6
    most = np.select([of.programme == COMMUNITY, of.programme == STUDY], [1, 3], 4)
    return np.clip(able, 0, most).astype(np.int64)
