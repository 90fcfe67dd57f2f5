"""Pages that are a folder: those of an earlier one give way, and nothing else that a user keeps there."""

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from linkage import __version__
from linkage.errors import InputError
from quality.report.document import write_page


def check_room(out: Path, mark: str, what: str) -> None:
    """See that a folder may be written to, before any work. What an earlier command wrote stays until there is more.

    Args:
        out: new, empty, or with the mark of an earlier one.
        mark: name of the file that lists what was written.
        what: what the folder is called: "dashboard".

    Raises:
        InputError: it holds something else, is a file, may not be written to, or its mark is damaged.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file\n  give a folder with --out")
    if out.is_dir() and any(out.iterdir()) and not (out / mark).is_file():
        raise InputError(f"{out}: holds something else, and no {what}\n  give a new or an empty folder with --out")
    _written(out / mark)
    there = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        why = "this user may not write there" if there.is_dir() else "is a file, and no folder"
        raise InputError(f"{there}: {why}\n  give a folder that may be written to with --out")


def write_folder(out: Path, mark: str, files: Mapping[str, str], **told: Any) -> None:
    """Write files, each whole or not at all, and take away those of an earlier command that are none of them.

    The mark comes first and names both, so that a killed command can be given again.

    Args:
        told: what the mark says beside the files' names.
    """
    about = {"made_by": f"leo-linkage {__version__}", **told}

    def mark_as(names: Collection[str]) -> None:
        write_page(json.dumps({**about, "files": sorted(names)}, indent=2) + "\n", out / mark)

    stale = _written(out / mark) - set(files)
    mark_as({*files, *stale})
    for name, text in files.items():
        write_page(text, out / name)
    for name in stale:
        (out / name).unlink(missing_ok=True)
    mark_as(files)


def _written(marked: Path) -> set[str]:
    """Names of the files that a mark lists; none where there is none.

    Raises:
        InputError: it is damaged.
    """
    if not marked.is_file():
        return set()
    try:
        listed = json.loads(marked.read_text(encoding="utf-8"))["files"]
        return {name for name in listed if isinstance(name, str) and Path(name).name == name}
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{marked}: is damaged\n  give a new folder with --out") from None
