"""What reviewers settled, as decisions that the next run follows: a file of `overrides` of the step."""

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.config import holds_many
from linkage.engine import Engine, Table, connect, rows, unfinished
from linkage.errors import ConfigError, InputError
from linkage.match.overrides import COLUMNS
from linkage.pipeline.ended.reviewing import labels_of, sample_of
from quality.explain.files import is_linked_files
from quality.explain.opening import OpenRun, OpenStep
from quality.explain.sides import RunSide
from quality.review import COLUMNS as LABELS
from quality.review import settled

FILE = "overrides.csv"
_OF_ANSWERS = {"match": "link", "no match": "never"}  # an uncertain pair is left to passes and model

Keys = Mapping[int, tuple[str, str]]
"""Unit to a source that it is of and that source's key."""


@dataclass(frozen=True)
class Written:
    """A file of decisions: how many pairs it links and forbids, and how many it left out as contradictory."""

    path: Path
    links: int
    never: int
    contradictory: int


def write_overrides(root: Path, step: str) -> Written:
    """Write the settled answers of a step to RUN/review/STEP/overrides.csv, for its owner alone.

    Pairs are named by the sources' own keys, so that the file holds in later runs; such a key may be somebody's number.
    Where answers give a unit two links and the step allows one, none of them is written: people have to look again.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are now; the links are of `leo link` or
            `leo dedupe`, which follow no decisions.
        InputError: nobody has answered yet, or nobody match or no match.
    """
    if is_linked_files(root):
        raise ConfigError(
            f"{root}: leo link and leo dedupe follow no decisions about single pairs\n"
            f"  train on the answers: leo train --labels {root} --out MODEL.json; then leo link --model MODEL.json"
        )
    sample = sample_of(root, step)
    with connect("duckdb") as engine:
        opened = OpenRun(engine, root).open(step)
        given = labels_of(root, sample.origin)
        decided = _decided(engine, given)
        if not decided:
            missing = "no answers" if not given else "only uncertain answers, which decide nothing,"
            raise InputError(
                f"{root}: there are {missing} about step '{step}'\n  give some: leo review {root} --step {step}"
            )
        kept = _without_contradictions(decided, opened)
        keys = {
            side: _keys(engine, opened, side, [pair[end] for pair in kept])
            for end, side in enumerate(("left", "right"))
        }
    lines = [(*keys["left"][left], *keys["right"][right], decision) for (left, right), decision in sorted(kept.items())]
    return Written(
        _write(root / "review" / step / FILE, lines),
        links=sum(decision == "link" for decision in kept.values()),
        never=sum(decision == "never" for decision in kept.values()),
        contradictory=len(decided) - len(kept),
    )


def _decided(engine: Engine, given: Sequence[Mapping[str, Any]]) -> dict[tuple[int, int], str]:
    """Pair to the decision about it."""
    if not given:
        return {}
    answers: Table = settled(engine, engine.from_arrow(pa.Table.from_pylist(list(given), LABELS)))
    return {
        (int(row["left_id"]), int(row["right_id"])): _OF_ANSWERS[row["answer"]]
        for row in rows(engine, answers)
        if row["answer"] in _OF_ANSWERS
    }


def _without_contradictions(decided: Mapping[tuple[int, int], str], step: OpenStep) -> dict[tuple[int, int], str]:
    """Decisions without links of a unit that would then hold two and may hold one."""
    taken: dict[tuple[str, int], int] = {}
    ends = [(end, side) for end, side in enumerate(("left", "right")) if not holds_many(step.cardinality, side)]
    for pair, decision in decided.items():
        for end, side in ends:
            if decision == "link":
                taken[side, pair[end]] = taken.get((side, pair[end]), 0) + 1
    return {
        pair: decision
        for pair, decision in decided.items()
        if decision != "link" or all(taken[side, pair[end]] == 1 for end, side in ends)
    }


def _keys(engine: Engine, step: OpenStep, name: str, units: Sequence[int]) -> Keys:
    """Of a unit of several entities the first in the order of sources and keys: a decision about one is about all."""
    side = step.sides[name]
    assert isinstance(side, RunSide)
    found = sorted(
        (int(row["unit_id"]), str(row["source"]), str(row["entity_key"])) for row in rows(engine, side.keys(units))
    )
    return {unit: (source, key) for unit, source, key in reversed(found)}


def _write(path: Path, lines: Sequence[Sequence[str]]) -> Path:
    """Whole or not at all, readable by its owner alone."""
    with unfinished(path) as part:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(lines)
    return path
