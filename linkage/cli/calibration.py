"""`leo synth --check`: whether a population is like the published figures."""

import json
from pathlib import Path
from typing import Any

import typer

from linkage.errors import ConfigError, ExitCode

_SHOWN = 40


def named(context: typer.Context, values: dict[str, Any]) -> dict[str, Any]:
    """Those of the values that the command line names, and does not leave to their defaults."""
    return {key: value for key, value in values.items() if _given(context, key)}


def _given(context: typer.Context, key: str) -> bool:
    source = context.get_parameter_source(key)
    return source is not None and source.name == "COMMANDLINE"


def refuse_unchecked(form: str, tables: str) -> None:
    """Say before the work is done that what is asked for cannot be checked.

    Raises:
        ConfigError: the population is not to be in Parquet, or not to have every table.
    """
    if form != "parquet" or tables != "all":
        raise ConfigError(
            "--check reads every table in Parquet\n  leave --check out, or make it with --format parquet --tables all"
        )


def made_before(out: Path, asked: dict[str, Any]) -> bool:
    """Whether `out` holds a population already, which then is the one to check.

    Args:
        asked: people, seed, preset as far as the command line names them.

    Raises:
        ConfigError: the command line asks for another population than the one that is there.
    """
    manifest = out / "manifest.json"
    if not manifest.is_file():
        return False
    made = json.loads(manifest.read_text(encoding="utf-8"))
    if not {"people", "seed", "rows", "chunk"} <= made.keys():
        raise ConfigError(f"{out} holds something else than a population\n  name the folder of one, or a new one")
    other = [
        f"  {key}: {made.get(key)} there, {value} asked for" for key, value in asked.items() if made.get(key) != value
    ]
    if other:
        raise ConfigError(
            "\n".join(
                [f"{out} holds another population", *other, "  leave these out to check it, or name another folder"]
            )
        )
    return True


def check_population(out: Path, *, as_json: bool) -> None:
    """Check what is in `out` and write calibration.md there, and calibration.json where asked.

    Raises:
        typer.Exit: 1, after the list of what is outside.
    """
    from synthetic import calibration

    checked = calibration.check(out)
    page = out / "calibration.md"
    page.write_text(calibration.as_markdown(checked), encoding="utf-8")
    if as_json:
        page.with_suffix(".json").write_text(calibration.as_json(checked), encoding="utf-8")
    outside = checked.outside
    counts = ", ".join(f"{checked.count(verdict):,} {verdict}" for verdict in calibration.VERDICTS)
    typer.echo(f"{counts}: {page}")
    if not outside:
        return
    for one in outside[:_SHOWN]:
        typer.echo(f"  outside: {calibration.in_words(one)}", err=True)
    if len(outside) > _SHOWN:
        typer.echo(f"  and {len(outside) - _SHOWN:,} more, in {page.name}", err=True)
    raise typer.Exit(ExitCode.FAILED)
