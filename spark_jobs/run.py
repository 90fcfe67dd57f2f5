"""What spark-submit runs: `leo run` on Spark, with its options and exit codes.

    spark-submit --master spark://HOST:7077 spark_jobs/run.py configs/leo.toml --data
    data --out runs/leo

spark-submit sets the master, the executors and their memory. `leo spark submit` gives
this command.
"""

import sys
from collections.abc import Sequence

# What --py-files names is for executors: the driver runs the installed package, whose
# definitions are files.
sys.path[:] = [
    place
    for place in sys.path
    if not place.endswith(".zip") or "leo-linkage" not in place
]

from linkage.cli.app import command  # noqa: E402


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the pipeline on Spark, whatever engine the run's file names; the exit code of
    `leo run`.
    """
    sys.argv = [
        "leo",
        "run",
        *(sys.argv[1:] if arguments is None else arguments),
        "--engine",
        "spark",
    ]
    try:
        command()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
