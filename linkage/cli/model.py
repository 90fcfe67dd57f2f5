"""`leo model`: train a model, show it, tune it in a browser, and choose its blocking
rules.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from linkage.cli import options as o
from linkage.cli.output import (
    a_file,
    both_sides,
    count_of,
    refuse_options,
    request_of,
    say,
    say_inferred,
    serve_pages,
    show,
    table_lines,
    write_json,
)
from linkage.errors import ConfigError
from linkage.extras import require

if TYPE_CHECKING:
    from linkage.model import BlockingRule
    from linkage.model.labelled import LabelReport
    from linkage.model.training import TrainingReport
    from linkage.pipeline.blocking import Suggested

app = typer.Typer(
    no_args_is_help=True,
    help="Train a model, show it, tune it, or choose its blocking rules.",
)


@app.command()
def train(
    context: typer.Context,
    left: o.FileOrRun,
    out: o.ModelOut,
    right: o.SecondFile = None,
    labels: Annotated[
        Path | None,
        Option(help="A CSV of left_id, right_id, answer; weight where sampled."),
    ] = None,
    step: o.Step = None,
    maps: o.Maps = None,
    compare: o.Compare = None,
    date_formats: o.DateFormats = None,
    seed: o.Seed = 2026,
    encodings: o.Encodings = None,
    delimiter: o.Delimiter = None,
    memory_limit: o.MemoryLimit = None,
    threads: o.Threads = None,
    allow_faults: Annotated[
        bool, Option("--allow-faults", help="Write the model also where it has faults.")
    ] = False,
    force: o.Force = False,
    as_json: o.Json = False,
) -> None:
    """Train a model on two person files and show its weights with their standard
    errors.

    With --labels, or of a run's folder, m is estimated from clerical labels: match, no
    match, uncertain.

    Example: leo model train pupils.csv customers.parquet --out models/pupils.json

    Example: leo model train runs/demo --step education-cis --out
    models/cis-reviewed.json
    """
    options = locals()
    from linkage.files.train import TrainRequest, check_out, train_files
    from linkage.model.model_files import next_version, save_with, training_file

    report: TrainingReport | None = None
    evidence: LabelReport | None
    if left.is_dir():
        from quality.review.results import train_from_review
        from quality.review.sample import reviewed_step

        refuse_options(
            context,
            ("left", "out", "step", "force", "as_json"),
            "is for two files, not for a run",
        )
        check_out(out, force)
        model, evidence, record = train_from_review(left, reviewed_step(left, step))
        training = record.pop("trained")
        version = save_with(
            out,
            model,
            next_version(out),
            trained=training,
            labelled={**record, **evidence.as_dict()},
        )
    else:
        request = request_of(TrainRequest, options, files=_files(context, options))
        _, report, evidence, version = train_files(
            request, inferred=say_inferred, progress=say
        )
    parts = [training_lines(report)] if report else []
    parts += [labelled_lines(evidence)] if evidence else []
    lines = "\n\n".join("\n".join(part) for part in parts).split("\n")
    lines += [f"model    {out}   version {version}", f"training {training_file(out)}"]
    show(
        {"model": out, "version": version, "training": report, "labels": evidence},
        lines,
        as_json=as_json,
    )


@app.command("show")
def show_model(
    model: Annotated[
        Path,
        Argument(help="A model file, or a folder of leo run, leo link or leo dedupe."),
    ],
    step: o.Step = None,
    as_json: o.Json = False,
) -> None:
    """Show a model: comparisons, levels, m and u probabilities, match weights, blocking
    rules and prior.

    An adjusted weight depends on how common the value is. A level without m and u is
    yet to be trained.

    Example: leo model show configs/models/cis.json

    Example: leo model show runs/demo --step education-cis
    """
    from linkage.config.resources import config_file
    from linkage.model import load
    from linkage.pipeline.opened import model_file
    from linkage.pipeline.pair_facts import level_name

    path = model_file(model, step) if model.is_dir() else model
    default = config_file(str(path))
    read = load(default if default.is_file() and not path.exists() else path)
    levels: list[dict[str, Any]] = [
        {
            "comparison": comparison.name,
            "level": level_name(comparison, level),
            "m": level.m,
            "u": level.u,
            "weight": None if level.m is None or level.u is None else level.weight,
            "adjusted": level.adjusted,
        }
        for comparison in read.comparisons
        for level in comparison.levels
        if level.value >= 0
    ]
    rules = [_as_splink(rule) for rule in read.blocking_rules]
    rows, before = [], ""
    for level in levels:
        name, before = (
            "" if level["comparison"] == before else level["comparison"],
            level["comparison"],
        )
        rows.append(
            [
                name,
                level["level"],
                level["m"],
                level["u"],
                level["weight"],
                "yes" if level["adjusted"] else "",
            ]
        )
    lines = table_lines(["comparison", "level", "m", "u", "weight", "adjusted"], rows)
    lines += [
        "",
        f"share of all pairs that match: {read.prior:.3g} (match weight "
        f"{read.prior_weight:.2f})",
    ]
    lines += [f"blocking rule: {rule['blocking_rule']}" for rule in rules]
    show(
        {"model": path, "prior": read.prior, "levels": levels, "blocking_rules": rules},
        lines,
        as_json=as_json,
    )


@app.command()
def tune(run: o.AnyRun, step: o.Step = None, port: o.Port = 0) -> None:
    """Tune a step in a browser: m and u, prior, thresholds; see links, expected error
    and review load.

    The run stays as it is. Save writes a new version of the model, with a note, to
    RUN/tuned/. The pages are on this machine only; the address that is printed lets in
    whoever has it.

    Example: leo model tune runs/demo --step education-cis
    """
    from linkage.catalogue import shipped
    from quality.report.names import Names

    require("leo model tune", "apps")
    from quality.tune.app import application
    from quality.tune.session import TuneSession
    from quality.web import check_port

    check_port(port)
    with TuneSession(run, step, say) as session:
        typer.echo(f"{session.pairs:,} pairs of step {session.step}; Ctrl-C ends")
        serve_pages(lambda token: application(session, Names(shipped()), token), port)


@app.command()
def blocking(
    context: typer.Context,
    left: o.FileOrRun,
    right: o.SecondFile = None,
    step: o.Step = None,
    recall: Annotated[
        float,
        Option(min=0.0, max=1.0, help="Share of the matches that the rules reach."),
    ] = 0.99,
    pairs_per_record: Annotated[
        float, Option(min=0.0, help="The most pairs a record of the larger side.")
    ] = 10.0,
    budget: Annotated[
        float | None, Option(min=1.0, help="The most pairs, instead; 5e7 is allowed.")
    ] = None,
    truth: Annotated[
        Path | None, Option(help="True pairs of the files, or a run's folder of truth.")
    ] = None,
    model: o.Model = None,
    out: Annotated[
        Path | None, Option(callback=a_file, help="JSON for a model's blocking rules.")
    ] = None,
    maps: o.Maps = None,
    compare: o.Compare = None,
    date_formats: o.DateFormats = None,
    ids: o.Ids = None,
    encodings: o.Encodings = None,
    delimiter: o.Delimiter = None,
    memory_limit: o.MemoryLimit = None,
    threads: o.Threads = None,
    seed: o.Seed = 2026,
    as_json: o.Json = False,
) -> None:
    """Suggest the fewest blocking rules that reach a share of the matches within a
    budget of pairs.

    Example: leo model blocking pupils.csv customers.parquet --recall 0.99
    --pairs-per-record 5 --out rules.json

    Example: leo model blocking runs/demo --step education-cis --truth
    runs/demo-data/truth
    """
    options = locals()
    from linkage.files.train import suggest_for_files
    from linkage.pipeline.blocking import RuleOptions, suggest_for_step

    request = request_of(RuleOptions, options)
    if left.is_dir():
        of_run = (
            "left step recall pairs_per_record budget truth model out "
            "memory_limit threads seed as_json"
        )
        refuse_options(context, of_run.split(), "is for two files, not for a run")
        if step is None:
            raise ConfigError(f"{left}: which step?\n  give it with --step")
        suggestion = suggest_for_step(left, step, request, progress=say)
    else:
        files = _files(context, options)
        suggestion = suggest_for_files(
            files, request, inferred=say_inferred, progress=say
        )
    rules = [_as_splink(choice.rule) for choice in suggestion.rules.rules]
    # before anything is printed: a reader that stops early (| head) ends this process
    # as it prints
    if out:
        write_json(rules, out)
    lines = [*blocking_lines(suggestion, recall), *([f"rules  {out}"] if out else [])]
    show({"rules": rules, "suggested": suggestion}, lines, as_json=as_json)


def _files(context: typer.Context, options: Mapping[str, Any]) -> Any:
    """The two files of a command, and how they are read."""
    from linkage.files.prepare import FileOptions

    left, right = options["left"], options["right"]
    if right is None:
        raise ConfigError(
            f"{left}: which other file?\n  {context.command_path} LEFT RIGHT; or a "
            "run's folder, with --step"
        )
    if options["step"] is not None:
        raise ConfigError(
            "--step is for a run: two files have no steps\n  leave it out"
        )
    both = {
        "ids": both_sides(options.get("ids"), "--id"),
        "encodings": both_sides(options["encodings"], "--encoding"),
    }
    return request_of(
        FileOptions, options, paths={"left": left, "right": right}, **both
    )


def _as_splink(rule: "BlockingRule") -> dict[str, Any]:
    """A rule in Splink's settings."""
    settings: dict[str, Any] = {
        "blocking_rule": rule.condition,
        "sql_dialect": "duckdb",
    }
    return settings | (
        {"arrays_to_explode": list(rule.explode)} if rule.explode else {}
    )


def blocking_lines(suggestion: "Suggested", target: float) -> list[str]:
    """Suggested rules as a terminal shows them."""
    from linkage.pipeline.blocking import CHOICE_HEADS, choice_rows

    rules = suggestion.rules
    kind = "measured" if rules.is_measured else "estimated"
    rows = []
    for rule, pairs in zip(rules.rules, suggestion.pairs, strict=True):
        mark = "" if pairs.counted else "~"
        lists = f"   any of {', '.join(rule.rule.explode)}" if rule.rule.explode else ""
        recalls = (f"{recall:.4f}" for recall in (rule.alone, rule.together))
        condition = rule.rule.condition.replace('"', "") + lists
        rows.append(
            [condition, f"{mark}{pairs.made:,}", f"{mark}{pairs.new:,}", *recalls]
        )
    basis = (
        f"{rules.matches:,.0f} "
        f"{'true pairs' if rules.is_measured else 'expected matches'}"
    )
    new = sum(pairs.new for pairs in suggestion.pairs)
    summary = [
        "",
        f"{count_of(len(rules.rules), 'rule')} of {rules.considered:,}: recall "
        f"{rules.recall:.4f} ({kind} on {basis})",
        f"{new:,} pairs of {suggestion.units[0]:,} and {suggestion.units[1]:,} "
        "records; "
        f"the budget is {suggestion.budget:,.0f}",
    ]
    if rules.recall < target:
        summary.append(
            f"no set within the budget reaches {target}: give more --pairs-per-record, "
            "or ask for less"
        )
    rejected = choice_rows({"rules": (), "rejected": asdict(rules)["rejected"]})
    return [
        *table_lines(
            ["rule", "pairs", "new pairs", f"own recall ({kind})", "in all"], rows
        ),
        *summary,
        *(
            ["", "not chosen:", *table_lines(CHOICE_HEADS, rejected)]
            if rejected
            else []
        ),
    ]


def _figures(m: float, u: float, weight: float, error: float | None) -> list[str]:
    return [
        f"{m:.3g}",
        f"{u:.3g}",
        f"{weight:.2f}",
        "not seen" if error is None else f"{error:.2f}",
    ]


def labelled_lines(report: "LabelReport") -> list[str]:
    """m before and after labels, with the standard error that so many matches leave."""
    answers = ", ".join(
        f"{count:,} {answer}" for answer, count in report.answers.items()
    )
    rows = []
    for level in report.levels:
        weight = math.log2(level.m / level.u) if level.m and level.u else 0.0
        rows.append(
            [level.level, *_figures(level.before, level.m, weight, level.error)]
        )
    lines = [
        f"labels: {answers}; they stand for {report.matches:,.0f} matches; effective "
        f"number {report.effective:,.0f}",
        *table_lines(["level", "m before", "m", "weight", "std. error"], rows),
    ]
    if report.unseen:
        lines.append(
            f"no label shows: {'; '.join(report.unseen)}. Levels with too few labels "
            "keep their earlier m"
        )
    return lines


def training_lines(report: "TrainingReport") -> list[str]:
    """Comparisons, levels, m, u, weight and standard error as a terminal shows them,
    and what they rest on.
    """
    rows, before = [], ""
    for level in report.levels:
        comparison, before = (
            "" if level.comparison == before else level.comparison,
            level.comparison,
        )
        name = level.level.removeprefix(f"{level.comparison}: ")
        rows.append(
            [
                comparison,
                name,
                *_figures(level.m, level.u, level.weight, level.standard_error),
            ]
        )
    lines = table_lines(["comparison", "level", "m", "u", "weight", "std. error"], rows)
    lines += [
        "",
        f"u from {report.random_pairs:,} random pairs of {report.units[0]:,} and "
        f"{report.units[1]:,} records",
    ]
    for rule in report.rules:
        lines.append(
            f"m from {rule.pairs:,} pairs that agree on {' and '.join(rule.columns)}: "
            f"about {rule.matches or 0:,} matches"
        )
    lines.append(f"share of all pairs that match: {report.prior:.3g}")
    return [
        *lines,
        *(f"fault: {one}" for one in report.faults),
        *(f"warning: {one}" for one in report.warnings),
    ]
