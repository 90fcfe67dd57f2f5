"""Rules that the catalogue implies, as conditions on a table's rows, with how much may break them."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linkage.catalogue import Catalogue, TableDef
from linkage.engine import literal, quote
from linkage.resources import config_file

FLAGS = {"name": 1, "dob": 2, "postcode": 4, "nino": 8, "uln": 16, "upn": 32, "sex": 64}
"""Flags of `problems` (docs/tables.md)."""

_SEVERITY = {"warn": "warning", "stop": "critical"}


@dataclass(frozen=True)
class Rule:
    """A condition that rows break, and how many of the rows that it applies to may do so."""

    name: str
    column: str | None
    broken: str  # SQL condition
    limits: Mapping[str, float]  # severity -> largest share
    applies: str = "true"  # SQL condition
    counted: str | None = None  # how many rows break it, where the condition is no row's own and cannot be counted by

    @property
    def checked_count(self) -> str:
        return f"count(*) filter (where {self.applies})"

    @property
    def failed_count(self) -> str:
        return self.counted or f"count(*) filter (where {self.applies} and ({self.broken}))"

    @property
    def flag(self) -> str:
        """1 of a row that breaks it, 0 of one that does not, NULL where it does not apply."""
        return f"case when {self.applies} then case when {self.broken} then 1 else 0 end end"


def record_rules(described: TableDef) -> list[Rule]:
    """Rules of a source's `records`.

    Args:
        described: the catalogue's table: an identifier is expected where it says that the source holds one.
    """
    limits, held = _limits(), {variable.role for variable in described.variable if variable.role}
    rules = [rule for column, limit in limits["keys"].items() for rule in _key_rules(column, _severities(limit))]
    rules += [
        Rule("is given", role, f"{quote(role)} is null", _severities(limit))
        for role, limit in limits["given"].items()
        if role in held
    ]
    for role, limit in limits["valid"].items():
        if role in held or (role == "name" and held & {"forename", "surname"}):
            flagged = f"(problems & {FLAGS[role]}) <> 0"
            applies = "true" if role == "name" else f"({quote(role)} is not null or {flagged})"
            rules.append(Rule("is a value that the form allows", role, flagged, _severities(limit), applies))
    return [*rules, *_date_rules(limits["dates"], held)]


def attribute_rules(catalogue: Catalogue, described: TableDef) -> list[Rule]:
    """Rules of a table of attributes: years are six digits, as extracts ask for them; each code stands in its frame."""
    limit = _severities(_limits()["frame"]["any"])
    rules = [
        Rule(
            "is a year of six digits, as 201112 is 2011/12",
            name,
            f"{quote(name)} not between 100000 and 999999 or ({quote(name)} // 100 + 1) % 100 <> {quote(name)} % 100",
            _severities(_limits()["years"]["six_digits"]),
            f"{quote(name)} is not null",
        )
        for name in described.year
    ]
    for variable in described.variable:
        codes = catalogue.frame(variable)
        if codes and variable.role in (None, "sex") and variable.identifiability > 2:
            text = f"cast({quote(variable.name)} as varchar)"
            listed = ", ".join(literal(code) for code in codes)
            given = f"{quote(variable.name)} is not null"
            rules.append(Rule("is in its code frame", variable.name, f"{text} not in ({listed})", limit, given))
    return rules


def published_rules(catalogue: Catalogue, described: TableDef) -> list[Rule]:
    """Rules of a table that a run makes: what must be given is, rows are told apart by the key, spells end after they
    start, codes stand in their frames."""
    limits = {name: _severities(limit) for name, limit in _limits()["published"].items()}
    held = {variable.name for variable in described.variable}
    rules = [
        Rule("is given", variable.name, f"{quote(variable.name)} is null", limits["given"])
        for variable in described.variable
        if variable.required
    ]
    if described.key:
        key = ", ".join(map(quote, described.key))
        again = f"row_number() over (partition by {key} order by {key}) > 1"
        parts = ", ".join(f"coalesce(cast({quote(name)} as varchar), '')" for name in described.key)
        counted = f"count(*) - count(distinct concat_ws(chr(31), {parts}))"
        rules.append(Rule("stands once", ", ".join(described.key), again, limits["key"], counted=counted))
    if {"StartDate", "EndDate"} <= held:
        broken, both = '"EndDate" < "StartDate"', '"StartDate" is not null and "EndDate" is not null'
        rules.append(Rule("is not before its start", "EndDate", broken, limits["ends_before_start"], both))
    return [*rules, *attribute_rules(catalogue, described)]


def _key_rules(column: str, limits: Mapping[str, float]) -> list[Rule]:
    rules = [Rule("is given", column, f"{quote(column)} is null", limits)]
    if column == "source_key":
        key = quote(column)
        again = f"{key} is not null and row_number() over (partition by {key} order by {key}) > 1"
        rules.append(Rule("stands once", column, again, limits, counted=f"count({key}) - count(distinct {key})"))
    return rules


def _date_rules(dates: Mapping[str, Any], held: set[Any]) -> list[Rule]:
    rules = []
    if "dob" in held:
        earliest = f"dob < {literal(dates['earliest'])}"
        rules.append(Rule("is not too early", "dob", earliest, _severities(dates["born_too_early"]), "dob is not null"))
    if held >= {"dob", "valid_from"}:
        both = "dob is not null and valid_from is not null"
        limit = _severities(dates["born_after_record"])
        rules.append(Rule("is not after the record", "dob", "dob > valid_from", limit, both))
    if held >= {"valid_from", "valid_to"}:
        both = "valid_from is not null and valid_to is not null"
        limit = _severities(dates["ends_before_start"])
        rules.append(Rule("is not before its start", "valid_to", "valid_to < valid_from", limit, both))
    return rules


def _severities(limit: Mapping[str, float]) -> dict[str, float]:
    return {_SEVERITY[key]: float(share) for key, share in limit.items()}


@functools.cache
def _limits() -> dict[str, Any]:
    return tomllib.loads(config_file("contracts/records.toml").read_text(encoding="utf-8"))
