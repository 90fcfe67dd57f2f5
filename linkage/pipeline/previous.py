"""The release before this one: another run's folder, of which this run takes over person ids."""

from dataclasses import dataclass
from pathlib import Path

from linkage.errors import ConfigError
from linkage.pipeline.folder import MANIFEST, RunFolder


@dataclass(frozen=True)
class PreviousRun:
    """What a run needs to know of the release before it.

    Attributes:
        spine: its table of people.
        fingerprint: an order-free hash of that table.
        last_person_id: the greatest id ever given.
        evaluation: what was counted of it, where it was evaluated.
    """

    spine: Path
    fingerprint: str
    last_person_id: int
    evaluation: Path | None = None


def previous_run(folder: Path, where: str) -> PreviousRun:
    """The spine of a run's folder.

    Raises:
        ConfigError: there is no run, or none that holds a whole spine.
    """
    if not (folder / MANIFEST).is_file():
        raise ConfigError(f"{where}: {folder} is no run's folder\n  for a first release, take the line out")
    run = RunFolder(folder)
    summary = run.summary("spine")
    if summary is None or run.missing("spine", summary):
        raise ConfigError(f"{where}: {folder} holds no whole spine\n  finish that run first, with the same command")
    if "last_person_id" not in summary["counts"]:
        raise ConfigError(
            f"{where}: {folder} was made before ids were kept between releases\n  run it again with this version"
        )
    return PreviousRun(
        spine=run.path("spine", "spine"),
        fingerprint=summary["made"]["spine"]["fingerprint"],
        last_person_id=int(summary["counts"]["last_person_id"]),
        evaluation=evaluation if (evaluation := folder / "quality" / "evaluation.json").is_file() else None,
    )
