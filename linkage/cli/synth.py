"""`leo synth`: a population to files, with its truth."""

import math
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from linkage.cli.calibration import check_population, made_before, named, refuse_unchecked
from linkage.errors import ConfigError
from linkage.pipeline.progress import counter_for


def people_count(given: str | int) -> int:
    """A number of people, as 20000, 20_000, 1e6, 250k or 3m; a default is already a number."""
    text = str(given)
    factors = {"k": 1_000, "m": 1_000_000}
    digits, factor = (text[:-1], factors[text[-1].lower()]) if text[-1:].lower() in factors else (text, 1)
    try:
        people = float(digits.replace(",", "")) * factor
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a number of people; write for example 20000, 250k or 1e6") from None
    if not (math.isfinite(people) and people >= 1 and people == int(people)):
        raise typer.BadParameter(f"'{text}': give a whole number of people, 1 or more")
    return int(people)


def synth(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder to write to; new or empty.")],
    people: Annotated[
        int, typer.Option(parser=people_count, metavar="N", help="How many people: 20000, 250k, 1e6.")
    ] = 20_000,  # type: ignore[assignment, unused-ignore]
    seed: Annotated[int, typer.Option(help="The same seed gives the same rows.")] = 2026,
    preset: Annotated[str, typer.Option(help="How many errors the files have: easy, realistic, hard.")] = "realistic",
    releases: Annotated[int, typer.Option(help="Deliveries, a year apart, each in a folder of its own.")] = 1,
    tables: Annotated[
        str, typer.Option(metavar="all|identities", help="All tables, or only what linkage reads.")
    ] = "all",
    format: Annotated[
        str, typer.Option(metavar="parquet|csv", help="How the files are written; the rows are the same.")
    ] = "parquet",
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; all cores when not given.")] = None,
    page: Annotated[
        bool, typer.Option("--page", help="Write population.html; also for a population that is in OUT already.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Compare with published figures; a population that is in OUT already is checked as it is."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --check: the figures as JSON too.")] = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="Lines instead of a bar.")] = False,
) -> None:
    """Write a synthetic population as its education, tax and benefit records, and the truth about it.

    Example: leo synth --people 1e6 --page --out data/million
    """
    asked = {"people": people, "seed": seed, "preset": preset, "releases": releases, "tables": tables, "format": format}
    if as_json and not check:
        raise ConfigError("--json writes the figures of --check\n  give both, or leave --json out")
    if check:
        refuse_unchecked(format, tables)
    if page and format != "parquet":
        raise ConfigError("--page reads Parquet\n  leave --page out, or make the population with --format parquet")
    if not ((check or page) and made_before(out, named(context, asked))):
        _make(out, asked, workers, wanted=not no_progress)
    if page:
        from synthetic.page import write_page

        typer.echo(f"page {write_page(out)}")
    if check:
        check_population(out, as_json=as_json)


def _make(out: Path, asked: dict[str, Any], workers: int | None, *, wanted: bool) -> None:
    from synthetic import synthesise

    people, releases = asked["people"], asked["releases"]
    with counter_for(sys.stderr, "people", people, wanted=wanted) as advance:
        synthesise(out, workers=workers, progress=advance, **asked)
    places = "sources/ holds" if releases == 1 else f"release-1/ to release-{releases}/ hold"
    typer.echo(f"{people:,} people in {out}: {places} their records, truth/ the true matches")
