"""Precision and recall that `leo link` and `leo dedupe` state without truth, held
against the truth.

A stated share is right when its 95 % interval covers the true share of the accepted
links.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.files import DataSet

MEASURES = ("precision", "recall")
COVERED, MISSED, NOT_KNOWN = "yes", "no", "not known"


@dataclass(frozen=True)
class StatedShare:
    """A stated share with its 95 % interval, and the truth; None where not known."""

    value: float | None
    low: float | None
    high: float | None
    true: float

    @property
    def covered(self) -> str:
        if self.low is None or self.high is None:
            return NOT_KNOWN
        return COVERED if self.low <= self.true <= self.high else MISSED


def stated_shares(data: DataSet, out: Path) -> dict[str, StatedShare]:
    """Precision and recall of an output folder; none where nothing is stated."""
    evaluation = out / "quality" / "evaluation.json"
    if not evaluation.is_file():
        return {}
    steps = json.loads(evaluation.read_text(encoding="utf-8"))["steps"]
    estimate = steps[0]["estimated_error"] or {}
    unknown = {"value": None, "low": None, "high": None}
    truth = _true_shares(data, out)
    return {
        name: StatedShare(
            **{part: estimate.get(name, unknown)[part] for part in unknown},
            true=truth[name],
        )
        for name in MEASURES
    }


def _true_shares(data: DataSet, out: Path) -> dict[str, float]:
    """Of all accepted links, those of duplicates within a file included."""
    reader = "read_parquet" if data.truth.suffix == ".parquet" else "read_csv"
    with duckdb.connect() as connection:
        links, correct, true_pairs = connection.execute(
            f"""
            with truth as (
                select distinct cast(left_id as varchar) as one,
                    cast(right_id as varchar) as other
                from {reader}($truth)
            ),
            accepted as (
                select distinct cast(left_id as varchar) as one,
                    cast(right_id as varchar) as other
                from read_parquet($links)
                where decision = 'accepted'
            ),
            either_way as (
                select one, other from accepted
                union
                select other, one from accepted where $is_one_file
            )
            select (select count(*) from accepted),
                (select count(*) from truth join either_way using (one, other)),
                (select count(*) from truth)
            """,
            {
                "truth": str(data.truth),
                "links": str(out / "links.parquet"),
                "is_one_file": len(data.files) == 1,
            },
        ).fetchall()[0]
    return {
        "precision": correct / max(links, 1),
        "recall": correct / max(true_pairs, 1),
    }


def as_columns(shares: Mapping[str, StatedShare]) -> dict[str, Any]:
    """The shares as columns of a row of results."""
    columns: dict[str, Any] = {}
    for name, share in shares.items():
        columns |= {
            f"stated_{name}": share.value,
            f"{name}_low": share.low,
            f"{name}_high": share.high,
            f"true_{name}": share.true,
            f"{name}_covered": share.covered,
        }
    return columns


def summary(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many intervals cover the truth, and their mean width: a line each."""
    return [line for name in MEASURES if (line := _summary(name, rows))]


def _summary(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    answers = [str(row.get(f"{name}_covered") or "") for row in rows]
    widths = [
        row[f"{name}_high"] - row[f"{name}_low"]
        for row in rows
        if row.get(f"{name}_covered") in (COVERED, MISSED)
    ]
    if not widths:
        return ""
    return (
        f"{name}: the 95 % interval covers the truth on {answers.count(COVERED)} of "
        f"{len(widths)} sets ({answers.count(NOT_KNOWN)} not known); mean width "
        f"{sum(widths) / len(widths):.4f}"
    )
