"""What commands share in printing: reports as text or JSON, progress, notes, tables on
a terminal, files to write.
"""

import contextlib
import dataclasses
import itertools
import json
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperGroup

from linkage.engine import unfinished
from linkage.errors import ConfigError, ExitCode, GateError, InputError

if TYPE_CHECKING:
    from linkage.files.prepare import Prepared

_WIDEST = 60  # characters of a column of texts
_NUMBER = re.compile(r"[~+−-]?\d[\d.,]*(e[+-]\d+)?%?|-|not seen")
_Request = TypeVar("_Request")


def show(report: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Print a report: its lines for people, or all of it as JSON.

    Args:
        report: dicts, lists and dataclasses of counts, names and paths; no personal
            value.
    """
    typer.echo(
        json.dumps(report, indent=2, default=_plain) if as_json else "\n".join(lines)
    )


def _plain(value: Any) -> Any:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else str(value)  # type: ignore[arg-type]


def exit_unless(passes: bool) -> None:
    """End with the exit code of a failed check, unless all passes."""
    if not passes:
        raise typer.Exit(int(ExitCode.GATE))


@contextlib.contextmanager
def checking(subject: Path | None) -> Iterator[None]:
    """Report faults of what is checked with the exit code of a failed check, where it
    is there.
    """
    try:
        yield
    except (ConfigError, InputError) as faults:
        if subject and not subject.exists():
            raise
        raise GateError(str(faults)) from None


def say(text: str) -> None:
    """Show what is being done."""
    typer.echo(f"  {text} ...", err=True)


def say_notes(notes: Sequence[str]) -> None:
    """Show what the user should know before a result is trusted."""
    for note in notes:
        typer.echo(f"  note: {note}", err=True)


def say_inferred(prepared: "Prepared") -> None:
    """Show which field each column was recognised as, so that a wrong guess is seen
    before the work is done.
    """
    from linkage.files.notes import columns_taken, inferred_notes

    ids = [schema.id or "row number" for schema in prepared.schemas]
    choices = {
        "field": ("left", "right"),
        "id": (ids[0], ids[-1]),
        **columns_taken(prepared),
    }
    for name, (left, right) in (
        choices.items() if len(ids) == 2 else list(choices.items())[1:]
    ):
        line = (
            f"  {name:<16} {left:<24} {right}"
            if len(ids) == 2
            else f"  {name:<16} {left}"
        )
        typer.echo(line, err=True)
    say_notes(inferred_notes(prepared))
    sys.stderr.flush()


def serve_pages(make: Callable[[str], Any], port: int) -> None:
    """Serve an application of quality.web until Ctrl-C, and show its address."""
    from quality.web import serve

    serve(make, port, lambda address: typer.echo(f"open  {address}"))


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """1 fault, 2 faults."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def both_sides(
    values: Sequence[str] | None, option: str
) -> tuple[str | None, str | None]:
    """The values of an option for the left and the right file, where it may be given
    once for both.

    Raises:
        ConfigError: it is given more than twice.
    """
    if values and len(values) > 2:
        raise ConfigError(
            f"{option} is given {len(values)} times\n  give it once for both files, or "
            "twice: left, right"
        )
    return (values[0], values[-1]) if values else (None, None)


def request_of(
    model: type[_Request], options: Mapping[str, Any], **more: Any
) -> _Request:
    """A dataclass from the options of its fields' names; an option that was not given
    keeps the field's default.

    Args:
        options: `locals()` of a command, before any other name is bound.
    """
    names = {field.name for field in dataclasses.fields(model)}  # type: ignore[arg-type]
    values = {
        name: value
        for name, value in options.items()
        if name in names and value is not None
    }
    return model(
        **{
            name: tuple(v) if isinstance(v, list) else v
            for name, v in {**values, **more}.items()
        }
    )


def refuse_options(context: typer.Context, names: Iterable[str], why: str) -> None:
    """Refuse options on the command line that would have no effect.

    Args:
        names: parameters that have one.
        why: what follows the option in the message.

    Raises:
        ConfigError: naming all of them.
    """
    idle_options = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in set(names) and _is_given(context, str(parameter.name))
    ]
    if idle_options:
        raise ConfigError("\n".join(f"{option} {why}" for option in idle_options))


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def first_meant(verb: str) -> type[TyperGroup]:
    """A group in which `verb` may be left out: leo review RUN is leo review
    open RUN.
    """

    class Group(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            if args and args[0] not in {*self.commands, "-h", "--help"}:
                args = [verb, *args]
            return super().parse_args(ctx, args)

    return Group


def a_file(path: Path | None) -> Path | None:
    """Callback of an option that names a file to write: whether it can be is known
    before the work.

    Raises:
        BadParameter: it cannot be written there.
    """
    if path is None:
        return None
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder: name a file in it")
    place = next(folder for folder in path.absolute().parents if folder.exists())
    if not place.is_dir():
        raise typer.BadParameter(f"{path}: {place} is not a folder: name a file in one")
    if not os.access(place, os.W_OK | os.X_OK):
        raise typer.BadParameter(
            f"{path}: nothing may be written to {place}: name another, or ask for the "
            "right to it"
        )
    return path


def write_json(value: Any, out: Path) -> None:
    """Write a result, whole or not at all, to a folder that is made where there is
    none.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(out) as part:
        part.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table_lines(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """A table as lines of text: columns of numbers flush right, long texts in several
    lines.
    """
    texts = [[_text(cell) for cell in row] for row in rows]
    numeric = [
        all(map(_NUMBER.fullmatch, column)) for column in zip(*texts, strict=True)
    ] or [False] * len(heads)
    lines: list[Sequence[str]] = [heads]
    for row in texts:
        cells = [
            [cell] if len(cell) <= _WIDEST else textwrap.wrap(cell, _WIDEST)
            for cell in row
        ]
        lines += itertools.zip_longest(*cells, fillvalue="")
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    ]


def titled_table(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]
) -> list[str]:
    """An empty line, a title and a table; nothing where there is no row."""
    return ["", title, *table_lines(heads, rows)] if rows else []


def show_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print records of the same keys as a table, or as JSON."""
    heads = list(rows[0]) if rows else []
    show(
        rows, table_lines(heads, [list(row.values()) for row in rows]), as_json=as_json
    )
