"""Models made here: comparisons of the recognised fields, trained on the files, with blocking rules chosen for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from linkage.adhoc.headers.recognise import OTHER_SURNAME, known_fields
from linkage.engine import Engine, Table
from linkage.errors import InputError, NothingToTrainOnError
from linkage.model import Model, comparisons, from_dict
from linkage.model.blocking import choose_rules
from linkage.model.training import TrainingReport, default_parameters, train

_FURTHER = "middle_names"
_TELLING = ("date", "partial date", "age", "number")
"""Kinds that tell father and son apart, of whom the son often bears the other's forename as a further name."""
_SWAPPED = {"forename": "surname", "surname": "forename", "address": "address_2", "address_2": "address"}
_CROSSED = {"surname": "second_surname", "second_surname": "surname"}


def untrained(kinds: Mapping[str, str]) -> Model:
    """Comparisons of fields, each by its kind."""
    compared: dict[str, dict[str, Any]] = {}
    called = _FURTHER in kinds and any(kind in _TELLING or name == "email" for name, kind in kinds.items())
    for name, kind in kinds.items():
        if kind == comparisons.FURTHER_NAMES:
            continue
        other = _SWAPPED[name] if _SWAPPED.get(name) in kinds else None
        crossed = _CROSSED[name] if _CROSSED.get(name) in kinds else None
        further = _FURTHER if called and name == "forename" else None
        before = OTHER_SURNAME if name == "surname" and OTHER_SURNAME in kinds else None
        further_of = "forename" if called and name == _FURTHER and "forename" in kinds else None
        compared[name] = comparisons.comparison(
            name,
            kind,
            swapped_with=other,
            swap_counted=other in compared,
            swap_with_typo=kind in comparisons.NAMES,
            crossed_with=crossed,
            cross_counted=crossed in compared,
            further=further,
            further_of=further_of,
            former=before,
        )
    made = comparisons.with_home(list(compared.values()), kinds)
    return from_dict(comparisons.settings([*made, *_conditional(kinds)]))


def _conditional(kinds: Mapping[str, str]) -> list[dict[str, Any]]:
    """A household shares its surname, and people of one forename are of one sex."""
    made = []
    home = next((name for name in ("postcode", "address", "town") if name in kinds), None)
    if home and "surname" in kinds:
        made.append(comparisons.given_comparison("surname", [home], adjusted=True))
    if {"sex", "forename"} <= kinds.keys():
        made.append(comparisons.given_comparison("sex", ["forename"]))
    return made


def trained(
    engine: Engine,
    kinds: Mapping[str, str],
    left: Table,
    right: Table,
    *,
    seed: int,
    progress: Callable[[str], None],
) -> tuple[Model, dict[str, Any]]:
    """A model trained on two sides, with the blocking rules that pay for it, and the reports of both.

    Sides too small to learn from, or with nobody in common, get a model of what such fields usually show, of the fields
    that are known; a warning in the report says so.

    Raises:
        InputError: no blocking rule pays.
    """
    known = {name: kind for name, kind in kinds.items() if name in known_fields()}
    # Nobody knows whether two records of one person agree on the others.
    others = ", ".join(name for name in kinds if name not in known) if 1 < len(known) < len(kinds) else ""

    def learnt(of: Mapping[str, str]) -> tuple[Model, TrainingReport]:
        return train(
            engine,
            untrained(of),
            left,
            right,
            seed=seed,
            progress=progress,
        )

    try:
        model, report = learnt(kinds)
    except NothingToTrainOnError as fault:
        reason = str(fault).splitlines()[0]
        found = _without(learnt, known, others) if others else None
        if not found:
            start = untrained(known if others else kinds)
            reason += f"; not compared, since their names say nothing of what they are: {others}" if others else ""
            found = default_parameters(engine, start, left, right, seed=seed, reason=reason)
        model, report = found
    progress("blocking rules")
    chosen = choose_rules(engine, model, left, right)
    if not chosen.rules:
        raise InputError(NO_RULE)
    return with_rules(model, [rule.rule.condition for rule in chosen.rules]), {
        "training": report.as_dict(),
        "blocking": {**asdict(chosen), "pairs": chosen.pairs},
    }


NOT_COMPARED = "not compared, since with them what stands out are no persons"


def _without(
    learnt: Callable[[Mapping[str, str]], tuple[Model, TrainingReport]], known: Mapping[str, str], others: str
) -> tuple[Model, TrainingReport] | None:
    """What is learnt without columns that no name tells, with which strangers stand out; nothing where they do still.

    Roles (head, spouse, child) go by sex and years: who agree on the three are more than chance has it, and no matches.
    """
    try:
        model, report = learnt(known)
    except NothingToTrainOnError:
        return None
    report.warnings = [*report.warnings, f"{NOT_COMPARED}: {others}"]
    return model, report


NO_RULE = "no blocking rule pays: the fields agree too seldom or are too common\n  map further columns"


def with_rules(model: Model, conditions: Sequence[str], beside: Sequence[Any] = ()) -> Model:
    """The model with these blocking rules, after those of its file that are named beside them."""
    rules = [_rule(condition) for condition in conditions]
    return from_dict({**model.raw, "blocking_rules_to_generate_predictions": [*beside, *rules]})


def _rule(condition: str) -> dict[str, Any]:
    """A blocking rule as Splink has it."""
    return {"blocking_rule": condition, "sql_dialect": "duckdb"}
