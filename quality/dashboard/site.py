"""The dashboard's pages: runs, trends, models, stages, comparison; each a document that works from a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from markupsafe import Markup

from linkage import __version__
from linkage.catalogue import Catalogue, shipped
from quality import disclosure
from quality.dashboard import figures
from quality.dashboard.compared import compared_sections
from quality.dashboard.figures import Matrix
from quality.dashboard.models import models_sections
from quality.dashboard.overview import about_section, headlines, runs_sections, statement
from quality.dashboard.reading import Found
from quality.dashboard.stages import stages_sections
from quality.dashboard.trends import trends_sections
from quality.report.document import environment, report_style, template_text
from quality.report.folder import check_room, write_folder
from quality.report.names import Names
from quality.report.page import Headline, Section

PLACES = (
    ("index.html", "Runs"),
    ("trends.html", "Trends"),
    ("compare.html", "Compare"),
    ("models.html", "Models"),
    ("stages.html", "Stage times"),
)
_MARK = "leo-dashboard.json"
_NEWEST_PAIRS = 60
"""Runs of which each has a page beside the newest; older ones are compared by the chooser and with their neighbours."""


@dataclass(frozen=True)
class Site:
    """A dashboard that was written."""

    index: Path
    runs: int
    aside: int
    pages: int
    bytes: int


def write_site(found: Found, out: Path, profile: str = "leo_publication", catalogue: Catalogue | None = None) -> Site:
    """Write the pages of a dashboard to a folder, each whole or not at all; pages of an earlier one are replaced.

    Args:
        out: a folder that does not exist, is empty, or holds an earlier dashboard.

    Raises:
        InputError: the folder holds something else.
        ConfigError: there is no such disclosure profile.
    """
    steps = {key: step for run in found.runs for key, step in run.steps.items()}
    d, names = disclosure.Disclosure(disclosure.load(profile)), Names(catalogue or shipped(), steps.values())
    check_room(out, _MARK, "dashboard")
    runs, called = found.runs, [run.name for run in found.runs]
    counts, shares = figures.counts(runs, names, d), figures.shares(runs, names, d)
    bias, moved = figures.bias(runs, names, d), figures.moved(runs, names, d)
    seconds, levels = figures.seconds(runs, d), figures.levels(runs, names, d)
    groups = figures.groups(runs, names, d)
    matrices = [counts, shares, bias, groups, seconds, levels]
    pairs = _pairs(len(runs))
    pages: dict[str, str] = {
        "index.html": _page(
            "index.html",
            "Linkage dashboard",
            statement(found),
            runs_sections(found, names, d, counts, shares),
            first=headlines(counts, shares, d),
        ),
        "trends.html": _page(
            "trends.html",
            "Trends from run to run",
            f"{_runs(len(runs))} from the oldest to the newest, as they were started.",
            trends_sections(runs, counts, shares, bias, moved, seconds),
        ),
        "compare.html": _page(
            "compare.html",
            "Compare two runs",
            "Each run beside the one before it, and beside the newest; where scripts run, any two.",
            [about_section(d)],
            links=[(_file(*two), f"{called[two[1]]} beside {called[two[0]]}") for two in pairs],
            data={"runs": called, "matrices": [_plain(matrix) for matrix in matrices]},
        ),
        "models.html": _page(
            "models.html",
            "Models",
            "Which model each run linked by, and what changed in it.",
            models_sections(runs, levels, names, d),
        ),
        "stages.html": _page(
            "stages.html",
            "Stage times",
            "Seconds that each kind of stage took when it last ran; a stage that was kept brings those of its own run.",
            stages_sections(runs, seconds),
        ),
    }
    for two in pairs:
        pages[_file(*two)] = _page(
            "compare.html",
            f"{called[two[1]]} beside {called[two[0]]}",
            "What is shown of two runs, and what changed between them.",
            compared_sections(runs, two, matrices, names, d),
        )
    write_folder(out, _MARK, pages)
    size = sum(len(page.encode()) for page in pages.values())
    return Site(out / "index.html", len(runs), len(found.aside), len(pages), size)


def _pairs(runs: int) -> list[tuple[int, int]]:
    """Neighbours and each with the newest, newest first."""
    newest = [(place, runs - 1) for place in range(max(0, runs - 1 - _NEWEST_PAIRS), runs - 1)]
    neighbours = [(place, place + 1) for place in range(runs - 1)]
    wanted = {*newest, *neighbours}
    return sorted((two for two in combinations(range(runs), 2) if two in wanted), key=lambda two: (-two[1], -two[0]))


def _file(before: int, after: int) -> str:
    return f"compare-{before + 1}-{after + 1}.html"


def _runs(count: int) -> str:
    return "One run" if count == 1 else f"{count} runs"


def _plain(matrix: Matrix) -> dict[str, Any]:
    """A matrix for the script that compares any two: texts and shown values."""
    return {
        "title": matrix.title,
        "heads": list(matrix.heads),
        "places": matrix.places,
        "rows": [[list(row.labels), [[cell.text, cell.value] for cell in row.cells]] for row in matrix.rows],
    }


def _page(
    here: str,
    title: str,
    said: str,
    sections: Sequence[Section],
    *,
    first: Sequence[Headline] = (),
    links: Sequence[tuple[str, str]] = (),
    data: Mapping[str, Any] | None = None,
) -> str:
    template = environment("quality.dashboard").get_template("dashboard.html.j2")
    return template.render(
        title=title,
        statement=said,
        headlines=first,
        sections=sections,
        parts=(),
        version=__version__,
        style=Markup(report_style() + template_text("quality.dashboard", "dashboard.css")),
        script=Markup(template_text("quality.dashboard", "dashboard.js")),
        places=PLACES,
        here=here,
        links=links,
        links_title="Runs side by side",
        figures=data if data and len(data["runs"]) > 1 else None,
    )
