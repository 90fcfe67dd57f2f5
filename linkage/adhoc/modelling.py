"""Models made here: comparisons of the recognised fields, trained on the files, with blocking rules chosen for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from linkage.adhoc.headers.recognise import OTHER_SURNAME, known_fields
from linkage.engine import Engine, Table
from linkage.errors import InputError, LeoError
from linkage.model import Model, comparisons, from_dict
from linkage.model.blocking import suggest
from linkage.model.splink_json import BlockingRule
from linkage.model.training import NobodyInBothError, TrainingReport, train, unlearnt

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
        if kind == comparisons.BESIDE:
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
            told=other in compared,
            slips=kind in comparisons.NAMES,
            crossed_with=crossed,
            crossed_told=crossed in compared,
            further=further,
            further_of=further_of,
            before=before,
        )
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
            together=True,
            one_file=one_file,
            several=several,
            progress=progress,
        )

    try:
        model, report = learnt(kinds)
    except LeoError as fault:
        nobody, reason = isinstance(fault, NobodyInBothError), str(fault).splitlines()[0]
        found = _without(learnt, known, others) if nobody and others else None
        if not found:
            start = untrained(known if others else kinds)
            reason += f"; not compared, since their names say nothing of what they are: {others}" if others else ""
            found = unlearnt(engine, start, left, right, seed=seed, reason=reason, nobody=nobody)
        model, report = found
    progress("blocking rules")
    chosen = suggest(engine, model, left, right)
    if not chosen.rules:
        raise InputError(NO_RULE)
    return with_rules(model, chosen.rules), {"training": report.as_dict(), "blocking": asdict(chosen)}


NOT_COMPARED = "not compared, since with them what stands out are no persons"


def _without(
    learnt: Callable[[Mapping[str, str]], tuple[Model, TrainingReport]], known: Mapping[str, str], others: str
) -> tuple[Model, TrainingReport] | None:
    """What is learnt without columns that no name tells, with which strangers stand out; nothing where they do still.

    Roles (head, spouse, child) go by sex and years: who agree on the three are more than chance has it, and no matches.
    """
    try:
        model, report = learnt(known)
    except LeoError:
        return None
    report.warnings = [*report.warnings, f"{NOT_COMPARED}: {others}"]
    return model, report


NO_RULE = "no blocking rule pays: the fields agree too seldom or are too common\n  map further columns"


def with_rules(model: Model, conditions: Sequence[str], beside: Sequence[Any] = ()) -> Model:
    """The model with these blocking rules, after those of its file that are named beside them."""
    rules = [_rule(condition) for condition in conditions]
    return from_dict({**model.raw, "blocking_rules_to_generate_predictions": [*beside, *rules]})


def _rule(condition: str) -> dict[str, Any]:
    """A blocking rule as Splink has it; columns of words are lists, of which any may be equal."""
    lists = [column for column in BlockingRule(condition).columns if column.endswith(comparisons.OF_WORDS)]
    opened = {"arrays_to_explode": lists} if lists else {}
    return {"blocking_rule": condition, "sql_dialect": "duckdb", **opened}
