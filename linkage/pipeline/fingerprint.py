"""What a stage's result depends on, as hashes, and which stages have to run because one of these changed."""

import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from linkage.pipeline.file_digests import FileDigests
from linkage.pipeline.folder import RunFolder
from linkage.pipeline.stage import Stage, makers

# A new version of one of these may change what a query or a model gives.
LIBRARIES = (
    "duckdb",
    "pyarrow",
    "sqlglot",
    "numpy",
    "scipy",
    "anyascii",
    "rapidfuzz",
    "pyspark",
    "great-expectations",
    "highspy",
)

# Code of every stage.
GROUND = ("linkage.engine", "linkage.catalogue", "linkage.config")


@dataclass(frozen=True)
class Fingerprint:
    """The parts, kept apart so that a plan can say which of them changed."""

    settings: str
    code: str
    files: str
    inputs: dict[str, str]  # stage to the whole of its fingerprint

    @property
    def whole(self) -> str:
        """All parts in one hash."""
        return digest(asdict(self))

    def change(self, before: Mapping[str, Any]) -> str | None:
        """Why a result with the fingerprint `before` is not this one's; None where it is."""
        reasons = {"settings": "configuration changed", "files": "input changed", "code": "code changed"}
        for part, reason in reasons.items():
            if before.get(part) != getattr(self, part):
                return reason
        earlier = before.get("inputs", {})
        changed = [stage for stage, value in self.inputs.items() if earlier.get(stage) != value]
        changed += [stage for stage in earlier if stage not in self.inputs]
        return f"follows {changed[0]}" if changed else None


def digest(value: Any) -> str:
    """A short hash of anything that JSON can say."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def stage_fingerprint(stage: Stage, inputs: Mapping[str, str], files: FileDigests, engine: str) -> Fingerprint:
    """The fingerprint of a stage, given those of the stages that feed it.

    Raises:
        InputError: an input file cannot be read.
    """
    found = files.of(stage.files.values())
    return Fingerprint(
        settings=digest({"engine": engine, **stage.settings}),
        code=code_version(stage.modules),
        files=digest({name: found[path] for name, path in stage.files.items()}),
        inputs=dict(inputs),
    )


@functools.cache
def code_version(modules: tuple[str, ...]) -> str:
    """A hash of the source files of modules, of GROUND, and of the versions of LIBRARIES."""
    sources = {
        f"{module}:{file.relative_to(root)}": hashlib.sha256(file.read_bytes()).hexdigest()
        for module in sorted({*modules, *GROUND})
        for root, file in _sources(module)
    }
    return digest([sources, library_versions(LIBRARIES), list(sys.version_info[:2])])


@functools.cache
def library_versions(names: tuple[str, ...]) -> dict[str, str]:
    """Installed version by distribution; those that are not installed are left out."""
    versions = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _sources(module: str) -> list[tuple[Path, Path]]:
    """Root and path of every file of a package or module: its code, and the templates and data that lie with it."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"no module {module}")
    origin = Path(spec.origin)
    if origin.name != "__init__.py":
        return [(origin.parent, origin)]
    files = sorted(path for path in origin.parent.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [(origin.parent, path) for path in files if path.suffix != ".pyc"]


@dataclass(frozen=True)
class Decision:
    """What is to be done with one stage."""

    stage: Stage
    run: bool
    reason: str


class Fingerprints:
    """Fingerprints of a run's stages, each worked out when it is first asked for."""

    def __init__(self, stages: Sequence[Stage], files: FileDigests, engine: str) -> None:
        self._made = makers(tuple(stages))
        self.files = files
        self._engine = engine
        self._known: dict[str, Fingerprint] = {}

    def of(self, stage: Stage) -> Fingerprint:
        """The fingerprint of a stage as the configuration, the code and the input files are now.

        Raises:
            InputError: an input file cannot be read.
        """
        if stage.name not in self._known:
            read = (*stage.reads, *stage.reads_if_there)
            before = {self._made[artefact].name: self._made[artefact] for artefact in read}
            inputs = {name: self.of(earlier).whole for name, earlier in before.items()}
            self._known[stage.name] = stage_fingerprint(stage, inputs, self.files, self._engine)
        return self._known[stage.name]


def reason_to_run(stage: Stage, folder: RunFolder, fingerprints: Fingerprints, *, force: bool) -> str | None:
    """Why a stage has to run; None where it is up to date.

    A stage that runs again only because its output is gone gives what it gave before: what follows it is kept.
    """
    summary = folder.summary(stage.name)
    if summary is None:
        return "new"  # without a look at its input files, so that the plan of a new run costs nothing
    if force:
        return "forced"
    changed = fingerprints.of(stage).change(summary["fingerprint"])
    if changed:
        return changed
    gone = folder.missing(stage.name, summary)
    return f"output missing or altered: {gone}" if gone else None


def decide(stages: Sequence[Stage], folder: RunFolder, fingerprints: Fingerprints, *, force: bool) -> list[Decision]:
    """A decision for each stage, in their order."""
    reasons = [reason_to_run(stage, folder, fingerprints, force=force) for stage in stages]
    return [Decision(stage, bool(why), why or "up to date") for stage, why in zip(stages, reasons, strict=True)]
