"""Expected precision and recall beside the truth: what a run says of its error without truth, and what the truth says.

    leo demo --people 1000000 --out runs/million
    python -m benchmarks.expected runs/million

Of each step: how far apart they are, in percentage points, and what chance alone does if every probability is right
(one standard deviation): pairs that were kept fall out one way or the other, and the number of matches of which no pair
was kept varies by its square root. And whether the 95 % intervals that the report shows hold the truth. Several runs
may be named; what was measured of others stays on the page.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

from benchmarks.report import RESULTS, facts
from linkage.engine import connect, one
from linkage.pipeline.ended.delivery import tables_of
from quality.measures.expected import Unseen, expected
from quality.measures.reliability import by_chance

_MEASURES = ("precision", "recall")
_SPREAD = "select sum(match_probability * (1 - match_probability)) as spread from {links}"


def beside_truth(run: Path) -> list[dict[str, Any]]:
    """A row a step, and one of the run as a whole: true_pairs, and of both measures said, true and by chance.

    Args:
        run: of `leo run` or `leo demo`, with truth.
    """
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    evaluation = json.loads((run / "quality" / "evaluation.json").read_text(encoding="utf-8"))
    found = []
    with connect("duckdb") as engine:
        paths = tables_of(run, manifest)
        for step in evaluation["steps"]:
            links = engine.read(paths[f"links/{step['step']}"])
            spread = float(one(engine, engine.sql(_SPREAD, links=links))["spread"])
            said = expected(engine, links, Unseen.of_run(run, step["step"]) or Unseen())
            found.append(
                {**_row(step, spread), "within": {of: [said[of]["low"], said[of]["high"]] for of in _MEASURES}}
            )
    return [{"run": run.name, "people": evaluation["spine"]["people"], **row} for row in [*found, _whole(found)]]


def _row(step: dict[str, Any], spread: float) -> dict[str, Any]:
    said, truth = step["expected"], step["accuracy"]
    kept = next(one for one in step["reliability"] if one["group"] == "all")
    unseen = sum(said[f"missed_{part}"] for part in ("others", "dropped", "unreached"))
    return {
        "step": step["step"],
        "true_pairs": truth["recall"]["of"],
        "links": truth["precision"]["of"],
        "found": truth["recall"]["count"],
        "said_right": said["right"],
        "said_matches": said["right"] / said["recall"]["value"],
        "spread": spread,
        "unseen": unseen,
        "calibration_error": kept["calibration_error"],
        "calibration_chance": by_chance(kept["bands"])["high"],
    }


def _whole(rows: list[dict[str, Any]]) -> dict[str, Any]:
    summed = {key: sum(row[key] for row in rows) for key in rows[0] if key not in ("step", *_OF_STEPS)}
    return {"step": "the run", **summed, **dict.fromkeys(_OF_STEPS)}


_OF_STEPS = ("calibration_error", "calibration_chance", "within")
"""What adds up to nothing."""


def _page(rows: list[dict[str, Any]], known: dict[str, Any]) -> str:
    lines = [
        "# Expected error beside the truth",
        "",
        f"{known['when']}. Expected less true in percentage points, and in brackets what chance does if every "
        "probability is right (one standard deviation); * where the report's 95 % interval does not hold the truth"
        f"{_missing(rows)}. Calibration error: of all pairs that were kept, and in brackets what chance exceeds in one "
        "case of 20 if every probability is right. Of runs that were not named this time, what was measured before.",
        "",
        "| run | people | step | true pairs | precision, % | expected less true | recall, % | expected less true "
        "| calibration error |",
        "|---|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += map(_line, rows)
    return "\n".join([*lines, ""])


def _missing(rows: list[dict[str, Any]]) -> str:
    """How many intervals do not hold it, of how many."""
    held = [_outside(row, of) for row in rows if row.get("within") for of in _MEASURES]
    return f" ({sum(map(bool, held))} of {len(held)})" if held else ""


def _outside(row: dict[str, Any], of: str) -> str:
    if not row.get("within"):
        return ""
    low, high = row["within"][of]
    return "" if low <= row["found"] / row["links" if of == "precision" else "true_pairs"] <= high else " *"


def _line(row: dict[str, Any]) -> str:
    precision, recall = row["found"] / row["links"], row["found"] / row["true_pairs"]
    off = row["said_right"] / row["links"] - precision, row["said_right"] / row["said_matches"] - recall
    chance = math.sqrt(row["spread"] + row["unseen"]) / row["true_pairs"]
    calibration = "" if row["calibration_error"] is None else f"{row['calibration_error']:.4f}"
    if row.get("calibration_chance") is not None:
        calibration += f" ({row['calibration_chance']:.4f})"
    return (
        f"| {row['run']} | {row['people']:,} | {row['step']} | {row['true_pairs']:,} | {100 * precision:.3f} "
        f"| {100 * off[0]:+.3f}{_outside(row, 'precision')} | {100 * recall:.3f} "
        f"| {100 * off[1]:+.3f} ({100 * chance:.2f}){_outside(row, 'recall')} | {calibration} |"
    )


def main(runs: list[str]) -> None:
    rows, known = [row for run in runs for row in beside_truth(Path(run))], facts()
    before = json.loads((RESULTS / "expected.json").read_text(encoding="utf-8"))["measured"]
    rows += [row for row in before if row["run"] not in {Path(run).name for run in runs}]
    written = json.dumps({**known, "measured": rows}, indent=2)
    (RESULTS / "expected.json").write_text(written + "\n", encoding="utf-8")
    page = _page(rows, known)
    (RESULTS / "expected.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main(sys.argv[1:])
