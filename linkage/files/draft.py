"""Draft a run's file and its definitions from person files: each file's inferred
schema, written to be read and changed.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from glob import escape
from pathlib import Path

import pyarrow as pa

from linkage.config import FileFormat
from linkage.config.file_run import toml_table, toml_value
from linkage.config.resources import SCHEMAS, copy_schemas, shipped_names
from linkage.engine import connect, scratch_folder, unfinished
from linkage.errors import ConfigError, InputError, LeoError
from linkage.files.date_format import DateFormat, plain, read_date, says_nothing
from linkage.files.infer_schema import NUMBERED
from linkage.files.prepare import FileOptions, Inferred, Prepared, inferred_files
from linkage.files.read_file import damage_reported
from linkage.files.schema import NOT_COMPARED
from linkage.records.csv_files import read_header

_DESCRIBED = {
    "forename": ("name", 1, "Forename."),
    "middle_names": ("name", 1, "Further forenames."),
    "surname": ("name", 1, "Surname."),
    "former_surname": ("name", 1, "An earlier surname."),
    "dob": ("age", 2, "Birth date."),
    "sex": ("sex", 5, "Sex."),
    "postcode": ("address", 2, "Postcode."),
    "nino": ("identity", 1, "National Insurance number."),
    "uln": ("identity", 1, "Unique learner number."),
    "upn": ("identity", 1, "Unique pupil number."),
    "husid": ("identity", 1, "HESA student identifier."),
}
"""Role that a run reads to concept, identifiability and description."""
_ORDERS = (
    "%Y{0}%m{0}%d %d{0}%m{0}%Y %m{0}%d{0}%Y %d{0}%m{0}%y %m{0}%d{0}%y "
    "%y{0}%m{0}%d %d{0}%b{0}%Y %b{0}%d{0}%Y"
)
_FORMATS = [
    order.format(sign) for sign in ("-", "/", ".", " ", "") for order in _ORDERS.split()
]
_MIN_IN_FORMAT = 0.5  # share of birth dates in one format, below which a file has none
_WHOLE = "stands in one column with the full name: give each a column of its own"


@dataclass(frozen=True)
class Draft:
    """The options of `leo init`."""

    files: Sequence[Path]  # two or more; each is linked with the first
    run: Path  # the run's file, which is written
    definitions: Path  # the folder of definitions, which is written to
    maps: Sequence[str] = ()  # columns of roles by source: "customers.surname=FAMILY"
    ids: Sequence[
        str
    ] = ()  # the key of each file, or one for all; inferred where none is stated
    delimiter: str | None = None
    encoding: str | None = None


@dataclass
class _Source:
    """A file as a run will read it."""

    name: str
    path: Path
    key: str | None
    columns: Sequence[str] = ()  # of the file, in their order
    format: FileFormat | None = None
    roles: dict[str, str] = field(default_factory=dict)  # role to column
    sexes: dict[str, str] = field(default_factory=dict)  # codes of sex to their labels
    postcode: str = "postcode"
    not_read: dict[str, str] = field(
        default_factory=dict
    )  # field that no run reads, to the reason; no value


def draft(
    options: Draft,
    *,
    inferred: Inferred | None = None,
    progress: Callable[[str], None] | None = None,
) -> tuple[list[Path], list[str]]:
    """Write a run's file, and the definitions that it needs, for files that no
    catalogue describes.

    Returns:
        Files that were written, the run's last; and notes of what no run reads, without
        values.

    Raises:
        ConfigError: fewer than two files, a map that fits none, or a file of the draft
            that is there already.
        InputError: a file cannot be read, has no key, or has its names where no run
            finds them.
    """
    if len(options.files) < 2:
        raise ConfigError(
            "a run links two files or more, and one was given\n  name a second one"
        )
    keys = (
        [*options.ids]
        if len(options.ids) > 1
        else [*options.ids[:1], None][:1] * len(options.files)
    )
    if len(keys) != len(options.files):
        raise ConfigError(
            f"--id is given {len(keys)} times\n  give it once for all files, or once "
            "for each"
        )
    sources = [
        _Source(*arguments)
        for arguments in zip(_names(options.files), options.files, keys, strict=True)
    ]
    names = {source.name for source in sources}
    for text in options.maps:
        if text.partition(".")[0] not in names:
            raise ConfigError(
                f"--map {text}: write it as SOURCE.ROLE=COLUMN\n  there are: "
                f"{', '.join(sorted(names))}"
            )
    with (
        scratch_folder() as scratch,
        connect("duckdb", within=[scratch, *options.files]) as engine,
        damage_reported(*options.files),
    ):
        for source in sources:
            if progress:
                progress(source.name)
            prefix, key = f"{source.name}.", source.key
            maps = [
                text.removeprefix(prefix)
                for text in options.maps
                if text.startswith(prefix)
            ]
            # A stated key may have several rows, which a run makes a history of: it is
            # no id here.
            maps, ids = (
                ([*maps, f"{NOT_COMPARED}={key}"], (NUMBERED,))
                if key
                else (maps, (None,))
            )
            read = FileOptions(
                {"file": source.path},
                ids,
                (options.encoding,),
                maps=maps,
                delimiter=options.delimiter,
            )
            try:
                prepared = inferred_files(engine, read, scratch / source.name)
            except LeoError as fault:
                text = str(fault).replace(f"--map {NOT_COMPARED}={key}", f"--id {key}")
                raise type(fault)(text.replace("--map ", f"--map {prefix}")) from None
            if inferred:
                inferred(prepared)
            _describe(source, prepared)
    _refuse_unreadable(sources)
    paths = _write(options, sources)
    return paths, [
        f"{s.name}: {name} {reason}"
        for s in sources
        for name, reason in s.not_read.items()
    ]


def _names(files: Sequence[Path]) -> list[str]:
    """Names of sources, after the files: each once, and none that ships."""
    reserved_names = {
        "people",
        *(Path(name).stem for name in shipped_names() if name.startswith("catalogue/")),
    }
    names: list[str] = []
    for name in (_name(path.name) for path in files):
        candidates = (
            name,
            *(
                f"{name}_{number}"
                for number in range(2, len(files) + len(reserved_names) + 2)
            ),
        )
        names.append(
            next(name for name in candidates if name not in {*reserved_names, *names})
        )
    return names


def _name(text: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", text.split(".")[0].lower()).strip("_")
    return name if re.match("[a-z]", name) else f"file_{name}".rstrip("_")


def _describe(source: _Source, prepared: Prepared) -> None:
    """Note how a run reads a file: its roles, the format of its birth dates, its codes
    of sex.
    """
    schema, file, profile = prepared.schemas[0], prepared.files[0], prepared.profiles[0]
    source.key, source.columns, source.format = (
        source.key or schema.id,
        file.columns,
        file.format,
    )
    for role, columns in schema.columns.items():
        role = "former_surname" if role == "other_surname" else role
        if role in _DESCRIBED:
            source.roles[role] = columns[0]
        else:
            source.not_read[role] = (
                "is read by no run, unless the source keeps it: keep = { name = COLUMN "
                "}"
            )
    if {"full_name", "initials"} & set(schema.columns):
        source.not_read |= {
            role: _WHOLE for role in ("forename", "surname") if role not in source.roles
        }
    if "birth_year" in schema.columns:
        source.not_read["dob"] = (
            "is made of several columns: give it a column of its own"
        )
    if (column := source.roles.get("dob")) and not pa.types.is_temporal(
        file.types[column]
    ):
        date_format = DateFormat(**schema.settings["dob"])
        pattern = _strptime_format(
            profile.values(column),
            replace(date_format, default_days=(), precision="day"),
        )
        if pattern is None:
            del source.roles["dob"]
            source.not_read["dob"] = (
                "has no format that a run reads: write it as 1997-07-06"
            )
        elif source.format:
            source.format = source.format.model_copy(update={"date_format": pattern})
    if "sex" in source.roles:
        codes = schema.settings.get("sex", {}).get("codes", {})
        spellings = {
            str(value).upper().strip(" ."): value
            for value in profile.values(source.roles["sex"])
        }
        source.sexes = {
            spellings.get(c, c): {"M": "Male", "F": "Female"}[sex]
            for c, sex in sorted(codes.items())
        }
    if schema.settings.get("postcode", {}).get("kind") == "code":
        source.postcode = "code"
    if source.format and source.format.type == "csv":
        strict = source.format.model_copy(update={"repeated_names": "refuse"})
        with suppress(InputError):  # a header that repeats a name
            read_header(source.path, strict)
            source.format = strict


def _strptime_format(values: Mapping[str, int], date_format: DateFormat) -> str | None:
    """The format that reads most birth dates as `leo link` reads them; None where it
    reads less than half of them.
    """

    def fits(text: str, pattern: str) -> bool:
        try:
            day = datetime.strptime(plain(text), pattern).date().isoformat()
        except ValueError:
            return False
        date = read_date(text, date_format) or ""
        return day == date or ("%y" in pattern and day[2:] == date[2:])

    known = {text: rows for text, rows in values.items() if not says_nothing(text)}
    fit_counts = {
        pattern: sum(rows for text, rows in known.items() if fits(text, pattern))
        for pattern in _FORMATS
    }
    best = max(fit_counts, key=lambda pattern: fit_counts[pattern])
    return (
        best
        if fit_counts[best] >= max(_MIN_IN_FORMAT * sum(known.values()), 1)
        else None
    )


def _refuse_unreadable(sources: Sequence[_Source]) -> None:
    """Refuse files of which a run would find no key or no names: all of them at
    once.
    """
    faults = []
    for s in sources:
        if not s.format:
            faults.append(
                f"{s.path}: a run reads Parquet, and CSV with names in its first "
                "line\n  save it as either"
            )
        elif not s.key:
            faults.append(
                f"{s.path}: no column has unique values\n  state the key with --id, or "
                "number the rows"
            )
        for name in (name for name in ("forename", "surname") if name not in s.roles):
            reason = s.not_read.get(
                name, "was not recognised: state its column with --map"
            )
            faults.append(f"{s.path}: {name} {reason}")
    if faults:
        raise InputError(
            "a run cannot read these files as they are\n  "
            + "\n".join(faults).replace("\n", "\n  ")
        )


def _write(options: Draft, sources: Sequence[_Source]) -> list[Path]:
    """Write the draft, unless a file of it is there; frames are added to those that are
    there.
    """
    folder = options.definitions / "catalogue"
    texts = {folder / f"{source.name}.toml": _catalogue(source) for source in sources}
    frames = [
        f"[{s.name}_sex]\n"
        + "".join(
            f"{toml_value(code)} = {toml_value(sex)}\n" for code, sex in s.sexes.items()
        )
        for s in sources
        if s.sexes
    ]
    texts |= {folder / "frames.toml": "\n".join(frames)} if frames else {}
    texts[options.run] = _run(options, sources)
    if present_files := [
        str(path) for path in texts if path.exists() and path.name != "frames.toml"
    ]:
        raise ConfigError(
            f"{', '.join(present_files)}: there already\n  name another --config or "
            "--out, or delete it"
        )
    copy_schemas(options.definitions)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        before = (
            f"{path.read_text(encoding='utf-8').rstrip()}\n\n" if path.exists() else ""
        )
        with unfinished(path) as part:
            part.write_text(before + text, encoding="utf-8")
    return [*texts]


def _catalogue(source: _Source) -> str:
    """What the catalogue says of a file: a line for each column; of names that differ
    in punctuation only the first.
    """
    roles, variables = (
        {column: role for role, column in source.roles.items()},
        dict[str, dict[str, object]](),
    )
    for column in source.columns:
        name, role = _variable(column), roles.get(column)
        variable: dict[str, object] = {
            "name": name,
            "type": "date" if role == "dob" else "string",
        }
        concept, identifiability, sensitivity, description = (
            "unrated",
            1,
            "A",
            "Unrated.",
        )
        if column == source.key:
            variable |= {"role": "entity_key", "required": True}
            concept, identifiability, sensitivity, description = (
                "identity",
                3,
                "E",
                "The number of a record.",
            )
        elif role:
            frame = f"{source.name}_sex" if role == "sex" and source.sexes else None
            concept, identifiability, description = _DESCRIBED[role]
            form = (
                source.postcode
                if role == "postcode"
                else role
                if concept == "identity"
                else None
            )
            variable |= {
                key: value
                for key, value in (("role", role), ("frame", frame), ("format", form))
                if value
            }
            sensitivity = "C" if role == "sex" else "E"
        elif name != column:
            continue
        variable |= {
            "concept": concept,
            "identifiability": identifiability,
            "sensitivity": sensitivity,
        }
        variables.setdefault(name, variable | {"description": description})
    return f"""\
#:schema ../{SCHEMAS}/catalogue.json
# Drafted from the file. Unrated columns are in no extract: rate them, or delete them.
dataset = {toml_value(source.name)}
title = {toml_value(source.name)}
owner = "to be named"

[table.records]
title = {toml_value("Records of " + source.name)}
grain = {toml_value("record of " + source.name)}
entity_key = [[{toml_value(_variable(source.key or ""))}]]
generated = false
variable = [
{"".join(f"  {toml_table(variable)},{chr(10)}" for variable in variables.values())}]
"""


def _variable(column: str) -> str:
    """A column's name in the catalogue, where names are letters, digits and
    underscores.
    """
    return (
        "".join(sign if sign.isalnum() else "_" for sign in column).strip("_")
        or "column"
    )


def _run(options: Draft, sources: Sequence[_Source]) -> str:
    """A run's file, of one step for each source but the first, by passes and a model
    that ship.
    """
    folder = Path(
        os.path.commonpath([source.path.absolute().parent for source in sources])
    )
    data = Path(os.path.relpath(folder, options.run.absolute().parent)).as_posix()
    files = [
        escape(source.path.absolute().relative_to(folder).as_posix())
        for source in sources
    ]
    shipped = (
        "cis"
        if Counter(role for source in sources for role in source.roles)["nino"] > 1
        else "education"
    )
    name = re.sub(r"[^a-z0-9_-]+", "-", options.run.stem.lower()).strip("-_")
    name = name if re.match("[a-z]", name) else f"run-{name}".rstrip("-")
    data_line = "" if data == "." else f"\ndata = {toml_value(data)}"
    schema = Path(
        os.path.relpath(
            options.definitions.absolute() / SCHEMAS / "run.json",
            options.run.absolute().parent,
        )
    )
    run = f"""\
#:schema {schema.as_posix()}
# Drafted from {", ".join(files)}
# Run it: leo --definitions {options.definitions.as_posix()} run THIS_FILE
[run]
name = {toml_value(name)}{data_line}
# Sources whose records are people even when nothing links to them.
spine = [{toml_value(sources[0].name)}]
"""
    for source, file in zip(sources, files, strict=True):
        renamed = {
            r: c
            for r, c in {**source.roles, "entity_key": source.key or ""}.items()
            if _variable(c) != c
        }
        style = source.format.model_dump(exclude_defaults=True) if source.format else {}
        run += "".join(
            f"\n# not read: {role} {reason}" for role, reason in source.not_read.items()
        )
        run += (
            f'\n[source.{source.name}]\ndataset = "{source.name}"\ntable = '
            f'"records"\nfiles = [{toml_value(file)}]\n'
        )
        run += "".join(
            f"{key} = {toml_table(row)}\n"
            for key, row in (("columns", renamed), ("format", style))
            if row
        )
    left = sources[0].name
    for source in sources[1:]:
        run += f"""
[[step]]
name = "{left}-{source.name}"
left = "{left}"
right = "{source.name}"
passes = "passes/{shipped}.toml"
# Where training starts: leo model train and leo model tune make it yours.
model = "models/{shipped}.json"
# Who is in a file twice keeps both records.
duplicates = "join"
"""
        left = "people"
    return (
        f"{run}\n[outputs]\nlongitudinal = false  # spells, pay and outcomes need "
        "the tables of LEO\n"
    )
