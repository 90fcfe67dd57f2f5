"""Which runs a dashboard is of: those that were evaluated, oldest first, and why the other folders are not shown."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linkage.errors import InputError, LeoError
from quality.measures.evaluation import FORMAT

_MANIFEST = "manifest.json"
_ENDED = ("done", "gate failed")
"""Statuses of runs that were evaluated. A gate that failed withholds extracts, and is what a trend should show."""

Reviews = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Run:
    """A run that was evaluated. All of it is aggregates.

    Attributes:
        name: of its folder, with as much of the path as tells it from the others.
        reviews: what clerical reviews of its links found (quality.review.estimate), a step each.
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
        return {(step["step"], step["left"], step["right"]): step for step in self.evaluation["steps"]}


@dataclass(frozen=True)
class Aside:
    """A folder that is not shown, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Found:
    """Runs from the oldest to the newest, and the folders set aside."""

    runs: Sequence[Run]
    aside: Sequence[Aside]


def found_below(
    folders: Sequence[Path],
    reviewed: Callable[[Path], Reviews] | None = None,
    manifest_format: int | None = None,
    see_that_it_is_intact: Callable[[Path, dict[str, Any]], None] = lambda _folder, _manifest: None,
) -> Found:
    """The runs that folders are or hold.

    Args:
        folders: each a run, or a folder of runs; its hidden folders, and folders without a manifest of which nothing
            says that they are runs, are no runs.
        reviewed: what reviews of a run's links found, for runs that have any.
        manifest_format: of the manifests that this version reads; any where None.
        see_that_it_is_intact: given a run's folder and its manifest, raises a LeoError where it is not as it was left.

    Raises:
        InputError: a folder does not exist, or none of them holds a run that was evaluated; each is named with why.
    """
    places: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder\n  name folders of leo run, or a folder that holds some")
        places |= dict.fromkeys(place.resolve() for place in _runs_of(folder))
    names = _names(list(places))
    read = [_read(place, names[place], manifest_format, see_that_it_is_intact) for place in places]
    read = [_with_reviews(one, reviewed) if isinstance(one, Run) and reviewed else one for one in read]
    runs = sorted((run for run in read if isinstance(run, Run)), key=lambda run: (run.started, run.name))
    aside = [one for one in read if isinstance(one, Aside)]
    if not runs:
        why = "".join(f"\n  {one.name}: {one.reason}" for one in aside)
        raise InputError(f"no run to show in {', '.join(map(str, folders))}{why}\n  make one: leo demo")
    newest = runs[-1]
    others = [run for run in runs if not set(run.steps) & set(newest.steps)]
    aside += [Aside(run.name, _other_configuration(run, newest)) for run in others]
    return Found([run for run in runs if run not in others], sorted(aside, key=lambda one: one.name))


def _runs_of(folder: Path) -> list[Path]:
    if (folder / _MANIFEST).exists() or _has_begun(folder):
        return [folder]
    return [
        inner
        for inner in sorted(folder.iterdir())
        if inner.is_dir() and not inner.name.startswith(".") and ((inner / _MANIFEST).exists() or _has_begun(inner))
    ]


def _has_begun(folder: Path) -> bool:
    return (folder / "stages").is_dir() or (folder / "quality").is_dir()


def _names(places: Sequence[Path]) -> dict[Path, str]:
    """The last part of each path, or as many parts as no other shares."""
    found = {}
    for place in places:
        parts = 1
        while sum(other.parts[-parts:] == place.parts[-parts:] for other in places) > 1:
            parts += 1
        found[place] = "/".join(place.parts[-parts:])
    return found


def _with_reviews(run: Run, reviewed: Callable[[Path], Reviews]) -> Run | Aside:
    try:
        return replace(run, reviews=reviewed(run.folder))
    except LeoError as fault:
        return Aside(run.name, str(fault).splitlines()[0])


def _read(
    place: Path, name: str, form: int | None, see_that_it_is_intact: Callable[[Path, dict[str, Any]], None]
) -> Run | Aside:
    try:
        manifest, evaluation = _json(place / _MANIFEST), _json(place / "quality" / "evaluation.json")
    except (OSError, ValueError) as fault:
        return Aside(name, f"unreadable: {fault}")
    if manifest is None:
        return Aside(name, "unfinished: it has no manifest.json; the same leo run continues it")
    if "configuration" not in manifest:
        return Aside(name, "no run of leo run: its manifest holds no configuration, as of leo synth, link or dedupe")
    written = (manifest.get("format"), FORMAT if evaluation is None else evaluation.get("format"))
    if (form is not None and written[0] != form) or written[1] != FORMAT:
        versions = manifest.get("versions")  # of another format, and of a damaged one, nothing is sure
        version = versions.get("leo-linkage", "unknown") if isinstance(versions, dict) else "unknown"
        return Aside(name, f"of another format, which this version does not read; make its page by version {version}")
    status = str(manifest.get("status"))
    if status not in _ENDED:
        return Aside(name, f"unfinished: its status is '{status}'; the same leo run continues it")
    if evaluation is None and status == "gate failed":
        return Aside(name, "a gate failed before it was evaluated: which, and by what, stands in its log.jsonl")
    if evaluation is None:
        return Aside(name, "not evaluated: it has no quality/evaluation.json; the same leo run makes it")
    try:
        see_that_it_is_intact(place, manifest)
    except LeoError as fault:
        return Aside(name, str(fault).splitlines()[0])
    if not evaluation.get("steps"):
        return Aside(name, "its evaluation has no link step")
    return Run(name, place, manifest, evaluation)


def _json(path: Path) -> dict[str, Any] | None:
    """A file's content, None where there is no file.

    Raises:
        ValueError: no JSON, or no table; the message says where and quotes nothing of it.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is no text") from None
    except json.JSONDecodeError as fault:
        raise ValueError(f"{path.name} is no JSON at line {fault.lineno}") from None
    except OSError as fault:
        raise OSError(f"{path.name}: {fault.strerror}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} holds no table of facts")
    return found


def _other_configuration(run: Run, newest: Run) -> str:
    steps = ", ".join(name for name, _, _ in run.steps)
    return f"of another configuration: none of its steps ({steps}) is a step of the newest run, {newest.name}"
