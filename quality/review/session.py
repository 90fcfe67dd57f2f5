"""A step under review: its sample in memory, and its labels on disk."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage.engine import rows
from linkage.pipeline.opened import FolderSession, check_exists
from linkage.pipeline.pair_facts import (
    Record,
    records_of,
    threshold_facts,
    weigh,
    weight_facts,
)
from quality.report.document import banner_of
from quality.review.labels import Label, add_labels, labels_of, labels_store, now
from quality.review.results import estimate_step
from quality.review.sample import sample_of


class ReviewSession(FolderSession):
    """A step of a folder of `leo run`, `leo link` or `leo dedupe`, with its sample.
    Places count from 1.

    The records of the sample are read once and stay in memory. Answers go to
    RUN/review/labels.duckdb one by one, and those of other processes are seen.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are.
        InputError: a table of the folder is missing or damaged.
    """

    def __init__(self, root: Path, step: str) -> None:
        sample = sample_of(root, step)
        super().__init__(root)
        self._origin, self.pairs = sample.origin, list(sample.pairs)
        self.run, self.step = sample.origin.run, step
        self._lock = (
            threading.RLock()
        )  # pages are answered by several threads, the engine is one
        self._labels: list[dict[str, Any]] = []
        self._labels_version: tuple[int, int] | None = None
        self._opened, self.banner = (
            self._folder.open(step),
            banner_of(self._folder.manifest),
        )
        self.side_names = self._opened.side_names
        self._left, self._right = (
            records_of(
                self._engine,
                self._opened.sides[side],
                [p[end] for p in self.pairs],
                self._opened.fields,
            )
            for end, side in enumerate(("left", "right"))
        )

    def records(self, place: int) -> tuple[Record, Record]:
        """The values of both records of a pair."""
        left, right = self.pairs[place - 1]
        return self._left[left], self._right[right]

    def verdict(self, place: int) -> dict[str, Any]:
        """What the linkage decided about a pair, shown once a reviewer has answered.

        Returns:
            decision, made_by, match_weight, match_probability, reason; and what a
            waterfall takes: weight, thresholds.
        """
        left, right = self.pairs[place - 1]
        query = """
            select decision, coalesce(pass, method) as made_by, match_weight,
                match_probability, reason
            from {links} where left_id = $left and right_id = $right
            """
        with self._lock:
            result = self._engine.sql(
                query, params={"left": left, "right": right}, links=self._opened.links
            )
            (decision,) = rows(self._engine, result)
            (pair,) = weigh(self._engine, self._opened, [(left, right)])
            facts = {
                "weight": weight_facts(self._opened, pair),
                "thresholds": threshold_facts(self._opened),
            }
            return {**decision, **facts}

    def labels(self) -> Sequence[Label]:
        """Labels of the step in the order in which they were given."""
        with self._lock:
            check_exists(self._root)
            path = labels_store(self._root).path
            version = (
                (path.stat().st_mtime_ns, path.stat().st_size)
                if path.exists()
                else None
            )
            if version != self._labels_version:
                self._labels, self._labels_version = (
                    labels_of(self._root, self._origin),
                    version,
                )
            elif version is None:
                self._labels = []
            return list(self._labels)

    def add(self, place: int, answer: str, reviewer: str, role: str) -> None:
        """Store an answer: it is on the disk when this returns."""
        left, right = self.pairs[place - 1]
        label = {
            "left_id": left,
            "right_id": right,
            "answer": answer,
            "reviewer": reviewer,
            "role": role,
        }
        with self._lock:
            check_exists(self._root)
            add_labels(self._root, self._origin.table([label], now()))
            self._labels_version = None

    def estimate(self) -> Mapping[str, Any]:
        """Estimate precision and recall from the labels; also written into the run's
        folder.
        """
        with self._lock:
            return estimate_step(self._root, self.step)
