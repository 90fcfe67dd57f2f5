"""The model of a link: trained on the files themselves, or given and adapted to them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from linkage.engine import Engine, Table, one, quote
from linkage.errors import ConfigError, InputError, NothingToTrainOnError
from linkage.files.comparisons import is_further, untrained
from linkage.model import Model, from_dict, load
from linkage.model.blocking import choose_rules
from linkage.model.engine_check import check_runs
from linkage.model.model_files import trained_on
from linkage.model.reuse import misfits, without_columns
from linkage.model.training import TrainingReport, default_parameters, train

NO_RULE = "no blocking rule pays: the fields agree too seldom or are too common\n  map further columns"
_MIN_COMPARISONS = 2
_YEARS_ONLY = 0.9  # share of known dates without month and day, from which a file knows years


def train_model(
    engine: Engine,
    kinds: Mapping[str, str],
    left: Table,
    right: Table,
    *,
    seed: int,
    one_file: bool = False,
    progress: Callable[[str], None],
) -> tuple[Model, dict[str, Any]]:
    """A model trained on two sides with blocking rules chosen for it, and the reports of both.

    Sides too small to learn from, or with no person in common, get default parameters; a warning says so.

    Raises:
        InputError: no blocking rule pays.
    """
    roles = {name: kind for name, kind in kinds.items() if not is_further(name)}
    further = ", ".join(name for name in kinds if is_further(name)) if 1 < len(roles) < len(kinds) else ""

    def trained(of: Mapping[str, str]) -> tuple[Model, TrainingReport]:
        model = untrained(of, one_file=one_file)
        return train(engine, model, left, right, seed=seed, one_file=one_file, progress=progress)

    try:
        model, report = trained(kinds)
    except NothingToTrainOnError as fault:
        reason = str(fault).splitlines()[0]
        found = _without_further(trained, roles, further) if further else None
        if not found:
            reason += f"; not compared, since EM did not converge with them: {further}" if further else ""
            start = untrained(roles if further else kinds)
            found = default_parameters(engine, start, left, right, seed=seed, reason=reason)
        model, report = found
    progress("blocking rules")
    chosen = choose_rules(engine, model, left, right)
    if not chosen.rules:
        raise InputError(NO_RULE)
    reports = {"training": report.as_dict(), "blocking": {**asdict(chosen), "pairs": chosen.pairs}}
    return with_rules(model, [rule.rule.condition for rule in chosen.rules]), reports


def _without_further(
    trained: Callable[[Mapping[str, str]], tuple[Model, TrainingReport]], roles: Mapping[str, str], further: str
) -> tuple[Model, TrainingReport] | None:
    """Train without the further columns that the user named; None where there is nothing to train on still."""
    try:
        model, report = trained(roles)
    except NothingToTrainOnError:
        return None
    report.warnings = [*report.warnings, f"not compared, since EM converged on non-matches with them: {further}"]
    return model, report


def with_rules(model: Model, conditions: Sequence[str], others: Sequence[Any] = ()) -> Model:
    """The model with these blocking rules, after others in Splink's form."""
    rules = [{"blocking_rule": condition, "sql_dialect": "duckdb"} for condition in conditions]
    return from_dict({**model.raw, "blocking_rules_to_generate_predictions": [*others, *rules]})


def given_model(
    engine: Engine,
    path: Path,
    kinds: Mapping[str, str],
    units: Sequence[Table],
    halves: Callable[[], Sequence[Table]],
    *,
    fields: Collection[str] = (),
    without: Collection[str] = (),
    seed: int = 2026,
) -> tuple[Model, dict[str, Any]]:
    """A model file, adapted to these files, and what was done to it: `given` of a summary.

    Args:
        units: of both files, or of the one.
        halves: makes the two sides that blocking rules are chosen for.
        fields: of which both files have a column, though it may say nothing; the model is used without these.
        without: columns of the model that are not to be compared.

    Raises:
        ConfigError: it is no trained model, compares what the files do not both have, or says what cannot be run.
        InputError: it has no blocking rules, and none pays.
    """
    model = load(path)
    model.check_trained(str(path))
    if strange := [name for name in without if name.lower() not in {column.lower() for column in model.columns}]:
        names = ", ".join(model.columns)
        raise ConfigError(f"--without {strange[0]}: the model {path} names no such column\n  it names: {names}")
    done: dict[str, Any] = {}
    there, left_out = {name.lower() for name in kinds}, {name.lower() for name in without}
    silent = [name for name in model.columns if name in fields and name.lower() not in there | left_out]
    rules = model.blocking_rules
    if silent or without:
        model = without_columns(model, {*silent, *without})
        done |= {"without": list(without), "silent": silent}
    model.check_columns(there, str(path), _remedy([name for name in model.columns if name.lower() not in there]))
    if len(model.fields) < _MIN_COMPARISONS:
        raise ConfigError(
            f"{path}: these files have too little of what the model compares: only {model.fields[0].name}\n"
            "  leave --model out: a model is then trained on what these files have in common"
        )
    sides = units[0], units[-1]
    check_runs(engine, model, *sides, str(path))
    if len(model.blocking_rules) < len(rules) or not rules:
        model, done["rules"] = _with_more_rules(engine, model, *halves())
        done["rules_lost"] = len(rules) - (len(model.blocking_rules) - len(done["rules"]))
    sizes = [engine.count(side) for side in units]
    trained_there = trained_on(path)
    if trained_there and (model.raw.get("link_type") == "dedupe_only") == (len(sizes) == 1):
        prior = model.prior
        model = model.with_prior_of(trained_there if len(sizes) > 1 else [sum(trained_there)], sizes)
        if model.prior != prior:
            done |= {"trained_on": list(trained_there), "prior": {"in_file": prior, "here": model.prior}}
    if found := misfits(engine, model, *sides, seed=seed):
        years = [misfit.comparison for misfit in found if _are_years(engine, units, misfit.comparison)]
        done |= {"misfits": [asdict(misfit) for misfit in found], "years_only": years}
    return model, {"given": done} if done else {}


def refuse_without_model(without: Collection[str], path: Path | None, remedy: str) -> None:
    """Refuse --without where no model is given."""
    if without and not path:
        raise ConfigError(f"--without names columns of a model that is given (--model)\n  of these files: {remedy}")


def given_notes(path: Path | None, summary: Mapping[str, Any]) -> list[str]:
    """What the user should know of a model that was given."""
    done, notes = summary.get("given") or {}, []
    if silent := done.get("silent"):
        notes.append(f"{path}: not compared, since these files say nothing by it: {', '.join(silent)}")
    if (rules := done.get("rules")) is not None:
        why = "the model has no blocking rules"
        if lost := done["rules_lost"]:
            why = f"blocking rules of the model that need what is not compared are left out ({lost})"
        notes.append(f"{path}: {why}: {len(rules)} were chosen for these files")
    if prior := done.get("prior"):
        there = " and ".join(f"{records:,}" for records in done["trained_on"])
        notes.append(
            f"{path}: the model was trained on {there} records: its prior, {prior['in_file']:.3g}, is rescaled to "
            f"{prior['here']:.3g}, by which the same share of records has a match"
        )
    return [*notes, *(_misfit_note(path, misfit, done["years_only"]) for misfit in done.get("misfits", ()))]


def _misfit_note(path: Path | None, misfit: Mapping[str, Any], years_only: Collection[str]) -> str:
    high = misfit["here"] > misfit["in_model"]
    effect = "too high, and links may be wrong" if high else "too low, and links may be missed"
    why = "these files write it otherwise than those that the model was trained on, or hold other people"
    if misfit["comparison"] in years_only:
        why = "these files know years only, and the model is of whole dates"
    return (
        f"{path}: the model does not fit these files: its u of '{misfit['label']}' is {misfit['in_model']:.2g}, and here it "
        f"is {misfit['here']:.2g}; {why}. Its match weight is {effect}: leave --model out, and one is trained here"
    )


def _remedy(missing: Sequence[str]) -> str:
    left_out = " ".join(f"--without {name}" for name in missing)
    return (
        f"state columns that hold them (--map); or compare without them: {left_out}; or leave --model out: a model is "
        "then trained on what these files have in common"
    )


def _with_more_rules(engine: Engine, model: Model, left: Table, right: Table) -> tuple[Model, list[str]]:
    own = [rule.condition for rule in model.blocking_rules]
    rules = [chosen.rule.condition for chosen in choose_rules(engine, model, left, right).rules]
    chosen = [rule for rule in rules if rule not in own]
    if not own and not chosen:
        raise InputError(NO_RULE)
    return with_rules(model, chosen, model.raw.get("blocking_rules_to_generate_predictions") or []), chosen


def _are_years(engine: Engine, units: Sequence[Table], name: str) -> bool:
    if any(name not in side.columns for side in units):
        return False
    share = f"coalesce(avg(case when {quote(name)} like '____-00-00' then 1.0 else 0.0 end), 0)"
    query = f"select {share} as share from {{t}} where {quote(name)} is not null"
    return all(float(one(engine, engine.sql(query, t=side))["share"]) >= _YEARS_ONLY for side in units)
