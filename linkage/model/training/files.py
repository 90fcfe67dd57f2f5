"""A trained model as files: Splink's JSON, and beside it what it was trained on.

Splink refuses a settings file with a key that it does not know, so that ours has a file of its own: model.json and
model.training.json.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from linkage.engine import unfinished
from linkage.errors import ConfigError
from linkage.model.splink_json import Model
from linkage.model.training.estimates.report import TrainingReport

FORMAT = 1
"""Of the file beside the model; higher when a key changes its meaning."""


def beside(path: Path) -> Path:
    """Where the training of a model file is told."""
    return path.with_name(f"{path.stem}.training.json")


def save(path: Path, model: Model, report: TrainingReport, **told: Any) -> int:
    """Write a model and what it was trained on, each whole or not at all.

    Args:
        told: what else is told of it, as of `save_told`.

    Returns:
        The model's version: one more than that of the file in whose place it stands, else 1.
    """
    return save_told(path, model, next_version(path), trained=report.as_dict(), **told)


def save_told(path: Path, model: Model, version: int, **told: Any) -> int:
    """Write a model and what is told of it, each whole or not at all; returns its version.

    Args:
        told: `trained`, what it was trained on; `labelled`, what people's labels taught; `tuned`, what was changed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _text(model.raw)
    about = {"format": FORMAT, "version": version, "model_sha256": hashlib.sha256(text.encode()).hexdigest()}
    _write(path, text)
    _write(beside(path), _text({**about, **told}))
    return version


def told(path: Path) -> dict[str, Any] | None:
    """What a model file was trained on; None where nothing is told of it, or the model was changed since.

    Raises:
        ConfigError: the file beside the model is no JSON.
    """
    try:
        found: dict[str, Any] = json.loads(beside(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ConfigError(f"{beside(path)}: not JSON\n  train the model again, or remove the file") from None
    changed = found.get("model_sha256") != hashlib.sha256(path.read_bytes()).hexdigest()
    return None if changed else found


def trained_on(path: Path) -> tuple[int, ...] | None:
    """Records of the sides that a model file's prior is of, or of the one file; None where nothing is told of it.

    Of the model in a folder of `leo link` or `leo dedupe` its manifest tells it.

    Raises:
        ConfigError: the file beside the model is no JSON.
    """
    about = told(path) or {}
    of_run = (about[made].get("records") for made in ("tuned", "labelled") if made in about)
    units = next(filter(None, of_run), None) or (about.get("trained") or {}).get("units") or _linked_beside(path)
    return tuple(map(int, units)) or None


def _linked_beside(path: Path) -> list[int]:
    try:
        counts = json.loads((path.parent / "manifest.json").read_text(encoding="utf-8"))["counts"]
        return [int(counts[name]) for name in ("left_units", "right_units", "records") if name in counts]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def next_version(path: Path) -> int:
    """One more than that of the model that is there, however it was changed; 1 where none is."""
    try:
        return int(json.loads(beside(path).read_text(encoding="utf-8"))["version"]) + 1
    except (OSError, ValueError, KeyError, TypeError):
        return 1


def _text(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


def _write(path: Path, text: str) -> None:
    with unfinished(path) as part:
        part.write_text(text, encoding="utf-8")
