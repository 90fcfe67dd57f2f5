"""A run's file and definitions drafted from files: what `leo link` recognises, written down to be read and changed."""

import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from glob import escape
from itertools import chain, count
from pathlib import Path
from typing import Any

from linkage.adhoc import draft_text
from linkage.adhoc.draft_columns import Read, postcode_form, read_by_runs
from linkage.adhoc.draft_text import Source
from linkage.adhoc.files.person_file import PersonFile, Recognised, damage_told
from linkage.adhoc.headers.maps import LEFT_OUT
from linkage.adhoc.headers.recognise import NUMBERS
from linkage.adhoc.two_files import Asked, two_files
from linkage.config import FileFormat
from linkage.config.resources import shipped_dir, shipped_names
from linkage.engine import Engine, connect, unfinished
from linkage.errors import ConfigError, InputError, LeoError
from linkage.model.comparisons import comparison
from linkage.model.leo import any_time
from linkage.records.csv_files import read_header

_OF_PERSONS = ("nino", "uln", "upn", *NUMBERS)
"""Numbers that are one person's, in the order in which passes ask for them."""
_SHIPPED = {(): "education", ("uln",): "education", ("nino",): "cis"}
"""Numbers that files share, to the passes and the model that ship for these."""
_BLOCKED = ("email", "phone")
"""What is kept and next to nobody shares, so that a rule may ask for it."""


@dataclass(frozen=True)
class Draft:
    """What `leo config draft` was asked.

    Attributes:
        files: two or more; each is linked with the first.
        run: the run's file, which is written.
        definitions: the folder of definitions, which is written to.
        maps: "left.surname=FAMILY" of the first file, "right." of the second, and of any "SOURCE.surname=FAMILY".
        ids: the key of each file, or one for all; none where they are to be found.
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
    """What was written, and what of the files no run reads.

    Attributes:
        written: files, in the order in which they are to be read.
        notes: for a terminal; no value.
    """

    written: Sequence[Path]
    notes: Sequence[str]


@dataclass
class _File:
    """A file with the name of its source, and what the pairs that it is in have shown of it."""

    path: Path
    name: str
    shown: PersonFile | None = None
    key: str | None = None
    read: Read = field(default_factory=Read)


def draft(
    asked: Draft, *, recognised: Recognised | None = None, progress: Callable[[str], None] | None = None
) -> Drafted:
    """Write a run's file, and the definitions that it needs, for files that nobody has described.

    Args:
        recognised: told which columns were recognised of each pair.
        progress: told what is being done.

    Raises:
        ConfigError: fewer than two files, a map that fits none, or a file of the draft that is there already.
        InputError: a file cannot be read, has no key, or has its names where no run finds them.
    """
    if len(asked.files) < 2:
        raise ConfigError("a run links two files or more, and one was given\n  name a second one")
    files = [_File(path, name) for path, name in zip(asked.files, _names(asked.files), strict=True)]
    say = progress or (lambda _: None)
    with tempfile.TemporaryDirectory(prefix="leo-draft-") as scratch, connect("duckdb") as engine:
        with damage_told(*asked.files):
            for place, file in enumerate(files[1:], 1):
                say(f"{files[0].name} and {file.name}")
                _look(engine, asked, files, place, Path(scratch) / str(place), recognised)
            held = [(file.shown, file.read.roles.get("postcode")) for file in files]
            form = postcode_form(engine, [(shown, column) for shown, column in held if shown and column])
        _refuse_unreadable(files)
        _keep_what_others_keep(files)
        sources = [_source(file, asked, form) for file in files]
    return _written(asked, sources)


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
    """A file's or a folder's name as a run takes one."""
    name = re.sub(r"[^a-z0-9]+", "_", text.split(".")[0].lower()).strip("_")
    return name if re.match("[a-z]", name) else f"file_{name}".rstrip("_")


def _look(
    engine: Engine, asked: Draft, files: Sequence[_File], place: int, scratch: Path, recognised: Recognised | None
) -> None:
    """Read the first file and another one, and note what the pair shows of both."""
    first, other = files[0], files[place]
    keys = (_key_of(asked.ids, 0), _key_of(asked.ids, place))
    # A named key may stand in several rows of a person, which leo link refuses and a run makes a history of.
    left_out = [f"{side}.{LEFT_OUT}={key}" for side, key in zip(("left", "right"), keys, strict=True) if key]
    maps = [*_maps_of(asked.maps, files, place), *left_out]
    ids = ("none" if keys[0] else None, "none" if keys[1] else None)
    pair = Asked(first.path, other.path, maps, ids, asked.delimiter, (asked.encoding, asked.encoding))
    try:
        two = two_files(engine, pair, scratch, recognised)
    except LeoError as fault:
        words = str(fault)
        for map_of_key in left_out:
            words = words.replace(f"--map {map_of_key}", f"--id {map_of_key.partition('=')[2]}")
        if len(files) > 2:
            words = f"{first.name} and {other.name}: {words}"
            words = words.replace("right.", f"{other.name}.").replace("left.", f"{first.name}.")
        raise type(fault)(words) from None
    found = (two.columns.left_id, two.columns.right_id)
    for side, file in enumerate((first, other)):
        file.read = file.read.with_more(read_by_runs(engine, two, side))
        file.shown, file.key = two.files[side], keys[side] or file.key or found[side]


def _maps_of(maps: Sequence[str], files: Sequence[_File], place: int) -> list[str]:
    """The maps of the first file and of another, as the two are called where they are read."""
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
    """The key that is named of a file: the one of all, or its own."""
    if len(ids) > 1 and place >= len(ids):
        raise ConfigError(f"--id is given {len(ids)} times\n  give it once for all files, or once for each")
    return (ids[0] if len(ids) == 1 else ids[place]) if ids else None


def _refuse_unreadable(files: Sequence[_File]) -> None:
    """Refuse files of which a run would find no key or no names: all of them at once."""
    faults = []
    for file in files:
        if not file.shown or not file.shown.form:
            faults.append(
                f"{file.path}: a run reads Parquet, and CSV with names in its first line\n  save it as either"
            )
        elif not file.key:
            faults.append(f"{file.path}: no column tells its records apart\n  name it with --id, or number the rows")
        elif file.key not in file.shown.raw.columns:
            faults.append(f"{file.path}: its key is made of several columns\n  give it one, or number the rows")
        for name in ("forename", "surname"):
            if name not in file.read.roles:
                why = file.read.left_out.get(name, "was not found: name its column with --map")
                faults.append(f"{file.path}: {name} {why}")
    if faults:
        raise InputError("a run cannot read these files as they are\n  " + "\n".join(faults).replace("\n", "\n  "))


def _keep_what_others_keep(files: Sequence[_File]) -> None:
    held = Counter(name for file in files for name in file.read.kept)
    for file in files:
        file.read.kept = {name: column for name, column in file.read.kept.items() if held[name] > 1}


def _source(file: _File, asked: Draft, form: str | None) -> Source:
    fmt = (file.shown and file.shown.form) or FileFormat()
    if fmt.type == "csv" and not _repeats(file.path, fmt):
        fmt = fmt.model_copy(update={"repeated_names": "refuse"})
    path = escape(file.path.absolute().relative_to(_folder(asked.files)).as_posix())
    columns = tuple(file.shown.types) if file.shown else ()
    return Source(file.name, path, columns, file.key or "", file.read, form, fmt)


def _repeats(path: Path, fmt: FileFormat) -> bool:
    """Whether two columns of a file have one name."""
    try:
        read_header(path, fmt.model_copy(update={"repeated_names": "refuse"}))
    except InputError:
        return True
    return False


def _folder(files: Sequence[Path]) -> Path:
    """The folder below which files lie."""
    return Path(os.path.commonpath([file.absolute().parent for file in files]))


def _written(asked: Draft, sources: Sequence[Source]) -> Drafted:
    """Write the draft, whole or not at all."""
    texts = _texts(asked, sources)
    frames = asked.definitions / "catalogue" / "frames.toml"
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


def _texts(asked: Draft, sources: Sequence[Source]) -> dict[Path, str]:
    """The files of a draft, the run's last, to what stands in them."""
    numbers, kept = _numbers(sources), _compared(sources)
    shipped = _SHIPPED.get(tuple(numbers))
    name = re.sub(r"[^a-z0-9_-]+", "-", asked.run.stem.lower()).strip("-_")
    name = name if re.match("[a-z]", name) else f"run-{name}".rstrip("-")
    passes = f"passes/{shipped or name}.toml"
    model = f"models/{shipped if shipped and not kept else name}.json"
    written = {f"catalogue/{source.name}.toml": draft_text.catalogue_text(source) for source in sources}
    written["catalogue/frames.toml"] = draft_text.frames_text(sources)
    if not shipped:
        dated = sum("dob" in source.read.roles for source in sources) > 1
        written[passes] = draft_text.passes_text(numbers, dated=dated)
    if kept or not shipped:
        written[model] = _model(shipped or "education", numbers, kept)
    data = Path(os.path.relpath(_folder(asked.files), asked.run.absolute().parent)).as_posix()
    named = {"passes": passes, "model": model, "definitions": asked.definitions.as_posix()}
    run = draft_text.run_text(name, data, sources, **named)
    return {**{asked.definitions / path: text for path, text in written.items() if text}, asked.run: run}


def _numbers(sources: Sequence[Source]) -> list[str]:
    """Numbers of persons that two of the files hold, or more, as columns of units."""
    held = Counter(name for source in sources for name in source.read.columns.values())
    shared = [name for name in _OF_PERSONS if held[name] > 1]
    return [f"x_{name}" if name in NUMBERS else name for name in shared]


def _compared(sources: Sequence[Source]) -> dict[str, str]:
    """What files keep and is no number of a person: its column in units to the kind of its comparison."""
    kinds = {name: kind for source in reversed(sources) for name, kind in source.read.kinds.items()}
    kept = dict.fromkeys(name for source in sources for name in source.read.kept if name not in NUMBERS)
    return {f"x_{name}": kinds[name] for name in kept}


def _model(shipped: str, numbers: Sequence[str], kept: Mapping[str, str]) -> str:
    """A shipped model with a comparison for each number and for what is kept: their shares are rough until trained."""
    raw: dict[str, Any] = json.loads((shipped_dir() / "models" / f"{shipped}.json").read_text(encoding="utf-8"))
    told = {one["output_column_name"] for one in raw["comparisons"]}
    silent = (told & set(_OF_PERSONS)) - set(numbers)
    raw["comparisons"] = [one for one in raw["comparisons"] if one["output_column_name"] not in silent]
    rules = "blocking_rules_to_generate_predictions"
    raw[rules] = [rule for rule in raw[rules] if not any(f'"{name}_all"' in rule["blocking_rule"] for name in silent)]
    for name, kind in {**dict.fromkeys(numbers, "number"), **kept}.items():
        if name in told:
            continue
        raw["comparisons"].append(comparison(name, kind, history=True))
        if name in numbers or name.removeprefix("x_") in _BLOCKED:
            raw[rules].append(any_time([name]))
    return json.dumps(raw, indent=2, ensure_ascii=False) + "\n"
