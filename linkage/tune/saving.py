"""A tuned model as a file: Splink's JSON, and beside it its version, its parent, what was changed, and why."""

import datetime
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage.config import Step
from linkage.model import Model
from linkage.model.training.files import save_told
from linkage.tune.edited import changes
from quality.tuning import Outcome, Saved, Settings, Use

FOLDER = "tuned"


def save(
    root: Path,
    step: Step,
    model: Model,
    *,
    before: Settings,
    after: Settings,
    note: str,
    run: str,
    parent: Path,
    trained: Mapping[str, Any],
    records: Sequence[int],
    outcome: Outcome,
    use: Callable[[Path, Settings, Settings], Use],
) -> Saved:
    """Write RUN/tuned/STEP-vN.json with the next N; no version takes another's place.

    Args:
        root: the run's folder.
        parent: the file of the step's model there.
        trained: what the parent was trained on.
        records: how many the two sides have, or the one file, of which the prior is.
        outcome: what the step was expected to come to.
        use: how it is linked by the new file: of that, and of settings before and after.
    """
    folder = root / FOLDER
    version = 1 + max((number for number, _ in versions(root, step.name)), default=0)
    path = folder / f"{step.name}-v{version}.json"
    save_told(
        path,
        model,
        version,
        trained=dict(trained),
        tuned={
            "note": note,
            "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "run": run,
            "step": step.name,
            "records": list(records),
            "parent": {"model": parent.name, "sha256": hashlib.sha256(parent.read_bytes()).hexdigest()},
            "changes": changes(before, after),
            "settings": {name: getattr(after, name) for name in ("accept", "review", "margin")},
            "expected": {
                **outcome.decisions,
                "precision": outcome.expected["precision"]["value"],
                "recall": outcome.expected["recall"]["value"],
            },
        },
    )
    return Saved(path, version, use(path.resolve(), before, after))


def versions(root: Path, step: str) -> list[tuple[int, Path]]:
    """Saved versions of a step's model, the first first."""
    named = [(re.fullmatch(rf"{re.escape(step)}-v(\d+)", path.stem), path) for path in (root / FOLDER).glob("*.json")]
    return sorted((int(match.group(1)), path) for match, path in named if match)


def lines_for(path: Path, before: Settings, after: Settings) -> Sequence[str]:
    """Keys of a step in a run's TOML under which it links by the model and thresholds that were chosen."""
    lines = [f'model = "{path}"', "train = false"]
    if after.accept != before.accept or after.review != before.review:
        # A weight that is named does not move with what the cardinality adds; the probability says the other one.
        review = 1 / (1 + 2.0**-after.review)
        lines += [f"accept_weight = {after.accept!r}", f"review_probability = {review!r}"]
    if after.margin != before.margin:
        lines.append(f"margin = {after.margin!r}")
    return lines
