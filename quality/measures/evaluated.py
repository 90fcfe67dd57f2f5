"""What the evaluation of a run left in its folder, read again."""

import json
from pathlib import Path
from typing import Any

from linkage.errors import InputError
from linkage.version import check_format

_NAMED = ("step", "left", "right")


def evaluation_of(path: Path) -> dict[str, Any]:
    """An evaluation (quality/evaluation.json of a run), by its file.

    Raises:
        InputError: it is damaged, or of another version; the message quotes nothing of it.
    """
    why = "is damaged: it holds no table of link steps"
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        content, why = None, "is damaged: it is no text"
    except json.JSONDecodeError as fault:
        content, why = None, f"not JSON at line {fault.lineno}"
    evaluation: dict[str, Any] = content if isinstance(content, dict) else {}
    steps = evaluation.get("steps")
    if not isinstance(steps, list) or not all(isinstance(s, dict) and s.keys() >= set(_NAMED) for s in steps):
        raise InputError(f"{path}: {why}\n  take it from a copy of the folder, or make the run again")
    check_format(path.parent.parent, evaluation)
    return evaluation
