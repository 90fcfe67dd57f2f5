"""SHA256SUMS: every file of an extract and its hash, in the form that `sha256sum -c`
reads too.

The hash of that file is the extract's seal: kept elsewhere, it reveals a folder that
was rewritten as a whole.
"""

import re
from pathlib import Path

from linkage.records.source_files import sha256_of

SUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def write_seal(folder: Path, known: dict[str, str]) -> str:
    """List every file below a folder; returns the seal.

    Args:
        known: hashes that were worked out already, by path below the folder.
    """
    lines = [
        f"{known.get(name) or sha256_of(folder / name)}  {name}\n"
        for name in files_below(folder)
    ]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
    return sha256_of(folder / SUMS)


def files_below(folder: Path) -> list[str]:
    """Every file of an extract but the list itself, sorted."""
    names = (
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.is_dir()
    )
    return sorted(name for name in names if name != SUMS)


def broken(folder: Path) -> dict[str, str]:
    """What is not as it was written: the file and what is wrong with it."""
    try:
        lines = (folder / SUMS).read_bytes().decode("utf-8").splitlines(keepends=True)
    except UnicodeDecodeError:
        return {SUMS: "was changed: it is no text"}
    faults: dict[str, str] = {}
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line.removesuffix("\n"))
        if match is None or not line.endswith("\n") or match[2] in sums:
            faults[SUMS] = f"was changed: line {number} is no hash and file"
        else:
            sums[match[2]] = match[1]
    files = files_below(folder)
    if list(sums) != sorted(sums):
        faults[SUMS] = "was changed: its lines are not in their order"
    for name in sorted(set(files) - set(sums)):
        faults[name] = (
            f"is not in {SUMS}: it was added or renamed, or its line was removed"
        )
    for name in sorted(set(sums) - set(files)):
        faults[name] = f"is missing, though {SUMS} lists it"
    for name in sorted(set(sums) & set(files)):
        if sha256_of(folder / name) != sums[name]:
            faults[name] = "is not as it was written: its SHA-256 differs"
    return faults
