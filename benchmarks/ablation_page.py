"""The table of docs/ablation.md, from what benchmarks/ablation.py has measured so far."""

import json
from pathlib import Path
from typing import Any

from benchmarks.report import RESULTS, facts

PAGE = Path(__file__).parents[1] / "docs" / "ablation.md"
_FILE = RESULTS / "ablation.json"
_MARK = "<!-- measured by benchmarks/ablation.py; text above this line is kept -->"
_SAME = ("people", "step", "evidence")  # a row measured again takes the place of the one before


def keep(row: dict[str, Any]) -> None:
    """Keep a row, and write the page anew."""
    known = json.loads(_FILE.read_text(encoding="utf-8"))["measured"] if _FILE.is_file() else []
    place = [tuple(old[key] for key in _SAME) for old in known]
    wanted = tuple(row[key] for key in _SAME)
    if wanted in place:
        known[place.index(wanted)] = row
    else:
        known.append(row)
    _FILE.parent.mkdir(parents=True, exist_ok=True)
    _FILE.write_text(json.dumps({**facts(), "measured": known}, indent=2) + "\n", encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8").partition(_MARK)[0] if PAGE.is_file() else "# What evidence adds\n\n"
    PAGE.write_text(f"{text}{_MARK}\n\n{page(known)}", encoding="utf-8")
    print(page([row]), flush=True)


def page(rows: list[dict[str, Any]]) -> str:
    """A table for each step and size."""
    sets = dict.fromkeys((row["step"], row["people"]) for row in rows)
    return "\n".join(_table(step, people, rows) for step, people in sets)


def _table(step: str, people: int, rows: list[dict[str, Any]]) -> str:
    mine = [row for row in rows if (row["step"], row["people"]) == (step, people)]
    first = mine[0]
    return "\n".join(
        [
            f"**{step}**, {people:,} people: {first['left']:,} x {first['right']:,} units, "
            f"{first['true_pairs']:,} true pairs that share evidence",
            "",
            "| evidence | precision | recall | F1 | false | review | candidates | s | CPU s |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
            *map(_line, mine),
            "",
        ]
    )


def _line(row: dict[str, Any]) -> str:
    correct, links = row["correct"], row["correct"] + row["false"]
    shares = (
        correct / max(links, 1),
        correct / max(row["true_pairs"], 1),
        2 * correct / max(links + row["true_pairs"], 1),
    )
    told = " | ".join(f"{share:.4f}" for share in shares)
    return (
        f"| {row['evidence']} | {told} | {row['false']:,} | {row['review']:,} | {row['candidates']:,} "
        f"| {row['seconds']:.0f} | {row['cpu_seconds']:.0f} |"
    )
