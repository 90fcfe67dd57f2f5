"""What the generator can be told: files of configs/synthetic/, checked, with unknown keys refused."""

import tomllib
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from linkage.errors import ConfigError
from linkage.resources import config_file


class Strict(BaseModel):
    """A part of a file, whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Rules = TypeVar("Rules", bound=BaseModel)


def settings(name: str, rules: type[Rules]) -> Rules:
    """A file by its path below configs/synthetic/, for example "releases/deliveries.toml".

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    path = config_file(f"synthetic/{name}")
    try:
        return rules.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise ConfigError("\n".join([f"configs/synthetic/{name} has faults", *faults])) from None
