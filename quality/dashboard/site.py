"""The dashboard's pages: all runs with their trends and models, and a page for each run and the one before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from linkage.catalogue import Catalogue, shipped
from quality import disclosure
from quality.dashboard import figures
from quality.dashboard.comparison import settings
from quality.dashboard.figures import FLAGGED, LARGEST, Matrix, best_basis, steps_of
from quality.dashboard.reading import Found, Run
from quality.disclosure import Cell, Disclosure
from quality.measures.drift import drift
from quality.report import charts
from quality.report.document import document
from quality.report.folder import check_folder, write_folder
from quality.report.names import Names
from quality.report.page import Block, Fold, Headline, Row, Section, Table, Text
from quality.report.released import Publication
from quality.report.sections.drift import drift_section
from quality.report.sections.methods import MODEL_HEADS, model_cells
from quality.report.sections.statement import explained
from quality.report.showing import listed, moment, symbols

_MARK = "leo-dashboard.json"
_GIB = 2**30  # bytes
_STATUS = {"done": "done", "gate failed": "a gate failed"}


@dataclass(frozen=True)
class Site:
    """A dashboard that was written."""

    index: Path
    runs: int
    aside: int
    pages: int
    bytes: int


def write_site(found: Found, out: Path, profile: str = "leo_publication", catalogue: Catalogue | None = None) -> Site:
    """Write the pages of a dashboard to a folder, each whole or not at all; those of an earlier one are replaced.

    Raises:
        InputError: the folder holds something else.
        ConfigError: there is no such disclosure profile.
    """
    check_folder(out, _MARK, "dashboard")
    steps = {key: step for run in found.runs for key, step in run.steps.items()}
    d, names = Disclosure(disclosure.load(profile)), Names(catalogue or shipped(), steps.values())
    runs = found.runs
    matrices = [make(runs, names, d) for make in (figures.counts, figures.shares, figures.bias, figures.groups)]
    matrices += [figures.stability(runs, names, d), figures.levels(runs, names, d), figures.seconds(runs, d)]
    by_name = {matrix.name: matrix for matrix in matrices}
    pairs = list(pairwise(range(len(runs))))[::-1]
    pages = {"index.html": _index(found, by_name, pairs, names, d)}
    for two in pairs:
        before, after = (runs[place] for place in two)
        pages[_file(two)] = document(
            f"{after.name} compared with {before.name}",
            "Figures of two runs and their changes.",
            sections=_compared(runs, two, matrices, names, d),
            places=[("index.html", "Runs and trends", False)],
        )
    write_folder(out, _MARK, pages)
    size = sum(len(page.encode()) for page in pages.values())
    return Site(out / "index.html", len(runs), len(found.aside), len(pages), size)


def _file(two: tuple[int, int]) -> str:
    return f"compare-{two[0] + 1}-{two[1] + 1}.html"


def _index(
    found: Found, by_name: Mapping[str, Matrix], pairs: Sequence[tuple[int, int]], names: Names, d: Disclosure
) -> str:
    runs, newest = found.runs, found.runs[-1]
    statement = f"{len(runs)} {'run is' if len(runs) == 1 else 'runs are'} shown; the newest is {newest.name}, started {moment(newest.started)}."
    failed = [run.name for run in runs if run.manifest.get("status") == "gate failed"]
    statement += f" A gate failed in {listed(failed)}." if failed else ""
    statement += f" Folders set aside: {len(found.aside)}." if found.aside else ""
    return document(
        "Linkage dashboard",
        statement,
        _headlines(by_name, d),
        [
            _runs_section(found, by_name, names),
            *_trends(runs, by_name),
            *_models(runs, by_name["levels"], names, d),
            _machines(runs),
            _about(d),
        ],
        links=[(_file(two), f"{runs[two[1]].name} compared with {runs[two[0]].name}") for two in pairs],
    )


def _newest(matrix: Matrix, title: str, label: str) -> Cell:
    return next(figure.cells[-1] for figure in matrix.figures if tuple(figure.labels) == (title, label))


def _headlines(by_name: Mapping[str, Matrix], d: Disclosure) -> list[Headline]:
    """The newest run's last step in five figures at most."""
    counts, shares = by_name["counts"], by_name["shares"]
    title = shares.figures[0].labels[0]
    people = _newest(counts, "Spine", "People")
    lines = [Headline("People", people, "", "on the spine")] if people.mark != "unavailable" else []
    lines.append(Headline("Linked", _newest(shares, title, "Linked"), "%", f"of eligible people, {title}"))
    if by := best_basis(shares, title):
        for measure in ("Precision", "Recall"):
            lines.append(Headline(measure, _newest(shares, title, f"{measure} {by}"), "%", f"{by}, {title}"))
    lines.append(Headline("In review", _newest(counts, title, "Pairs in clerical review"), "", f"pairs, {title}"))
    return explained(lines, d)


def _runs_section(found: Found, by_name: Mapping[str, Matrix], names: Names) -> Section:
    title = by_name["shares"].figures[0].labels[0]
    links = next(one for one in by_name["counts"].figures if tuple(one.labels) == (title, "Links"))
    linked = next(one for one in by_name["shares"].figures if tuple(one.labels) == (title, "Linked"))
    rows: list[Row] = []
    for place, run in reversed(list(enumerate(found.runs))):
        changed = (
            len(settings(found.runs[place - 1].manifest["configuration"], run.manifest["configuration"]))
            if place
            else 0
        )
        lacking = [names.step(step) for key, step in found.runs[-1].steps.items() if key not in run.steps]
        row: Row = [run.name, moment(run.started), _STATUS[str(run.manifest["status"])], str(changed)]
        rows.append([*row, listed(lacking) or "none", links.cells[place], linked.cells[place]])
    heads = ["Run", "Started", "Status", "Settings changed", "Steps missing", f"{title}: links", f"{title}: linked, %"]
    blocks: list[Block] = [Table("Runs, newest first", heads, rows)]
    if found.aside:
        blocks.append(Table("Folders set aside", ["Folder", "Why"], [[one.name, one.reason] for one in found.aside]))
    return Section("runs", "Runs", blocks)


def _trends(runs: Sequence[Run], by_name: Mapping[str, Matrix]) -> list[Section]:
    """Each figure from run to run; a section of which no run has a number is left out."""
    shares, names = by_name["shares"], [run.name for run in runs]
    best = {figure.labels[0]: best_basis(shares, figure.labels[0]) for figure in shares.figures}

    def trend(matrix: Matrix, title: str, *labels: str) -> list[Block]:
        wanted = [
            one for one in matrix.figures if not labels or one.labels[-1] in labels or _is_best(one, labels, best)
        ]
        wanted = [one for one in wanted if any(cell.value is not None for cell in one.cells)]
        if not wanted:
            return []
        values = [
            {
                "label": run,
                "group": ": ".join(one.labels),
                "value": cell.value,
                "low": one.bounds[place][0].value if one.bounds else None,
                "high": one.bounds[place][1].value if one.bounds else None,
            }
            for one in wanted
            for place, (run, cell) in enumerate(zip(names, one.cells, strict=True))
        ]
        table = Matrix(matrix.name, title, matrix.heads, wanted).table(names)
        name = "trend-" + "".join(letter if letter.isalnum() else "-" for letter in title.lower())
        return [
            charts.figure(
                name, title, "Each strip has its own scale; bars are 95% intervals.", charts.trend(values), table
            )
        ]

    counts, bias = by_name["counts"], by_name["bias"]
    sections = [
        Section(
            "links",
            "Links",
            [*trend(counts, "Links", "Links"), *trend(shares, "Linked, of eligible people, %", "Linked")],
        ),
        Section(
            "error",
            "Precision and recall",
            [*trend(shares, "Precision, %", "Precision"), *trend(shares, "Recall, %", "Recall")],
        ),
        Section(
            "review", "Clerical review load", trend(counts, "Pairs in clerical review", "Pairs in clerical review")
        ),
        Section("bias", "Bias by group", [*trend(bias, LARGEST, LARGEST), *trend(bias, FLAGGED, FLAGGED)]),
        Section("drift", "Stability of match weights", trend(by_name["stability"], "Population stability index")),
        Section("seconds", "Time", trend(by_name["seconds"], "Seconds")),
    ]
    return [section for section in sections if section.blocks]


def _is_best(figure: figures.Figure, labels: Sequence[str], best: Mapping[str, str | None]) -> bool:
    """Precision or recall by what says most of the step's error."""
    return figure.labels[-1] in [f"{label} {best.get(figure.labels[0])}" for label in labels]


def _models(runs: Sequence[Run], levels: Matrix, names: Names, d: Disclosure) -> list[Section]:
    """Versions, thresholds and levels of each step's model, by run."""
    rows: list[Row] = []
    for title, steps in steps_of(runs, names):
        for run, step in zip(runs, steps, strict=True):
            if step and step["parameters"]:
                publication = Publication(run.evaluation, names, d, run.manifest)
                rows.append([title, run.name, *model_cells(publication, step)])
    if not rows:
        return []
    text = "Runs with the same version linked by the same model. Thresholds are match weights."
    table = levels.table([run.name for run in runs])
    blocks: list[Block] = [
        Text(text),
        Table("Models by run", ["Step", "Run", *MODEL_HEADS], rows),
        Fold("Every level", [table]),
    ]
    return [Section("models", "Models", blocks)]


def _machines(runs: Sequence[Run]) -> Section:
    rows: list[Row] = []
    for run in reversed(runs):
        machine, versions = run.manifest.get("machine") or {}, run.manifest.get("versions") or {}
        memory = [machine.get("memory_bytes"), run.manifest.get("peak_memory_bytes")]
        cells = [str(run.manifest.get("engine") or ""), str(machine.get("cores") or "")]
        cells += [f"{size / _GIB:.1f}" if size else "" for size in memory]
        rows.append([run.name, *cells, ", ".join(f"{name} {number}" for name, number in versions.items())])
    heads = ["Run", "Engine", "Cores", "Memory, GiB", "Peak of the run, GiB", "Versions"]
    return Section("machines", "Machines and versions", [Table("What each run ran on", heads, rows)])


def _compared(
    runs: Sequence[Run], two: tuple[int, int], matrices: Sequence[Matrix], names: Names, d: Disclosure
) -> list[Section]:
    before, after = (runs[place] for place in two)
    tables = [matrix.changes(two, [run.name for run in runs], d) for matrix in matrices]
    blocks: list[Block] = [
        Fold(table.caption, [table]) if len(table.rows) > 40 else table for table in tables if table.rows
    ]
    changed = settings(before.manifest["configuration"], after.manifest["configuration"])
    rows: list[Row] = [
        [row["path"], *("not set" if row[key] is None else str(row[key]) for key in ("before", "after"))]
        for row in changed
    ]
    moved: dict[str, Any] = drift(before.evaluation, after.evaluation)
    moved["last"] = [before.steps[step["step"], step["left"], step["right"]] for step in moved["last"]]
    section = drift_section(Publication(after.evaluation, names, d, drift=moved), (before.name, after.name))
    return [
        Section("figures", "Figures", blocks),
        Section("settings", "Settings", [Table("Settings that differ", ["Setting", before.name, after.name], rows)]),
        *([section] if section else []),
        _about(d),
    ]


def _about(d: Disclosure) -> Section:
    text = (
        f"Disclosure control: profile “{d.profile.title}”. {d.profile.of_counts}. Groups are shown by percentages only. "
        "A change is of two shown numbers, so it may be off by their rounding. Intervals are 95%."
    )
    return Section("about", "About these figures", [Text(text), symbols(d)])
