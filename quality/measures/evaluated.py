"""What the evaluation of a run left in its folder, read again."""

import json
from pathlib import Path
from typing import Any

from linkage.errors import InputError
from linkage.version import check_format

_NAMED = ("step", "left", "right")
_REMEDY = "take it from a copy of the folder, or make the run again"


def evaluation_of(path: Path) -> dict[str, Any]:
    """An evaluation (quality/evaluation.json of a run), by its file.

    Raises:
        InputError: it is damaged, or of another version; the message quotes nothing of
            it.
    """
    content = stored(path)
    evaluation: dict[str, Any] = content if isinstance(content, dict) else {}
    steps = evaluation.get("steps")
    if not isinstance(steps, list) or not all(
        isinstance(s, dict) and s.keys() >= set(_NAMED) for s in steps
    ):
        raise InputError(
            f"{path}: is damaged: it holds no table of link steps\n  {_REMEDY}"
        )
    check_format(path.parent.parent, evaluation)
    return evaluation


def stored(path: Path) -> Any:
    """A JSON document of a run; None where there is no file.

    Raises:
        InputError: it is damaged; the message says where and quotes nothing of it.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        reason = "is damaged: it is no text"
    except json.JSONDecodeError as fault:
        reason = f"not JSON at line {fault.lineno}"
    raise InputError(f"{path}: {reason}\n  {_REMEDY}")
