"""`leo spark submit`: a run on a Spark cluster, with the package that its executors
need.
"""

import importlib
import os
import shlex
import sys
import zipfile
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from linkage.cli import options as o
from linkage.cli.output import a_file
from linkage.cli.pipeline import Config, Data, Previous, Settings
from linkage.config.resources import shipped_dir
from linkage.engine import unfinished
from linkage.engine.java import LOGGING, spark_home

app = typer.Typer(no_args_is_help=True, help="Run on a Spark cluster.")

_PACKAGES = ("linkage", "quality", "synthetic", "spark_jobs")


@app.callback()
def spark() -> None:
    """A group of one verb."""


@app.command()
def submit(
    config: Config,
    out: Annotated[
        Path, Option(help="The run's folder, which all machines see under this path.")
    ],
    options: Annotated[
        list[str] | None,
        Argument(metavar="[-- OPTION...]", help="Options of spark-submit."),
    ] = None,
    data: Data = None,
    key: o.MasterKey = None,
    previous: Previous = None,
    settings: Settings = None,
    package: Annotated[
        Path,
        Option(callback=a_file, help="The zip of leo's code to write, for executors."),
    ] = Path("leo-linkage.zip"),
    print_only: Annotated[
        bool, Option("--print", help="Print the command; run nothing.")
    ] = False,
) -> None:
    """Submit a run to Spark with spark-submit, and send leo's own code to the
    executors.

    The machines need Python with leo's dependencies. What follows -- is for
    spark-submit: master, memory, settings. The driver runs on this machine. The exit
    codes are those of leo run.

    Example: leo spark submit configs/leo.toml --out /shared/runs/leo --data /shared/leo
    -- --master spark://HOST:7077
    """
    from linkage.pipeline.job import load_job

    load_job(
        config,
        data=data,
        engine="spark",
        need_data=False,
        need_key=False,
        settings=settings or (),
    )
    write_package(package)
    pairs: list[tuple[str, Path | str | None]] = [
        ("--set", setting) for setting in settings or ()
    ]
    pairs += [
        ("--out", out),
        ("--data", data),
        ("--key", key),
        ("--previous", previous),
    ]
    of_run = [str(word) for pair in pairs if pair[1] for word in pair]
    program = _folder("spark_jobs") / "run.py"
    command = [
        str(spark_home() / "bin" / "spark-submit"),
        *(options or []),
        "--py-files",
        str(package),
    ]
    command += [str(program), str(config), *of_run]
    # The log's settings come before the user's own: of an option of Java that is given
    # twice, the last counts.
    java = (
        f"-Dlog4j2.configurationFile=file://{LOGGING} "
        f"{os.environ.get('SPARK_SUBMIT_OPTS', '')}"
    ).strip()
    environment = {
        "PYSPARK_DRIVER_PYTHON": os.environ.get(
            "PYSPARK_DRIVER_PYTHON", sys.executable
        ),
        "SPARK_SUBMIT_OPTS": java,
    }
    if print_only:
        typer.echo(
            shlex.join(
                [*(f"{name}={value}" for name, value in environment.items()), *command]
            )
        )
    else:
        sys.stdout.flush()
        os.execve(command[0], command, {**os.environ, **environment})


def write_package(path: Path) -> None:
    """Write leo's packages and definitions as a zip that Python imports from."""
    roots = [_folder(name) for name in _PACKAGES]
    files = {
        file.relative_to(root.parent).as_posix(): file
        for root in roots
        for file in sorted(root.rglob("*"))
    }
    configs = shipped_dir()
    files |= {
        f"linkage/configs/{file.relative_to(configs).as_posix()}": file
        for file in sorted(configs.rglob("*"))
    }
    with (
        unfinished(path) as part,
        zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, file in files.items():
            if file.is_file() and "__pycache__" not in name:
                archive.write(file, name)


def _folder(package: str) -> Path:
    """Where a package of ours is installed."""
    return Path(next(iter(importlib.import_module(package).__path__)))
