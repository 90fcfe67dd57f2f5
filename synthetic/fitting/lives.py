"""Pupils' lives as the tables that are fitted so far make them, year by year."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Floats, Ints
from synthetic.education.journeys import LAST_YEAR, YEARS, journeys
from synthetic.education.traits import Traits, with_qualification
from synthetic.work.activity import UNCAPTURED, standing
from synthetic.work.jobs import ALL
from synthetic.work.lives import work
from synthetic.work.pay import table_pay


@dataclass(frozen=True)
class Year:
    """Arrays of one place a pupil whose year it was before the data end."""

    person: Traits
    qualified: Ints
    university: NDArray[np.bool_]
    studies: NDArray[np.bool_]
    was_at_college: NDArray[np.bool_]  # in year 2, or as an apprentice
    here: NDArray[np.bool_]
    away: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    uncaptured: NDArray[np.bool_]
    works: NDArray[np.bool_]  # in every month
    pay: NDArray[np.float32]  # of a full year, over what the table of pay says
    weight: Floats


class Lives:
    """What became of the pupils of a sample."""

    def __init__(self, chunks: list[Any]) -> None:
        parts: dict[str, list[Any]] = {}
        codes: dict[str, list[Any]] = {}
        for chunk in chunks:
            journey = journeys(chunk.draws, chunk.reference, chunk.people)
            studies, away, seen = standing(chunk.people, journey, chunk.insurance)
            working = work(chunk.draws, chunk.people, journey, chunk.insurance)
            college = journey.college | journey.apprentices()
            person = with_qualification(journey.traits, journey.qualified)
            columns = {
                "cohort": chunk.people.cohort, "qualified": journey.qualified, "university": journey.university(),
                "studies": studies, "college": college, "here": journey.may_learn(), "away": away, "seen": seen,
                "uncaptured": working.activity == UNCAPTURED, "works": working.pattern == ALL,
                "weight": chunk.weight,
                "pay": working.pay / np.exp(table_pay(chunk.people, journey)),
            }  # fmt: skip
            for name, column in columns.items():
                parts.setdefault(name, []).append(column[chunk.pupils])
            for trait, column in person.codes.items():
                codes.setdefault(trait, []).append(column[chunk.pupils])
            self.names = person.names
        self.columns = {name: np.concatenate(part) for name, part in parts.items()}
        self.codes = {trait: np.concatenate(part) for trait, part in codes.items()}

    def in_year(self, year: int) -> Year:
        """Pupils in a year after key stage 4, of those who have had it."""
        cohort = self.columns["cohort"]
        rows = np.flatnonzero(cohort + 17 + year <= LAST_YEAR)
        at = cohort[rows] + 17 + year - YEARS[0]

        def then(name: str, back: int = 0) -> NDArray[Any]:
            out: NDArray[Any] = self.columns[name][rows, np.maximum(at - back, 0)]
            return out

        return Year(
            person=Traits(self.codes, self.names).at(rows),
            qualified=self.columns["qualified"][rows],
            university=then("university"),
            studies=then("studies"),
            was_at_college=then("college", year - 2),
            here=then("here"),
            away=then("away"),
            seen=then("seen"),
            uncaptured=then("uncaptured"),
            works=then("works"),
            pay=then("pay"),
            weight=self.columns["weight"][rows],
        )
