"""`leo synth --check`: compare a population with published figures."""

import json
from pathlib import Path
from typing import Any

import typer

from linkage.errors import ConfigError, ExitCode

_SHOWN = 40


def named(context: typer.Context, values: dict[str, Any]) -> dict[str, Any]:
    """The values that the command line gives, without defaults."""
    return {key: value for key, value in values.items() if _given(context, key)}


def _given(context: typer.Context, key: str) -> bool:
    source = context.get_parameter_source(key)
    return source is not None and source.name == "COMMANDLINE"


def refuse_unchecked(form: str, tables: str) -> None:
    """Raise ConfigError where the population would not be in Parquet, or not have every table."""
    if form != "parquet" or tables != "all":
        raise ConfigError(
            "--check reads every table in Parquet\n  leave --check out, or make it with --format parquet --tables all"
        )


def made_before(out: Path, asked: dict[str, Any]) -> bool:
    """Whether `out` holds a population already.

    Args:
        asked: people, seed, preset as given on the command line.

    Raises:
        ConfigError: the population in `out` is another one.
    """
    manifest = out / "manifest.json"
    if not manifest.is_file():
        return False
    made = json.loads(manifest.read_text(encoding="utf-8"))
    if not {"people", "seed", "rows", "chunk"} <= made.keys():
        raise ConfigError(f"{out} does not hold a population\n  name the folder of one, or a new one")
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
