"""Pages that are a folder: those of an earlier one give way, and nothing else that a user keeps there."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linkage import __version__
from linkage.errors import InputError
from quality.report.document import write_page


def make_room(out: Path, mark: str, what: str) -> None:
    """See that a folder may be written to, and take away the files that its mark names.

    Args:
        out: new, empty, or with the mark of an earlier one.
        mark: name of the file that lists what was written.
        what: what the folder is called: "dashboard".

    Raises:
        InputError: it holds something else, is a file, or its mark is damaged.
    """
    marked = out / mark
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file\n  give a folder with --out")
    if out.is_dir() and any(out.iterdir()) and not marked.is_file():
        raise InputError(f"{out}: holds something else, and no {what}\n  give a new or an empty folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    if not marked.is_file():
        return
    try:
        earlier = json.loads(marked.read_text(encoding="utf-8"))["files"]
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{marked}: is damaged\n  give a new folder with --out") from None
    for name in earlier:
        if isinstance(name, str) and Path(name).name == name:
            (out / name).unlink(missing_ok=True)


def write_folder(out: Path, mark: str, files: Mapping[str, str], **told: Any) -> None:
    """Write files, each whole or not at all. The mark comes first, so that a killed command can be given again.

    Args:
        told: what the mark says beside the files' names.
    """
    about = {"made_by": f"leo-linkage {__version__}", **told, "files": sorted(files)}
    write_page(json.dumps(about, indent=2) + "\n", out / mark)
    for name, text in files.items():
        write_page(text, out / name)
