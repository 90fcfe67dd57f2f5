"""Which model made each run's links, and what changed in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.dashboard.figures import Matrix, Row, steps_of
from quality.dashboard.reading import Run
from quality.dashboard.showing import as_table
from quality.disclosure import Cell, Disclosure
from quality.measures.parameters import version
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Text
from quality.report.sections.facts import counts_of, trained

_MOST_LEVELS = 12
_LIMITS = {"accept": "Accept from", "review": "Review from", "margin": "Margin"}


def models_sections(runs: Sequence[Run], levels: Matrix, names: Names, d: Disclosure) -> list[Section]:
    """A section for each step: versions and thresholds by run, and the levels whose weight changed."""
    called = [run.name for run in runs]
    opening = Text(
        "A version is told by a fingerprint of its m and u probabilities and of the chance that two records match: "
        "runs with the same one linked by the same model. Thresholds are match weights in bits, as they were in force. "
        "These are the model's parameters, not counts of people."
    )
    sections = [Section("versions", "Versions", [opening])]
    for title, steps in steps_of(runs, names):
        rows: list[list[str | Cell]] = []
        for run, step in zip(runs, steps, strict=True):
            model = (step or {}).get("parameters") or {}
            limits = _thresholds(run, step)
            called_steps = {str(one["step"]): names.step(one) for one in run.steps.values()}
            rows.append(
                [
                    run.name,
                    version(model) if model else "no model",
                    trained(_counts(run, step).get("training") or {}, called_steps),
                    d.parameter(model.get("prior_weight")),
                    *(d.parameter(limits.get(key)) for key in _LIMITS),
                ]
            )
        heads = ["Run", "Version", "Trained in the run", "Weight before any comparison", *_LIMITS.values()]
        blocks: list[Block] = [Table(f"{title}: models", heads, rows)]
        blocks += _changed(title, [row for row in levels.rows if row.labels[0] == title], called)
        own = Matrix(levels.name, f"{title}: m, u and match weight by run", levels.heads, levels.rows, levels.places)
        table = as_table(own, called, lambda row, title=title: row.labels[0] == title)  # type: ignore[misc]
        if table.rows:
            blocks.append(Fold(f"{title}: every level", [table]))
        sections.append(Section(f"model-{len(sections)}", title, blocks))
    return sections


def _counts(run: Run, step: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return counts_of(step, run.manifest) if step else {}


def _thresholds(run: Run, step: Mapping[str, Any] | None) -> Mapping[str, float | None]:
    found: Mapping[str, float | None] = _counts(run, step).get("thresholds") or {}
    return found


def _changed(title: str, rows: Sequence[Row], called: Sequence[str]) -> list[Block]:
    """Levels whose match weight moved most between the newest run and the last before it with another model."""
    weights = [row for row in rows if row.labels[2] == "match weight"]
    earlier = next(
        (
            place
            for place in range(len(called) - 2, -1, -1)
            if any(row.cells[place].value != row.cells[-1].value for row in rows)
            and any(row.cells[place].value is not None for row in rows)
        ),
        None,
    )
    if earlier is None:
        unchanged = Text("No m, u or match weight has changed over these runs by as much as is shown.")
        return [unchanged] if rows and len(called) > 1 else []
    moved: list[tuple[float, Row]] = []
    for row in weights:
        before, after = row.cells[earlier].value, row.cells[-1].value
        if before is not None and after is not None and before != after:
            moved.append((after - before, row))
    moved = sorted(moved, key=lambda found: -abs(found[0]))[:_MOST_LEVELS]
    if not moved:
        return []
    values = [
        {
            "label": row.labels[1].split(": ", 1)[-1],
            "group": row.labels[1].split(": ", 1)[0],
            "weight": by,
            "shown": _signed(by),
        }
        for by, row in moved
    ]
    table = Table(
        f"{title}: levels whose match weight changed most",
        ["Level", called[earlier], called[-1], "Change, bits"],
        [[row.labels[1], row.cells[earlier], row.cells[-1], Cell(_signed(by), round(by, 3))] for by, row in moved],
    )
    name = "".join(letter if letter.isalnum() else "-" for letter in title.lower())
    return [
        figure(
            f"changed-{name}",
            f"Levels whose match weight changed most: {title}",
            f"{called[-1]} beside {called[earlier]}. {moved[0][1].labels[1]} moved most, by {_signed(moved[0][0])} "
            "bits. "
            "Bars to the right speak more for a match than before, bars to the left less.",
            lambda width: charts.weights(values, width, x="Change of match weight, bits"),
            table,
        )
    ]


def _signed(value: float) -> str:
    text = f"{value:+.2f}" if abs(value) >= 0.01 else f"{value:+.2g}"
    return text.replace("-", "−", 1)
