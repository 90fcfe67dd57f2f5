"""Compare achieved with target for every figure; the result as Markdown and JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from linkage.engine import connect
from linkage.errors import InputError
from synthetic.calibration.measures import measures, prepare
from synthetic.calibration.population import Population
from synthetic.calibration.targets import (
    CHANCE,
    VERDICTS,
    Achieved,
    Bound,
    Compared,
    Figure,
    Theme,
    themes,
)

_BOUNDS: dict[Bound, str] = {
    "equal": "",
    "at most": "at most ",
    "at least": "at least ",
}


@dataclass(frozen=True)
class Described:
    """The checked population, as its manifest describes it."""

    people: int
    seed: int
    preset: str
    version: str

    @property
    def command(self) -> str:
        """The command that makes and checks the same population."""
        return (
            f"leo synth --people {self.people} --seed {self.seed} --preset "
            f"{self.preset} --out FOLDER"
        )


@dataclass(frozen=True)
class Checked:
    """Every figure of each theme, in the themes' order."""

    population: Described
    themes: list[tuple[Theme, list[Compared]]]

    @property
    def outside(self) -> list[Compared]:
        """The figures that miss by more than tolerance and chance."""
        return [
            comparison
            for _, figures in self.themes
            for comparison in figures
            if comparison.verdict == "outside"
        ]

    def count(self, verdict: str) -> int:
        """How many figures have a verdict."""
        return sum(
            comparison.verdict == verdict
            for _, figures in self.themes
            for comparison in figures
        )


def check(folder: Path, targets: list[Theme] | None = None) -> Checked:
    """Measure the population in `folder` and compare.

    Args:
        folder: as `synthesise` made it, with every table in Parquet.
        targets: the figures to reach; those that ship when not given.

    Raises:
        InputError: the folder holds no such population.
        ConfigError: the targets have faults.
    """
    themes_to_check = targets if targets is not None else themes()
    description = _described(folder)
    with connect("duckdb") as engine:
        achieved = measured(Population.read(engine, folder))
    return Checked(
        description,
        [
            (theme, compared(theme, achieved, description.preset))
            for theme in themes_to_check
        ],
    )


def measured(population: Population) -> dict[str, Achieved]:
    """Every figure that can be measured, by its id."""
    prepare(population)
    return population.measured(
        [*measures("people"), *measures("records"), *measures("outcomes")]
    )


def compared(
    theme: Theme, achieved: Mapping[str, Achieved], preset: str
) -> list[Compared]:
    """The figures of a theme with what was measured; for information where they do not
    hold for the preset.
    """
    figures = theme.figures
    if theme.presets and preset not in theme.presets:
        reason = (
            f"published for errors as the preset {' or '.join(theme.presets)} "
            "makes them"
        )
        figures = tuple(
            f.model_copy(update={"for_information": f.for_information or reason})
            for f in figures
        )
    return [Compared(figure, achieved.get(figure.id)) for figure in figures]


def _described(folder: Path) -> Described:
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return Described(
            int(manifest["people"]),
            int(manifest["seed"]),
            str(manifest["preset"]),
            str(manifest["version"]),
        )
    except (OSError, ValueError, KeyError):
        raise InputError(
            f"{folder}: no population: it has no manifest.json that says how it was "
            "made\n"
            "  make one: leo synth --people 200k --out FOLDER"
        ) from None


def as_markdown(outcome: Checked) -> str:
    """Figures by verdict, then a table for each theme with its sources, notes and what
    cannot be measured.
    """
    info = outcome.population
    parts = [
        "# Calibration",
        f"{info.people:,} people, seed {info.seed}, preset {info.preset}, version "
        f"{info.version}: `{info.command}`. "
        "Published figures are those of configs/calibration; achieved ones are "
        "measured by SQL on the written files.",
        "A figure is *outside* when it misses its target by more than the tolerance "
        f"and {CHANCE} standard errors "
        "together. `n` counts the people (or records, pairs, graduates) behind it. "
        "Figures *for information* cannot be "
        "held against their source, for the reason given.",
        _summary(outcome),
    ]
    for theme, figures in outcome.themes:
        sources = "; ".join(dict.fromkeys(one.figure.source for one in figures))
        parts += [
            f"## {theme.title}",
            theme.about.strip(),
            _table(figures),
            f"Source: {sources}.",
            _notes(figures),
        ]
        lines = [f"- {one.says} ({one.source}): {one.why}" for one in theme.unmeasured]
        parts.append("\n".join(["Not measured:", "", *lines]) if lines else "")
    return "\n\n".join(part for part in parts if part) + "\n"


def _summary(outcome: Checked) -> str:
    rows = [(theme.title, figures) for theme, figures in outcome.themes]
    rows.append(("All", [comparison for _, figures in rows for comparison in figures]))
    lines = [
        f"| | figures | {' | '.join(VERDICTS)} |",
        f"|---|--:|{'--:|' * len(VERDICTS)}",
    ]
    for title, figures in rows:
        counts = [
            sum(comparison.verdict == verdict for comparison in figures)
            for verdict in VERDICTS
        ]
        lines.append(
            f"| {title} | {len(figures):,} | "
            f"{' | '.join(f'{count:,}' for count in counts)} |"
        )
    return "\n".join(lines)


def _table(figures: list[Compared]) -> str:
    head = (
        "| figure | target | achieved | difference | tolerance | s.e. | n | verdict |"
    )
    return "\n".join([head, "|---|--:|--:|--:|--:|--:|--:|---|", *map(_row, figures)])


def _row(comparison: Compared) -> str:
    figure, achieved = comparison.figure, comparison.achieved
    tolerance = _number(figure.tolerance.around(figure.target), figure)
    verdict = (
        f"**{comparison.verdict}**"
        if comparison.verdict == "outside"
        else comparison.verdict
    )
    cells = [figure.says, _target(figure), "", "", tolerance, "", "0", verdict]
    if achieved:
        difference = ("+" if comparison.difference >= 0 else "−") + _number(
            abs(comparison.difference), figure
        )
        cells[2:4] = [_number(achieved.value, figure), difference]
        cells[5:7] = [_number(achieved.standard_error, figure), f"{achieved.people:,}"]
    return "| " + " | ".join(cells) + " |"


def in_words(comparison: Compared) -> str:
    """A figure in one line."""
    achieved = (
        _number(comparison.achieved.value, comparison.figure)
        if comparison.achieved
        else "no data"
    )
    return (
        f"{comparison.figure.says}: {achieved}, published "
        f"{_target(comparison.figure)} ({comparison.figure.id})"
    )


def _target(figure: Figure) -> str:
    return _BOUNDS[figure.bound] + _number(figure.target, figure)


def _number(value: float, figure: Figure) -> str:
    """As many decimals as distinguish the target from its neighbours."""
    target = abs(figure.target)
    if figure.unit == "£":
        return f"£{value:,.0f}"
    decimals = 2 if not target or target >= 1 else 4 if target < 0.1 else 3
    if figure.unit == "number":
        return f"{value:,.0f}" if target >= 100 else f"{value:.{decimals}f}"
    return f"{value:.{1 if target >= 10 else decimals}f} %"


def _notes(figures: list[Compared]) -> str:
    notes: dict[str, list[str]] = {}
    for comparison in figures:
        figure = comparison.figure
        for text in (
            figure.note,
            figure.for_information and f"for information: {figure.for_information}",
        ):
            if text:
                notes.setdefault(text, []).append(figure.says)
    return "\n".join(f"- {'; '.join(names)}: {text}" for text, names in notes.items())


def as_json(outcome: Checked) -> str:
    """The same as data."""
    document = {
        "population": asdict(outcome.population),
        "command": outcome.population.command,
        "standard_errors_allowed": CHANCE,
        "themes": [
            {
                "name": theme.name,
                "title": theme.title,
                "figures": [_facts(one) for one in figures],
                "unmeasured": [one.model_dump() for one in theme.unmeasured],
            }
            for theme, figures in outcome.themes
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _facts(comparison: Compared) -> dict[str, Any]:
    figure, achieved = comparison.figure, comparison.achieved
    facts = figure.model_dump() | {
        "tolerance": figure.tolerance.around(figure.target),
        "verdict": comparison.verdict,
    }
    return facts | (
        {
            "achieved": achieved.value,
            "standard_error": achieved.standard_error,
            "people": achieved.people,
        }
        if achieved
        else {"achieved": None, "standard_error": None, "people": 0}
    )
