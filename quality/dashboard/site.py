"""The dashboard's pages: all runs with their trends and models, and a page for each run
and the one before.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from linkage.catalogue import Catalogue, shipped
from quality import disclosure
from quality.dashboard.comparison import settings
from quality.dashboard.comparison_page import setting_rows
from quality.dashboard.figures import FLAGGED, LARGEST, Figure, Figures, Matrix
from quality.dashboard.reading import RunsBelow
from quality.disclosure import Disclosure
from quality.measures.drift import drift
from quality.report import charts
from quality.report.document import document
from quality.report.folder import PageFolder, check_folder, write_folder
from quality.report.names import Names
from quality.report.page import Block, Fold, Headline, Row, Section, Table, Text
from quality.report.released import Publication
from quality.report.sections.drift import drift_section
from quality.report.sections.methods import MODEL_HEADS, model_cells
from quality.report.sections.statement import explained
from quality.report.showing import listed, moment, symbols

_MARK = "leo-dashboard.json"
_MOST_ROWS = 40  # of a table that is open
_STATUS = {"done": "done", "gate failed": "a gate failed"}


def write_site(
    below: RunsBelow,
    out: Path,
    profile: str = "leo_publication",
    catalogue: Catalogue | None = None,
) -> PageFolder:
    """Write the pages of a dashboard to a folder, each whole or not at all; those of an
    earlier one are replaced.

    Raises:
        InputError: the folder holds something else.
        ConfigError: there is no such disclosure profile.
    """
    check_folder(out, _MARK, "dashboard")
    runs = below.runs
    steps = {key: step for run in runs for key, step in run.steps.items()}
    names = Names(catalogue or shipped(), steps.values())
    figures = Figures(runs, names, Disclosure(disclosure.load(profile)))
    pairs = list(pairwise(range(len(runs))))[::-1]
    titles = {
        pair: f"{runs[pair[1]].name} compared with {runs[pair[0]].name}"
        for pair in pairs
    }
    files = {pair: f"compare-{pair[0] + 1}-{pair[1] + 1}.html" for pair in pairs}
    pages = {
        "index.html": _index(
            below, figures, [(files[pair], titles[pair]) for pair in pairs]
        )
    }
    for pair in pairs:
        sections, places = (
            _compared(figures, pair),
            [("index.html", "Runs and trends", False)],
        )
        text = "Figures of two runs and their changes."
        pages[files[pair]] = document(
            titles[pair], text, sections=sections, places=places, banner=figures.banner
        )
    return write_folder(out, _MARK, pages)


def _index(
    runs_below: RunsBelow, figures: Figures, links: Sequence[tuple[str, str]]
) -> str:
    runs, newest = runs_below.runs, runs_below.runs[-1]
    statement = (
        f"{len(runs)} {'run is' if len(runs) == 1 else 'runs are'} shown; the "
        f"newest is {newest.name}, started {moment(newest.started)}."
    )
    failed = [run.name for run in runs if run.manifest.get("status") == "gate failed"]
    statement += f" A gate failed in {listed(failed)}." if failed else ""
    statement += (
        f" Folders not shown: {len(runs_below.not_shown)}."
        if runs_below.not_shown
        else ""
    )
    sections = [
        _runs_section(runs_below, figures),
        *_trends(figures),
        *_models(figures),
        _about(figures.d),
    ]
    return document(
        "Linkage dashboard",
        statement,
        _headlines(figures),
        sections,
        links=links,
        banner=figures.banner,
    )


def _headlines(figures: Figures) -> list[Headline]:
    """The newest run's last step in five figures at most."""
    counts, shares = figures.counts, figures.shares
    title = shares.figures[0].labels[0]
    people = counts.figure("Spine", "People").cells[-1]
    lines = (
        [Headline("People", people, "", "on the spine")]
        if people.mark != "unavailable"
        else []
    )
    lines.append(
        Headline(
            "Linked",
            shares.figure(title, "Linked").cells[-1],
            "%",
            f"of eligible people, {title}",
        )
    )
    if by := figures.best_basis(title):
        for measure in ("Precision", "Recall"):
            lines.append(
                Headline(
                    measure,
                    shares.figure(title, f"{measure} {by}").cells[-1],
                    "%",
                    f"{by}, {title}",
                )
            )
    review = counts.figure(title, "Pairs in clerical review").cells[-1]
    return explained(
        [*lines, Headline("In review", review, "", f"pairs, {title}")], figures.d
    )


def _runs_section(runs_below: RunsBelow, figures: Figures) -> Section:
    title = figures.shares.figures[0].labels[0]
    links, linked = (
        figures.counts.figure(title, "Links").cells,
        figures.shares.figure(title, "Linked").cells,
    )
    rows: list[Row] = []
    for place, run in reversed(list(enumerate(runs_below.runs))):
        before = runs_below.runs[max(place - 1, 0)]
        changes = settings(
            before.manifest["configuration"], run.manifest["configuration"]
        )
        lacking = [
            figures.names.step(step)
            for key, step in runs_below.runs[-1].steps.items()
            if key not in run.steps
        ]
        row: Row = [
            run.name,
            moment(run.started),
            _STATUS[str(run.manifest["status"])],
            str(len(changes)),
        ]
        rows.append([*row, listed(lacking) or "none", links[place], linked[place]])
    heads = [
        "Run",
        "Started",
        "Status",
        "Settings changed",
        "Steps missing",
        f"{title}: links",
        f"{title}: linked, %",
    ]
    blocks: list[Block] = [Table("Runs, newest first", heads, rows)]
    if runs_below.not_shown:
        reasons: list[Row] = [[one.name, one.reason] for one in runs_below.not_shown]
        blocks.append(Table("Folders not shown", ["Folder", "Why"], reasons))
    return Section("runs", "Runs", blocks)


def _trends(figures: Figures) -> list[Section]:
    """Each figure from run to run; a section of which no run has a number is
    left out.
    """
    counts, shares, bias = figures.counts, figures.shares, figures.bias
    review, psi = "Pairs in clerical review", "Population stability index"

    def best(measure: str) -> list[Figure]:
        """Precision or recall by what says most of a step's error."""
        return [
            one
            for one in shares.figures
            if one.labels[1] == f"{measure} {figures.best_basis(one.labels[0])}"
        ]

    def labelled(matrix: Matrix, label: str) -> list[Figure]:
        return [one for one in matrix.figures if one.labels[-1] == label]

    trends: dict[tuple[str, str], list[tuple[Matrix, str, Sequence[Figure]]]] = {
        ("links", "Links"): [
            (counts, "Links", labelled(counts, "Links")),
            (shares, "Linked, of eligible people, %", labelled(shares, "Linked")),
        ],
        ("error", "Precision and recall"): [
            (shares, f"{one}, %", best(one)) for one in ("Precision", "Recall")
        ],
        ("review", "Clerical review load"): [
            (counts, review, labelled(counts, review))
        ],
        ("bias", "Bias by group"): [
            (bias, one, labelled(bias, one)) for one in (LARGEST, FLAGGED)
        ],
        ("drift", "Stability of match weights"): [
            (figures.stability, psi, figures.stability.figures)
        ],
        ("seconds", "Time"): [(figures.seconds, "Seconds", figures.seconds.figures)],
    }
    sections = [
        Section(
            name, title, [block for trend in group for block in _trend(figures, *trend)]
        )
        for (name, title), group in trends.items()
    ]
    return [section for section in sections if section.blocks]


def _trend(
    figures: Figures, matrix: Matrix, title: str, candidates: Sequence[Figure]
) -> list[Block]:
    names = [run.name for run in figures.runs]
    series = [
        one for one in candidates if any(cell.value is not None for cell in one.cells)
    ]
    if not series:
        return []
    values = [
        {
            "label": run,
            "group": ": ".join(one.labels),
            "value": cell.value,
            "low": one.bounds[place][0].value if one.bounds else None,
            "high": one.bounds[place][1].value if one.bounds else None,
        }
        for one in series
        for place, (run, cell) in enumerate(zip(names, one.cells, strict=True))
    ]
    table = Matrix(matrix.name, title, matrix.heads, series).table(names)
    name = "trend-" + "".join(
        letter if letter.isalnum() else "-" for letter in title.lower()
    )
    summary = "Each strip has its own scale; bars are 95% intervals."
    return [charts.figure(name, title, summary, charts.trend(values), table)]


def _models(figures: Figures) -> list[Section]:
    """Versions, thresholds and levels of each step's model, by run."""
    rows: list[Row] = [
        [
            title,
            run.name,
            *model_cells(
                Publication(
                    run.evaluation,
                    manifest=run.manifest,
                    names=figures.names,
                    d=figures.d,
                ),
                step,
            ),
        ]
        for title, steps in figures.steps
        for run, step in zip(figures.runs, steps, strict=True)
        if step and step["parameters"]
    ]
    text = (
        "Runs with the same version linked by the same model. Thresholds are match "
        "weights."
    )
    blocks: list[Block] = [
        Text(text),
        Table("Models by run", ["Step", "Run", *MODEL_HEADS], rows),
        Fold("Every level", [figures.levels.table([run.name for run in figures.runs])]),
    ]
    return [Section("models", "Models", blocks)] if rows else []


def _compared(figures: Figures, pair: tuple[int, int]) -> list[Section]:
    before, after = (figures.runs[place] for place in pair)
    names = [run.name for run in figures.runs]
    tables = [matrix.changes(pair, names, figures.d) for matrix in figures.matrices]
    blocks: list[Block] = [
        Fold(table.caption, [table]) if len(table.rows) > _MOST_ROWS else table
        for table in tables
        if table.rows
    ]
    changes = setting_rows(
        settings(before.manifest["configuration"], after.manifest["configuration"])
    )
    drift_figures = drift(before.evaluation, after.evaluation)
    publication = Publication(
        after.evaluation, drift=drift_figures, names=figures.names, d=figures.d
    )
    section = drift_section(publication, (before.name, after.name))
    return [
        Section("figures", "Figures", blocks),
        Section(
            "settings",
            "Settings",
            [
                Table(
                    "Settings that differ",
                    ["Setting", before.name, after.name],
                    changes,
                )
            ],
        ),
        *([section] if section else []),
        _about(figures.d),
    ]


def _about(d: Disclosure) -> Section:
    text = (
        f"Disclosure control: profile “{d.profile.title}”. {d.profile.of_counts}. "
        "Groups are shown by percentages only. "
        "A change is of two shown numbers, so it may be off by their rounding. "
        "Intervals are 95%."
    )
    return Section("about", "About these figures", [Text(text), symbols(d)])
