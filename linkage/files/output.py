"""What is made of linked files: the output folder, complete or not there at all, and
messages without values.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from linkage.engine import Engine, Table, one, quote
from linkage.errors import ConfigError
from linkage.files.cleaners import cleaners_of
from linkage.files.header_names import any_known
from linkage.files.prepare import KEPT, JobOptions, Prepared
from linkage.files.read_file import PersonFile
from linkage.files.schema import CONTENT, FileSchema, schema_text
from linkage.pipeline.atomic import remove, write_json
from linkage.pipeline.folder import MANIFEST
from linkage.pipeline.linked_files import RECORDS
from linkage.pipeline.lock import in_the_making
from linkage.pipeline.manifest import Manifest, RunFacts, is_synthetic
from linkage.records.layout import listed
from quality.measures.estimated_error import GUESSED, UNLEARNT

SCHEMA = "schema.toml"
_MADE_BY_PEOPLE = ("review", "tuned")
"""Folders of clerical review and of tuned models, which stay when an output folder is
replaced.
"""
_NOT_HOW = frozenset(
    {"left", "right", "file", "out", "truth", "memory_limit", "threads", "force"}
)
"""Options that say which files, where to and with what, and nothing of how they are
linked.
"""
_MAX_NAMES = 12  # of unmapped columns
# links of a record of the smaller file, below which the two count as sharing next to
# nothing
_FEW_LINKS = 0.005


def columns_taken(prepared: Prepared) -> dict[str, tuple[str, str]]:
    """Field to the columns of the left and of the right that hold it; of one file both
    are the same.
    """

    def shown(schema: FileSchema, name: str) -> str:
        sources = next(
            (
                cleaner.columns
                for cleaner in cleaners_of(schema)
                if name in cleaner.fields
            ),
            (),
        )
        return " ".join(
            schema.columns.get(name) or sources[: 3 if name == "dob" else 1]
        )

    left, right = prepared.schemas[0], prepared.schemas[-1]
    return {name: (shown(left, name), shown(right, name)) for name in left.fields}


def inferred_notes(prepared: Prepared) -> list[str]:
    """What to know of the files, and of what their columns were taken for, before the
    work is done.
    """
    notes = []
    for file, schema in zip(prepared.files, prepared.schemas, strict=True):
        side = "" if file.side == "file" else f"{file.side}."
        by_content = [
            role for role in schema.columns if schema.evidence.get(role) == CONTENT
        ]
        if by_content:
            columns = ", ".join(
                f"{side}{role}={schema.columns[role][0]}" for role in by_content
            )
            first = by_content[0]
            notes.append(
                f"{file.name}: taken by contents, not by header: {columns}; another "
                f"one: --map {side}{first}=COLUMN, "
                f"none: --map {side}other={schema.columns[first][0]}"
            )
        notes += file.notes()
    for file, names in zip(prepared.files, prepared.unmapped, strict=True):
        if names:
            text = listed(names[:_MAX_NAMES], known=any_known(file.columns))
            rest = (
                f" and {len(names) - _MAX_NAMES} more"
                if len(names) > _MAX_NAMES
                else ""
            )
            notes.append(
                f"{file.name}: unmapped columns, not compared: {text}{rest}; --compare "
                "COLUMN compares one"
            )
    return notes


def read_notes(prepared: Prepared) -> list[str]:
    """What to know of how values were read, before the result is trusted."""
    notes: list[str] = list(
        dict.fromkeys(
            n for schema in prepared.schemas for n in schema.learned.get("notes", ())
        )
    )
    for file, schema, records in zip(
        prepared.files, prepared.schemas, prepared.records, strict=True
    ):
        settings = schema.settings.get("dob", {}) if "dob" in schema.fields else {}
        facts = {
            "birth dates are in no form that is read, or "
            "defaults": records.unparsed_dates
        }
        facts["birth dates are of far too many, and count as not known"] = len(
            settings.get("default_days", ())
        )
        notes += [
            f"{file.name}: {count:,} {fact}" for fact, count in facts.items() if count
        ]
        if settings.get("january_is_default"):
            notes.append(
                f"{file.name}: too many are born on 1 January: of these only the year "
                "is compared"
            )
        if missing := schema.learned.get("missing"):
            notes.append(
                f'{file.name}: values for "not known" and placeholders count as empty: '
                f"{', '.join(missing)}"
            )
    return notes


def model_notes(summary: Mapping[str, Any], *, of_two_files: bool = False) -> list[str]:
    """What about the model is not to be trusted, and where next to nothing was linked
    of two files.
    """
    training = summary.get("training", {})
    notes = [
        f"the model: {text}"
        for text in (*training.get("faults", ()), *training.get("warnings", ()))
    ]
    if of_two_files:
        links, records = (
            summary["decisions"].get("accepted", 0),
            min(summary["left_units"], summary["right_units"]),
        )
        if links < max(_FEW_LINKS * records, 1):
            count = (
                "no links"
                if not links
                else f"only {links:,} link{'' if links == 1 else 's'}"
            )
            notes.append(
                f"{count}, of {records:,} records that might have one: if the files "
                "share people, the columns above "
                "were read wrongly or say too little; map others with --map, and look "
                "at the rejected pairs"
            )
    return notes


def recall_unknown(training: Mapping[str, Any]) -> str | None:
    """Why a report is not to estimate recall from the links' probabilities; None where
    it is, or a model was given.
    """
    report = training.get("training") or {}
    if not report.get("learnt", True):
        return UNLEARNT
    return GUESSED if report.get("guessed") else None


def recall_notes(training: Mapping[str, Any]) -> list[str]:
    """What to know of fields of which these files do not show how many matches
    differ.
    """
    effect = (
        "so that recall is not estimated; compare a further field (--map), or "
        "review pairs (leo review)"
    )
    fields = (
        training["training"]["guessed"] if recall_unknown(training) == GUESSED else ()
    )
    return (
        [
            "these files do not show how many matches differ in "
            f"{' and '.join(fields)}, {effect}"
        ]
        if fields
        else []
    )


def links_line(summary: Mapping[str, Any], *, links_only: bool = False) -> str:
    """How many links two files have."""
    links, review = (
        summary["decisions"].get(decision, 0) for decision in ("accepted", "review")
    )
    text = f"{links:,} link{'' if links == 1 else 's'} accepted"
    text += "" if links_only else f", {review:,} for review"
    return (
        f"{text}, of {summary['left_units']:,} and {summary['right_units']:,} records"
    )


def clusters_line(summary: Mapping[str, Any]) -> str:
    """How many people the records of a file are."""
    people = summary["clusters"]
    return (
        f"{summary['records']:,} records are {people:,} "
        f"{'person' if people == 1 else 'people'}"
    )


def truth_line(truth: Mapping[str, float]) -> str:
    """How right the links are, where true pairs were given."""
    text = ", ".join(
        f"{name} {truth[name]:.4f}" for name in ("precision", "recall", "f1")
    )
    return f"against {truth['true_pairs']:,} true pairs: {text}"


@dataclass
class Linked:
    """What was linked: the schemas, counts, notes and, where truth was given, the
    error; no value.
    """

    columns: dict[
        str, tuple[str, str]
    ]  # field to the columns of left and right; of one file both are the same
    kinds: dict[str, str]  # field to the kind of its comparison
    summary: dict[str, Any] = field(default_factory=dict)
    truth: dict[str, float] | None = None
    notes: list[str] = field(default_factory=list)


class OutputFolder:
    """An output folder in the making, and its manifest."""

    def __init__(self, part: Path, title: str) -> None:
        self.part = part
        self.manifest = Manifest(part, RunFacts(title, "", {}))

    @contextmanager
    def clock(self, name: str) -> Iterator[None]:
        """Write the seconds of a part of the work into the manifest."""
        start = time.monotonic()
        yield
        seconds = round(time.monotonic() - start, 3)
        self.manifest.content["stages"].append(
            {"name": name, "status": "done", "seconds": seconds}
        )

    def write(self, engine: Engine, tables: dict[str, Table]) -> dict[str, Any]:
        """Write each table as <name>.parquet; its rows, and a hash of them whatever
        their order.
        """
        paths = {name: self.part / f"{name}.parquet" for name in tables}
        rows = {
            name: engine.write(table, paths[name]) for name, table in tables.items()
        }
        return {
            name: {
                "rows": rows[name],
                "hash": engine.fingerprint(engine.read(paths[name])),
            }
            for name in tables
        }

    def write_prepared(self, engine: Engine, prepared: Prepared) -> None:
        """Store the standardised records, which nothing reads any more, and the schema
        by which they were read.
        """
        sides, folder = [file.side for file in prepared.files], self.part / RECORDS
        folder.mkdir()
        for side, records in zip(sides, prepared.records, strict=True):
            path = folder / f"{side}.parquet"
            if "kept" in records.ids.columns:
                engine.write(
                    engine.sql(
                        f"select * exclude ({quote(KEPT)}) from {{t}}",
                        t=engine.read(records.path),
                    ),
                    path,
                )
            else:
                records.path.rename(path)
        text = schema_text(dict(zip(sides, prepared.schemas, strict=True)))
        (self.part / SCHEMA).write_text(text, encoding="utf-8")

    def describe(
        self,
        request: JobOptions,
        prepared: Prepared,
        linked: Linked,
        tables: Mapping[str, Any],
        step: Mapping[str, Any],
    ) -> None:
        """Write into the manifest what was linked and by which options; no value."""
        files = prepared.files
        columns = {
            file.side: dict(schema.columns)
            for file, schema in zip(files, prepared.schemas, strict=True)
        }
        self.manifest.content |= {
            "config_hash": configuration_hash(request, linked.kinds),
            "seed": request.seed,
            "engine": "duckdb",
            "synthetic": any(is_synthetic(file.path.parent) for file in files),
            "inputs": {
                file.name: {
                    "rows": file.rows,
                    "linked_rows": file.rows - len(file.rejected),
                    "sha256": file.sha256,
                    "rejected": file.rejected_reasons(),
                    "first_line_rejected": min(
                        (line for line, _ in file.rejected), default=None
                    ),
                    "unparsed_birth_dates": records.unparsed_dates,
                }
                for file, records in zip(files, prepared.records, strict=True)
            },
            "recognised": {**columns, "compared": linked.kinds},
            "request": {
                "files": {file.side: str(file.path) for file in files},
                "sha256": {file.side: file.sha256 for file in files},
                **step,
            },
            "counts": linked.summary,
            "tables": dict(tables),
            "truth": linked.truth,
        }

    def write_evaluation(self, evaluation: Mapping[str, Any]) -> None:
        """Write what the report is made of."""
        (self.part / "quality").mkdir()
        write_json(self.part / "quality" / "evaluation.json", dict(evaluation))

    def finish(self, title: str, *, report: bool) -> None:
        """Complete the manifest; write the page, from quality/evaluation.json and the
        manifest.
        """
        from quality.report.render import render_run

        self.manifest.content["title"] = title
        self.manifest.end("done", 0)
        if report:
            render_run(self.part)


@contextmanager
def output_folder(out: Path, title: str, *, force: bool) -> Iterator[OutputFolder]:
    """A folder to write to, which takes the place of `out` when all went well.

    Raises:
        ConfigError: `out` holds something already, and is not to be replaced or not
            ours to replace.
        LeoError: another process is at work on the same folder.
    """
    _refuse_used(out, force)
    with in_the_making(out.resolve(), label=out) as part:
        _refuse_used(
            out, force
        )  # once more: another process may just have put its own there
        yield OutputFolder(part, title)
        remove(part / "scratch")
        for name in _MADE_BY_PEOPLE:
            if (out / name).is_dir():
                shutil.copytree(out / name, part / name)


def configuration_hash(request: Any, kinds: Mapping[str, str]) -> str:
    """Of all options that say how files are linked, the content of a model among them,
    and of what is compared.
    """
    options = {
        name: value for name, value in asdict(request).items() if name not in _NOT_HOW
    }
    for name in ("model", "schema"):
        if path := options.get(name):
            options[name] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    text = json.dumps([options, dict(kinds)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def source_of(
    engine: Engine, name: str, file: PersonFile, units: Table
) -> dict[str, Any]:
    """A file as `quality.measures.evaluation` has its sources: rows, and how many
    records know each field.
    """
    known = ", ".join(
        f"count({quote(column)}) as {quote(column)}" for column in units.columns
    )
    present = one(engine, engine.sql(f"select {known} from {{t}}", t=units))
    entities, rejects = int(present.pop("unit_id")), len(file.rejected)
    complete = [
        {"identifier": key, "entities": entities, "present": n, "several": None}
        for key, n in present.items()
    ]
    counts = {
        "rows_read": file.rows,
        "records": file.rows - rejects,
        "quarantined": rejects,
        "entities": entities,
    }
    return {"source": name, **counts, "completeness": complete}


def _refuse_used(out: Path, force: bool) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise ConfigError(f"--out {out}: is a file\n  give a new or an empty folder")
    is_ours = (out / MANIFEST).is_file() and (out / "links.parquet").is_file()
    if any(out.iterdir()) and not (force and is_ours):
        hint = (
            "give --force to replace it"
            if is_ours
            else "it was not written by leo link; give another folder"
        )
        raise ConfigError(f"--out {out}: the folder is not empty\n  {hint}")
