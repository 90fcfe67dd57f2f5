"""`leo blocking`: which rules to block on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli import file_options as shared
from linkage.cli.file_options import of_each, say, say_inferred
from linkage.cli.idle import refuse_idle
from linkage.cli.written import a_file, write_json
from linkage.errors import ConfigError

if TYPE_CHECKING:
    from linkage.model import BlockingRule
    from linkage.pipeline.blocking import Suggested

app = typer.Typer(no_args_is_help=True, help="Blocking rules: which pairs a model gets to see.")


@app.callback()
def blocking() -> None:
    """What holds for every verb of the group."""


@app.command()
def suggest(
    left: Annotated[Path | None, typer.Argument(help="A person file, as leo link takes it.")] = None,
    right: Annotated[Path | None, typer.Argument(help="The file to link it to.")] = None,
    run: Annotated[Path | None, typer.Option(help="A run's folder, instead of two files; with --step.")] = None,
    step: Annotated[str | None, typer.Option(help="The step of the run to suggest rules for.")] = None,
    recall: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of the matches that the rules reach.")] = 0.99,
    pairs_per_record: Annotated[
        float, typer.Option(min=0.0, help="The most pairs of all rules, for each record of the larger side.")
    ] = 10.0,
    budget: Annotated[float | None, typer.Option(min=1.0, help="The most pairs, instead; 5e7 is allowed.")] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="True pairs (left_id, right_id) of files, or a run's folder of truth, to measure recall by."),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="A trained model; else the run's, or one trained here.")] = None,
    out: Annotated[
        Path | None, typer.Option(callback=a_file, help="JSON for a model's blocking_rules_to_generate_predictions.")
    ] = None,
    maps: shared.Maps = None,
    compare: shared.Compare = None,
    date_format: shared.DateFormats = None,
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="Id column of both files, or given twice of left and right.")
    ] = None,
    encoding: shared.Encodings = None,
    delimiter: shared.Delimiter = None,
    memory_limit: shared.MemoryLimit = None,
    threads: shared.Threads = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples.")] = 2026,
) -> None:
    """Suggest the fewest blocking rules that reach a share of the matches within a budget of pairs.

    Example: leo blocking suggest pupils.csv customers.parquet --recall 0.99 --pairs-per-record 5 --out rules.json

    Example: leo blocking suggest --run runs/demo --step education-cis --truth runs/demo-data/truth
    """
    from linkage.files.blocking import suggest_for_files
    from linkage.files.prepare import FileOptions
    from linkage.pipeline.blocking import RuleOptions, suggest_for_step

    options = RuleOptions(recall, pairs_per_record, budget, truth, model, seed, memory_limit, threads)
    if run is not None and step is not None and left is None:
        of_files = {
            "--map": maps,
            "--compare": compare,
            "--date-format": date_format,
            "--id": ids,
            "--encoding": encoding,
            "--delimiter": delimiter,
        }
        refuse_idle(of_files, "is for two files, and no run's step")
        found = suggest_for_step(run, step, options, progress=say)
    elif run is None and step is None and left is not None and right is not None:
        named, encodings = of_each(ids, "--id"), of_each(encoding, "--encoding")
        paths = {"left": left, "right": right}
        files = FileOptions(paths, maps or (), compare or (), date_format or (), named, delimiter, encodings)
        found = suggest_for_files(files, options, inferred=say_inferred, progress=say)
    else:
        raise ConfigError(
            "leo blocking suggest: give two files, or a run with a step\n"
            "  leo blocking suggest LEFT RIGHT, or leo blocking suggest --run RUN --step STEP"
        )
    if out:  # before anything is shown: who shows the first lines alone (| head) ends this process as it prints
        write_json([as_splink(chosen.rule) for chosen in found.rules.rules], out)
    typer.echo("\n".join([*lines(found, recall), *([f"rules  {out}"] if out else [])]))


def as_splink(rule: "BlockingRule") -> dict[str, Any]:
    """A rule as Splink's settings have it."""
    settings: dict[str, Any] = {"blocking_rule": rule.condition, "sql_dialect": "duckdb"}
    return settings | ({"arrays_to_explode": list(rule.explode)} if rule.explode else {})


def lines(suggested: "Suggested", target: float) -> list[str]:
    """What was chosen, as a terminal shows it."""
    chosen = suggested.rules
    how = "measured" if chosen.is_measured else "estimated"
    table = [["rule", "pairs", "new pairs", f"recall alone ({how})", "together"]]
    for rule, pairs in zip(chosen.rules, suggested.pairs, strict=True):
        about = "" if pairs.counted else "~"
        counts = [f"{about}{pairs.made:,}", f"{about}{pairs.new:,}"]
        table.append([_shown(rule.rule), *counts, f"{rule.alone:.4f}", f"{rule.together:.4f}"])
    count = f"{len(chosen.rules)} rule{'s' * (len(chosen.rules) != 1)} of {chosen.considered:,}"
    basis = f"{chosen.matches:,.0f} {'true pairs' if chosen.is_measured else 'expected matches'}"
    new = sum(pairs.new for pairs in suggested.pairs)
    closing = [
        f"{count}: recall {chosen.recall:.4f} ({how} on {basis})",
        f"{new:,} pairs of {suggested.units[0]:,} and {suggested.units[1]:,} records; "
        f"the budget is {suggested.budget:,.0f}",
    ]
    if chosen.recall < target:
        closing.append(f"no set within the budget reaches {target}: give more --pairs-per-record, or ask for less")
    return [*_aligned(table), "", *closing]


def _shown(rule: "BlockingRule") -> str:
    opened = f"   any of {', '.join(rule.explode)}" if rule.explode else ""
    return rule.condition.replace('"', "") + opened


def _aligned(table: list[list[str]]) -> list[str]:
    """The first column flush left, the others right."""
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    aligned = (
        [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        for row in table
    )
    return ["  ".join(row).rstrip() for row in aligned]
