"""FEBRL 3, one file of 5,000 records: `leo dedupe` and Splink alone, judged by the pairs of a person.

python -m benchmarks dedupe
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import files, measure
from benchmarks.report import RESULTS, facts


def main(arguments: list[str]) -> None:
    """Both systems on the file, into benchmarks/results/dedupe."""
    argparse.ArgumentParser(prog="benchmarks dedupe", description=__doc__.split("\n")[0]).parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory(prefix="leo-bench-") as scratch:
        file = files.febrl3(Path(scratch))
        leo = [sys.executable, "-c", "from linkage.cli import main; main()", "dedupe", str(file), "--out"]
        splink = [sys.executable, "-m", "benchmarks.systems.splink_dedupe", str(file)]
        for system, command in (("leo dedupe", leo), ("Splink alone", splink)):
            out = Path(scratch) / system.replace(" ", "-")
            took = measure.run([*command, str(out)], timeout=900)
            row = {"system": system, "seconds": took.seconds, "cpu_seconds": took.cpu_seconds, "exit": took.exit_code}
            rows.append(row | (_judged(out) if not took.exit_code else {"last_words": took.last_words}))
    known = facts()
    (RESULTS / "dedupe.json").write_text(json.dumps({**known, "measured": rows}, indent=2) + "\n", encoding="utf-8")
    (RESULTS / "dedupe.md").write_text(_page(rows, known), encoding="utf-8")
    print(_page(rows, known))


def _judged(out: Path) -> dict[str, Any]:
    """Error over pairs of records that were put into one person."""
    clusters = out / "clusters.parquet" if out.is_dir() else out
    with duckdb.connect() as connection:
        made, right, true = connection.execute(
            f"""
            with people as (
                select id, person_id, regexp_extract(id, 'rec-([0-9]+)-', 1) as who from read_parquet('{clusters}')
            )
            select count(*) filter (where a.person_id = b.person_id),
                   count(*) filter (where a.person_id = b.person_id and a.who = b.who),
                   count(*) filter (where a.who = b.who)
            from people as a
            join people as b on a.id < b.id and (a.person_id = b.person_id or a.who = b.who)
            """
        ).fetchall()[0]
    precision, recall = right / max(made, 1), right / max(true, 1)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(precision + recall, 1e-12)}


def _page(rows: list[dict[str, Any]], known: dict[str, Any]) -> str:
    lines = [
        f"| {r['system']} | {r['seconds']} | {r['cpu_seconds']} | "
        + (f"{r['precision']:.4f} | {r['recall']:.4f} | {r['f1']:.4f} |" if "f1" in r else "failed | | |")
        for r in rows
    ]
    return (
        f"# One file with itself: FEBRL 3\n\n{known['when']}, {known['machine']['cores']} cores, load {known['load']} "
        "after the run. 5,000 records, 6,538 true pairs, without soc_sec_id; whole processes; ours with no "
        "configuration.\n\n"
        "| system | seconds | CPU s | precision | recall | F1 |\n|---|---:|---:|---:|---:|---:|\n"
        + "\n".join(lines)
        + "\n"
    )
