"""Tables of a notebook, linked as files are: of pandas, Polars, DuckDB, pyarrow or whatever else speaks Arrow.

`linkage.link` and `linkage.dedupe` do what `leo link` and `leo dedupe` do, by the same work, and hand back what these
write. A table is put beside the result as Parquet, for the owner alone, and goes with it.
"""

import difflib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypedDict, Unpack

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.adhoc.dedupe import DedupeRequest, dedupe_file
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import Columns
from linkage.adhoc.link import Request, link_files
from linkage.adhoc.linked import Linked
from linkage.adhoc.notes import clusters_said, columns_taken, links_said, model_notes, recognised_notes, truth_said
from linkage.config import MOST_THREADS, Cardinality
from linkage.engine import LockedTempdir, scratch_folder
from linkage.errors import ConfigError, InputError
from quality.explain import Explainer


class Frame(Protocol):
    """A table that speaks Arrow: of pandas from 2.2 on, Polars, DuckDB, pyarrow and others."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Its rows, by the Arrow PyCapsule interface."""


Data = str | os.PathLike[str] | Frame
"""A file that `leo link` reads, by its path, or a table."""


class Options(TypedDict, total=False):
    """What may be asked of both; each is the option of the command of that name.

    Attributes:
        out: the folder for the result; gone with the answer where it is not named.
        maps: columns that no name tells, as notes write them: "left.surname=FAMILY", of one table "surname=FAMILY".
        threshold: match probability from which a pair is accepted.
        truth: true pairs (left_id, right_id); of one table also clusters (id, cluster), or a column's name.
        model: a trained Splink model's file, in the stead of training.
        without: columns of the model that are not compared.
        progress: told what is being done; `print`, for example.
    """

    out: str | os.PathLike[str] | None
    maps: Sequence[str]
    threshold: float
    truth: Data | None
    model: str | os.PathLike[str] | None
    without: Sequence[str]
    delimiter: str | None
    memory_limit: str | None
    threads: int | None
    seed: int
    force: bool
    progress: Callable[[str], None] | None


class LinkOptions(Options, total=False):
    """What may be asked of two tables.

    Attributes:
        id: the id column of both, or of the left and of the right; "none" numbers the rows from 1.
        encoding: of CSV files, of both or of either; found when not given.
        second_records: link both records of a person who is twice in a table; if not said, where many are.
        samples: alternative link sets to draw.
        links_only: links and nothing else, several times faster.
    """

    id: str | tuple[str | None, str | None] | None
    encoding: str | tuple[str | None, str | None] | None
    second_records: bool | None
    cardinality: Cardinality | None
    samples: int
    links_only: bool


class DedupeOptions(Options, total=False):
    """What may be asked of one table.

    Attributes:
        id: the id column; "none" numbers the rows from 1.
        encoding: of a CSV file; found when not given.
    """

    id: str | None
    encoding: str | None


@dataclass(frozen=True)
class Answer:
    """What was linked. Tables are read from its folder as they are asked for.

    Attributes:
        folder: what `leo link` or `leo dedupe` writes.
        said: how many links there are, and where truth was given how right they are.
        columns: field to the columns of left and right that were taken for it.
        counts: what the manifest says of links, reasons and the training.
        truth: precision, recall, f1, where true pairs were given.
        notes: what to know before the result is trusted.
    """

    folder: Path
    said: str
    columns: Mapping[str, tuple[str, str]]
    counts: Mapping[str, Any] = field(repr=False)
    truth: Mapping[str, float] | None
    notes: Sequence[str]
    _held: LockedTempdir = field(repr=False)  # what was given as tables, and the folder where none was named

    @property
    def links(self) -> pa.Table:
        """Every pair that was kept, with its weight, probability, decision and reason."""
        return self._table("links")

    @property
    def unlinked(self) -> pa.Table:
        """Every other record of two tables, and why it has no link."""
        return self._table("unlinked")

    @property
    def clusters(self) -> pa.Table:
        """Which records of one table are one person."""
        return self._table("clusters")

    @property
    def link_draws(self) -> pa.Table:
        """Alternative link sets, where `samples` asked for them."""
        return self._table("link_draws")

    @property
    def model(self) -> dict[str, Any]:
        """The model, as Splink opens it."""
        found: dict[str, Any] = json.loads((self.folder / "model.json").read_text(encoding="utf-8"))
        return found

    @property
    def report(self) -> Path:
        """The report: a page that needs no network."""
        return self._path("report/index.html")

    def explain(self, left: Any, right: Any) -> dict[str, Any]:
        """Why two records were or were not linked, part by part, as `leo explain --json` writes it.

        Args:
            left, right: ids, as `links` has them.

        Raises:
            ConfigError: there is no such record.
        """
        with Explainer(self.folder) as explainer:
            return explainer.pair(str(left), str(right)).found

    def _table(self, name: str) -> pa.Table:
        return pq.read_table(self._path(f"{name}.parquet"))

    def _path(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            there = ", ".join(sorted(found.stem for found in self.folder.glob("*.parquet")))
            raise ConfigError(f"{Path(name).name}: there is none of this answer, which has {there}")
        return path

    def __repr__(self) -> str:
        """What the command says of the result."""
        return "\n".join([self.said, *(f"  note: {note}" for note in self.notes)])


def link(left: Data, right: Data, **options: Unpack[LinkOptions]) -> Answer:
    """Link two tables or files: columns are recognised, the model is trained on the tables themselves.

    Example: linkage.link(pupils, "customers.parquet", id=("pupil", None)).links.to_pandas()

    Raises:
        InputError: a table cannot be read, or its ids are no key.
        ConfigError: an option that contradicts another, or nothing to compare.
    """
    held, asked = scratch_folder(), _held_to(LinkOptions, options)
    ids, encodings, truth = (asked.pop(name, None) for name in ("id", "encoding", "truth"))
    out = _out(held, asked)
    progress, seen = asked.pop("progress", None), _Seen()
    request = Request(
        _file(held, "left", left),
        _file(held, "right", right),
        out,
        ids=_of_each(ids),
        encodings=_of_each(encodings),
        truth=None if truth is None else _file(held, "truth", truth),
        **asked,
    )
    done = link_files(request, recognised=seen, progress=progress)
    said = links_said(done.summary, links_only=request.links_only)
    return _answer(held, out, said, done, [*seen.notes, *done.notes, *model_notes(done.summary, of_two_files=True)])


def dedupe(data: Data, **options: Unpack[DedupeOptions]) -> Answer:
    """Find the records of a table or file that are one person: the model is trained on the table itself.

    Example: linkage.dedupe(customers).clusters.to_pandas()

    Raises:
        InputError: the table cannot be read, its ids are no key, or there is too little to compare.
        ConfigError: a map that fits no column, or a folder in use.
    """
    held, asked = scratch_folder(), _held_to(DedupeOptions, options)
    truth, out = asked.pop("truth", None), _out(held, asked)
    progress, seen = asked.pop("progress", None), _Seen()
    truth = None if truth is None else str(_file(held, "truth", truth))  # a column's name stays as it is
    request = DedupeRequest(_file(held, "records", data), out, truth=truth, **asked)
    done = dedupe_file(request, recognised=seen, progress=progress)
    return _answer(held, out, clusters_said(done), done, [*seen.notes, *done.notes, *model_notes(done.summary)])


class _Seen:
    """Keeps what is told of the columns that were recognised."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def __call__(self, columns: Columns, files: Sequence[PersonFile]) -> None:
        self.notes = recognised_notes(columns, files)


def _answer(held: LockedTempdir, out: Path, said: str, done: Linked, notes: Sequence[str]) -> Answer:
    told = "\n".join([said, *([truth_said(done.truth)] if done.truth else [])])
    return Answer(out, told, columns_taken(done.columns), done.summary, done.truth, notes, held)


def _out(held: LockedTempdir, asked: dict[str, Any]) -> Path:
    out = asked.pop("out", None)
    return held.path / "linked" if out is None else Path(out)


def _of_each(given: str | tuple[str | None, str | None] | None) -> tuple[str | None, str | None]:
    """What is said of the left and of the right, where it may be said once for both."""
    return given if isinstance(given, tuple) else (given, given)


_RANGES = {"threshold": (0, 1), "samples": (0, 1000), "threads": (1, MOST_THREADS)}


def _held_to(known: type, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, of which each is known and within its range."""
    for name, value in options.items():
        if name not in known.__annotations__:
            meant = difflib.get_close_matches(name, known.__annotations__, n=1)
            raise ConfigError(f"{name}: there is no such option{f'; is {meant[0]} meant?' if meant else ''}")
        least, most = _RANGES.get(name, (None, None))
        if None not in (least, most, value) and not least <= value <= most:
            raise ConfigError(f"{name}={value}: out of range\n  give a number from {least} to {most}")
    sequences = {name: tuple(options[name]) for name in ("maps", "without") if name in options}
    paths = {"model": Path(options["model"])} if options.get("model") is not None else {}
    return {**options, **sequences, **paths}


def _file(held: LockedTempdir, name: str, data: Data) -> Path:
    """The path of a file, or of a table once it is one."""
    if isinstance(data, str | os.PathLike):
        return Path(data)
    if not hasattr(data, "__arrow_c_stream__"):
        raise InputError(
            f"{name}: neither a path nor a table, but a {type(data).__name__}\n"
            "  give a table of pandas, Polars, DuckDB or pyarrow, or the path of a file"
        )
    path = held.path / f"{name}.parquet"
    pq.write_table(_as_arrow(name, data), path)
    return path


_INDEX = "__index_level_"
"""What pyarrow calls the rows' labels in pandas where they have no name; of rows that were filtered, say."""


def _as_arrow(name: str, data: Frame) -> pa.Table:
    try:
        table = pa.table(data)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):  # whose messages hold a value
        of_several = [column for column in getattr(data, "columns", ()) if not _of_one_kind(data, column)]
        which = f"column {of_several[0]}" if of_several else "a column"
        raise InputError(
            f"{name}: {which} holds values of several kinds\n"
            f'  make them text: table[column] = table[column].astype("string")'
        ) from None
    return table.drop_columns([column for column in table.column_names if column.startswith(_INDEX)])


def _of_one_kind(data: Any, column: Any) -> bool:
    try:
        pa.array(data[column])
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return False
    return True
