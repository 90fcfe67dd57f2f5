"""python -m benchmarks spark: the link step on a standalone cluster of this machine,
leo-linkage and Splink 5.

python -m benchmarks spark    # 1M x 1.55M rows, 1 and 2 executors
python -m benchmarks spark --people 165000 --executors 2 --label 100k
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import files, measure
from benchmarks.results import facts, save
from benchmarks.spark import cluster
from linkage.engine.java import LOGGING, spark_home

_SYSTEMS = ("leo-linkage", "leo-linkage, links only", "Splink 5")
_TIMEOUT = 3_600.0  # seconds
_FILES = 8  # of a side
_JAVA = (
    f"{cluster.QUICK_START} -Duser.timezone=UTC "
    f"-Dlog4j2.configurationFile=file://{LOGGING}"
)
_SMALL = (
    "-Xms96m -Xmn64m -XX:ReservedCodeCacheSize=96m -Xss512k "
    "-XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10"
)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks spark", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--people", type=int, default=1_650_000, help="population size")
    parser.add_argument(
        "--copies",
        type=int,
        default=1,
        help="link files of so many copies of these people",
    )
    parser.add_argument(
        "--executors",
        type=int,
        action="append",
        help="of one core each; 1 and 2 when not given",
    )
    parser.add_argument(
        "--system",
        action="append",
        choices=_SYSTEMS,
        help="this system only; may be repeated",
    )
    parser.add_argument("--memory", default="3g", help="of an executor")
    parser.add_argument(
        "--driver-memory", default="512m", help="of the driver's Java; Splink's has 2g"
    )
    parser.add_argument(
        "--folder",
        help="where the files are kept between runs; a temporary one when not given",
    )
    parser.add_argument("--label", default="", help="name of the run in RESULTS.md")
    options = parser.parse_args(arguments)
    about, rows = facts(), []
    with tempfile.TemporaryDirectory(
        prefix="leo-bench-", dir=options.folder
    ) as scratch:
        folder = Path(options.folder or scratch)
        model = _model(
            files.make("synthetic", folder, people=options.people), options.copies
        )
        data = files.make(
            "synthetic", folder, people=options.people, copies=options.copies
        )
        sizes, sides = data.rows(), _with_unit_ids(data.truth.parent)
        for executors in options.executors or (1, 2):
            spark = cluster.start(
                Path(scratch) / "cluster",
                workers=executors,
                memory=options.memory,
                pinned=True,
            )
            try:
                for system in options.system or _SYSTEMS:
                    print(f"{data.name}: {system}, {executors} executors", flush=True)
                    out = Path(scratch) / f"{system}-{executors}"
                    memory = "2g" if system == "Splink 5" else options.driver_memory
                    outcome = _submitted(system, spark, [*sides, model, out], memory)
                    rows.append(
                        {
                            "set": data.name,
                            **sizes,
                            "system": system,
                            "executors": executors,
                            **outcome,
                        }
                    )
            finally:
                spark.end()
    save("spark", rows, about, options.label)


def _model(data: files.DataSet, copies: int) -> Path:
    """A model trained on the files, with the prior of so many copies."""
    folder = data.truth.parent
    trained_file = folder / "model.json"
    if not trained_file.exists():
        command = [
            sys.executable,
            "-m",
            "benchmarks.systems.core",
            *map(str, data.files),
        ]
        subprocess.run(
            [*command, str(folder / "links.parquet"), "0.5", str(trained_file)],
            check=True,
        )
    raw = json.loads(trained_file.read_text(encoding="utf-8"))
    raw["probability_two_random_records_match"] /= copies
    model = folder / f"model-x{copies}.json"
    model.write_text(json.dumps(raw), encoding="utf-8")
    return model


def _with_unit_ids(data: Path) -> list[Path]:
    """Both sides as folders of Parquet with unit_id BIGINT, as both systems
    read them.
    """
    folders = [data / "numbered" / side for side in ("left", "right")]
    if folders[1].exists():
        return folders
    with duckdb.connect() as connection:
        for folder in folders:
            folder.mkdir(parents=True)
            query = (
                "select row_number() over () as unit_id, * exclude (id) from "
                f"read_parquet('{data / folder.name}.parquet')"
            )
            for part in range(_FILES):
                connection.execute(
                    f"copy (select * from ({query}) where unit_id % {_FILES} = {part}) "
                    f"to '{folder}/part-{part}.parquet' (format parquet)"
                )
    return folders


def _submitted(
    system: str, spark: cluster.Cluster, arguments: list[Path], memory: str
) -> dict[str, Any]:
    """One run of a system: seconds from read to links, CPU of driver and executors, and
    the driver's peak.
    """
    executors = len(spark.processes) - 1
    settings = {
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": _JAVA
        if system == "Splink 5"
        else f"{_SMALL} {_JAVA}",
        "spark.cores.max": str(executors),
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.cleaner.periodicGC.interval": "15s",
        "spark.sql.shuffle.partitions": str(
            max(3 * executors, 8)
        ),  # three a core, joined where they are small
    }
    if system == "Splink 5":
        from splink.backends.spark import similarity_jar_location

        settings["spark.jars"] = similarity_jar_location()
    os.environ |= {
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONF_DIR": str(spark.settings),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYSPARK_PYTHON": sys.executable,
        # a pool of memory for each thread would be counted as the driver's
        "MALLOC_ARENA_MAX": "2",
    }
    options = [
        part for key, value in settings.items() for part in ("--conf", f"{key}={value}")
    ]
    script = str(Path(__file__).with_name("application.py"))
    command = [
        str(spark_home() / "bin" / "spark-submit"),
        *options,
        script,
        system,
        *map(str, arguments),
    ]
    before = _cpu_seconds(spark)
    result = measure.run(command, timeout=_TIMEOUT)
    if result.exit_code:
        return {"note": result.failure()}
    out = arguments[-1]
    with duckdb.connect() as connection:
        query = (
            f"select count(*) from read_parquet('{out}/links/*.parquet') where "
            "decision = 'accepted'"
        )
        links = connection.execute(query).fetchall()[0][0]
    cpu = result.cpu_seconds + _cpu_seconds(spark) - before
    cost = {
        "cpu_seconds": round(cpu, 1),
        "driver_gb": round(result.peak_bytes / 1e9, 2),
    }
    return {
        "seconds": json.loads((out / "seconds.json").read_text()),
        **cost,
        "links": links,
    }


def _cpu_seconds(spark: cluster.Cluster) -> float:
    """CPU seconds of the workers so far, with their executors that have ended."""
    ticks = 0
    for process in spark.processes:
        fields = (
            Path(f"/proc/{process.pid}/stat")
            .read_text(encoding="utf-8")
            .rpartition(")")[2]
            .split()
        )
        ticks += sum(
            int(field) for field in fields[11:15]
        )  # its own and its ended children's, user and system
    return ticks / os.sysconf("SC_CLK_TCK")
