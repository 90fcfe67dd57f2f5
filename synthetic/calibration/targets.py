"""Published figures to reach, configs/calibration/*.toml (one file a theme), and the
verdict on a measured figure.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen, check, toml_of
from linkage.errors import ConfigError

CHANCE = 2.6
"""Standard errors beyond the tolerance that a figure may miss by: one right figure in a
hundred misses by more.
"""

Unit = Literal["%", "£", "number"]
Bound = Literal["equal", "at most", "at least"]
Verdict = Literal["within", "outside", "for information", "no data"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class Tolerance(Frozen):
    """How far a figure may be off before chance is counted: the wider of the two."""

    share: Annotated[float, Field(ge=0, le=1)] = 0.0  # of the target
    points: Annotated[float, Field(ge=0)] = 0.0  # in the figure's own unit

    def around(self, target: float) -> float:
        """The tolerance of one target, in its unit."""
        return max(self.share * abs(target), self.points)


class _Common(Frozen):
    """Keys of figures and grids; what is left out is the file's."""

    id: str  # under which it is measured
    says: str
    unit: Unit
    tolerance: Tolerance
    source: str
    note: str = ""
    for_information: str = ""  # why it is shown and not judged


class Figure(_Common):
    """One published figure."""

    target: float
    bound: Bound = "equal"  # a published limit binds from one side


class _Grid(_Common):
    """Figures of one kind: a row and a column are measured as id.row.column; NaN is no
    figure.
    """

    columns: tuple[str, ...]
    row_says: str = "{}"
    column_says: str = "{}"
    rows: dict[str, tuple[float, ...]]

    def figures(self) -> Iterator[Figure]:
        common = {
            name: getattr(self, name)
            for name in _Common.model_fields
            if name not in ("id", "says")
        }
        for row, targets in self.rows.items():
            for column, target in zip(self.columns, targets, strict=True):
                if not math.isnan(target):
                    says = (
                        f"{self.says}: {_label(self.row_says, row)}, "
                        f"{_label(self.column_says, column)}"
                    )
                    yield Figure(
                        id=f"{self.id}.{row}.{column}",
                        says=says,
                        target=target,
                        **common,
                    )


class Unmeasured(Frozen):
    """A published figure that these files cannot show, and why."""

    says: str
    source: str
    why: str


class _File(Frozen):
    title: str
    order: int
    about: str
    presets: tuple[str, ...] = ()
    unit: Unit
    tolerance: Tolerance
    source: str
    sources: dict[str, str]
    figure: tuple[Figure, ...] = ()
    grid: tuple[_Grid, ...] = ()
    unmeasured: tuple[Unmeasured, ...] = ()


@dataclass(frozen=True)
class Theme:
    """One file of figures. `presets`: those for which the figures hold, all where
    empty.
    """

    name: str
    title: str
    about: str
    figures: tuple[Figure, ...]
    presets: tuple[str, ...]
    unmeasured: tuple[Unmeasured, ...]


@dataclass(frozen=True)
class Achieved:
    """A figure as the population has it, in the figure's unit, and the people behind
    it.
    """

    value: float
    standard_error: float
    people: int


@dataclass(frozen=True)
class Compared:
    """A target and what was reached."""

    figure: Figure
    achieved: Achieved | None

    @property
    def difference(self) -> float:
        """Achieved minus target; NaN where the population has no one behind the
        figure.
        """
        return (
            self.achieved.value - self.figure.target if self.achieved else float("nan")
        )

    @property
    def verdict(self) -> Verdict:
        """Outside: misses by more than its tolerance and chance together."""
        if self.achieved is None:
            return "no data"
        if self.figure.for_information:
            return "for information"
        allowance = self.figure.tolerance.around(
            self.figure.target
        ) + CHANCE * self._standard_error(self.achieved)
        is_over, is_under = self.difference > allowance, -self.difference > allowance
        is_missed = {
            "equal": is_over or is_under,
            "at most": is_over,
            "at least": is_under,
        }[self.figure.bound]
        return "outside" if is_missed else "within"

    def _standard_error(self, achieved: Achieved) -> float:
        """For a share, at least that of the target: else few hits would be judged more
        strictly than many.
        """
        target, value = self.figure.target, achieved.value
        if self.figure.unit != "%" or not 0 < value < 100:
            return achieved.standard_error
        return achieved.standard_error * math.sqrt(
            max(1.0, target * (100 - target) / (value * (100 - value)))
        )


def themes(folder: Path | None = None) -> list[Theme]:
    """All themes, in their order.

    Args:
        folder: of TOML files; the shipped one when not given.

    Raises:
        ConfigError: a file is not TOML, has faults, or names a figure twice; with file
            and key.
    """
    folder = folder or config_file("calibration")
    files = {path: _read(path) for path in sorted(folder.glob("*.toml"))}
    if not files:
        raise ConfigError(
            f"{folder}: no figures to check against\n  give a folder of TOML files "
            "such as configs/calibration"
        )
    all_themes = [
        _theme(path, file)
        for path, file in sorted(files.items(), key=lambda item: item[1].order)
    ]
    names = [figure.id for theme in all_themes for figure in theme.figures]
    if repeats := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(
            f"{folder}: figures named twice: {', '.join(repeats)}\n  give each figure "
            "a name of its own"
        )
    return all_themes


def _label(form: str, name: str) -> str:
    label = form.replace("{}", name.replace("_", " "))
    return label.replace("years", "year") if name == "1" else label


def _theme(path: Path, file: _File) -> Theme:
    def source(name: str) -> str:
        if name not in file.sources:
            raise ConfigError(
                f"{path}: [sources] has no '{name}'\n  it has: "
                f"{', '.join(file.sources)}"
            )
        return file.sources[name]

    entries = [
        *file.figure,
        *(figure for grid in file.grid for figure in grid.figures()),
    ]
    figures = tuple(
        figure.model_copy(update={"source": source(figure.source)})
        for figure in entries
    )
    unmeasured = tuple(
        figure.model_copy(update={"source": source(figure.source)})
        for figure in file.unmeasured
    )
    return Theme(path.stem, file.title, file.about, figures, file.presets, unmeasured)


def _read(path: Path) -> _File:
    raw = toml_of(path)
    defaults = {key: raw[key] for key in ("unit", "tolerance", "source") if key in raw}
    for key in raw.keys() & {"figure", "grid"}:
        raw[key] = [defaults | entry for entry in raw[key]]
    for grid in raw.get("grid", []):
        wrong_rows = [
            row
            for row, cells in grid.get("rows", {}).items()
            if len(cells) != len(grid.get("columns", []))
        ]
        if wrong_rows:
            raise ConfigError(
                f"{path}: grid '{grid.get('id')}': {', '.join(wrong_rows)}: not one "
                "number for each column\n"
                "  write as many as it has columns"
            )
    return check(_File, raw, str(path))
