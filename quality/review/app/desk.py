"""What the application asks of a run. Values of people stay in memory: no page is stored and no value is logged."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Held:
    """A value that a record held, and when; dates are None where they are not known."""

    value: str
    first: datetime.date | None = None
    last: datetime.date | None = None


@dataclass(frozen=True)
class Record:
    """One side of a pair: identifier to its values, the latest first."""

    held: Mapping[str, Sequence[Held]] = field(repr=False)


@dataclass(frozen=True)
class Verdict:
    """What the linkage made of a pair, shown once a reviewer has answered.

    Attributes:
        decision: accepted, review or rejected.
        made_by: the pass or blocking rule.
        reason: why it was not accepted, if a reason is known.
    """

    decision: str
    made_by: str
    match_weight: float | None
    match_probability: float | None
    reason: str | None


class Desk(Protocol):
    """A step with a sample of its pairs. Places count from 1. Of a file with itself left and right are the same."""

    run: str
    step: str
    left: str
    right: str
    pairs: Sequence[tuple[int, int]]

    def records(self, place: int) -> tuple[Record, Record]:
        """What the two sides of a pair hold."""
        ...

    def verdict(self, place: int) -> Verdict:
        """What the linkage made of a pair."""
        ...

    def explanation(self, place: int) -> Mapping[str, Any]:
        """Why, as quality.explain has it."""
        ...

    def labels(self) -> Sequence[Mapping[str, Any]]:
        """Labels of the step in the order in which they were given."""
        ...

    def add(self, place: int, answer: str, reviewer: str, role: str) -> None:
        """Keep an answer: it is on the disk when this returns."""
        ...

    def look(self, looks: Sequence[tuple[str, str, int]]) -> None:
        """Tell other applications at work on the step who of this one (name, role) has which pair before them."""
        ...

    def others_look(self) -> Sequence[tuple[str, str, int]]:
        """The same of other applications."""
        ...

    def estimate(self) -> Mapping[str, Any]:
        """What follows from the labels (quality.review.estimate), also written into the run's folder."""
        ...
