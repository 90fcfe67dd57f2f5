"""Released figures as cells, chart values and words, in one form for all sections."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from quality.disclosure import Cell, Disclosure, Mark
from quality.report.page import Block, Row, Table, Terms, Text

MEASURES = (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1"))
INTERVAL = ["95% from", "to"]

_MARKS: Mapping[Mark, str] = {
    "suppressed": "suppressed to protect confidentiality",
    "not_applicable": "not applicable",
    "unavailable": "not available",
    "low": "rounds to zero, but is not zero",
    "high": "rounds to 100%, but is not 100%",
}


def symbols(d: Disclosure) -> Terms:
    """The symbols that stand instead of numbers."""
    return Terms(
        [
            (f"[{getattr(d.profile.symbols, mark)}]", meaning)
            for mark, meaning in _MARKS.items()
        ]
    )


def symbols_in(cells: Iterable[str | Cell], d: Disclosure) -> str:
    """What the symbols among these cells mean; nothing where all are numbers."""
    marks = {cell.mark for cell in cells if isinstance(cell, Cell)}
    return " ".join(
        f"[{getattr(d.profile.symbols, mark)}] {_MARKS[mark]}."
        for mark in _MARKS
        if mark in marks
    )


def with_interval(share: Any, d: Disclosure, *, pairs: int | None = None) -> list[Cell]:
    """A share of error in per cent, and its interval."""
    return [d.accuracy(share, pairs=pairs), *d.interval(share, pairs=pairs)]


def in_brackets(cells: Sequence[Cell]) -> str:
    """A figure with its interval in words."""
    value, low, high = cells
    if low.value is None:  # a bound has no interval
        return value.with_unit()
    return f"{value.with_unit()} ({low} to {high})"


def interval_cell(low: Cell, high: Cell) -> Cell:
    """Both bounds in one cell."""
    return low if low.value is None else Cell(f"{low} to {high}", low.value)


def measures_of(
    measures: Mapping[str, Any], d: Disclosure, bases: Mapping[str, int] | None = None
) -> list[Cell]:
    """Precision, recall and F1, each with its interval: nine cells."""
    return [
        cell
        for key, _ in MEASURES
        for cell in with_interval(measures[key], d, pairs=(bases or {}).get(key))
    ]


def measure_heads(kind: str = "") -> list[str]:
    """Heads of the nine columns of `measures_of`."""
    return [head for _, label in MEASURES for head in (f"{label}{kind}, %", *INTERVAL)]


def measure_values(rows: Sequence[Row], first: int) -> list[dict[str, Any]]:
    """Precision, recall and F1 as a chart draws them, a strip for each row.

    Args:
        first: place of the first of the nine cells of `measures_of`.
    """
    return [
        {
            "label": label,
            "group": row[0],
            "value": cell.value,
            "low": low.value,
            "high": high.value,
        }
        for row in rows
        for n, (_, label) in enumerate(MEASURES)
        for cell, low, high in [
            [
                one
                for one in row[first + 3 * n : first + 3 * n + 3]
                if isinstance(one, Cell)
            ]
        ]
        if cell.value is not None
    ]


def signed(value: float, places: int = 2, unit: str = "") -> Cell:
    """A difference with its sign."""
    return Cell(f"{value:+.{places}f}{unit}".replace("-", "−", 1), round(value, places))


def change(value: float) -> Cell:
    """A change with its sign, to a tenth; one that is smaller and not zero, to its
    first digit.
    """
    if not round(value, 6):
        return Cell("0.0", 0.0)
    text = f"{value:+.1f}" if abs(value) >= 0.05 else f"{value:+.1g}"
    return Cell(text.replace("-", "−", 1), float(text))


def number(value: float, places: int = 2) -> Cell:
    """A number that counts no people."""
    return Cell(f"{value:,.{places}f}".replace("-", "−"), round(value, places))


def measured(table: Table, first: int) -> Block:
    """A table without the rows whose measures, from column `first`, are all hidden; a
    sentence where all rows are.
    """
    rows = [
        row
        for row in table.rows
        if any(
            isinstance(cell, Cell) and cell.value is not None for cell in row[first:]
        )
    ]
    if hidden_count := len(table.rows) - len(rows):
        reason = (
            f"{hidden_count} of {len(table.rows)} rows are not shown: errors in "
            "them are too few to show."
        )
        return (
            replace(table, rows=rows, note=f"{reason} {table.note}")
            if rows
            else Text(f"{table.caption}: errors are too few to show.")
        )
    return table


def listed(names: Sequence[str]) -> str:
    """Names as a list in words."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def lower(title: str) -> str:
    """A title inside a sentence: NINO stays as it is."""
    return title if title.isupper() else title[:1].lower() + title[1:]


def moment(value: str) -> str:
    """A moment in words, anything else as it is."""
    try:
        time = datetime.datetime.fromisoformat(value) if "T" in value else None
    except ValueError:
        time = None
    return f"{time.day} {time:%B %Y, %H:%M} UTC" if time else value


def pairs_reviewed(review: Mapping[str, Any], measure: str) -> int:
    """Pairs that a measure rests on: of precision the links reviewed; else the fewer of
    these and other pairs.
    """
    sides = [
        [row for row in review["strata"] if row["accepted"] == is_accepted]
        for is_accepted in (True, False)
    ]
    counts = [
        sum(row["reviewed"] for row in rows)
        for rows in sides
        if any(row["pairs"] for row in rows)
    ]
    return min(counts[:1] if measure == "precision" else counts, default=0)
