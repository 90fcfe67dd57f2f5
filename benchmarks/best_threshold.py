"""F1 of a system at the threshold that suits a data set best, which only the truth can
tell.

Every match probability that a system gave a pair is tried as the threshold. Of two
files the best mutual links are accepted, of one file the clusters of the accepted
pairs, as at one threshold (benchmarks.compare.judged).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from benchmarks.files import DataSet
from benchmarks.results import accuracy


@dataclass(frozen=True)
class BestThreshold:
    """The threshold with the highest F1, and that F1."""

    threshold: float
    f1: float


@dataclass(frozen=True)
class Pair:
    """Two records that a system scored."""

    left_id: str
    right_id: str
    match_probability: float


@dataclass(frozen=True)
class Accepted:
    """Links, and how many of them are right, when pairs down to a threshold count."""

    threshold: float
    links: int
    correct: int


def best_threshold(data: DataSet, scored: Path) -> BestThreshold:
    """The best threshold of a system on a data set.

    Args:
        scored: Parquet with left_id, right_id, match_probability: of two files the best
            mutual links, of one file all scored pairs.
    """
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select left_id, right_id, match_probability from read_parquet($scored) "
            "order by match_probability desc, left_id, right_id",
            {"scored": str(scored)},
        ).fetchall()
        truth = connection.execute(
            "select distinct left_id, right_id from read_csv($truth, all_varchar=true)"
            if data.truth.suffix == ".csv"
            else "select distinct left_id, right_id from read_parquet($truth)",
            {"truth": str(data.truth)},
        ).fetchall()
    pairs = [Pair(str(left), str(right), share) for left, right, share in rows]
    if len(data.files) == 2:
        sides = zip(*truth, strict=True)
        true_pairs = min(len(set(side)) for side in sides)
        steps = _links(pairs, set(truth))
    else:
        true_pairs = len(truth)
        steps = _clusters(pairs, truth)
    return max(
        (
            BestThreshold(
                step.threshold, accuracy(step.links, step.correct, true_pairs)["f1"]
            )
            for step in steps
        ),
        key=lambda best: best.f1,
        default=BestThreshold(1.0, 0.0),
    )


def _links(pairs: Sequence[Pair], truth: set[tuple[str, str]]) -> Iterator[Accepted]:
    """Links of two files, pair after pair."""
    correct = 0
    for links, pair in enumerate(pairs, 1):
        correct += (pair.left_id, pair.right_id) in truth
        yield Accepted(pair.match_probability, links, correct)


@dataclass
class _Groups:
    """Disjoint sets of records (union-find)."""

    parents: dict[str, str] = field(default_factory=dict)

    def root(self, record: str) -> str:
        """The record that stands for the set of a record."""
        parent = self.parents.setdefault(record, record)
        while parent != self.parents[parent]:
            parent = self.parents[parent]
        self.parents[record] = parent
        return parent


def _clusters(
    pairs: Sequence[Pair], truth: Iterable[tuple[str, str]]
) -> Iterator[Accepted]:
    """Pairs of records of one cluster, as clusters grow pair by pair."""
    people = _Groups()
    for left, right in truth:
        people.parents[people.root(left)] = people.root(right)
    clusters = _Groups()
    members: dict[str, Counter[str]] = {}  # records of each person in a cluster
    links = correct = 0
    for pair in pairs:
        one, other = clusters.root(pair.left_id), clusters.root(pair.right_id)
        if one != other:
            first = members.pop(one, Counter({people.root(one): 1}))
            second = members.pop(other, Counter({people.root(other): 1}))
            links += first.total() * second.total()
            correct += sum(count * second[person] for person, count in first.items())
            members[other] = first + second
            clusters.parents[one] = other
        yield Accepted(pair.match_probability, links, correct)
