"""RUN/manifest.json: what was run, on what, with what result, written while a run goes
on and read again from its folder.

It holds no personal value.
"""

import datetime
import functools
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linkage.config import Gates
from linkage.config.file_run import is_file_run
from linkage.config.resources import own_names
from linkage.config.toml_file import json_of
from linkage.engine import Engine, Table
from linkage.errors import ConfigError, GateError, InputError
from linkage.pipeline.atomic import size, write_json
from linkage.pipeline.fingerprint import LIBRARIES, library_versions
from linkage.pipeline.folder import (
    FROM_A_COPY,
    MANIFEST,
    RunFolder,
    document_of,
    read_manifest,
)
from linkage.pipeline.stage import kind
from linkage.version import FORMAT, VERSION


@dataclass(frozen=True)
class RunFacts:
    """What a run is, apart from its stages.

    Args:
        run: its name, from the configuration.
        config: a hash of the configuration.
        settings: further facts to record, for example the seed, the engine and the
            fingerprint of the master key.
    """

    run: str
    config: str
    settings: dict[str, Any] = field(default_factory=dict)


_OF_A_STAGE = (
    "finished",
    "seconds",
    "cpu_seconds",
    "peak_memory_bytes",
    "counts",
    "made",
)


class Manifest:
    """Kept up to date on disk while the run goes on, each time whole.

    Args:
        planned: the names of all stages in their order.
    """

    def __init__(
        self, root: Path, facts: RunFacts, stage_names: Sequence[str] = ()
    ) -> None:
        self._path, self._begun = root / MANIFEST, time.monotonic()
        self.content: dict[str, Any] = {
            "format": FORMAT,
            "run": facts.run,
            "status": "running",
            "exit": None,
            "started": utc_now(),
            "finished": None,
            "seconds": None,
            "config_hash": facts.config,
            **facts.settings,
            "versions": {
                "leo-linkage": VERSION,
                "python": platform.python_version(),
                **library_versions(LIBRARIES),
            },
            "git_commit": git_commit(),
            "machine": machine(),
            "peak_memory_bytes": 0,
            "inputs": {},
            "headline": {},
            "planned": list(stage_names),
            "stages": [],
        }

    @property
    def skipped(self) -> bool:
        """Whether a stage that is not up to date was left out."""
        return any(stage["status"] == "not run" for stage in self.content["stages"])

    def save(self) -> None:
        """Replace the one before."""
        self.content["peak_memory_bytes"] = max(
            self.content["peak_memory_bytes"], peak_memory()
        )
        write_json(self._path, self.content)

    def stage(
        self, name: str, status: str, reason: str, summary: dict[str, Any] | None
    ) -> None:
        """Record a stage: status done, kept, not run, withheld, failed or
        interrupted.
        """
        entry: dict[str, Any] = {"name": name, "status": status, "reason": reason}
        if summary:
            entry |= {key: summary[key] for key in _OF_A_STAGE}
            entry["fingerprint"] = summary["fingerprint"]["whole"]
            self.content["inputs"] |= summary["counts"].get("inputs", {})
            self.content["headline"] |= summary["counts"].get("headline", {})
            entry["counts"] = {
                k: v
                for k, v in entry["counts"].items()
                if k not in ("inputs", "headline")
            }
        self.content["stages"].append(entry)
        self.save()

    def end(self, status: str, exit_code: int, message: str | None = None) -> None:
        """Record how the run ended."""
        self.content |= {
            "status": status,
            "exit": int(exit_code),
            "finished": utc_now(),
        }
        self.content["seconds"] = round(
            time.monotonic() - self._begun, 3
        )  # a clock may be put back
        if message:
            self.content["message"] = message
        self.save()


def utc_now() -> str:
    """This moment, as manifests write it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def peak_memory() -> int:
    """The most memory this process has used so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def machine() -> dict[str, Any]:
    """Cores and memory of this machine, not its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_bytes": memory,
        "system": platform.system(),
        "kind": platform.machine(),
    }


@functools.cache
def git_commit() -> str | None:
    """The commit of the checkout that the code runs from, with a + where files differ
    from it; None elsewhere.
    """
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None

    def git(*words: str) -> str:
        call = subprocess.run(
            ["git", "-C", str(root), *words],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
        return call.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + (
            "+" if git("status", "--porcelain", "--untracked-files=no") else ""
        )
    except (OSError, subprocess.SubprocessError):
        return None


class _Part(BaseModel):
    """A part of a manifest: what is read of it has its type; any other key is
    ignored.
    """

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
    dataset: str | None = None
    file: str | None = None


class _Configuration(_Part):
    run: dict[str, Any] = Field({})
    source: dict[str, _Source] = Field({})
    step: list[_Step] = Field([])
    outputs: dict[str, Any] = Field({})
    gates: Gates = Gates()


class _Manifest(_Part):
    run: str
    planned: list[str] = Field([])
    status: str = "unknown"
    exit: int | None = None
    engine: Literal["duckdb", "spark"] = "duckdb"
    stages: list[_Stage] = Field([])
    versions: dict[str, str] = Field({})
    inputs: dict[str, dict[str, Any]] = Field({})
    configuration: _Configuration | None = None


def is_synthetic(data: Path) -> bool:
    """Whether leo synth made the data: its manifest is in the folder, or next to one of
    several releases.
    """
    for folder in (data, data.parent):
        try:
            manifest = json_of(folder / "manifest.json")
        except (OSError, ValueError):
            continue
        if isinstance(manifest, dict) and manifest.keys() >= {
            "people",
            "preset",
            "seed",
        }:
            return True
    return False


def check_shape(root: Path, manifest: dict[str, Any]) -> _Manifest:
    """A manifest as it is read.

    Raises:
        ConfigError: it is damaged; the message names the first such place.
    """
    try:
        return _Manifest.model_validate(manifest)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place, text = ".".join(str(part) for part in fault["loc"]), str(fault["msg"])
        raise ConfigError(
            f"{root / MANIFEST}: is damaged, or not the manifest of a run: {place}: "
            f"{text[0].lower()}{text[1:]}\n"
            f"  {FROM_A_COPY} in a new one"
        ) from None


def manifest_of(root: Path) -> dict[str, Any]:
    """As `read_manifest`, of a folder whose files are as they were written.

    Raises:
        ConfigError: as of `read_manifest`, or it was made with definitions that are not
            in use.
        InputError: as of `read_manifest`, or a table or document of it has changed.
    """
    manifest = read_manifest(root)
    if absent := sorted(set(manifest.get("definitions", [])) - set(own_names())):
        raise ConfigError(
            f"{root}: was made with definitions of one's own: {', '.join(absent)}\n"
            "  give their folder before the verb: leo --definitions FOLDER ..."
        )
    check_intact(root, manifest)
    return manifest


def manifest_of_sources(
    root: Path, remedy: str = "give the folder that leo run wrote to"
) -> dict[str, Any]:
    """As `manifest_of`, of a folder of `leo run`: it has a configuration, and tables of
    each step.

    Args:
        remedy: what to do if the folder is of `leo link` or `leo dedupe`.
    """
    manifest = manifest_of(root)
    if "configuration" not in manifest or is_file_run(manifest["configuration"]):
        raise ConfigError(f"{root}: is not a folder of leo run\n  {remedy}")
    return manifest


def ended_well(root: Path) -> dict[str, Any]:
    """As `manifest_of_sources`, of a run that has ended well.

    Raises:
        GateError: the run has not ended, failed, or a gate stopped it.
    """
    manifest = manifest_of_sources(
        root,
        "leo link and leo dedupe make no release: name the sources in a run's file, "
        "and give its folder",
    )
    if manifest.get("status") == "gate failed":
        reason = "".join(
            f"\n  {line.strip()}"
            for line in str(manifest.get("message") or "").splitlines()
        )
        raise GateError(
            f"{root}: the run's status is 'gate failed', so nothing may leave "
            f"it{reason}\n"
            "  correct what a gate names, or change [gates], then give the same leo "
            "run again"
        )
    if manifest.get("exit") != 0 or manifest.get("status") == "partial":
        raise GateError(
            f"{root}: the run's status is '{manifest.get('status')}', so nothing may "
            "leave it\n"
            "  finish it first: leo run"
        )
    return manifest


def check_intact(root: Path, manifest: dict[str, Any]) -> None:
    """Check that a manifest has the shape that is read, and that a run's tables and
    documents have their size.

    What is missing is reported by its reader: stages of an old release may be taken
    away. Extracts and reports may be made again at any time.

    Raises:
        ConfigError: the manifest is damaged; the message names the first such place.
        InputError: a file has changed.
    """
    folder = RunFolder(root)
    for stage in check_shape(root, manifest).stages:
        tables = folder.find(stage.name)
        for name, facts in stage.made.items():
            if (
                kind(name) == "folder"
                or facts.bytes is None
                or (kind(name) == "table" and tables is None)
            ):
                continue
            path = folder.path(name, stage.name)
            if (actual := size(path)) in (-1, facts.bytes):
                continue
            if path.suffix == ".json":
                document_of(path)
            raise InputError(
                f"{path}: is not as it was written: it has {actual:,} bytes, and had "
                f"{facts.bytes:,}\n"
                "  take it from a copy of the folder, or give the same leo run, which "
                "makes it again"
            )


def rows_made(stage: Mapping[str, Any]) -> int | None:
    """Rows of all tables that a stage made; None where it makes none."""
    counts = [
        facts["rows"] for facts in stage.get("made", {}).values() if "rows" in facts
    ]
    return sum(counts) if counts else None


def steps_to_come(manifest: Mapping[str, Any]) -> list[str]:
    """Steps that a run which has not ended, or failed, has yet to link."""
    linked = {stage["name"] for stage in manifest["stages"] if stage.get("made")}
    return [
        step["name"]
        for step in manifest["configuration"]["step"]
        if f"link-{step['name']}" not in linked
    ]


def tables_of(root: Path, manifest: Mapping[str, Any]) -> dict[str, Path]:
    """Every table of a run and where it lies."""
    folder = RunFolder(root)
    return {
        name: folder.path(name, stage["name"])
        for stage in manifest["stages"]
        for name, facts in stage.get(
            "made", {}
        ).items()  # a stage that failed made nothing
        if "rows" in facts
    }


def read_tables(
    engine: Engine, root: Path, manifest: Mapping[str, Any]
) -> dict[str, Table]:
    """Every table of a run, opened."""
    return {name: engine.read(path) for name, path in tables_of(root, manifest).items()}
