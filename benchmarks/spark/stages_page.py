"""The stages of the pipeline on Spark, as a page: seconds of each, what executors did, and the costs fitted on that.

Seconds of tasks and bytes of shuffles of a stage are a fixed part and a part for each million people, neither of them
negative. That holds for what reads each row once; pairs by chance, which grow with the square, are in the link step's
own model (benchmarks/spark/scale.py).
"""

from collections.abc import Sequence
from typing import Any

_WORK = {"task_seconds": ("task s", 1.0), "bytes_shuffled": ("MB shuffled", 1e-6)}
_CUSTOMERS = 0.94  # millions of customers in a million synthetic people
_PLANNED = 100.0  # millions of customers beside 60 million learners


def page(told: dict[str, Any]) -> str:
    """Markdown of what the stages of runs took, and of what follows for 100 million customers."""
    rows, cores = told["measured"], told["machine"]["cores"]
    lines = [
        "# What the stages of the pipeline cost on Spark",
        "",
        f"{told['when']}, {cores} cores, {told['machine']['memory_bytes'] / 2**30:.0f} GiB. Spark by spark-submit on "
        "executors of one core and 3g, each held to a processor of its own, with a driver of 2g, of three million "
        "people 5g. What is little is the driver's to answer (decision 37) and shows in no task. A run that was "
        "stopped has the stages that it did, and no sum.",
        "",
        "## Seconds",
        "",
        *_seconds(rows),
        "",
        "## Pairs of the steps",
        "",
        *_pairs(rows),
        "",
        "## What executors did",
        "",
        *_work(rows),
        "",
        "## Fitted",
        "",
        *_fitted(rows),
        "",
    ]
    return "\n".join(lines)


def _seconds(rows: Sequence[dict[str, Any]]) -> list[str]:
    heads = [_head(row) for row in rows]
    lines = [f"| stage | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    for kind in _kinds(rows):
        cells = ["" if (held := row["seconds"].get(kind)) is None else f"{held:,.1f}" for row in rows]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    whole = max(len(row["seconds"]) for row in rows)
    sums = [f"{sum(row['seconds'].values()):,.0f}" if len(row["seconds"]) == whole else "" for row in rows]
    return [*lines, f"| **all** | {' | '.join(sums)} |"]


def _pairs(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Pairs that each step's rules make, by size: a part for each person who is linked, and one of pairs by chance."""
    sizes = {row["people"]: row["pairs"] for row in rows if row.get("pairs")}
    if not sizes:
        return ["None was counted."]
    people = sorted(sizes)
    heads = " | ".join(f"{size:,} people" for size in people)
    lines = [
        "Pairs that a step's rules make, each once, of all its units, those too that passes have settled and that are "
        "not scored. Of sides of more than 100,000 units by a sample. Fitted: pairs of one person grow with people, "
        "those by chance with their square.",
        "",
        f"| step | {heads} | for a million people | by chance, for a million | millions at 100M customers |",
        f"|---|{'---:|' * (len(people) + 3)}",
    ]
    planned = _PLANNED / _CUSTOMERS
    for step in sizes[people[-1]]:
        counted = [sizes[size].get(step) for size in people]
        cells = [f"{pairs:,}" if pairs is not None else "" for pairs in counted]
        known = [(size / 1e6, pairs) for size, pairs in zip(people, counted, strict=True) if pairs]
        each, chance = _fit([(millions, pairs / millions) for millions, pairs in known])
        fitted = each, chance, (each * planned + chance * planned**2) / 1e6
        lines.append(f"| {step} | {' | '.join([*cells, *(f'{value:,.0f}' for value in fitted)])} |")
    return lines


def _head(row: dict[str, Any]) -> str:
    where = f"Spark, {row['executors']} executor{'s' * (row['executors'] > 1)}" if row["executors"] else "DuckDB"
    return f"{row['people']:,} people, {where}"


def _kinds(rows: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(kind for row in rows for kind in row["seconds"]))


def _work(rows: Sequence[dict[str, Any]]) -> list[str]:
    lines = [
        "| run | stage | jobs | tasks | task s | rows read | rows shuffled | MB shuffled |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        for kind in row["seconds"]:
            did = row.get("tasks", {}).get(kind)
            if did:
                lines.append(
                    f"| {_head(row)} | {kind} | {did.get('jobs', 0):,.0f} | {did.get('tasks', 0):,.0f} "
                    f"| {did.get('task_seconds', 0):,.1f} | {did.get('rows_read', 0):,.0f} "
                    f"| {did.get('rows_shuffled', 0):,.0f} | {did.get('bytes_shuffled', 0) / 1e6:,.1f} |"
                )
    return lines


def _fitted(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Fixed and for a million people, of each stage, with what 100 million customers would ask for."""
    spark = [row for row in rows if row.get("tasks")]
    if len({row["people"] for row in spark}) < 2:
        return ["One size alone was measured."]
    times = _PLANNED / _CUSTOMERS
    lines = [
        f"At 60M learners and 100M customers: {times:.0f} times the part of a million people, whose sources hold "
        f"{_CUSTOMERS} million customers. A link step's pairs by chance come on top ([scale](scale.md)).",
        "",
        "| stage | task s, fixed | a million people more | MB shuffled, fixed | a million people more "
        "| core-hours at 100M | GB shuffled at 100M |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    sums = [0.0, 0.0]
    for kind in _kinds(spark):
        parts = [_fit([(r["people"] / 1e6, r["tasks"].get(kind, {}).get(w, 0.0) * unit)
                       for r in spark if kind in r["seconds"]])
                 for w, (_, unit) in _WORK.items()]  # fmt: skip
        planned = (parts[0][0] + times * parts[0][1]) / 3600, (parts[1][0] + times * parts[1][1]) / 1e3
        sums = [total + more for total, more in zip(sums, planned, strict=True)]
        cells = [f"{value:,.1f}" for value in (*parts[0], *parts[1], *planned)]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return [*lines, f"| **all** | | | | | {sums[0]:,.0f} | {sums[1]:,.0f} |"]


def _fit(known: Sequence[tuple[float, float]]) -> tuple[float, float]:
    import numpy as np
    from scipy.optimize import nnls

    terms = np.array([(1.0, millions) for millions, _ in known])
    values = np.array([value for _, value in known])
    fixed, each = nnls(terms, values)[0]  # the largest counts most: of smaller ones the driver does a part
    return float(fixed), float(each)
