"""A stage: one step of a run, what it reads, what it makes, and what its result depends on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkage.pipeline.artefacts import Counts
from linkage.pipeline.workspace import Workspace


@dataclass(frozen=True)
class Stage:
    """One step of a run.

    Args:
        name: a folder's name, for example "records-npd".
        work: does it. Reads and writes through the workspace; returns its counts.
        reads: artefacts of earlier stages, by name. A stage can open no other.
        reads_if_there: the same, but for those that a gate has withheld: the stage does without.
        makes: artefacts of this stage. All must be there when `work` returns.
        settings: its part of the configuration, as JSON.
        files: input files by the name that goes into the fingerprint (relative to the data folder) and where they lie.
        rooms: import packages or modules whose source is its code, for example ("linkage.records",).
        gate: what must hold before the stages after it may run; given the stage's counts, raises GateError.
            Asked at every run, also when the stage itself is up to date.
        partial: it runs even behind a failed gate, as long as the stages that it reads are there (the report).
    """

    name: str
    work: Callable[[Workspace], Counts]
    reads: tuple[str, ...] = ()
    reads_if_there: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    rooms: tuple[str, ...] = ()
    gate: Callable[[Counts], None] | None = None
    partial: bool = False


def makers(stages: tuple[Stage, ...]) -> dict[str, Stage]:
    """Artefact to the stage that makes it.

    Raises:
        ValueError: two stages make one artefact, share a name, or one reads what no earlier stage makes: an error of
            whoever laid out the stages, not of the user.
    """
    made: dict[str, Stage] = {}
    names: set[str] = set()
    for stage in stages:
        if stage.name in names:
            raise ValueError(f"two stages are named {stage.name}")
        names.add(stage.name)
        for artefact in (*stage.reads, *stage.reads_if_there):
            if artefact not in made:
                raise ValueError(f"stage {stage.name} reads {artefact}, which no earlier stage makes")
        for artefact in stage.makes:
            if artefact in made:
                raise ValueError(f"stages {made[artefact].name} and {stage.name} both make {artefact}")
            made[artefact] = stage
    return made
