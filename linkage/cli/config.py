"""`leo config`: is a run's file right, and what may stand in it."""

import json
import shutil
import textwrap
from pathlib import Path
from typing import Annotated

import typer

from linkage.cli.file_options import Delimiter, say, say_inferred, say_notes
from linkage.config.resources import config_file, own_names, shipped_dir, shipped_names
from linkage.errors import ConfigError

app = typer.Typer(
    no_args_is_help=True,
    help="Draft a run's file from files, check it, show what may stand in it, or take definitions over.",
)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A run's TOML file.")],
    data: Annotated[
        Path | None, typer.Option(help="Also look for its input files below this folder, and for their columns.")
    ] = None,
) -> None:
    """Check a run's file and all that it names: passes, models, outcomes, projects. Nothing is run.

    Example: leo config check configs/leo.toml
    """
    from linkage.pipeline.job import check_job, load_job, remarks

    job = load_job(file, data=data, need_data=data is not None, need_key=False)
    check_job(job, damaged=True)
    typer.echo(f"{file}: no fault in run '{job.config.run.name}'")
    parts = (
        (job.config.source, "source", "sources"),
        (job.config.attributes, "table of attributes", "tables of attributes"),
        (job.config.step, "step", "steps"),
        (job.projects, "project", "projects"),
    )
    counted = ", ".join(f"{len(part)} {one if len(part) == 1 else many}" for part, one, many in parts)
    typer.echo(f"  {counted}; hash {job.config.fingerprint()}")
    for remark in remarks(job):
        typer.echo(textwrap.indent(remark, "  "))


@app.command()
def draft(
    files: Annotated[list[Path], typer.Argument(help="Two person files or more, CSV or Parquet.")],
    out: Annotated[Path, typer.Option(help="The folder of your own definitions; made, or added to.")],
    run: Annotated[Path, typer.Option(help="The run's file, which is written.")],
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", help="A column that no name tells, by file: customers.surname=FAMILY. May be repeated."),
    ] = None,
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="Key of all files, or given once for each; found when not given.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of CSV files; detected when not given.")] = None,
    delimiter: Delimiter = None,
) -> None:
    """Draft a run's file and the definitions that it needs from the files themselves, to be read, changed and run.

    Example: leo config draft pupils.csv customers.csv --out mine --run own.toml
    """
    from linkage.engine import without_pandas
    from linkage.files.draft import Draft, draft

    without_pandas()
    options = Draft(files, run, out, maps or (), ids or (), delimiter, encoding)
    drafted = draft(options, inferred=say_inferred, progress=say)
    say_notes(drafted.notes)
    for path in drafted.written:
        typer.echo(f"wrote   {path}")
    typer.echo(f"next    leo --definitions {out} config check {run}")


@app.command()
def schema() -> None:
    """Print what may stand in a run's file as JSON Schema, for editors that can use it.

    Example: leo config schema > run.schema.json
    """
    from linkage.config import RunConfig

    typer.echo(json.dumps(RunConfig.model_json_schema(), indent=2))


@app.command()
def files() -> None:
    """List the definitions that a run reads by itself or may name; your own are marked with a star.

    Example: leo --definitions mine config files
    """
    own = set(own_names())
    for name in sorted({*shipped_names(), *own}):
        typer.echo(f"{'*' if name in own else ' '} {name:40s} {_about(config_file(name))}".rstrip())


@app.command()
def copy(
    names: Annotated[list[str], typer.Argument(help="Definitions as leo config files lists them.")],
    out: Annotated[Path, typer.Option(help="The folder of your own definitions.")],
) -> None:
    """Copy definitions that ship into a folder of your own, to change them there. What is there is not overwritten.

    Example: leo config copy contracts/records.toml --out mine
    """
    shipped = shipped_names()
    unknown = [name for name in names if name not in shipped]
    if unknown:
        raise ConfigError(f"no definition is called {', '.join(unknown)}\n  leo config files lists them")
    there = [name for name in names if (out / name).exists()]
    if there:
        raise ConfigError(f"{out}: has {', '.join(there)} already\n  delete what you want to take again")
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shipped_dir() / name, out / name)
    typer.echo(f"{out}: {', '.join(names)}\n  give it before the verb: leo --definitions {out} run ...")


def _about(path: Path) -> str:
    """What a definition says of itself in its first line, a comment or a title; empty where it says nothing."""
    first = path.read_text(encoding="utf-8").partition("\n")[0] if path.suffix == ".toml" else ""
    heading = first.removeprefix("#") if first.startswith("#") else first.removeprefix("title =").strip(' "')
    return textwrap.shorten(heading, 78, placeholder=" ...")
