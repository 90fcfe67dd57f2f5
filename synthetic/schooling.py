"""What configs/synthetic/schools/ says of schools and pupils, checked, with unknown keys refused."""

import functools
import tomllib
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linkage.errors import ConfigError
from linkage.resources import configs_dir

Share = Annotated[float, Field(ge=0, le=1)]


class Strict(BaseModel):
    """A table whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shares(Strict):
    """Of blocks of people who are never in English education, those that grow up in a nation."""

    scotland: Share
    wales: Share


class Crossing(Strict):
    """Families whose first move leads across a border."""

    families: Share
    to_scotland: Share


class Nations(Strict):
    """All of nations.toml."""

    shares: Shares
    crossing: Crossing
    leaving: Shares


Rules = TypeVar("Rules", bound=BaseModel)


@functools.cache
def nations() -> Nations:
    """The shipped configs/synthetic/schools/nations.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return load("nations", Nations)


def load(name: str, rules: type[Rules]) -> Rules:
    """A file of configs/synthetic/schools/, checked.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    path = configs_dir() / "synthetic" / "schools" / f"{name}.toml"
    try:
        return rules.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise ConfigError("\n".join([f"configs/synthetic/schools/{path.name} has faults", *faults])) from None
