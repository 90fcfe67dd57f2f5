"""What commands share in printing: reports as text or JSON, progress, notes, tables on a terminal, files to write."""

import contextlib
import dataclasses
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperGroup

from linkage.engine import unfinished
from linkage.errors import ConfigError, ExitCode, GateError, InputError

if TYPE_CHECKING:
    from linkage.files.prepare import Prepared

_LEAST_WIDTH = 80  # characters; a narrower terminal breaks a table's lines, and no number of it
_GAP = 2  # characters between two columns of a rich table
_NUMBER = re.compile(r"[~+−-]?\d[\d.,]*(e[+-]\d+)?%?|-|not seen")
_Request = TypeVar("_Request")


def show(report: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Print a report: its lines for people, or all of it as JSON.

    Args:
        report: dicts, lists and dataclasses of counts, names and paths; no personal value.
    """
    typer.echo(json.dumps(report, indent=2, default=_plain) if as_json else "\n".join(lines))


def _plain(value: Any) -> Any:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else str(value)  # type: ignore[arg-type]


def exit_unless(passes: bool) -> None:
    """End with the exit code of a failed check, unless all passes."""
    if not passes:
        raise typer.Exit(int(ExitCode.GATE))


@contextlib.contextmanager
def checking(subject: Path | None) -> Iterator[None]:
    """Report faults of what is checked with the exit code of a failed check, where it is there."""
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
    """Show which field each column was recognised as, so that a wrong guess is seen before the work is done."""
    from linkage.files.output import columns_taken, inferred_notes

    ids = [schema.id or "row number" for schema in prepared.schemas]
    taken = {"field": ("left", "right"), "id": (ids[0], ids[-1]), **columns_taken(prepared)}
    for name, (left, right) in taken.items() if len(ids) == 2 else list(taken.items())[1:]:
        line = f"  {name:<16} {left:<24} {right}" if len(ids) == 2 else f"  {name:<16} {left}"
        typer.echo(line, err=True)
    say_notes(inferred_notes(prepared))
    sys.stderr.flush()


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """1 fault, 2 faults."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def both_sides(values: Sequence[str] | None, option: str) -> tuple[str | None, str | None]:
    """The values of an option for the left and the right file, where it may be given once for both.

    Raises:
        ConfigError: it is given more than twice.
    """
    if values and len(values) > 2:
        raise ConfigError(
            f"{option} is given {len(values)} times\n  give it once for both files, or twice: left, right"
        )
    return (values[0], values[-1]) if values else (None, None)


def request_of(model: type[_Request], options: Mapping[str, Any], **more: Any) -> _Request:
    """A dataclass from the options of its fields' names; an option that was not given keeps the field's default.

    Args:
        options: `locals()` of a command, before any other name is bound.
    """
    names = {field.name for field in dataclasses.fields(model)}  # type: ignore[arg-type]
    given = {name: value for name, value in options.items() if name in names and value is not None}
    return model(**{name: tuple(v) if isinstance(v, list) else v for name, v in {**given, **more}.items()})


def refuse_options(context: typer.Context, allowed: Iterable[str], why: str) -> None:
    """Refuse options on the command line that would have no effect.

    Args:
        allowed: parameters that have one.
        why: what follows the option in the message.

    Raises:
        ConfigError: naming all of them.
    """
    idle = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in set(allowed) and _is_given(context, str(parameter.name))
    ]
    if idle:
        raise ConfigError("\n".join(f"{option} {why}" for option in idle))


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def first_meant(verb: str) -> type[TyperGroup]:
    """A group in which `verb` may be left out: leo review RUN is leo review open RUN."""

    class Group(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            if args and args[0] not in {*self.commands, "-h", "--help"}:
                args = [verb, *args]
            return super().parse_args(ctx, args)

    return Group


def a_file(path: Path | None) -> Path | None:
    """Callback of an option that names a file to write: whether it can be is known before the work.

    Raises:
        BadParameter: it cannot be written there.
    """
    if path is None:
        return None
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder: name a file in it")
    there = next(folder for folder in path.absolute().parents if folder.exists())
    if not there.is_dir():
        raise typer.BadParameter(f"{path}: {there} is not a folder: name a file in one")
    if not os.access(there, os.W_OK | os.X_OK):
        raise typer.BadParameter(f"{path}: nothing may be written to {there}: name another, or ask for the right to it")
    return path


def write_json(value: Any, out: Path) -> None:
    """Write a result, whole or not at all, to a folder that is made where there is none."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(out) as part:
        part.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def console() -> Any:
    """A terminal for tables; a path may hold [final], which is no markup."""
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, markup=False)


def print_table(console: Any, title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a title and a table as wide as the terminal, numbers flush right; nothing where there is no row."""
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    texts = [[_text(cell) for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head, column in zip(heads, zip(*texts, strict=True), strict=True):
        table.add_column(head, justify="right" if _is_numeric(column) else "left", overflow="fold")
    for row in texts:
        table.add_row(*map(Text, row))
    console.print()
    console.print(Text(title, style="italic"), soft_wrap=True)
    show_table(console, table)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _is_numeric(column: Iterable[str]) -> bool:
    return all(_NUMBER.fullmatch(text) for text in column)


def table_lines(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """A table as lines of text, columns of numbers flush right."""
    columns = [[head, *map(_text, cells)] for head, *cells in zip(heads, *rows, strict=True)]
    aligned = []
    for column in columns:
        width = max(map(len, column))
        aligned.append([text.rjust(width) if _is_numeric(column[1:]) else text.ljust(width) for text in column])
    return ["  ".join(line).rstrip() for line in zip(*aligned, strict=True)]


def show_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print records of the same keys as a table, or as JSON."""
    heads = list(rows[0]) if rows else []
    show(rows, table_lines(heads, [list(row.values()) for row in rows]), as_json=as_json)


def show_table(console: Any, table: Any) -> None:
    """Show a rich table as wide as the terminal, or as it must be to be read."""
    width = console.width
    console.width = max(width, _LEAST_WIDTH)
    # Where all words have room none is broken: rich narrows a column of single words like one of sentences.
    words = [[str(cell).split() for cell in (column.header, *column.cells)] for column in table.columns]
    longest = [max((len(word) for cell in cells for word in cell), default=0) for cells in words]
    if sum(longest) + _GAP * len(longest) <= console.width:
        for column, cells in zip(table.columns, words, strict=True):
            column.no_wrap = column.no_wrap or all(len(cell) < 2 for cell in cells[1:])
    console.print(table)
    console.width = width
