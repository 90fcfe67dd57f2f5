"""Keys that a blocking rule may be made of: whole values, parts that configs/blocking.toml names, elements of lists."""

import functools
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from linkage.config.resources import config_file
from linkage.config.toml_file import Strict, held_to
from linkage.engine import quote
from linkage.model.comparisons import rare_words_of
from linkage.model.splink_json import BlockingRule


@dataclass(frozen=True)
class Key:
    """One equality, and the field that it says something of."""

    field: str
    rule: BlockingRule


class _Part(Strict):
    """A part of a value, as SQL over one side's {column}."""

    name: str
    kinds: tuple[str, ...]
    value: Annotated[str, Field(pattern=r"\{column\}")]
    why: str


class _Parts(Strict):
    """configs/blocking.toml."""

    key: tuple[_Part, ...]


@functools.cache
def _parts() -> tuple[_Part, ...]:
    return held_to(_Parts, config_file("blocking.toml")).key


def keys_of_fields(kinds: Mapping[str, str], columns: Collection[str]) -> list[Key]:
    """The keys of each field.

    Args:
        kinds: field to kind of comparison: name, date, postcode, number, category, code, text.
        columns: what the units hold; <field>_all is preferred to the field, since any value ever held may agree. Any of
            the rare words of a text (comparisons.rare_words_of) may agree beside it.
    """
    found = []
    for field, kind in kinds.items():
        found.append(_whole(field, f"{field}_all" in columns))
        if (words := rare_words_of(field)) in columns:
            found.append(Key(field, _equal(quote(words), (words,))))
        for part in _parts():
            if kind not in part.kinds:
                continue
            held = f"{field}_{part.name}_all"
            found.append(Key(field, _equal(quote(held), (held,))) if held in columns else _part(field, part.value))
    return found


def combined(keys: Sequence[Key]) -> BlockingRule:
    """The rule that all of some keys agree."""
    explode = dict.fromkeys(column for key in keys for column in key.rule.explode)
    return BlockingRule(" AND ".join(key.rule.condition for key in keys), tuple(explode))


def combinations(keys: Sequence[Key], size: int) -> list[tuple[int, ...]]:
    """Places of keys that may stand in one rule: no two of one field, which would say little more than the stricter."""
    return [
        places
        for places in itertools.combinations(range(len(keys)), size)
        if len({keys[place].field for place in places}) == size
    ]


def _whole(field: str, has_list: bool) -> Key:
    listed = f"{field}_all"
    return Key(field, _equal(quote(listed), (listed,)) if has_list else _equal(quote(field), ()))


def _equal(column: str, explode: tuple[str, ...]) -> BlockingRule:
    return BlockingRule(f"l.{column} = r.{column}", explode)


def _part(field: str, value: str) -> Key:
    left, right = (value.replace("{column}", f"{side}.{quote(field)}") for side in "lr")
    return Key(field, BlockingRule(f"{left} = {right}"))
