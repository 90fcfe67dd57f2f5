"""Read person files, infer their schema and store their records: what every command on
files begins with.

Each file is read in two passes: one samples it, and the schema is inferred from the
samples; one standardises each row by the schema and stores it.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from linkage.config import Cardinality
from linkage.config.file_run import FileSource
from linkage.engine import Engine, Table, columns, one, quote
from linkage.errors import InputError
from linkage.files.comparisons import kinds_of
from linkage.files.date_format import says_nothing
from linkage.files.header_names import NUMBERS
from linkage.files.infer_schema import infer_schema, learn
from linkage.files.profile import Profile, profile_of
from linkage.files.read_file import ROW, PersonFile, read_file
from linkage.files.readers import description_of
from linkage.files.schema import (
    FileSchema,
    date_formats_of,
    read_schema,
    refuse_unknown_columns,
    schemas_of,
    stated_of,
)
from linkage.model.comparisons import FURTHER_NAMES
from linkage.pipeline.linked_files import ACCEPT_PROBABILITY, SOURCE_KEY
from linkage.records.fields import (
    Description,
    Standardised,
    standardise,
    text_of,
)

MIN_COMPARED = 2
# share of records from which a file holds people several times, and not namesakes
REPEATED = 0.05
# share of repeated records, from which most people have several: visits, courses
_REPEATED_MOSTLY = 0.5
_MORE_THAN_NAMESAKES = (
    0.15  # share of records of one name at one address: fathers and sons are some
)
_INITIALS = 0.1  # share of forenames of one letter, from which these are compared
_MOSTLY_YEARS = (
    0.5  # share of birth dates without month and day, from which a date says too little
)
# rows; of a larger file people whose surname has an even length stand for all
_REPEATED_ROWS = 100_000
# a further column while rows are standardised; with blanks, so that no field has the
# name
KEPT = "kept as it is"


@dataclass(frozen=True, kw_only=True)
class _ReadOptions:
    """What the user states of how files are read, as the options of these names."""

    maps: Sequence[str] = ()
    compare: Sequence[str] = ()  # further columns that are compared
    date_formats: Sequence[str] = ()
    delimiter: str | None = None
    schema: Path | None = (
        None  # a TOML file of schemas, as of an earlier link, instead of inferring them
    )


@dataclass(frozen=True)
class FileOptions(_ReadOptions):
    """Person files, and how they are read."""

    paths: Mapping[str, Path]  # "left" and "right", or "file", to the file
    # the column of ids of each file, "none" to number the rows; inferred when None
    ids: Sequence[str | None] = (None, None)
    encodings: Sequence[str | None] = (None, None)  # of each file; detected when None


@dataclass(frozen=True, kw_only=True)
class JobOptions(_ReadOptions):
    """Options that `leo link` and `leo dedupe` share."""

    threshold: float = ACCEPT_PROBABILITY
    model: Path | None = None  # a trained Splink model over the fields
    without: Sequence[str] = ()  # columns of it that are not compared
    memory_limit: str | None = None
    threads: int | None = None
    seed: int = 2026
    force: bool = False

    def file_options(
        self,
        paths: Mapping[str, Path],
        ids: Sequence[str | None],
        encodings: Sequence[str | None],
    ) -> FileOptions:
        """How the files are read."""
        options = {
            option.name: getattr(self, option.name) for option in fields(_ReadOptions)
        }
        return FileOptions(paths, ids, encodings, **options)


@dataclass(frozen=True)
class Records:
    """The standardised records of a file."""

    units: Table  # unit_id and the fields of the schema, text
    # unit_id, source_id as the file has it, and `kept`, a further column as it is,
    # where one is asked for
    ids: Table
    path: Path  # Parquet that holds both
    unparsed_dates: int  # rows whose birth date is in no form that is read
    repeated: float  # share of records of people who have several


@dataclass
class Prepared:
    """Files whose schema is inferred and, after `prepare`, whose records are stored."""

    profiles: list[Profile]
    schemas: list[FileSchema]
    unmapped: list[
        list[str]
    ]  # columns of each file that have no role and are not compared
    records: list[Records] = field(default_factory=list)  # of each file
    kinds: dict[str, str] = field(
        default_factory=dict
    )  # field to the kind of its comparison

    @property
    def files(self) -> list[PersonFile]:
        """The files."""
        return [profile.file for profile in self.profiles]

    @property
    def units(self) -> list[Table]:
        """unit_id and the fields of each file."""
        return [records.units for records in self.records]

    @property
    def ids(self) -> list[Table]:
        """unit_id and source_id of each file."""
        return [records.ids for records in self.records]


Inferred = Callable[[Prepared], None]
"""Is called with what the columns were taken for, before the work begins: records and
kinds are not known yet.
"""


def prepare(
    engine: Engine,
    options: FileOptions,
    scratch: Path,
    *,
    inferred: Inferred | None = None,
    truth_column: str = "",
) -> Prepared:
    """Read one file or two, and store their standardised records in the folder
    `scratch`.

    Args:
        truth_column: of one file, which is not compared.

    Raises:
        InputError: a file cannot be read, both are one, their ids are not unique, or
            they share too little to compare.
        ConfigError: a statement that fits no column.
    """
    prepared = inferred_files(engine, options, scratch, truth_column=truth_column)
    if inferred:
        inferred(prepared)
    standardise_files(engine, prepared, scratch, truth_column=truth_column)
    return prepared


def standardise_files(
    engine: Engine, prepared: Prepared, scratch: Path, *, truth_column: str = ""
) -> None:
    """Store the standardised records of files whose schema is known, and note them and
    how each field is compared in `prepared`.

    Raises:
        InputError: a file's ids are not unique, or too little can be compared.
    """
    store = functools.partial(
        _store_records, engine, scratch=scratch, truth=truth_column
    )
    sides = zip(prepared.files, prepared.schemas, strict=True)
    prepared.records = engine.run_concurrently(
        *(functools.partial(store, *side) for side in sides)
    )
    settings = [schema.settings.get("postcode", {}) for schema in prepared.schemas]
    british = all(
        options == {"kind": "british", "precision": "unit"} for options in settings
    )
    prepared.kinds = kinds_of(engine, prepared.units, british_postcodes=british)
    names = [name for name, kind in prepared.kinds.items() if kind != FURTHER_NAMES]
    if len(names) < MIN_COMPARED:
        raise InputError(
            "fewer than two of the fields say anything: the others are empty or hold "
            "one value\n"
            f"  compared: {', '.join(names) or 'none'}; map further columns with "
            "--map, or --compare COLUMN"
        )


def inferred_files(
    engine: Engine, options: FileOptions, scratch: Path, *, truth_column: str = ""
) -> Prepared:
    """Open the files and infer their schemas, without their records: what `leo init`
    needs.
    """
    stated = options.schema and read_schema(options.schema, list(options.paths))
    work = [
        functools.partial(
            read_file,
            engine,
            path,
            scratch / side,
            side,
            delimiter=options.delimiter,
            encoding=encoding,
        )
        for (side, path), encoding in zip(
            options.paths.items(), options.encodings, strict=False
        )
    ]
    files = engine.run_concurrently(*work)
    if stated:
        return _described(files, stated, truth_column)
    _note_names(files)
    headers = {
        file.side: [name for name in file.columns if name != truth_column]
        for file in files
    }
    claims = stated_of(headers, options.maps, options.compare)
    formats = date_formats_of(options.date_formats, list(headers))
    profiles = [
        profile_of(file, names)
        for file, names in zip(files, headers.values(), strict=True)
    ]
    ids = [key or None for key in options.ids[: len(files)]]
    schemas = infer_schema(
        profiles,
        list(claims.values()),
        ids,
        formats,
        lambda *args: _keys_among(engine, *args),
    )
    known = [
        schema.used.union(claim.left_out)
        for schema, claim in zip(schemas, claims.values(), strict=True)
    ]
    rest = [
        [name for name in names if name not in roles]
        for names, roles in zip(headers.values(), known, strict=True)
    ]
    return Prepared(profiles, schemas, rest)


def described_files(
    engine: Engine,
    sources: Mapping[str, FileSource],
    scratch: Path,
    *,
    truth_column: str = "",
) -> Prepared:
    """Open files whose columns a run's file states.

    Raises:
        InputError: a file cannot be read, or both are one.
        ConfigError: a stated column that the file lacks.
    """
    work = [
        functools.partial(
            read_file,
            engine,
            Path(source.file),
            scratch / side,
            side,
            delimiter=source.delimiter,
            encoding=source.encoding,
        )
        for side, source in sources.items()
    ]
    files = engine.run_concurrently(*work)
    return _described(files, schemas_of(sources), truth_column)


def _described(
    files: list[PersonFile], schemas: Mapping[str, FileSchema], truth_column: str
) -> Prepared:
    """Files with schemas that are stated; readers learn the rest from samples."""
    _note_names(files)
    profiles = []
    for file in files:
        columns = [name for name in file.columns if name != truth_column]
        profile = profile_of(file, columns)
        refuse_unknown_columns(schemas[file.side], file.columns, file.side)
        learn(profile, schemas[file.side])
        profiles.append(profile)
    stated = [schemas[file.side] for file in files]
    return Prepared(profiles, stated, [[] for _ in files])


def _note_names(files: Sequence[PersonFile]) -> None:
    """Tell files of one name apart, and refuse one file that is given twice."""
    if len(files) < 2:
        return
    left, right = files
    if left.sha256 == right.sha256:
        raise InputError(
            f"{left.path} and {right.path} are the same file\n  name the other file; "
            "or find the records of one person in a file: leo dedupe"
        )
    for file in files:
        file.shares_name = left.path.name == right.path.name


def cardinality_of(shares: Sequence[float]) -> Cardinality:
    """One to one, but where many records of the left or of the right file are repeated,
    by their shares.
    """
    if min(shares) >= REPEATED:
        return "many-to-many"
    if max(shares) < _REPEATED_MOSTLY:
        return "one-to-one"
    return "one-to-many" if shares[1] > shares[0] else "many-to-one"


def _keys_among(
    engine: Engine, profile: Profile, names: Sequence[str]
) -> Iterator[str]:
    """Of some columns those that are known in every row and hold no value twice.

    The sample has told already which columns repeat their values often. The others are
    counted over all rows, each only when it is asked for.
    """
    for name in names:
        if profile.is_whole:
            values = profile.values(name)
            is_key = len(values) == values.total() == profile.rows
        else:
            query = f"""
                select count(*) = count({quote(name)})
                    and count(*) = count(distinct {quote(name)}) as is_key
                from {{t}}
                """
            is_key = one(engine, engine.sql(query, t=profile.file.table))["is_key"]
        if is_key:
            yield name


def _store_records(
    engine: Engine, file: PersonFile, schema: FileSchema, scratch: Path, *, truth: str
) -> Records:
    """Standardise all rows of a file; a row's number in it is its unit_id."""
    path = scratch / f"{file.side}-standardised.parquet"
    unparsed = _standardise(engine, file, schema, path, truth)
    records = engine.read(path)
    facts = facts_of(engine, records)
    _refuse_unusable(file, schema, facts)
    kept_column = f", {quote(KEPT)} as kept" if truth else ""
    return Records(
        engine.sql(f"select unit_id, {columns(schema.fields)} from {{t}}", t=records),
        engine.sql(
            f"select unit_id, {SOURCE_KEY} as source_id{kept_column} from {{t}}",
            t=records,
        ),
        path,
        unparsed,
        repeated_share(engine, records, facts),
    )


def facts_of(engine: Engine, records: Table) -> dict[str, Any]:
    """Rows, known and distinct ids, known names, and shares of forenames that are one
    letter and dates that are years.
    """
    fields = {*records.columns}
    names = [f"count({name})" for name in ("forename", "surname") if name in fields]
    initials = (
        "avg(case when length(forename) = 1 then 1e0 else 0e0 end)"
        if "forename" in fields
        else "0"
    )
    years = (
        "avg(case when dob like '%-00' then 1e0 when dob is not null then 0e0 end)"
        if "dob" in fields
        else "1"
    )
    query = f"""
        select count(*) as n, count({SOURCE_KEY}) as known,
            count(distinct {SOURCE_KEY}) as ids,
               {" + ".join(names) or "0"} as names, {initials} as initials,
                   {years} as years
        from {{t}}
        """
    return one(engine, engine.sql(query, t=records))


def _refuse_unusable(
    file: PersonFile, schema: FileSchema, facts: Mapping[str, Any]
) -> None:
    missing, repeats = facts["n"] - facts["known"], facts["known"] - facts["ids"]
    if schema.id and (missing or repeats):
        raise InputError(
            f"{file.path}: ids of column '{schema.id}' are not unique: {repeats:,} "
            f"rows repeat an id, {missing:,} have "
            "none\n  state another column with --id, or give each person one row; --id "
            "none numbers the rows. In a run "
            "the rows of one id are one person's history "
            "(docs/how-to/link-your-own-files.md)"
        )
    names = [name for name in ("forename", "surname") if name in schema.fields]
    if names and not facts["names"] and not set(schema.fields) & set(NUMBERS):
        raise InputError(
            f"{file.path}: not one of {' and '.join(names)} is known in any row\n"
            "  check which columns hold the names: --map left.surname=COLUMN"
        )


def _standardise(
    engine: Engine, file: PersonFile, schema: FileSchema, path: Path, truth_column: str
) -> int:
    """Write each row's number, its id and its fields; how many birth dates are in no
    form that is read.
    """
    rows = file.numbered_rows(engine)
    key = file.key_of(engine, schema.id) if schema.id else quote(ROW)
    carry = {"unit_id": quote(ROW), SOURCE_KEY: key}
    if truth_column:
        carry[KEPT] = text_of(truth_column, file.types[truth_column])
    description = description_of(schema)
    standard = standardise(engine, rows, description, carry, skip_empty=True)
    engine.write(standard.table, path)
    unparsed = _count_unparsed(engine, standard, description)
    engine.drop(*standard.tables)
    return unparsed


def _count_unparsed(
    engine: Engine, standard: Standardised, description: Description
) -> int:
    """Rows whose birth date is known and in no form that is read, of one column."""
    source = next((r for r in description.used if "dob" in r.fields), None)
    if source is None or "dob" not in description.fields or len(source.columns) > 1:
        return 0
    texts = standard.unread(engine, "dob")
    return sum(count for text, count in texts.items() if not says_nothing(text))


def repeated_share(engine: Engine, records: Table, facts: Mapping[str, Any]) -> float:
    """The share of records that have the names and the birth date of another of the
    file.

    Without birth dates an e-mail address or telephone stands for it; else the address,
    if so many share it that they are no namesakes of one house. 0 where there is no
    such field.
    """
    known, is_dated = set(records.columns), float(facts["years"] or 0) < _MOSTLY_YEARS
    keys = (
        ["dob"]
        if is_dated
        else sorted({"email", "phone", "postcode", "address"} & known)
    )
    if not keys or not {"forename", "surname"} <= known:
        return 0.0
    forename = (
        "left(forename, 1)"
        if float(facts["initials"] or 0) >= _INITIALS
        else "forename"
    )
    sample_condition = (
        "length(surname) % 2 = 0" if facts["n"] > _REPEATED_ROWS else "true"
    )
    of_keys = " union all ".join(
        f"""
        select '{key}' as name, count(*) as records from {{t}}
        where forename is not null and surname is not null and {key} is not null
            and {sample_condition}
              and {"dob not like '%-00'" if key == "dob" else "true"}
        group by {forename}, surname, {key}
        """
        for key in keys
    )
    query = f"""
        select name, cast(sum(case when records > 1 then records else 0 end) as double)
            / sum(records) as share
        from ({of_keys}) as people group by name
        """
    shares = {
        row["name"]: float(row["share"])
        for row in engine.arrow(engine.sql(query, t=records)).to_pylist()
    }
    home = max(shares.pop("postcode", 0.0), shares.pop("address", 0.0))
    return max([*shares.values(), home if home >= _MORE_THAN_NAMESAKES else 0.0])
