"""`leo demo`: everything once on a small population, with nothing to configure."""

import json
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from linkage import __version__
from linkage.cli.failures import stoppable
from linkage.cli.synth import people_count
from linkage.errors import ConfigError
from linkage.pipeline.progress import counter_for, progress_for


def demo(
    people: Annotated[
        int, typer.Option(parser=people_count, metavar="N", help="How many people: 20000, 250k, 1e6.")
    ] = 20_000,  # type: ignore[assignment, unused-ignore]
    out: Annotated[Path, typer.Option(help="The run's folder; data and key lie next to it.")] = Path("runs/demo"),
    seed: Annotated[int, typer.Option(help="The same seed gives the same rows.")] = 2026,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="Lines instead of a bar.")] = False,
) -> None:
    """Synthesise a small population, link it, make an extract and a report, and say where they are.

    Example: leo demo --people 50000
    """
    from linkage.pipeline.job import load_job
    from linkage.pipeline.leo import closing_lines, pipeline

    start = time.perf_counter()
    data, key = next_to(out, "data"), next_to(out, "key")
    _population(data, people, seed, wanted=not no_progress)
    _refuse_too_few(data, people)
    if not key.exists():
        from linkage.extract import write_new_key

        key.parent.mkdir(parents=True, exist_ok=True)
        write_new_key(key)
    job = load_job(Path("demo.toml"), data=data, key_file=key)
    run = job.config.run.model_copy(update={"seed": seed})
    job = replace(job, config=job.config.model_copy(update={"run": run}))
    with stoppable(out):
        pipeline(job, out, progress=progress_for(sys.stderr, wanted=not no_progress)).run()
    typer.echo("\n".join(closing_lines(out, time.perf_counter() - start)))
    typer.echo(f"key      {key}   made for this demo alone, outside the run's folder, as a real one must be")


def _refuse_too_few(data: Path, people: int) -> None:
    """Of a handful of people none may be in some source, and no run can read an empty source."""
    rows = json.loads((data / "manifest.json").read_text(encoding="utf-8"))["rows"]
    empty = [name.removeprefix("sources/") for name, count in rows.items() if name.startswith("sources/") and not count]
    if empty:
        raise ConfigError(
            f"--people {people}: so few that none is in {', '.join(empty)}\n  make more, for example --people 800"
        )


_DEMOS = {"preset": "realistic", "releases": 1, "tables": "all", "format": "parquet"}
"""What a demo's population is made by; one of leo synth that is otherwise is its maker's, and is not to be replaced."""


def next_to(out: Path, what: str) -> Path:
    """A path next to the run's folder, named after it."""
    named = out if out.name else out.resolve()  # the folder . has no name of its own
    return named.with_name(f"{named.name}-{what}")


def _population(data: Path, people: int, seed: int, *, wanted: bool) -> None:
    """The demo's sources; those of an earlier demo are kept where they are the same, and else made again."""
    from synthetic import synthesise

    manifest = data / "manifest.json"
    if data.exists():
        made: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
        if "people" not in made or any(made.get(name, usual) != usual for name, usual in _DEMOS.items()):
            raise ConfigError(f"{data}: holds other things than a demo's population\n  give another place with --out")
        if (made.get("people"), made.get("seed"), made.get("version")) == (people, seed, __version__):
            return
        shutil.rmtree(data)
    with counter_for(sys.stderr, "people", people, wanted=wanted) as advance:
        synthesise(data, people, seed, progress=advance)
