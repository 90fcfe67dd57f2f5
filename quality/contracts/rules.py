"""Rules that the catalogue implies, as conditions on a table's rows, with how much may break them."""

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from linkage.catalogue import PROBLEMS, Catalogue, TableDef, Variable
from linkage.config.resources import config_file
from linkage.engine import literal, quote
from quality.contracts import asked
from quality.contracts.asked import Asked

_SEVERITY = {"warn": "warning", "stop": "critical"}


@dataclass(frozen=True)
class Rule:
    """A condition that rows break, and how many of the rows that it applies to may do so.

    Attributes:
        broken: SQL condition.
        limits: severity to the largest share.
        asked: the same in Great Expectations' own words.
        applies: SQL condition.
        counted: how many rows break it, where the condition is no row's own and cannot be counted by.
        known: how many were looked at and how many break it, where that is no matter of rows.
        about: the catalogue's variables that it speaks of.
    """

    name: str
    column: str | None
    broken: str
    limits: Mapping[str, float]
    asked: Asked
    applies: str = "true"
    counted: str | None = None
    known: tuple[int, int] | None = None
    about: tuple[Variable, ...] = ()

    @property
    def checked_count(self) -> str:
        if self.known:
            return f"count(*) * 0 + {self.known[0]}"  # beside counts of rows, in one query
        return f"count(*) filter (where {self.applies})"

    @property
    def failed_count(self) -> str:
        if self.known:
            return f"count(*) * 0 + {self.known[1]}"
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
    rules += [_given(role, _severities(limit)) for role, limit in limits["given"].items() if role in held]
    for role, limit in limits["valid"].items():
        if role in held or (role == "name" and held & {"forename", "surname"}):
            flagged = f"(problems & {PROBLEMS[role]}) <> 0"
            applies = "true" if role == "name" else f"({quote(role)} is not null or {flagged})"
            clear = asked.without_flag(None if role == "name" else role, PROBLEMS[role], sum(PROBLEMS.values()))
            rules.append(Rule("is a value that the form allows", role, flagged, _severities(limit), clear, applies))
    rules += _date_rules(limits["dates"], held)
    return [replace(rule, about=_of_role(described, rule.column)) for rule in rules]


def _of_role(described: TableDef, role: str | None) -> tuple[Variable, ...]:
    """The variables that a column of `records` is made of: of a name, and of a key, there may be several."""
    roles = {"name": ("forename", "surname"), "source_key": ("record_key",)}.get(role or "", (role,))
    return tuple(variable for variable in described.variable if variable.role in roles)


def _given(column: str, limits: Mapping[str, float]) -> Rule:
    return Rule("is given", column, f"{quote(column)} is null", limits, asked.not_null(column))


def attribute_rules(
    catalogue: Catalogue, described: TableDef, *, framed: Mapping[str, float] | None = None
) -> list[Rule]:
    """Rules of a table of attributes: years are six digits, as extracts ask for them; each code stands in its frame.

    Args:
        framed: how many codes may stand outside their frame; as of a source when None.
    """
    limit = _severities(_limits()["frame"]["any"]) if framed is None else framed
    rules = [
        Rule(
            "is a year of six digits, as 201112 is 2011/12",
            name,
            f"{quote(name)} not between 100000 and 999999 or ({quote(name)} // 100 + 1) % 100 <> {quote(name)} % 100",
            _severities(_limits()["years"]["six_digits"]),
            asked.six_digits(name),
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
            framed_so = asked.codes(variable.name, variable.type, codes)
            outside = f"{text} not in ({listed})"
            rules.append(Rule("is in its code frame", variable.name, outside, limit, framed_so, given))
    return _about(described, rules)


def published_rules(
    catalogue: Catalogue, described: TableDef, *, framed: Mapping[str, float] | None = None
) -> list[Rule]:
    """Rules of a table that a run makes: what must be given is, rows are told apart by the key, spells end after they
    start, codes stand in their frames, shares lie in their range."""
    limits = {name: _severities(limit) for name, limit in _limits()["published"].items()}
    held = {variable.name for variable in described.variable}
    rules = [_given(variable.name, limits["given"]) for variable in described.variable if variable.required]
    if described.key:
        key = ", ".join(map(quote, described.key))
        again = f"row_number() over (partition by {key} order by {key}) > 1"
        parts = ", ".join(f"coalesce(cast({quote(name)} as varchar), '')" for name in described.key)
        counted = f"count(*) - count(distinct concat_ws(chr(31), {parts}))"
        once = asked.once(described.key)
        rules.append(Rule("stands once", ", ".join(described.key), again, limits["key"], once, counted=counted))
    if {"StartDate", "EndDate"} <= held:
        broken, both = '"EndDate" < "StartDate"', '"StartDate" is not null and "EndDate" is not null'
        not_before = asked.not_before("EndDate", "StartDate")
        ends = limits["ends_before_start"]
        rules.append(Rule("is not before its start", "EndDate", broken, ends, not_before, both))
    for name, range_ in _made()["range"].items():
        if name in held:
            low, high = float(range_["low"]), float(range_["high"])
            outside, given = f"{quote(name)} not between {low!r} and {high!r}", f"{quote(name)} is not null"
            within = asked.between(name, low, high)
            rules.append(Rule("lies in its range", name, outside, _severities(range_), within, given))
    return [*_about(described, rules), *attribute_rules(catalogue, described, framed=framed)]


def extract_rules(
    catalogue: Catalogue, described: TableDef, pseudonyms: Sequence[str], form: str, columns: Sequence[str]
) -> list[Rule]:
    """Rules of a table of an extract: it has the columns that were approved and no other; who and where are pseudonyms
    of the project; and what is asked of a table that a run makes, where codes outside their frame are only told.

    Args:
        described: what was approved.
        pseudonyms: columns of them.
        form: of a pseudonym, as a regular expression.
        columns: those that the table has.
    """
    limits = {name: _severities(limit) for name, limit in _made()["extract"].items()}
    approved = [variable.name for variable in described.variable]
    wrong = len(set(columns) ^ set(approved))
    rules = [
        Rule(
            "the columns are those approved, and no other",
            None,
            "false",
            limits["columns"],
            asked.columns_are(approved),
            known=(len(set(columns) | set(approved)), wrong),
        )
    ]
    if wrong:  # the others speak of columns that may not be there
        return rules
    for name in pseudonyms:
        other, given = f"not regexp_matches({quote(name)}, {literal(form)})", f"{quote(name)} is not null"
        rules.append(Rule("is a pseudonym", name, other, limits["pseudonym"], asked.in_form(name, form), given))
    return [*_about(described, rules), *published_rules(catalogue, described, framed=limits["frame"])]


def made_tables() -> tuple[dict[str, TableDef], dict[str, dict[str, str]]]:
    """Tables of a run's own that the catalogue does not describe, since nobody can ask for them, and their code
    frames."""
    made = _made()
    tables = {name: TableDef.model_validate({"name": name, **table}) for name, table in made["table"].items()}
    return tables, made["frame"]


def _about(described: TableDef, rules: Sequence[Rule]) -> list[Rule]:
    named = described.variables
    return [
        replace(rule, about=tuple(named[name] for name in (rule.column or "").split(", ") if name in named))
        for rule in rules
    ]


def _key_rules(column: str, limits: Mapping[str, float]) -> list[Rule]:
    rules = [_given(column, limits)]
    if column == "source_key":
        key = quote(column)
        again = f"{key} is not null and row_number() over (partition by {key} order by {key}) > 1"
        counted = f"count({key}) - count(distinct {key})"
        rules.append(Rule("stands once", column, again, limits, asked.once([column]), counted=counted))
    return rules


def _date_rules(dates: Mapping[str, Any], held: set[Any]) -> list[Rule]:
    rules = []
    if "dob" in held:
        earliest, limit = dates["earliest"], _severities(dates["born_too_early"])
        early, asked_so = f"dob < {literal(earliest)}", asked.from_day("dob", earliest)
        rules.append(Rule("is not too early", "dob", early, limit, asked_so, "dob is not null"))
    if held >= {"dob", "valid_from"}:
        both = "dob is not null and valid_from is not null"
        limit, asked_so = _severities(dates["born_after_record"]), asked.not_before("valid_from", "dob")
        rules.append(Rule("is not after the record", "dob", "dob > valid_from", limit, asked_so, both))
    if held >= {"valid_from", "valid_to"}:
        both = "valid_from is not null and valid_to is not null"
        limit, asked_so = _severities(dates["ends_before_start"]), asked.not_before("valid_to", "valid_from")
        rules.append(Rule("is not before its start", "valid_to", "valid_to < valid_from", limit, asked_so, both))
    return rules


def _severities(limit: Mapping[str, float]) -> dict[str, float]:
    return {_SEVERITY[key]: float(share) for key, share in limit.items() if key in _SEVERITY}


@functools.cache
def _limits() -> dict[str, Any]:
    return tomllib.loads(config_file("contracts/records.toml").read_text(encoding="utf-8"))


@functools.cache
def _made() -> dict[str, Any]:
    return tomllib.loads(config_file("contracts/made.toml").read_text(encoding="utf-8"))
