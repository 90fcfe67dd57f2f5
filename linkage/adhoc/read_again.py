"""What a folder's manifest says of how its files were read; and the files read once more, as they were read then."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from linkage.adhoc.codes import rare_words
from linkage.adhoc.columns.made_of import remade
from linkage.adhoc.columns.taken_apart import taken_apart
from linkage.adhoc.columns.two_in_a_row import elder_first
from linkage.adhoc.fields import persons
from linkage.adhoc.fields.alike import alike
from linkage.adhoc.fields.persons import PersonFile
from linkage.adhoc.headers.recognise import Columns
from linkage.adhoc.names import consonants
from linkage.engine import Engine, Table
from linkage.errors import InputError


def told(
    files: Mapping[str, PersonFile],
    columns: Columns,
    *,
    delimiter: str | None,
    postcodes: bool,
    words: Sequence[str] = (),
) -> dict[str, Any]:
    """How files were read, for the manifest.

    Args:
        files: "left" and "right", or "file" alone where one was linked with itself.
        columns: as they were recognised, before the files were made alike.
        postcodes: whether postcodes were taken for British ones.
        words: fields that are compared by their rare words.
    """
    ids, parts = (columns.left_id, columns.right_id), (columns.left_parts, columns.right_parts)
    return {
        "files": {side: str(file.path) for side, file in files.items()},
        "sha256": {side: file.sha256 for side, file in files.items()},
        "ids": dict(zip(files, ids, strict=False)),
        "columns": dict(zip(files, (columns.left, columns.right), strict=False)),
        "parts": dict(zip(files, parts, strict=False)),
        "delimiter": delimiter,
        "encodings": {side: file.encoding for side, file in files.items()},
        "british_postcodes": postcodes,
        "words": list(words),
        "both_persons": any(file.both_persons for file in files.values()),
        "taken_apart": any(file.taken_apart for file in files.values()),
        "made_of": {side: [list(astuple(made)) for made in file.made_of] for side, file in files.items()},
    }


def read_again(
    engine: Engine, said: Mapping[str, Any], paths: Sequence[Path], scratch: Path
) -> dict[str, tuple[Table, Table]]:
    """Units (unit_id and the compared fields) and ids (unit_id, source_id) of each file, numbered as they were.

    Args:
        said: as `told` made it.
        paths: where the files are now; none where they are where they were.
        scratch: a folder that outlives what is returned.

    Raises:
        InputError: a file is not there any more, or is another.
    """
    sides = list(said["files"])
    given = paths or [Path(path) for path in said["files"].values()]
    if len(given) != len(sides):
        raise InputError(f"--files: {len(sides)} file{'s were' if len(sides) > 1 else ' was'} linked; name as many")
    files = [_same_file(engine, said, side, path, scratch / side) for side, path in zip(sides, given, strict=True)]
    fields, parts, ids = ([said[key][side] for side in sides] for key in ("columns", "parts", "ids"))
    if said.get("taken_apart"):
        files, _ = taken_apart(engine, files)
    if said.get("both_persons"):
        files = elder_first(engine, files)
    files = remade(engine, files, dict(enumerate(said.get("made_of", {}).values())))
    columns = Columns(fields[0], fields[-1], ids[0], ids[-1], parts[0], parts[-1])
    shaped, at = alike(engine, files, columns)
    further: list[dict[str, str]] = [{} for _ in shaped]
    if at.by_consonants or at.by_sounds or at.translated:
        read = consonants.as_written(engine, shaped, (columns.left, columns.right))
        shaped, further = [file for file, _ in read], [{consonants.AS_WRITTEN: column} for _, column in read]
    made = {}
    for side, file, where, more, id_column in zip(sides, shaped, (at.left, at.right), further, ids, strict=False):
        compared = {name: where[name] for name in at.fields} | more
        made[side] = persons.units(engine, file, compared, id_column, postcodes=said["british_postcodes"])
    tables = rare_words.beside(engine, [units for units, _ in made.values()], said.get("words", ()))
    return {side: (table, made[side][1]) for side, table in zip(made, tables, strict=True)}


def _same_file(engine: Engine, said: Mapping[str, Any], side: str, path: Path, scratch: Path) -> PersonFile:
    called = "file" if side == "file" else f"{side} file"
    if not path.is_file():
        remedy = "say where it is: --files FILE" if side == "file" else "say where both are: --files LEFT --files RIGHT"
        raise InputError(f"{path}: the {called} is not there\n  {remedy}")
    file = persons.read(engine, path, scratch, delimiter=said["delimiter"], encoding=said["encodings"][side])
    if file.sha256 != said["sha256"][side]:
        raise InputError(f"{path}: is not the {called} that was linked\n  give that one, or link again")
    return file
