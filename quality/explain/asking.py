"""From what an analyst names (a source's key, an id of a file, a person) to the units of a step, and the answer."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from linkage.engine import connect, rows
from linkage.errors import ConfigError
from quality.explain.files import Ids, OpenFiles, open_if_files
from quality.explain.one_file import explain_pair_of_file, explain_person_of_file, explain_record_of_file
from quality.explain.opening import OpenRun, OpenStep
from quality.explain.pair import explain_pair
from quality.explain.person import explain_person
from quality.explain.record import explain_record
from quality.explain.sides import listed_units

Values = list[tuple[str, str, str]]
"""Comparison, and what the left and the right unit hold of it. For the eyes of an analyst at a terminal alone."""


@dataclass(frozen=True)
class Explanation:
    """An answer.

    Attributes:
        found: JSON without a value or key of a person.
        values: where they were asked for, of the pair that `found` is about.
        ids: where they were asked for, of files: the ids of the rows that `found` names.
    """

    found: dict[str, Any]
    values: Values = field(default_factory=list, repr=False)
    ids: Ids = field(default_factory=dict, repr=False)


class Explainer(AbstractContextManager["Explainer"]):
    """A folder of `leo run`, `leo link` or `leo dedupe`, open for questions.

    Args:
        files: what was linked by `leo link` or `leo dedupe`, where it has moved.
        keep: leave what was read of those files in the folder, so that the next question is answered at once.
        say: told what takes time.
    """

    def __init__(
        self,
        root: Path,
        files: Sequence[Path] = (),
        *,
        keep: bool = True,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._root = root
        self._engine = connect("duckdb")
        self._run: OpenRun | None = None
        self._linked: OpenFiles | None = None
        try:
            self._linked = open_if_files(self._engine, root, files, keep=keep, say=say)
            if self._linked is None:
                self._run = OpenRun(self._engine, root)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Release the engine and what was read."""
        self._engine.close()

    def pair(self, left: str, right: str, *, step: str | None = None, with_values: bool = False) -> Explanation:
        """Why two were or were not linked.

        Args:
            left, right: of a run SOURCE:KEY or an entity id; of `leo link` the ids in the left and the right file; of
                `leo dedupe` two ids of the file.
            step: of a run; the first in which the two stand on either side when None.

        Raises:
            ConfigError: there is no such step or entity, or no step sets the two against each other.
        """
        opened, units = self._units(left, right, step)
        explained = explain_pair_of_file if opened.of_one_file else explain_pair
        found = explained(self._engine, opened, *units)
        values = self._values(opened, units) if with_values else []
        return self._answer(found, values, with_ids=with_values)

    def record(self, key: str, *, step: str | None = None, with_values: bool = False) -> Explanation:
        """What a record met in every step, or in one.

        Args:
            key: of a run SOURCE:KEY or an entity id; of `leo link` left:ID or right:ID; of `leo dedupe` an id.

        Raises:
            ConfigError: there is no such step or entity, or no step took it in.
        """
        if self._linked:
            self._linked.see_that_it_is(step)
        if self._linked and self._linked.step.of_one_file:
            unit = self._linked.unit(self._engine, "left", key, "--record")
            found = explain_record_of_file(self._engine, self._linked.step, unit)
        elif self._linked:
            side, _, row = key.partition(":")
            if side not in ("left", "right") or not row:
                raise ConfigError("--record: of two files, give left:ID or right:ID")
            unit = self._linked.unit(self._engine, side, row, "--record")
            found = explain_record(self._engine, [self._linked.step], unit, side=side)
        else:
            run = self._of_run()
            entity = run.named_entity(key, "--record")
            steps = [run.named_step(step).name] if step else [name for name in run.steps if run.has(f"links/{name}")]
            found = explain_record(self._engine, [run.open(name) for name in steps], entity)
            found["source"] = run.source_of(entity)
        if not found["steps"]:
            raise ConfigError(
                f"--record: {'step ' + step if step else 'no step of the run'} took this record in\n"
                "  leo explain --pair shows whether a rule would have made the pair that you expected"
            )
        values: Values = []
        if with_values and (best := found["steps"][-1]["best"]):
            opened = self._linked.step if self._linked else self._of_run().open(found["steps"][-1]["step"]["name"])
            values = self._values(opened, (best["units"]["left"]["unit_id"], best["units"]["right"]["unit_id"]))
        return self._answer(found, values, with_ids=with_values)

    def person(self, person: int, *, with_values: bool = False) -> Explanation:
        """What holds a person together.

        Raises:
            ConfigError: the folder has no spine and no clusters, or no such person.
        """
        if self._linked and self._linked.step.of_one_file:
            found = explain_person_of_file(self._engine, self._linked.step, person)
            return self._answer(found, [], with_ids=with_values)
        if self._linked:
            raise ConfigError("--person: two files make no spine\n  ask for a record: --record left:ID")
        return self._answer(explain_person(self._engine, self._of_run(), person), [], with_ids=False)

    def _answer(self, found: dict[str, Any], values: Values, *, with_ids: bool) -> Explanation:
        ids = self._linked.ids_of(self._engine, found) if with_ids and self._linked else {}
        return Explanation({"run": self._name, **found}, values, ids)

    @property
    def _name(self) -> str:
        return self._linked.name if self._linked else self._of_run().name

    def _of_run(self) -> OpenRun:
        if self._run is None:
            raise ConfigError(f"{self._root}: is no run's folder")
        return self._run

    def _units(self, left: str, right: str, step: str | None) -> tuple[OpenStep, tuple[int, int]]:
        if self._linked:
            linked, engine = self._linked, self._engine
            linked.see_that_it_is(step)
            keys = (left, right)
            if not linked.step.of_one_file:
                keys = (left.removeprefix("left:"), right.removeprefix("right:"))
            one, other = (
                linked.unit(engine, side, key, "--pair") for side, key in zip(("left", "right"), keys, strict=True)
            )
            return linked.step, (one, other)
        run = self._of_run()
        entities = [run.named_entity(key, "--pair") for key in (left, right)]
        names = [run.named_step(step).name] if step else [name for name in run.steps if run.has(f"links/{name}")]
        for name in names:
            opened = run.open(name)
            for one, other in (entities, entities[::-1]):
                units = opened.sides["left"].unit_of(one), opened.sides["right"].unit_of(other)
                if units[0] is not None and units[1] is not None:
                    return opened, (units[0], units[1])
        sources = " and ".join(str(run.source_of(entity)) for entity in entities)
        where = f"step '{step}' does not set" if step else "no step sets"
        sides = "; ".join(f"{s.name}: {s.left} to {s.right}" for s in run.steps.values())
        to_come = [name for name in run.steps if not run.has(f"links/{name}")]
        more = f"\n  not linked yet: {', '.join(to_come)}; the same leo run goes on" if to_come else ""
        raise ConfigError(f"--pair: {where} {sources} against each other\n  the steps are {sides}{more}")

    def _values(self, step: OpenStep, units: tuple[int, int]) -> Values:
        """What both hold of each comparison's columns, the latest first."""
        held = []
        for side, unit in zip(("left", "right"), units, strict=True):
            table = step.sides[side].latest(listed_units(self._engine, [unit]), step.model.columns)
            (row,) = rows(self._engine, table)
            held.append(row)
        found = []
        for comparison in step.model.comparisons:
            column = (
                comparison.columns[0].removesuffix("_all").removesuffix("_held")
                if comparison.columns
                else comparison.name
            )
            found.append((comparison.name, _shown(held[0], column), _shown(held[1], column)))
        return found


def _shown(row: dict[str, Any], name: str) -> str:
    """A unit's values of a column, all that it ever held where the model looks at them, the latest first."""
    values = row.get(f"{name}_all") or [row.get(name)]
    return " / ".join(str(value) for value in values if value is not None) or "not known"
