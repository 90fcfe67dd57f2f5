"""Which verb is where. A verb is imported when it is asked for: each needs libraries that most others do not."""

import importlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup

_VERBS = {
    "demo": "linkage.cli.demo:demo",
    "synth": "linkage.cli.synth:synth",
    "run": "linkage.cli.run:run",
    "report": "linkage.cli.run:report",
    "publish": "linkage.cli.run:publish",
    "compare": "linkage.cli.compare:compare",
    "dashboard": "linkage.cli.dashboard:dashboard",
    "explain": "linkage.cli.explain:explain",
    "outcomes": "linkage.cli.outcomes:outcomes",
    "link": "linkage.cli.link:link",
    "dedupe": "linkage.cli.dedupe:dedupe",
    "train": "linkage.cli.train:train",
    "tune": "linkage.cli.tune:tune",
}
_GROUPS = {
    "blocking": "linkage.cli.blocking:app",
    "catalogue": "linkage.cli.catalogue:app",
    "config": "linkage.cli.config:app",
    "extract": "linkage.cli.extract:app",
    "key": "linkage.cli.key:app",
    "output": "linkage.cli.output:app",
    "request": "linkage.cli.request:app",
    "review": "linkage.cli.review:app",
}
"""Groups of verbs: leo key new."""


class Verbs(Mapping[str, Any]):
    """Commands by name, in the order of the help text."""

    def __init__(self) -> None:
        self._places = _VERBS | _GROUPS
        self._found: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._found:
            self._found[name] = _command(name, self._places[name])
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class FirstVerbIsMeant(TyperGroup):
    """A group whose first verb may be left out: leo review RUN is leo review open RUN."""

    meant: ClassVar[str]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, "-h", "--help"}:
            args = [self.meant, *args]
        return super().parse_args(ctx, args)


def _command(name: str, place: str) -> Any:
    """The command that typer makes of a function, or of a group."""
    module, _, attribute = place.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if isinstance(found, typer.Typer):
        command: Any = typer.main.get_group(found)
        command.name = name
        return _told(command)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return _told(typer.main.get_command(alone))


def _told(command: Any) -> Any:
    """A command, or a group, whose help has whole paragraphs, and arguments by the names that its text gives them.

    Typer keeps the ends of lines of a docstring, which are none of a terminal's, and writes CONFIG as config.
    """
    for inner in getattr(command, "commands", {}).values():
        _told(inner)
    if command.help:
        command.help = re.sub(r"(?<=\S)\n(?=\S)", " ", command.help)
    for parameter in command.params:
        if parameter.param_type_name == "argument" and parameter.metavar is None:
            parameter.metavar = parameter.name.upper()
    return command
