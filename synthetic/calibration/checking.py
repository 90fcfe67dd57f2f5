"""Lay achieved beside target for every figure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from linkage.engine import Table, connect
from synthetic.calibration import (
    activity,
    coverage,
    disagreement,
    employers,
    exact,
    graduates,
    higher_education,
    names,
    people,
)
from synthetic.calibration.estimates import collected
from synthetic.calibration.population import Population
from synthetic.calibration.targets import Theme, themes
from synthetic.calibration.verdicts import Achieved, Compared

MEASURES: tuple[Callable[[Population], Iterator[Table]], ...] = tuple(
    room.measures
    for room in (
        names, people, disagreement, exact, activity, graduates, higher_education, employers, coverage,
    )
)  # fmt: skip
"""Each gives tables of id, value, standard_error, people, to be read one after the other."""


@dataclass(frozen=True)
class Checked:
    """Every figure of each theme, in the themes' order."""

    themes: list[tuple[Theme, list[Compared]]]

    @property
    def outside(self) -> list[Compared]:
        """The figures that miss by more than tolerance and chance."""
        return [one for _, figures in self.themes for one in figures if one.verdict == "outside"]

    def count(self, verdict: str) -> int:
        """How many figures have a verdict."""
        return sum(one.verdict == verdict for _, figures in self.themes for one in figures)


def check(folder: Path, targets: list[Theme] | None = None) -> Checked:
    """Measure the population in `folder` and compare.

    Args:
        folder: as `synthesise` made it, with every table in Parquet.
        targets: the figures to reach; those that ship where not given.

    Raises:
        InputError: the folder holds no such population.
        ConfigError: the targets have faults.
    """
    wanted = targets if targets is not None else themes()
    with connect("duckdb") as engine:
        achieved = measured(Population.read(engine, folder))
    return Checked([(theme, [Compared(f, achieved.get(f.id)) for f in theme.figures]) for theme in wanted])


def measured(population: Population) -> dict[str, Achieved]:
    """Every figure that can be measured, by its name."""
    return collected(population.engine, (table for measures in MEASURES for table in measures(population)))


__all__ = ["Checked", "check", "measured"]
