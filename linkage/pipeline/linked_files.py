"""The output folder of `leo link` and `leo dedupe`: its standardised records, and the
step that they were linked by.

manifest.json  model.json  links.parquet  unlinked.parquet (leo link)  clusters.parquet
(leo dedupe) records/left.parquet, records/right.parquet (leo link) or
records/file.parquet (leo dedupe): the records as they were compared, personal data that
the owner alone may read: unit_id (the row of the file), source_key (its id), fields
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linkage.config import Cardinality, Step
from linkage.engine import Engine, Table
from linkage.errors import InputError
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
STEP_OPTIONS = ("threshold", "second_records", "cardinality")
"""What makes the step, of the options of `leo link`; the manifest has them under
`request`.
"""

ACCEPT_PROBABILITY: float = Step.model_fields["accept_probability"].default
"""Match probability from which a pair is accepted by default: that of a run's step."""


def is_of_files(manifest: Mapping[str, Any]) -> bool:
    """Whether a folder was written by `leo link` or `leo dedupe`, whose manifest has
    links and no configuration.
    """
    return "links" in manifest.get("tables", {}) and "configuration" not in manifest


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


def link_step_of(
    options: Mapping[str, Any], *, samples: int = 0, diagnose: bool = True
) -> Step:
    """The step of two files. Where both sides may hold several links no duplicate
    record competes for one.

    Args:
        options: as STEP_OPTIONS names them.
        samples: link draws.
        diagnose: whether unlinked records are given their reasons.
    """
    cardinality: Cardinality = options.get("cardinality") or "one-to-one"
    joins_duplicates = (
        diagnose and options.get("second_records") and cardinality != "many-to-many"
    )
    return Step(
        name="link",
        left="left",
        right="right",
        train=False,
        accept_probability=options["threshold"],
        review_probability=min(0.5, options["threshold"]),
        duplicates="join" if joins_duplicates else "leave",
        cardinality=cardinality,
        link_draws=samples,
        diagnose=diagnose,
    )


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
