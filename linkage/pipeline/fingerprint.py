"""What a stage's result depends on, as hashes: settings, code, input files, and the stages before it."""

import contextlib
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from linkage.errors import InputError
from linkage.pipeline.atomic import write_json
from linkage.pipeline.stage import Stage

T = TypeVar("T")

# A new version of one of these may change what a query or a model gives.
LIBRARIES = (
    "duckdb",
    "pyarrow",
    "sqlglot",
    "numpy",
    "scipy",
    "anyascii",
    "nicknames",
    "rapidfuzz",
    "pyspark",
    "great-expectations",
)

# The ground floor is code of every stage.
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


def of(stage: Stage, inputs: Mapping[str, str], files: "FileDigests", engine: str) -> Fingerprint:
    """The fingerprint of a stage, given those of the stages that feed it.

    Raises:
        InputError: an input file cannot be read.
    """
    found = files.of(stage.files.values())
    return Fingerprint(
        settings=digest({"engine": engine, **stage.settings}),
        code=code_version(stage.rooms),
        files=digest({name: found[path] for name, path in stage.files.items()}),
        inputs=dict(inputs),
    )


@functools.cache
def code_version(rooms: tuple[str, ...]) -> str:
    """A hash of the source files of rooms and the ground floor, and of the versions of the libraries they stand on."""
    sources = {
        f"{room}:{file.relative_to(root)}": hashlib.sha256(file.read_bytes()).hexdigest()
        for room in sorted({*rooms, *GROUND})
        for root, file in _sources(room)
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


def _sources(room: str) -> list[tuple[Path, Path]]:
    """Root and path of every file of a room: its code, and the templates and data that lie with it."""
    spec = importlib.util.find_spec(room)
    if spec is None or spec.origin is None:
        raise ValueError(f"no room {room}")
    origin = Path(spec.origin)
    if origin.name != "__init__.py":
        return [(origin.parent, origin)]
    files = sorted(path for path in origin.parent.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [(origin.parent, path) for path in files if path.suffix != ".pyc"]


class FileDigests:
    """sha256 of input files, taken once and remembered by path, size and times of change.

    Of the two times the system's own counts too: what is copied over a file may bring the old one's size and date.
    """

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache
        self._known: dict[str, list[Any]] = {}
        self._told: dict[Path, str] = {}
        if cache and cache.exists():
            try:
                self._known = json.loads(cache.read_text(encoding="utf-8"))
            except ValueError:  # a cache that cannot be read is as good as none
                self._known = {}

    def of(self, paths: Iterable[Path]) -> dict[Path, str]:
        """Path to sha256.

        Raises:
            InputError: a file is missing or cannot be read, or is another than when it was asked about before: half of
                what is made of it would be of the one, half of the other.
        """
        wanted = {path: self._stamp(path) for path in paths}
        new = [path for path, stamp in wanted.items() if self._known.get(str(path.resolve()), [])[:-1] != stamp]
        if new:
            with ThreadPoolExecutor(max_workers=2) as pool:
                for path, value in zip(new, pool.map(_sha256, new), strict=True):
                    self._known[str(path.resolve())] = [*wanted[path], value]
            if self._cache and self._cache.parent.is_dir():
                with contextlib.suppress(OSError):  # a plan may read where it may not write, or beside a run at work
                    write_json(self._cache, self._known)
        found = {path: str(self._known[str(path.resolve())][-1]) for path in wanted}
        if other := [path for path, value in found.items() if self._told.setdefault(path, value) != value]:
            raise InputError(
                f"{other[0]}: was changed while the run was at work\n  wait until what is delivered is there whole, "
                "then give the same command again"
            )
        return found

    def _stamp(self, path: Path) -> list[int]:
        about = _readable(path, path.stat)
        return [about.st_size, about.st_mtime_ns, about.st_ctime_ns]


def _sha256(path: Path) -> str:
    def read() -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    return _readable(path, read)


def _readable(path: Path, read: Callable[[], T]) -> T:
    try:
        return read()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except PermissionError:
        raise InputError(f"{path}: may not be read\n  give the user of this run read permission") from None
    except OSError as error:
        raise InputError(f"{path}: could not be read: {error.strerror}") from error
