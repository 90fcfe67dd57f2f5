"""A step under review: its sample in memory, its labels on disk, and which pairs other applications show."""

import json
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from linkage.engine import connect, rows
from linkage.pipeline.atomic import write_json
from linkage.pipeline.opened import check_exists, open_folder
from linkage.pipeline.pair_facts import Record, records_of, threshold_facts, weigh, weight_facts
from quality.review.labels import add_labels, labels_of, labels_store, now
from quality.review.results import estimate_step
from quality.review.sample import sample_of

View = tuple[str, str, int]
"""A reviewer's name and role, and the place of the pair on their screen."""
_LONGEST_VIEW = 3600.0  # seconds: an application may have been killed


@dataclass(frozen=True)
class Verdict:
    """What the linkage decided about a pair, shown once a reviewer has answered."""

    decision: str
    made_by: str
    match_weight: float | None
    match_probability: float | None
    reason: str | None


class ReviewSession:
    """A step of a folder of `leo run`, `leo link` or `leo dedupe`, with its sample. Places count from 1.

    The records of the sample are read once and stay in memory. Answers go to RUN/review/labels.duckdb one by one, and
    those of other processes are seen. Files tell other processes which pairs are on a screen; they do not lock them.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are.
        InputError: a table of the folder is missing or damaged.
    """

    def __init__(self, root: Path, step: str) -> None:
        sample = sample_of(root, step)
        self._root, self._origin, self.pairs = root, sample.origin, sample.pairs
        self.run, self.step = sample.origin.run, step
        self._views = root / "review" / step / "views"
        self._own_view = self._views / f"{secrets.token_hex(8)}.json"
        self._lock = threading.RLock()  # pages are answered by several threads, the engine is one
        self._labels: list[dict[str, Any]] = []
        self._labels_version: tuple[int, int] | None = None
        self._engine = connect("duckdb")
        try:
            self._opened = open_folder(self._engine, root).open(step)
            self.side_names = self._opened.side_names
            self._records = {
                side: records_of(
                    self._engine, self._opened.sides[side], [pair[end] for pair in self.pairs], self._opened.fields
                )
                for end, side in enumerate(("left", "right"))
            }
            self._verdicts = self._read_verdicts()
        except BaseException:
            self._engine.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.show_views([])
        self._engine.close()

    def records(self, place: int) -> tuple[Record, Record]:
        """The values of both records of a pair."""
        left, right = self.pairs[place - 1]
        return self._records["left"][left], self._records["right"][right]

    def verdict(self, place: int) -> Verdict:
        """What the linkage decided about a pair."""
        return self._verdicts[self.pairs[place - 1]]

    def weight(self, place: int) -> dict[str, Any]:
        """A pair's match weight by comparison, and the thresholds."""
        with self._lock:
            (pair,) = weigh(self._engine, self._opened, [self.pairs[place - 1]])
            return {"weight": weight_facts(self._opened, pair), "thresholds": threshold_facts(self._opened)}

    def labels(self) -> Sequence[Mapping[str, Any]]:
        """Labels of the step in the order in which they were given."""
        with self._lock:
            check_exists(self._root)
            version = _version(labels_store(self._root).path)
            if version != self._labels_version:
                self._labels, self._labels_version = labels_of(self._root, self._origin), version
            return list(self._labels)

    def add(self, place: int, answer: str, reviewer: str, role: str) -> None:
        """Store an answer: it is on the disk when this returns."""
        left, right = self.pairs[place - 1]
        given = {"left_id": left, "right_id": right, "answer": answer, "reviewer": reviewer, "role": role}
        with self._lock:
            check_exists(self._root)
            add_labels(self._root, self._origin.table([given], now()))
            self._labels_version = None

    def estimate(self) -> Mapping[str, Any]:
        """Estimate precision and recall from the labels; also written into the run's folder."""
        with self._lock:
            return estimate_step(self._root, self.step)

    def show_views(self, views: Sequence[View]) -> None:
        """Tell other applications which pairs the reviewers of this one see."""
        with suppress(OSError):
            if views:
                self._views.mkdir(exist_ok=True)
                write_json(self._own_view, views)
            else:
                self._own_view.unlink(missing_ok=True)
                self._views.rmdir()

    def views_of_others(self) -> list[View]:
        """Which pairs the reviewers of other applications see."""
        views: list[View] = []
        for file in self._views.glob("*.json"):
            with suppress(OSError, ValueError):
                if file != self._own_view and abs(time.time() - file.stat().st_mtime) < _LONGEST_VIEW:
                    views += [(name, role, place) for name, role, place in json.loads(file.read_text("utf-8"))]
        return views

    def _read_verdicts(self) -> dict[tuple[int, int], Verdict]:
        ends = {
            f"{side}_id": pa.array([p[end] for p in self.pairs], pa.int64())
            for end, side in enumerate(("left", "right"))
        }
        found = self._engine.sql(
            """
            select l.left_id, l.right_id, l.decision, coalesce(l.pass, l.method) as made_by, l.match_weight,
                   l.match_probability, l.reason
            from {links} as l
            join {pairs} as p on p.left_id = l.left_id and p.right_id = l.right_id
            """,
            links=self._opened.links,
            pairs=self._engine.from_arrow(pa.table(ends)),
        )
        return {(int(left), int(right)): Verdict(*rest) for left, right, *rest in _tuples(rows(self._engine, found))}


def _tuples(found: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in found]


def _version(path: Path) -> tuple[int, int] | None:
    """Time and size of a file; None if it is not there."""
    try:
        about = path.stat()
    except FileNotFoundError:
        return None
    return about.st_mtime_ns, about.st_size
