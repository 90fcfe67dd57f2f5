"""Whether a folder is as the verb left it that made it: a manifest of the shape that is read, and files as written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linkage.config import Gates
from linkage.engine import Engine, Table
from linkage.errors import ConfigError, InputError
from linkage.pipeline.atomic import size
from linkage.pipeline.folder import MANIFEST, RunFolder
from linkage.pipeline.stage import kind

_OF_A_COPY = "take it from a copy of the folder, or make the run again"

LINKS_OF_FILES = ("left_id", "right_id", "match_weight", "decision")
UNLINKED_OF_FILES = ("side", "id", "reason")
CLUSTERS_OF_A_FILE = ("id", "person_id", "records")
"""What is read of the tables of `leo link` and `leo dedupe`."""


class _Part(BaseModel):
    """A part of a manifest: what is read of it has its type; what else stands there is left alone."""

    model_config = ConfigDict(strict=True)


class _Made(_Part):
    bytes: int | None = None
    rows: int | None = None


class _Stage(_Part):
    name: str
    status: str = "unknown"
    counts: dict[str, Any] | None = None
    made: dict[str, _Made] = Field({})


class _Step(_Part):
    name: str
    left: str
    right: str


class _Source(_Part):
    dataset: str


class _Configuration(_Part):
    run: dict[str, Any] = Field({})
    source: dict[str, _Source] = Field({})
    step: list[_Step] = Field([])
    outputs: dict[str, Any] = Field({})
    gates: Gates = Gates()


class _Manifest(_Part):
    run: str
    status: str = "unknown"
    exit: int | None = None
    engine: Literal["duckdb", "spark"] = "duckdb"
    stages: list[_Stage] = Field([])
    versions: dict[str, str] = Field({})
    inputs: dict[str, dict[str, Any]] = Field({})
    configuration: _Configuration | None = None
    recognised: dict[str, dict[str, Any]] | None = None
    request: dict[str, Any] | None = None
    counts: dict[str, Any] = Field({})
    tables: dict[str, dict[str, Any]] = Field({})


def see_that_it_is_intact(root: Path, manifest: dict[str, Any]) -> None:
    """See that a folder's manifest can be read, and that a run's tables and documents are of the size they had.

    What is gone is reported by whoever reads it: stages of an old release may be taken away. Extracts and reports may
    be made again at any time.

    Raises:
        ConfigError: the manifest is damaged; the first place of it that is.
        InputError: a file is another than was written.
    """
    try:
        parsed = _Manifest.model_validate(manifest)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        text = str(fault["msg"])
        raise ConfigError(
            f"{root / MANIFEST}: is damaged, or no manifest of a run: {place}: {text[0].lower()}{text[1:]}\n"
            f"  {_OF_A_COPY} in a new one"
        ) from None
    written: dict[Path, int | None] = {}
    folder = RunFolder(root)
    for stage in parsed.stages:
        tables = folder.find(stage.name)
        for name, about in stage.made.items():
            if kind(name) == "document":
                written[root / name] = about.bytes
            elif kind(name) == "table" and tables:
                written[tables / f"{name}.parquet"] = about.bytes
    for path, expected in written.items():
        found_bytes = size(path)
        if expected is None or found_bytes in (-1, expected):
            continue
        if path.suffix == ".json":
            document_of(path)
        raise InputError(
            f"{path}: is not as it was written: it has {found_bytes:,} bytes, and had {expected:,}\n"
            "  take it from a copy of the folder, or give the same leo run, which makes it again"
        )


def is_of_files(manifest: Mapping[str, Any]) -> bool:
    """Whether a folder was written by `leo link` or `leo dedupe`, whose manifest has links and no configuration."""
    return "links" in manifest.get("tables", {}) and "configuration" not in manifest


def table_of(engine: Engine, path: Path, *needed: str) -> Table:
    """A table that a folder of `leo link` or `leo dedupe` holds.

    Raises:
        InputError: it is gone, or lacks a column that is read.
    """
    table = engine.read(path)
    if lacking := [name for name in needed if name not in table.columns]:
        raise InputError(
            f"{path}: lacks {', '.join(lacking)}\n  take it from a copy of the folder, or link again, with --force"
        )
    return table


def document_of(path: Path, remedy: str = _OF_A_COPY) -> dict[str, Any]:
    """A document of a folder.

    Raises:
        InputError: it is damaged.
    """
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found, why = None, "no JSON"
    else:
        why = "it holds no table of facts"
    if not isinstance(found, dict):
        raise InputError(f"{path}: is damaged: {why}\n  {remedy}") from None
    return found
