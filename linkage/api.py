"""Link tables of a notebook as files are linked: of pandas, Polars, DuckDB, pyarrow or whatever else speaks Arrow.

`linkage.link` and `linkage.dedupe` do what `leo link` and `leo dedupe` do, and return what these write. A table is
written next to the result as Parquet, for the owner only, and is removed with it.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypedDict, Unpack

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.config import MOST_THREADS, Cardinality
from linkage.engine import LockedTempdir, scratch_folder
from linkage.errors import ConfigError, InputError
from linkage.files.dedupe import DedupeRequest, dedupe_file
from linkage.files.link import LinkRequest, link_files
from linkage.files.messages import clusters_line, inferred_notes, links_line, model_notes, truth_line
from linkage.files.output import Linked
from linkage.files.prepare import Prepared
from quality.explain import Explainer

Both = str | tuple[str | None, str | None] | None
"""What holds for both tables, or for the left and for the right."""
StrPath = str | os.PathLike[str]


class Frame(Protocol):
    """A table that speaks Arrow: of pandas from 2.2 on, Polars, DuckDB, pyarrow and others."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Its rows, by the Arrow PyCapsule interface."""


Data = str | os.PathLike[str] | Frame
"""A file that `leo link` reads, by its path, or a table."""


@dataclass(frozen=True)
class Answer:
    """What was linked. Tables are read from its folder as they are asked for.

    Attributes:
        folder: what `leo link` or `leo dedupe` writes.
        summary: how many links there are, and where truth was given how right they are.
        columns: field to the columns of left and right that were taken for it.
        counts: what the manifest says of links, reasons and the training.
        truth: precision, recall, f1, where true pairs were given.
        notes: what to know before the result is trusted.
    """

    folder: Path
    summary: str
    columns: Mapping[str, tuple[str, str]]
    counts: Mapping[str, Any] = field(repr=False)
    truth: Mapping[str, float] | None
    notes: Sequence[str]
    _files: LockedTempdir = field(repr=False)  # tables that were given, and the folder where none was named

    @property
    def links(self) -> pa.Table:
        """Every linked or reviewed pair, with its match weight, probability, decision and reason."""
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
        """Link draws, where `samples` asked for them."""
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
        """Why two records were or were not linked, as `leo explain --json` writes it.

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
            raise ConfigError(f"{Path(name).name}: this answer has none\n  it has: {there}")
        return path

    def __repr__(self) -> str:
        """What the command prints of the result."""
        return "\n".join([self.summary, *(f"  note: {note}" for note in self.notes)])


class Options(TypedDict, total=False):
    """What `link` and `dedupe` share.

    Attributes:
        out: the folder for the result; removed with the answer where none is named.
        maps: columns of roles, as `--map` takes them: "left.surname=FAMILY"; of one table "surname=FAMILY".
        compare: further columns to compare; identifiers only, else.
        date_format: strptime format of birth dates.
        schema: the schema.toml of an earlier result.
        id: the id column; "none" numbers the rows from 1.
        threshold: match probability from which a pair is accepted.
        model: a trained Splink model's file, instead of training.
        without: columns of the model that are not compared.
        progress: is called with what is being done; `print`, for example.
    """

    out: StrPath | None
    maps: Sequence[str]
    compare: Sequence[str]
    date_format: Both
    schema: StrPath | None
    id: Both
    threshold: float
    model: StrPath | None
    without: Sequence[str]
    encoding: Both
    delimiter: str | None
    memory_limit: str | None
    threads: int | None
    seed: int
    force: bool
    progress: Callable[[str], None] | None


def link(
    left: Data,
    right: Data,
    *,
    truth: Data | None = None,
    samples: int = 0,
    second_records: bool | None = None,
    cardinality: Cardinality | None = None,
    links_only: bool = False,
    **options: Unpack[Options],
) -> Answer:
    """Link two tables or files: their schema is inferred, the model is trained on the tables themselves.

    Example: linkage.link(pupils, "customers.parquet", id=("pupil", None)).links.to_pandas()

    Args:
        truth: true pairs (left_id, right_id).
        samples: link draws.
        second_records: link both records of a person who is twice in a table; by default where many are.
        links_only: links only, several times faster.
        options: further ones, by `Options`.

    Raises:
        InputError: a table cannot be read, or its ids are not unique.
        ConfigError: an option that contradicts another, or nothing to compare.
    """
    _check(samples=(samples, 0, 1000))
    shared = _shared(options)
    files, inferred = scratch_folder(), _Notes()
    request = LinkRequest(
        _file(files, "left", left),
        _file(files, "right", right),
        _out(files, options),
        ids=_of_each(options.get("id")),
        encodings=_of_each(options.get("encoding")),
        truth=None if truth is None else _file(files, "truth", truth),
        samples=samples,
        second_records=second_records,
        cardinality=cardinality,
        links_only=links_only,
        **shared,
    )
    linked = link_files(request, inferred=inferred, progress=options.get("progress"))
    notes = [*inferred.notes, *linked.notes, *model_notes(linked.summary, of_two_files=True)]
    return _answer(files, request.out, links_line(linked.summary, links_only=links_only), linked, notes)


def dedupe(data: Data, *, truth: Data | None = None, **options: Unpack[Options]) -> Answer:
    """Find the records of a table or file that are one person: the model is trained on the table itself.

    Example: linkage.dedupe(customers).clusters.to_pandas()

    Args:
        truth: true pairs (left_id, right_id), clusters (id, cluster), or the name of a column.
        options: further ones, by `Options`.

    Raises:
        InputError: the table cannot be read, its ids are not unique, or there is too little to compare.
        ConfigError: a map that fits no column, or a folder in use.
    """
    shared = _shared(options)
    files, inferred = scratch_folder(), _Notes()
    request = DedupeRequest(
        _file(files, "records", data),
        _out(files, options),
        id=_of_each(options.get("id"))[0],
        encoding=_of_each(options.get("encoding"))[0],
        truth=None if truth is None else str(_file(files, "truth", truth)),  # a column's name stays as it is
        **shared,
    )
    linked = dedupe_file(request, inferred=inferred, progress=options.get("progress"))
    notes = [*inferred.notes, *linked.notes, *model_notes(linked.summary)]
    return _answer(files, request.out, clusters_line(linked.summary), linked, notes)


def _out(files: LockedTempdir, options: Options) -> Path:
    return Path(out) if (out := options.get("out")) else files.path / "linked"


def _shared(options: Options) -> dict[str, Any]:
    """The options that requests of one and of two files share."""
    _check(threshold=(options.get("threshold"), 0, 1), threads=(options.get("threads"), 1, MOST_THREADS))
    if unknown := options.keys() - Options.__annotations__.keys():
        raise TypeError(f"no such option: {', '.join(sorted(unknown))}")
    own = {"out", "id", "encoding", "progress", "date_format"}
    made: dict[str, Any] = {name: value for name, value in options.items() if name not in own}
    made |= {name: Path(made[name]) for name in ("model", "schema") if made.get(name)}
    formats = dict.fromkeys(_of_each(options.get("date_format")))
    return made | {"date_formats": tuple(text for text in formats if text)}


class _Notes:
    """Keeps the notes of the schema that was inferred."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def __call__(self, prepared: Prepared) -> None:
        self.notes = inferred_notes(prepared)


def _answer(files: LockedTempdir, out: Path, line: str, linked: Linked, notes: Sequence[str]) -> Answer:
    summary = "\n".join([line, *([truth_line(linked.truth)] if linked.truth else [])])
    return Answer(out, summary, linked.columns, linked.summary, linked.truth, notes, files)


def _of_each(given: Both) -> tuple[str | None, str | None]:
    """What is given of the left and of the right, where it may be given once for both."""
    return given if isinstance(given, tuple) else (given, given)


def _check(**ranges: tuple[float | None, float, float]) -> None:
    for name, (value, least, most) in ranges.items():
        if value is not None and not least <= value <= most:
            raise ConfigError(f"{name}={value}: out of range\n  give a number from {least} to {most}")


def _file(files: LockedTempdir, name: str, data: Data) -> Path:
    """The path of a file, or of a table once it is one."""
    if isinstance(data, str | os.PathLike):
        return Path(data)
    if not hasattr(data, "__arrow_c_stream__"):
        raise InputError(
            f"{name}: neither a path nor a table, but a {type(data).__name__}\n"
            "  give a table of pandas, Polars, DuckDB or pyarrow, or the path of a file"
        )
    path = files.path / f"{name}.parquet"
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
