"""What spark-submit runs: a run's file, on Spark.

    spark-submit --master spark://HOST:7077 spark_jobs/run.py configs/leo.toml --data data --out runs/leo

spark-submit sets the master, the executors and their memory. The run is that of `leo run` with engine = "spark",
whatever the file says; the same command continues an interrupted run.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from linkage import process
from linkage.config.resources import use
from linkage.errors import ExitCode, LeoError
from linkage.pipeline.job import load_job
from linkage.pipeline.leo import closing_lines, pipeline
from linkage.pipeline.log import place_of
from linkage.pipeline.progress import progress_for


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the pipeline on Spark; the exit code is `leo run`'s: 0 done, 1 failed, 2 configuration, 3 a gate failed, 130
    stopped by SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description="Link the sources that CONFIG names, on Spark.")
    parser.add_argument("config", type=Path, help="the run's TOML file")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the run, on a cluster one that all workers see"
    )
    parser.add_argument("--data", type=Path, help="folder of the sources, instead of [run] data")
    parser.add_argument(
        "--key-file", type=Path, help="the master key, a file of mode 0600; else LEO_MASTER_KEY holds it"
    )
    parser.add_argument("--previous", type=Path, help="the last release's run, instead of [run] previous")
    parser.add_argument("--definitions", type=Path, help="folder of your own catalogue, contracts and rules")
    given = parser.parse_args(arguments)
    try:
        if given.definitions:
            use(given.definitions)
        job = load_job(given.config, data=given.data, engine="spark", key_file=given.key_file, previous=given.previous)
        with process.stoppable():
            manifest = pipeline(job, given.out, progress=progress_for(sys.stderr)).run()
        sys.stdout.write("\n".join(closing_lines(given.out, manifest.content["seconds"])) + "\n")
    except LeoError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write(f"stopped\n  completed stages are kept in {given.out}; the same command continues\n")
        return int(ExitCode.STOPPED)
    except Exception as error:  # its message may quote a row
        sys.stderr.write(f"unexpected {type(error).__name__} at {place_of(error)}\n")
        return int(ExitCode.FAILED)
    return int(ExitCode.DONE)


if __name__ == "__main__":
    sys.exit(main())
