"""The first page: the newest run's figures, every run, and every folder that is not shown with why."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.dashboard.comparison.changes import settings
from quality.dashboard.figures import BASES, Matrix, Row
from quality.dashboard.reading import Found, Run
from quality.disclosure import Cell, Disclosure
from quality.report.names import Names
from quality.report.page import Block, Headline, Section, Table, Text
from quality.report.sections.facts import moment, symbols
from quality.report.sections.summary import explained

_STATUS = {"done": "done", "gate failed": "a gate failed"}


def statement(found: Found) -> str:
    """What the dashboard is of, as it would be read out."""
    runs, newest = len(found.runs), found.runs[-1]
    of = "One run is shown" if runs == 1 else f"{runs} runs are shown"
    text = f"{of}; the newest is {newest.name}, started {moment(newest.started)}."
    failed = [run.name for run in found.runs if run.manifest.get("status") == "gate failed"]
    if failed:
        text += f" A gate failed in {_listed(failed)}."
    if found.aside:
        count = len(found.aside)
        text += f" {count} {'folder is' if count == 1 else 'folders are'} not shown, for the reasons below."
    return text


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def headlines(counts: Matrix, shares: Matrix, d: Disclosure) -> list[Headline]:
    """The newest run's last step in five figures at most, each with what it is of, and what a symbol stands for."""
    title = shares.rows[0].labels[0]  # steps stand newest first, and the last is what a run is about
    rows: dict[str, Row] = {row.labels[1]: row for row in (*counts.rows, *shares.rows) if row.labels[0] == title}
    people = next(row for row in counts.rows if row.labels[0] == "Spine")
    shown = [Headline("People", people.cells[-1], "", "on the spine")] if people.cells[-1].mark != "unavailable" else []
    shown.append(Headline("Matched", rows["Matched"].cells[-1], "%", f"of those in the calculation, {title}"))
    basis = best_basis(rows)
    if basis:
        for measure, note in (("Precision", "of the links are right"), ("Recall", "of the true pairs are linked")):
            cell = rows[f"{measure} {BASES[basis]}"].cells[-1]
            shown.append(Headline(measure, cell, "%", f"{BASES[basis]}, {note}, {title}"))
    shown.append(Headline("For review", rows["Pairs for review"].cells[-1], "", f"pairs too close to call, {title}"))
    return [explained(line, d) for line in shown]


def best_basis(rows: Mapping[str, Row]) -> str | None:
    """What says most of a step's error in the newest run: truth, else people, else probabilities."""
    for basis, said in BASES.items():
        row = rows.get(f"Precision {said}")
        if row and row.cells[-1].mark != "not_applicable":
            return basis
    return None


def runs_sections(found: Found, names: Names, d: Disclosure, counts: Matrix, shares: Matrix) -> list[Section]:
    """Runs, what is not shown, and what the words mean."""
    title = shares.rows[0].labels[0]
    links = next(row for row in counts.rows if row.labels == (title, "Links"))
    matched = next(row for row in shares.rows if row.labels == (title, "Matched"))
    rows: list[list[str | Cell]] = []
    for place, run in reversed(list(enumerate(found.runs))):
        rows.append(
            [
                run.name,
                moment(run.started),
                _STATUS[str(run.manifest["status"])],
                _configuration(found.runs, place),
                _steps_lacking(run, found.runs[-1], names),
                links.cells[place],
                matched.cells[place],
            ]
        )
    heads = ["Run", "Started", "Status", "Configuration", "Steps", f"{title}: links", f"{title}: matched, %"]
    blocks: list[Block] = [Table("Runs, newest first", heads, rows)]
    sections = [Section("runs", "Runs", blocks)]
    if found.aside:
        why: list[list[str | Cell]] = [[one.name, one.reason] for one in found.aside]
        sections.append(Section("aside", "Not shown", [Table("Folders not shown", ["Folder", "Why"], why)]))
    return [*sections, about_section(d)]


def _configuration(runs: Sequence[Run], place: int) -> str:
    run = runs[place]
    if place == 0:
        return "the first"
    before = runs[place - 1]
    if run.manifest.get("config_hash") == before.manifest.get("config_hash"):
        return "as the run before"
    count = len(settings(_settings(before), _settings(run)))
    if not count:
        return "as the run before, but for folders and files"
    return f"{count} {'setting differs' if count == 1 else 'settings differ'} from the run before"


def _settings(run: Run) -> Mapping[str, Any]:
    found: Mapping[str, Any] = run.manifest["configuration"]
    return found


def _steps_lacking(run: Run, newest: Run, names: Names) -> str:
    lacking = [names.step(step) for key, step in newest.steps.items() if key not in run.steps]
    own = [names.step(step) for key, step in run.steps.items() if key not in newest.steps]
    said = [f"lacks {_listed(lacking)}"] if lacking else []
    said += [f"also has {_listed(own)}, not shown"] if own else []
    return "; ".join(said) or "as the newest run"


def about_section(d: Disclosure) -> Section:
    """What holds of every number here."""
    profile = d.profile
    return Section(
        "about",
        "About these figures",
        [
            Text(
                f"Disclosure control: profile “{profile.title}”. {profile.of_counts}. Groups are shown by percentages "
                "alone. A change is taken of two shown numbers, so that it may be off by their rounding. Intervals are "
                "95% and say what chance alone could do."
            ),
            symbols(d),
        ],
    )
