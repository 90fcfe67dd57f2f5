"""Writing so that a reader sees the old or the new, whole, whatever happens in
between.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from linkage.engine import unfinished


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file: next to its place first, to the disk, then renamed into place.

    Whoever else writes the same file at the same time writes next to it, and the last
    one stays.
    """
    with unfinished(path) as part, part.open("w", encoding="utf-8") as file:
        json.dump(value, file, indent=2, ensure_ascii=False, default=str)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def put(source: Path, target: Path) -> None:
    """Move a file or folder into place, and replace what was there.

    A folder cannot be replaced in one step: the old one is renamed first, and a crash
    in between leaves no folder, never a mixture of the two.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    source = _on_the_same_disk(target, source)
    if source.is_dir() and target.exists():
        old_target = target.with_name(f".{target.name}.old")
        remove(old_target)
        os.replace(target, old_target)
        os.replace(source, target)
        remove(old_target)
    else:
        os.replace(source, target)
    sync_folder(target.parent)


def _on_the_same_disk(target: Path, source: Path) -> Path:
    """What is to be moved, on the target's file system: a copy, where that part of the
    run's folder lies on another.
    """
    if source.stat().st_dev == target.parent.stat().st_dev:
        return source
    part = target.with_name(f".{target.name}.part")
    remove(part)
    if source.is_dir():
        shutil.copytree(source, part)
        sync_tree(part)
    else:
        shutil.copyfile(source, part)
        _sync(part, os.O_RDONLY)
    remove(source)
    return part


def remove(path: Path) -> None:
    """Remove a file or a folder with all in it; nothing where there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync_tree(folder: Path) -> None:
    """Force every file below a folder, and the folders' entries, to the disk."""
    for parent, _, files in os.walk(folder):
        for name in files:
            _sync(Path(parent) / name, os.O_RDONLY)
        sync_folder(Path(parent))


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to the disk."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; -1 where there is neither."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size if path.is_file() else -1
