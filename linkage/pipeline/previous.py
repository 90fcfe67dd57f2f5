"""The release before this one: another run's folder, of which this run takes over person ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from linkage.errors import ConfigError
from linkage.pipeline.folder import MANIFEST, STAGES, RunFolder
from quality.measures.evaluated import evaluation_of


@dataclass(frozen=True)
class PreviousRun:
    """What a run needs to know of the release before it.

    Attributes:
        spine: its table of people.
        fingerprint: an order-free hash of that table.
        last_person_id: the greatest id ever given.
        evaluation: what was counted of it, where it was evaluated.
        extracts: project to the folder of its extract.
    """

    spine: Path
    fingerprint: str
    last_person_id: int
    evaluation: Path | None = None
    extracts: Mapping[str, Path] = field(default_factory=dict)


def previous_run(folder: Path, where: str) -> PreviousRun:
    """The spine of a run's folder.

    Raises:
        ConfigError: there is no run, or none that holds a whole spine.
        InputError: its evaluation is damaged.
    """
    if not (folder / MANIFEST).is_file():
        raise ConfigError(f"{where}: {folder} is no run's folder\n  for a first release, leave it out")
    if not (folder / STAGES).is_dir():  # leo link and leo dedupe leave a manifest too
        raise ConfigError(
            f"{where}: {folder} is no folder of leo run, and has no ids of people\n  give the folder of the last "
            "release, as leo run wrote it"
        )
    run = RunFolder(folder)
    summary = run.summary("spine")
    if summary is None or run.missing("spine", summary):
        raise ConfigError(f"{where}: {folder} holds no whole spine\n  finish that run first, with the same command")
    if "last_person_id" not in summary["counts"]:
        raise ConfigError(
            f"{where}: {folder} was made before ids were kept between releases\n  run it again with this version"
        )
    evaluation = folder / "quality" / "evaluation.json"
    if evaluation.is_file():
        evaluation_of(evaluation)  # now, and not when all has been linked
    return PreviousRun(
        spine=run.path("spine", "spine"),
        fingerprint=summary["made"]["spine"]["fingerprint"],
        last_person_id=int(summary["counts"]["last_person_id"]),
        extracts={path.parent.name: path.parent for path in sorted(folder.glob("extracts/*/SHA256SUMS"))},
        evaluation=evaluation if evaluation.is_file() else None,
    )
