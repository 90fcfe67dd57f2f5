"""The Python API: link tables or files, train a model, and open what `leo link`, `leo
dedupe` or `leo run` wrote.

A table of pandas, Polars, DuckDB or pyarrow may stand wherever a file may. It is
written next to the result as Parquet, for the owner only, and is removed with it.
"""

import html
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.config import MOST_THREADS, Cardinality
from linkage.engine import LockedTempdir, connect, scratch_folder
from linkage.errors import ConfigError, InputError
from linkage.files.link import DedupeRequest, LinkRequest, dedupe_file, link_files
from linkage.files.notes import (
    Linked,
    clusters_line,
    inferred_notes,
    links_line,
    model_notes,
    truth_line,
)
from linkage.files.prepare import FileOptions, Prepared
from linkage.files.train import TrainRequest, train_files
from linkage.model import from_dict, load
from linkage.model.splink_linker import splink_linker
from linkage.pipeline.linked_files import is_linked_files
from linkage.pipeline.manifest import manifest_of, tables_of
from linkage.pipeline.opened import model_file, open_folder
from quality.explain import Explainer
from quality.explain.page import explanation_page, statement
from quality.measures.evaluated import evaluation_of

if TYPE_CHECKING:
    from linkage.engine.duckdb import DuckDBEngine, Relation

Both = str | tuple[str | None, str | None] | None
"""What holds for both tables, or for the left and for the right."""
StrPath = str | os.PathLike[str]
Progress = Callable[[str], None]


class SplinkSettings(Protocol):
    """Splink's `SettingsCreator`."""

    def create_settings_dict(self, sql_dialect_str: str) -> dict[str, Any]:
        """Its settings, as Splink saves them."""


ModelLike = StrPath | Mapping[str, Any] | SplinkSettings
"""A Splink model: the path of its JSON, or its settings."""


class Frame(Protocol):
    """A table that speaks Arrow: of pandas from 2.2 on, Polars, DuckDB, pyarrow and
    others.
    """

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Its rows, by the Arrow PyCapsule interface."""


Data = str | os.PathLike[str] | Frame
"""A file that `leo link` reads, by its path, or a table."""


class Explanation(dict[str, Any]):
    """Why two records were or were not linked: the facts that `leo explain --json`
    prints. A notebook shows its page.
    """

    def __repr__(self) -> str:
        """In a few sentences."""
        return statement(self)

    def _repr_html_(self) -> str:
        page = html.escape(explanation_page(self), quote=True)
        return (
            f'<iframe srcdoc="{page}" width="100%" height="700" '
            'style="border:0"></iframe>'
        )


class Run:
    """The results in a folder of `leo link`, `leo dedupe` or `leo run`.

    Tables are DuckDB relations: `.df()`, `.pl()` and `.arrow()` give a table of pandas,
    Polars or Arrow.

    Attributes:
        folder: the folder.
        steps: the names of its link steps.
        summary: how many links there are, and the error where true pairs were given.
        columns: field to the columns of left and right that hold it, of `link` and
            `dedupe`.
        counts: links, reasons and the training report of `link` and `dedupe`, as the
            manifest has them.
        truth: precision, recall and f1, where true pairs were given to `link` or
            `dedupe`.
        notes: what to know before the result of `link` or `dedupe` is trusted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.columns: Mapping[str, tuple[str, str]] = {}
        self.counts: Mapping[str, Any] = {}
        self.truth: Mapping[str, float] | None = None
        self.notes: Sequence[str] = ()
        self._files: LockedTempdir | None = (
            None  # where the folder goes with this object
        )
        self._engine = cast("DuckDBEngine", connect("duckdb", within=[folder]))
        manifest = manifest_of(folder)
        self._is_run = not is_linked_files(folder)
        self._paths = (
            tables_of(folder, manifest)
            if self._is_run
            else {path.stem: path for path in folder.glob("*.parquet")}
        )
        steps = manifest.get("configuration", {}).get("step", [])
        self.steps: Sequence[str] = (
            [step["name"] for step in steps] if self._is_run else ["link"]
        )
        self.summary = (
            f"{folder.name}: steps {', '.join(self.steps)}; {len(self._paths)} tables"
        )

    @property
    def tables(self) -> list[str]:
        """The names that `table` takes."""
        return sorted(self._paths)

    def table(self, name: str) -> "Relation":
        """A table by its name.

        Raises:
            ConfigError: there is no such table; the message lists those that there are.
        """
        if name not in self._paths:
            raise ConfigError(
                f"{name}: this result has no such table\n  it has: "
                f"{', '.join(self.tables)}"
            )
        table = self._engine.read(self._paths[name])
        # A folder that goes with this object is read now: the relation may outlive it.
        return self._engine.relation(
            self._engine.sql("from {t}", t=table, store=True) if self._files else table
        )

    def links(self, step: str | None = None) -> "Relation":
        """Every linked or reviewed pair of a step: match weight, probability, decision
        and reason.
        """
        return self._of_step("links", step)

    def unlinked(self, step: str | None = None) -> "Relation":
        """Every other record of a step, and the reason why it has no link."""
        return self._of_step("unlinked", step)

    def link_draws(self, step: str | None = None) -> "Relation":
        """Link draws of a step, where they were asked for."""
        return self._of_step("link_draws", step)

    @property
    def people(self) -> "Relation":
        """Which records are one person: the spine of a run, or the clusters of one
        file.
        """
        return self.table("spine" if self._is_run else "clusters")

    def quality(self, step: str | None = None) -> dict[str, Any]:
        """What the report says of a step, as numbers: quality/evaluation.json.

        Raises:
            ConfigError: the result has no evaluation, as with `links_only`.
        """
        name = self._step(step)
        steps = evaluation_of(self._path("quality/evaluation.json"))["steps"]
        measures: dict[str, Any] = (
            steps[0]
            if not self._is_run
            else next(one for one in steps if one["step"] == name)
        )
        return measures

    def model(self, step: str | None = None) -> dict[str, Any]:
        """The model of a step: Splink's settings."""
        return load(model_file(self.folder, self._named(step))).raw

    def linker(self, step: str | None = None) -> Any:
        """The step's tables and model as a Splink `Linker`: its predictions, charts and
        dashboards.

        Example: run.linker().visualisations.match_weights_chart()

        Raises:
            ConfigError: the result holds links only, or the model is not trained.
        """
        data = open_folder(self._engine, self.folder).open(self._named(step))
        sides = ("left",) if data.of_one_file else ("left", "right")
        names = data.side_names if data.side_names[0] != data.side_names[1] else sides
        columns = [column for column in data.model.columns if column != "unit_id"]
        tables = {
            name: data.sides[side].columns_of(None, columns)
            for name, side in zip(names, sides, strict=False)
        }
        return splink_linker(self._engine, data.model, tables)

    def explain(self, left: Any, right: Any, step: str | None = None) -> Explanation:
        """Why two records were or were not linked: each comparison, its weight, and
        what would change the decision.

        Args:
            left, right: ids, as `links` has them; of a run an entity's number or
                "source:key".

        Raises:
            ConfigError: there is no such record.
        """
        with Explainer(self.folder) as explainer:
            return Explanation(
                explainer.pair(str(left), str(right), step=self._named(step)).content
            )

    @property
    def report(self) -> Path:
        """The linkage quality report: a page that needs no network."""
        return self._path("report/index.html")

    def _of_step(self, kind: str, step: str | None) -> "Relation":
        name = self._step(step)
        return self.table(f"{kind}/{name}" if self._is_run else kind)

    def _named(self, step: str | None) -> str | None:
        return self._step(step) if self._is_run else None

    def _step(self, step: str | None) -> str:
        if step is None and len(self.steps) == 1:
            return self.steps[0]
        if step is None or step not in self.steps:
            fault = f"{step}: no such step" if step else "which step?"
            raise ConfigError(f"{fault}\n  give one of: {', '.join(self.steps)}")
        return step

    def _path(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise ConfigError(
                f"{Path(name).name}: this result has none\n  it has: "
                f"{', '.join(self.tables)}"
            )
        return path

    def __repr__(self) -> str:
        """What the command prints of the result."""
        return "\n".join([self.summary, *(f"  note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        first, *rest = repr(self).splitlines()
        items = "".join(f"<li>{html.escape(line.strip())}</li>" for line in rest)
        tables = ", ".join(f"<code>{html.escape(name)}</code>" for name in self.tables)
        return f"<p><strong>{html.escape(first)}</strong></p><ul>{items}</ul><p>Tables: {tables}</p>"  # noqa: E501


def open_run(folder: StrPath) -> Run:
    """Open a folder that `leo run`, `leo link` or `leo dedupe` wrote.

    Raises:
        ConfigError: it is not such a folder, or another version wrote it.
        InputError: one of its files is damaged.
    """
    return Run(Path(folder))


def link(
    left: Data,
    right: Data,
    *,
    out: StrPath | None = None,
    id: Both = None,
    maps: Sequence[str] = (),
    compare: Sequence[str] = (),
    date_format: Both = None,
    schema: StrPath | None = None,
    threshold: float | None = None,
    model: ModelLike | None = None,
    without: Sequence[str] = (),
    truth: Data | None = None,
    link_draws: int = 0,
    duplicates: bool | None = None,
    cardinality: Cardinality | None = None,
    links_only: bool = False,
    encoding: Both = None,
    delimiter: str | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    seed: int = 2026,
    force: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Link two tables or files: infer their schema, train a model on them, score,
    resolve and report.

    Example: linkage.link(pupils, "customers.parquet", id=("pupil", None)).links().df()

    Args:
        out: folder of the result; without it the result is removed with the object that
            is returned.
        id: the id column of each table; "none" numbers the rows from 1. Inferred by
            default.
        maps: columns of roles: "left.surname=FAMILY".
        compare: further columns to compare; by default identifiers only.
        date_format: strptime format of birth dates.
        schema: the run.toml of an earlier result.
        threshold: match probability from which a pair is accepted, 0.5 by default.
        model: a Splink model: its file, its settings as a dictionary, or a
            SettingsCreator. One without m and u is trained on these tables. It names
            the roles that `columns` of a result has: forename, surname, dob, ...
        without: columns of that model that are not compared.
        truth: true pairs (left_id, right_id), to measure precision and recall.
        link_draws: number of link draws, 0 to 1000.
        duplicates: whether both records of a person who is twice in a table are linked;
            by default unless links_only.
        cardinality: how many links a record may have; inferred by default.
        links_only: links only, without reasons, evaluation and report: faster.
        encoding, delimiter: of text files; detected by default.
        memory_limit: DuckDB's, "4GB" for example; threads: processor threads.
        seed: of random samples.
        force: replace a result that is in `out`.
        progress: called with what is being done; `print`, for example. In a notebook it
            is shown by default.

    Raises:
        InputError: a table cannot be read, or its ids are not unique.
        ConfigError: an option is out of range or contradicts another, or there is
            nothing to compare.
    """
    _check(
        threshold=(threshold, 0, 1),
        link_draws=(link_draws, 0, 1000),
        threads=(threads, 1, MOST_THREADS),
    )
    files, listener = scratch_folder(), _Notes()
    request = LinkRequest(
        _file(files, "left", left),
        _file(files, "right", right),
        _out(files, out),
        ids=_of_each(id),
        encodings=_of_each(encoding),
        truth=None if truth is None else _file(files, "truth", truth),
        samples=link_draws,
        second_records=duplicates,
        cardinality=cardinality,
        links_only=links_only,
        **_shared(
            maps,
            compare,
            date_format,
            schema,
            _model_file_of(files, model),
            threshold,
            without,
        ),
        delimiter=delimiter,
        memory_limit=memory_limit,
        threads=threads,
        seed=seed,
        force=force,
    )
    linked = link_files(request, inferred=listener, progress=_progress(progress))
    notes = [
        *listener.notes,
        *linked.notes,
        *model_notes(linked.summary, of_two_files=True),
    ]
    return _result(
        files,
        request.out,
        links_line(linked.summary, links_only=links_only),
        linked,
        notes,
    )


def dedupe(
    data: Data,
    *,
    out: StrPath | None = None,
    id: str | None = None,
    maps: Sequence[str] = (),
    compare: Sequence[str] = (),
    date_format: str | None = None,
    schema: StrPath | None = None,
    threshold: float | None = None,
    model: ModelLike | None = None,
    without: Sequence[str] = (),
    truth: Data | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    seed: int = 2026,
    force: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Find the records of one table or file that are the same person; the model is
    trained on the table itself.

    Example: linkage.dedupe(customers).people.df()

    Args:
        truth: true pairs (left_id, right_id), clusters (id, cluster), or the name of a
            column.
        out, id, maps, compare, date_format, schema, threshold, model, without,
            encoding, delimiter, memory_limit, threads, seed, force, progress: as of
            `link`; a column is mapped by "surname=FAMILY".

    Raises:
        InputError: the table cannot be read, its ids are not unique, or there is too
            little to compare.
        ConfigError: an option is out of range, a map fits no column, or the folder is
            in use.
    """
    _check(threshold=(threshold, 0, 1), threads=(threads, 1, MOST_THREADS))
    files, listener = scratch_folder(), _Notes()
    request = DedupeRequest(
        _file(files, "records", data),
        _out(files, out),
        id=id,
        encoding=encoding,
        truth=None
        if truth is None
        else str(_file(files, "truth", truth)),  # a column's name stays as it is
        **_shared(
            maps,
            compare,
            date_format,
            schema,
            _model_file_of(files, model),
            threshold,
            without,
        ),
        delimiter=delimiter,
        memory_limit=memory_limit,
        threads=threads,
        seed=seed,
        force=force,
    )
    linked = dedupe_file(request, inferred=listener, progress=_progress(progress))
    notes = [*listener.notes, *linked.notes, *model_notes(linked.summary)]
    return _result(files, request.out, clusters_line(linked.summary), linked, notes)


def train(
    left: Data,
    right: Data,
    *,
    out: StrPath,
    maps: Sequence[str] = (),
    compare: Sequence[str] = (),
    date_format: Both = None,
    labels: StrPath | None = None,
    encoding: Both = None,
    delimiter: str | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    seed: int = 2026,
    force: bool = False,
    allow_faults: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train a model on two tables or files, and write it with its training report next
    to it.

    Args:
        out: the model's file, NAME.json.
        labels: a CSV of left_id, right_id, answer from clerical review, from which m is
            estimated.
        allow_faults: write a model that is not to be trusted too.
        maps, compare, date_format, encoding, delimiter, memory_limit, threads, seed,
            force, progress: as of `link`.

    Returns:
        The model: Splink's settings, as `link(model=...)` and Splink open them.

    Raises:
        InputError: a table cannot be read, or the tables share too little to compare.
        ConfigError: a model is there already, or an option fits no column.
        LeoError: there is nothing to train on, or the estimates are not to be trusted.
    """
    with scratch_folder() as folder:
        request = TrainRequest(
            FileOptions(
                {
                    "left": _file_in(folder, "left", left),
                    "right": _file_in(folder, "right", right),
                },
                maps=maps,
                compare=compare,
                date_formats=_formats(date_format),
                delimiter=delimiter,
                encodings=_of_each(encoding),
            ),
            out=Path(out),
            memory_limit=memory_limit,
            threads=threads,
            seed=seed,
            force=force,
            allow_faults=allow_faults,
            labels=Path(labels) if labels else None,
        )
        model, *_ = train_files(request, progress=_progress(progress))
    return model.raw


def _out(files: LockedTempdir, out: StrPath | None) -> Path:
    return Path(out) if out else files.path / "linked"


def _shared(
    maps: Sequence[str],
    compare: Sequence[str],
    date_format: Both,
    schema: StrPath | None,
    model: Path | None,
    threshold: float | None,
    without: Sequence[str],
) -> dict[str, Any]:
    """The options of requests of one and of two files."""
    return {
        "maps": tuple(maps),
        "compare": tuple(compare),
        "date_formats": _formats(date_format),
        "schema": Path(schema) if schema else None,
        "model": model,
        "without": tuple(without),
        **({} if threshold is None else {"threshold": threshold}),
    }


def _model_file_of(files: LockedTempdir, model: ModelLike | None) -> Path | None:
    """The path of a model, or of Splink's settings once they are a file."""
    if model is None or isinstance(model, str | os.PathLike):
        return None if model is None else Path(model)
    settings = model if isinstance(model, Mapping) else None
    if hasattr(model, "create_settings_dict"):
        settings = model.create_settings_dict("duckdb")
    if settings is None:
        raise ConfigError(
            "model: neither a path nor Splink's settings, but a "
            f"{type(model).__name__}\n"
            "  give the path of a model file, its settings as a dictionary, or a "
            "SettingsCreator"
        )
    path = files.path / "model.json"
    from_dict(dict(settings), "model").save(path)
    return path


def _formats(date_format: Both) -> tuple[str, ...]:
    return tuple(text for text in dict.fromkeys(_of_each(date_format)) if text)


class _Notes:
    """Keeps the notes of the schema that was inferred."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def __call__(self, prepared: Prepared) -> None:
        self.notes = inferred_notes(prepared)


_IN_PYTHON = {
    r"--map (\S+?)([;,)]|$)": r'maps=["\1"]\2',
    r"--compare COLUMN": 'compare=["COLUMN"]',
    r"--no-duplicates": "duplicates=False",
    r"--duplicates": "duplicates=True",
    r"without --links-only": "links_only=False",
    r"--links-only": "links_only=True",
    r"--link-draws (\S+)": r"link_draws=\1",
    r"--threshold (\S+)": r"threshold=\1",
}
"""Options of the command in a note, by the arguments of `link` and `dedupe`."""


def _in_python(note: str) -> str:
    for option, argument in _IN_PYTHON.items():
        note = re.sub(option, argument, note)
    return note


def _result(
    files: LockedTempdir, out: Path, line: str, linked: Linked, notes: Sequence[str]
) -> Run:
    run = Run(out)
    run.summary = "\n".join(
        [line, *([truth_line(linked.truth)] if linked.truth else [])]
    )
    run.columns, run.counts, run.truth = linked.columns, linked.summary, linked.truth
    run.notes = [
        _in_python(note).replace(f"{files.path}{os.sep}", "") for note in notes
    ]
    if out.parent == files.path:
        run._files = files
    else:
        files.close()
    return run


def _progress(progress: Progress | None) -> Progress | None:
    """What was given; in a notebook one line that says what is being done."""
    if progress or "ipykernel" not in sys.modules:
        return progress
    return lambda line: print(f"\r{line:<60.60}", end="", flush=True)  # noqa: T201 - a notebook's cell


def _of_each(option: Both) -> tuple[str | None, str | None]:
    """What is given of the left and of the right, where it may be given once
    for both.
    """
    return option if isinstance(option, tuple) else (option, option)


def _check(**ranges: tuple[float | None, float, float]) -> None:
    for name, (value, low, high) in ranges.items():
        if value is not None and not low <= value <= high:
            raise ConfigError(
                f"{name}={value}: out of range\n  give a number from {low} to {high}"
            )


def _file(files: LockedTempdir, name: str, data: Data) -> Path:
    return _file_in(files.path, name, data)


def _file_in(folder: Path, name: str, data: Data) -> Path:
    """The path of a file, or of a table once it is one."""
    if isinstance(data, str | os.PathLike):
        return Path(data)
    if not hasattr(data, "__arrow_c_stream__"):
        raise InputError(
            f"{name}: neither a path nor a table, but a {type(data).__name__}\n"
            "  give a table of pandas, Polars, DuckDB or pyarrow, or the path of a file"
        )
    path = folder / f"{name}.parquet"
    pq.write_table(_as_arrow(name, data), path)
    return path


_INDEX = "__index_level_"
"""What pyarrow calls the rows' labels in pandas where they have no name; of rows that
were filtered, say.
"""


def _as_arrow(name: str, data: Frame) -> pa.Table:
    try:
        table = pa.table(data)
    except (
        pa.ArrowInvalid,
        pa.ArrowTypeError,
        pa.ArrowNotImplementedError,
    ):  # whose messages hold a value
        of_several = [
            column
            for column in getattr(data, "columns", ())
            if not _of_one_kind(data, column)
        ]
        column_text = f"column {of_several[0]}" if of_several else "a column"
        raise InputError(
            f"{name}: {column_text} holds values of several kinds\n"
            f'  make them text: table[column] = table[column].astype("string")'
        ) from None
    return table.drop_columns(
        [column for column in table.column_names if column.startswith(_INDEX)]
    )


def _of_one_kind(data: Any, column: Any) -> bool:
    try:
        pa.array(data[column])
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return False
    return True
