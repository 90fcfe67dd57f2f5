"""What strangers share, written with a slip: nearly equal is no other value.

How often strangers of one household share their surname is counted on equal surnames. A shared one is written with as
many slips as a match's is, since the same clerks write both; one that is not shared is like it as often as random pairs
are. So of strangers who share a field with share h, a lesser grade has the share h m + (1 - h) u.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from linkage.model.dependence import Alike, Among
from linkage.model.splink_json import sided_columns
from linkage.model.training.counts.patterns import Layout
from linkage.model.training.counts.rules import exact_levels
from linkage.model.training.estimates.estimation import Estimates

_TELLS = 2.0  # m over u from which a lesser grade is a sign of the same value
_CLEARLY = 0.5  # bits that near agreement elsewhere must change
_LEAST_DIFFER = 0.1  # of the matches that are not equal, those that differ are no fewer


@dataclass(frozen=True)
class Grade:
    """A grade between equal and differing, and the share of matches and of random pairs that have it."""

    number: int  # of its level
    condition: str
    label: str
    m: float
    u: float

    @property
    def alike(self) -> bool:
        """Whether it is a sign of the same value."""
        return self.m > _TELLS * self.u


class Graded(Protocol):
    """A field with its grades."""

    @property
    def name(self) -> str: ...

    @property
    def m(self) -> float: ...

    @property
    def u(self) -> float: ...

    @property
    def grades(self) -> tuple[Grade, ...]: ...


def grades(layout: Layout, estimates: Estimates, number: int) -> tuple[Grade, ...]:
    """The lesser grades of a comparison, in the order in which they are asked.

    Args:
        number: of the level that says its column to be equal.
    """
    found = []
    for other, level in enumerate(layout.levels):
        m, u = float(estimates.m[0, other]), float(estimates.u[0, other])
        if layout.owner[other] == layout.owner[number] and other > number and level.condition:
            found.append(Grade(other, level.condition, level.label.split(": ", 1)[-1], m, u))
    return tuple(found)


def asked_alike(graded: Sequence[Grade], read: Collection[str]) -> Iterator[str]:
    """SQL of the pairs at each grade that is a sign of the same value, of those that read no other columns.

    A grade holds where none before it does: of two years of birth that differ, days and months that are not known are
    equal, and no sign of one day.
    """
    unlike: list[str] = []
    for grade in graded:
        if not set(sided_columns(grade.condition)) <= set(read):
            continue
        if not grade.alike:
            unlike.append(grade.condition)
            continue
        before = "".join(f" AND NOT coalesce({condition}, FALSE)" for condition in unlike)
        yield f"({grade.condition}){before}" if before else grade.condition


@dataclass(frozen=True)
class Swap:
    """A column's value in another column, of which that column's comparison tells.

    Attributes:
        m, u: its share of matches and of random pairs.
        chance: share of random pairs that agree on the other column.
    """

    condition: str
    m: float
    u: float
    chance: float

    def among(self, u_given: float) -> Alike:
        """Strangers who share the column, agree on the other by chance, and of whom one has them swapped."""
        return Alike(self.condition, "swapped", self.u, max(self.m * u_given * self.chance, self.u))


def swap(layout: Layout, estimates: Estimates, number: int) -> Swap | None:
    """The swap of which a column's comparison is silent, as the other column's comparison has learnt it.

    Args:
        number: of the level that says its column to be equal.
    """
    (own,) = sided_columns(layout.levels[number].condition or "")
    silent = [level for level in layout.model.comparisons[layout.owner[number]].levels if level.value < 0]
    read = [{*sided_columns(level.condition)} for level in silent if level.condition]
    exact = exact_levels(layout)
    for other, level in enumerate(layout.levels):
        columns = {*sided_columns(level.condition)} if level.condition else set()
        rest = columns - {own}
        if own in columns and columns in read and len(rest) == 1 and rest <= exact.keys():
            u = estimates.u[0]
            return Swap(
                level.condition or "", float(estimates.m[0, other]), float(u[other]), float(u[exact[rest.pop()]])
            )
    return None


def alike(
    u_given: float, m_given: float, m: float, u: float, graded: Sequence[Grade], *, least: float
) -> tuple[float, tuple[Alike, ...]]:
    """What is left for a field's other grades where its equality among strangers was counted.

    Args:
        u_given, m_given: share of strangers and of matches who are equal, of those who agree on the given fields.
        m, u: the same of all matches and of random pairs.
        least: the smallest share of matches that is taken to differ.

    Returns:
        P(differs) among such matches over that among all matches, and the grades.
    """
    slips, by_chance = sum(grade.m for grade in graded), sum(grade.u for grade in graded)
    differ, differ_of_all = (max(rest - slips, _LEAST_DIFFER * rest) for rest in (1 - m_given, max(1 - m, least)))
    shared = min(max((u_given - u) / max(m_given - u, 1e-9), 0.0), 1.0)
    expected = [shared * grade.m + (1 - shared) * grade.u for grade in graded]
    others = shared * differ + (1 - shared) * (1 - u - by_chance)
    scale = (1 - u_given) / max(sum(expected) + others, 1e-9)
    found = tuple(
        Alike(grade.condition, grade.label, grade.u, scale * share)
        for grade, share in zip(graded, expected, strict=True)
    )
    return differ / differ_of_all, found


def written(
    shared: float, ratio: float, others: float, m: float, u: float, graded: Sequence[Grade]
) -> tuple[float, tuple[Alike, ...]]:
    """A field that the two files write in two ways: strangers share it, and then write it as matches do.

    Args:
        shared: share of strangers of one file who are equal, of those who agree on the given fields.
        ratio, others: P(alike) among such matches over that among all; the same of P(differs).

    Returns:
        Share of strangers across the files who are equal, and the grades.
    """
    found = (
        Alike(g.condition, g.label, g.u, shared * g.m + (1 - shared) * g.u, ratio if g.alike else others)
        for g in graded
    )
    return shared * m + (1 - shared) * u, tuple(found)


def nearly(among: Among, given: Graded) -> Among | None:
    """The same where the given field is nearly equal: a slip in a shared address, or another address like it."""
    close = [grade for grade in given.grades if grade.alike]
    if not close:
        return None
    slips, by_chance = sum(grade.m for grade in close), sum(grade.u for grade in close)
    same = min(given.u / given.m * slips / by_chance, 1.0)  # share of the nearly equal that are one value
    u = same * among.u_given + (1 - same) * among.u
    if math.log2(u / among.u) < _CLEARLY:
        return None
    mixed = tuple(
        Alike(one.condition, one.label, one.u, same * one.u_given + (1 - same) * one.u, one.ratio)
        for one in among.alike
        if one.u_given > one.u
    )
    condition = " OR ".join(f"({grade.condition})" for grade in close)
    return Among(among.given, True, among.ratio, 1.0, among.u, u, mixed, nearly=f"({condition})")
