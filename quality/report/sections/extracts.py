"""Each extract beside the project's last: what changed by more than a twentieth."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report.page import Section, Table, Text

_STAGE = "extract-"
_WHAT = {"rows": "Rows", "people": "People", "filled": "Rows filled", "mean": "Mean"}
_MOST = 60  # rows of a table; the extract's guide has all


def extracts_section(manifest: Mapping[str, Any], d: Disclosure) -> Section | None:
    """Rows, people, completeness and means of each extract that has a last one; None where none has.

    Counts are released as such. Of completeness and means the change alone is told, in whole points and per cent: what
    they were would say how many people are behind them.

    Args:
        manifest: the run's; its stages say what changed.
    """
    found = {
        stage["name"].removeprefix(_STAGE): stage["counts"]["change"]
        for stage in manifest.get("stages", ())
        if stage["name"].startswith(_STAGE) and stage.get("counts", {}).get("change")
    }
    if not found:
        return None
    opening = Text(
        "Of every table the rows and people are compared, and of every column the share of rows filled and the mean. "
        "What changed by more than 5 % (of shares: five points) is listed, the largest first. A gate withholds an "
        "extract where a change is larger than its request or the run's file allows."
    )
    return Section("extracts", "Extracts since the last", [opening, *(_table(*one, d) for one in found.items())])


def _table(project: str, change: Mapping[str, Any], d: Disclosure) -> Table:
    changes: Sequence[Mapping[str, Any]] = change["changes"]
    rows: list[list[str | Cell]] = [[row["table"], row["column"] or "", *_cells(row, d)] for row in changes[:_MOST]]
    rows += [[table, "", "In it for the first time", "", "", ""] for table in change["added"]]
    rows += [[table, "", "Not in it any more", "", "", ""] for table in change["gone"]]
    note = f"{change['compared']:,} figures were compared with those of {change['last']}. "
    note += f"{len(changes):,} changed by more than 5 %." if changes else "None changed by more than 5 %."
    if len(changes) > _MOST:
        note += f" The largest {_MOST} are shown; the guide in the extract has all."
    return Table(f"What changed in {project}", ["Table", "Column", "What", "Last", "Now", "Change"], rows, note)


def _cells(row: Mapping[str, Any], d: Disclosure) -> list[str | Cell]:
    """What is compared, how much it was and is, and the change."""
    what = _WHAT[row["what"]]
    if row["what"] in ("filled", "mean"):
        unit = " points" if row["what"] == "filled" else " %"
        untold = d.marked("unavailable")
        return [what, untold, untold, _signed(100 * row["change"], unit)]
    before, after = d.count(row["before"]), d.count(row["after"])
    if not before.value or after.value is None:
        return [what, before, after, d.marked("not_applicable")]
    return [what, before, after, _signed(100 * (after.value / before.value - 1), " %")]


def _signed(value: float, unit: str) -> Cell:
    return Cell(f"{value:+.0f}{unit}".replace("-", "−"), float(round(value)))
