"""What a stage's result depends on, as hashes."""

import contextlib
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from linkage.config.toml_file import json_of
from linkage.errors import InputError
from linkage.pipeline.atomic import write_json
from linkage.pipeline.stage import Stage, makers
from linkage.records.source_files import sha256_of, unreadable

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
    "splink",
)

# Code of every stage.
GROUND = ("linkage.engine", "linkage.catalogue", "linkage.config")


class FileDigests:
    """sha256 of input files, calculated once and remembered by path, size and both
    times of change.

    Of the two times the system's own counts too: what is copied over a file may bring
    the old one's size and date.

    Args:
        cache: a file that keeps them for the next run.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._known: dict[str, list[Any]] = {}  # path to its stamp and sha256
        self._first: dict[Path, str] = {}  # sha256 when the run first read it
        with contextlib.suppress(
            OSError, ValueError
        ):  # a cache that cannot be read is as good as none
            self._known = json_of(cache)

    def of(self, paths: Iterable[Path]) -> dict[Path, str]:
        """Path to sha256.

        Raises:
            InputError: a file is missing or cannot be read, or has changed since it was
                first read: half of the result would be of the one, half of the other.
        """
        keys = {path: (str(path.resolve()), _stamp(path)) for path in paths}
        new = {
            path: key
            for path, (key, stamp) in keys.items()
            if self._known.get(key, [])[:-1] != stamp
        }
        if new:
            with ThreadPoolExecutor(max_workers=2) as pool:
                for path, value in zip(new, pool.map(sha256_of, new), strict=True):
                    self._known[new[path]] = [*keys[path][1], value]
            if self._cache.parent.is_dir():
                with contextlib.suppress(
                    OSError
                ):  # a plan may read where it may not write, or while a run is at work
                    write_json(self._cache, self._known)
        digests = {path: str(self._known[key][-1]) for path, (key, _) in keys.items()}
        if changes := [
            path
            for path, value in digests.items()
            if self._first.setdefault(path, value) != value
        ]:
            raise InputError(
                f"{changes[0]}: was changed while the run was at work\n  wait until "
                "what is delivered is there whole, "
                "then give the same command again"
            )
        return digests

    def one(self, path: Path) -> str:
        """The sha256 of one file; raises as `of`."""
        return self.of([path])[path]


def _stamp(path: Path) -> list[int]:
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(path, error) from None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


@dataclass(frozen=True)
class Fingerprint:
    """The parts are separate so that a plan can say which of them changed."""

    settings: str
    code: str
    files: str
    inputs: dict[str, str]  # stage to the whole of its fingerprint

    @property
    def whole(self) -> str:
        """All parts in one hash."""
        return digest(asdict(self))

    def change(self, before: Mapping[str, Any]) -> str | None:
        """Why a result with the fingerprint `before` is not this one's; None if
        it is.
        """
        reasons = {
            "settings": "configuration changed",
            "files": "input changed",
            "code": "code changed",
        }
        for part, reason in reasons.items():
            if before.get(part) != getattr(self, part):
                return reason
        earlier = before.get("inputs", {})
        changes = [
            stage for stage, value in self.inputs.items() if earlier.get(stage) != value
        ]
        changes += [stage for stage in earlier if stage not in self.inputs]
        return f"follows {changes[0]}" if changes else None


def digest(value: Any) -> str:
    """A short hash of anything that JSON can say."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@functools.cache
def code_version(modules: tuple[str, ...]) -> str:
    """A hash of the source files of modules, of GROUND, and of the versions of
    LIBRARIES.
    """
    sources = {
        f"{module}:{file.relative_to(root)}": hashlib.sha256(
            file.read_bytes()
        ).hexdigest()
        for module in sorted({*modules, *GROUND})
        for root, file in _sources(module)
    }
    return digest([sources, library_versions(LIBRARIES), list(sys.version_info[:2])])


@functools.cache
def library_versions(names: tuple[str, ...]) -> dict[str, str]:
    """Installed version by distribution, without those that are not installed."""
    versions = {}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def _sources(module: str) -> list[tuple[Path, Path]]:
    """Root and path of every file of a package or module: its code, and the templates
    and data that lie with it.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"no module {module}")
    origin = Path(spec.origin)
    if origin.name != "__init__.py":
        return [(origin.parent, origin)]
    files = sorted(
        path
        for path in origin.parent.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    return [(origin.parent, path) for path in files if path.suffix != ".pyc"]


class Fingerprints:
    """Fingerprints of a run's stages, each calculated when it is first needed."""

    def __init__(
        self, stages: Sequence[Stage], files: FileDigests, engine: str
    ) -> None:
        self._made = makers(tuple(stages))
        self.files = files
        self._engine = engine
        self._known: dict[str, Fingerprint] = {}

    def of(self, stage: Stage) -> Fingerprint:
        """The fingerprint of a stage by the configuration, the code and the input files
        of today.

        Raises:
            InputError: an input file cannot be read.
        """
        if stage.name not in self._known:
            read = (*stage.reads, *stage.reads_if_there)
            before = {
                self._made[artefact].name: self._made[artefact] for artefact in read
            }
            digests = self.files.of(stage.files.values())
            self._known[stage.name] = Fingerprint(
                settings=digest({"engine": self._engine, **stage.settings}),
                code=code_version(stage.modules),
                files=digest(
                    {name: digests[path] for name, path in stage.files.items()}
                ),
                inputs={
                    name: self.of(earlier).whole for name, earlier in before.items()
                },
            )
        return self._known[stage.name]
