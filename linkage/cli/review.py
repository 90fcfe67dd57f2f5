"""`leo review`: draw pairs for people to review, take in their answers, estimate precision and recall from them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from linkage.cli.verbs import FirstVerbIsMeant
from linkage.errors import ConfigError


class _OpenIsMeant(FirstVerbIsMeant):
    meant = "open"


app = typer.Typer(
    cls=_OpenIsMeant,
    no_args_is_help=True,
    help="Clerical review: review pairs of a run, keep the answers, estimate precision and recall.\n\n"
    "Example: leo review runs/demo --step education-cis",
)

LabelsFrom = Annotated[
    Path | None,
    typer.Option(
        "--labels-from",
        metavar="RUN",
        help="An earlier run: its labels are carried to the same pairs, and its sample is drawn again as far as possible.",
    ),
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of leo run, leo link or leo dedupe.")]
Step = Annotated[
    str | None, typer.Option("--step", help="A link step of the run; of leo link 'link', of leo dedupe 'dedupe'.")
]
StepByPlace = Annotated[str | None, typer.Argument(metavar="STEP", help="The same as --step.", show_default=False)]
Size = Annotated[int, typer.Option(min=1, help="Number of pairs to draw; a few more where there are many strata.")]


def _one(by_place: str | None, named: str | None) -> str:
    """The step named by its place or by --step.

    Raises:
        ConfigError: none is, or two.
    """
    steps = {step for step in (by_place, named) if step}
    if len(steps) != 1:
        wrong = "is named twice, by its place and by --step" if steps else "is not named"
        raise ConfigError(f"the link step {wrong}\n  name it once, for example --step education-cis")
    return steps.pop()


@app.command("open")
def open_(
    run: Run,
    step: Annotated[str | None, typer.Option(help="A link step; by default the one that has a sample.")] = None,
    size: Size = 400,
    doubled: Annotated[
        float, typer.Option("--double", min=0.0, max=1.0, help="Share of the pairs that two reviewers answer.")
    ] = 0.25,
    labels_from: LabelsFrom = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of this machine; 0 for any that is free.")] = 0,
    overrides: Annotated[
        bool,
        typer.Option(
            "--write-overrides",
            help="Do not open the app: write the settled answers to RUN/review/STEP/overrides.csv, for the step's "
            "`overrides` in the next run. It holds the sources' own keys.",
        ),
    ] = False,
) -> None:
    """Review pairs in a browser, blind: records side by side, one question, by keyboard or mouse.

    The pages are on this machine only; the address that is printed lets in whoever has it. Answers are kept in
    RUN/review/labels.duckdb, each before the next page is shown. Also: leo review RUN.

    Example: leo review runs/demo --step education-cis

    Example: leo review linked
    """
    from quality.review.sample import step_to_review

    chosen = step_to_review(run, step, size, labels_from)
    if overrides:
        from quality.review.results import write_overrides

        made = write_overrides(run, chosen)
        left_out = f", {made.contradictory:,} left out: they link one record twice" if made.contradictory else ""
        typer.echo(f"{made.links:,} pairs to link, {made.never:,} never to link{left_out}\n{made.path}")
        return
    try:
        from quality.review.app import application
        from quality.review.session import ReviewSession
        from quality.web import check_port, serve
    except ModuleNotFoundError as missing:
        raise ConfigError(
            f"leo review needs {missing.name}\n  install it: pip install 'leo-linkage[apps]'; or fill in the CSV that "
            f"leo review sample writes"
        ) from missing
    from linkage.catalogue import shipped
    from quality.report.names import Names

    check_port(port)
    with ReviewSession(run, chosen) as session:
        typer.echo(f"{len(session.pairs):,} pairs of step {chosen}; Ctrl-C ends")
        serve(
            lambda token: application(session, Names(shipped()), token, doubled=doubled),
            port,
            lambda address: typer.echo(f"open  {address}"),
        )


@app.command()
def sample(
    run: Run,
    place: StepByPlace = None,
    step: Step = None,
    size: Size = 400,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the draw; by default the run's.")] = None,
    labels_from: LabelsFrom = None,
) -> None:
    """Draw a stratified sample: passes by bands of match weight, most where the model is least certain.

    Labels of this run's earlier links are carried to the pairs that it still has; those of another run with
    --labels-from. A pair whose records have other values since is reviewed again.

    Example: leo review sample runs/demo --step education-cis --size 400

    Example: leo review sample runs/2027 --step education-cis --labels-from runs/2026
    """
    from quality.review.sample import draw_sample

    drawn = draw_sample(run, _one(place, step), size, seed=seed, labels_from=labels_from)
    typer.echo(f"{drawn.pairs:,} pairs of {drawn.strata} strata, {drawn.answered:,} answered before")
    carried = drawn.carried
    if carried.unchanged or carried.changed or carried.gone:
        typer.echo(
            f"labels carried: {carried.unchanged:,} hold, {carried.changed:,} are to be reviewed again, "
            f"{carried.gone:,} are of records that are gone or are one record now"
        )
    typer.echo(f"fill in  {drawn.form}")


@app.command()
def add(
    run: Run,
    labels: Annotated[
        list[str],
        typer.Argument(
            metavar="[STEP] CSV", help="The sample's CSV with answers and reviewer; the step by place or by --step."
        ),
    ],
    step: Step = None,
) -> None:
    """Take in answers: match, no match or uncertain. Answers are kept; a reviewer's last one counts.

    Example: leo review add runs/demo runs/demo/review/education-cis/sample.csv --step education-cis
    """
    from quality.review.sample import take_labels

    *before, csv = labels
    if len(before) > 1:
        raise ConfigError(f"{len(labels)} arguments after the run\n  give one CSV, and the step by --step")
    taken = take_labels(run, _one(before[0] if before else None, step), Path(csv))
    typer.echo(f"{taken:,} answers taken in")
    if not taken:
        typer.echo(f"  the column answer of {csv} is empty", err=True)


@app.command()
def estimate(run: Run, place: StepByPlace = None, step: Step = None) -> None:
    """Estimate precision and recall with 95 % intervals; leo report then shows them.

    Example: leo review estimate runs/demo --step education-cis
    """
    from quality.review.results import estimate_step

    typer.echo("\n".join(_lines(estimate_step(run, _one(place, step)))))


def _lines(result: dict[str, Any]) -> list[str]:
    from quality.intervals import per_cent
    from quality.measures.review_estimates import NOT_KNOWN, SCORED_ONLY

    lines = [f"{result['looked_at']:,} of {result['drawn']:,} pairs reviewed, {result['uncertain']:,} uncertain"]
    for measure in ("precision", "recall", "f1"):
        readings = result[measure]
        if readings["middle"]["value"] is None:
            lines += [f"{measure:<10} not known: {NOT_KNOWN[measure]}"] if measure in NOT_KNOWN else []
            continue
        shown = "  ".join(
            f"{reading} {per_cent(readings[reading]['value'])}% "
            f"({per_cent(readings[reading]['low'])} to {per_cent(readings[reading]['high'])})"
            for reading in ("low", "middle", "high")
        )
        lines.append(f"{measure:<10} {shown}")
    if result["reach"] is None and result["recall"]["middle"]["value"] is not None:
        lines.append(SCORED_ONLY)
    if result["unseen"]:
        lines.append(f"left out: {len(result['unseen'])} strata without a reviewed pair")
    return lines
