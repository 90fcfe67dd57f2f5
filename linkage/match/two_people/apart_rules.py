"""The rules of configs/resolution/apart.toml: what makes a pair two people."""

import functools

from pydantic import BaseModel, ConfigDict

from linkage.config import Probability, Step
from linkage.config.resources import config_file
from linkage.config.toml_file import held_to


class Rule(BaseModel):
    """What makes a pair two people; the keys are explained in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    why: str
    equal: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    equal_any: tuple[str, ...] = ()
    born_apart: str | None = None
    other_year: bool = False
    within: tuple[str, ...] = ()
    within_any: tuple[str, ...] = ()
    differ: str | None = None
    words: bool = False
    also: tuple[str, ...] = ()
    alike: Probability = 1.0
    unless_equal: tuple[str, ...]
    most_people: Probability = 1.0
    variants: tuple[frozenset[str], ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    variants: tuple[frozenset[str], ...]
    apart: tuple[Rule, ...]


def asked_for(step: Step) -> tuple[Rule, ...]:
    """The rules by which a step's pairs are two people whatever they weigh; none where it leaves that to its model."""
    return shipped() if step.twins == "apart" else ()


@functools.cache
def shipped() -> tuple[Rule, ...]:
    """The rules of configs/resolution/apart.toml."""
    file = held_to(_File, config_file("resolution/apart.toml"))
    return tuple(rule.model_copy(update={"variants": file.variants}) for rule in file.apart)
