"""The `leo` command: thin verbs over the rooms."""

from typing import Annotated

import typer

from linkage import __version__
from linkage.adhoc.command import link
from linkage.cli import (
    blocking,
    catalogue,
    compare,
    config,
    dashboard,
    dedupe,
    demo,
    explain,
    extract,
    key,
    outcomes,
    output,
    request,
    review,
    run,
    synth,
    train,
    tune,
)
from linkage.cli.failures import failing_clearly

app = typer.Typer(
    name="leo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Link person files into a spine, a pseudonymised longitudinal extract and a quality report.\n\n"
    "Start with: leo demo",
    epilog="Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 a quality gate failed.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"leo {__version__}")
        raise typer.Exit


@app.callback()
def leo(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """What holds for every verb."""


app.command()(demo.demo)
app.command()(synth.synth)
app.command("run")(run.run)
app.command()(run.report)
app.command()(run.publish)
app.command()(compare.compare)
app.command()(dashboard.dashboard)
app.command()(explain.explain)
app.command()(outcomes.outcomes)
app.add_typer(blocking.app, name="blocking")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(config.app, name="config")
app.add_typer(extract.app, name="extract")
app.add_typer(key.app, name="key")
app.add_typer(output.app, name="output")
app.add_typer(request.app, name="request")
app.add_typer(review.app, name="review")

app.command("link")(link)
app.command()(dedupe.dedupe)
app.command()(train.train)
app.command()(tune.tune)


def main() -> None:
    """What the console script calls."""
    with failing_clearly():
        app()
