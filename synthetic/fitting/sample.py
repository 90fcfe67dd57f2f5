"""A sample of pupils of the years that the published figures are about."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Draws, Floats, Ints
from synthetic.education.attainment import Attainment, attainment
from synthetic.education.journeys import years_of_study
from synthetic.education.pathways import entries, entry_odds, higher
from synthetic.education.traits import Traits, odds_table, traits
from synthetic.figures.reference import Reference, reference
from synthetic.fitting.lives import Lives
from synthetic.fitting.targets import YEARS
from synthetic.people.people import PRIVATE, SCHOOLED, People, people
from synthetic.rules import odds as presets
from synthetic.work.insurance import Insurance, insurance

FIRST_COHORT, LAST_COHORT = 1985, 1990
_CHUNK = 100_000
_SEED = 2002  # one that no example uses


@dataclass(frozen=True)
class Chunk:
    """People of a chunk, and which of them are pupils of the years."""

    draws: Draws
    reference: Reference
    people: People
    results: Attainment
    insurance: Insurance
    pupils: NDArray[np.bool_]
    traits: Traits
    weight: Floats


class Sample:
    """Pupils of a population, made anew with the tables as they stand.

    Args:
        among: by ethnic group, the people among whom its pupils are taken: of small groups more, as their lot in the
            sample of a large one would be a matter of chance. Each counts for less in turn.
        others: the people among whom pupils of all other groups are taken.
    """

    def __init__(self, among: dict[str, int], others: int) -> None:
        draws, figures, odds = Draws(_SEED), reference(), presets.load("realistic")
        limit = np.array([among.get(group, others) for group in figures.ethnic])
        chosen = []
        for first in range(1, limit.max() + 1, _CHUNK):
            made = people(draws, figures, odds, np.arange(first, first + _CHUNK))
            chosen.append(made.ids[_pupils(made) & (made.ids <= limit[made.ethnic])])
        ids = np.concatenate(chosen)
        self.chunks = []
        for first in range(0, len(ids), _CHUNK):
            made = people(draws, figures, odds, ids[first : first + _CHUNK])
            pupils = _pupils(made)
            weight = limit.min() / limit[made.ethnic]
            results = attainment(draws, made)
            person = traits(figures, made, results.among_best)
            insured = insurance(draws, odds, made)
            self.chunks.append(Chunk(draws, figures, made, results, insured, pupils, person, weight))

    def of(self, column: Callable[[Chunk], Any]) -> NDArray[Any]:
        """What a function says of the people of each chunk, of the pupils alone."""
        return np.concatenate([np.asarray(column(chunk))[chunk.pupils] for chunk in self.chunks])

    def traits(self) -> Traits:
        """Traits of the pupils."""
        names = self.chunks[0].traits.names

        def codes(trait: str) -> NDArray[Any]:
            return self.of(lambda chunk: chunk.traits.codes[trait])

        return Traits({trait: codes(trait) for trait in names}, names)

    def weight(self) -> Floats:
        """How much each of the pupils counts."""
        return self.of(lambda chunk: chunk.weight)

    def entry_odds(self) -> Floats:
        """(pupils, entries): log odds of ways into university that are no matter of traits."""
        return self.of(lambda chunk: entry_odds(chunk.results.score, chunk.people.cohort, chunk.people.fsm))

    def present(self) -> Floats:
        """(pupils, years after key stage 4): 1 where the pupil is in England in the academic year."""
        return self.of(_present)

    def university(self) -> tuple[Ints, Ints]:
        """The year in which pupils enter university, counted from key stage 4 (0 for never), and what they reach."""
        odds_table.cache_clear()
        never = np.int64(0)
        made = []
        for chunk in self.chunks:
            entry = entries(chunk.draws, chunk.people, chunk.traits, chunk.results)
            made.append(higher(chunk.draws, chunk.people, entry, np.full(len(entry), never)))
        start = np.concatenate([m.start[c.pupils] for m, c in zip(made, self.chunks, strict=True)])
        cohort = self.of(lambda chunk: chunk.people.cohort)
        qualified = np.concatenate([m.qualified[c.pupils] for m, c in zip(made, self.chunks, strict=True)])
        return np.where(start > 0, start - cohort - 17, 0), qualified

    def lives(self) -> Lives:
        """What became of the pupils by the tables as they stand."""
        odds_table.cache_clear()
        return Lives(self.chunks)


def _pupils(of: People) -> NDArray[np.bool_]:
    chosen: NDArray[np.bool_] = np.isin(of.kind, (SCHOOLED, PRIVATE))
    return chosen & (of.cohort >= FIRST_COHORT) & (of.cohort <= LAST_COHORT)


def _present(chunk: Chunk) -> Floats:
    first, last = years_of_study(chunk.people)
    years = chunk.people.cohort[:, None] + 17 + np.arange(1, YEARS + 1)[None, :]
    return ((years >= first[:, None]) & (years <= last[:, None])).astype(float)
