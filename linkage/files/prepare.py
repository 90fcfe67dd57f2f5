"""Read person files, infer their schema and store their records: what every verb on files begins with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from linkage.engine import Engine, Table
from linkage.errors import InputError
from linkage.files.comparisons import kinds_of
from linkage.files.id_column import NUMBERED
from linkage.files.infer_schema import infer_schema, learn
from linkage.files.mapping import date_formats_of, stated_of
from linkage.files.profile import Profile, profile_of
from linkage.files.read_file import PersonFile, read_file
from linkage.files.records import Records, keys_among, store_records
from linkage.files.schema import FileSchema, read_schema, refuse_unknown_columns
from linkage.model.comparisons import FURTHER_NAMES
from linkage.pipeline.linked_files import ACCEPT_PROBABILITY

MIN_COMPARED = 2


@dataclass(frozen=True)
class FileOptions:
    """Person files, and what the user states of how they are read.

    Attributes:
        paths: "left" and "right", or "file", to the file.
        maps, compare, date_formats: as the options of these names.
        ids: the column of ids of each file, "none" to number the rows; found when None.
        encodings: of each file; detected when None.
        schema: a TOML file of schemas, instead of inferring them.
    """

    paths: Mapping[str, Path]
    maps: Sequence[str] = ()
    compare: Sequence[str] = ()
    date_formats: Sequence[str] = ()
    ids: Sequence[str | None] = (None, None)
    delimiter: str | None = None
    encodings: Sequence[str | None] = (None, None)
    schema: Path | None = None


@dataclass(frozen=True, kw_only=True)
class JobOptions:
    """Options that `leo link` and `leo dedupe` share."""

    maps: Sequence[str] = ()
    compare: Sequence[str] = ()  # further columns that are compared
    date_formats: Sequence[str] = ()
    schema: Path | None = None  # of an earlier link, instead of inferring one
    threshold: float = ACCEPT_PROBABILITY
    model: Path | None = None  # a trained Splink model over the fields
    without: Sequence[str] = ()  # columns of it that are not compared
    delimiter: str | None = None
    memory_limit: str | None = None
    threads: int | None = None
    seed: int = 2026
    force: bool = False

    def file_options(
        self, paths: Mapping[str, Path], ids: Sequence[str | None], encodings: Sequence[str | None]
    ) -> FileOptions:
        """How the files are read."""
        stated = (self.maps, self.compare, self.date_formats)
        return FileOptions(paths, *stated, ids, self.delimiter, encodings, self.schema)


@dataclass
class Prepared:
    """Files whose records are stored.

    Attributes:
        records: of each file.
        kinds: field to the kind of its comparison.
        truth_column: a column of the one file that says which records are one person.
    """

    files: list[PersonFile]
    schemas: list[FileSchema]
    records: list[Records]
    kinds: dict[str, str]
    truth_column: str | None = None
    unmapped: list[list[str]] = field(default_factory=list)

    @property
    def units(self) -> list[Table]:
        """unit_id and the fields of each file."""
        return [of.units for of in self.records]

    @property
    def ids(self) -> list[Table]:
        """unit_id and source_id of each file."""
        return [of.ids for of in self.records]

    @property
    def by_side(self) -> dict[str, FileSchema]:
        """The schema of each side."""
        return dict(zip((file.side for file in self.files), self.schemas, strict=True))


Inferred = Callable[[Prepared], None]
"""Is called with what the columns were taken for, before the work begins: records and kinds are not known yet."""


def prepare(
    engine: Engine,
    options: FileOptions,
    scratch: Path,
    *,
    inferred: Inferred | None = None,
    truth_column: str | None = None,
) -> Prepared:
    """Read one file or two, and store their standardised records.

    Args:
        scratch: a folder that outlives what is returned.
        truth_column: of one file, which is not compared.

    Raises:
        InputError: a file cannot be read, both are one, their ids are not unique, or they share too little to compare.
        ConfigError: a statement that fits no column.
    """
    prepared = inferred_files(engine, options, scratch, truth_column=truth_column)
    if inferred:
        inferred(prepared)
    for file, schema in zip(prepared.files, prepared.schemas, strict=True):
        kept = truth_column if file.side == "file" else None
        prepared.records.append(store_records(engine, file, schema, scratch, kept=kept))
    units = prepared.units
    settings = [schema.settings.get("postcode", {}) for schema in prepared.schemas]
    british = all(of == {"kind": "british", "precision": "unit"} for of in settings)
    prepared.kinds = kinds_of(engine, units[0], units[-1], british_postcodes=british, one_file=len(prepared.files) == 1)
    compared = [name for name, kind in prepared.kinds.items() if kind != FURTHER_NAMES]
    if len(compared) < MIN_COMPARED:
        raise InputError(
            "fewer than two of the fields say anything: the others are empty or hold one value\n"
            f"  compared: {', '.join(compared) or 'none'}; map further columns with --map, or --compare COLUMN"
        )
    return prepared


def inferred_files(engine: Engine, options: FileOptions, scratch: Path, *, truth_column: str | None = None) -> Prepared:
    """Read the files and infer their schemas, without their records: what `leo init` needs."""
    files = _read(engine, options, scratch)
    headers = {file.side: [name for name in file.columns if name != truth_column] for file in files}
    stated = stated_of(headers, options.maps, options.compare)
    formats = date_formats_of(options.date_formats, list(headers))
    profiles = [_profile(file, truth_column) for file in files]
    if options.schema:
        found = read_schema(options.schema, list(headers))
        schemas = [found[file.side] for file in files]
        for profile, schema in zip(profiles, schemas, strict=True):
            refuse_unknown_columns(schema, profile.file.columns, profile.file.side)
            learn(profile, schema)
    else:
        ids = [key or None for key in options.ids[: len(files)]]
        schemas = infer_schema(profiles, list(stated.values()), ids, formats, partial(keys_among, engine))
    left_out = [{*of.left_out} for of in stated.values()]
    unmapped = [
        [name for name in file.columns if name not in schema.used | gone | {truth_column or ""}]
        for file, schema, gone in zip(files, schemas, left_out, strict=True)
    ]
    return Prepared(files, schemas, [], {}, truth_column, unmapped)


def _profile(file: PersonFile, truth_column: str | None) -> Profile:
    profile = profile_of(file)
    if truth_column:
        profile.sample = profile.sample.drop_columns([truth_column])
    return profile


def _read(engine: Engine, options: FileOptions, scratch: Path) -> list[PersonFile]:
    files = [
        read_file(engine, path, scratch / side, side, delimiter=options.delimiter, encoding=encoding)
        for (side, path), encoding in zip(options.paths.items(), options.encodings, strict=False)
    ]
    if len(files) == 2 and files[0].sha256 == files[1].sha256:
        raise InputError(
            f"{files[0].path} and {files[1].path} are the same file: each record would be linked with itself\n"
            "  name the other file; or find the records of one person in a file: leo dedupe"
        )
    for file in files:
        file.shares_name = len(files) == 2 and files[0].path.name == files[1].path.name
    return files


__all__ = ["NUMBERED", "FileOptions", "Inferred", "JobOptions", "Prepared", "inferred_files", "prepare"]
