"""The folder of `leo link` or `leo dedupe` opened again, by the records that it holds."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, Table, quote, rows
from linkage.errors import ConfigError
from linkage.model import load
from linkage.model.comparisons import OF_WORD, OF_WORDS
from linkage.pipeline.ended.linked_files import SOURCE_KEY, is_linked_files, open_linked_files
from quality.explain.opening import OpenStep, written_passes
from quality.explain.sides import FileSide, listed_units

ID = SOURCE_KEY
"""The column of ids in the file."""


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
    """The step of a folder of `leo link` or `leo dedupe`, as `open_linked_files` opens it.

    Args:
        files, keep, say: no longer needed, since the folder holds the records that were linked.
    """
    linked = open_linked_files(engine, root)
    tables = {"file": linked.records["left"]} if linked.of_one_file else dict(linked.records)
    sides = {side: FileSide(engine, "record" if side == "file" else side, table) for side, table in tables.items()}
    counts = linked.manifest["counts"]
    opened = OpenStep(
        step=linked.step,
        model=load(root / "model.json"),
        passes=() if linked.of_one_file else written_passes(counts["passes"]),
        thresholds=linked.thresholds,
        links=linked.links,
        unlinked=linked.unlinked,
        sides={side: sides.get(side) or sides["file"] for side in ("left", "right")},
        known=counts.get("known"),
        clusters=linked.clusters,
        options={"accept_probability": "--threshold"},
    )
    return OpenFiles(str(linked.manifest["run"]), opened, linked.records, linked.manifest)
