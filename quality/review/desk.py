"""A step with its sample, as the review application asks for it."""

import datetime
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from linkage.config.identifiers import IDENTIFIERS
from linkage.engine import Engine, connect, rows
from linkage.pipeline.ended.carrying import labels_store
from linkage.pipeline.ended.reviewing import add_labels, estimate_step, labels_of, now, sample_of
from quality.explain.one_file import explain_pair_of_file
from quality.explain.opening import see_that_it_is_there
from quality.explain.pair import explain_pair
from quality.explain.sides import Side, held_as
from quality.review.app.desk import Held, Record, Verdict
from quality.review.looking import Look, Looking
from quality.review.opened import open_step


class RunDesk:
    """What `quality.review.app` calls a Desk, of a folder of `leo run`, `leo link` or `leo dedupe`.

    The records of the sample are read once and stay in memory; answers go to RUN/review/labels.duckdb one by one, and
    what another process has added there is seen.

    Args:
        files: what `leo link` or `leo dedupe` linked, where it has moved.
        say: told what takes time.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are now.
        InputError: a file is not there any more, or is another.
    """

    def __init__(
        self, root: Path, step: str, files: Sequence[Path] = (), *, say: Callable[[str], None] | None = None
    ) -> None:
        sample = sample_of(root, step)
        self._root, self._origin = root, sample.origin
        self._looking = Looking(root / "review" / step / "looking")
        self._lock = threading.RLock()  # pages are answered by several threads, the engine is one
        self._labels: list[dict[str, Any]] = []
        self._read_at: tuple[int, int] | None = None
        self._engine = connect("duckdb")
        try:
            opened = open_step(self._engine, root, step, files, say=say)
            self._step = opened.step
            self.pairs: Sequence[tuple[int, int]] = sample.pairs
            self._records = {
                side: records_of(self._engine, self._step.sides[side], [pair[end] for pair in self.pairs], opened.shown)
                for end, side in enumerate(("left", "right"))
            }
            self._verdicts = self._read_verdicts()
        except BaseException:
            self._engine.close()
            raise
        self.run, self.step = sample.origin.run, step
        self.left, self.right = opened.left, opened.right

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._looking.close()
        self._engine.close()

    def records(self, place: int) -> tuple[Record, Record]:
        """What the two sides of a pair hold."""
        left, right = self.pairs[place - 1]
        return self._records["left"][left], self._records["right"][right]

    def verdict(self, place: int) -> Verdict:
        """What the linkage made of a pair."""
        return self._verdicts[self.pairs[place - 1]]

    def explanation(self, place: int) -> Mapping[str, Any]:
        """Why, as quality.explain has it."""
        with self._lock:
            explained = explain_pair_of_file if self._step.of_one_file else explain_pair
            return {"run": self.run, **explained(self._engine, self._step, *self.pairs[place - 1])}

    def labels(self) -> Sequence[Mapping[str, Any]]:
        """Labels of the step in the order in which they were given."""
        with self._lock:
            see_that_it_is_there(self._root)
            changed = _changed(labels_store(self._root).path)
            if changed != self._read_at:
                self._labels = labels_of(self._root, self._origin)
                self._read_at = changed
            return list(self._labels)

    def add(self, place: int, answer: str, reviewer: str, role: str) -> None:
        """Keep an answer: it is on the disk when this returns."""
        left, right = self.pairs[place - 1]
        given = {"left_id": left, "right_id": right, "answer": answer, "reviewer": reviewer, "role": role}
        with self._lock:
            see_that_it_is_there(self._root)
            add_labels(self._root, self._origin.table([given], now()))
            self._read_at = None  # others may have answered since they were read, and before this one

    def look(self, looks: Sequence[Look]) -> None:
        """Tell other applications at work on the step which pairs the reviewers of this one have before them."""
        self._looking.tell(looks)

    def others_look(self) -> Sequence[Look]:
        """Which pairs the reviewers of other applications have before them."""
        return self._looking.of_others()

    def estimate(self) -> Mapping[str, Any]:
        """What follows from the labels, also written into the run's folder."""
        with self._lock:
            return estimate_step(self._root, self.step)

    def _read_verdicts(self) -> dict[tuple[int, int], Verdict]:
        pairs = pa.table(
            {
                "left_id": pa.array([left for left, _ in self.pairs], pa.int64()),
                "right_id": pa.array([right for _, right in self.pairs], pa.int64()),
            }
        )
        found = self._engine.sql(
            """
            select l.left_id, l.right_id, l.decision, coalesce(l.pass, l.method) as made_by, l.match_weight,
                   l.match_probability, l.reason
            from {links} as l
            join {pairs} as p on p.left_id = l.left_id and p.right_id = l.right_id
            """,
            links=self._step.links,
            pairs=self._engine.from_arrow(pairs),
        )
        return {
            (int(row["left_id"]), int(row["right_id"])): Verdict(
                row["decision"], row["made_by"], row["match_weight"], row["match_probability"], row["reason"]
            )
            for row in rows(self._engine, found)
        }


def records_of(
    engine: Engine, side: Side, units: Sequence[int], identifiers: Sequence[str] = IDENTIFIERS
) -> dict[int, Record]:
    """Unit to all that its entities were ever called."""
    held: dict[int, dict[str, dict[str, Held]]] = {unit: {} for unit in units}
    for row in rows(engine, side.held(list(held), identifiers)):
        for identifier in identifiers:
            values = held[int(row["unit_id"])].setdefault(identifier, {})
            _take(values, *(row[name] or [] for name in held_as(identifier)))
    return {unit: Record({name: _latest_first(values) for name, values in of.items()}) for unit, of in held.items()}


def _take(into: dict[str, Held], values: Sequence[Any], first: Sequence[Any], last: Sequence[Any]) -> None:
    """Add an entity's values; of one that another entity held too, the whole time counts."""
    for value, since, until in zip(map(str, values), first, last, strict=True):
        before = into.get(value, Held(value))
        starts = [date for date in (since, before.first) if date]
        ends = [date for date in (until, before.last) if date]
        into[value] = Held(value, min(starts, default=None), max(ends, default=None))


def _latest_first(values: Mapping[str, Held]) -> list[Held]:
    def when(held: Held) -> datetime.date:
        return held.last or held.first or datetime.date.min

    by_value = sorted(values.values(), key=lambda held: held.value)
    return sorted(by_value, key=when, reverse=True)


def _changed(path: Path) -> tuple[int, int] | None:
    """What tells that a file is another: its time and size; None where it is not there."""
    try:
        about = path.stat()
    except FileNotFoundError:
        return None
    return about.st_mtime_ns, about.st_size
