"""What the verbs on person files have in common: options that mean the same, and what they say as they work."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.adhoc.headers.known_headers import any_known
from linkage.adhoc.headers.maps import LEFT_OUT
from linkage.adhoc.places.address_lines import lines_in
from linkage.config import MOST_THREADS
from linkage.errors import ConfigError
from linkage.records.headers import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from linkage.adhoc.files.person_file import PersonFile
    from linkage.adhoc.headers.recognise import Columns


def _one_sign(given: str | None) -> str | None:
    r"""A separator as it is typed: \t is a tab, which few shells let anybody type."""
    sign = "\t" if given in (r"\t", "tab") else given
    if sign is not None and len(sign) != 1:
        raise typer.BadParameter(r"one sign parts the columns, such as ; or | or \t for a tab")
    return sign


PersonFileArgument = Annotated[
    Path,
    typer.Argument(
        help="A person file: .csv, .tsv, .txt (also .gz), .parquet, .xlsx, .jsonl, .sas7bdat, .sav, .dta, .orc, .zip."
    ),
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
_MOST_NOTES = 4  # about a model; the others stand in the manifest
_MOST_NAMES = 8  # of columns
_FEW = 0.005  # links of a record of the smaller file, below which the two are said to share next to nothing
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


def say_against_truth(truth: "Mapping[str, float] | None") -> None:
    """How right the links are, where true pairs were given."""
    if truth:
        shown = ", ".join(f"{name} {truth[name]:.4f}" for name in ("precision", "recall", "f1"))
        typer.echo(f"against {truth['true_pairs']:,} true pairs: {shown}")


def say_trained(summary: "Mapping[str, Any]", links: int | None = None, records: int = 0) -> None:
    """Show what about the model is not to be trusted, and where next to nothing was linked.

    Args:
        summary: counts and the training's report, where there was a training.
        links, records: accepted links, and records of the smaller file; None where one file was linked with itself.
    """
    training = summary.get("training", {})
    said = [f"the model: {text}" for text in (*training.get("faults", ()), *training.get("warnings", ()))]
    more = len(said) - _MOST_NOTES
    say_notes([*said[:_MOST_NOTES], *([f"the model: {more} more of these in manifest.json"] if more > 0 else [])])
    if links is not None and links < max(_FEW * records, 1):
        found = "no links" if not links else f"only {links:,} link{'' if links == 1 else 's'}"
        say_notes(
            [
                f"{found}, of {records:,} records that might have one: if the files share people, the columns above "
                "were read wrongly or say too little; name others with --map, and look at the pairs that were rejected"
            ]
        )


def say_recognised(columns: "Columns", files: "Sequence[PersonFile]") -> None:
    """Show which column of each file was taken for what, so that a wrong guess is seen before the work is done."""
    from linkage.adhoc.headers.recognise import OTHER_SURNAME

    typer.echo(f"  {'field':<16} {'left':<24} right", err=True)
    typer.echo(f"  {'id':<16} {columns.left_id or 'row number':<24} {columns.right_id or 'row number'}", err=True)
    for field in columns.fields:
        left, right = (
            _columns_of(field, side, parts)
            for side, parts in ((columns.left, columns.left_parts), (columns.right, columns.right_parts))
        )
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
    say_notes([*by_content_notes(columns), *_dates_in_numbers(columns), *_fathers(columns, files)])
    say_notes(whole_address_notes(columns, files))
    say_notes([note for file in files for note in file.notes()])
    say_notes(not_recognised(columns, files))
    if len(files) > 1:
        say_notes(_nameless(columns, files))
    sys.stderr.flush()


def _columns_of(field: str, fields: "Mapping[str, str]", parts: "Mapping[str, str]") -> str:
    """The column of a field; of a birth date or of contacts in several columns all of them."""
    from linkage.adhoc.headers.further_contacts import further_contacts

    of_birth = [column for part, column in parts.items() if part in ("birth_year", "birth_month", "birth_day")]
    held = of_birth if field == "dob" else further_contacts(parts, field)
    return " ".join(dict.fromkeys([fields[field], *held]))


def by_content_notes(columns: "Columns") -> list[str]:
    """Which columns no name told, and how to say otherwise."""
    if not columns.by_content:
        return []
    first, _, column = columns.by_content[0].partition("=")
    side, of_two, _ = first.rpartition(".")
    return [
        f"taken by what they hold, not by their names: {', '.join(columns.by_content)}; "
        f"another one: --map {first}=COLUMN, none: --map {side}{of_two}{LEFT_OUT}={column}"
    ]


def _dates_in_numbers(columns: "Columns") -> list[str]:
    """In which numbers birth dates were found, where a file has no column of them."""
    sides = (("left", columns.left_parts), ("right", columns.right_parts))
    return [
        f"{side}.dob: birth dates stand within the numbers of {parts['birth_number']}, and are compared; "
        f"another column: --map {side}.dob=COLUMN"
        for side, parts in sides
        if "birth_number" in parts
    ]


def _fathers(columns: "Columns", files: "Sequence[PersonFile]") -> list[str]:
    """Which names of fathers are taken for parts of the name, as the other file writes it."""
    from linkage.adhoc.names.chains import FATHERS

    notes = []
    sides = (("left", columns.left_parts), ("right", columns.right_parts))
    for file, (side, parts) in zip(files, sides, strict=True):
        held = [parts[name] for name in FATHERS if name in parts]
        if held:
            after = f"after {parts['full_name']}" if "full_name" in parts else "between forename and surname"
            notes.append(
                f"{file.called}: {' and '.join(held)} stand {after}, as in the other file's names in full; "
                f"not at all: --map {side}.{LEFT_OUT}={held[0]}"
            )
    return notes


def whole_address_notes(columns: "Columns", files: "Sequence[PersonFile]") -> list[str]:
    """Which columns hold addresses that are parted, what is compared of them, and how to leave them out."""
    notes = []
    sides = (("left", columns.left, columns.left_parts), ("right", columns.right, columns.right_parts))
    for file, (side, fields, parts) in zip(files, sides, strict=False):
        lines = lines_in(parts)
        held = [name for name in columns.fields if fields[name] in lines]
        if len(held) > 1:
            shown = listed(lines, known=any_known(file.header))
            left_out = f"{side}.{LEFT_OUT}" if len(files) > 1 else LEFT_OUT
            notes.append(
                f"{file.called}: addresses are written whole in {shown}, and parted: {', '.join(held)}; "
                f"not at all: --map {left_out}={lines[0]}"
            )
    return notes


def not_recognised(columns: "Columns", files: "Sequence[PersonFile]") -> list[str]:
    """Which columns of each file were taken for nothing, so that one that holds something is not missed in silence."""
    from linkage.adhoc.headers.recognise import named_fields

    notes = []
    held = ((columns.left, columns.left_parts, columns.left_id), (columns.right, columns.right_parts, columns.right_id))
    for file, (fields, parts, key) in zip(files, held, strict=False):
        free = [name for name in file.header if name not in {*fields.values(), *parts.values(), key}]
        if free:
            more = f" and {len(free) - _MOST_NAMES} more" if len(free) > _MOST_NAMES else ""
            known = any_known(file.header) or bool(columns.by_content) or bool(named_fields(fields))
            shown = listed(free[:_MOST_NAMES], known=known)
            notes.append(f"{file.called}: taken for nothing, not compared: {shown}{more}")
    return notes


def _nameless(columns: "Columns", files: "Sequence[PersonFile]") -> list[str]:
    """Of which names no column was taken in a file, where the other has them: links without names are seldom meant."""
    sides = (columns.left, columns.right)
    notes = []
    for at, (side, file) in enumerate(zip(("left", "right"), files, strict=True)):
        for name in ("forename", "surname"):
            if name in sides[1 - at] and name not in sides[at]:
                notes.append(
                    f"{file.called}: no column was taken for a {name}, which is not compared; say which holds it: "
                    f"--map {side}.{name}=COLUMN"
                )
    return notes
