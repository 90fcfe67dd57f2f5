"""How a script is handed to a cluster of this machine."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from linkage.engine.java import spark_home
from spark_jobs import cluster

_HOME = Path(__file__).parents[2]


def submission(on: cluster.Cluster, settings: Mapping[str, str], arguments: Sequence[str]) -> list[str]:
    """The command that runs a script on a cluster; what it must find in its environment is set for this process."""
    os.environ |= {
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONF_DIR": str(on.settings),
        "PYTHONPATH": str(_HOME),
        "PYSPARK_PYTHON": sys.executable,
        "MALLOC_ARENA_MAX": "2",  # a pool of memory for each thread would be counted as the driver's
    }
    asked = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    return [str(spark_home() / "bin" / "spark-submit"), *asked, *arguments]
