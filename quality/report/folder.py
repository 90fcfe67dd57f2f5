"""Pages that are a folder: an earlier one is replaced, and nothing else that a user
keeps there.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.errors import InputError
from linkage.version import VERSION
from quality.report.document import write_page


@dataclass(frozen=True)
class PageFolder:
    """Pages that were written."""

    index: Path
    pages: int
    bytes: int


def check_folder(out: Path, mark: str, what: str) -> None:
    """Check that pages may be written to a folder, before any work.

    Args:
        out: new, empty, or with the mark of an earlier one.
        mark: name of the file that lists what was written.
        what: what the folder is called: "dashboard".

    Raises:
        InputError: it holds something else, is a file, may not be written to, or its
            mark is damaged.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file\n  give a folder with --out")
    if out.is_dir() and any(out.iterdir()) and not (out / mark).is_file():
        raise InputError(
            f"{out}: holds something that is not a {what}\n  give a new or an empty "
            "folder with --out"
        )
    _files_listed(out / mark)
    parent = next(
        folder for folder in (out, *out.absolute().parents) if folder.exists()
    )
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        reason = (
            "this user may not write there"
            if parent.is_dir()
            else "is a file, not a folder"
        )
        raise InputError(
            f"{parent}: {reason}\n  give a folder that may be written to with --out"
        )


def write_folder(
    out: Path, mark: str, files: Mapping[str, str], **facts: Any
) -> PageFolder:
    """Write files, index.html among them, each whole or not at all, and delete those of
    an earlier command that are not among them.

    The mark is written first and lists both, so that a killed command can be given
    again.
    """
    stale = _files_listed(out / mark) - set(files)
    header = {"made_by": f"leo-linkage {VERSION}", **facts}

    def write_mark(names: set[str]) -> None:
        write_page(
            json.dumps({**header, "files": sorted(names)}, indent=2) + "\n", out / mark
        )

    write_mark(set(files) | stale)
    for name, text in files.items():
        write_page(text, out / name)
    for name in stale:
        (out / name).unlink(missing_ok=True)
    write_mark(set(files))
    pages = sum(name.endswith(".html") for name in files)
    return PageFolder(
        out / "index.html", pages, sum(len(text.encode()) for text in files.values())
    )


def _files_listed(mark: Path) -> set[str]:
    """Names of the files that a mark lists; none where there is no mark.

    Raises:
        InputError: it is damaged.
    """
    if not mark.is_file():
        return set()
    try:
        names = json.loads(mark.read_text(encoding="utf-8"))["files"]
        return {
            name for name in names if isinstance(name, str) and Path(name).name == name
        }
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{mark}: is damaged\n  give a new folder with --out"
        ) from None
