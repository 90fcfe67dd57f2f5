"""A tuned model as a file: Splink's JSON, and beside it its version, its parent, what was changed, and why."""

import datetime
import hashlib
import re
from pathlib import Path

from linkage.model import Model
from linkage.model.training.files import save_told
from quality.tune.app import Outcome, Saved, Settings
from quality.tune.edited import changes
from quality.tune.opened import Tuned

FOLDER = "tuned"


def save(
    root: Path, tuned: Tuned, model: Model, *, before: Settings, after: Settings, note: str, outcome: Outcome
) -> Saved:
    """Write RUN/tuned/STEP-vN.json with the next N; no version takes another's place.

    Args:
        root: the run's folder.
        model: by the settings after.
        outcome: what the step was expected to come to.
    """
    step, parent = tuned.step.step, tuned.model
    folder = root / FOLDER
    version = 1 + max((number for number, _ in versions(root, step.name)), default=0)
    path = folder / f"{step.name}-v{version}.json"
    save_told(
        path,
        model,
        version,
        trained=dict(tuned.trained),
        tuned={
            "note": note,
            "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "run": tuned.run,
            "step": step.name,
            "records": list(tuned.step.records),
            "parent": {"model": parent.name, "sha256": hashlib.sha256(parent.read_bytes()).hexdigest()},
            "changes": changes(before, after),
            "settings": {name: getattr(after, name) for name in ("accept", "review")},
            "expected": {
                **outcome.decisions,
                "precision": outcome.expected["precision"]["value"],
                "recall": outcome.expected["recall"]["value"],
            },
        },
    )
    return Saved(path, version, tuned.use(path.resolve(), before, after))


def versions(root: Path, step: str) -> list[tuple[int, Path]]:
    """Saved versions of a step's model, the first first."""
    named = [(re.fullmatch(rf"{re.escape(step)}-v(\d+)", path.stem), path) for path in (root / FOLDER).glob("*.json")]
    return sorted((int(match.group(1)), path) for match, path in named if match)
