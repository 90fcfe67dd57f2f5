"""`leo config`: is a run's file right, and what may stand in it."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Check a run's file, or show what may stand in it.")


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
    from linkage.pipeline.job import check_job, load_job

    job = load_job(file, data=data, need_data=data is not None, need_key=False)
    check_job(job, damaged=True)
    typer.echo(f"{file}: no fault in run '{job.config.run.name}'")
    typer.echo(
        f"  {len(job.config.source)} sources, {len(job.config.attributes)} tables of attributes, "
        f"{len(job.config.step)} steps, {len(job.projects)} project{'s' if len(job.projects) != 1 else ''}; "
        f"hash {job.config.fingerprint()}"
    )
    linked = {side for step in job.config.step for side in (step.left, step.right)}
    for name in [source for source in job.config.source if job.config.step and source not in linked]:
        typer.echo(f"  source.{name}: no step links it with anything")


@app.command()
def schema() -> None:
    """Print what may stand in a run's file as JSON Schema, for editors that can use it.

    Example: leo config schema > run.schema.json
    """
    from linkage.config import RunConfig

    typer.echo(json.dumps(RunConfig.model_json_schema(), indent=2))
