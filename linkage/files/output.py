"""The output folder of a verb: made next to its place, and put there when it is complete."""

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
from linkage.files.prepare import JobOptions, Prepared
from linkage.files.read_file import PersonFile
from linkage.files.schema import schema_text
from linkage.pipeline.atomic import remove, write_json
from linkage.pipeline.folder import MANIFEST
from linkage.pipeline.linked_files import write_records
from linkage.pipeline.lock import in_the_making
from linkage.pipeline.manifest import Manifest, RunFacts

SCHEMA = "schema.toml"
_MADE_BY_PEOPLE = ("review", "tuned")
"""Folders of clerical review and of tuned models, which stay when an output folder is replaced."""
_NOT_HOW = frozenset({"left", "right", "file", "out", "truth", "memory_limit", "threads", "force"})
"""Options that say which files, where to and with what, and nothing of how they are linked."""


@dataclass
class Linked:
    """What was linked: the schemas, counts, notes and, where truth was given, the error; no value."""

    columns: dict[str, tuple[str, str]]  # field to the columns of left and right; of one file both are the same
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
        started = time.monotonic()
        yield
        seconds = round(time.monotonic() - started, 3)
        self.manifest.content["stages"].append({"name": name, "status": "done", "seconds": seconds})

    def write(self, engine: Engine, tables: dict[str, Table]) -> dict[str, Any]:
        """Write each table as <name>.parquet; its rows, and a hash of them whatever their order."""
        paths = {name: self.part / f"{name}.parquet" for name in tables}
        rows = {name: engine.write(table, paths[name]) for name, table in tables.items()}
        return {name: {"rows": rows[name], "hash": engine.fingerprint(engine.read(paths[name]))} for name in tables}

    def write_prepared(self, engine: Engine, prepared: Prepared) -> None:
        """Store the standardised records and the schema by which they were read."""
        sides = [file.side for file in prepared.files]
        write_records(engine, self.part, dict(zip(sides, zip(prepared.units, prepared.ids, strict=True), strict=True)))
        text = schema_text(dict(zip(sides, prepared.schemas, strict=True)))
        (self.part / SCHEMA).write_text(text, encoding="utf-8")

    def describe(
        self,
        engine: Engine,
        request: JobOptions,
        prepared: Prepared,
        linked: Linked,
        tables: Mapping[str, Any],
        step: Mapping[str, Any],
    ) -> None:
        """Write into the manifest what was linked and by which options; no value."""
        files = prepared.files
        columns = {file.side: dict(of.columns) for file, of in zip(files, prepared.schemas, strict=True)}
        self.manifest.content |= {
            "config_hash": configuration_hash(request, linked.kinds),
            "seed": request.seed,
            "engine": engine.name,
            "inputs": {
                file.name: {
                    "rows": file.rows,
                    "linked_rows": file.rows - len(file.rejected),
                    "sha256": file.sha256,
                    "rejected": file.rejected_reasons(),
                    "first_line_rejected": min((line for line, _ in file.rejected), default=None),
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
        """Complete the manifest; write the page, from quality/evaluation.json and the manifest."""
        from quality.report.render import render_run

        self.manifest.content["title"] = title
        self.manifest.end("done", 0)
        if report:
            render_run(self.part)


@contextmanager
def output_folder(out: Path, title: str, *, force: bool) -> Iterator[OutputFolder]:
    """A folder to write to, which takes the place of `out` when all went well.

    Raises:
        ConfigError: `out` holds something already, and is not to be replaced or not ours to replace.
        LeoError: another process is at work on the same folder.
    """
    _refuse_used(out, force)
    with in_the_making(out.resolve(), called=out) as part:
        _refuse_used(out, force)  # once more: another process may just have put its own there
        yield OutputFolder(part, title)
        remove(part / "scratch")
        for name in _MADE_BY_PEOPLE:
            if (out / name).is_dir():
                shutil.copytree(out / name, part / name)


def configuration_hash(request: Any, kinds: Mapping[str, str]) -> str:
    """Of all options that say how files are linked, the content of a model among them, and of what is compared."""
    options = {name: value for name, value in asdict(request).items() if name not in _NOT_HOW}
    for name in ("model", "schema"):
        if path := options.get(name):
            options[name] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    text = json.dumps([options, dict(kinds)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def source_of(engine: Engine, name: str, file: PersonFile, units: Table) -> dict[str, Any]:
    """A file as `quality.measures.evaluation` has its sources: rows, and how many records know each field."""
    fields = [column for column in units.columns if column != "unit_id"]
    known = "".join(f", count({quote(of)}) as {quote(of)}" for of in fields)
    found = one(engine, engine.sql(f"select count(*) as {quote('all records')}{known} from {{t}}", t=units))
    entities = int(found["all records"])
    return {
        "source": name,
        "rows_read": file.rows,
        "records": file.rows - len(file.rejected),
        "quarantined": len(file.rejected),
        "entities": entities,
        "completeness": [
            {"identifier": of, "entities": entities, "present": int(found[of]), "several": None} for of in fields
        ],
    }


def _refuse_used(out: Path, force: bool) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise ConfigError(f"--out {out}: is a file\n  give a new or an empty folder")
    is_ours = (out / MANIFEST).is_file() and (out / "links.parquet").is_file()
    if any(out.iterdir()) and not (force and is_ours):
        hint = "give --force to replace it" if is_ours else "it was not written by leo link; give another folder"
        raise ConfigError(f"--out {out}: the folder is not empty\n  {hint}")
