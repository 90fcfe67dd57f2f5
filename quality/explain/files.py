"""The folder of `leo link` or `leo dedupe` opened again: its files are read once more, and must be the files they were.

What was read, in the form in which it was compared, is kept in the folder for the next question: a million rows take
seconds to read and to bring into one form, and a question is seldom the last. It is personal data, as the files are,
so that only the owner may open the folder that it lies in.
"""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.config import Step
from linkage.engine import Engine, Table, quote, rows, scratch_folder
from linkage.errors import ConfigError, LeoError
from linkage.match.resolution.resolve import Thresholds
from linkage.model import load
from linkage.model.comparisons import OF_WORD, OF_WORDS
from linkage.pipeline.ended.delivery import manifest_of
from linkage.pipeline.ended.intact import CLUSTERS_OF_A_FILE, LINKS_OF_FILES, UNLINKED_OF_FILES, is_of_files, table_of
from linkage.pipeline.running.folder import MANIFEST
from linkage.pipeline.running.making import in_the_making
from quality.explain.opening import OpenStep, further_of, written_passes
from quality.explain.sides import FileSide, listed_units

KEPT = "explained"
"""The folder, inside that of the links, of what was read."""
ID = "id in file"
"""The column of ids; with spaces, so that no compared field has its name."""


Ids = dict[tuple[str, int], str]
"""Side and number of a row, to its id in the file: for the eyes of an analyst at a terminal alone."""


@dataclass(frozen=True)
class OpenFiles:
    """What `leo link` or `leo dedupe` linked.

    Attributes:
        records: side to unit_id, the id in the file (ID, text) and the fields; of one file, both sides are that file.
        manifest: what the folder says of itself.
    """

    name: str
    step: OpenStep
    records: Mapping[str, Table]
    manifest: Mapping[str, Any]

    @property
    def called(self) -> tuple[str, str]:
        """What the two files are called; the same where a file was linked with itself."""
        names = [Path(path).name for path in self.manifest["request"]["files"].values()]
        if len(names) == 2 and names[0] == names[1]:
            return f"left {names[0]}", f"right {names[1]}"
        return names[0], names[-1]

    @property
    def fields(self) -> tuple[str, ...]:
        """What was read of both sides, in the order of the left one."""
        shared = self.records["right"].columns
        return tuple(
            name
            for name in self.records["left"].columns
            if name in shared and name not in (ID, "unit_id") and not name.endswith((OF_WORDS, OF_WORD))
        )

    def see_that_it_is(self, step: str | None) -> None:
        """Refuse a step of another name than the only one.

        Raises:
            ConfigError: it has another.
        """
        name = self.step.step.name
        if step not in (None, name):
            raise ConfigError(f"--step {step}: the folder has no such step; it has {name}")

    def unit(self, engine: Engine, side: str, key: str, option: str) -> int:
        """The unit of a row by the id that its file gives it.

        Raises:
            ConfigError: the file has no such row. The message does not repeat the key.
        """
        wanted = engine.from_arrow(pa.table({ID: pa.array([key], pa.string())}))
        query = f"select i.unit_id from {{ids}} as i join {{wanted}} as w using ({quote(ID)})"
        found = rows(engine, engine.sql(query, ids=self.records[side], wanted=wanted))
        if not found:
            which = "the file" if self.step.of_one_file else f"the {side} file"
            raise ConfigError(
                f"{option}: {which} has no row with this id\n"
                "  give an id as links.parquet has it: the id column of the file, or the number of the row"
            )
        return int(found[0]["unit_id"])

    def id_of(self, engine: Engine, side: str, units: Collection[int]) -> dict[int, str]:
        """Unit to the id that its file gives it: for the eyes of an analyst alone."""
        wanted = listed_units(engine, sorted(units))
        query = f"select unit_id, i.{quote(ID)} as id from {{ids}} as i join {{wanted}} using (unit_id)"
        found = rows(engine, engine.sql(query, ids=self.records[side], wanted=wanted))
        return {int(row["unit_id"]): str(row["id"]) for row in found}

    def ids_of(self, engine: Engine, found: Mapping[str, Any]) -> Ids:
        """The ids of all rows that an answer names."""
        named = sorted(set(_rows_named(found)))
        ids: Ids = {}
        for side in dict.fromkeys(source for source, _ in named):
            numbers = [row for source, row in named if source == side]
            given = self.id_of(engine, side if side in self.records else "left", numbers)
            ids |= {(side, number): text for number, text in given.items()}
        return ids


def _rows_named(found: Any) -> Iterator[tuple[str, int]]:
    """Side and number of each row that stands anywhere in an answer."""
    if isinstance(found, Mapping):
        if {"source", "entity_id"} <= set(found):
            yield str(found["source"]), int(found["entity_id"])
        for part in found.values():
            yield from _rows_named(part)
    elif isinstance(found, list):
        for part in found:
            yield from _rows_named(part)


def is_linked_files(root: Path) -> bool:
    """Whether a folder was written by `leo link` or `leo dedupe`."""
    return (root / MANIFEST).is_file() and is_of_files(manifest_of(root))


def open_if_files(
    engine: Engine, root: Path, files: Sequence[Path], *, keep: bool = True, say: Callable[[str], None] | None = None
) -> OpenFiles | None:
    """The step of a folder of `leo link` or `leo dedupe`, as `open_files` opens it; None of a run's folder.

    Raises:
        ConfigError: files are named for a run's folder, or as of `open_files`.
        InputError: as of `open_files`.
    """
    if is_linked_files(root):
        return open_files(engine, root, files, keep=keep, say=say)
    if files:
        raise ConfigError(f"--files: {root} is a run's folder, which holds what it needs\n  leave --files out")
    return None


def open_files(
    engine: Engine, root: Path, files: Sequence[Path], *, keep: bool = True, say: Callable[[str], None] | None = None
) -> OpenFiles:
    """The step of a folder of `leo link` or `leo dedupe`.

    Args:
        files: the files, where they are no longer where they were; else none.
        keep: leave what was read in the folder, for the next question.
        say: told what takes time.

    Raises:
        ConfigError: the folder does not say how the files were read, or holds links alone.
        InputError: a file is not there any more, or is another.
    """
    manifest = manifest_of(root)
    if manifest.get("links_only"):
        raise ConfigError(
            f"{root}: holds links alone, and nothing of what they beat\n  link again without --links-only"
        )
    said = manifest.get("request") or {}
    if "parts" not in said:
        raise ConfigError(
            f"{root}: does not say how its files were read\n"
            "  this version's leo link and leo dedupe write that down: link again, with --force"
        )
    tables = _tables(engine, root, said, files, keep=keep, say=say or (lambda _: None))
    one_file = "clusters" in tables
    sides = {side: FileSide(engine, "record" if one_file else side, tables[side]) for side in said["files"]}
    both = {side: sides.get(side) or sides["file"] for side in ("left", "right")}
    opened = OpenStep(
        step=_step(said, one_file=one_file),
        model=load(root / "model.json"),
        passes=() if one_file else written_passes(manifest["counts"]["passes"]),
        thresholds=_thresholds(manifest, said),
        links=tables["links"],
        unlinked=tables.get("unlinked"),
        sides=both,
        known=manifest["counts"].get("known"),
        clusters=tables.get("clusters"),
        further=further_of(manifest["counts"]),
        options={"accept_probability": "--threshold"} | ({} if one_file else {"margin": "--margin"}),
    )
    records = {side: tables.get(side) or tables["file"] for side in both}
    return OpenFiles(str(manifest["run"]), opened, records, manifest)


def _step(said: Mapping[str, Any], *, one_file: bool) -> Step:
    from linkage.adhoc.steps import step_of

    if not one_file:
        return step_of(said)
    return Step(
        name="dedupe",
        left="file",
        right="file",
        cardinality="many-to-many",
        train=False,
        accept_probability=said["threshold"],
        review_probability=min(0.5, said["threshold"]),
        margin=0.0,
    )


def _thresholds(manifest: Mapping[str, Any], said: Mapping[str, Any]) -> Thresholds:
    from linkage.adhoc.dedupe import limits_of

    written = manifest["counts"].get("thresholds")
    return Thresholds(**written) if written else limits_of(said["threshold"])


def _tables(
    engine: Engine,
    root: Path,
    said: Mapping[str, Any],
    files: Sequence[Path],
    *,
    keep: bool,
    say: Callable[[str], None],
) -> dict[str, Table]:
    """Each file's units with their ids in the file, and links, unlinked or clusters by the numbers of units."""
    names = [*said["files"], "links", "clusters" if "file" in said["files"] else "unlinked"]
    kept = root / KEPT
    if not kept.is_dir() or files:
        say("reading what was linked" + (f", once: kept in {kept}, which holds personal data" if keep else ""))
        made = _read(engine, root, said, files)
        if not (keep and _keep(engine, made, kept)):
            return made
    return {name: engine.read(kept / f"{name}.parquet") for name in names}


def _keep(engine: Engine, tables: Mapping[str, Table], kept: Path) -> bool:
    """Leave what was read in the folder; False where another process is just doing the same."""
    with contextlib.ExitStack() as making:
        try:
            part = making.enter_context(in_the_making(kept, mode=0o700))
        except (LeoError, FileNotFoundError):  # the other is at it, or has just put it in its place
            return False
        for name, table in tables.items():
            engine.write(table, part / f"{name}.parquet")
    return True


def _read(engine: Engine, root: Path, said: Mapping[str, Any], files: Sequence[Path]) -> dict[str, Table]:
    from linkage.adhoc.read_again import read_again

    made: dict[str, Table] = {}
    ids = {}
    with scratch_folder() as scratch:
        for side, (units, source_ids) in read_again(engine, said, files, scratch).items():
            made[side] = engine.sql(_UNITS, units=units, ids=source_ids, store=True)
            ids[side] = made[side]
    sides = {side: ids.get(side) or ids["file"] for side in ("left", "right")}
    made["links"] = _in_units(engine, table_of(engine, root / "links.parquet", *LINKS_OF_FILES), _LINKS, sides)
    if "file" in ids:
        clusters = table_of(engine, root / "clusters.parquet", *CLUSTERS_OF_A_FILE)
        made["clusters"] = _in_units(engine, clusters, _CLUSTERS, {"file": ids["file"]})
    else:
        unlinked = table_of(engine, root / "unlinked.parquet", *UNLINKED_OF_FILES)
        made["unlinked"] = _in_units(engine, unlinked, _UNLINKED, sides)
    return made


def _in_units(engine: Engine, held: Table, query: str, sides: Mapping[str, Table]) -> Table:
    return engine.sql(query, params=None, store=True, t=held, **sides)


_UNITS = """
    select cast(i.source_id as varchar) as "id in file", u.*
    from {units} as u
    join {ids} as i using (unit_id)
    """

_LINKS = """
    select l.unit_id as left_id, r.unit_id as right_id, k.* exclude (left_id, right_id)
    from {t} as k
    join {left} as l on l."id in file" = cast(k.left_id as varchar)
    join {right} as r on r."id in file" = cast(k.right_id as varchar)
    """

_UNLINKED = """
    select u.side, coalesce(l.unit_id, r.unit_id) as id, u.reason
    from {t} as u
    left join {left} as l on u.side = 'left' and l."id in file" = u.id
    left join {right} as r on u.side = 'right' and r."id in file" = u.id
    """

_CLUSTERS = """
    select i.unit_id, c.person_id, c.records
    from {t} as c
    join {file} as i on i."id in file" = cast(c.id as varchar)
    """
