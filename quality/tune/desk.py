"""A step with its pairs, as the tuning application asks for it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from linkage.engine import Engine, connect
from linkage.errors import ConfigError, InputError
from quality.explain.opening import OpenStep, links_now, see_that_it_is_there
from quality.explain.pair import thresholds_as_dict, weighed, weight_as_dict
from quality.explain.sides import listed_units
from quality.explain.weighing import Weighed, level_name
from quality.measures.estimated_error import Unseen
from quality.review.app import Record
from quality.review.desk import records_of
from quality.tune.app import Compared, Grade, Outcome, Saved, Settings
from quality.tune.evidence import adjusted_columns, read
from quality.tune.opened import open_to_tune
from quality.tune.outcome import Trial
from quality.tune.saving import save


class RunDesk:
    """What `quality.tune.app` calls a Desk, of a folder of `leo run`, `leo link` or `leo dedupe`.

    All pairs that the step kept are read once and stay in memory, some 150 bytes each; values of people are read for
    the pairs that somebody looks at.

    Args:
        progress: told what is being read.
        files: what `leo link` or `leo dedupe` linked, where it has moved.

    Raises:
        ConfigError: the folder is no run's, or has no such step; the step kept no pair.
        InputError: a file is not there any more, or is another.
    """

    def __init__(
        self,
        root: Path,
        step: str | None,
        progress: Callable[[str], None] | None = None,
        files: Sequence[Path] = (),
    ) -> None:
        say = progress or (lambda _: None)
        self._root, self._lock = root, threading.RLock()
        self._engine = connect("duckdb")
        try:
            self._opened = opened = open_to_tune(self._engine, root, step, files, say)
            self._step, self.step = opened.step, opened.step.step.name
            say("pairs, and how common their values are")
            self._pairs = evidence = read(self._engine, self._step)
            if not len(evidence):
                raise ConfigError(
                    f"{root}: step '{self.step}' kept no pair, so that there is nothing to tune\n"
                    "  leo explain shows why a pair of your choice was not made"
                )
            say("subgroups")
            self._trial = Trial(self._step, evidence, opened.groups(evidence), Unseen.of_run(root, self.step))
        except BaseException:
            self._engine.close()
            raise
        self.run, self.pairs = opened.run, len(evidence)
        self.left, self.right = opened.left, opened.right
        self.names_units = opened.names_units
        self.limits: tuple[str, ...] = ("accept", "review")
        self.gain, self.settings = self._step.thresholds.gain, self._trial.settings
        self.adjustable = adjusted_columns(self._step.model)
        self.comparisons = [
            Compared(
                comparison.name,
                [
                    Grade(level.value, level_name(comparison, level), self._trial.reached(comparison.name, level.value))
                    for level in comparison.levels
                    if level.value >= 0
                ],
                adds_up=not comparison.given,
            )
            for comparison in self._step.model.comparisons
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._engine.close()

    def outcome(self, settings: Settings) -> Outcome:
        """What the step would come to."""
        return self._trial.outcome(settings)

    def are_units(self, left: int, right: int) -> bool:
        """Whether the two sides have these units; their pair need not have been kept."""
        with self._lock:
            sides = zip((self._step.sides[side] for side in ("left", "right")), (left, right), strict=True)
            return all(side.members([unit]) for side, unit in sides)

    def unit(self, side: str, named: str) -> int | None:
        """A unit by its number or SOURCE:KEY, or by its id in its file."""
        with self._lock:
            return self._opened.unit(side, named)

    def ids(self, left: int, right: int) -> tuple[str | None, str | None]:
        """What the files call the two sides of a pair; None where they are called by their numbers."""
        with self._lock:
            return self._opened.id_of("left", left), self._opened.id_of("right", right)

    def records(self, left: int, right: int) -> tuple[Record, Record]:
        """What the two sides of a pair hold."""
        with self._lock:
            found = []
            for name, unit in (("left", left), ("right", right)):
                found.append(records_of(self._engine, self._step.sides[name], [unit], self._opened.shown)[unit])
            return found[0], found[1]

    def weight(self, left: int, right: int, settings: Settings) -> Mapping[str, Any]:
        """A pair's weight in parts by these settings, as quality.explain has it."""
        chosen = {name: getattr(settings, name) for name in ("accept", "review")}
        limits = replace(self._step.thresholds, **chosen)
        with self._lock:
            step = replace(self._step, model=self._trial.model(settings), thresholds=limits)
            at = self._pairs.place(left, right)
            pair = _weighed_anew(self._engine, step, left, right) if at is None else self._pairs.weighed(at, step.model)
            return {"weight": weight_as_dict(step, pair), "thresholds": thresholds_as_dict(step)}

    def save(self, settings: Settings, note: str) -> Saved:
        """Keep a model as a new version in RUN/tuned/."""
        with self._lock:
            see_that_it_is_there(self._root)
            if links_now(self._root) != self._opened.links:
                raise InputError(
                    f"{self._root}: was linked again since it was opened, and the pairs that are shown are of before\n"
                    "  note what was changed; end this, and start it again"
                )
            return save(
                self._root,
                self._opened,
                self._trial.model(settings),
                before=self.settings,
                after=settings,
                note=note,
                outcome=self.outcome(settings),
            )


def _weighed_anew(engine: Engine, step: OpenStep, left: int, right: int) -> Weighed:
    """A pair that the run did not keep."""
    units = {
        side: step.sides[side].build(listed_units(engine, [unit]), step.model.columns)
        for side, unit in (("left", left), ("right", right))
    }
    return weighed(engine, step, units)[0]
