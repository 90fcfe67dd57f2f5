"""Two person files on their way to be compared: read, recognised, brought into one shape, and the persons of both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from linkage.adhoc.codes import hashes, rare_words
from linkage.adhoc.columns.by_pairs import columns_by_pairs, pairs_to_learn_from
from linkage.adhoc.columns.columns_of import columns_of, with_columns_kept
from linkage.adhoc.columns.taken_apart import taken_apart
from linkage.adhoc.columns.two_in_a_cell import two_in_a_cell
from linkage.adhoc.columns.two_in_a_row import two_in_a_row
from linkage.adhoc.columns.within_texts import within_texts
from linkage.adhoc.dates import dated
from linkage.adhoc.fields import persons
from linkage.adhoc.fields.alike import alike
from linkage.adhoc.fields.kinds import in_other_codes, kinds_of
from linkage.adhoc.files.forms import british
from linkage.adhoc.files.person_file import PersonFile, Recognised
from linkage.adhoc.headers.recognise import Columns, refuse_too_few
from linkage.engine import Engine, Table, one, quote
from linkage.errors import InputError, LeoError
from linkage.model.comparisons import FURTHER_NAMES as BESIDE


@dataclass(frozen=True)
class Asked:
    """Two files, and what an analyst says of how they are read."""

    left: Path
    right: Path
    maps: Sequence[str] = ()
    ids: tuple[str | None, str | None] = (None, None)
    delimiter: str | None = None
    encodings: tuple[str | None, str | None] = (None, None)  # of CSV files; found in each when None


@dataclass(frozen=True)
class TwoFiles:
    """Two files that can be compared.

    Attributes:
        files, columns: as they were read, and as their columns were recognised.
        shaped, at: with the columns that make them comparable, and where each field is in these.
        sides: the units of each: unit_id and the fields.
        ids: unit_id, source_id of each.
        kinds: field to the kind of its comparison.
        in_other_codes: fields that are not compared, since no value of one side stands on the other.
        of_one_value: of these, those of which either side has one value.
    """

    files: Sequence[PersonFile]
    columns: Columns
    shaped: Sequence[PersonFile]
    at: Columns
    sides: tuple[Table, Table]
    ids: tuple[Table, Table]
    kinds: dict[str, str]
    in_other_codes: Sequence[str] = ()
    of_one_value: Sequence[str] = ()

    def notes(self) -> list[str]:
        """What both files have and is not compared."""
        return [
            f"{name} is not compared: either file has one value of it"
            if name in self.of_one_value
            else f"{name} is not compared: the files have no value of it in common "
            f"({self.columns.left.get(name, name)} and {self.columns.right.get(name, name)}); "
            "write both in the same codes"
            for name in self.in_other_codes
        ]

    def lost_dates(self, engine: Engine) -> list[int]:
        """Rows of each whose birth date is in no form that is read."""
        if "dob" not in self.columns.fields or hashes.HIDDEN_BIRTH_DATES & set(self.at.fields):
            return [0, 0]
        columns = self.columns
        held = ((columns.left, columns.left_parts), (columns.right, columns.right_parts))
        return [
            dated.in_no_form(engine, file, *where, made)
            for file, made, where in zip(self.files, self.shaped, held, strict=True)
        ]


def two_files(engine: Engine, asked: Asked, scratch: Path, recognised: Recognised | None = None) -> TwoFiles:
    """Read two files, and make persons of them.

    Args:
        scratch: a folder that outlives what is returned.
        recognised: told which columns were recognised, before the work begins.

    Raises:
        InputError: a file cannot be read, both are one, their ids are no key, or they share too little to compare.
        ConfigError: a map that fits no column.
    """
    files, maps = taken_apart(engine, _read(engine, asked, scratch), asked.maps)
    files, maps = two_in_a_cell(engine, files, maps)
    files, maps = two_in_a_row(engine, files, maps)
    columns = columns_of(engine, files, maps, asked.ids, fewest=1)
    _, kept = with_columns_kept(files, maps, asked.ids)
    tell = recognised or (lambda *_: None)
    try:
        read = _compared(engine, files, columns)
        files, more = _by_pairs(engine, files, kept, columns, read)
        if not more:
            refuse_too_few(columns, *(file.header for file in kept), whole=[file.header for file in files])
            _refuse_idle(read.kinds)
    except LeoError:
        if len(columns.fields) > 1:
            tell(columns, files)
        raise
    tell(more or columns, files)
    if not more:
        return read
    engine.drop(*read.sides)
    read = _compared(engine, files, more)
    _refuse_idle(read.kinds)
    return read


def _by_pairs(
    engine: Engine, files: list[PersonFile], kept: Sequence[PersonFile], columns: Columns, read: TwoFiles
) -> tuple[list[PersonFile], Columns | None]:
    """The files and the columns with what pairs that agree show of the others; None where they show nothing."""
    pairs = pairs_to_learn_from(engine, kept, columns, read.sides, read.kinds)
    if pairs is None:
        return files, None
    more = columns_by_pairs(engine, kept, columns, pairs, read.kinds)
    return within_texts(engine, files, kept, more or columns, pairs, read.kinds) or (files, more)


def _compared(engine: Engine, files: list[PersonFile], columns: Columns) -> TwoFiles:
    """Persons of both files by some columns."""
    shaped, at = alike(engine, files, columns)
    sides, ids, kinds = sides_of(engine, shaped, at)
    apart = in_other_codes(engine, *sides, [name for name in at.fields if name not in kinds])
    return TwoFiles(files, columns, shaped, at, sides, ids, kinds, apart, _of_one_value(engine, sides, apart))


def _of_one_value(engine: Engine, sides: Sequence[Table], names: Sequence[str]) -> list[str]:
    """Of some fields those that say the same of all rows of a side: the year of a census."""

    def values(name: str, side: Table) -> int:
        return int(one(engine, engine.sql(f"select count(distinct {quote(name)}) as n from {{t}}", t=side))["n"])

    return [name for name in names if all(values(name, side) == 1 for side in sides)]


def _read(engine: Engine, asked: Asked, scratch: Path) -> list[PersonFile]:
    """Both files; where they have one name, each is told of with its side."""
    sides, paths = ("left", "right"), (asked.left, asked.right)
    left, right = (
        persons.read(engine, path, scratch / side, delimiter=asked.delimiter, encoding=encoding)
        for side, path, encoding in zip(sides, paths, asked.encodings, strict=True)
    )
    if left.sha256 == right.sha256:
        raise InputError(
            f"{asked.left} and {asked.right} are one file: each record would be linked with itself\n"
            "  name the other one; or find the records of one person in a file: leo dedupe"
        )
    if asked.left.name == asked.right.name:
        return [replace(left, side="left"), replace(right, side="right")]
    return [left, right]


def called(left: Path, right: Path) -> tuple[str, str]:
    """What two files are called: by their names, and by their sides too where these are one."""
    return (f"left {left.name}", f"right {right.name}") if left.name == right.name else (left.name, right.name)


def _refuse_idle(kinds: Mapping[str, str]) -> None:
    compared = [name for name, kind in kinds.items() if kind != BESIDE]
    if len(compared) < 2:
        raise InputError(
            "fewer than two of the shared fields say anything: the others are empty or hold one value\n"
            f"  compared: {', '.join(compared) or 'none'}; map further columns with --map"
        )


def sides_of(
    engine: Engine, files: Sequence[PersonFile], columns: Columns
) -> tuple[tuple[Table, Table], tuple[Table, Table], dict[str, str]]:
    """Both sides' units and ids, and how each field is compared."""
    mapped = (columns.left, columns.right)
    shared = [{name: side[name] for name in columns.fields} for side in mapped]
    postcodes = "postcode" in columns.fields and all(
        british(engine, file, side["postcode"]) for file, side in zip(files, shared, strict=True)
    )
    (left, left_ids), (right, right_ids) = (
        persons.units(engine, file, fields, id_column, postcodes=postcodes)
        for file, fields, id_column in zip(files, shared, (columns.left_id, columns.right_id), strict=True)
    )
    kinds = kinds_of(engine, left, right, postcodes=postcodes)
    kinds = rare_words.compared(engine, (left, right), kinds)
    left, right = rare_words.beside(engine, (left, right), rare_words.fields(kinds))
    return (left, right), (left_ids, right_ids), kinds
