"""Two runs on one page: settings, every shown figure with its change, and what moved between them."""

from collections.abc import Sequence

from quality.dashboard.comparison.changes import settings
from quality.dashboard.figures import Matrix
from quality.dashboard.overview import about_section
from quality.dashboard.reading import Run
from quality.dashboard.showing import as_change
from quality.disclosure import Cell, Disclosure
from quality.measures.drift import drift
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Text
from quality.report.sections.drift import drift_section

_FOLDED = {"groups", "seconds", "levels"}


def compared_sections(
    runs: Sequence[Run], two: tuple[int, int], matrices: Sequence[Matrix], names: Names, d: Disclosure
) -> list[Section]:
    """Sections of a page on two runs, the earlier first."""
    before, after = (runs[place] for place in two)
    called = [run.name for run in runs]
    tables: list[Block] = []
    for matrix in matrices:
        table = as_change(matrix, two, called, d)
        if table.rows:
            tables.append(Fold(matrix.title, [table]) if matrix.name in _FOLDED else table)
    changes = settings(before.manifest["configuration"], after.manifest["configuration"])
    rows: list[list[str | Cell]] = [[row["path"], _said(row["before"]), _said(row["after"])] for row in changes]
    heads = ["Setting", before.name, after.name]
    set_otherwise: list[Block] = (
        [Table("Settings that differ", heads, rows)] if rows else [Text("No setting differs but folders and files.")]
    )
    between = drift(before.evaluation, after.evaluation)
    # The earlier's own steps, not drift's copies: what was released of them for another page is at hand.
    between["last"] = [before.steps[step["step"], step["left"], step["right"]] for step in between["last"]]
    moved = drift_section(
        after.evaluation,
        between,
        names,
        d,
        (before.name, after.name),
        f"since {before.name}",
    )
    return [
        Section("figures", "Figures", tables),
        Section("settings", "Settings", set_otherwise),
        *([moved] if moved else []),
        about_section(d),
    ]


def _said(value: object) -> str:
    return "not set" if value is None else str(value)
