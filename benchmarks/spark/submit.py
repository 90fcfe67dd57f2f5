"""How a script is handed to a cluster of this machine, and run to its end."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import measure
from linkage.engine.java import spark_home
from spark_jobs import cluster

HOME = Path(__file__).parents[2]


def submission(on: cluster.Cluster, settings: Mapping[str, str], arguments: Sequence[str]) -> list[str]:
    """The command that runs a script on a cluster; what it must find in its environment is set for this process."""
    os.environ |= {
        "SPARKHOME": str(spark_home()),
        "SPARK_CONF_DIR": str(on.settings),
        "PYTHONPATH": str(HOME),
        "PYSPARK_PYTHON": sys.executable,
        "MALLOC_ARENA_MAX": "2",  # a pool of memory for each thread would be counted as the driver's
    }
    asked = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    return [str(spark_home() / "bin" / "spark-submit"), *asked, *arguments]


def to_its_end(command: list[str], timeout: float) -> None:
    """Run a command for so many seconds at most; a failure ends this process too, with its exit code and last words.

    A gate of quality that says no (exit code 3) is none: it may say so to every run that is compared.
    """
    took = measure.run(command, timeout=timeout)
    if took.exit_code not in (0, 3):
        sys.exit(f"exit code {took.exit_code}: {took.last_words}")
