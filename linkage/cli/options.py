"""Arguments and options that commands share: one name has one meaning, and one help
text.
"""

import datetime
import math
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from linkage.cli.output import a_file
from linkage.config import MOST_THREADS


def _separator(text: str | None) -> str | None:
    r"""A separator as it is typed: \t is a tab, which few shells let anybody type."""
    sign = "\t" if text in (r"\t", "tab") else text
    if sign is not None and len(sign) != 1:
        raise typer.BadParameter(
            r"one sign separates the columns, such as ; or | or \t for a tab"
        )
    return sign


def people_count(text: str | int) -> int:
    """A number of people, as 20000, 20_000, 1e6, 250k or 3m; a default is already a
    number.
    """
    text = str(text)
    factors = {"k": 1_000, "m": 1_000_000}
    digits, factor = (
        (text[:-1], factors[text[-1].lower()])
        if text[-1:].lower() in factors
        else (text, 1)
    )
    try:
        people = float(digits.replace(",", "")) * factor
    except ValueError:
        raise typer.BadParameter(
            f"'{text}' is not a number of people; write for example 20000, 250k or 1e6"
        ) from None
    if not (math.isfinite(people) and people >= 1 and people == int(people)):
        raise typer.BadParameter(f"'{text}': give a whole number of people, 1 or more")
    return int(people)


_FORMATS = ".csv, .tsv, .txt (also .gz), .parquet, .sav, .dta, .sas7bdat"

Texts = list[str] | None  # of an option that may be repeated
File = Path | None

# Arguments
PersonFile = Annotated[Path, Argument(help=f"A person file: {_FORMATS}.")]
OtherFile = Annotated[Path, Argument(help="The file to link it to.")]
FileOrRun = Annotated[
    Path, Argument(help=f"A person file ({_FORMATS}), or a run's folder with --step.")
]
SecondFile = Annotated[Path | None, Argument(help="The file to link it to.")]
Run = Annotated[Path, Argument(metavar="RUN", help="A folder of leo run.")]
AnyRun = Annotated[
    Path, Argument(metavar="RUN", help="A folder of leo run, leo link or leo dedupe.")
]
Population = Annotated[
    Path,
    Argument(metavar="FOLDER", help="A population that leo synth wrote, in Parquet."),
]
RequestFile = Annotated[
    Path, Argument(metavar="REQUEST", help="A request's TOML file.")
]
RegisterFile = Annotated[
    Path, Argument(metavar="REGISTER", help="A register of decisions.")
]

# How files are read
Maps = Annotated[
    Texts,
    Option(
        "--map", help="Column of a field: left.forename=NAME1; left.other=X: ignored."
    ),
]
FileMaps = Annotated[
    Texts, Option("--map", help="Column of a field: forename=NAME1; other=X: ignored.")
]
Compare = Annotated[
    Texts,
    Option("--compare", help="Compare a further column too: COLUMN or LEFT=RIGHT."),
]
DateFormats = Annotated[
    Texts,
    Option(
        "--date-format", help="Format of birth dates (%d/%m/%Y); once, or once a file."
    ),
]
SchemaFile = Annotated[
    File,
    Option("--schema", help="The run.toml of an earlier output folder; else inferred."),
]
Ids = Annotated[
    Texts,
    Option(
        "--id", help="Id column; once, or twice: left, right; none numbers the rows."
    ),
]
Id = Annotated[
    str | None, Option("--id", help="Id column of the file; none numbers the rows.")
]
Encoding = Annotated[
    str | None, Option(help="Encoding of CSV files; detected when not given.")
]
Encodings = Annotated[
    Texts,
    Option(
        "--encoding",
        help="Encoding of CSV; once, or twice: left, right; else detected.",
    ),
]
Delimiter = Annotated[
    str | None,
    Option(callback=_separator, help="Separator of CSV files; else detected."),
]

# How it is linked
Threshold = Annotated[
    float,
    Option(min=0.0, max=1.0, help="Accept pairs with at least this match probability."),
]
Truth = Annotated[
    Path | None,
    Option(help="True pairs (left_id, right_id) to measure precision and recall by."),
]
Model = Annotated[
    Path | None,
    Option(help="A Splink model; one without m and u is trained on the files."),
]
Without = Annotated[
    Texts,
    Option("--without", help="A column of --model that the files lack: not compared."),
]
Step = Annotated[
    str | None, Option(help="A link step; by default the only one there is.")
]
Seed = Annotated[int, Option(min=0, help="The same seed gives the same result.")]
MemoryLimit = Annotated[
    str | None, Option(help='The most memory to use, for example "8GB".')
]
Threads = Annotated[
    int | None,
    Option(min=1, max=MOST_THREADS, help="Threads; all cores when not given."),
]
Force = Annotated[
    bool, Option("--force", help="Replace what an earlier command wrote to --out.")
]

# Output
Json = Annotated[bool, Option("--json", help="Print the result as JSON.")]
Html = Annotated[
    Path | None,
    Option(callback=a_file, help="Also write a page that needs no network."),
]
ModelOut = Annotated[
    Path,
    Option(callback=a_file, help="The model file; its training report is next to it."),
]
Pages = Annotated[
    Path,
    Option(help="Folder of the pages: new, empty, or an earlier one of the same kind."),
]
NoProgress = Annotated[
    bool, Option("--no-progress", help="Lines instead of a progress bar.")
]
Port = Annotated[
    int, Option(min=0, max=65535, help="Port of this machine; 0 for any that is free.")
]

# Governance
Profile = Annotated[
    str, Option(help="Disclosure profile; leo disclosure profiles lists them.")
]
MasterKey = Annotated[
    Path | None, Option(help="File of the master key; LEO_MASTER_KEY when not given.")
]
Register = Annotated[
    File,
    Option(help="The register of decisions; else register.jsonl next to the request."),
]
_Date = datetime.datetime | None
Day = Annotated[
    _Date, Option(formats=["%Y-%m-%d"], metavar="DAY", help="By default today.")
]
LastDay = Annotated[
    _Date,
    Option(
        formats=["%Y-%m-%d"], metavar="DAY", help="By default the request's retention."
    ),
]
People = Annotated[
    int,
    Option(
        parser=people_count, metavar="N", help="Number of people: 20000, 250k, 1e6."
    ),
]
