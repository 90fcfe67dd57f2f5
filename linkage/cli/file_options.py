"""Options that the commands on person files share, and what these commands print as they work."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.config import MOST_THREADS
from linkage.errors import ConfigError

if TYPE_CHECKING:
    from linkage.files.prepare import Prepared


def _one_sign(given: str | None) -> str | None:
    r"""A separator as it is typed: \t is a tab, which few shells let anybody type."""
    sign = "\t" if given in (r"\t", "tab") else given
    if sign is not None and len(sign) != 1:
        raise typer.BadParameter(r"one sign separates the columns, such as ; or | or \t for a tab")
    return sign


_FORMATS = ".csv, .tsv, .txt (also .gz), .parquet, .sav, .dta, .sas7bdat"
PersonFileArgument = Annotated[Path, typer.Argument(help=f"A person file: {_FORMATS}.")]
LabelledFileArgument = Annotated[
    Path | None, typer.Argument(help=f"A person file: {_FORMATS}; none with a RUN's labels.")
]
OtherFileArgument = Annotated[Path, typer.Argument(help="The file to link it to.")]
Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map", help="The column of a role: left.forename=PERNAME1; left.other=X: not compared. May be repeated."
    ),
]
FileMaps = Annotated[
    list[str] | None,
    typer.Option("--map", help="The column of a role: forename=PERNAME1; other=X: not compared. May be repeated."),
]
Compare = Annotated[
    list[str] | None,
    typer.Option(
        "--compare",
        help="A further column to compare, LEFT=RIGHT where the names differ; identifiers only, else. May be repeated.",
    ),
]
DateFormats = Annotated[
    list[str] | None,
    typer.Option("--date-format", help="Format of birth dates (%d/%m/%Y), once for all files or once for each."),
]
SchemaFile = Annotated[
    Path | None, typer.Option("--schema", help="A schema.toml of an earlier output folder; inferred when not given.")
]
Encoding = Annotated[str | None, typer.Option(help="Encoding of a CSV file; detected when not given.")]
Encodings = Annotated[
    list[str] | None,
    typer.Option("--encoding", help="Encoding of CSV files, or given twice, left and right; detected when not given."),
]
Delimiter = Annotated[
    str | None, typer.Option(callback=_one_sign, help="Separator of CSV files; detected when not given.")
]
MemoryLimit = Annotated[str | None, typer.Option(help='The most memory to use, for example "8GB".')]
Threads = Annotated[int | None, typer.Option(min=1, max=MOST_THREADS, help="Threads; all cores when not given.")]
GivenModel = Annotated[Path | None, typer.Option(help="A trained Splink model to use instead of training one.")]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", help="A column of --model that is not compared, as files lack it. May be repeated."),
]


def of_each(given: Sequence[str] | None, option: str) -> tuple[str | None, str | None]:
    """What an option says of the left file and of the right, where it may be given once for both.

    Raises:
        ConfigError: it is given more than twice.
    """
    if given and len(given) > 2:
        raise ConfigError(f"{option} is given {len(given)} times\n  give it once for both files, or twice: left, right")
    return (given[0], given[-1]) if given else (None, None)


def say(text: str) -> None:
    """Show what is being done."""
    typer.echo(f"  {text} ...", err=True)


def say_notes(notes: Sequence[str]) -> None:
    """Show what the user should know before a result is trusted."""
    for note in notes:
        typer.echo(f"  note: {note}", err=True)


def say_inferred(prepared: "Prepared") -> None:
    """Show which column of each file was taken for what, so that a wrong guess is seen before the work is done."""
    from linkage.files.messages import inferred_notes, table_of_columns

    for line in table_of_columns(prepared):
        typer.echo(line, err=True)
    say_notes(inferred_notes(prepared))
    sys.stderr.flush()
