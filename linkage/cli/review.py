"""`leo review`: pairs for people to look at, what they said, and what follows for all pairs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from linkage.adhoc.options import say
from linkage.cli.verbs import FirstVerbIsMeant
from linkage.errors import ConfigError


class _OpenIsMeant(FirstVerbIsMeant):
    meant = "open"


app = typer.Typer(
    cls=_OpenIsMeant,
    no_args_is_help=True,
    help="Clerical review: look at pairs of a run, keep what was said, estimate precision and recall.\n\n"
    "Example: leo review runs/demo --step education-cis",
)

LabelsFrom = Annotated[
    Path | None,
    typer.Option(
        "--labels-from",
        metavar="RUN",
        help="A run before this one: its labels are carried to the same pairs, and its sample is drawn again as far as "
        "it is there.",
    ),
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of leo run, leo link or leo dedupe.")]
_OF_STEP = "A link step of the run; of leo link 'link', of leo dedupe 'dedupe'."
Step = Annotated[str | None, typer.Option("--step", help=_OF_STEP)]
StepByPlace = Annotated[str | None, typer.Argument(metavar="STEP", help="The same as --step.", show_default=False)]
Files = Annotated[
    list[Path] | None,
    typer.Option(
        help="What leo link or leo dedupe linked, where it has moved; of leo link given twice: left, then right."
    ),
]


def _one(by_place: str | None, named: str | None) -> str:
    """The step that is named, by its place or by --step.

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
    step: Annotated[
        str | None, typer.Option(help="A link step; without it the one that a sample was drawn of.")
    ] = None,
    size: Annotated[
        int, typer.Option(min=1, help="How many pairs to draw where none were; a few more where there are many strata.")
    ] = 400,
    doubled: Annotated[
        float, typer.Option("--double", min=0.0, max=1.0, help="Share of the pairs that two reviewers are to answer.")
    ] = 0.25,
    labels_from: LabelsFrom = None,
    files: Files = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of this machine; 0 for any that is free.")] = 0,
    overrides: Annotated[
        bool,
        typer.Option(
            "--write-overrides",
            help="Open nothing: write what was settled to RUN/review/STEP/overrides.csv, for the step's `overrides` in "
            "the next run. It holds the sources' own keys.",
        ),
    ] = False,
) -> None:
    """Look at pairs in a browser, blind: records side by side, one question, by keyboard or mouse.

    The pages are on this machine alone; the address that is printed lets in whoever has it. Answers are kept in
    RUN/review/labels.duckdb, each before the next page is shown. Also: leo review RUN. Of leo link and leo dedupe, what
    the files hold is kept in RUN/explained, for the owner alone.

    Example: leo review runs/demo --step education-cis

    Example: leo review linked
    """
    from linkage.catalogue import shipped
    from quality.report.names import Names
    from quality.review.sampling import step_to_review

    chosen = step_to_review(run, step, size, labels_from, files=files or (), say=say)
    if overrides:
        from quality.review.decisions import write_overrides

        made = write_overrides(run, chosen)
        left_out = f", {made.contradictory:,} left out: they link one record twice" if made.contradictory else ""
        typer.echo(f"{made.links:,} pairs to link, {made.never:,} never to link{left_out}\n{made.path}")
        return
    try:
        from quality.review.app import application
        from quality.review.desk import RunDesk
        from quality.web import check_port, serve
    except ModuleNotFoundError as missing:
        raise ConfigError(
            f"leo review needs {missing.name}\n  install it: pip install 'leo-linkage[apps]'; or fill in the CSV that "
            f"leo review sample writes"
        ) from missing
    check_port(port)
    with RunDesk(run, chosen, files or (), say=say) as desk:
        typer.echo(f"{len(desk.pairs):,} pairs of step {chosen}; Ctrl-C ends")
        serve(
            lambda token: application(desk, Names(shipped()), token, doubled=doubled),
            port,
            lambda address: typer.echo(f"open  {address}"),
        )


@app.command()
def sample(
    run: Run,
    place: StepByPlace = None,
    step: Step = None,
    size: Annotated[
        int, typer.Option(min=1, help="How many pairs to look at; a few more where there are many strata.")
    ] = 400,
    seed: Annotated[int | None, typer.Option(min=0, help="Another draw; the run's own seed when not given.")] = None,
    labels_from: LabelsFrom = None,
    files: Files = None,
) -> None:
    """Draw a stratified sample: passes by bands of match weight, most where the model is least sure.

    Labels of this run's earlier links are carried to the pairs that it still has; those of another run with
    --labels-from. A pair whose records hold other values since is to be looked at again.

    Example: leo review sample runs/demo --step education-cis --size 400

    Example: leo review sample runs/2027 --step education-cis --labels-from runs/2026
    """
    from quality.review.sampling import draw_sample

    drawn = draw_sample(run, _one(place, step), size, seed=seed, labels_from=labels_from, files=files or (), say=say)
    typer.echo(f"{drawn.pairs:,} pairs of {drawn.strata} strata, {drawn.answered:,} answered before")
    if any((drawn.carried.unchanged, drawn.carried.changed, drawn.carried.gone)):
        typer.echo(
            f"labels carried: {drawn.carried.unchanged:,} hold, {drawn.carried.changed:,} are to be looked at again, "
            f"{drawn.carried.gone:,} are of records that are no longer there as two"
        )
    typer.echo(f"fill in  {drawn.form}")


@app.command()
def add(
    run: Run,
    labels: Annotated[
        list[str],
        typer.Argument(
            metavar="[STEP] CSV", help="The sample's CSV with answers and reviewer; before it what --step says."
        ),
    ],
    step: Step = None,
) -> None:
    """Take in answers: match, no match or uncertain. Answers are kept; a reviewer's last one holds.

    Example: leo review add runs/demo runs/demo/review/education-cis/sample.csv --step education-cis
    """
    from quality.review.sampling import take_labels

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
    from linkage.pipeline.ended.reviewing import estimate_step

    typer.echo("\n".join(_lines(estimate_step(run, _one(place, step)))))


def _lines(said: dict[str, Any]) -> list[str]:
    from quality.measures.intervals import per_cent
    from quality.review import KEPT_ONLY, UNKNOWN

    lines = [f"{said['looked_at']:,} of {said['drawn']:,} pairs looked at, {said['uncertain']:,} uncertain"]
    for measure in ("precision", "recall", "f1"):
        found = said[measure]
        if found["middle"]["value"] is None:
            if measure in UNKNOWN:
                lines.append(f"{measure:<10} not known: {UNKNOWN[measure]}")
            continue
        shown = "  ".join(
            f"{reading} {per_cent(found[reading]['value'])}% "
            f"({per_cent(found[reading]['low'])} to {per_cent(found[reading]['high'])})"
            for reading in ("low", "middle", "high")
        )
        lines.append(f"{measure:<10} {shown}")
    if said["reach"] is None and said["recall"]["middle"]["value"] is not None:
        lines.append(KEPT_ONLY)
    if said["unseen"]:
        lines.append(f"left out: {len(said['unseen'])} strata of which no pair was looked at")
    return lines
