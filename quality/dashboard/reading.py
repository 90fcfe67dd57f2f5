"""Which runs a dashboard shows: those that were evaluated, oldest first, and why other
folders are not shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.errors import InputError, LeoError
from linkage.pipeline.linked_files import is_of_files
from linkage.pipeline.manifest import check_intact
from linkage.pipeline.reviewing import estimates
from linkage.version import other_version
from quality.measures.evaluated import stored

_MANIFEST = "manifest.json"
_ENDED = ("done", "gate failed")
"""Statuses of runs that were evaluated. A failed gate withholds extracts, and is what a
trend should show.
"""

Reviews = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Run:
    """A run that was evaluated. All of it is aggregates.

    Attributes:
        name: of its folder, with as much of the path as tells it from the others.
        reviews: estimates from clerical reviews of its links (quality.review.estimate),
            one a step.
    """

    name: str
    folder: Path
    manifest: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    reviews: Reviews = ()

    @property
    def started(self) -> str:
        """When, as ISO 8601."""
        return str(self.manifest.get("started") or "")

    @property
    def steps(self) -> dict[tuple[str, str, str], Mapping[str, Any]]:
        """Steps by what makes them the same step in two runs: name, left and right."""
        return {
            (step["step"], step["left"], step["right"]): step
            for step in self.evaluation["steps"]
        }


@dataclass(frozen=True)
class NotShown:
    """A folder that is not shown, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class RunsBelow:
    """Runs from the oldest to the newest, and the folders not shown."""

    runs: Sequence[Run]
    not_shown: Sequence[NotShown]


def runs_below(folders: Sequence[Path]) -> RunsBelow:
    """The runs that folders are or hold.

    Args:
        folders: each a run, or a folder of runs.

    Raises:
        InputError: a folder does not exist, or none of them holds an evaluated run;
            each is named with why.
    """
    places: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(
                f"{folder}: no such folder\n  name folders of leo run, or a folder "
                "that holds some"
            )
        places |= dict.fromkeys(place.resolve() for place in _runs_of(folder))
    names = _names(list(places))
    read = [_read(place, names[place]) for place in places]
    runs = sorted(
        (run for run in read if isinstance(run, Run)),
        key=lambda run: (run.started, run.name),
    )
    rest = [one for one in read if isinstance(one, NotShown)]
    if not runs:
        reasons = "".join(f"\n  {one.name}: {one.reason}" for one in rest)
        raise InputError(
            f"no run to show in {', '.join(map(str, folders))}{reasons}\n  make one: "
            "leo demo"
        )
    newest = runs[-1]
    others = [run for run in runs if not set(run.steps) & set(newest.steps)]
    rest += [
        NotShown(
            run.name, f"another configuration: it shares no step with {newest.name}"
        )
        for run in others
    ]
    return RunsBelow(
        [run for run in runs if run not in others],
        sorted(rest, key=lambda one: one.name),
    )


def _runs_of(folder: Path) -> list[Path]:
    if _is_run(folder):
        return [folder]
    inner = (
        one
        for one in sorted(folder.iterdir())
        if one.is_dir() and not one.name.startswith(".")
    )
    return [one for one in inner if _is_run(one)]


def _is_run(folder: Path) -> bool:
    return (
        (folder / _MANIFEST).exists()
        or (folder / "stages").is_dir()
        or (folder / "quality").is_dir()
    )


def _names(places: Sequence[Path]) -> dict[Path, str]:
    """The last part of each path, or as many parts as no other shares."""
    names = {}
    for place in places:
        parts = 1
        while sum(other.parts[-parts:] == place.parts[-parts:] for other in places) > 1:
            parts += 1
        names[place] = "/".join(place.parts[-parts:])
    return names


def _read(place: Path, name: str) -> Run | NotShown:
    try:
        manifest, evaluation = (
            _facts(place / _MANIFEST),
            _facts(place / "quality" / "evaluation.json"),
        )
    except (OSError, InputError) as fault:
        return NotShown(name, f"unreadable: {str(fault).splitlines()[0]}")
    if reason := _reason(manifest, evaluation):
        return NotShown(name, reason)
    try:
        check_intact(place, dict(manifest or {}))
        release = _facts(place / "release.json") or {}
        return Run(
            name,
            place,
            {**(manifest or {}), **release},
            evaluation or {},
            estimates(place),
        )
    except LeoError as fault:
        return NotShown(name, str(fault).splitlines()[0])


def _reason(
    manifest: dict[str, Any] | None, evaluation: dict[str, Any] | None
) -> str | None:
    """Why a folder is not shown; None of a run that can be shown."""
    if manifest is None:
        return "unfinished: no manifest.json; continue it with the same leo run"
    if "configuration" not in manifest or is_of_files(manifest):
        return "not a run of leo run: its manifest has no configuration"
    facts = {} if evaluation is None else {"format": evaluation.get("format")}
    if writer := other_version({**manifest, **facts}) or other_version(manifest):
        return f"another format: make its page with version {writer}"
    status = str(manifest.get("status"))
    if status not in _ENDED:
        return (
            f"unfinished: its status is '{status}'; continue it with the same leo run"
        )
    if evaluation is None and status == "gate failed":
        return "a gate failed before it was evaluated: its log.jsonl says which"
    if evaluation is None:
        return "not evaluated: no quality/evaluation.json; the same leo run makes it"
    return None if evaluation.get("steps") else "its evaluation has no link step"


def _facts(path: Path) -> dict[str, Any] | None:
    """A file's content, None where there is no file."""
    content = stored(path)
    if content is not None and not isinstance(content, dict):
        raise InputError(f"{path}: is damaged: no JSON object\n  run it again: leo run")
    return content
