"""The `leo` command: its verbs in six panels, each imported when it is asked for, and
what holds for them all.
"""

import contextlib
import difflib
import importlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Option
from typer.core import TyperGroup

from linkage import process
from linkage.cli.failures import failing_clearly, refuse_strange_names
from linkage.config.resources import OWN, use
from linkage.errors import Stopped
from linkage.version import VERSION

_PANELS = {
    "Start": {"demo": "start:demo", "synth": "start:synth"},
    "Link": {"link": "link:link", "dedupe": "link:dedupe"},
    "Pipeline": {
        "init": "pipeline:init",
        "check": "pipeline:check",
        "plan": "pipeline:plan",
        "run": "pipeline:run",
        "status": "pipeline:status",
        "publish": "pipeline:publish",
    },
    "Model": {"model": "model:app"},
    "Inspect": {
        "explain": "results:explain",
        "review": "review:app",
        "report": "results:report",
    },
    "Governance": {
        "catalogue": "catalogue:app",
        "request": "project:request",
        "extract": "project:extract",
        "disclosure": "disclosure:app",
    },
    "": {"config": "pipeline:config", "spark": "spark:app"},  # not shown
}
"""Verbs by panel of the help text, with module and attribute."""
_RENAMED = {
    "blocking": "model blocking",
    "compare": "report compare",
    "dashboard": "report all",
    "key": "extract key",
    "outcomes": "report outcomes",
    "output": "disclosure",
    "train": "model train",
    "tune": "model tune",
}
"""Verbs of version 0.2 and what they are now."""
_VARIABLES = (OWN, "LEO_MASTER_KEY")
"""Environment variables that are read."""


class _Verbs(Mapping[str, Any]):
    """Commands by name, in the order of the help text. Each needs libraries that most
    others do not.
    """

    def __init__(self) -> None:
        self._places = {
            name: (panel, place)
            for panel, verbs in _PANELS.items()
            for name, place in verbs.items()
        }
        self._commands: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._commands:
            self._commands[name] = _command(name, *self._places[name])
        return self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _command(name: str, panel: str, place: str) -> Any:
    """The command that typer makes of a function or of a group."""
    module, _, attribute = place.partition(":")
    verb = getattr(importlib.import_module(f"linkage.cli.{module}"), attribute)
    command: Any
    if isinstance(verb, typer.Typer):
        command = typer.main.get_group(verb)
        command.name = name
    else:
        single = typer.Typer(add_completion=False)
        single.command(name)(verb)
        command = typer.main.get_command(single)
    command.rich_help_panel, command.hidden = panel, not panel
    return _readable(command)


def _readable(command: Any) -> Any:
    """A command or group whose help has whole paragraphs, and arguments by the names
    that its text gives them.

    Typer keeps the line ends of a docstring, and writes CONFIG as config.
    """
    for inner in getattr(command, "commands", {}).values():
        _readable(inner)
    if command.help:
        command.help = re.sub(r"(?<=\S)\n(?=\S)", " ", command.help)
    for parameter in command.params:
        if parameter.param_type_name == "argument" and parameter.metavar is None:
            parameter.metavar = parameter.name.upper()
    return command


class _Leo(TyperGroup):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "commands": _Verbs()})

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Typer ends a command that was stopped without a word, also while it reads its
        arguments.
        """
        with _stop_reported():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Typer ends a command that was stopped without a word."""
        with _stop_reported():
            return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Name the new place of a verb that has moved."""
        if args and args[0] in _RENAMED:
            ctx.fail(f"'leo {args[0]}' is now 'leo {_RENAMED[args[0]]}'")
        return super().resolve_command(ctx, args)


@contextlib.contextmanager
def _stop_reported() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped from None


app = typer.Typer(
    name="leo",
    cls=_Leo,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Link person files into a spine, a pseudonymised longitudinal extract and a "
    "quality report.\n\n"
    "Start with: leo demo",
    epilog="Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 a check or "
    "quality gate failed, 130 stopped.",
)


def _version(show_version: bool) -> None:
    if show_version:
        typer.echo(f"leo {VERSION}")
        raise typer.Exit


def _warn_of_misspelt_variables() -> None:
    """Nothing reads a misspelt variable, and a run would use the shipped definitions,
    for example.
    """
    for name in sorted(
        name
        for name in os.environ
        if name.upper().startswith("LEO") and name not in _VARIABLES
    ):
        if matches := difflib.get_close_matches(
            name.upper(), _VARIABLES, n=1, cutoff=0.8
        ):
            typer.echo(
                f"leo: nothing reads the environment variable {name}; is {matches[0]} "
                "meant?",
                err=True,
            )


@app.callback()
def leo(
    version: Annotated[
        bool,
        Option("--version", help="Show the version.", callback=_version, is_eager=True),
    ] = False,
    definitions: Annotated[
        Path | None,
        Option(
            envvar=OWN, metavar="FOLDER", help="Your own definitions, like configs/."
        ),
    ] = None,
) -> None:
    """What holds for every verb."""
    _warn_of_misspelt_variables()
    if definitions is not None:
        use(definitions)


def command() -> None:
    """Run the command line; every failure is a message and an exit code."""
    with failing_clearly(), process.stoppable():
        refuse_strange_names()
        app(prog_name="leo")
