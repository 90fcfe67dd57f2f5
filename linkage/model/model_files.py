"""A trained model as files: Splink's JSON, and next to it what it was trained on.

Splink refuses a settings file with a key that it does not know, so that ours has a file
of its own: model.json and model.training.json.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from linkage.config.toml_file import json_of
from linkage.engine import unfinished
from linkage.errors import ConfigError
from linkage.model.splink_json import Model
from linkage.model.training.report import TrainingReport

FORMAT = 1
"""Of the file next to the model; higher when a key changes its meaning."""
_AGAIN = "train the model again, or remove the file"


def training_file(path: Path) -> Path:
    """Where the training of a model file is recorded."""
    return path.with_name(f"{path.stem}.training.json")


def save(path: Path, model: Model, report: TrainingReport, **provenance: Any) -> int:
    """Write a model and what it was trained on, each whole or not at all.

    Args:
        provenance: what else is recorded, as of `save_with`.

    Returns:
        The model's version: one more than that of the file that it replaces, else 1.
    """
    return save_with(
        path, model, next_version(path), trained=report.as_dict(), **provenance
    )


def save_with(path: Path, model: Model, version: int, **provenance: Any) -> int:
    """Write a model and its provenance, each whole or not at all; returns its version.

    Args:
        provenance: `trained`, what it was trained on; `labelled`, what labels changed;
            `tuned`, what was changed by hand.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _text(model.raw)
    header = {
        "format": FORMAT,
        "version": version,
        "model_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    _write(path, text)
    _write(training_file(path), _text({**header, **provenance}))
    return version


def provenance(path: Path) -> dict[str, Any] | None:
    """What a model file was trained on; None where nothing is recorded, or the model
    was changed since.

    Raises:
        ConfigError: the file next to the model is no JSON.
    """
    try:
        record = json_of(training_file(path), _AGAIN)
    except FileNotFoundError:
        return None
    if not isinstance(record, dict):
        raise ConfigError(
            f"{training_file(path)}: does not say what the model was trained on\n  "
            f"{_AGAIN}"
        )
    is_changed = (
        record.get("model_sha256") != hashlib.sha256(path.read_bytes()).hexdigest()
    )
    return None if is_changed else record


def trained_on(path: Path) -> tuple[int, ...] | None:
    """Records of the sides that a model file's prior is of, or of the one file; None
    where nothing is recorded.

    Of the model in a folder of `leo link` or `leo dedupe` the manifest has it.

    Raises:
        ConfigError: the file next to the model is no JSON.
    """
    record = provenance(path) or {}
    of_run = (
        record[change].get("records")
        for change in ("tuned", "labelled")
        if change in record
    )
    units = (
        next(filter(None, of_run), None)
        or (record.get("trained") or {}).get("units")
        or _linked_sizes(path)
    )
    return tuple(map(int, units)) or None


def _linked_sizes(path: Path) -> list[int]:
    """Records of the files that a model was trained on, by the manifest next to it."""
    try:
        stages = json_of(path.parent / "manifest.json")["stages"]
        counts = next(
            stage["counts"] for stage in stages if stage["name"].startswith("link-")
        )
        return [
            int(counts[name])
            for name in ("left_units", "right_units", "records")
            if name in counts
        ]
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return []


def next_version(path: Path) -> int:
    """One more than that of the model that is there, however it was changed; 1 where
    none is.
    """
    try:
        return int(json_of(training_file(path))["version"]) + 1
    except (OSError, ValueError, KeyError, TypeError):
        return 1


def _text(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


def _write(path: Path, text: str) -> None:
    with unfinished(path) as part:
        part.write_text(text, encoding="utf-8")
