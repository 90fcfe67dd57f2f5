"""`leo explain` and `leo report`: why records were linked, two runs compared, and pages
over runs.
"""

import functools
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from linkage.cli import options as o
from linkage.cli.output import (
    count_of,
    first_meant,
    refuse_options,
    say,
    show,
    titled_table,
)
from linkage.errors import ConfigError

_LINE = 100  # characters of a line of text
_BAR = 36  # characters of the widest bar of a waterfall


def explain(
    context: typer.Context,
    run: o.AnyRun,
    pair: Annotated[
        tuple[str, str] | None,
        Option(metavar="LEFT RIGHT", help="Two records, as below."),
    ] = None,
    record: Annotated[
        str | None, Option(metavar="RECORD", help="A record and its candidate pairs.")
    ] = None,
    person: Annotated[
        int | None, Option(metavar="ID", help="A person, by person_id.")
    ] = None,
    step: Annotated[
        str | None,
        Option(help="A link step; else the first that links the two sources."),
    ] = None,
    html: o.Html = None,
    values: Annotated[
        bool, Option("--values", help="Show the records' values (personal data).")
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Show why two records were or were not linked, by comparison, and what would
    change it.

    A record is SOURCE:KEY, with the source's own key, or an entity number; of leo link
    it is left:ID or right:ID (of a pair: the two ids), of leo dedupe its id. The pair
    is scored again with the model of its step, so any two records of the step's sides
    can be explained, also two that were never compared. A bar to the right is evidence
    for a match, a bar to the left against it. Nothing shown names a person, unless
    --values is given; no file and no JSON has values.

    Example: leo explain runs/demo --pair npd:PP97GCR9XPKEJ70997 cis:OH145283A --html
    pair.html
    """
    from quality.explain import Explainer

    if sum(option is not None for option in (pair, record, person)) != 1:
        raise ConfigError(
            "give what to explain: one of --pair LEFT RIGHT, --record SOURCE:KEY and "
            "--person ID"
        )
    if person is not None:
        names = ("run", "person", "html", "values", "as_json")
        refuse_options(
            context, names, "is for a pair or a record: a person is of all steps"
        )
    with Explainer(run) as explainer:
        if pair:
            explanation = explainer.pair(*pair, step=step, with_values=values)
        elif record:
            explanation = explainer.record(record, step=step, with_values=values)
        else:
            explanation = explainer.person(person or 0, with_values=values)
    # before anything is printed: a reader that stops early (| head) ends this process
    # as it prints
    if html:
        from quality.explain.page import render_explanation

        render_explanation(explanation.content, html)
    if as_json:
        show(explanation.content, (), as_json=True)
    else:
        show_explanation(explanation.content, explanation.values, explanation.ids)


def show_explanation(
    explanation: Mapping[str, Any],
    values: Sequence[tuple[str, str, str]] = (),
    ids: Mapping[tuple[str, int], str] | None = None,
) -> None:
    """Print an explanation: the sections of its page as text, match weights as bars of
    characters.

    Args:
        values: of the pair's records; ids: of the records of files that it names. Both
            are personal data.
    """
    from linkage.catalogue import shipped
    from quality.explain.page import sections, statement, title, unit_name
    from quality.report.names import Names

    names = Names(shipped())
    lines = [title(explanation), *textwrap.wrap(statement(explanation), _LINE)]
    for side in ("left", "right") if explanation["kind"] == "pair" else ():
        lines.append(f"{side:<5}  {unit_name(explanation['units'][side], names)}")
    lines += _section_lines(sections(explanation, names))
    values_table = [[names.column(name), left, right] for name, left, right in values]
    ids_table = [
        [f"{side} {number}", text] for (side, number), text in (ids or {}).items()
    ]
    lines += titled_table(
        "Values (personal data: for this terminal only)",
        ("", "left", "right"),
        values_table,
    )
    lines += titled_table(
        "Ids in the files (personal data: for this terminal only)",
        ("", "id"),
        ids_table,
    )
    typer.echo("\n".join(lines))


def _section_lines(sections: Iterable[Any]) -> list[str]:
    """Sections of a page as text."""
    from quality.report import page
    from quality.report.waterfall import BarTable

    lines = []
    for section in sections:
        lines += ["", section.title]
        for block in section.blocks:
            if isinstance(block, page.Text):
                lines += textwrap.wrap(block.text, _LINE)
            elif isinstance(block, page.Table):
                rows = [
                    [cell if isinstance(cell, str) else cell.text for cell in row]
                    for row in block.rows
                ]
                lines += titled_table(block.caption, block.columns, rows)
            elif isinstance(block, BarTable):
                lines += _bar_lines(block)
            elif isinstance(block, page.Fold):
                lines.append(f"{block.summary}: --html and --json have them")
    return lines


def _bar_lines(block: Any) -> list[str]:
    """A waterfall in characters; the form of a bar shows its sign without colour, a
    line each threshold.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    characters = "█░▬│" if encoding.lower().startswith("utf") else "#-=|"
    signs = dict(zip(("for", "against", "sum", "line"), characters, strict=True))
    rows = []
    for row in block.rows:
        cells = [" "] * _BAR
        for threshold in block.lines:
            cells[round(threshold / 100 * (_BAR - 1))] = signs["line"]
        start, end = (
            round(place / 100 * (_BAR - 1)) for place in (row.x, row.x + row.width)
        )
        cells[start : max(end, start + 1)] = signs[row.kind] * max(end - start, 1)
        rows.append([row.name, row.note, row.number, "".join(cells)])
    heads = (
        block.columns[0],
        "",
        block.columns[1],
        f"against {signs['against']}  for {signs['for']}",
    )
    return [
        *titled_table(block.caption, heads, rows),
        *textwrap.wrap(block.summary, _LINE),
    ]


report = typer.Typer(
    cls=first_meant("run"),
    no_args_is_help=True,
    help="Write reports: leo report RUN is short for leo report run RUN. Or compare "
    "two runs; or pages over all runs, or of outcomes.\n\n"
    "Example: leo report runs/demo",
)


@report.command()
def compare(
    before: Annotated[
        Path, Argument(metavar="RUN_A", help="The folder to compare with.")
    ],
    after: Annotated[
        Path, Argument(metavar="RUN_B", help="The folder that may differ.")
    ],
    html: o.Html = None,
    as_json: o.Json = False,
) -> None:
    """Show which links RUN_B keeps, gains, loses and makes by another pass, by
    subgroup, and how its models differ.

    Both are folders of leo run, of leo link or of leo dedupe. Counts are exact: do not
    publish them.

    Example: leo report compare runs/demo runs/tuned
    """
    from linkage.catalogue import shipped
    from linkage.engine import connect
    from quality.dashboard.comparison import compare as compare_runs
    from quality.dashboard.comparison_page import render_comparison, sections, statement
    from quality.dashboard.folders import both
    from quality.report.names import Names

    with connect("duckdb", within=[before, after]) as engine:
        comparison = compare_runs(engine, *both(engine, before, after))
    if html:
        render_comparison(comparison, html)
    lines = [
        *textwrap.wrap(statement(comparison), _LINE),
        *_section_lines(sections(comparison, Names(shipped()))),
    ]
    show(comparison, lines, as_json=as_json)


@report.command("run")
def report_run(
    run: o.AnyRun,
    publish: Annotated[
        bool, Option("--publish", help="Suppress small counts of leo link or dedupe.")
    ] = False,
) -> None:
    """Write a run's report again from its counts, with the results of clerical reviews
    of its links.

    Small counts are suppressed and others rounded. Of a folder of leo link or leo
    dedupe, which holds your own data, counts are exact: give --publish before the
    report leaves.

    Example: leo report run runs/demo
    """
    from linkage.config import Gates
    from linkage.pipeline.gates import failed
    from linkage.pipeline.manifest import manifest_of
    from linkage.pipeline.reviewing import estimates
    from quality.report.render import PUBLICATION, render_run

    manifest = manifest_of(run)  # a folder of another format is refused, never misread
    gates = Gates(**(manifest.get("configuration") or {}).get("gates", {}))
    profile = PUBLICATION if publish else None
    typer.echo(
        render_run(run, estimates(run), profile, gates=functools.partial(failed, gates))
    )


@report.command("all")
def report_all(
    runs: Annotated[
        list[Path], Argument(help="Folders of leo run, or folders that hold some.")
    ],
    out: o.Pages,
    profile: o.Profile = "leo_publication",
) -> None:
    """Make a dashboard of all RUNS: trends, any two compared, models, stage times, in
    pages that need no network.

    A run that is unfinished, unreadable, of another format or of another configuration
    is named with the reason. Every number has passed disclosure control.

    Example: leo report all runs --out runs-dashboard
    """
    from quality.dashboard import runs_below, write_site

    read = runs_below(runs)
    count = count_of(len(read.not_shown), "folder")
    typer.echo(
        f"{count_of(len(read.runs), 'run')} to show, {count} not shown", err=True
    )
    for folder in read.not_shown:
        typer.echo(f"  {folder.name}: {folder.reason}", err=True)
    site = write_site(read, out, profile)
    typer.echo(f"{site.index}   {site.pages} pages, {site.bytes / 1e6:.1f} MB")


@report.command("outcomes")
def report_outcomes(
    run: o.Run,
    out: o.Pages,
    profile: o.Profile = "leo_publication",
    years: Annotated[
        int | None,
        Option(min=1, help="Only what was measured in the last so many years."),
    ] = None,
    key: o.MasterKey = None,
    outcomes: Annotated[
        Path | None, Option(help="The run's definitions of outcomes, if not shipped.")
    ] = None,
) -> None:
    """Compare schools, colleges and universities by outcomes 1, 3, 5 and 10 years
    after, in tables and static pages.

    Sustained employment, further study, benefits and quartiles of earnings, by
    institution, sex, free school meals and ethnic group. Every number has passed
    disclosure control.

    Example: leo report outcomes runs/demo --out outcomes
    """
    from quality.dashboard.outcomes import write_outcomes

    site = write_outcomes(
        run, out, profile, years=years, definitions=outcomes, key_file=key, progress=say
    )
    typer.echo(f"{site.index}   {site.pages} pages, {site.bytes / 1e6:.1f} MB")
