"""A model that is given for files which it may never have seen: what of it can be used here, and what is said of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from linkage.adhoc.modelling import NO_RULE, with_rules
from linkage.adhoc.word_columns import OF_WORD, OF_WORDS, rare_words_of, rarest_word_of
from linkage.engine import Engine, Table, one, quote
from linkage.errors import ConfigError, InputError
from linkage.model import Model, load
from linkage.model.blocking import choose_rules
from linkage.model.engine_check import check_runs
from linkage.model.model_files import trained_on
from linkage.model.reuse import misfits, without_columns

_LEAST = 2  # comparisons
_YEARS_ALONE = 0.9  # of the known dates of a column


def given(
    engine: Engine,
    path: Path,
    kinds: Mapping[str, str],
    units: Sequence[Table],
    parted: Callable[[], Sequence[Table]],
    *,
    both: Collection[str] = (),
    without: Collection[str] = (),
    seed: int = 2026,
) -> tuple[Model, dict[str, Any]]:
    """A model file for these files, and what was done to it for them: `given` of a summary.

    Args:
        kinds: the fields that these files tell.
        units: of the left and of the right file, or of the one file.
        parted: makes the units that blocking rules are chosen for, where some are to be: two halves of one file.
        both: fields of which both files have a column, though it may say nothing; the model is used without these.
        without: columns of the model that are not to be compared.

    Raises:
        ConfigError: it is no trained model, compares what the files do not both tell, or says what cannot be run.
        InputError: it has no blocking rules, and none pays.
    """
    model = load(path)
    model.check_trained(str(path))
    _check_without(model, path, without)
    told: dict[str, Any] = {}
    there = {
        name.lower() for name in (*kinds, *(name for name in units[0].columns if name.endswith((OF_WORDS, OF_WORD))))
    }
    asked = {name.lower() for name in without}
    silent = [name for name in model.columns if name in both and name.lower() not in there | asked]
    rules = model.blocking_rules
    if silent or without:
        gone = {*silent, *without}
        made = {made_of(name) for name in gone for made_of in (rare_words_of, rarest_word_of)}
        model = without_columns(model, gone | made)
        told |= {"without": list(without), "silent": silent}
    model.check_columns(there, str(path), _remedy([name for name in model.columns if name.lower() not in there]))
    if len(model.fields) < _LEAST:
        raise ConfigError(
            f"{path}: of what the model compares these files tell too little: {model.fields[0].name} alone\n"
            "  leave --model out: a model is then trained on what these files have in common"
        )
    sides = units[0], units[-1]
    check_runs(engine, model, *sides, str(path))
    if len(model.blocking_rules) < len(rules) or not rules:
        model, told["rules"] = _with_more_rules(engine, model, *parted())
        told["rules_lost"] = len(rules) - (len(model.blocking_rules) - len(told["rules"]))
    sizes = [engine.count(side) for side in units]
    trained_there = trained_on(path)
    if trained_there and (model.raw.get("link_type") == "dedupe_only") == (len(sizes) == 1):
        before = model.prior
        model = model.with_prior_of(trained_there if len(sizes) > 1 else [sum(trained_there)], sizes)
        if model.prior != before:
            told |= {"trained_on": list(trained_there), "prior": {"in_file": before, "here": model.prior}}
    if found := misfits(engine, model, *sides, seed=seed):
        years = [misfit.comparison for misfit in found if _are_years(engine, units, misfit.comparison)]
        told |= {"misfits": [asdict(misfit) for misfit in found], "years_alone": years}
    return model, {"given": told} if told else {}


def refuse_without_model(without: Collection[str], path: Path | None, remedy: str) -> None:
    """Refuse --without where no model is given, of which it would say anything."""
    if without and not path:
        raise ConfigError(f"--without names columns of a model that is given (--model)\n  of these files: {remedy}")


def given_notes(path: Path | None, summary: Mapping[str, Any]) -> list[str]:
    """What to tell of a model that was given."""
    told, notes = summary.get("given") or {}, []
    if silent := told.get("silent"):
        notes.append(f"{path}: not compared, since these files say nothing by it: {', '.join(silent)}")
    if (rules := told.get("rules")) is not None:
        why = "the model has no blocking rules"
        if lost := told["rules_lost"]:
            why = f"blocking rules of the model that need what is not compared are left out ({lost})"
        notes.append(f"{path}: {why}: {len(rules)} were chosen for these files")
    if prior := told.get("prior"):
        there = " and ".join(f"{records:,}" for records in told["trained_on"])
        notes.append(
            f"{path}: the model is of {there} records: its share of all pairs that match, {prior['in_file']:.3g}, is "
            f"taken as {prior['here']:.3g} here, by which as many of a hundred records have a partner"
        )
    return [*notes, *(_of_misfit(path, misfit, told["years_alone"]) for misfit in told.get("misfits", ()))]


def _of_misfit(path: Path | None, misfit: Mapping[str, Any], years_alone: Collection[str]) -> str:
    much = "much, and links may be wrong" if misfit["here"] > misfit["in_model"] else "little, and links may be missed"
    why = "these files write it otherwise than those that the model was trained on, or hold other people"
    if misfit["comparison"] in years_alone:
        why = "these files tell years alone, and the model is of whole dates"
    return (
        f"{path}: the model does not fit these files: '{misfit['label']}' is said of {misfit['in_model']:.2g} of strangers "
        f"and true of {misfit['here']:.2g}; {why}. It weighs too {much}: leave --model out, and one is trained here"
    )


def _remedy(missing: Sequence[str]) -> str:
    left_out = " ".join(f"--without {name}" for name in missing)
    return (
        f"name columns that hold them (--map); or compare without them: {left_out}; or leave --model out: a model is "
        "then trained on what these files have in common"
    )


def _check_without(model: Model, path: Path, without: Collection[str]) -> None:
    has = {name.lower() for name in model.columns}
    if strange := [name for name in without if name.lower() not in has]:
        raise ConfigError(
            f"--without {strange[0]}: the model {path} names no such column\n  it names: {', '.join(model.columns)}"
        )


def _with_more_rules(engine: Engine, model: Model, left: Table, right: Table) -> tuple[Model, list[str]]:
    """The model with rules chosen for two sides beside those that it has, and these."""
    own = [rule.condition for rule in model.blocking_rules]
    rules = [chosen.rule.condition for chosen in choose_rules(engine, model, left, right).rules]
    chosen = [rule for rule in rules if rule not in own]
    if not own and not chosen:
        raise InputError(NO_RULE)
    raw = model.raw.get("blocking_rules_to_generate_predictions") or []
    return with_rules(model, chosen, beside=raw), chosen


def _are_years(engine: Engine, units: Sequence[Table], name: str) -> bool:
    """Whether a column holds dates of which the year alone is known."""
    if any(name not in side.columns for side in units):
        return False
    query = (
        f"select coalesce(avg(case when {quote(name)} like '____-00-00' then 1.0 else 0.0 end), 0) as share from {{t}}"
    )
    known = f"{query} where {quote(name)} is not null"
    return all(float(one(engine, engine.sql(known, t=side))["share"]) >= _YEARS_ALONE for side in units)
