"""`leo demo` and `leo synth`: everything once on synthetic people, and a synthetic
population in files.
"""

import json
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Option

from linkage.cli.failures import stoppable
from linkage.cli.options import Json, NoProgress, People, Population, Seed
from linkage.cli.output import exit_unless, first_meant, show
from linkage.errors import ConfigError
from linkage.extras import require
from linkage.pipeline.progress import counter_for, progress_for
from linkage.version import VERSION

synth = typer.Typer(
    cls=first_meant("make"),
    no_args_is_help=True,
    help="Write a synthetic population with its truth: leo synth --out FOLDER is short "
    "for leo synth make. "
    "Or check one.\n\n"
    "Example: leo synth --people 1e6 --out data/million",
)

_MOST_SHOWN = (
    40  # figures outside their tolerance, on the terminal; calibration.md has all
)
_DEMO = {"preset": "realistic", "releases": 1, "tables": "all", "format": "parquet"}
"""The options of a demo's population; one that differs is the user's, and is not
replaced.
"""


def demo(
    people: People = 20_000,
    out: Annotated[
        Path, Option(help="The run's folder; data and key are next to it.")
    ] = Path("runs/demo"),
    seed: Seed = 2026,
    no_progress: NoProgress = False,
) -> None:
    """Synthesise a small population, link it, and make an extract and a report.

    Example: leo demo --people 50000
    """
    require("leo demo", "contracts", "disclosure")
    from linkage.pipeline.job import load_job
    from linkage.pipeline.leo import closing_lines, pipeline

    start = time.perf_counter()
    data, key = _next_to(out, "data"), _next_to(out, "key")
    _demo_population(data, people, seed, show_bar=not no_progress)
    if not key.exists():
        from linkage.extract import write_new_key

        key.parent.mkdir(parents=True, exist_ok=True)
        write_new_key(key)
    job = load_job(Path("demo.toml"), data=data, key_file=key)
    run = job.config.run.model_copy(update={"seed": seed})
    job = replace(job, config=job.config.model_copy(update={"run": run}))
    with stoppable(out):
        pipeline(
            job, out, progress=progress_for(sys.stderr, show_bar=not no_progress)
        ).run()
    typer.echo("\n".join(closing_lines(out, time.perf_counter() - start)))
    typer.echo(
        f"key      {key}   for this demo only; like a real key it is outside the run's "
        "folder"
    )


def _next_to(out: Path, suffix: str) -> Path:
    """A path next to the run's folder, named after it."""
    path = out if out.name else out.resolve()  # the folder . has no name of its own
    return path.with_name(f"{path.name}-{suffix}")


def _demo_population(data: Path, people: int, seed: int, *, show_bar: bool) -> None:
    """The demo's sources; those of an earlier demo are kept where they are the same,
    and else replaced.
    """
    from synthetic import synthesise

    info = _manifest(data) if data.exists() else {}
    if data.exists() and (
        "people" not in info
        or any(info.get(key, value) != value for key, value in _DEMO.items())
    ):
        raise ConfigError(
            f"{data}: is not a demo's population\n  give another place with --out"
        )
    if not info or (info["people"], info.get("seed"), info.get("version")) != (
        people,
        seed,
        VERSION,
    ):
        shutil.rmtree(data, ignore_errors=True)
        with counter_for(sys.stderr, "people", people, show_bar=show_bar) as advance:
            synthesise(data, people, seed, progress=advance)
    rows = _manifest(data)["rows"]  # a handful of people may leave a source empty
    empty = [
        name.removeprefix("sources/")
        for name, count in rows.items()
        if name.startswith("sources/") and not count
    ]
    if empty:
        raise ConfigError(
            f"--people {people}: so few that none is in {', '.join(empty)}\n  make "
            "more, for example --people 800"
        )


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    manifest: dict[str, Any] = (
        json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    )
    return manifest


@synth.command()
def make(
    out: Annotated[Path, Option(help="Folder to write to; new or empty.")],
    people: People = 20_000,
    seed: Annotated[int, Option(help="The same seed gives the same rows.")] = 2026,
    preset: Annotated[
        str, Option(help="How many errors the files have: easy, realistic, hard.")
    ] = "realistic",
    releases: Annotated[
        int, Option(help="Deliveries, a year apart, each in a folder of its own.")
    ] = 1,
    tables: Annotated[
        str, Option(metavar="all|identifiers", help="All, or only what linkage reads.")
    ] = "all",
    format: Annotated[
        str, Option(metavar="parquet|csv", help="The rows are the same.")
    ] = "parquet",
    workers: Annotated[
        int | None, Option(min=1, help="Processes; all cores when not given.")
    ] = None,
    no_progress: NoProgress = False,
) -> None:
    """Write a synthetic population as its education, tax and benefit records, with the
    truth about it.

    Example: leo synth make --people 1e6 --out data/million
    """
    from synthetic import synthesise

    options: dict[str, Any] = {
        "preset": preset,
        "releases": releases,
        "tables": tables,
        "format": format,
    }
    with counter_for(sys.stderr, "people", people, show_bar=not no_progress) as advance:
        synthesise(out, people, seed, workers=workers, progress=advance, **options)
    places = (
        "sources/ holds" if releases == 1 else f"release-1/ to release-{releases}/ hold"
    )
    typer.echo(
        f"{people:,} people in {out}: {places} their records, truth/ the true matches"
    )


@synth.command()
def check(folder: Population, as_json: Json = False) -> None:
    """Compare a population with published figures. Exit code 3 where one is outside its
    tolerance.

    FOLDER/calibration.md has every figure.

    Example: leo synth check data/million
    """
    from synthetic import calibration

    manifest = _manifest(folder)
    if not {"people", "seed", "rows", "chunk"} <= manifest.keys():
        raise ConfigError(
            f"{folder} does not hold a population\n  name the folder of one: leo synth "
            "make"
        )
    for name, value in (("format", "parquet"), ("tables", "all")):
        if manifest.get(name, value) != value:
            raise ConfigError(
                f"{folder}: was made with --{name} {manifest[name]}\n  make one with "
                f"--{name} {value}"
            )
    result = calibration.check(folder)
    report = folder / "calibration.md"
    report.write_text(calibration.as_markdown(result), encoding="utf-8")
    counts = ", ".join(
        f"{result.count(verdict):,} {verdict}" for verdict in calibration.VERDICTS
    )
    lines = [
        f"{counts}: {report}",
        *(
            f"  outside: {calibration.in_words(one)}"
            for one in result.outside[:_MOST_SHOWN]
        ),
    ]
    if len(result.outside) > _MOST_SHOWN:
        lines.append(
            f"  and {len(result.outside) - _MOST_SHOWN:,} more, in {report.name}"
        )
    show(json.loads(calibration.as_json(result)), lines, as_json=as_json)
    exit_unless(not result.outside)
