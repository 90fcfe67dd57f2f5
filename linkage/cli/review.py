"""`leo review`: sample pairs for clerical review, take in the answers, estimate
precision and recall from them.
"""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from linkage.cli import options as o
from linkage.cli.output import first_meant, serve_pages, show, table_lines
from linkage.extras import require

app = typer.Typer(
    cls=first_meant("open"),
    no_args_is_help=True,
    help="Clerical review: leo review RUN is short for leo review open RUN. Answers "
    "are kept; precision and recall are "
    "estimated from them.\n\n"
    "Example: leo review runs/demo --step education-cis",
)

LabelsFrom = Annotated[
    Path | None,
    Option(metavar="RUN", help="An earlier run, whose labels are carried over."),
]
Size = Annotated[
    int,
    Option(
        min=1, help="Number of pairs to draw; a few more where there are many strata."
    ),
]


@app.command("open")
def open_(
    run: o.AnyRun,
    step: o.Step = None,
    size: Size = 400,
    doubled: Annotated[
        float,
        Option("--double", min=0, max=1, help="Share of pairs for two reviewers."),
    ] = 0.25,
    labels_from: LabelsFrom = None,
    port: o.Port = 0,
) -> None:
    """Review pairs in a browser, blind: records side by side, one question, by keyboard
    or mouse.

    The pages are on this machine only; the address that is printed lets in whoever has
    it. Answers are kept in RUN/review/labels.duckdb, each before the next page is
    shown. Also: leo review RUN.

    Example: leo review runs/demo --step education-cis
    """
    require("leo review", "apps")  # leo review sample and add do without
    from quality.review.sample import step_to_review

    step_name = step_to_review(run, step, size, labels_from)
    from linkage.catalogue import shipped
    from quality.report.names import Names
    from quality.review.app import application
    from quality.review.session import ReviewSession
    from quality.web import check_port

    check_port(port)
    with ReviewSession(run, step_name) as session:
        typer.echo(f"{len(session.pairs):,} pairs of step {step_name}; Ctrl-C ends")
        serve_pages(
            lambda token: application(
                session, Names(shipped()), token, doubled=doubled
            ),
            port,
        )


@app.command()
def sample(
    run: o.AnyRun,
    step: Annotated[
        str, Option(help="A link step; of leo link 'link', of leo dedupe 'dedupe'.")
    ],
    size: Size = 400,
    seed: Annotated[
        int | None, Option(min=0, help="Seed of the draw; by default the run's.")
    ] = None,
    labels_from: LabelsFrom = None,
) -> None:
    """Draw a stratified sample: passes by bands of match weight, most where the model
    is least certain.

    Labels of this run's earlier links are carried to the pairs that it still has; those
    of another run with --labels-from. A pair whose records have changed values is
    reviewed again.

    Example: leo review sample runs/2027 --step education-cis --labels-from runs/2026
    """
    from quality.review.sample import draw_sample

    summary = draw_sample(run, step, size, seed=seed, labels_from=labels_from)
    typer.echo(
        f"{summary.pairs:,} pairs of {summary.strata} strata, {summary.answered:,} "
        "answered before"
    )
    labels = summary.carried
    if labels.unchanged or labels.changed or labels.gone:
        typer.echo(
            f"labels carried: {labels.unchanged:,} hold, {labels.changed:,} are to be "
            "reviewed again, "
            f"{labels.gone:,} are of records that are gone or are one record now"
        )
    typer.echo(f"fill in  {summary.form}")


@app.command()
def add(
    run: o.AnyRun,
    csv: Annotated[Path, Argument(help="The sample's CSV with answers and reviewer.")],
    step: o.Step = None,
) -> None:
    """Take in answers: match, no match or uncertain. Answers are kept; a reviewer's
    last one counts.

    Example: leo review add runs/demo runs/demo/review/education-cis/sample.csv --step
    education-cis
    """
    from quality.review.sample import reviewed_step, take_labels

    count = take_labels(run, reviewed_step(run, step), csv)
    typer.echo(f"{count:,} answers taken in")
    if not count:
        typer.echo(f"  the column answer of {csv} is empty", err=True)


@app.command()
def estimate(run: o.AnyRun, step: o.Step = None, as_json: o.Json = False) -> None:
    """Estimate precision and recall with 95 % intervals; leo report then shows them.

    Example: leo review estimate runs/demo --step education-cis
    """
    from quality.review.estimate import estimate_notes, estimate_rows
    from quality.review.results import estimate_step
    from quality.review.sample import reviewed_step

    result = estimate_step(run, reviewed_step(run, step))
    lines = [
        f"{result['reviewed']:,} of {result['drawn']:,} pairs reviewed, "
        f"{result['uncertain']:,} uncertain"
    ]
    lines += table_lines(
        ["measure", "estimate, %", "95% from", "to", "answers"], estimate_rows(result)
    )
    show(result, [*lines, *estimate_notes(result)], as_json=as_json)


@app.command()
def overrides(run: o.AnyRun, step: o.Step = None) -> None:
    """Write the settled answers to RUN/review/STEP/overrides.csv, for the step's
    `overrides` in the next run.

    The file holds the sources' own keys.

    Example: leo review overrides runs/demo --step education-cis
    """
    from quality.review.results import write_overrides
    from quality.review.sample import reviewed_step

    result = write_overrides(run, reviewed_step(run, step))
    conflicts = (
        f", {result.contradictory:,} left out: they link one record twice"
        if result.contradictory
        else ""
    )
    typer.echo(
        f"{result.links:,} pairs to link, {result.never:,} never to "
        f"link{conflicts}\n{result.path}"
    )
