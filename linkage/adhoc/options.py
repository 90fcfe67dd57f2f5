"""What the verbs on person files have in common: options that mean the same, and what they say as they work."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.config import MOST_THREADS
from linkage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linkage.adhoc.files.person_file import PersonFile
    from linkage.adhoc.headers.recognise import Columns


def _one_sign(given: str | None) -> str | None:
    r"""A separator as it is typed: \t is a tab, which few shells let anybody type."""
    sign = "\t" if given in (r"\t", "tab") else given
    if sign is not None and len(sign) != 1:
        raise typer.BadParameter(r"one sign parts the columns, such as ; or | or \t for a tab")
    return sign


_KINDS = ".csv, .tsv, .txt (also .gz), .parquet, .xlsx, .json, .jsonl, .sas7bdat, .sav, .dta, .arrow, .orc, .zip"
PersonFileArgument = Annotated[Path, typer.Argument(help=f"A person file: {_KINDS}.")]
LabelledFileArgument = Annotated[
    Path | None, typer.Argument(help=f"A person file: {_KINDS}; none with a RUN's labels.")
]
OtherFileArgument = Annotated[Path, typer.Argument(help="The file to link it to.")]
Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="A column that no name tells: left.forename=PERNAME1; left.other=X: not compared. May be repeated.",
    ),
]
Encoding = Annotated[str | None, typer.Option(help="Encoding of a CSV file; found when not given.")]
Encodings = Annotated[
    list[str] | None,
    typer.Option(
        "--encoding", help="Encoding of CSV files, or given twice of left and right; found in each when not given."
    ),
]
Delimiter = Annotated[
    str | None, typer.Option(callback=_one_sign, help="Separator of CSV files; found when not given.")
]
MemoryLimit = Annotated[str | None, typer.Option(help='The most memory to use, for example "8GB".')]
Threads = Annotated[int | None, typer.Option(min=1, max=MOST_THREADS, help="Threads; all cores when not given.")]
GivenModel = Annotated[Path | None, typer.Option(help="A trained Splink model to use instead of training one.")]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", help="A column of --model that is not compared, as files lack it. May be repeated."),
]


def of_each(given: "Sequence[str] | None", option: str) -> tuple[str | None, str | None]:
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


def say_notes(notes: "Sequence[str]") -> None:
    """Show what a person should know before a result is trusted."""
    for note in notes:
        typer.echo(f"  note: {note}", err=True)


def say_recognised(columns: "Columns", files: "Sequence[PersonFile]") -> None:
    """Show which column of each file was taken for what, so that a wrong guess is seen before the work is done."""
    from linkage.adhoc.headers.recognise import OTHER_SURNAME
    from linkage.adhoc.notes import columns_taken, recognised_notes

    typer.echo(f"  {'field':<16} {'left':<24} right", err=True)
    typer.echo(f"  {'id':<16} {columns.left_id or 'row number':<24} {columns.right_id or 'row number'}", err=True)
    for field, (left, right) in columns_taken(columns).items():
        typer.echo(f"  {field:<16} {left:<24} {right}", err=True)
    alone = [f for f in (*columns.left, *columns.right) if f not in columns.fields]
    if {"age", "dob"} <= set(alone) and all({"age", "dob"} & set(side) for side in (columns.left, columns.right)):
        sides = (side.get("age") or side["dob"] for side in (columns.left, columns.right))
        typer.echo("  {:<16} {:<24} {}   if names show how far the two are apart".format("age", *sides), err=True)
        alone = [field for field in alone if field not in ("age", "dob")]
    if OTHER_SURNAME in alone and "surname" in columns.fields:
        sides = (side.get(OTHER_SURNAME, "") for side in (columns.left, columns.right))
        typer.echo("  {:<16} {:<24} {}   beside surnames of the other".format(OTHER_SURNAME, *sides), err=True)
        alone.remove(OTHER_SURNAME)
    if alone:
        typer.echo(f"  in one file only, not compared: {', '.join(dict.fromkeys(alone))}", err=True)
    say_notes(recognised_notes(columns, files))
    sys.stderr.flush()
