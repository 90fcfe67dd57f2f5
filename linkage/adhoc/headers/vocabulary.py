"""The words and forms by which columns and values are known: configs/recognise.toml, read once."""

import functools
import tomllib
from typing import Any

from linkage.resources import config_file


@functools.cache
def vocabulary() -> dict[str, Any]:
    """The file's tables by their names."""
    return tomllib.loads(config_file("recognise.toml").read_text(encoding="utf-8"))
