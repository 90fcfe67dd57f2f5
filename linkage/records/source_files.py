"""The files of a source: found, hashed, and looked at before any row is read."""

import contextlib
import fnmatch
import gzip
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.config import FileFormat
from linkage.engine import is_hidden
from linkage.errors import ConfigError, InputError, check_utf8_name


@dataclass(frozen=True)
class SourceFile:
    """One file as it was read. `path` is relative to the run's data; `rows` are those
    read, header not counted.
    """

    path: str
    bytes: int
    sha256: str
    rows: int = 0


def sha256_of(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None


@dataclass(frozen=True)
class GivenFiles:
    """The files of a source or table as a configuration names them.

    Attributes:
        where: its key in the configuration, for messages: "source.npd".
        globs: what names them, below `data`.
        format: how they are written.
        digest: their SHA-256, for whoever has it already: a pipeline reads each file
            once for its fingerprint.
    """

    where: str
    globs: Sequence[str]
    format: FileFormat
    data: Path
    digest: Callable[[Path], str] = sha256_of


def find(where: str, globs: Sequence[str], data: Path) -> list[Path]:
    """Files that the globs name below data, each once, sorted; a folder stands for its
    Parquet files.

    What is hidden is passed over unless a glob names it: what a program has written
    half, or keeps next to the data.

    Args:
        where: the key of the configuration, for messages: "source.npd".

    Raises:
        InputError: a glob that finds nothing, or a file of no bytes.
    """
    files: dict[Path, None] = {}
    for pattern in globs:
        try:
            matches = sorted(_matches(pattern, data))
        except (
            ValueError
        ) as error:  # what pathlib says of two stars next to other letters, or of a NUL
            raise ConfigError(
                f"{where}.files: '{pattern}' is no pattern: {str(error).lower()}\n  "
                "write it as a shell does"
            ) from None
        if not matches:
            raise InputError(
                f"{where}.files: no file matches '{pattern}' below {data}\n"
                "  check [run] data (or --data) and the pattern; synthetic files come "
                "from: leo synth --out FOLDER"
            )
        for match in matches:
            inside = _parquet_in(match) if match.is_dir() else [match]
            if not inside:
                raise InputError(
                    f"{match}: the folder holds no .parquet file\n  name its files: "
                    f"'{pattern}/*'"
                )
            files |= dict.fromkeys(inside)
    for path in files:
        check_utf8_name(str(path))
        try:
            size = path.stat().st_size
        except OSError as error:
            raise unreadable(path, error) from None
        if not size:
            raise InputError(
                f"{path}: the file is empty (0 bytes)\n  fetch it again, or take it "
                f"out of {where}.files"
            )
    return list(files)


def facts(path: Path, source: GivenFiles) -> SourceFile:
    """Size and SHA-256 of a file.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return SourceFile(
            shown(path, source.data), path.stat().st_size, source.digest(path)
        )
    except OSError as error:
        raise unreadable(path, error) from None


def shown(path: Path, data: Path) -> str:
    """A file's name as messages and manifests have it: from the folder of the sources
    on, where it lies there.
    """
    return str(path.relative_to(data) if path.is_relative_to(data) else path)


def parquet_header(path: Path) -> tuple[pa.Schema, int]:
    """Schema and number of rows of a Parquet file, from its footer.

    Raises:
        InputError: the file cannot be read, or is not whole Parquet.
    """
    remedy = (
        "not a whole Parquet file; its end is missing or damaged\n  fetch it "
        "again and compare its size"
    )
    if {".csv", ".txt"} & {suffix.lower() for suffix in path.suffixes}:
        remedy = (
            "not a Parquet file\n  if it is CSV say so in its table's format: "
            'type = "csv"'
        )
    with _parquet(path, remedy) as file:
        rows, groups = file.metadata.num_rows, range(file.metadata.num_row_groups)
        if rows != sum(file.metadata.row_group(group).num_rows for group in groups):
            raise pa.ArrowInvalid
        return file.schema_arrow, rows


@contextlib.contextmanager
def _parquet(path: Path, damage: str) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file, and refuse it by name where Arrow cannot read what the block
    asks for.

    Raises:
        InputError: it is damaged, which `damage` says, with the remedy; or the system
            does not let it be read.
    """
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (
        MemoryError
    ):  # Arrow's too: of a system that gives no more, whatever the file
        raise
    except (pa.ArrowException, OSError, UnicodeError) as error:
        if (
            type(error) is pa.ArrowException
        ):  # has no kind of its own where no thread can be started
            raise
        if isinstance(error, OSError) and error.errno:
            raise unreadable(path, error) from None
        raise InputError(f"{path}: {damage}") from None


def told_apart(names: Sequence[str], file: str) -> None:
    """Refuse columns of one name, also where capitals part them: an engine would give
    one of them for both.

    Raises:
        InputError: two are; by their places, since without a header the names are
            somebody's values.
    """
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        first = places.setdefault(name.lower(), place)
        if first != place:
            fault = (
                "one name"
                if names[first - 1] == name
                else "names that differ in capitals alone"
            )
            raise InputError(
                f"{file}: columns {first} and {place} have {fault} in the header\n  "
                "each column needs a name of its own"
            )


@contextlib.contextmanager
def damage_named(paths: Sequence[Path]) -> Iterator[None]:
    """Name the damaged Parquet file when work on files fails: an engine's own error may
    not, or may quote what it read.

    Raises:
        InputError: a file cannot be read through; else the error stays as it was.
    """
    try:
        yield
    except ConfigError:  # of no file's content
        raise
    except Exception as error:
        for path in paths:
            _refuse_damage(path)
        if (
            isinstance(error, InputError)
            and len(paths) == 1
            and paths[0].name not in str(error)
        ):
            raise InputError(f"{path}: {error}") from None
        raise


@contextlib.contextmanager
def unchanged(paths: Sequence[Path]) -> Iterator[None]:
    """See that files are the same at the end of a block as at its beginning: Parquet is
    read again by each query.

    Raises:
        InputError: one is another, or gone; whatever else went wrong came of that.
    """
    before = {path: _stamp(path) for path in paths}

    def refuse_changed() -> None:
        if changes := [path for path, stamp in before.items() if _stamp(path) != stamp]:
            raise InputError(
                f"{changes[0]}: was changed while it was read\n"
                "  wait until it is there whole, then give the same command again"
            ) from None

    try:
        yield
    except ConfigError:
        raise
    except Exception:
        refuse_changed()
        raise
    refuse_changed()


def _stamp(path: Path) -> tuple[int, ...] | None:
    """What of a file changes when it is written again or another takes its name; None
    where it is gone.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def open_bytes(path: Path, fmt: FileFormat) -> "gzip.GzipFile | object":
    """A binary stream of the file's content, decompressed where the format says so or
    its first bytes do.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        file = path.open("rb")
        is_gzip = fmt.compression == "gzip" or (
            fmt.compression == "auto" and file.peek(2)[:2] == b"\x1f\x8b"
        )
        return gzip.GzipFile(fileobj=file) if is_gzip else file
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: OSError) -> InputError:
    """An operating system's refusal in words that name the file."""
    return InputError(
        f"{path}: the file cannot be read: {error.strerror or error}\n  check that it "
        "exists and may be read"
    )


def _refuse_damage(path: Path) -> None:
    """Read a Parquet file through; what the system does not do is no damage of the
    file.
    """
    with contextlib.suppress(MemoryError, pa.ArrowException):
        parquet_header(path)
        remedy = (
            "the file is damaged inside, though its end is whole\n  fetch it "
            "again, or write it again"
        )
        with _parquet(path, remedy) as file:
            for batch in file.iter_batches():
                batch.validate(full=True)


def _parquet_in(folder: Path) -> list[Path]:
    paths = (
        file
        for file in folder.glob("**/*.parquet")
        if not is_hidden(file.relative_to(folder))
    )
    return sorted(file for file in paths if file.is_file())


def _matches(pattern: str, data: Path) -> list[Path]:
    base, rest = data, pattern
    if Path(pattern).is_absolute():
        path = Path(pattern)
        base, rest = Path(path.anchor), str(path.relative_to(path.anchor))
    if not Path(rest).parts:
        return [base]  # which a pattern cannot name
    hidden_parts = [part for part in Path(rest).parts if is_hidden(Path(part))]

    def is_meant(match: Path) -> bool:
        """Whether each hidden name of the path stands in the pattern: a star is none. A
        file may begin with _.
        """
        parts = match.relative_to(base).parts
        hidden_names = [part for part in parts if is_hidden(Path(part))]
        if (
            hidden_names
            and hidden_names[-1] is parts[-1]
            and parts[-1].startswith("_")
            and match.is_file()
        ):
            hidden_names.pop()
        return all(
            any(fnmatch.fnmatchcase(part, one) for one in hidden_parts)
            for part in hidden_names
        )

    return [match for match in base.glob(rest) if is_meant(match)]
