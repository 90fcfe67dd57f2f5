"""What the tuning application asks of a step: what can be changed, and what follows from a change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from quality.review.app import Record

Place = tuple[str, int]
"""A comparison of the model and the value of one of its levels, which counts down from full agreement to 0."""


@dataclass(frozen=True)
class Grade:
    """A level as the run's model has it; `pairs` that the run kept reached it."""

    value: int
    label: str
    pairs: int


@dataclass(frozen=True)
class Compared:
    """A comparison of the model with its levels from full agreement down.

    Attributes:
        adds_up: whether the m of its levels are shares of one whole; those given other columns take back what is
            counted twice, and do not add up.
    """

    name: str
    grades: Sequence[Grade]
    adds_up: bool


@dataclass(frozen=True)
class Settings:
    """All that the page can change.

    Attributes:
        m, u: probabilities of each level among matches and among other pairs.
        prior: share of all pairs that match.
        accept, review: match weights (log2) from which a pair is linked, or left to people.
        adjusted: columns of which agreement weighs by how common the value is.
    """

    m: Mapping[Place, float]
    u: Mapping[Place, float]
    prior: float
    accept: float
    review: float
    adjusted: frozenset[str]


@dataclass(frozen=True)
class Bin:
    """Pairs of a range of match weights, by what becomes of them."""

    low: float
    accepted: int
    review: int
    rejected: int


@dataclass(frozen=True)
class Example:
    """A pair whose fate a change turns, with its match weight and decision in the run and now."""

    left: int
    right: int
    before: str
    after: str
    weight_before: float
    weight_after: float


@dataclass(frozen=True)
class Group:
    """Links of a subgroup of the left side's units: in the run, gained and lost. Exact, for the analyst alone."""

    characteristic: str
    value: str
    links: int
    gained: int
    lost: int


@dataclass(frozen=True)
class Outcome:
    """What a step would come to.

    Attributes:
        decisions: accepted, review, rejected to the number of pairs.
        expected: quality.measures.estimated_error.of_sums of the links.
        weights: match weight of each level.
        gained, lost: links that the run has not, and that it has alone.
        to_review, from_review: pairs that only now, or only in the run, are left to people.
        examples: of "gained", of "lost", and of "doubtful": the pairs that are nearest to being decided otherwise.
        estimates: what of this is no count, in sentences.
        milliseconds: that it took.
    """

    decisions: Mapping[str, int]
    expected: Mapping[str, Any]
    weights: Mapping[Place, float]
    bins: Sequence[Bin]
    gained: int = 0
    lost: int = 0
    to_review: int = 0
    from_review: int = 0
    examples: Mapping[str, Sequence[Example]] = field(default_factory=dict)
    groups: Sequence[Group] = ()
    estimates: Sequence[str] = ()
    milliseconds: float = 0.0


@dataclass(frozen=True)
class Use:
    """How a saved model is linked by.

    Attributes:
        lines: of the step in a run's TOML, or a command.
        verb: of the command; None where the lines are a step's.
        notes: what the lines leave out, in sentences.
    """

    lines: Sequence[str]
    verb: str | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Saved:
    """A model that was saved: its file, its version, and how it is linked by."""

    path: Path
    version: int
    use: Use


class Desk(Protocol):
    """A step of a run, opened to be tuned."""

    run: str
    step: str
    left: str
    right: str
    comparisons: list[Compared]
    names_units: str  # what somebody names them by: "number" of the run (or SOURCE:KEY), or "id" in a file
    adjustable: tuple[str, ...]  # columns whose frequencies the model can adjust for
    limits: tuple[str, ...]  # accept and review
    gain: float  # bits that the cardinality adds to a match weight
    settings: Settings  # of the run

    def outcome(self, settings: Settings) -> Outcome:
        """What the step would come to."""
        ...

    def are_units(self, left: int, right: int) -> bool:
        """Whether the two sides have these units; their pair need not have been kept."""
        ...

    def unit(self, side: str, named: str) -> int | None:
        """The unit of a side that somebody names; None where there is none of that name.

        Raises:
            ConfigError: there is none; the message says why.
        """
        ...

    def ids(self, left: int, right: int) -> tuple[str | None, str | None]:
        """What the files call the two sides of a pair; None where nothing but their numbers does."""
        ...

    def records(self, left: int, right: int) -> tuple[Record, Record]:
        """What the two sides of a pair hold."""
        ...

    def weight(self, left: int, right: int, settings: Settings) -> Mapping[str, Any]:
        """A pair's weight in parts, as quality.explain has it, by these settings."""
        ...

    def save(self, settings: Settings, note: str) -> Saved:
        """Keep a model as a new version beside the run's own."""
        ...
