"""Samples of units that are the same on every engine, at every number of threads and in every order of rows.

A unit's slot is a multiple of its id modulo a prime. The multiples stand at the golden and the silver ratio of the
prime, whose steps spread any run of ids evenly; a cryptographic hash would cost a second for five million units. The
two sides have multipliers of their own, so that units of one number on both sides are not drawn together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from linkage.engine import Engine, Table, columns

_PRIME = 2**31 - 1
_MULTIPLIERS = (1_327_217_885, 889_516_852)


@dataclass(frozen=True)
class Side:
    """All units of a side, and a sample of them at hand."""

    table: Table
    units: int
    sample: Table  # unit_id, slot and the columns asked for
    share: float  # of the units that the sample holds


def drawn(engine: Engine, sides: Sequence[Table], names: Sequence[str], *, most: int, seed: int) -> list[Side]:
    """A sample of at most about so many units of each side: its one scan of all units.

    Args:
        sides: left and right, unit_id and the columns named.
    """
    found = []
    for table, multiplier in zip(sides, _MULTIPLIERS, strict=True):
        units = engine.count(table)
        share = min(most / max(units, 1), 1.0)
        slot = f"(cast(unit_id as bigint) % {_PRIME} * {multiplier} + {seed * 48_271 % _PRIME}) % {_PRIME}"
        sample = engine.sql(
            f"""
            select * from (select unit_id, abs({slot}) as slot, {columns(names)} from {{units}})
            where slot < {below(share)}
            """,
            units=table,
            store=True,
        )
        found.append(Side(table, units, sample, share))
    return found


def below(share: float) -> int:
    """The slot below which a share of all units lies."""
    return round(min(share, 1.0) * _PRIME)
