"""leo-linkage's link step on Spark, by spark-submit: two files of units and a model to links on disk.

ours.py LEFT RIGHT MODEL OUT [--links-only] [--assignment optimal]

LEFT and RIGHT are folders of Parquet with unit_id and the model's columns. OUT gets links/ and unlinked/, as a
run has them of its step, and phases.json. `--links-only` is a step that says `links_only = true`.
"""

import argparse
from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks.spark.phases import Phases
from linkage.config import Step
from linkage.engine import connect
from linkage.match.candidates.parts import Parts
from linkage.match.candidates.units import Units
from linkage.match.links_only import step_of_links
from linkage.match.step import link_step
from linkage.model import load


def main() -> None:
    parser = argparse.ArgumentParser(prog="ours.py")
    for name in ("left", "right", "model", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--links-only", action="store_true")
    parser.add_argument("--assignment", default="greedy")
    given = parser.parse_args()
    given.out.mkdir(parents=True)
    with connect("spark", scratch=given.out / "scratch") as engine:
        session = SparkSession.getActiveSession()
        assert session is not None
        phases = Phases(session)
        phases.begin("read")
        sides = []
        for name in ("left", "right"):
            table = engine.read(getattr(given, name))
            members = engine.sql("select unit_id, unit_id as entity_id from {t}", t=table)
            sides.append(Units(name, table, table, members))
        step = Step(name="link", left="left", right="right", train=False, assignment=given.assignment)
        linking = step_of_links if given.links_only else link_step
        asked = {"rules": (), "model": load(given.model), "parts": Parts(given.out / "parts"), "progress": phases.begin}
        (given.out / "parts").mkdir()
        found = linking(engine, step, *sides, **asked)
        phases.begin("write")
        engine.write(found.links, given.out / "links")
        engine.write(found.unlinked, given.out / "unlinked")
        phases.write(given.out / "phases.json")


if __name__ == "__main__":
    main()
