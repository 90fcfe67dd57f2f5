"""Samples of units that are the same on every engine, at every number of threads and in
every order of rows.

A unit's slot is the square of a multiple of its id, modulo a prime: whole numbers that
both engines calculate alike. The square sees to it that two units are drawn together no
more or less often for having neighbouring ids; a cryptographic hash would do the same,
and cost seconds for 25 million units. The two sides have multipliers of their own, so
that units of one number on both sides are not drawn together.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from linkage.engine import Engine, Table, columns

_PRIME = 2**31 - 1
_MULTIPLIERS = (1_327_217_885, 889_516_852)


@dataclass(frozen=True)
class Side:
    """All units of a side, and a sample of them."""

    table: Table
    units: int
    sample: Table  # unit_id, slot and the columns asked for
    share: float  # of the units that the sample holds


def drawn(
    engine: Engine,
    sides: Sequence[Table],
    names: Sequence[str],
    *,
    most: int,
    seed: int,
) -> list[Side]:
    """Sample at most about so many units of each side, in one scan.

    Args:
        sides: left and right, unit_id and the columns named.
    """

    samples = (
        functools.partial(sampled, engine, table, names, place, most=most, seed=seed)
        for place, table in enumerate(sides)
    )
    return engine.run_concurrently(*samples)


def sampled(
    engine: Engine,
    table: Table,
    names: Sequence[str],
    place: int,
    *,
    most: int,
    seed: int,
) -> Side:
    """Sample at most about so many units of one side.

    Args:
        table: unit_id and the columns named.
        place: 0 for the left side, 1 for the right one.
    """
    units = engine.count(table)
    share = min(most / max(units, 1), 1.0)
    select_list = columns(["unit_id", *names])
    spreads = (
        f"select {select_list}, {_spread(_MULTIPLIERS[place], seed)} as spread "
        "from {units}"
    )
    slots = (
        f"select {select_list}, spread * spread % {_PRIME} as slot from "
        f"({spreads}) as spreads"
    )
    query = (
        f"select {columns(['unit_id', 'slot', *names])} from ({slots}) as "
        f"slots where slot < {below(share)}"
    )
    sample = engine.sql(query, params=None, units=table, store=True)
    return Side(table, units, sample, share)


def _spread(multiplier: int, seed: int) -> str:
    return (
        f"(cast(unit_id as bigint) % {_PRIME} * {multiplier} + "
        f"{seed * 48_271 % _PRIME}) % {_PRIME}"
    )


def below(share: float) -> int:
    """The slot below which a share of all units lies."""
    return round(min(share, 1.0) * _PRIME)


def pair_slot(left: str, right: str) -> str:
    """SQL of the slot of a pair of unit ids, by which pairs are sampled."""
    mixed = (
        f"((cast({left} as bigint) % {_PRIME} * {_MULTIPLIERS[0]} + "
        f"cast({right} as bigint) % {_PRIME} * {_MULTIPLIERS[1]}) % {_PRIME})"
    )
    return f"({mixed} * {mixed} % {_PRIME})"


def halves(engine: Engine, units: Table, *, seed: int) -> tuple[Table, Table]:
    """A file's units in two halves, drawn as samples are: pairs across them are pairs
    of the file drawn at random.

    Args:
        units: unit_id and other columns, which both halves have.
    """
    spread = _spread(_MULTIPLIERS[0], seed)
    slot = f"({spread}) * ({spread}) % {_PRIME}"
    first, second = (
        engine.sql(
            f"select * from {{units}} where {slot} {side} {below(0.5)}",
            units=units,
            store=True,
        )
        for side in ("<", ">=")
    )
    return first, second
