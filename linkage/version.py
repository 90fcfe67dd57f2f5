"""This version, and the format of what it writes: a folder of another version is
refused, never misread.
"""

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from linkage.errors import InputError

VERSION = metadata.version("leo-linkage")
"""That of pyproject.toml."""
FORMAT = "1.0"
"""The version of leo-linkage that introduced the layout of run folders and evaluations.
Up to 0.2 it was a number.
"""


def other_version(written: Mapping[str, Any]) -> str | None:
    """The version that wrote a manifest or evaluation in another format; None where
    this version can read it.
    """
    if written.get("format") == FORMAT:
        return None
    versions = written.get("versions")
    version = versions.get("leo-linkage") if isinstance(versions, Mapping) else None
    return str(
        version
        or (
            "0.2 or earlier"
            if isinstance(written.get("format"), int | None)
            else "of another version"
        )
    )


def check_format(folder: Path, written: Mapping[str, Any]) -> None:
    """Check that this version can read a run folder.

    Args:
        written: its manifest or its evaluation.

    Raises:
        InputError: another version wrote it; the message names the folder, that version
            and the remedy.
    """
    if writer := other_version(written):
        raise InputError(
            f"{folder}: was made by leo-linkage {writer}, whose format leo-linkage "
            f"{VERSION} does not read\n"
            "  make the run again in a new folder (--out), or open this one with "
            f"leo-linkage {writer}"
        )
