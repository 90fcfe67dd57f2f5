"""Arguments and options that commands share: one name has one meaning, and one help text."""

import datetime
import math
from pathlib import Path
from typing import Annotated

import typer

from linkage.cli.output import a_file
from linkage.config import MOST_THREADS


def _separator(text: str | None) -> str | None:
    r"""A separator as it is typed: \t is a tab, which few shells let anybody type."""
    sign = "\t" if text in (r"\t", "tab") else text
    if sign is not None and len(sign) != 1:
        raise typer.BadParameter(r"one sign separates the columns, such as ; or | or \t for a tab")
    return sign


def people_count(text: str | int) -> int:
    """A number of people, as 20000, 20_000, 1e6, 250k or 3m; a default is already a number."""
    text = str(text)
    factors = {"k": 1_000, "m": 1_000_000}
    digits, factor = (text[:-1], factors[text[-1].lower()]) if text[-1:].lower() in factors else (text, 1)
    try:
        people = float(digits.replace(",", "")) * factor
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a number of people; write for example 20000, 250k or 1e6") from None
    if not (math.isfinite(people) and people >= 1 and people == int(people)):
        raise typer.BadParameter(f"'{text}': give a whole number of people, 1 or more")
    return int(people)


_FORMATS = ".csv, .tsv, .txt (also .gz), .parquet, .sav, .dta, .sas7bdat"

# Arguments
PersonFile = Annotated[Path, typer.Argument(help=f"A person file: {_FORMATS}.")]
OtherFile = Annotated[Path, typer.Argument(help="The file to link it to.")]
FileOrRun = Annotated[Path, typer.Argument(help=f"A person file ({_FORMATS}), or a run's folder with --step.")]
SecondFile = Annotated[Path | None, typer.Argument(help="The file to link it to.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A folder of leo run.")]
AnyRun = Annotated[Path, typer.Argument(metavar="RUN", help="A folder of leo run, leo link or leo dedupe.")]
Population = Annotated[Path, typer.Argument(metavar="FOLDER", help="A population that leo synth wrote, in Parquet.")]
RequestFile = Annotated[Path, typer.Argument(metavar="REQUEST", help="A request's TOML file.")]
RegisterFile = Annotated[Path, typer.Argument(metavar="REGISTER", help="A register of decisions.")]

# How files are read
Maps = Annotated[
    list[str] | None,
    typer.Option("--map", help="Map a column to a field: left.forename=PERNAME1; left.other=X: ignore. Repeatable."),
]
FileMaps = Annotated[
    list[str] | None,
    typer.Option("--map", help="Map a column to a field: forename=PERNAME1; other=X: ignore. Repeatable."),
]
Compare = Annotated[
    list[str] | None,
    typer.Option("--compare", help="Also compare a column that is not an identifier; LEFT=RIGHT. Repeatable."),
]
DateFormats = Annotated[
    list[str] | None,
    typer.Option("--date-format", help="Format of birth dates (%d/%m/%Y), once for all files or once for each."),
]
SchemaFile = Annotated[
    Path | None, typer.Option("--schema", help="A schema.toml of an earlier output folder; inferred when not given.")
]
Ids = Annotated[
    list[str] | None,
    typer.Option("--id", help="Id column of both files, or twice: left, right; none numbers the rows."),
]
Id = Annotated[str | None, typer.Option("--id", help="Id column of the file; none numbers the rows.")]
Encoding = Annotated[str | None, typer.Option(help="Encoding of CSV files; detected when not given.")]
Encodings = Annotated[
    list[str] | None,
    typer.Option("--encoding", help="Encoding of CSV files, or twice: left, right; detected when not given."),
]
Delimiter = Annotated[
    str | None, typer.Option(callback=_separator, help="Separator of CSV files; detected when not given.")
]

# How it is linked
Threshold = Annotated[float, typer.Option(min=0.0, max=1.0, help="Accept pairs with at least this match probability.")]
Truth = Annotated[Path | None, typer.Option(help="True pairs (left_id, right_id) to measure precision and recall by.")]
Model = Annotated[Path | None, typer.Option(help="A trained Splink model to use instead of training one.")]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", help="A column of --model not to compare, as files lack it. Repeatable."),
]
Step = Annotated[str | None, typer.Option(help="A link step; by default the only one there is.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")]
MemoryLimit = Annotated[str | None, typer.Option(help='The most memory to use, for example "8GB".')]
Threads = Annotated[int | None, typer.Option(min=1, max=MOST_THREADS, help="Threads; all cores when not given.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what an earlier command wrote to --out.")]

# Output
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Html = Annotated[Path | None, typer.Option(callback=a_file, help="Also write a page that needs no network.")]
ModelOut = Annotated[
    Path,
    typer.Option(callback=a_file, help="The model file, Splink's JSON; its training report is written next to it."),
]
Pages = Annotated[Path, typer.Option(help="Folder of the pages: new, empty, or an earlier one of the same kind.")]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="Lines instead of a progress bar.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of this machine; 0 for any that is free.")]

# Governance
Profile = Annotated[str, typer.Option(help="Disclosure profile; leo disclosure profiles lists them.")]
MasterKey = Annotated[Path | None, typer.Option(help="File of the master key; LEO_MASTER_KEY when not given.")]
Register = Annotated[
    Path | None, typer.Option(help="The register of decisions; register.jsonl next to the request when not given.")
]
Day = Annotated[
    datetime.datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="The date of the entry; today when not given."),
]
People = Annotated[int, typer.Option(parser=people_count, metavar="N", help="Number of people: 20000, 250k, 1e6.")]
