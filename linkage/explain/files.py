"""The folder of `leo link` opened again: its two files are read once more, and must be the files they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.adhoc import persons
from linkage.adhoc.persons import PersonFile
from linkage.config import Step
from linkage.engine import Engine, Table, rows
from linkage.errors import ConfigError, InputError
from linkage.explain.opening import OpenStep, written_passes
from linkage.explain.sides import FileSide
from linkage.match.resolve import Thresholds
from linkage.model import load
from linkage.pipeline.delivery import manifest_of


@dataclass(frozen=True)
class OpenFiles:
    """What `leo link` linked."""

    name: str
    step: OpenStep
    ids: dict[str, Table]  # side to unit_id, source_id

    def unit(self, engine: Engine, side: str, key: str) -> int | None:
        """The unit of a row by the id that its file gives it."""
        wanted = engine.from_arrow(pa.table({"key": pa.array([key], pa.string())}))
        query = "select i.unit_id from {ids} as i join {w} as w on cast(i.source_id as varchar) = w.key"
        found = rows(engine, engine.sql(query, ids=self.ids[side], w=wanted))
        return int(found[0]["unit_id"]) if found else None


def is_linked_files(root: Path) -> bool:
    """Whether a folder was written by `leo link`."""
    return (root / "links.parquet").is_file() and (root / "model.json").is_file()


def open_files(engine: Engine, root: Path, files: Sequence[Path], scratch: Path) -> OpenFiles:
    """The step of a folder of `leo link`.

    Args:
        files: the two files, where they are no longer where they were; else none.
        scratch: a folder that outlives what is returned.

    Raises:
        ConfigError: the folder does not say how the files were read, or is of other files.
        InputError: a file is not there any more, or is another.
    """
    manifest = manifest_of(root)
    said = manifest.get("request")
    if said is None:
        raise ConfigError(
            f"{root}: does not say how two files were read\n"
            "  leo explain reads what leo run and this version's leo link wrote; run leo link again, with --force"
        )
    read = _read(engine, said, files, scratch)
    columns = manifest["recognised"]
    fields = [name for name in columns["left"] if name in columns["right"]]
    postcodes = bool(said["british_postcodes"])
    units, ids = {}, {}
    for side, file in read.items():
        mapped = {name: columns[side][name] for name in fields}
        units[side], ids[side] = persons.units(engine, file, mapped, said["ids"][side], postcodes=postcodes)
    step = Step(
        name="link",
        left="left",
        right="right",
        train=False,
        accept_probability=said["threshold"],
        review_probability=min(0.5, said["threshold"]),
        margin=said["margin"],
    )
    opened = OpenStep(
        step=step,
        model=load(root / "model.json"),
        passes=written_passes(manifest["counts"]["passes"]),
        thresholds=Thresholds(**manifest["counts"]["thresholds"]),
        links=_in_units(engine, root / "links.parquet", _LINKS, ids),
        unlinked=_in_units(engine, root / "unlinked.parquet", _UNLINKED, ids),
        sides={side: FileSide(engine, side, table) for side, table in units.items()},
        known=manifest["counts"].get("known"),
    )
    return OpenFiles(str(manifest["run"]), opened, ids)


_LINKS = """
    select l.unit_id as left_id, r.unit_id as right_id, k.* exclude (left_id, right_id)
    from {t} as k
    join {left} as l on l.source_id = k.left_id
    join {right} as r on r.source_id = k.right_id
    """

_UNLINKED = """
    select u.side, coalesce(l.unit_id, r.unit_id) as id, u.reason
    from {t} as u
    left join {left} as l on u.side = 'left' and cast(l.source_id as varchar) = u.id
    left join {right} as r on u.side = 'right' and cast(r.source_id as varchar) = u.id
    """


def _in_units(engine: Engine, path: Path, query: str, ids: dict[str, Table]) -> Table:
    return engine.sql(query, params=None, store=True, t=engine.read(path), **ids)


def _read(engine: Engine, said: dict[str, Any], files: Sequence[Path], scratch: Path) -> dict[str, PersonFile]:
    """The two files as they were read.

    Raises:
        InputError: one is not there, or not the one that was linked.
    """
    given = files or [Path(said["files"][side]) for side in ("left", "right")]
    found = {}
    for side, path in zip(("left", "right"), given, strict=True):
        if not path.is_file():
            raise InputError(f"{path}: the {side} file is not there\n  say where both are: --files LEFT RIGHT")
        how = {"delimiter": said["delimiter"], "encoding": said["encoding"]}
        file = persons.read(engine, path, scratch / side, **how)
        if file.sha256 != said["sha256"][side]:
            raise InputError(
                f"{path}: is not the {side} file that was linked\n  give that one, or link again: leo link"
            )
        found[side] = file
    return found
