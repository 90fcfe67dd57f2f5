"""The command itself: its verbs, and what holds for them all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from linkage import __version__, process
from linkage.cli.failures import failing_clearly, refuse_strange_names
from linkage.cli.verbs import Verbs
from linkage.config.resources import OWN, use
from linkage.errors import Stopped

_READ = (OWN, "LEO_MASTER_KEY", "LEO_EXTRACT_KEY")
"""Environment variables that are read."""


class _Leo(TyperGroup):
    """All verbs, of which only the one that is asked for is imported."""

    def __init__(self, **about: Any) -> None:
        super().__init__(**{**about, "commands": Verbs()})

    def make_context(self, *given: Any, **more: Any) -> Any:
        """Typer ends a command that was stopped without a word, also while it reads what was given."""
        with _told():
            return super().make_context(*given, **more)

    def invoke(self, ctx: Any) -> Any:
        """Typer ends a command that was stopped without a word."""
        with _told():
            return super().invoke(ctx)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped from None


app = typer.Typer(
    name="leo",
    cls=_Leo,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Link person files into a spine, a pseudonymised longitudinal extract and a quality report.\n\n"
    "Start with: leo demo",
    epilog="Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 a quality gate failed, 130 stopped.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"leo {__version__}")
        raise typer.Exit


def _tell_of_slips() -> None:
    """A variable with a slip in its name is read by nothing, and a run would go by the shipped definitions, say."""
    for name in sorted(name for name in os.environ if name.upper().startswith("LEO") and name not in _READ):
        import difflib

        if near := difflib.get_close_matches(name.upper(), _READ, n=1, cutoff=0.8):
            typer.echo(f"leo: nothing reads the environment variable {name}; is {near[0]} meant?", err=True)


@app.callback()
def leo(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", callback=_version, is_eager=True)
    ] = False,
    definitions: Annotated[
        Path | None,
        typer.Option(
            envvar=OWN,
            metavar="FOLDER",
            help="Your own catalogue, contracts and rules: a folder of the shape of configs/, whose files stand before "
            "those that ship (leo config files).",
        ),
    ] = None,
) -> None:
    """What holds for every verb."""
    _tell_of_slips()
    if definitions is not None:
        use(definitions)


def command() -> None:
    """Do what the command line says; every failure is a message and an exit code."""
    with failing_clearly(), process.stoppable():
        refuse_strange_names()
        app()
