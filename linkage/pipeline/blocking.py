"""Blocking rules suggested for a step of a run, and for any two sides: `leo model
blocking`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.engine import Engine, Table, connect
from linkage.errors import InputError
from linkage.match.candidates import union_all
from linkage.match.recall import sample_of_pairs
from linkage.match.units import DERIVED
from linkage.model import Model
from linkage.model import load as load_model
from linkage.model.blocking import ChosenRules, RulePairs, choose_rules, rule_pairs
from linkage.pipeline.truth import true_entities, true_entities_file

if TYPE_CHECKING:
    from linkage.pipeline.opened import OpenRun


@dataclass(frozen=True)
class RuleOptions:
    """What the rules shall reach, and how they are searched."""

    recall: float = 0.99
    pairs_per_record: float = 10.0  # of the larger side
    budget: float | None = None  # pairs, instead of pairs_per_record
    truth: Path | None = None  # files: true pairs; a run: its folder of truth
    model: Path | None = (
        None  # trained; for files one is trained here where none is given
    )
    seed: int = 2026
    memory_limit: str | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Suggested:
    """The rules, the units of both sides, and the budget of pairs."""

    rules: ChosenRules
    pairs: list[RulePairs]
    units: tuple[int, int]
    budget: float


CHOICE_HEADS = ("rule", "pairs", "own recall", "adds", "in all", "")


def choice_rows(choice: Mapping[str, Any]) -> list[list[str]]:
    """The rules of a choice (`ChosenRules` as a dictionary), then the rejected ones
    with the reason, as CHOICE_HEADS name the columns.
    """

    def share(value: float | None) -> str:
        return "" if value is None else f"{value:.4f}"

    return [
        [
            rule["rule"]["condition"].replace('"', ""),
            f"{rule['pairs']:,}",
            *map(share, (rule["alone"], rule["added"], rule.get("together"))),
            rule.get("reason", "chosen"),
        ]
        for rule in (*choice["rules"], *choice["rejected"])
    ]


def suggest_for_step(
    run: Path,
    step_name: str,
    options: RuleOptions,
    *,
    progress: Callable[[str], None] | None = None,
) -> Suggested:
    """The smallest set of rules for a step of a run, over its units with their
    histories.

    Raises:
        ConfigError: the folder is no run's, or the run has no such step.
        LeoError: there is nothing to learn from.
    """
    from linkage.pipeline.opened import OpenRun, step_named

    say = progress or (lambda _: None)
    allowed_paths = [run, *([options.truth] if options.truth else [])]
    with connect(
        "duckdb",
        memory_limit=options.memory_limit,
        threads=options.threads,
        within=allowed_paths,
    ) as engine:
        open_run = OpenRun(engine, run)
        sides = open_run.sides(step_named(run, open_run.steps, step_name))
        model = load_model(options.model or run / "models" / f"{step_name}.json")
        say("reading")
        left, right = (
            sides[side].columns_of(None, model.columns) for side in ("left", "right")
        )
        true_pairs = (
            _true_pairs(open_run, step_name, options.truth) if options.truth else None
        )
        return suggest(engine, (left, right), true_pairs, model, options, say)


def suggest(
    engine: Engine,
    sides: tuple[Table, Table],
    true_pairs: Table | None,
    model: Model,
    options: RuleOptions,
    say: Callable[[str], None],
) -> Suggested:
    """The smallest set of rules for the units of two sides, and the pairs that each
    makes.

    Raises:
        ConfigError: the model lacks m and u, or the sides lack a column of it.
        InputError: no true pair has both ends in the sides.
    """
    units = engine.count(sides[0]), engine.count(sides[1])
    budget = (
        options.budget
        if options.budget is not None
        else options.pairs_per_record * max(units)
    )
    model.check_trained("--model")
    model.check_columns(sides[0].columns, "--model")
    if true_pairs is not None and engine.count(true_pairs) == 0:
        raise InputError(
            f"{options.truth}: no true pair has both ends in the two sides\n  check "
            "its ids"
        )
    pairs = None if true_pairs is None else sample_of_pairs(engine, true_pairs)
    say("pairs of candidate rules")
    source_of = {name: field for name, (field, _) in DERIVED.items()}
    selection = choose_rules(
        engine,
        model,
        *sides,
        made_of=source_of,
        target=options.recall,
        budget=budget,
        true_pairs=pairs,
    )
    counts = rule_pairs(engine, [rule.rule for rule in selection.rules], *sides)
    return Suggested(selection, counts, units, budget)


def _true_pairs(run: "OpenRun", step: str, folder: Path) -> Table:
    from quality.measures.accuracy import entity_persons, truth_of_units

    file = folder if folder.is_file() else true_entities_file(folder)
    if file is None:
        raise InputError(
            f"--truth {folder}: no truth there\n  give the folder that holds "
            "entities.parquet or .csv"
        )
    query = "select entity_id, source, entity_key from {t}"
    entities = [
        run.engine.sql(query, t=table)
        for table in run.tables_below("entities").values()
    ]
    persons_of = entity_persons(
        run.engine, union_all(run.engine, entities), true_entities(run.engine, file)
    )
    return truth_of_units(run.engine, run.table(f"units/{step}"), persons_of).pairs
