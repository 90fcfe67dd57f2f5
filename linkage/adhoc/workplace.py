"""The folder that a verb writes its results to: made beside its place, and put there when it is whole."""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from linkage.engine import Engine, Table
from linkage.errors import ConfigError
from linkage.pipeline.atomic import remove
from linkage.pipeline.folder import MANIFEST
from linkage.pipeline.making import in_the_making
from linkage.pipeline.manifest import Manifest, RunFacts

_OF_PEOPLE = ("review", "tuned")
"""Folders of what people said of the links before these, and of models that they tuned: it cannot be made again."""


class Workplace:
    """A folder in the making, and its manifest."""

    def __init__(self, part: Path, title: str) -> None:
        self.part = part
        self.manifest = Manifest(part, RunFacts(title, "", {}))

    @contextmanager
    def clock(self, name: str) -> Iterator[None]:
        """Seconds of a part of the work, into the manifest."""
        started = time.monotonic()
        yield
        taken = {"name": name, "status": "done", "seconds": round(time.monotonic() - started, 3)}
        self.manifest.content["stages"].append(taken)

    def write(self, engine: Engine, tables: dict[str, Table]) -> dict[str, Any]:
        """Each table as <name>.parquet; its rows and a hash of them, whatever their order."""
        return {name: self._written(engine, table, self.part / f"{name}.parquet") for name, table in tables.items()}

    def _written(self, engine: Engine, table: Table, path: Path) -> dict[str, Any]:
        # The hash is of what was written: a query of wide rows is neither stored nor worked out twice.
        return {"rows": engine.write(table, path), "hash": engine.fingerprint(engine.read(path))}

    def report(self) -> None:
        """The page, from quality/evaluation.json and the manifest, which has its title."""
        from quality.report import render_run

        render_run(self.part)


@contextmanager
def workplace(out: Path, title: str, *, force: bool) -> Iterator[Workplace]:
    """A folder to write to, which takes the place of `out` when all went well.

    Raises:
        ConfigError: `out` holds something already, and is not to be replaced or not ours to replace.
        LeoError: another process is at work on the same folder.
    """
    _refuse_used(out, force)
    place = out.resolve()  # the folder . has no name of its own to call another after
    with in_the_making(place, called=out) as part:
        _refuse_used(out, force)  # once more: another process may just have put its own there
        yield Workplace(part, title)
        remove(part / "scratch")
        for name in _OF_PEOPLE:
            if (out / name).is_dir():
                shutil.copytree(out / name, part / name)


_NOT_HOW = frozenset({"left", "right", "file", "out", "truth", "memory_limit", "threads", "force"})
"""What of a request says which files, where to and with what, and nothing of how they are linked."""


def configuration_hash(request: Any, fields: dict[str, str]) -> str:
    """Of all that a request says of how files are linked, its model's content among it, and of what is compared."""
    said = {name: value for name, value in asdict(request).items() if name not in _NOT_HOW}
    if model := said.get("model"):
        said["model"] = hashlib.sha256(Path(model).read_bytes()).hexdigest()
    return hashlib.sha256(json.dumps([said, fields], sort_keys=True).encode()).hexdigest()[:16]


def _refuse_used(out: Path, force: bool) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise ConfigError(f"--out {out}: is a file\n  give a new or an empty folder")
    is_ours = (out / MANIFEST).is_file() and (out / "links.parquet").is_file()
    if any(out.iterdir()) and not (force and is_ours):
        hint = "give --force to replace it" if is_ours else "it was not written by leo link; give another folder"
        raise ConfigError(f"--out {out}: the folder holds something already\n  {hint}")
