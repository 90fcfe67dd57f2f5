"""Labels of two files: a CSV of pairs by the files' own ids, with the answer of clerical review for each."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, Table, rows
from linkage.errors import InputError
from linkage.model import Model
from linkage.model.labelled import MATCH, NO_MATCH, UNCERTAIN, Labelled
from linkage.model.stages import pattern_column

COLUMNS = ("left_id", "right_id", "answer")
"""What a file must hold; `weight`, of how many pairs each was drawn, is optional."""


@dataclass(frozen=True)
class Labels:
    """Labelled pairs of two files' units.

    Attributes:
        table: left_id, right_id of units.
        answers: pair to its answer and to the number of pairs that it stands for.
        given: pairs that the file names, those of records that the two files lack with them.
    """

    table: Table
    answers: dict[tuple[int, int], tuple[str, float]]
    given: int = 0

    def notes(self, path: Path) -> list[str]:
        """What to know where labels name records that the files lack."""
        lost = self.given - len(self.answers)
        if lost <= 0:
            return []
        return [
            f"{path}: {lost:,} of {self.given:,} labelled pairs name a record that the files lack, and are left out"
        ]

    def labelled(self, engine: Engine, model: Model, scored: Table) -> Sequence[Labelled]:
        """The pairs with the levels that `linkage.match.candidates.score` gave them."""
        names = [pattern_column(comparison) for comparison in model.comparisons]
        found = sorted(rows(engine, scored), key=lambda row: (row["left_id"], row["right_id"]))
        return [
            Labelled(tuple(int(row[name]) for name in names), *self.answers[row["left_id"], row["right_id"]])
            for row in found
        ]


def labelled_pairs(engine: Engine, path: Path, left_ids: Table, right_ids: Table) -> Labels:
    """Labels of a CSV, as pairs of units; those that name a record which the files lack are left out.

    Args:
        left_ids, right_ids: unit_id, source_id.

    Raises:
        InputError: no such file or column, an answer that is none, or no pair that the files hold; lines are named,
            ids are not.
    """
    lines = _lines(path)
    given = engine.from_arrow(pa.Table.from_pylist(lines, _SCHEMA))
    found = engine.sql(
        """
        select l.unit_id as left_id, r.unit_id as right_id, min(g.answer) as answer, max(g.answer) as other,
               max(g.weight) as weight
        from {given} as g
        join {left} as l on cast(l.source_id as varchar) = g.left_id
        join {right} as r on cast(r.source_id as varchar) = g.right_id
        group by l.unit_id, r.unit_id
        """,
        given=given,
        left=left_ids,
        right=right_ids,
        store=True,
    )
    answers = {
        (int(row["left_id"]), int(row["right_id"])): (
            row["answer"] if row["answer"] == row["other"] else UNCERTAIN,  # two answers that differ
            float(row["weight"]),
        )
        for row in rows(engine, found)
    }
    if not answers:
        raise InputError(
            f"{path}: names no pair that the two files hold\n  left_id and right_id are the files' own ids"
        )
    pairs = len({(line["left_id"], line["right_id"]) for line in lines})
    return Labels(engine.sql("select left_id, right_id from {t}", t=found, store=True), answers, pairs)


_SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS] + [("weight", pa.float64())])


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise InputError(f"{path}: no such file\n  give a CSV of labels, or a run's folder")
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            if missing := set(COLUMNS) - set(reader.fieldnames or ()):
                raise InputError(f"{path}: lacks {', '.join(sorted(missing))}\n  its header: left_id,right_id,answer")
            return [_line(path, number, row) for number, row in enumerate(reader, 2) if (row["answer"] or "").strip()]
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path}: is no CSV in UTF-8\n  save it as that") from None


def _line(path: Path, number: int, row: dict[str, str]) -> dict[str, Any]:
    answer, weight = row["answer"].strip().lower(), (row.get("weight") or "1").strip()
    if answer not in (MATCH, NO_MATCH, UNCERTAIN):
        raise InputError(f"{path}: line {number}: this is no answer\n  there are: {MATCH}, {NO_MATCH}, {UNCERTAIN}")
    try:
        stands_for = float(weight)
    except ValueError:
        stands_for = math.nan
    if not 0 < stands_for < math.inf:
        raise InputError(f"{path}: line {number}: weight is no number above 0\n  say of how many pairs it was drawn")
    return {**{name: (row[name] or "").strip() for name in COLUMNS}, "answer": answer, "weight": stands_for}
