"""What configs/synthetic/schools/nations.toml says of schooling in the nations, checked."""

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.rules.settings import Share, Strict, settings


class Shares(Strict):
    """A share for each nation beside England."""

    scotland: Share
    wales: Share


class Crossing(Strict):
    """Families whose first move leads across a border."""

    families: Share
    to_scotland: Share
    number_kept: Share


class Deprivation(Strict):
    """Where the tenths of families by deprivation end."""

    tenths: tuple[Share, ...]


class Nations(Strict):
    """All of nations.toml."""

    shares: Shares
    crossing: Crossing
    leaving: Shares
    deprivation: Deprivation


@functools.cache
def nations() -> Nations:
    """The shipped file.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("schools/nations.toml", Nations)


def tenth(poor_children: NDArray[np.float64]) -> NDArray[np.int64]:
    """The tenth of families by deprivation, 1 the most deprived, of shares of poor children around the home."""
    edges: Any = np.array(nations().deprivation.tenths[::-1])
    return 10 - np.searchsorted(edges, poor_children, side="right")
