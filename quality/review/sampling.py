"""The sample of a step's pairs that people look at: drawn, written as a form, and the form's answers taken in."""

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, Table, connect, rows, unfinished
from linkage.errors import ConfigError
from linkage.pipeline.atomic import write_json
from linkage.pipeline.delivery import manifest_of
from linkage.pipeline.ended.carrying import Carried, carry
from linkage.pipeline.ended.pair_names import NAMES, PairNames, names_key
from linkage.pipeline.ended.reviewing import (
    add_labels,
    drawn_of,
    fingerprint_of,
    fingerprints,
    labels_of,
    now,
    origin_of,
    sample_of,
    sampled_steps,
    turn_of,
)
from linkage.pipeline.lock import turn
from quality import disclosure
from quality.explain.files import is_linked_files
from quality.measures.definitions import load as load_definitions
from quality.review import CHANGED, allot, draw, form, frame, labels_of_csv, stratify
from quality.review.opened import Reviewed, open_step

Pair = tuple[int, int]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Drawn:
    """A sample that is ready to be looked at.

    Attributes:
        answered: those of its pairs that labels of earlier links answer.
    """

    folder: Path
    form: Path
    pairs: int
    strata: int
    answered: int
    carried: Carried


def draw_sample(
    run: Path,
    step: str,
    size: int,
    *,
    seed: int | None = None,
    labels_from: Path | None = None,
    files: Sequence[Path] = (),
    say: Say | None = None,
) -> Drawn:
    """Draw the pairs of a step that people are to look at, with the labels of earlier links carried to them.

    Writes RUN/review/STEP/: sample.parquet, strata.json, and sample.csv to fill in where there is no other tool.

    Args:
        run: the folder of `leo run`, `leo link` or `leo dedupe`.
        size: pairs in all; a few more where strata are many.
        seed: when None that of the sample whose labels are carried, else the run's own: the same links give the same
            sample, and those of a next release as many of the same pairs as may be.
        labels_from: an earlier run whose labels are carried.
        files: what `leo link` or `leo dedupe` linked, where it has moved.
        say: told what takes time.

    Raises:
        ConfigError: the folder is no run's, or has no such step; the earlier run has no labels.
        InputError: a file is not there any more, or is another.
    """
    fingerprint_of(run, step)
    with _own_turn(run, step):
        return _draw(run, step, size, seed=seed, labels_from=labels_from, files=files, say=say)


@contextlib.contextmanager
def _own_turn(run: Path, step: str) -> Iterator[None]:
    file = turn_of(run, step)
    file.parent.mkdir(parents=True, exist_ok=True)
    with turn(file):
        yield


def _draw(
    run: Path,
    step: str,
    size: int,
    *,
    seed: int | None = None,
    labels_from: Path | None,
    files: Sequence[Path],
    say: Say | None,
) -> Drawn:
    """As `draw_sample`, for who has the turn."""
    fingerprint = fingerprint_of(run, step)
    definitions = load_definitions()
    folder = run / "review" / step
    chosen = _seed(run, step, labels_from) if seed is None else seed
    origin = origin_of(run, step, fingerprint)
    with connect("duckdb") as engine:
        opened = open_step(engine, run, step, files, say=say)
        names = opened.names
        carried = carry(run, origin, names, labels_from)
        labels = labels_of(run, origin)
        stratified = stratify(engine, opened.step.links, definitions, _followed(engine, opened, labels))
        strata = frame(engine, stratified, definitions)
        allotted = allot(strata, size, fewest=disclosure.load().fewest)
        drawn = draw(engine, stratified, allotted, (names.lots("left"), names.lots("right")), seed=chosen)
        sample = _named(engine, run, drawn, names, _answered_before(engine, labels))
        folder.mkdir(parents=True, exist_ok=True)
        with unfinished(folder / "sample.parquet") as part:  # of its own: two may begin to review a step at once
            pairs = engine.write(sample, part)
        ordered = engine.sql("select left_id, right_id, carried from {sample} order by place", sample=sample)
        listed = rows(engine, ordered)
        called = opened.called(engine, [(row["left_id"], row["right_id"]) for row in listed if not row["carried"]])
        made = form(called.values(), folder / "sample.csv")
    write_json(
        folder / "strata.json",
        {
            "step": step,
            "links": fingerprint,
            "seed": chosen,
            "size": pairs,
            "strata": [asdict(stratum) for stratum in strata],
        },
    )
    return Drawn(folder, made, pairs, len(strata), sum(row["carried"] for row in listed), carried)


def step_to_review(
    run: Path,
    step: str | None,
    size: int,
    labels_from: Path | None = None,
    *,
    files: Sequence[Path] = (),
    say: Say | None = None,
) -> str:
    """The step that people look at, with a sample: the one named, the one that has a sample, or the only one.

    Args:
        size: of the sample that is drawn where there is none; one that is there is left as it is.
        labels_from: an earlier run whose labels are carried; the sample is then drawn anew.
        files, say: as `draw_sample` has them.

    Raises:
        ConfigError: the run has several steps and none is named; a sample's links have changed.
    """
    sampled = sampled_steps(run)
    candidates = [step] if step else sampled or list(fingerprints(run))
    if len(candidates) != 1:
        raise ConfigError(f"{run}: which step?\n  give --step with one of {', '.join(candidates) or 'its steps: none'}")
    chosen = candidates[0]
    if labels_from or chosen not in sampled:
        fingerprint_of(run, chosen)
        with _own_turn(run, chosen):
            # Of two who begin at once the second looks at the pairs that the first has drawn.
            if labels_from or chosen not in sampled_steps(run):
                _draw(run, chosen, size, labels_from=labels_from, files=files, say=say)
    drawn_of(run, chosen)
    return chosen


def take_labels(run: Path, step: str, file: Path) -> int:
    """Add the answers of a CSV to a run's labels; returns how many it gave.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are now.
        InputError: the file has other columns or answers, or pairs that were not drawn, as that of another run has.
    """
    sample = sample_of(run, step)
    pairs = {(str(left), str(right)): (left, right) for left, right in sample.pairs}
    if is_linked_files(run):  # whose form names rows by their ids in the files, since nobody knows their numbers
        with connect("duckdb") as engine:
            called = open_step(engine, run, step).called(engine, sample.pairs)
        pairs = {told: pair for pair, told in called.items()}
    return add_labels(run, labels_of_csv(file, sample.origin, now(), pairs))


def _seed(run: Path, step: str, earlier: Path | None) -> int:
    before = earlier / "review" / step / "strata.json" if earlier else None
    if before and before.is_file():
        return int(json.loads(before.read_text(encoding="utf-8"))["seed"])
    return int(manifest_of(run).get("seed", 2026))


def _followed(engine: Engine, opened: Reviewed, labels: Sequence[Mapping[str, Any]]) -> Table | None:
    """left_id, right_id of pairs whose answers the step may have followed; None where it was given no decisions."""
    carried = {(row["left_id"], row["right_id"]) for row in labels if row["carried"]}
    return _pairs(engine, carried) if opened.step.step.overrides and carried else None


def _answered_before(engine: Engine, labels: Sequence[Mapping[str, Any]]) -> Table:
    """left_id, right_id of pairs with a label of earlier links that holds."""
    return _pairs(
        engine, {(row["left_id"], row["right_id"]) for row in labels if row["carried"] not in (None, CHANGED)}
    )


def _pairs(engine: Engine, pairs: Iterable[Pair]) -> Table:
    listed = sorted(pairs)
    columns = {
        name: pa.array([pair[end] for pair in listed], pa.int64()) for end, name in enumerate(("left_id", "right_id"))
    }
    return engine.from_arrow(pa.table(columns))


def _named(engine: Engine, run: Path, drawn: Table, names: PairNames, answered: Table) -> Table:
    """A sample with what its pairs are called in every run, and whether they were answered before."""
    ids = [(int(row["left_id"]), int(row["right_id"])) for row in rows(engine, drawn)]
    found = names.of(ids, names_key(run))
    called = [{"left_id": left, "right_id": right, **found[left, right]} for left, right in ids]
    schema = pa.schema([("left_id", pa.int64()), ("right_id", pa.int64()), *((name, pa.string()) for name in NAMES)])
    return engine.sql(
        """
        select s.*, n.left_name, n.right_name, n.compared, a.left_id is not null as carried
        from {drawn} as s
        join {named} as n on n.left_id = s.left_id and n.right_id = s.right_id
        left join {answered} as a on a.left_id = s.left_id and a.right_id = s.right_id
        """,
        drawn=drawn,
        named=engine.from_arrow(pa.Table.from_pylist(called, schema)),
        answered=answered,
        store=True,
    )
