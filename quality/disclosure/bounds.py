"""Numbers that add up: the sums between them, and what an attacker knows of each
number.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np
from scipy.sparse import csr_array

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Sum(Generic[Key]):
    """An equation that every reader knows: the parts add up to the total."""

    total: Key
    parts: tuple[Key, ...]

    @property
    def members(self) -> tuple[Key, ...]:
        return (*self.parts, self.total)


@dataclass(frozen=True)
class ProtectionLevel:
    """What an attacker must still think possible of a hidden number.

    Attributes:
        lower: a value at least as large must be possible; None where any other value
            will do.
        upper: a value at most as large must be possible; None where any other value
            will do.
    """

    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class AttackerBounds(Generic[Key]):
    """Published numbers and the sums between them, as an attacker knows them.

    Attributes:
        low: the lower bound of each number where it is shown; of a number shown
            exactly, the number.
        high: its upper bound.
        sums: the equations between the numbers.
        unpublished: numbers that stand in no table: nothing is lost by hiding them.
        fixed: numbers that are published elsewhere and cannot be hidden.
        is_integer: whether they are counts.
        place: the index of each number in vectors.
    """

    low: Mapping[Key, float]
    high: Mapping[Key, float]
    sums: Sequence[Sum[Key]]
    unpublished: Collection[Key] = frozenset()
    fixed: Collection[Key] = frozenset()
    is_integer: bool = True
    place: Mapping[Key, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "place", {key: index for index, key in enumerate(self.low)}
        )

    @property
    def keys(self) -> list[Key]:
        return list(self.low)

    @cached_property
    def matrix(self) -> Any:
        """A row for each sum and a column for each number: 1 for a part, -1 for the
        total.
        """
        rows, columns, signs = [], [], []
        for row, line in enumerate(self.sums):
            for key, sign in [
                *((part, 1.0) for part in line.parts),
                (line.total, -1.0),
            ]:
                rows.append(row)
                columns.append(self.place[key])
                signs.append(sign)
        return csr_array(
            (signs, (rows, columns)), shape=(len(self.sums), len(self.place))
        )

    @cached_property
    def columns(self) -> Any:
        """The matrix by columns."""
        return self.matrix.tocsc()

    def bounds(self, hidden: Iterable[Key]) -> tuple[Any, Any]:
        """Lower and upper bounds for an attacker who sees what is not hidden, before
        any sum is used.
        """
        low, high = (bound.copy() for bound in self._shown)
        free = [
            self.place[key]
            for key in {*hidden, *self.unpublished}
            if key not in self.fixed
        ]
        low[free], high[free] = 0.0, np.inf
        return low, high

    @cached_property
    def _shown(self) -> tuple[Any, Any]:
        low, high = (
            np.array([bound[key] for key in self.low], dtype=float)
            for bound in (self.low, self.high)
        )
        return low, high


def exact_bounds(
    values: Mapping[Key, float],
    sums: Sequence[Sum[Key]],
    *,
    unpublished: Iterable[Key] = (),
    fixed: Iterable[Key] = (),
    is_integer: bool = True,
) -> AttackerBounds[Key]:
    """The bounds of numbers that are shown unrounded; an attacker who sees them rounded
    knows less.

    Raises:
        ValueError: a sum does not hold or names a key that has no number.
    """
    for line in sums:
        if any(key not in values for key in line.members):
            raise ValueError("a sum names a key that has no count")
        total = sum(values[key] for key in line.parts)
        if abs(total - values[line.total]) > (
            0 if is_integer else 1e-6 * max(1.0, abs(values[line.total]))
        ):
            raise ValueError("the parts of a sum do not add up to its total")
    return AttackerBounds(
        values, values, sums, frozenset(unpublished), frozenset(fixed), is_integer
    )
