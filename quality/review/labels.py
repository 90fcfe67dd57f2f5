"""What reviewers said: a row an answer, kept with who gave it and when, never overwritten."""

import csv
import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.config.resources import filled_in
from linkage.engine import Engine, Table, rows, unfinished
from linkage.errors import InputError
from quality.review.estimate import Answers

ANSWERS = ("match", "no match", "uncertain")
WITHDRAWN = "withdrawn"
"""What stands in place of an answer that its reviewer took back: nothing is ever deleted."""
REVIEWER, ADJUDICATOR = "reviewer", "adjudicator"
ROLES = (REVIEWER, ADJUDICATOR)
"""Reviewers answer without knowing of each other; an adjudicator settles what they leave open."""

UNCHANGED, CHANGED = "unchanged", "changed"
"""Of a label that an earlier run's reviewers gave: its records hold the same values now, or others. Then it is no
answer but a pair to be looked at again."""

COLUMNS = pa.schema(
    [
        ("step", pa.string()),
        ("left_id", pa.int64()),
        ("right_id", pa.int64()),
        ("answer", pa.string()),
        ("reviewer", pa.string()),
        ("role", pa.string()),
        ("answered_at", pa.timestamp("us")),
        ("links", pa.string()),
        ("run", pa.string()),
        ("model", pa.string()),
        ("left_name", pa.string()),
        ("right_name", pa.string()),
        ("compared", pa.string()),
        ("carried", pa.string()),
    ]
)
"""Of a label: the step and the pair in the step's ids, the answer or WITHDRAWN, who gave it and in which role, when
(UTC), the fingerprint of the links that the pair is of, since ids mean nothing in another run, and the run and the
fingerprint of the model whose pair was looked at; what the two records are called in every run and a digest of the
values that were compared, all under a key that is not among the labels; UNCHANGED or CHANGED where the label was given
of earlier links."""


@dataclass(frozen=True)
class Origin:
    """What labels are of: a step, the fingerprint of its links, the run and the fingerprint of the step's model.

    Attributes:
        names: pair to left_name, right_name and compared; a label of another pair cannot be carried to a later run.
    """

    step: str
    links: str
    run: str
    model: str
    names: Mapping[tuple[int, int], Mapping[str, str]] = field(default_factory=dict, repr=False)

    def table(self, answers: Iterable[Mapping[str, Any]], at: datetime.datetime) -> pa.Table:
        """Labels of answers: left_id, right_id, answer, reviewer, role of each.

        Args:
            at: when they were given or taken in.
        """
        about = {"step": self.step, "links": self.links, "run": self.run, "model": self.model, "answered_at": at}
        named = ({**answer, **self.names.get((answer["left_id"], answer["right_id"]), {})} for answer in answers)
        return pa.Table.from_pylist([{**answer, **about} for answer in named], COLUMNS)


_OF_CSV = ("left_id", "right_id", "answer", "reviewer")


def labels_of_csv(
    path: Path, origin: Origin, at: datetime.datetime, pairs: Mapping[tuple[str, str], tuple[int, int]] | None = None
) -> pa.Table:
    """Answers of a file with the columns left_id, right_id, answer, reviewer; rows without an answer are left out.

    Args:
        origin: what the pairs are of.
        at: when they are taken in.
        pairs: what the file calls the pairs that it may hold, to their ids; it has the ids themselves when None.

    Raises:
        InputError: the file is not there or no CSV, a column is missing, or a row has another answer, no number, a
            pair that it may not hold, or another answer about a pair than a row before it by the same reviewer; the
            message names the line.
    """
    answered = answered_rows(path, _OF_CSV, "give the CSV that the reviewers filled in")
    found = [(line, _row(path, line, row, pairs)) for line, row in answered]
    _refuse_two_answers(path, found)
    return origin.table([row for _, row in found], at)


def answered_rows(path: Path, columns: Sequence[str], remedy: str) -> list[tuple[int, dict[str, str]]]:
    """Rows of a CSV of pairs that have an answer, each with its line.

    Args:
        columns: what it must hold, `answer` among them.
        remedy: what to do where there is no such file.

    Raises:
        InputError: the file is not there or no CSV, or a column is missing.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = filled_in(file)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"{path}: no column {', '.join(missing)}\n  it needs the columns {', '.join(columns)}")
            return [(reader.line_num, row) for row in reader if (row["answer"] or "").strip()]
    except FileNotFoundError:
        raise InputError(f"{path}: no such file\n  {remedy}") from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path}: is no CSV in UTF-8\n  save it as one") from None


def _refuse_two_answers(path: Path, found: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    """All of a file is given at one time, so that none of a reviewer's two answers about a pair is the last."""
    before: dict[tuple[Any, ...], tuple[int, str]] = {}
    for line, row in found:
        first, answer = before.setdefault(
            (row["left_id"], row["right_id"], row["reviewer"]), (line, str(row["answer"]))
        )
        if answer != row["answer"]:
            raise InputError(
                f"{path}: line {line}: the same reviewer says otherwise of a pair than in line {first}\n"
                "  leave one of the two; or, where two people answered, name each in the column reviewer"
            )


def _row(
    path: Path, line: int, row: Mapping[str, str], pairs: Mapping[tuple[str, str], tuple[int, int]] | None
) -> dict[str, Any]:
    answer = row["answer"].strip().lower()
    if answer not in ANSWERS:
        raise InputError(f"{path}: line {line}: this is no answer\n  there are: {', '.join(ANSWERS)}")
    left, right = _ids(path, line, row) if pairs is None else _found(path, line, row, pairs)
    reviewer = (row["reviewer"] or "").strip() or "unnamed"
    return {"left_id": left, "right_id": right, "answer": answer, "reviewer": reviewer, "role": REVIEWER}


def _ids(path: Path, line: int, row: Mapping[str, str]) -> tuple[int, int]:
    try:
        return int(row["left_id"]), int(row["right_id"])
    except (TypeError, ValueError):
        raise InputError(
            f"{path}: line {line}: left_id and right_id are whole numbers\n  leave those of the sample as they are"
        ) from None


def _found(
    path: Path, line: int, row: Mapping[str, str], pairs: Mapping[tuple[str, str], tuple[int, int]]
) -> tuple[int, int]:
    found = pairs.get((row["left_id"], row["right_id"]))
    if found is None:
        raise InputError(
            f"{path}: line {line}: this pair is not of the sample\n  leave the ids of the sample's CSV as they are; "
            "that of another run, or of an earlier draw, does not fit"
        )
    return found


def standing(engine: Engine, labels: Table) -> Table:
    """step, left_id, right_id, reviewer, role, answer: the last of each reviewer, without what was taken back.

    A label of an earlier run whose records have changed since is none.
    """
    return engine.sql(
        """
        with last_of_each as (
            select step, left_id, right_id, reviewer, role, answer
            from {labels}
            where carried is null or carried <> $changed
            qualify row_number() over (
                partition by step, left_id, right_id, reviewer order by answered_at desc, answer
            ) = 1
        )
        select * from last_of_each where answer <> $withdrawn
        """,
        params={"withdrawn": WITHDRAWN, "changed": CHANGED},
        store=True,
        labels=labels,
    )


def settled(engine: Engine, labels: Table) -> Table:
    """step, left_id, right_id, answer, reviewers: one answer a pair.

    An adjudicator's answer holds over the reviewers'. Else, where those differ, the pair is uncertain.
    """
    return engine.sql(
        """
        with ranked as (
            select *, max(case when role = $adjudicator then 1 else 0 end) over (
                       partition by step, left_id, right_id
                   ) as adjudicated
            from {standing}
        )
        select step, left_id, right_id,
               case when min(answer) = max(answer) then min(answer) else 'uncertain' end as answer,
               count(*) as reviewers
        from ranked
        where adjudicated = 0 or role = $adjudicator
        group by step, left_id, right_id
        """,
        params={"adjudicator": ADJUDICATOR},
        store=True,
        standing=standing(engine, labels),
    )


def that_count(engine: Engine, sample: Table, answers: Table) -> Table:
    """The pairs of a sample whose answers stand for their stratum: as many columns, not more rows.

    Answers that were carried are of pairs that are older than the others. Where a stratum has some, its pairs count up
    to the first that nobody has answered yet, so that old ones do not stand for new ones.

    Args:
        sample: as `quality.review.draw` makes it, and carried (whether an answer was there when it was drawn).
        answers: left_id, right_id, answer of one step (`settled`).
    """
    return engine.sql(
        """
        with answered as (
            select s.stratum, s.place, s.carried, a.answer
            from {sample} as s
            left join {answers} as a on a.left_id = s.left_id and a.right_id = s.right_id
        ),
        strata as (
            select stratum, bool_or(carried) as has_carried, min(case when answer is null then place end) as first_open
            from answered
            group by stratum
        )
        select s.*
        from {sample} as s
        join strata as t on t.stratum = s.stratum
        where not t.has_carried or t.first_open is null or s.place < t.first_open
        """,
        sample=sample,
        answers=answers,
        store=True,
    )


def answers_by_stratum(engine: Engine, sample: Table, answers: Table) -> dict[str, Answers]:
    """Stratum to what was said of its pairs.

    Args:
        sample: stratum, left_id, right_id (quality.review.draw).
        answers: left_id, right_id, answer of one step (`settled`); pairs that were not drawn are left out.
    """
    counted = engine.sql(
        """
        select sample.stratum,
               count(*) filter (where answers.answer = 'match') as matches,
               count(*) filter (where answers.answer = 'no match') as non_matches,
               count(*) filter (where answers.answer = 'uncertain') as uncertain
        from {sample} as sample
        join {answers} as answers on answers.left_id = sample.left_id and answers.right_id = sample.right_id
        group by sample.stratum
        """,
        sample=sample,
        answers=answers,
    )
    return {
        row["stratum"]: Answers(int(row["matches"]), int(row["non_matches"]), int(row["uncertain"]))
        for row in rows(engine, counted)
    }


def form(pairs: Iterable[tuple[str, str]], path: Path) -> Path:
    """Write a CSV to fill in: the sample's pairs in their order, without answers and without what the model thinks.

    It is for its owner alone: what a file calls its records may be people's numbers.

    Args:
        pairs: what the two records are called.
    """
    with (
        unfinished(path) as part,
        open(part, "x", encoding="utf-8", newline="", opener=lambda name, flags: os.open(name, flags, 0o600)) as file,
    ):
        writer = csv.writer(file)
        writer.writerow(_OF_CSV)
        writer.writerows((left, right, "", "") for left, right in pairs)
    return path
