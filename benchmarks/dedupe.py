"""python -m benchmarks dedupe: FEBRL 3, one file of 5,000 records, by `leo dedupe` and Splink, judged by pairs."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import files, measure
from benchmarks.results import accuracy, facts, save


def main(arguments: list[str]) -> None:
    argparse.ArgumentParser(prog="benchmarks dedupe", description=__doc__).parse_args(arguments)
    about, rows = facts(), []
    with tempfile.TemporaryDirectory(prefix="leo-bench-") as scratch:
        file = files.febrl3(Path(scratch))
        leo = [sys.executable, "-c", "from linkage.cli import main; main()", "dedupe", str(file), "--out"]
        splink = [sys.executable, "-m", "benchmarks.systems.splink_dedupe", str(file)]
        for system, command in (("leo dedupe", leo), ("Splink alone", splink)):
            out = Path(scratch) / system.replace(" ", "-")
            took = measure.run([*command, str(out)], timeout=900)
            outcome = {"note": took.failure()} if took.exit_code else _judged(out)
            rows.append({"system": system, **took.cost(), **outcome})
    save("dedupe", rows, about)


def _judged(out: Path) -> dict[str, Any]:
    """Error over pairs of records that were put into one person."""
    clusters = out / "clusters.parquet" if out.is_dir() else out
    with duckdb.connect() as connection:
        counts = connection.execute(
            f"""
            with records as (
                select id, person_id, regexp_extract(id, 'rec-([0-9]+)-', 1) as true_person
                from read_parquet('{clusters}')
            )
            select count(*) filter (where a.person_id = b.person_id),
                   count(*) filter (where a.person_id = b.person_id and a.true_person = b.true_person),
                   count(*) filter (where a.true_person = b.true_person)
            from records as a
            join records as b on a.id < b.id and (a.person_id = b.person_id or a.true_person = b.true_person)
            """
        ).fetchall()[0]
    return accuracy(*counts)
