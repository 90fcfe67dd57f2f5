"""Open a folder for questions: from what an analyst names (a source's key, an id in a
file, a person) to the answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkage.engine import rows
from linkage.errors import ConfigError
from linkage.pipeline.opened import FolderSession, OpenFiles, OpenRun, OpenStep
from linkage.pipeline.sides import listed_units
from quality.explain.pair import explain_pair
from quality.explain.person import explain_person, explain_person_of_file
from quality.explain.record import explain_record
from quality.report.document import banner_of

Values = list[tuple[str, str, str]]
"""Comparison, and the values of the left and the right unit: for a terminal only."""
Ids = dict[tuple[str, int], str]
"""Side and number of a record to its id in the file: for a terminal only."""


@dataclass(frozen=True)
class Explanation:
    """An answer.

    Attributes:
        content: JSON without a value or key of a person.
        values: of the pair, if asked for; ids: of the records of files that `content`
            names, if asked for.
    """

    content: dict[str, Any]
    values: Values = field(default_factory=list, repr=False)
    ids: Ids = field(default_factory=dict, repr=False)


class Explainer(FolderSession):
    """A folder of `leo run`, `leo link` or `leo dedupe`, open for questions."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._run = {
            "run": self._folder.name,
            "banner": banner_of(self._folder.manifest),
        }

    def pair(
        self,
        left: str,
        right: str,
        *,
        step: str | None = None,
        with_values: bool = False,
    ) -> Explanation:
        """Why two were or were not linked.

        Args:
            left, right: of a run SOURCE:KEY or an entity's number; of files ids in the
                left and the right file, or in the one file.
            step: by default the first that links the two sources.

        Raises:
            ConfigError: there is no such step or record, no step links the two, or they
                are the same record.
        """
        open_step, units = self._units(left, right, step)
        answer = explain_pair(self._engine, open_step, *units)
        return self._answer(answer, open_step, units if with_values else None)

    def record(
        self, key: str, *, step: str | None = None, with_values: bool = False
    ) -> Explanation:
        """The candidate pairs of a record in every step, or in one.

        Args:
            key: of a run SOURCE:KEY or an entity's number; of two files left:ID or
                right:ID; of one file an id.

        Raises:
            ConfigError: there is no such step or record, or no step took it in.
        """
        if isinstance(self._folder, OpenRun):
            run = self._folder
            entity = run.entity(key, "--record")
            steps = (
                [run.open(step)]
                if step
                else [run.open(name) for name in run.linked_steps()]
            )
            answer = {
                **explain_record(self._engine, steps, entity),
                "source": run.source_of(entity),
            }
        else:
            open_step = self._folder.open(step)
            side, _, row = (
                ("left", ":", key) if open_step.of_one_file else key.partition(":")
            )
            if side not in ("left", "right") or not row:
                raise ConfigError("--record: of two files, give left:ID or right:ID")
            unit = self._folder.unit(open_step, side, row, "--record")
            answer = explain_record(self._engine, [open_step], unit, side=side)
        if not answer["steps"]:
            raise ConfigError(
                f"--record: {'step ' + step if step else 'no step of the run'} took "
                "this record in\n"
                "  leo explain --pair shows whether a rule would have made the pair "
                "that you expected"
            )
        last = answer["steps"][-1]
        best, open_step = last["best"], self._folder.open(last["step"]["name"])
        is_shown = with_values and best
        units = (
            (best["units"]["left"]["unit_id"], best["units"]["right"]["unit_id"])
            if is_shown
            else None
        )
        return self._answer(answer, open_step, units)

    def person(self, person: int, *, with_values: bool = False) -> Explanation:
        """What links a person's records.

        Raises:
            ConfigError: the folder has no spine and no clusters, or no such person.
        """
        if isinstance(self._folder, OpenRun):
            return Explanation(
                {**self._run, **explain_person(self._engine, self._folder, person)}
            )
        open_step = self._folder.open(None)
        if not open_step.of_one_file:
            raise ConfigError(
                "--person: two files make no spine\n  ask for a record: --record "
                "left:ID"
            )
        answer = {
            **self._run,
            **explain_person_of_file(self._engine, open_step, person),
        }
        return Explanation(
            answer, [], self._ids(answer, open_step) if with_values else {}
        )

    def _answer(
        self, answer: dict[str, Any], step: OpenStep, units: tuple[int, int] | None
    ) -> Explanation:
        answer = {**self._run, **answer}
        if units is None:
            return Explanation(answer)
        return Explanation(answer, self._values(step, units), self._ids(answer, step))

    def _units(
        self, left: str, right: str, step: str | None
    ) -> tuple[OpenStep, tuple[int, int]]:
        if isinstance(self._folder, OpenFiles):
            return self._units_of_files(self._folder, left, right, step)
        run = self._folder
        entities = [run.entity(key, "--pair") for key in (left, right)]
        for name in [step] if step else run.linked_steps():
            open_step = run.open(name)
            for one, other in (entities, entities[::-1]):
                units = (
                    open_step.sides["left"].unit_of(one),
                    open_step.sides["right"].unit_of(other),
                )
                if units[0] is not None and units[1] is not None:
                    return open_step, (units[0], units[1])
        sources = " and ".join(str(run.source_of(entity)) for entity in entities)
        problem = f"step '{step}' does not link" if step else "no step links"
        steps = "; ".join(
            f"{s.name}: {s.left} to {s.right}" for s in run.steps.values()
        )
        missing_steps = [name for name in run.steps if name not in run.linked_steps()]
        rest = (
            f"\n  not linked yet: {', '.join(missing_steps)}; the same leo run goes on"
            if missing_steps
            else ""
        )
        raise ConfigError(f"--pair: {problem} {sources}\n  the steps are {steps}{rest}")

    @staticmethod
    def _units_of_files(
        files: OpenFiles, left: str, right: str, step: str | None
    ) -> tuple[OpenStep, tuple[int, int]]:
        open_step = files.open(step)
        if not open_step.of_one_file:
            left, right = left.removeprefix("left:"), right.removeprefix("right:")
        one, other = (
            files.unit(open_step, "left", left, "--pair"),
            files.unit(open_step, "right", right, "--pair"),
        )
        if open_step.of_one_file and one == other:
            raise ConfigError(
                "--pair: the two are the same record\n  name two, or ask for one: "
                "--record ID"
            )
        return open_step, (
            min(one, other),
            max(one, other),
        ) if open_step.of_one_file else (one, other)

    def _ids(self, answer: Mapping[str, Any], step: OpenStep) -> Ids:
        """Ids in the files of all records that an answer names."""
        ids_by_source: dict[str, set[int]] = {}
        for source, number in _records_named(answer):
            ids_by_source.setdefault(source, set()).add(number)
        return {
            (source, number): text
            for source, numbers in sorted(ids_by_source.items())
            for number, text in self._folder.ids(
                step, source if source in step.sides else "left", numbers
            ).items()
        }

    def _values(self, step: OpenStep, units: tuple[int, int]) -> Values:
        """The values of each comparison's first column, the latest first."""
        left, right = (
            rows(
                self._engine,
                step.sides[side].columns_of(
                    listed_units(self._engine, [unit]), step.model.columns
                ),
            )[0]
            for side, unit in zip(("left", "right"), units, strict=True)
        )
        values = []
        for comparison in step.model.comparisons:
            column = comparison.columns[0] if comparison.columns else comparison.name
            column = column.removesuffix("_all").removesuffix("_held")
            values.append((comparison.name, _text(left, column), _text(right, column)))
        return values


def _records_named(answer: Any) -> Iterator[tuple[str, int]]:
    """Side and number of each record anywhere in an answer."""
    if isinstance(answer, Mapping):
        if {"source", "entity_id"} <= set(answer):
            yield str(answer["source"]), int(answer["entity_id"])
        for part in answer.values():
            yield from _records_named(part)
    elif isinstance(answer, list):
        for part in answer:
            yield from _records_named(part)


def _text(row: Mapping[str, Any], column: str) -> str:
    values = row.get(f"{column}_all") or [row.get(column)]
    return (
        " / ".join(str(value) for value in values if value is not None) or "not known"
    )
