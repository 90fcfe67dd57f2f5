"""Draft a run's file and its definitions from person files: the inferred schema, written down to be read and changed."""

import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from glob import escape
from itertools import chain, count
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.config import FileFormat
from linkage.config.resources import shipped_dir, shipped_names
from linkage.engine import Engine, connect, unfinished
from linkage.errors import ConfigError, InputError, LeoError
from linkage.files import draft_text
from linkage.files.date_format import DateFormat, plain, read_date, says_nothing
from linkage.files.draft_text import Source
from linkage.files.mapping import NOT_COMPARED
from linkage.files.prepare import NUMBERED, FileOptions, Inferred, Prepared, inferred_files
from linkage.files.profile import profile_of
from linkage.files.read_file import PersonFile, damage_reported
from linkage.files.schema import FileSchema
from linkage.model.comparisons import comparison
from linkage.model.leo import any_time
from linkage.records.csv_files import read_header

_ROLES_OF_RUNS = ("forename", "middle_names", "surname", "dob", "sex", "postcode", "nino", "uln", "upn", "husid")
_NUMBERS = ("nino", "uln", "upn", "husid")
"""Numbers that are one person's, in the order in which passes ask for them."""
_SHIPPED = {(): "education", ("uln",): "education", ("nino",): "cis"}
"""Numbers that files share, to the passes and the model that ship for these."""
_SEPARATORS = ("/", ".", "-", " ", "")
_ORDERS = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%Y{0}%m{0}%d", "%d{0}%m{0}%y", "%m{0}%d{0}%y", "%y{0}%m{0}%d")
_WITH_MONTHS = ("%d{0}%b{0}%Y", "%b{0}%d{0}%Y", "%Y{0}%b{0}%d", "%d{0}%b{0}%y")
_FORMATS = list(
    dict.fromkeys(["%Y-%m-%d", *(order.format(sign) for sign in _SEPARATORS for order in (*_ORDERS, *_WITH_MONTHS))])
)
_MIN_IN_FORMAT = 0.5  # share of birth dates in one format, below which a file has none


@dataclass(frozen=True)
class Draft:
    """The options of `leo init`.

    Attributes:
        files: two or more; each is linked with the first.
        run: the run's file, which is written.
        definitions: the folder of definitions, which is written to.
        maps: "left.surname=FAMILY" of the first file, "right." of the second, and of any "SOURCE.surname=FAMILY".
        ids: the key of each file, or one for all; found where none is stated.
    """

    files: Sequence[Path]
    run: Path
    definitions: Path
    maps: Sequence[str] = ()
    ids: Sequence[str] = ()
    delimiter: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Drafted:
    """Files that were written, the run's last; and notes of what no run reads, without values."""

    written: Sequence[Path]
    notes: Sequence[str]


@dataclass
class SourceColumns:
    """How a run reads a file.

    Attributes:
        roles: role to column.
        date_format: of the birth dates; None where there are none to be read.
        undated: birth dates that are in another format, and all.
        sexes: codes of sex to their labels.
        left_out: field that was inferred and no run reads, to the reason; no value.
    """

    roles: dict[str, str] = field(default_factory=dict)
    date_format: str | None = None
    undated: tuple[int, int] = (0, 0)
    sexes: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    postcode: str | None = None

    def with_more(self, other: "SourceColumns") -> "SourceColumns":
        """With what the same file shows next to another one; where the two differ, this stays."""
        taken = {*self.roles.values()}
        roles = self.roles | {r: c for r, c in other.roles.items() if r not in self.roles and c not in taken}
        dates = self if self.date_format else other
        left_out = {name: why for name, why in (other.left_out | self.left_out).items() if name not in roles}
        sexes, postcode = self.sexes or other.sexes, self.postcode or other.postcode
        return SourceColumns(roles, dates.date_format, dates.undated, sexes, left_out, postcode)


@dataclass
class _File:
    path: Path
    name: str
    file: PersonFile | None = None
    key: str | None = None
    columns: SourceColumns = field(default_factory=SourceColumns)


def draft(
    options: Draft, *, inferred: Inferred | None = None, progress: Callable[[str], None] | None = None
) -> Drafted:
    """Write a run's file, and the definitions that it needs, for files that no catalogue describes.

    Args:
        inferred: is called with what the columns of each pair of files were taken for.
        progress: is called with what is being done.

    Raises:
        ConfigError: fewer than two files, a map that fits none, or a file of the draft that is there already.
        InputError: a file cannot be read, has no key, or has its names where no run finds them.
    """
    if len(options.files) < 2:
        raise ConfigError("a run links two files or more, and one was given\n  name a second one")
    files = [_File(path, name) for path, name in zip(options.files, _names(options.files), strict=True)]
    say = progress or (lambda _: None)
    with tempfile.TemporaryDirectory(prefix="leo-draft-") as scratch, connect("duckdb") as engine:
        with damage_reported(*options.files):
            for place, file in enumerate(files[1:], 1):
                say(f"{files[0].name} and {file.name}")
                _infer(engine, options, files, place, Path(scratch) / str(place), inferred)
        _refuse_unreadable(files)
        sources = [_source(file, options) for file in files]
    return _written(options, sources)


def _names(files: Sequence[Path]) -> list[str]:
    """Names of sources: files' own, or their folders' where files have one name; each once, and none that ships."""
    taken = {"people", *(Path(name).stem for name in shipped_names() if name.startswith("catalogue/"))}
    own = [_name(path.name) for path in files]
    names: list[str] = []
    for path, name in zip(files, own, strict=True):
        first = _name(path.absolute().parent.name) if own.count(name) > 1 else name
        numbered = (f"{first}_{number}" for number in count(2))
        names.append(next(name for name in chain([first], numbered) if name not in taken))
        taken.add(names[-1])
    return names


def _name(text: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", text.split(".")[0].lower()).strip("_")
    return name if re.match("[a-z]", name) else f"file_{name}".rstrip("_")


def _infer(
    engine: Engine, options: Draft, files: Sequence[_File], place: int, scratch: Path, inferred: Inferred | None
) -> None:
    """Infer the schemas of the first file and another one, and note what the pair shows of both."""
    first, other = files[0], files[place]
    keys = (_key_of(options.ids, 0), _key_of(options.ids, place))
    # A stated key may stand in several rows of a person, which leo link refuses and a run makes a history of.
    left_out = [f"{side}.{NOT_COMPARED}={key}" for side, key in zip(("left", "right"), keys, strict=True) if key]
    maps = [*_maps_of(options.maps, files, place), *left_out]
    ids = tuple(NUMBERED if key else None for key in keys)
    paths, encodings = {"left": first.path, "right": other.path}, (options.encoding, options.encoding)
    pair = FileOptions(paths, maps, (), (), ids, options.delimiter, encodings)
    try:
        prepared = inferred_files(engine, pair, scratch)
    except LeoError as fault:
        text = str(fault)
        for map_of_key in left_out:
            text = text.replace(f"--map {map_of_key}", f"--id {map_of_key.partition('=')[2]}")
        if len(files) > 2:
            text = f"{first.name} and {other.name}: {text}"
            text = text.replace("right.", f"{other.name}.").replace("left.", f"{first.name}.")
        raise type(fault)(text) from None
    if inferred:
        inferred(prepared)
    for side, file in enumerate((first, other)):
        file.columns = file.columns.with_more(_columns_of(prepared, side))
        file.file, file.key = prepared.files[side], keys[side] or file.key or prepared.schemas[side].id


def _maps_of(maps: Sequence[str], files: Sequence[_File], place: int) -> list[str]:
    """The maps of the first file and of another, as "left" and "right"."""
    sides = {files[0].name: "left", "left": "left", files[place].name: "right"}
    sides |= {"right": "right"} if place == 1 else {}
    known = {"left", "right", *(file.name for file in files)}
    made = []
    for text in maps:
        name, _, rest = text.partition(".")
        if name not in known:
            raise ConfigError(f"--map {text}: no file is called '{name}'\n  there are: {', '.join(sorted(known))}")
        if name in sides:
            made.append(f"{sides[name]}.{rest}")
    return made


def _key_of(ids: Sequence[str], place: int) -> str | None:
    if len(ids) > 1 and place >= len(ids):
        raise ConfigError(f"--id is given {len(ids)} times\n  give it once for all files, or once for each")
    return (ids[0] if len(ids) == 1 else ids[place]) if ids else None


def _columns_of(prepared: Prepared, side: int) -> SourceColumns:
    """How a run reads one of two files."""
    schema, file = prepared.schemas[side], prepared.files[side]
    read = SourceColumns()
    for role, columns in schema.columns.items():
        if role in _ROLES_OF_RUNS:
            read.roles[role] = columns[0]
        elif role == "other_surname":
            read.roles["former_surname"] = columns[0]
        else:
            read.left_out[role] = "is read by no run, unless the source keeps it: keep = { name = COLUMN }"
    if {"full_name", "initials"} & set(schema.columns):
        for role in ("forename", "surname"):
            read.left_out[role] = "stands in one column with the full name: give each a column of its own"
    if "birth_year" in schema.columns:
        read.left_out["dob"] = "is made of several columns: give it a column of its own"
    _read_values(read, schema, file)
    return read


def _read_values(read: SourceColumns, schema: FileSchema, file: PersonFile) -> None:
    """The format of birth dates, the codes of sex and the form of postcodes, by a sample."""
    profile = profile_of(file)
    if (column := read.roles.get("dob")) and not pa.types.is_temporal(file.types[column]):
        if "dob" not in schema.settings:
            del read.roles["dob"]
            read.left_out["dob"] = "is in none of the other files, so that nothing shows how it is to be read"
        else:
            how = DateFormat.of_settings({**schema.settings["dob"], "default_days": (), "precision": "day"})
            values = {text: rows for text, rows in profile.values(column).items() if not says_nothing(text)}
            dates = {text: date for text in values if (date := read_date(text, how))}
            fitting = {pattern: _fits(values, dates, pattern) for pattern in _FORMATS}
            best = max(fitting, key=lambda pattern: fitting[pattern])
            known = sum(values.values())
            if fitting[best] < _MIN_IN_FORMAT * known or not known:
                del read.roles["dob"]
                read.left_out["dob"] = "has no format that a run reads: write it as 1997-07-06"
            else:
                read.date_format, read.undated = best, (known - fitting[best], known)
    if "sex" in read.roles:
        labels = {"M": "Male", "F": "Female"}
        codes = schema.settings.get("sex", {}).get("codes", {})
        written = {str(value).upper().strip(" ."): value for value in profile.values(read.roles["sex"])}
        read.sexes = {written.get(code, code): labels[sex] for code, sex in sorted(codes.items())}
    if "postcode" in read.roles:
        settings = schema.settings.get("postcode", {"kind": "british"})
        read.postcode = "postcode" if settings["kind"] == "british" else "code"


def _fits(values: Mapping[str, int], dates: Mapping[str, str], pattern: str) -> int:
    """Rows whose birth date a format reads as it was read here."""
    rows = 0
    for text, date in dates.items():
        try:
            made = datetime.strptime(plain(text), pattern).date().isoformat()
        except ValueError:
            continue
        rows += values[text] * (made == date or ("%y" in pattern and made[2:] == date[2:]))
    return rows


def _refuse_unreadable(files: Sequence[_File]) -> None:
    """Refuse files of which a run would find no key or no names: all of them at once."""
    faults = []
    for file in files:
        if not file.file or not file.file.format:
            faults.append(
                f"{file.path}: a run reads Parquet, and CSV with names in its first line\n  save it as either"
            )
        elif not file.key:
            faults.append(f"{file.path}: no column tells its records apart\n  state it with --id, or number the rows")
        for name in ("forename", "surname"):
            if name not in file.columns.roles:
                why = file.columns.left_out.get(name, "was not found: state its column with --map")
                faults.append(f"{file.path}: {name} {why}")
    if faults:
        raise InputError("a run cannot read these files as they are\n  " + "\n".join(faults).replace("\n", "\n  "))


def _source(file: _File, options: Draft) -> Source:
    fmt = (file.file and file.file.format) or FileFormat()
    if fmt.type == "csv" and not _repeats(file.path, fmt):
        fmt = fmt.model_copy(update={"repeated_names": "refuse"})
    path = escape(file.path.absolute().relative_to(_folder(options.files)).as_posix())
    columns = file.file.columns if file.file else ()
    return Source(file.name, path, columns, file.key or "", file.columns, file.columns.postcode, fmt)


def _repeats(path: Path, fmt: FileFormat) -> bool:
    try:
        read_header(path, fmt.model_copy(update={"repeated_names": "refuse"}))
    except InputError:
        return True
    return False


def _folder(files: Sequence[Path]) -> Path:
    """The folder below which files lie."""
    return Path(os.path.commonpath([file.absolute().parent for file in files]))


def _written(options: Draft, sources: Sequence[Source]) -> Drafted:
    """Write the draft, whole or not at all."""
    texts = _texts(options, sources)
    frames = options.definitions / "catalogue" / "frames.toml"
    added_to = {frames} & {path for path in texts if path.exists()}
    if there := [str(path) for path in texts if path.exists() and path not in added_to]:
        raise ConfigError(f"{', '.join(there)}: there already\n  name another --run or --out, or delete it")
    for path in added_to:
        texts[path] = f"{path.read_text(encoding='utf-8').rstrip()}\n\n{texts[path]}"
    made: list[Path] = []
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished(path) as part:
                part.write_text(text, encoding="utf-8")
            made.append(path)
    except BaseException:
        for path in {*made} - added_to:
            path.unlink()
        raise
    return Drafted(made, [f"{s.name}: {name} {why}" for s in sources for name, why in s.read.left_out.items()])


def _texts(options: Draft, sources: Sequence[Source]) -> dict[Path, str]:
    """The files of a draft, the run's last, to their text."""
    columns = Counter(role for source in sources for role in source.read.roles)
    numbers = [name for name in _NUMBERS if columns[name] > 1]
    shipped = _SHIPPED.get(tuple(numbers))
    name = re.sub(r"[^a-z0-9_-]+", "-", options.run.stem.lower()).strip("-_")
    name = name if re.match("[a-z]", name) else f"run-{name}".rstrip("-")
    passes, model = f"passes/{shipped or name}.toml", f"models/{shipped or name}.json"
    written = {f"catalogue/{source.name}.toml": draft_text.catalogue_text(source) for source in sources}
    written["catalogue/frames.toml"] = draft_text.frames_text(sources)
    if not shipped:
        written[passes] = draft_text.passes_text(numbers, dated=columns["dob"] > 1)
        written[model] = _model(numbers)
    data = Path(os.path.relpath(_folder(options.files), options.run.absolute().parent)).as_posix()
    named = {"passes": passes, "model": model, "definitions": options.definitions.as_posix()}
    run = draft_text.run_text(name, data, sources, **named)
    return {**{options.definitions / path: text for path, text in written.items() if text}, options.run: run}


def _model(numbers: Sequence[str]) -> str:
    """A shipped model with a comparison for each shared number: rough probabilities until it is trained."""
    raw: dict[str, Any] = json.loads((shipped_dir() / "models" / "education.json").read_text(encoding="utf-8"))
    compared = {one["output_column_name"] for one in raw["comparisons"]}
    silent, rules = (compared & {*_NUMBERS}) - set(numbers), "blocking_rules_to_generate_predictions"
    raw["comparisons"] = [one for one in raw["comparisons"] if one["output_column_name"] not in silent]
    raw[rules] = [rule for rule in raw[rules] if not any(f'"{name}_all"' in rule["blocking_rule"] for name in silent)]
    for name in set(numbers) - compared:
        raw["comparisons"].append(comparison(name, "number", history=True))
        raw[rules].append(any_time([name]))
    return json.dumps(raw, indent=2, ensure_ascii=False) + "\n"
