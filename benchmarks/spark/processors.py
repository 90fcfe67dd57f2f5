"""What a second processor of this machine is worth: the most that a second executor can give.

python -m benchmarks spark-processors     # writes results/spark/processors.json

One process computes a join and its strings on one processor; then two do, each on its own. Where both processors share
a core, its caches or the memory's width, each is slower beside the other than alone, whatever the program.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

from benchmarks.report import RESULTS, facts

_RUNS = 5
_WORK = """
import duckdb
connection = duckdb.connect(config={"threads": 1})
connection.execute("create table a as select range as n, md5(cast(range % 500000 as varchar)) as t from range(2000000)")
connection.execute(
    "select sum(jaro_winkler_similarity(a.t, b.t)) from a join a as b on a.n = b.n + 1 where a.t <> b.t"
).fetchall()
"""


def main(arguments: list[str]) -> None:
    """Measure, write and print."""
    argparse.ArgumentParser(prog="benchmarks spark-processors", description=__doc__.split("\n")[0]).parse_args(
        arguments
    )
    processors = sorted(os.sched_getaffinity(0))[:2]
    alone = [_seconds(processors[:1]) for _ in range(_RUNS)]
    together = [_seconds(processors) for _ in range(_RUNS)]
    one, both = statistics.median(alone), statistics.median(together)
    told = {**facts(), "seconds_alone": one, "seconds_of_two_at_once": both, "worth_of_two": round(2 * one / both, 2)}
    (RESULTS / "spark" / "processors.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"alone {one:.2f} s, two at once {both:.2f} s: two processors do {2 * one / both:.2f} times what one does")


def _seconds(processors: list[int]) -> float:
    """From the start of a process on each processor to the end of the last."""
    started = time.perf_counter()
    at_work = []
    for processor in processors:
        at_work.append(subprocess.Popen([sys.executable, "-c", _WORK], stdout=subprocess.DEVNULL))
        os.sched_setaffinity(at_work[-1].pid, {processor})
    for process in at_work:
        if process.wait():
            sys.exit("the work failed")
    return round(time.perf_counter() - started, 3)
