"""Labels: the answers of reviewers, one row each with who gave it and when, never
overwritten.
"""

import csv
import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.config.spreadsheets import filled_in
from linkage.engine import RowStore, unfinished
from linkage.errors import InputError

ANSWERS = ("match", "no match", "uncertain")
WITHDRAWN = "withdrawn"
"""In place of an answer that its reviewer took back: nothing is deleted."""
REVIEWER, ADJUDICATOR = "reviewer", "adjudicator"
ROLES = (REVIEWER, ADJUDICATOR)
"""Reviewers answer blind; an adjudicator settles pairs on which they differ or are
uncertain.
"""
UNCHANGED, CHANGED = "unchanged", "changed"
"""Of a label carried from earlier links: whether the records have the same values. If
not, the pair is reviewed again.
"""
NAMES = ("left_name", "right_name", "compared")
"""What a pair is called in every run: HMACs of its records' keys, and of the values
that a reviewer sees.
"""

Pair = tuple[int, int]
Label = Mapping[str, Any]

COLUMNS = pa.schema(
    [
        ("step", pa.string()),
        ("left_id", pa.int64()),
        ("right_id", pa.int64()),
        ("answer", pa.string()),
        ("reviewer", pa.string()),
        ("role", pa.string()),
        ("answered_at", pa.timestamp("us")),  # UTC
        (
            "links",
            pa.string(),
        ),  # fingerprint of the links: ids mean nothing in another run
        ("run", pa.string()),
        ("model", pa.string()),  # fingerprint
        *((name, pa.string()) for name in NAMES),
        (
            "carried",
            pa.string(),
        ),  # UNCHANGED or CHANGED if the label was given of earlier links
    ]
)
FORM = ("left_id", "right_id", "answer", "reviewer")


@dataclass(frozen=True)
class Origin:
    """What labels are of: a step, the fingerprints of its links and model, and the run.

    Attributes:
        names: pair to its NAMES; without them a label cannot be carried to a later run.
    """

    step: str
    links: str
    run: str
    model: str
    names: Mapping[Pair, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def table(
        self, answers: Iterable[Mapping[str, Any]], at: datetime.datetime
    ) -> pa.Table:
        """Labels of answers (left_id, right_id, answer, reviewer, role) given at a time
        (UTC).
        """
        header = {
            "step": self.step,
            "links": self.links,
            "run": self.run,
            "model": self.model,
            "answered_at": at,
        }
        return pa.Table.from_pylist(
            [
                {**answer, **self.names.get(pair_of(answer), {}), **header}
                for answer in answers
            ],
            COLUMNS,
        )


def now() -> datetime.datetime:
    """The time of a label given now (UTC)."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


def labels_store(run: Path) -> RowStore:
    """A run's labels."""
    return RowStore(run / "review" / "labels.duckdb", "labels", COLUMNS)


def add_labels(run: Path, labels: pa.Table) -> int:
    """Add labels, all or none; returns how many."""
    if labels.num_rows:
        labels_store(run).add(labels)
    return int(labels.num_rows)


def labels_of(run: Path, origin: Origin) -> list[dict[str, Any]]:
    """Labels of a step's links, in the order in which they were given."""
    all_rows = labels_store(run).rows().to_pylist()
    own_rows = [
        row
        for row in all_rows
        if row["step"] == origin.step and row["links"] == origin.links
    ]
    return sorted(own_rows, key=lambda row: row["answered_at"])


def pair_of(label: Label) -> Pair:
    """The pair that a label is about."""
    return int(label["left_id"]), int(label["right_id"])


def standing(labels: Iterable[Label]) -> list[Label]:
    """The last answer of each reviewer about each pair, without withdrawn ones and
    those about changed records.

    Args:
        labels: in the order in which they were given; so is the result.
    """
    last: dict[tuple[Pair, str], Label] = {}
    for label in labels:
        if label.get("carried") != CHANGED:
            key = pair_of(label), label["reviewer"]
            last.pop(key, None)
            last[key] = label
    return [label for label in last.values() if label["answer"] != WITHDRAWN]


def settled(labels: Iterable[Label]) -> dict[Pair, str]:
    """One answer a pair: an adjudicator's, or else the reviewers', which is uncertain
    where they differ.
    """
    by_role: dict[Pair, dict[str, set[str]]] = {}
    for label in standing(labels):
        by_role.setdefault(pair_of(label), {}).setdefault(label["role"], set()).add(
            label["answer"]
        )
    answers = {
        pair: roles.get(ADJUDICATOR) or roles[REVIEWER]
        for pair, roles in by_role.items()
    }
    return {
        pair: next(iter(votes)) if len(votes) == 1 else "uncertain"
        for pair, votes in answers.items()
    }


def labels_of_csv(
    path: Path,
    origin: Origin,
    at: datetime.datetime,
    pairs: Mapping[tuple[str, str], Pair],
) -> pa.Table:
    """Answers of a filled-in form; rows without an answer are left out.

    Args:
        pairs: ids as the form has them to the pair, of the sample.

    Raises:
        InputError: the file is not there or not a CSV, a column is missing, or a row
            has another answer, a pair that is not in the sample, or a second answer of
            the same reviewer; the message names the line.
    """
    answers, first_lines = [], dict[tuple[Any, ...], tuple[int, str]]()
    for line, row in _answered_rows(path):
        answer, pair = (
            row["answer"].strip().lower(),
            pairs.get((row["left_id"], row["right_id"])),
        )
        if answer not in ANSWERS:
            raise InputError(
                f"{path}: line {line}: unknown answer\n  there are: "
                f"{', '.join(ANSWERS)}"
            )
        if pair is None:
            raise InputError(
                f"{path}: line {line}: this pair is not in the sample\n  leave the ids "
                "of the sample's CSV as they are; "
                "that of another run, or of an earlier draw, does not fit"
            )
        reviewer = (row["reviewer"] or "").strip() or "unnamed"
        first, earlier = first_lines.setdefault((*pair, reviewer), (line, answer))
        if earlier != answer:
            raise InputError(
                f"{path}: line {line}: the same reviewer gives another answer than in "
                f"line {first}\n"
                "  leave one of the two; or, where two reviewers answered, name each "
                "in the column reviewer"
            )
        answers.append(
            dict(zip((*FORM, "role"), (*pair, answer, reviewer, REVIEWER), strict=True))
        )
    return origin.table(answers, at)


def _answered_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Rows of a form that have an answer, each with its line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = filled_in(file)
            missing = [name for name in FORM if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{path}: no column {', '.join(missing)}\n  it needs the columns "
                    f"{', '.join(FORM)}"
                )
            return [
                (reader.line_num, row)
                for row in reader
                if (row["answer"] or "").strip()
            ]
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file\n  give the CSV that the reviewers filled in"
        ) from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path}: is not a CSV in UTF-8\n  save it as one") from None


def write_private_csv(
    path: Path, columns: Sequence[str], lines: Iterable[Sequence[str]]
) -> None:
    """Write a CSV whole or not at all, readable by its owner only: ids may be people's
    numbers.
    """
    with (
        unfinished(path) as part,
        open(
            part,
            "x",
            encoding="utf-8",
            newline="",
            opener=lambda name, flags: os.open(name, flags, 0o600),
        ) as file,
    ):
        csv.writer(file).writerows([columns, *lines])
