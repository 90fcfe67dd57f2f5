"""How two fields of matches differ together, as one step tells another."""

from typing import NamedTuple

Together = tuple[str, str, str, str]
"""A field and what it shows, another and what that shows."""


class Odds(NamedTuple):
    """A logarithm of an odds ratio and its standard deviation: 0 where two fields show what they do independently."""

    log: float
    sd: float
