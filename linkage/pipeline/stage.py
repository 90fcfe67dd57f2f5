"""A stage: one step of a run, its artefacts, and the workspace that its work is
given.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from linkage.config.toml_file import json_of
from linkage.engine import Engine, Table, columns
from linkage.pipeline.atomic import size, write_json
from linkage.records.source_files import sha256_of

Counts = dict[str, Any]
"""What a stage says of its work: JSON, aggregates only."""

Kind = Literal["table", "document", "folder", "file"]


def kind(artefact: str) -> Kind:
    """What a name stands for: `records/npd` a table, `quality/contracts.json` a
    document, `report/` a folder, `links.parquet` a table that users open as a file.

    Tables stay in the stage's folder; the others are put in their place below the
    run's folder.
    """
    if artefact.endswith("/"):
        return "folder"
    if artefact.endswith(".parquet"):
        return "file"
    return "document" if artefact.endswith((".json", ".toml")) else "table"


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Given to a stage's function for the time of its work.

    Attributes:
        stage: its name.
        makes: every artefact that it declares to make.
        engine: opened for this stage alone, so that what it stored is given back when
            it ends.
        part: the folder it writes to; renamed into place afterwards.
        kept: a folder, not made yet, for what should outlive a killed run: the next one
            finds it, if the stage's configuration, code and inputs are the same, and it
            goes when the stage is done.
        places: every artefact that the stage reads, and where it lies.
        counted: by artefact, what the stages that made those counted.
        manifest: the run's, as far as it has come.
        digest: sha256 of an input file; raises InputError where it is another than when
            the stage began.
        note: says what is being done now.
        tell: says what the operator should read; also goes into the run's log.
    """

    stage: str
    makes: tuple[str, ...]
    engine: Engine
    part: Path
    kept: Path
    places: Mapping[str, Path]
    counted: Mapping[str, Counts]
    manifest: Mapping[str, Any]
    digest: Callable[[Path], str]
    note: Callable[[str], None]
    tell: Callable[[str], None]
    _rows: dict[str, int] = field(default_factory=dict, init=False)
    _identities: dict[str, list[str]] = field(default_factory=dict, init=False)

    def path(self, artefact: str) -> Path:
        """Where an artefact of an earlier stage lies.

        Raises:
            KeyError: the stage does not declare that it reads it.
        """
        return self.places[artefact]

    def table(self, name: str) -> Table:
        """A table of an earlier stage."""
        return self.engine.read(self.path(name))

    def document(self, name: str) -> Any:
        """A document of an earlier stage."""
        return json_of(self.path(name))

    def counts(self, artefact: str) -> Counts:
        """What the stage that made an artefact counted."""
        self.path(artefact)
        return self.counted[artefact]

    def place(self, artefact: str) -> Path:
        """Where this stage is to put an artefact; its parent folder exists.

        Raises:
            KeyError: the stage does not declare that it makes it.
        """
        if artefact not in self.makes:
            raise KeyError(
                f"stage {self.stage} does not declare that it makes {artefact}"
            )
        path = self.part / (
            f"{artefact}.parquet" if kind(artefact) == "table" else artefact.rstrip("/")
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(
        self, name: str, table: Table, identity: Sequence[str] | None = None
    ) -> int:
        """Write a table; its number of rows.

        Args:
            identity: columns of which the table's fingerprint is made; all when None.
        """
        self._rows[name] = self.engine.write(table, self.place(name))
        if identity:
            self._identities[name] = list(identity)
        return self._rows[name]

    def adopt(self, name: str, path: Path) -> None:
        """Take a Parquet file that the stage has written elsewhere, rows in their
        order, as a table. The file itself is its identity.
        """
        path.rename(self.place(name))
        self._identities[name] = []

    def write_document(self, name: str, value: Any) -> None:
        """Write a document as JSON."""
        write_json(self.place(name), value)

    def made(self) -> dict[str, dict[str, Any]]:
        """Bytes of each artefact, rows and an order-free hash of each table, sha256 of
        each document.

        Raises:
            ValueError: an artefact that the stage declares is not there.
        """
        artefacts: dict[str, dict[str, Any]] = {}
        for artefact in self.makes:
            path = self.place(artefact)
            facts: dict[str, Any] = {"bytes": size(path)}
            if facts["bytes"] < 0:
                raise ValueError(f"stage {self.stage} did not make {artefact}")
            if kind(artefact) in ("table", "file"):
                table = self.engine.read(path)
                rows = self._rows.get(artefact)
                facts["rows"] = self.engine.count(table) if rows is None else rows
                facts["fingerprint"] = self._fingerprint(artefact, table, path)
            elif kind(artefact) == "document":
                facts["sha256"] = sha256_of(path)
            artefacts[artefact] = facts
        return artefacts

    def _fingerprint(self, artefact: str, table: Table, path: Path) -> str:
        """A hash of a table's identity, whatever the order of its rows."""
        identity = self._identities.get(artefact)
        if identity is None:
            return self.engine.fingerprint(table)
        if not identity:
            return sha256_of(path)
        query = f"select {columns(identity)} from {{table}}"
        return self.engine.fingerprint(self.engine.sql(query, table=table))


@dataclass(frozen=True)
class Stage:
    """One step of a run.

    Args:
        name: a folder's name, for example "records-npd".
        work: does it. Reads and writes through the workspace; returns its counts.
        reads: artefacts of earlier stages, by name. A stage can open no other.
        reads_if_there: the same, but for those that a gate has withheld: the stage does
            without.
        makes: artefacts of this stage. All must be there when `work` returns.
        settings: its part of the configuration, as JSON.
        files: input files by the name that goes into the fingerprint (relative to the
            data folder) and where they lie.
        modules: import packages or modules whose source is its code, for example
            ("linkage.records",).
        gate: what must hold before the stages after it may run; given the stage's
            counts, raises GateError. Asked at every run, also when the stage itself is
            up to date.
        partial: it runs even behind a failed gate, as long as the stages that it reads
            are there (the report).
    """

    name: str
    work: Callable[[Workspace], Counts]
    reads: tuple[str, ...] = ()
    reads_if_there: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    gate: Callable[[Counts], None] | None = None
    partial: bool = False


def makers(stages: tuple[Stage, ...]) -> dict[str, Stage]:
    """Artefact to the stage that makes it.

    Raises:
        ValueError: two stages make one artefact, share a name, or one reads what no
            earlier stage makes: an error of whoever laid out the stages, not of the
            user.
    """
    maker_of: dict[str, Stage] = {}
    names: set[str] = set()
    for stage in stages:
        if stage.name in names:
            raise ValueError(f"two stages are named {stage.name}")
        names.add(stage.name)
        for artefact in (*stage.reads, *stage.reads_if_there):
            if artefact not in maker_of:
                raise ValueError(
                    f"stage {stage.name} reads {artefact}, which no earlier stage makes"
                )
        for artefact in stage.makes:
            if artefact in maker_of:
                raise ValueError(
                    f"stages {maker_of[artefact].name} and {stage.name} both make "
                    f"{artefact}"
                )
            maker_of[artefact] = stage
    return maker_of
