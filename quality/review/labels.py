"""Labels: the answers of reviewers, one row each with who gave it and when, never overwritten."""

import csv
import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.config.resources import filled_in
from linkage.engine import Engine, RowStore, Table, rows, unfinished
from linkage.errors import InputError

ANSWERS = ("match", "no match", "uncertain")
WITHDRAWN = "withdrawn"
"""In place of an answer that its reviewer took back: nothing is deleted."""
REVIEWER, ADJUDICATOR = "reviewer", "adjudicator"
ROLES = (REVIEWER, ADJUDICATOR)
"""Reviewers answer blind; an adjudicator settles pairs on which they differ or are uncertain."""
UNCHANGED, CHANGED = "unchanged", "changed"
"""Of a label carried from earlier links: whether the records have the same values. If not, the pair is reviewed again."""
NAMES = ("left_name", "right_name", "compared")
"""What a pair is called in every run: HMACs of its records' keys, and of the values that a reviewer sees."""

Pair = tuple[int, int]

COLUMNS = pa.schema(
    [
        ("step", pa.string()),
        ("left_id", pa.int64()),
        ("right_id", pa.int64()),
        ("answer", pa.string()),
        ("reviewer", pa.string()),
        ("role", pa.string()),
        ("answered_at", pa.timestamp("us")),  # UTC
        ("links", pa.string()),  # fingerprint of the links: ids mean nothing in another run
        ("run", pa.string()),
        ("model", pa.string()),  # fingerprint
        *((name, pa.string()) for name in NAMES),
        ("carried", pa.string()),  # UNCHANGED or CHANGED if the label was given of earlier links
    ]
)
_CSV_COLUMNS = ("left_id", "right_id", "answer", "reviewer")


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

    def table(self, answers: Iterable[Mapping[str, Any]], at: datetime.datetime) -> pa.Table:
        """Labels of answers (left_id, right_id, answer, reviewer, role) given at a time."""
        about = {"step": self.step, "links": self.links, "run": self.run, "model": self.model, "answered_at": at}
        named = ({**answer, **self.names.get((answer["left_id"], answer["right_id"]), {})} for answer in answers)
        return pa.Table.from_pylist([{**answer, **about} for answer in named], COLUMNS)


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
    stored: list[dict[str, Any]] = labels_store(run).rows().to_pylist()
    return [row for row in stored if row["step"] == origin.step and row["links"] == origin.links]


def labels_of_csv(path: Path, origin: Origin, at: datetime.datetime, pairs: Mapping[tuple[str, str], Pair]) -> pa.Table:
    """Answers of a filled-in form; rows without an answer are left out.

    Args:
        pairs: ids as the form has them to the pair, of the sample.

    Raises:
        InputError: the file is not there or not a CSV, a column is missing, or a row has another answer, a pair that is
            not in the sample, or a second answer of the same reviewer; the message names the line.
    """
    answers, first_lines = [], dict[tuple[Any, ...], tuple[int, str]]()
    for line, row in answered_rows(path, _CSV_COLUMNS, "give the CSV that the reviewers filled in"):
        answer, pair = row["answer"].strip().lower(), pairs.get((row["left_id"], row["right_id"]))
        if answer not in ANSWERS:
            raise InputError(f"{path}: line {line}: unknown answer\n  there are: {', '.join(ANSWERS)}")
        if pair is None:
            raise InputError(
                f"{path}: line {line}: this pair is not in the sample\n  leave the ids of the sample's CSV as they are; "
                "that of another run, or of an earlier draw, does not fit"
            )
        reviewer = (row["reviewer"] or "").strip() or "unnamed"
        first, earlier = first_lines.setdefault((*pair, reviewer), (line, answer))
        if earlier != answer:
            raise InputError(
                f"{path}: line {line}: the same reviewer gives another answer than in line {first}\n"
                "  leave one of the two; or, where two people answered, name each in the column reviewer"
            )
        answers.append(
            {"left_id": pair[0], "right_id": pair[1], "answer": answer, "reviewer": reviewer, "role": REVIEWER}
        )
    return origin.table(answers, at)


def answered_rows(path: Path, columns: Sequence[str], remedy: str) -> list[tuple[int, dict[str, str]]]:
    """Rows of a CSV of pairs that have an answer, each with its line.

    Args:
        columns: required, `answer` among them.
        remedy: what to do if the file is missing.

    Raises:
        InputError: the file is not there or not a CSV, or a column is missing.
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
        raise InputError(f"{path}: is not a CSV in UTF-8\n  save it as one") from None


def write_form(pairs: Iterable[tuple[str, str]], path: Path) -> Path:
    """Write a CSV to fill in, for its owner only (ids may be people's numbers): pairs in the sample's order."""
    write_private_csv(path, _CSV_COLUMNS, ((left, right, "", "") for left, right in pairs))
    return path


def write_private_csv(path: Path, columns: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Write a CSV whole or not at all, readable by its owner only."""
    with (
        unfinished(path) as part,
        open(part, "x", encoding="utf-8", newline="", opener=lambda name, flags: os.open(name, flags, 0o600)) as file,
    ):
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(lines)


def standing(engine: Engine, labels: Sequence[Mapping[str, Any]]) -> Table:
    """step, left_id, right_id, reviewer, role, answer: the last of each reviewer that was not taken back."""
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
        labels=engine.from_arrow(pa.Table.from_pylist(list(labels), COLUMNS)),
    )


def settled(engine: Engine, labels: Sequence[Mapping[str, Any]]) -> Table:
    """step, left_id, right_id, answer, reviewers: one answer a pair.

    An adjudicator's answer overrides the reviewers'. Where these differ the pair is uncertain.
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


def counted_pairs(engine: Engine, sample: Table, answers: Table) -> Table:
    """place, stratum, left_id, right_id, answer (null if none) of the sampled pairs that represent their stratum.

    Carried answers are of older pairs. A stratum that has some counts up to its first pair without an answer, so that
    old pairs do not represent new ones.
    """
    return engine.sql(
        """
        with answered as (
            select s.place, s.stratum, s.left_id, s.right_id, s.carried, a.answer
            from {sample} as s
            left join {answers} as a on a.left_id = s.left_id and a.right_id = s.right_id
        ),
        strata as (
            select stratum, bool_or(carried) as has_carried, min(case when answer is null then place end) as first_open
            from answered
            group by stratum
        )
        select a.* exclude (carried)
        from answered as a
        join strata as t on t.stratum = a.stratum
        where not t.has_carried or t.first_open is null or a.place < t.first_open
        """,
        sample=sample,
        answers=answers,
        store=True,
    )


@dataclass(frozen=True)
class Answers:
    """Answers about a stratum's sample."""

    matches: int = 0
    non_matches: int = 0
    uncertain: int = 0

    @property
    def given(self) -> int:
        """How many pairs were reviewed."""
        return self.matches + self.non_matches + self.uncertain


def answers_by_stratum(engine: Engine, counted: Table) -> dict[str, Answers]:
    """Stratum to its answers; strata without any are left out."""
    query = """
        select stratum,
               count(*) filter (where answer = 'match') as matches,
               count(*) filter (where answer = 'no match') as non_matches,
               count(*) filter (where answer = 'uncertain') as uncertain
        from {counted}
        where answer is not null
        group by stratum
        """
    return {
        row["stratum"]: Answers(int(row["matches"]), int(row["non_matches"]), int(row["uncertain"]))
        for row in rows(engine, engine.sql(query, counted=counted))
    }
