"""The figures to reach: configs/calibration/*.toml, one file a theme, checked whole."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from linkage.config.resources import config_file
from linkage.errors import ConfigError
from synthetic.rules.settings import Share, Strict, checked, toml

Unit = Literal["%", "£", "number"]
Bound = Literal["equal", "at most", "at least"]


class Tolerance(Strict):
    """How far a figure may be off before chance is counted: the wider of the two."""

    share: Share = 0.0  # of the target
    points: Annotated[float, Field(ge=0)] = 0.0  # in the figure's own unit

    def around(self, target: float) -> float:
        """The tolerance of one target, in its unit."""
        return max(self.share * abs(target), self.points)


class Figure(Strict):
    """One published figure."""

    id: str  # under which it is measured
    says: str
    target: float
    unit: Unit
    tolerance: Tolerance
    source: str
    bound: Bound = "equal"  # a published limit binds from one side
    note: str = ""
    for_information: str = ""  # why it is shown and not judged


class Unmeasured(Strict):
    """A published figure that these files cannot show, and why."""

    says: str
    source: str
    why: str


class Theme(Strict):
    """One file of figures."""

    name: str
    title: str
    about: str
    figures: tuple[Figure, ...]
    presets: tuple[str, ...]  # of which alone the figures hold; of all where there is none
    unmeasured: tuple[Unmeasured, ...]


class _Given(Strict):
    """A figure as written; what it leaves out is the grid's or the file's."""

    id: str
    says: str
    target: float
    unit: Unit | None = None
    tolerance: Tolerance | None = None
    source: str | None = None
    bound: Bound = "equal"
    note: str = ""
    for_information: str = ""


class _Grid(Strict):
    """Figures of one kind: the figure of a row and a column is measured as id.row.column, and NaN is none."""

    id: str
    says: str
    columns: tuple[str, ...]
    row_says: str = "{}"
    column_says: str = "{}"
    rows: dict[str, tuple[float, ...]]
    unit: Unit | None = None
    tolerance: Tolerance | None = None
    source: str | None = None
    note: str = ""
    for_information: str = ""

    def figures(self) -> Iterator[_Given]:
        """One figure a cell."""
        for row, targets in self.rows.items():
            for column, target in zip(self.columns, targets, strict=True):
                if target == target:
                    yield _Given(
                        id=f"{self.id}.{row}.{column}",
                        says=f"{self.says}: {_said(self.row_says, row)}, {_said(self.column_says, column)}",
                        target=target,
                        unit=self.unit,
                        tolerance=self.tolerance,
                        source=self.source,
                        note=self.note,
                        for_information=self.for_information,
                    )


class _File(Strict):
    title: str
    order: int
    about: str
    presets: tuple[str, ...] = ()
    unit: Unit
    tolerance: Tolerance
    source: str
    sources: dict[str, str]
    figure: tuple[_Given, ...] = ()
    grid: tuple[_Grid, ...] = ()
    unmeasured: tuple[Unmeasured, ...] = ()


def themes(folder: Path | None = None) -> list[Theme]:
    """All themes, in their order.

    Args:
        folder: of TOML files; the one that ships where not given.

    Raises:
        ConfigError: a file is no TOML, has faults, or names a figure twice; with file and key.
    """
    folder = folder or config_file("calibration")
    files = {path: _read(path) for path in sorted(folder.glob("*.toml"))}
    if not files:
        raise ConfigError(
            f"{folder}: no figures to check against\n  give a folder of TOML files as configs/calibration"
        )
    out = [_theme(path, file) for path, file in sorted(files.items(), key=lambda item: item[1].order)]
    named = [figure.id for theme in out for figure in theme.figures]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise ConfigError(f"{folder}: figures named twice: {', '.join(twice)}\n  a figure is measured under one name")
    return out


def _said(form: str, name: str) -> str:
    said = form.replace("{}", name.replace("_", " "))
    return said.replace("years", "year") if name == "1" else said


def _theme(path: Path, file: _File) -> Theme:
    given = [*file.figure, *(figure for grid in file.grid for figure in grid.figures())]
    return Theme(
        name=path.stem,
        title=file.title,
        about=file.about,
        figures=tuple(_whole(path, file, figure) for figure in given),
        presets=file.presets,
        unmeasured=tuple(
            Unmeasured(says=u.says, source=_source(path, file.sources, u.source), why=u.why) for u in file.unmeasured
        ),
    )


def _whole(path: Path, file: _File, given: _Given) -> Figure:
    return Figure(
        id=given.id,
        says=given.says,
        target=given.target,
        unit=given.unit or file.unit,
        tolerance=given.tolerance or file.tolerance,
        source=_source(path, file.sources, given.source or file.source),
        bound=given.bound,
        note=given.note,
        for_information=given.for_information,
    )


def _source(path: Path, sources: Mapping[str, str], name: str) -> str:
    if name not in sources:
        raise ConfigError(f"{path}: [sources] has no '{name}'\n  it has: {', '.join(sources)}")
    return sources[name]


def _read(path: Path) -> _File:
    raw = toml(path)
    for grid in raw.get("grid", []):
        wrong = [row for row, cells in grid.get("rows", {}).items() if len(cells) != len(grid.get("columns", []))]
        if wrong:
            raise ConfigError(
                f"{path}: grid '{grid.get('id')}': {', '.join(wrong)}: not one number for each column\n"
                "  write as many as it has columns"
            )
    return checked(path, raw, _File)
