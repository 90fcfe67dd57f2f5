"""Where the data files that ship with the package lie, in a checkout and in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def configs_dir() -> Path:
    """The folder of runs, models, catalogue, packages and projects."""
    installed = _PACKAGE / "configs"
    return installed if installed.is_dir() else _PACKAGE.parent / "configs"


def assets_dir() -> Path:
    """The folder of styles and scripts of other makers that pages carry; it is not there before `make assets`."""
    installed = _PACKAGE / "assets"
    return installed if installed.is_dir() else _PACKAGE.parent / "assets" / "built"


def config_file(name: str) -> Path:
    """A shipped file by its path below configs/, for example "catalogue/npd.toml"."""
    return configs_dir() / name
