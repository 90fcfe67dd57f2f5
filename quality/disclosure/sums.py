"""Numbers that add up: the equations every reader of a table knows, and what a reader knows of each number."""

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
class Need:
    """What must stay possible of a number that is hidden, given all that is shown.

    Attributes:
        least: at least this must be possible; None where any number will do.
        most: at most this must be possible; None where any number will do.
    """

    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Known(Generic[Key]):
    """Numbers as a reader meets them.

    Attributes:
        low: the least that each number can be where it is shown; of a number shown exactly, the number.
        high: the most that it can be where it is shown.
        sums: the equations between them.
        unshown: numbers that stand in no table: nobody is told them, and nothing is lost by that.
        fixed: numbers that are known elsewhere, and cannot be hidden.
        whole: whether they are counts.
    """

    low: Mapping[Key, float]
    high: Mapping[Key, float]
    sums: Sequence[Sum[Key]]
    unshown: Collection[Key] = frozenset()
    fixed: Collection[Key] = frozenset()
    whole: bool = True
    place: Mapping[Key, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", {key: index for index, key in enumerate(self.low)})

    @property
    def keys(self) -> list[Key]:
        return list(self.low)

    @cached_property
    def matrix(self) -> Any:
        """One row an equation, one column a number: 1 for a part, -1 for the total."""
        rows, columns, signs = [], [], []
        for row, line in enumerate(self.sums):
            for key, sign in [*((part, 1.0) for part in line.parts), (line.total, -1.0)]:
                rows.append(row)
                columns.append(self.place[key])
                signs.append(sign)
        return csr_array((signs, (rows, columns)), shape=(len(self.sums), len(self.place)))

    @cached_property
    def columns(self) -> Any:
        """The same by columns, for taking some of the numbers."""
        return self.matrix.tocsc()

    def bounds(self, hidden: Iterable[Key]) -> tuple[Any, Any]:
        """The least and the most that each number can be, to one who sees what is not hidden and knows no sum."""
        low, high = (bound.copy() for bound in self._shown)
        free = [self.place[key] for key in {*hidden, *self.unshown} if key not in self.fixed]
        low[free], high[free] = 0.0, np.inf
        return low, high

    @cached_property
    def _shown(self) -> tuple[Any, Any]:
        low, high = (np.array([bound[key] for key in self.low], dtype=float) for bound in (self.low, self.high))
        return low, high


def exactly(
    values: Mapping[Key, float],
    sums: Sequence[Sum[Key]],
    *,
    unshown: Iterable[Key] = (),
    fixed: Iterable[Key] = (),
    whole: bool = True,
) -> Known[Key]:
    """Numbers that are shown as they are. Whoever sees them rounded knows less.

    Raises:
        ValueError: a sum does not hold or names a key that has no number.
    """
    for line in sums:
        if any(key not in values for key in line.members):
            raise ValueError("a sum names a key that has no count")
        total = sum(values[key] for key in line.parts)
        if abs(total - values[line.total]) > (0 if whole else 1e-6 * max(1.0, abs(values[line.total]))):
            raise ValueError("the parts of a sum do not add up to its total")
    return Known(values, values, sums, frozenset(unshown), frozenset(fixed), whole)
