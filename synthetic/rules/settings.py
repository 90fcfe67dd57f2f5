"""What the generator can be told: files of configs/, checked, with unknown keys refused."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linkage.config.resources import config_file
from linkage.errors import ConfigError

Share = Annotated[float, Field(ge=0, le=1)]


class Strict(BaseModel):
    """A part of a file, whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Rules = TypeVar("Rules", bound=BaseModel)


def settings(name: str, rules: type[Rules]) -> Rules:
    """A file by its path below configs/synthetic/, for example "releases/deliveries.toml".

    Raises:
        ConfigError: it is no TOML, or has faults; all are named at once.
    """
    path = config_file(f"synthetic/{name}")
    return checked(path, toml(path), rules)


def toml(path: Path) -> dict[str, Any]:
    """What a file of TOML says, unchecked.

    Raises:
        ConfigError: it is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def checked(path: Path, raw: dict[str, Any], rules: type[Rules]) -> Rules:
    """What a file says, as its rules.

    Raises:
        ConfigError: it has faults; all are named at once.
    """
    try:
        return rules.model_validate(raw)
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise ConfigError("\n".join([f"{path} has faults", *faults])) from None
