"""One stage alone on one executor and on two: the same machine, the same hour, the same stored stages before it.

python -m benchmarks spark-stage --stage link-npd-ilr --people 3000000 --folder /some/where
python -m benchmarks spark-stage --stage link-npd-ilr --people 3000000 --executors 2 1 --folder /some/where

FOLDER is that of `spark-stages`: its population, its key, and a run of that size, whole or not, that did this stage.
Those before it are kept, and the stage is made anew for each number of executors, with nothing of what it left.
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from benchmarks.report import RESULTS, facts
from benchmarks.spark import stages
from linkage.config.resources import config_file

_KEPT = RESULTS / "spark" / "one-stage.json"


def main(arguments: list[str]) -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(prog="benchmarks spark-stage", description=__doc__.split("\n")[0])
    parser.add_argument("--stage", required=True, help="its name, as the log of a run has it, for example link-npd-ilr")
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--executors", type=int, nargs="+", default=[1, 2], help="of one core each, in this order")
    parser.add_argument("--folder", type=Path, required=True, help="that of spark-stages")
    parser.add_argument("--driver-memory", default="5g", help="of Java; 5g when not given")
    given = parser.parse_args(arguments)
    folder = given.folder.resolve()
    before = _run_before(folder, given.people, given.stage)
    told = {"stage": given.stage, "people": given.people, **facts(), "executors": {}}
    for number in given.executors:
        told["executors"][str(number)] = _measured(folder, before, given, number)
    others = json.loads(_KEPT.read_text(encoding="utf-8"))["measured"] if _KEPT.exists() else []
    others = [row for row in others if (row["stage"], row["people"]) != (given.stage, given.people)]
    _KEPT.write_text(json.dumps({"measured": [*others, told]}, indent=1) + "\n", encoding="utf-8")
    for number, found in told["executors"].items():
        print(f"{given.stage}, executors {number}: {found['seconds']:,.1f} s, {found['task_seconds']:,.1f} of tasks")


def _run_before(folder: Path, people: int, stage: str) -> Path:
    """A run of the folder that did this stage, and so all before it."""
    for run in sorted(folder.glob(f"spark-{people}-on-*")):
        if stages.has_done(run, stage):
            return run
    sys.exit(f"{folder} holds no run of {people} people that did {stage}; make one by spark-stages --until {stage}")


def _measured(folder: Path, before: Path, given: argparse.Namespace, number: int) -> dict[str, float]:
    """The stage's seconds on so many executors, and what their tasks took."""
    run, log = (folder / f"{what}-of-{given.stage}-{given.people}-on-{number}" for what in ("run", "events"))
    for old in (run, log):
        shutil.rmtree(old, ignore_errors=True)
    _begin(run, before, given.stage)
    log.mkdir()
    data, key = folder / f"people-{given.people}", folder / "master.key"
    with stages.on_cluster(folder, number, log, given.driver_memory) as command:
        stages.make_until(command(config_file("demo.toml"), run, data, key), run, given.stage)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    made = [stage["name"] for stage in manifest["stages"] if stage["status"] == "done"]
    if made != [given.stage]:
        sys.exit(f"more was made than {given.stage}: {', '.join(made)}; is the run before it of this code?")
    (seconds,) = (stage["seconds"] for stage in manifest["stages"] if stage["name"] == given.stage)
    return {"seconds": seconds, **stages.tasks(run, log)[stages.kind_of(given.stage)]}


def _begin(run: Path, before: Path, stage: str) -> None:
    """A run as it stood before the stage: second names for the tables, copies of what a run writes on."""
    made = sorted((before / "stages").iterdir())
    names = [folder.name.partition("-")[2] for folder in made]
    for folder in made[: names.index(stage)]:
        shutil.copytree(folder, run / "stages" / folder.name, copy_function=os.link)
    shutil.copytree(before / "quality", run / "quality")
    for file in (".inputs.json", "manifest.json"):
        shutil.copy2(before / file, run / file)
