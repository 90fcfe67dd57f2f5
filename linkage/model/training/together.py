"""Which fields go together, told by the files themselves: a household's address, a family's surname, a country's towns.

A Fellegi-Sunter weight adds up fields as if they were independent. People of one postcode live in one town, and who
shares a house number there is of one family: postcode, town, number and surname say "one household" four times, and
outweigh a forename and a birth date that differ. Matches depend in the same way: who has moved has another postcode,
another town and another number, and is asked for the one move three times.

Fields are taken one after the other. What each says is measured anew among pairs that agree already on fields before it
(strangers: pairs of one file; matches: those that EM found), where that is clearly another thing than among all pairs.
This is a chain of conditional probabilities in the place of a product; Winkler (1993) and Larsen and Rubin (2001) fit
log-linear models to the same end. Nothing here says which fields these are.
"""

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from linkage.engine import Engine, Table
from linkage.model.dependence import Among, among_comparison
from linkage.model.sampling import drawn
from linkage.model.splink_json import Model, from_dict
from linkage.model.training.estimation import Estimates
from linkage.model.training.patterns import Flags, Layout
from linkage.model.training.rules import PERSONAL, exact_levels
from linkage.model.training.states import DIFFERS, States, of_matches, of_strangers

_SAMPLE_ROWS = 40_000  # of each side
_MOST_FIELDS = 12
_SELDOM = 0.05  # a field that fewer matches agree on is no sign of anything
_MOST_SETS = 6  # of fields that a field is given
_COMMON = 0.2  # chance of agreement from which a field (sex) is no sign of a household
_CLEARLY = 0.5  # bits by which agreement elsewhere must change what a field says
_ENOUGH = 20.0  # pairs that show it
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
    chance = {name: float(estimates.u[0, number]) for name, number in exact.items()}
    shared = {name: float(estimates.m[0, number]) > _SELDOM for name, number in exact.items() if name not in PERSONAL}
    names = sorted((n for n in shared if shared[n] and chance[n] < _COMMON), key=lambda n: (chance[n], n))
    names, personal = names[:_MOST_FIELDS], [name for name in exact if name in PERSONAL]
    if len(names) < 2 or not personal:
        return trained
    sides = drawn(engine, (left, right), [*names, *personal], most=_SAMPLE_ROWS, seed=seed)
    strangers = of_strangers(engine, names, personal, sides)
    engine.drop(*(side.sample for side in sides))
    matches = of_matches(layout, estimates, names)
    raw = deepcopy(trained.raw)
    for place, name in enumerate(names[1:], 1):
        number = exact[name]
        field = _Field(name, chance[name], float(estimates.m[0, number]), strangers, matches)
        found = field.among(names[:place], chance)
        if found:
            adjusted = layout.levels[number].adjusted
            raw["comparisons"].append(among_comparison(name, found, adjusted=adjusted))
    return from_dict(raw)


@dataclass(frozen=True)
class _Field:
    """A field, and what pairs show of it."""

    name: str
    u: float  # of its equality
    m: float
    strangers: States
    matches: States

    def among(self, before: Sequence[str], chance: dict[str, float]) -> list[Among]:
        """What the field says among pairs that agree on fields before it, the largest sets first."""
        sets = self._sets(before)
        found, taken = [], _none(self.strangers)
        met = _none(self.matches)
        for given in sets:
            agreeing = self.strangers.agreeing(given)
            expected = self.strangers.share_equal(self.name, agreeing)[0]
            u = _smoothed(*self.strangers.share_equal(self.name, agreeing & ~taken), expected)
            in_matches = self.matches.agreeing(given)
            m = _smoothed(*self.matches.share_equal(self.name, in_matches & ~met), self.m)
            found.append(Among(given, True, m / self.m, (1 - m) / max(1 - self.m, _MOST), self.u, u))
            taken, met = taken | agreeing, met | in_matches
        apart = self._apart(before, met, chance)
        return [*found, *([apart] if apart else [])]

    def _sets(self, before: Sequence[str]) -> list[tuple[str, ...]]:
        """Sets of fields whose agreement tells more of this one than that of any smaller set among them does."""
        kept: dict[tuple[str, ...], tuple[float, float]] = {}
        for size in range(1, min(len(before), 3) + 1):
            for given in combinations(before, size):
                share, seen = self.strangers.share_equal(self.name, self.strangers.agreeing(given))
                if seen < _ENOUGH:
                    continue
                smaller = [of for of in kept if set(of) < set(given)]
                without = kept[min(smaller, key=lambda of: (-len(of), -kept[of][0]))][0] if smaller else self.u
                if _differ(_smoothed(share, seen, without), without):
                    kept[given] = (share, seen)
        most = sorted(kept, key=lambda given: -kept[given][1])[:_MOST_SETS]
        return sorted(most, key=lambda given: (-len(given), -kept[given][0], given))

    def _apart(self, before: Sequence[str], met: Flags, chance: dict[str, float]) -> Among | None:
        """What the field says of pairs that differ on another: who has moved there, has moved here too."""
        best: Among | None = None
        for other in before:
            differing = self.matches.at(other, DIFFERS) & ~met
            share, seen = self.matches.share_equal(self.name, differing)
            m = _smoothed(share, seen, self.m)
            if seen < _ENOUGH or not _differ(m, self.m):
                continue
            together = self.strangers.share_equal(self.name, self.strangers.agreeing([other]))[0] * chance[other]
            u = max((self.u - together) / (1 - chance[other]), self.u / 10)
            found = Among((other,), False, m / self.m, (1 - m) / max(1 - self.m, _MOST), self.u, u)
            if best is None or found.ratio_of_others > best.ratio_of_others:
                best = found
        return best


def _none(states: States) -> Flags:
    return np.zeros(len(states.pairs), dtype=bool)


def _smoothed(share: float, seen: float, expected: float) -> float:
    """A share of a few pairs, drawn towards what is expected; never all or none."""
    found = (share * seen + expected * _SMOOTHING) / (seen + _SMOOTHING)
    return min(max(found, _LEAST), 1 - _MOST)


def _differ(share: float, other: float) -> bool:
    one, another = (min(max(p, _LEAST), 1 - _MOST) for p in (share, other))
    return max(abs(math.log2(one / another)), abs(math.log2((1 - one) / (1 - another)))) >= _CLEARLY
