"""Which fields go together, told by the files themselves: a household's address, a family's surname, a country's towns.

A Fellegi-Sunter weight adds up fields as if they were independent. People of one postcode live in one town, and who
shares a house number there is of one family: postcode, town, number and surname say "one household" four times, and
outweigh a forename and a birth date that differ. Matches depend in the same way: who has moved has another postcode,
another town and another number, and is asked for the one move three times.

Fields are taken one after the other. What each says is measured anew among pairs that agree already on fields before it
(strangers: pairs of one file; matches: those that EM found), where that is clearly another thing than among all pairs.
This is a chain of conditional probabilities in the place of a product; Winkler (1993) and Larsen and Rubin (2001) fit
log-linear models to the same end. Nothing here says which fields these are.

A thing has no birth date. Of files of things the field that strangers share least is taken for its own (a song's title,
of artist, album and year): two records of a file that differ there are two things. What several records of a file share
is no thing's own (an order's sum, of product, shop and day; the title of a game, which is sold for several platforms):
there those that differ in any field are two.

Equality is what is counted. What is shared may be written with a slip, by strangers as by matches: see `slips`.
"""

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from linkage.engine import Engine, Table
from linkage.model.dependence import Alike, Among, among_comparison
from linkage.model.sampling import drawn
from linkage.model.splink_json import Model, from_dict
from linkage.model.training.counts.patterns import Flags, Layout
from linkage.model.training.counts.rules import PERSONAL, exact_levels
from linkage.model.training.estimates.estimation import Estimates
from linkage.model.training.together.slips import Grade, Swap, alike, asked_alike, grades, nearly, swap, written
from linkage.model.training.together.states import DIFFERS, States, of_matches, of_strangers

_SAMPLE_ROWS = 40_000  # of each side
_MOST_FIELDS = 12
_SELDOM = 0.05  # a field that fewer matches agree on is no sign of anything
_OTHERS = 4.0  # records of a file that share a value, by chance, from which it is no thing's own
_MOSTLY = 2.0  # strangers that share it to each match that does, from which it is none either
_NEARLY_ALL = 0.8  # matches that agree on a field, from which two records of a file that differ there are two things
_MOST_SETS = 6  # of fields that a field is given
COMMON = 0.2  # chance of agreement from which a field (sex) is no sign of a household
_CLEARLY = 0.5  # bits by which agreement elsewhere must change what a field says
ENOUGH = 20.0  # pairs that show it
_SMOOTHING = 5.0  # pairs that what is expected counts as
_LEAST, _MOST = 1e-6, 1e-3  # no field agrees more seldom, or fails to agree more seldom


def with_togetherness(
    engine: Engine, trained: Model, layout: Layout, estimates: Estimates, left: Table, right: Table, *, seed: int
) -> Model:
    """The trained model with a comparison for each field that says something else where others agree.

    Args:
        layout, estimates: of the trained model's comparisons of one field each.
        left, right: unit_id and the model's columns.
    """
    exact = exact_levels(layout)
    alike_too = {name: grades(layout, estimates, number) for name, number in exact.items()}
    fields = [
        _Field.of(name, float(estimates.m[0, number]), float(estimates.u[0, number]), alike_too[name])
        for name, number in exact.items()
        if name not in PERSONAL
    ]
    held = sorted((f for f in fields if f.shared), key=lambda f: (f.elsewhere, f.chance, f.name))[:_MOST_FIELDS]
    own = [name for name in exact if name in PERSONAL]
    personal, twice = own, []
    if held and not own and "surname" not in exact:
        thing = held[0]
        largest = max(engine.count(left), engine.count(right))
        if thing.chance * largest < _OTHERS and not thing.mostly_of_strangers(float(estimates.prior[0])):
            own, held = [thing.name], held[1:]
            personal = list(layout.model.comparisons[layout.owner[exact[thing.name]]].columns)
            twice.append(f'"{thing.name}_l" IS NULL OR "{thing.name}_r" IS NULL')
        else:
            held = [*held, *(field for field in fields if field.common)][:_MOST_FIELDS]
            twice.append(" AND ".join(f'"{field.name}_l" = "{field.name}_r"' for field in held))
    names = [field.name for field in held]
    if len(names) < 2 or not (own or twice):
        return trained
    sides = drawn(engine, (left, right), [*names, *personal], most=_SAMPLE_ROWS, seed=seed)
    read = {*names, *personal}
    twice += [condition for name in own for condition in asked_alike(alike_too[name], read)]
    strangers = of_strangers(engine, names, personal, sides, twice)
    engine.drop(*(side.sample for side in sides))
    also = {field.name: [grade.number for grade in field.close] for field in held if field.elsewhere}
    matches = of_matches(layout, estimates, names, also)
    raw = deepcopy(trained.raw)
    for place, field in enumerate(held[1:], 1):
        number = exact[field.name]
        shown = _Among(field, strangers, matches, swap(layout, estimates, number))
        found = shown.found([one for one in held[:place] if not one.elsewhere])
        if found:
            adjusted = layout.levels[number].adjusted
            raw["comparisons"].append(among_comparison(field.name, found, adjusted=adjusted))
    return from_dict(raw)


@dataclass(frozen=True)
class _Field:
    """A field, how often matches and random pairs agree on it, and the grades of likeness below equality.

    Attributes:
        elsewhere: matches are next to never equal, but alike: the files write it in two ways, each of them in its own
            (an address with and without its town). Who shares it within a file writes it alike across them.
    """

    name: str
    m: float  # of its equality
    u: float
    grades: tuple[Grade, ...]
    elsewhere: bool

    @staticmethod
    def of(name: str, m: float, u: float, graded: tuple[Grade, ...]) -> "_Field":
        return _Field(name, m, u, graded, m <= _SELDOM < m + sum(grade.m for grade in graded if grade.alike))

    @property
    def close(self) -> tuple[Grade, ...]:
        """The grades that are a sign of the same value."""
        return tuple(grade for grade in self.grades if grade.alike)

    @property
    def agreed(self) -> float:
        """Share of matches that agree on it."""
        return self.m + sum(grade.m for grade in self.close) if self.elsewhere else self.m

    @property
    def chance(self) -> float:
        """Share of random pairs that show the same."""
        return self.u + sum(grade.u for grade in self.close) if self.elsewhere else self.u

    @property
    def common(self) -> bool:
        """Whether many strangers share it and nearly all matches do (a platform), so that things differ that do not."""
        return self.chance >= COMMON and self.m >= _NEARLY_ALL

    def mostly_of_strangers(self, prior: float) -> bool:
        """Whether most of those who agree on it are no match, as a title that comes on several platforms.

        Args:
            prior: share of all pairs that match.
        """
        return self.u > _MOSTLY * prior * self.m

    @property
    def shared(self) -> bool:
        """Whether agreement on it is a sign of anything."""
        return (self.m > _SELDOM or self.elsewhere) and self.chance < COMMON


@dataclass(frozen=True)
class _Among:
    """A field among pairs that agree on others, and what pairs show of it."""

    field: _Field
    strangers: States
    matches: States
    swap: Swap | None = None

    def found(self, before: Sequence[_Field]) -> list[Among]:
        """What the field says among pairs that agree on fields before it, the largest sets first."""
        field, found, taken = self.field, [], _none(self.strangers)
        met = seen = _none(self.matches)
        for given in self._sets([one.name for one in before]):
            agreeing = self.strangers.agreeing(given)
            share, pairs = self.strangers.share_equal(field.name, agreeing)
            expected = max(share, smoothed(share, pairs, field.chance))
            u = smoothed(*self.strangers.share_equal(field.name, agreeing & ~taken), expected)
            in_matches = self.matches.agreeing(given)
            m = smoothed(*self.matches.share_equal(field.name, in_matches & ~met), field.agreed)
            taken, met = taken | agreeing, met | in_matches
            seen = seen | self.matches.agreeing(given, seen=True)
            ratio, others = m / field.agreed, (1 - m) / max(1 - field.agreed, _MOST)
            if field.elsewhere:
                u, graded = written(u, ratio, others, field.m, field.u, field.grades)
            else:
                others, graded = alike(u, m, field.m, field.u, field.grades, least=_MOST)
            found.append(
                Among(given, True, ratio, others, field.u, u, graded, self.swap.among(u) if self.swap else None)
            )
        near = [nearly(one, of) for one in found for of in before if one.given == (of.name,)]
        # Pairs that differ where EM looked at equal ones alone differ elsewhere as those do.
        apart = self._apart(before, seen)
        return [*found, *(one for one in near if one), *([apart] if apart else [])]

    def _sets(self, before: Sequence[str]) -> list[tuple[str, ...]]:
        """Sets of fields whose agreement tells more of this one than that of any smaller set among them does."""
        kept: dict[tuple[str, ...], tuple[float, float]] = {}
        for size in range(1, min(len(before), 3) + 1):
            for given in combinations(before, size):
                share, seen = self.strangers.share_equal(self.field.name, self.strangers.agreeing(given))
                if seen < ENOUGH:
                    continue
                smaller = [of for of in kept if set(of) < set(given)]
                without = (
                    kept[min(smaller, key=lambda of: (-len(of), -kept[of][0]))][0] if smaller else self.field.chance
                )
                if differ(smoothed(share, seen, without), without):
                    kept[given] = (share, seen)
        most = sorted(kept, key=lambda given: -kept[given][1])[:_MOST_SETS]
        return sorted(most, key=lambda given: (-len(given), -kept[given][0], given))

    def _apart(self, before: Sequence[_Field], met: Flags) -> Among | None:
        """What the field says of pairs that differ on another: who has moved there, has moved here too."""
        field, best = self.field, None
        for other in before:
            differing = self.matches.at(other.name, DIFFERS) & ~met
            share, seen = self.matches.share_equal(field.name, differing)
            m = smoothed(share, seen, field.agreed)
            if seen < ENOUGH or not differ(m, field.agreed):
                continue
            together = self.strangers.share_equal(field.name, self.strangers.agreeing([other.name]))[0] * other.chance
            u = max((field.chance - together) / (1 - other.chance), field.chance / 10)
            others = (1 - m) / max(1 - field.agreed, _MOST)
            slips = tuple(Alike(grade.condition, grade.label, grade.u, grade.u) for grade in field.close)
            found = Among((other.name,), False, m / field.agreed, others, field.chance, u, slips)
            if best is None or found.ratio_of_others > best.ratio_of_others:
                best = found
        return best


def _none(states: States) -> Flags:
    return np.zeros(len(states.pairs), dtype=bool)


def smoothed(share: float, seen: float, expected: float) -> float:
    """A share of a few pairs, drawn towards what is expected; never all or none.

    That none of twenty agree says nothing where one in a thousand is expected to: a smaller share counts beside one
    pair that agrees as expected.
    """
    counts_as = max(_SMOOTHING, 1 / max(expected, _LEAST)) if share < expected else _SMOOTHING
    found = (share * seen + expected * counts_as) / (seen + counts_as)
    return min(max(found, _LEAST), 1 - _MOST)


def differ(share: float, other: float) -> bool:
    """Whether two shares are so far apart that agreement, or a lack of it, weighs clearly otherwise by the one."""
    one, another = (min(max(p, _LEAST), 1 - _MOST) for p in (share, other))
    return max(abs(math.log2(one / another)), abs(math.log2((1 - one) / (1 - another)))) >= _CLEARLY
