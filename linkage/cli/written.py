"""Files that a command is asked to write in addition to what it shows: whether they can be is known before its work."""

import json
import os
from pathlib import Path
from typing import Any

import typer

from linkage.engine import unfinished


def a_file(given: Path | None) -> Path | None:
    """An option's file, which the verb will write; a callback of the option.

    Raises:
        BadParameter: it cannot be written there.
    """
    if given is None:
        return None
    if given.is_dir():
        raise typer.BadParameter(f"{given} is a folder: name a file in it")
    there = next(folder for folder in given.absolute().parents if folder.exists())
    if not there.is_dir():
        raise typer.BadParameter(f"{given}: {there} is no folder: name a file in one")
    if not os.access(there, os.W_OK | os.X_OK):
        raise typer.BadParameter(
            f"{given}: nothing may be written to {there}: name another, or ask for the right to it"
        )
    return given


def write_json(value: Any, out: Path) -> None:
    """Write what a verb found, whole or not at all, in a folder that is made where there is none."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(out) as part:
        part.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
