"""What is reviewed, opened: a step of a folder of `leo run`, or what `leo link` or `leo dedupe` linked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.engine import Engine, quote
from linkage.pipeline.ended.pair_names import PairNames, names_of_run
from quality.explain.files import ID, OpenFiles, open_if_files
from quality.explain.opening import OpenRun, OpenStep

Pair = tuple[int, int]


@dataclass(frozen=True)
class Reviewed:
    """A step as reviewers meet it.

    Attributes:
        run: what labels say that they are of.
        left, right: what the two sides are called; the same where a file was linked with itself.
        shown: what is shown of a record.
        names: what pairs are called in every run.
        trained: what the step's model was trained on, where that was written down.
        files: of `leo link` and `leo dedupe`.
    """

    run: str
    step: OpenStep
    left: str
    right: str
    shown: Sequence[str]
    names: PairNames
    trained: Mapping[str, Any]
    files: OpenFiles | None = None

    def called(self, engine: Engine, pairs: Sequence[Pair]) -> dict[Pair, tuple[str, str]]:
        """Pair to what a form names its records by: numbers of units, or the ids that they have in their files."""
        if self.files is None:
            return {pair: (str(pair[0]), str(pair[1])) for pair in pairs}
        left, right = (
            self.files.id_of(engine, side, {pair[end] for pair in pairs}) for end, side in enumerate(("left", "right"))
        )
        return {pair: (left[pair[0]], right[pair[1]]) for pair in pairs}


def open_step(
    engine: Engine, run: Path, step: str, files: Sequence[Path] = (), *, say: Callable[[str], None] | None = None
) -> Reviewed:
    """A step of links that were made.

    Args:
        files: what `leo link` or `leo dedupe` linked, where it has moved.
        say: told what takes time.

    Raises:
        ConfigError: the folder is no run's, has no such step, or does not say how its files were read.
        InputError: a file is not there any more, or is another.
    """
    if linked := open_if_files(engine, run, files, say=say):
        return _of_files(engine, linked)
    opened = OpenRun(engine, run)
    found = opened.open(step)
    return Reviewed(
        run=opened.name,
        step=found,
        left=found.sides["left"].name,
        right=found.sides["right"].name,
        shown=opened.compared(),
        names=names_of_run(engine, run, step),
        trained=opened.trained(step),
    )


def _of_files(engine: Engine, opened: OpenFiles) -> Reviewed:
    left, right = opened.called
    return Reviewed(
        run=opened.name,
        step=opened.step,
        left=left,
        right=right,
        shown=opened.fields,
        names=_names(engine, opened),
        trained=opened.manifest["counts"].get("training") or {},
        files=opened,
    )


_ENTITIES = """
    select {number} as entity_id, $source as source, {id} as entity_key, {fields}
    from {{records}}
    """

_UNITS = """
    select 'left' as side, unit_id, unit_id as entity_id from {left}
    union all
    select 'right' as side, unit_id, {number} as entity_id from {right}
    """


def _names(engine: Engine, opened: OpenFiles) -> PairNames:
    """Rows by their ids in the files. Those of the right file have numbers below nought: the left has those above."""
    one_file, fields = opened.step.of_one_file, opened.fields
    lists = ", ".join(f"case when {quote(f)} is not null then [{quote(f)}] end as {quote(f)}" for f in fields)
    numbers = {"file": "unit_id"} if one_file else {"left": "unit_id", "right": "-unit_id"}
    entities = {
        source: engine.sql(
            _ENTITIES.format(number=number, id=quote(ID), fields=lists),
            params={"source": source},
            records=opened.records.get(source) or opened.records["left"],
        )
        for source, number in numbers.items()
    }
    units = engine.sql(
        _UNITS.replace("{number}", numbers.get("right", "unit_id")), params=None, store=False, **opened.records
    )
    return PairNames(engine, units, entities, fields, of_one_file=one_file)
