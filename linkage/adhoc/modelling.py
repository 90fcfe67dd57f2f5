"""Models made here: comparisons of the recognised fields, trained on the files, with blocking rules chosen for them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from linkage.engine import Engine, Table
from linkage.errors import InputError
from linkage.model import Model, comparisons, from_dict
from linkage.model.blocking import suggest
from linkage.model.training import train

_SWAPPED = {"forename": "surname", "surname": "forename", "address": "address_2", "address_2": "address"}


def untrained(kinds: Mapping[str, str]) -> Model:
    """Comparisons of fields, each by its kind."""
    compared = [
        comparisons.comparison(name, kind, swapped_with=_SWAPPED[name] if _SWAPPED.get(name) in kinds else None)
        for name, kind in kinds.items()
    ]
    return from_dict(comparisons.settings(compared))


def trained(
    engine: Engine, kinds: Mapping[str, str], left: Table, right: Table, *, seed: int, progress: Callable[[str], None]
) -> tuple[Model, dict[str, Any]]:
    """A model trained on two sides, with the blocking rules that pay for it, and the reports of both.

    Raises:
        InputError: no blocking rule pays.
        LeoError: there is nothing to train on.
    """
    model, report = train(engine, untrained(kinds), left, right, seed=seed, progress=progress)
    progress("blocking rules")
    chosen = suggest(engine, model, left, right)
    if not chosen.rules:
        raise InputError("no blocking rule pays: the fields agree too seldom or are too common\n  map further columns")
    return with_rules(model, chosen.rules), {"training": report.as_dict(), "blocking": asdict(chosen)}


def with_rules(model: Model, conditions: tuple[str, ...]) -> Model:
    """The model with these blocking rules."""
    rules = [{"blocking_rule": condition, "sql_dialect": "duckdb"} for condition in conditions]
    return from_dict({**model.raw, "blocking_rules_to_generate_predictions": rules})
