"""Models made here: comparisons of the recognised fields, trained on the files, with blocking rules chosen for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from linkage.adhoc.recognise import known_fields
from linkage.engine import Engine, Table
from linkage.errors import InputError, LeoError
from linkage.model import Model, comparisons, from_dict, load
from linkage.model.blocking import suggest
from linkage.model.sizes import of_sizes
from linkage.model.training import NobodyInBothError, train, unlearnt
from linkage.model.training.files import trained_on

_SWAPPED = {"forename": "surname", "surname": "forename", "address": "address_2", "address_2": "address"}


def untrained(kinds: Mapping[str, str]) -> Model:
    """Comparisons of fields, each by its kind."""
    compared: dict[str, dict[str, Any]] = {}
    for name, kind in kinds.items():
        other = _SWAPPED[name] if _SWAPPED.get(name) in kinds else None
        compared[name] = comparisons.comparison(name, kind, swapped_with=other, told=other in compared)
    return from_dict(comparisons.settings(list(compared.values())))


def trained(
    engine: Engine,
    kinds: Mapping[str, str],
    left: Table,
    right: Table,
    *,
    seed: int,
    progress: Callable[[str], None],
    one_file: bool = False,
    several: bool = False,
) -> tuple[Model, dict[str, Any]]:
    """A model trained on two sides, with the blocking rules that pay for it, and the reports of both.

    Args:
        one_file: both sides are halves of one file: pairs within a side are then no strangers.
        several: one of them holds people several times: they are none either.

    Sides too small to learn from, or with nobody in common, get a model of what such fields usually show, of the fields
    that are known; a warning in the report says so.

    Raises:
        InputError: no blocking rule pays.
    """
    start = untrained(kinds)
    try:
        model, report = train(
            engine, start, left, right, seed=seed, together=True, one_file=one_file, several=several, progress=progress
        )
    except LeoError as fault:
        nobody, reason = isinstance(fault, NobodyInBothError), str(fault).splitlines()[0]
        known = {name: kind for name, kind in kinds.items() if name in known_fields()}
        if 1 < len(known) < len(kinds):  # nobody knows whether two records of one person agree on the others
            start = untrained(known)
            others = ", ".join(name for name in kinds if name not in known)
            reason += f"; not compared, since their names say nothing of what they are: {others}"
        model, report = unlearnt(engine, start, left, right, seed=seed, reason=reason, nobody=nobody)
    progress("blocking rules")
    chosen = suggest(engine, model, left, right)
    if not chosen.rules:
        raise InputError(_NO_RULE)
    return with_rules(model, chosen.rules), {"training": report.as_dict(), "blocking": asdict(chosen)}


def given(
    engine: Engine,
    path: Path,
    kinds: Mapping[str, str],
    sides: Callable[[], Sequence[Table]],
    sizes: Sequence[int],
) -> tuple[Model, dict[str, Any]]:
    """A model file for files that it may never have seen, and what was done to it for these: `given` of a summary.

    Args:
        sides: makes the units that it is to link, where rules are to be chosen; two halves of one file.
        sizes: records of the left and of the right file, or of the one file.

    Raises:
        ConfigError: it is no trained model, or compares what the files do not both tell.
        InputError: it has no blocking rules, and none pays.
    """
    model = load(path)
    model.check_trained(str(path))
    model.check_columns(kinds, str(path), _OTHER_COLUMNS)
    told: dict[str, Any] = {}
    if not model.blocking_rules:
        model = with_rules(model, _rules(engine, model, *sides()))
        told["rules"] = [rule.condition for rule in model.blocking_rules]
    there = trained_on(path)
    if there and (model.raw.get("link_type") == "dedupe_only") == (len(sizes) == 1):
        before = model.prior
        model = of_sizes(model, there if len(sizes) > 1 else [sum(there)], sizes)
        if model.prior != before:
            told |= {"trained_on": list(there), "prior": {"in_file": before, "here": model.prior}}
    return model, {"given": told} if told else {}


_OTHER_COLUMNS = (
    "map columns to them (--map), or leave --model out: a model is then trained on what these files have in common"
)


def given_notes(path: Path | None, summary: Mapping[str, Any]) -> list[str]:
    """What to tell of a model that was given."""
    told, notes = summary.get("given") or {}, []
    if rules := told.get("rules"):
        notes.append(f"{path}: the model has no blocking rules: {len(rules)} were chosen for these files")
    if prior := told.get("prior"):
        there = " and ".join(f"{records:,}" for records in told["trained_on"])
        notes.append(
            f"{path}: the model is of {there} records: its share of all pairs that match, {prior['in_file']:.3g}, is "
            f"taken as {prior['here']:.3g} here, by which as many of a hundred records have a partner"
        )
    return notes


def _rules(engine: Engine, model: Model, left: Table, right: Table) -> tuple[str, ...]:
    chosen = suggest(engine, model, left, right)
    if not chosen.rules:
        raise InputError(_NO_RULE)
    return chosen.rules


_NO_RULE = "no blocking rule pays: the fields agree too seldom or are too common\n  map further columns"


def with_rules(model: Model, conditions: tuple[str, ...]) -> Model:
    """The model with these blocking rules."""
    rules = [{"blocking_rule": condition, "sql_dialect": "duckdb"} for condition in conditions]
    return from_dict({**model.raw, "blocking_rules_to_generate_predictions": rules})
