"""Lay achieved beside target for every figure."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from linkage.engine import Table, connect
from linkage.errors import InputError
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
from synthetic.calibration.targets import Figure, Theme, themes
from synthetic.calibration.verdicts import Achieved, Compared

MEASURES: tuple[Callable[[Population], Iterator[Table]], ...] = tuple(
    room.measures
    for room in (
        names, people, disagreement, exact, activity, graduates, higher_education, employers, coverage,
    )
)  # fmt: skip
"""Each gives tables of id, value, standard_error, people, to be read one after the other."""


@dataclass(frozen=True)
class Made:
    """Which population was checked, as its manifest says."""

    people: int
    seed: int
    preset: str
    version: str

    @property
    def command(self) -> str:
        """What makes and checks the same population again."""
        return f"leo synth --people {self.people} --seed {self.seed} --preset {self.preset} --check --out FOLDER"


@dataclass(frozen=True)
class Checked:
    """Every figure of each theme, in the themes' order."""

    made: Made
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
    made = _made(folder)
    with connect("duckdb") as engine:
        achieved = measured(Population.read(engine, folder))
    return Checked(made, [(theme, compared(theme, achieved, made.preset)) for theme in wanted])


def compared(theme: Theme, achieved: Mapping[str, Achieved], preset: str) -> list[Compared]:
    """The figures of a theme beside what was measured; of a preset that they do not hold for, for information."""
    figures: Iterable[Figure] = theme.figures
    if theme.presets and preset not in theme.presets:
        why = f"published for errors as the preset {' or '.join(theme.presets)} makes them"
        figures = (f.model_copy(update={"for_information": f.for_information or why}) for f in figures)
    return [Compared(figure, achieved.get(figure.id)) for figure in figures]


def _made(folder: Path) -> Made:
    try:
        said = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return Made(int(said["people"]), int(said["seed"]), str(said["preset"]), str(said["version"]))
    except (OSError, ValueError, KeyError):
        raise InputError(
            f"{folder}: no population: it has no manifest.json that says how it was made\n"
            "  make one: leo synth --people 200k --check --out FOLDER"
        ) from None


def measured(population: Population) -> dict[str, Achieved]:
    """Every figure that can be measured, by its name."""
    return collected(population.engine, (table for measures in MEASURES for table in measures(population)))


__all__ = ["Checked", "Made", "check", "compared", "measured"]
