"""Blocking keys: what the levels of a model ask to be equal, of which blocking rules
are made.

A key is a column, any value of a history, or a part of a value. A rule is the equality
of a few keys.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from linkage.engine import quote
from linkage.model.blocking.recall import Event, level_events
from linkage.model.compiled import any_element
from linkage.model.conditions import BlockingRule
from linkage.model.splink_json import Model

Key = Event
KeySet = tuple[int, ...]
"""Keys of a rule, by their places, in ascending order."""

MOST_KEYS = 60
"""Keys of a model: each is a bit of a whole number."""
MOST_KEYS_OF_RULE = 3


def keys_of_model(model: Model) -> list[Key]:
    """What the levels of each field ask to be equal, without a column of which a
    history is asked for as well: parts and histories first.
    """
    events = dict.fromkeys(
        event
        for comparison in model.fields
        for level in comparison.levels
        for event in level_events(level)
    )
    lists = {event.column for event in events if event.of_list}

    def is_plain(event: Key) -> bool:
        return not event.of_list and event.value == quote(event.column)

    parts = [event for event in events if not is_plain(event)]
    plain = [e for e in events if is_plain(e) and e.column not in lists]
    return [*parts, *plain][:MOST_KEYS]


def key_column(key: Key) -> str:
    """The column of a unit that a key reads."""
    return f"{key.column}_all" if key.of_list else key.column


def key_sets(keys: Sequence[Key]) -> Iterator[KeySet]:
    """Every set of up to three keys, no two of one field, the smaller ones first."""
    for size in range(1, MOST_KEYS_OF_RULE + 1):
        for rule in itertools.combinations(range(len(keys)), size):
            if len({keys[place].column for place in rule}) == size:
                yield rule


def blocking_rule(keys: Sequence[Key]) -> BlockingRule:
    """The rule by which all keys agree."""

    def side(key: Key, alias: str) -> str:
        column = key_column(key)
        value = quote(column) if key.of_list else key.value
        return value.replace(quote(column), f"{alias}.{quote(column)}")

    condition = " AND ".join(f"{side(key, 'l')} = {side(key, 'r')}" for key in keys)
    return BlockingRule(
        condition, tuple(dict.fromkeys(key_column(key) for key in keys if key.of_list))
    )


def bits_of(rule: KeySet) -> np.uint64:
    """A rule's keys as bits."""
    return np.uint64(sum(1 << place for place in rule))


def agreeing_bits(keys: Sequence[Key]) -> str:
    """SQL of the keys that agree, as bits, over units l and r."""
    return " + ".join(
        f"case when {any_element(blocking_rule([key]))} "
        f"then cast({1 << place} as bigint) else 0 end"
        for place, key in enumerate(keys)
    )
