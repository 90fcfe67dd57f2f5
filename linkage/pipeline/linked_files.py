"""The folder of `leo link` and `leo dedupe`: what a run of one or two files leaves.

run.toml  manifest.json  model.json  links.parquet  unlinked.parquet (of two files)
clusters.parquet (of one file)
records/left.parquet, records/right.parquet or records/file.parquet: the records as they
were compared, personal data that the owner alone may read: unit_id (the row of the
file), source_key (its id), fields
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.config import Step
from linkage.config.file_run import FileRun, file_run_of, is_file_run
from linkage.engine import Engine, Table
from linkage.errors import ConfigError, InputError
from linkage.match.thresholds import Thresholds
from linkage.pipeline.folder import MANIFEST
from linkage.pipeline.manifest import manifest_of

LINKS_OF_FILES = ("left_id", "right_id", "match_weight", "decision")
UNLINKED_OF_FILES = ("side", "id", "reason")
CLUSTERS_OF_A_FILE = ("id", "person_id", "records")
"""What is read of the tables of `leo link` and `leo dedupe`."""
RECORDS = "records"
"""The folder of the standardised records, in the output folder."""
SOURCE_KEY = "source_key"
"""The column of ids as the file has them."""
MODEL = "model.json"
"""The model of the link step."""
RUN_FILE = "run.toml"
"""The run's file, with which `leo run` repeats it."""

ACCEPT_PROBABILITY: float = Step.model_fields["accept_probability"].default
"""Match probability from which a pair is accepted by default: that of a run's step."""


def records_file(side: str) -> str:
    """The standardised records of a file, as an artefact of the run."""
    return f"{RECORDS}/{side}.parquet"


def is_of_files(manifest: Mapping[str, Any]) -> bool:
    """Whether a folder was written by `leo link` or `leo dedupe`."""
    return is_file_run(manifest.get("configuration") or {})


@dataclass(frozen=True)
class FileFacts:
    """What a run of files has counted; no value of a record.

    Attributes:
        config: the run's file.
        step: the link step, with what the records decided.
        columns: field to the columns of the left and of the right that hold it.
        compared: field to the kind of its comparison.
        counts: of the link step: decisions, reasons, the training report.
        notes: of how the files were read.
        truth: precision, recall and F1, where true pairs were given.
        repeated: file to the share of its records of people who have several.
    """

    config: FileRun
    step: Step
    columns: dict[str, tuple[str, str]]
    compared: dict[str, str]
    counts: dict[str, Any]
    notes: list[str]
    truth: dict[str, float] | None
    repeated: dict[str, float]

    @property
    def files(self) -> dict[str, str]:
        """Side to the path of its file."""
        return {side: source.file for side, source in self.config.source.items()}


def facts_of_files(root: Path, manifest: Mapping[str, Any]) -> FileFacts:
    """What a folder of `leo link` or `leo dedupe` records of its run.

    Raises:
        ConfigError: the run has not linked its files, or an earlier version wrote it.
    """
    config = file_run_of(root / MANIFEST, manifest["configuration"])
    stages = {stage["name"]: stage.get("counts") for stage in manifest["stages"]}
    records = stages.get("records")
    counts = stages.get(f"link-{config.link.name}")
    if not records or not counts:
        raise ConfigError(
            f"{root}: the files are not linked yet\n  finish it: give the same command"
        )
    columns = {name: (pair[0], pair[1]) for name, pair in records["columns"].items()}
    return FileFacts(
        config=config,
        step=_step_of(config, counts),
        columns=columns,
        compared=records["compared"],
        counts={name: count for name, count in counts.items() if name != "truth"},
        notes=records["notes"],
        truth=counts["truth"],
        repeated={one["name"]: one["repeated"] for one in records["files"].values()},
    )


def _step_of(config: FileRun, counts: Mapping[str, Any]) -> Step:
    if config.of_one_file:
        return dedupe_step(config.link.accept_probability)
    return Step.model_validate(counts["step"])


def table_of(engine: Engine, path: Path, *needed: str) -> Table:
    """A table that a folder of `leo link` or `leo dedupe` holds.

    Raises:
        InputError: it is gone, or lacks a column that is read.
    """
    table = engine.read(path)
    if absent := [name for name in needed if name not in table.columns]:
        raise InputError(
            f"{path}: lacks {', '.join(absent)}\n  take it from a copy of the folder, "
            "or link again, with --force"
        )
    return table


def is_linked_files(root: Path) -> bool:
    """Whether a folder was written by `leo link` or `leo dedupe`."""
    return (root / MANIFEST).is_file() and is_of_files(manifest_of(root))


def dedupe_step(threshold: float) -> Step:
    """The step of one file.

    Args:
        threshold: match probability from which two records are one person.
    """
    return Step(
        name="dedupe",
        left="file",
        right="file",
        cardinality="many-to-many",
        train=False,
        accept_probability=threshold,
        review_probability=min(0.5, threshold),
    )


def dedupe_thresholds(threshold: float) -> Thresholds:
    """Match weights of a file that is linked with itself; pairs below the lowest weight
    are not stored.
    """
    return Thresholds.of(dedupe_step(threshold))
