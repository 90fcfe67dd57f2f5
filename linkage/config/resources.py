"""Where the data files lie that the package ships, and a user's own definitions that
stand before them.

Definitions are what a run reads by itself: the catalogue, contracts, rules of
conflicts, denominators of quality, rules of requests, profiles of disclosure. A user
with other sources keeps a folder laid out like configs/: a file with the path of a
shipped one replaces it, another dataset is added to the shipped ones. One process has
one such folder.
"""

import hashlib
import os
import shutil
import textwrap
from collections.abc import Sequence
from pathlib import Path

from linkage.errors import ConfigError, nearest

OWN = "LEO_DEFINITIONS"
"""The environment variable that names the folder of a user's own definitions."""

ADDED = ("catalogue/*.toml", "disclosure/*.toml", "packages/*.toml", "requests/*.toml")
"""Where a file of any name is read; elsewhere only one that is called as a shipped one.
"""

NAMED = ("models", "passes", "projects", "synthetic")
"""Folders whose files are read when a run's file or a command names them."""

SCHEMAS = "schemas"
"""Folder of the JSON Schemas of these files: no run reads them."""

_PACKAGE = Path(__file__).parents[1]


def shipped_dir() -> Path:
    """The folder of the runs, models, catalogue, packages and projects that ship."""
    installed = _PACKAGE / "configs"
    return installed if installed.is_dir() else _PACKAGE.parent / "configs"


def config_file(name: str) -> Path:
    """A file by its path below configs/, for example "catalogue/npd.toml": the user's
    own, or else the shipped one.
    """
    own_folder = _own_dir()
    return (
        own_folder / name
        if own_folder and (own_folder / name).is_file()
        else shipped_dir() / name
    )


def config_files(*patterns: str) -> dict[str, Path]:
    """All files of some patterns by their paths below configs/, in order: the shipped
    and the user's own.
    """
    folders = [folder for folder in (shipped_dir(), _own_dir()) if folder]
    files = {
        _name(path, folder): path
        for folder in folders
        for p in patterns
        for path in folder.glob(p)
    }
    return dict(sorted(files.items()))


def use(folder: Path) -> None:
    """Let the definitions of a folder stand before the shipped ones, in this process
    and those that it starts.

    Call it before anything is read: what has been read is kept.

    Raises:
        ConfigError: it is no folder, or holds a file that nothing would read.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"{folder}: no folder of definitions\n  make one: leo config copy NAME "
            f"--out {folder}"
        )
    shipped = set(shipped_names())
    tops = (
        {name.split("/")[0] for name in shipped if "/" in name}
        - {p.split("/")[0] for p in ADDED}
        - set(NAMED)
    )
    paths = [
        _name(path, folder)
        for top in sorted(tops)
        for path in sorted((folder / top).rglob("*.*"))
    ]
    strays = [name for name in paths if name not in shipped]
    if strays:
        lines = [
            "  "
            f"{name}{f'; is {hints[0]} meant?' if (hints := nearest(name, shipped)) else ''}"  # noqa: E501
            for name in strays
        ]
        raise ConfigError(
            f"{folder}: files that nothing reads; there they are to be called as the "
            "shipped ones\n" + "\n".join(lines)
        )
    os.environ[OWN] = str(folder.resolve())


def own_names() -> list[str]:
    """Which of the user's own files are read instead of shipped ones or in addition to
    them, as paths below configs/.
    """
    own_folder = _own_dir()
    if not own_folder:
        return []
    added_paths = {
        _name(path, own_folder)
        for pattern in ADDED
        for path in own_folder.glob(pattern)
    }
    return sorted(
        added_paths
        | {name for name in shipped_names() if (own_folder / name).is_file()}
    )


def definitions_hash() -> str:
    """SHA-256 of every definition in use: its path below configs/ and its content."""
    total = hashlib.sha256()
    for name in sorted({*shipped_names(), *own_names()}):
        total.update(
            f"{name} "
            f"{hashlib.sha256(config_file(name).read_bytes()).hexdigest()}\n".encode()
        )
    return total.hexdigest()


def shipped_names() -> list[str]:
    """Every shipped definition, as its path below configs/."""
    files = (
        path
        for path in shipped_dir().rglob("*.*")
        if path.is_file() and path.parent.name != SCHEMAS
    )
    return sorted(_name(path, shipped_dir()) for path in files)


def definitions() -> list[tuple[str, bool, str]]:
    """Path, whether it is the user's own, and heading (its first line, a comment or
    title) of every definition.
    """
    own_paths = set(own_names())
    return [
        (name, name in own_paths, _heading(config_file(name)))
        for name in sorted({*shipped_names(), *own_paths})
    ]


def _heading(path: Path) -> str:
    lines = (
        path.read_text(encoding="utf-8").splitlines() if path.suffix == ".toml" else []
    )
    first = next((line for line in lines if not line.startswith("#:")), "")
    heading = (
        first.removeprefix("#")
        if first.startswith("#")
        else first.removeprefix("title =").strip(' "')
    )
    return textwrap.shorten(heading, 78, placeholder=" ...")


def copy_definitions(names: Sequence[str], out: Path) -> None:
    """Copy shipped definitions into a folder of the user's own.

    Raises:
        ConfigError: a name is unknown, or the folder has a file of the name already.
    """
    if unknown := [name for name in names if name not in shipped_names()]:
        raise ConfigError(
            f"no definition is called {', '.join(unknown)}\n  leo config files lists "
            "them"
        )
    if present_names := [name for name in names if (out / name).exists()]:
        raise ConfigError(
            f"{out}: has {', '.join(present_names)} already\n  delete what you want to "
            "copy again"
        )
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shipped_dir() / name, out / name)
    copy_schemas(out)


def copy_schemas(out: Path) -> None:
    """Copy the JSON Schemas of definitions, which the first line of each names for
    editors.
    """
    shutil.copytree(shipped_dir() / SCHEMAS, out / SCHEMAS, dirs_exist_ok=True)


def _own_dir() -> Path | None:
    folder = os.environ.get(OWN)
    return Path(folder) if folder else None


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
