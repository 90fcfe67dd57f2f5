"""Rules that the catalogue implies: conditions on a table's rows, and how many rows may
break them.
"""

import functools
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from linkage.catalogue import PROBLEMS, Catalogue, TableDef, Variable
from linkage.config.resources import config_file
from linkage.engine import literal, quote

_SEVERITY = {"warn": "warning", "stop": "critical"}
Limits = Mapping[str, float]
"""Severity to the largest share of rows that may break a rule."""
Expectation = tuple[str, dict[str, Any]]
"""A rule for Great Expectations: type and arguments, on a table as a run keeps it."""


@dataclass(frozen=True)
class Rule:
    """A condition that rows break.

    Attributes:
        broken: SQL condition.
        expectation: the same for Great Expectations.
        applies: SQL condition of the rows that are checked.
        counted: SQL of how many rows break it, where no row does by itself.
        known: how many were checked and how many break it, where that is not a matter
            of rows.
        variables: of the catalogue, that the rule is about.
    """

    name: str
    column: str | None
    broken: str
    limits: Limits
    expectation: Expectation
    applies: str = "true"
    counted: str | None = None
    known: tuple[int, int] | None = None
    variables: tuple[Variable, ...] = ()

    @property
    def checked_count(self) -> str:
        """SQL of how many rows are checked."""
        return (
            f"count(*) * 0 + {self.known[0]}"
            if self.known
            else f"count(*) filter (where {self.applies})"
        )

    @property
    def failed_count(self) -> str:
        """SQL of how many rows break it."""
        if self.known:
            return f"count(*) * 0 + {self.known[1]}"
        return (
            self.counted
            or f"count(*) filter (where {self.applies} and ({self.broken}))"
        )


def record_rules(described: TableDef) -> list[Rule]:
    """Rules of a source's `records`: an identifier is expected where the catalogue's
    table holds one.
    """
    limits, roles = (
        _limits(),
        {variable.role for variable in described.variable if variable.role},
    )
    rules = []
    for column, limit in limits["keys"].items():
        rules.append(_given(column, _severities(limit)))
        if column == "source_key":
            duplicates = f"count({quote(column)}) - count(distinct {quote(column)})"
            rules.append(_once([column], _severities(limit), duplicates))
    rules += [
        _given(role, _severities(limit))
        for role, limit in limits["given"].items()
        if role in roles
    ]
    for role, limit in limits["valid"].items():
        if role in roles or (role == "name" and roles & {"forename", "surname"}):
            rules.append(_valid(role, _severities(limit)))
    rules += _date_rules(limits["dates"], roles)
    role_map = {"name": ("forename", "surname"), "source_key": ("record_key",)}
    return [
        replace(
            rule,
            variables=tuple(
                v
                for v in described.variable
                if v.role in role_map.get(rule.column or "", (rule.column,))
            ),
        )
        for rule in rules
    ]


def attribute_rules(
    catalogue: Catalogue, described: TableDef, *, framed: Limits | None = None
) -> list[Rule]:
    """Rules of a table of attributes: years are six digits, as extracts ask for them;
    codes are in their frame.

    Args:
        framed: how many codes may be outside their frame; as of a source when None.
    """
    limit = _severities(_limits()["frame"]["any"]) if framed is None else framed
    rules = [
        _year_rule(name, _severities(_limits()["years"]["six_digits"]))
        for name in described.year
    ]
    for variable in described.variable:
        codes = catalogue.frame(variable)
        if codes and variable.role in (None, "sex") and variable.identifiability > 2:
            code_list = ", ".join(literal(code) for code in codes)
            test = f"cast({quote(variable.name)} as varchar) not in ({code_list})"
            expectation = _in_set(variable.name, _codes(variable.type, codes))
            rules.append(
                Rule(
                    "is in its code frame",
                    variable.name,
                    test,
                    limit,
                    expectation,
                    _has(variable.name),
                )
            )
    return _with_variables(described, rules)


def published_rules(
    catalogue: Catalogue, described: TableDef, *, framed: Limits | None = None
) -> list[Rule]:
    """Rules of a table that a run makes: required values are given, keys are unique,
    spells end after they start, codes are in their frames, shares in their range.
    """
    limits = {
        name: _severities(limit) for name, limit in _limits()["published"].items()
    }
    names = {variable.name for variable in described.variable}
    rules = [
        _given(variable.name, limits["given"])
        for variable in described.variable
        if variable.required
    ]
    if described.key:
        parts = ", ".join(
            f"coalesce(cast({quote(name)} as varchar), '')" for name in described.key
        )
        rules.append(
            _once(
                described.key,
                limits["key"],
                f"count(*) - count(distinct concat_ws(chr(31), {parts}))",
            )
        )
    if {"StartDate", "EndDate"} <= names:
        limit = limits["ends_before_start"]
        rules.append(
            _not_before(
                "is not before its start", "EndDate", "EndDate", "StartDate", limit
            )
        )
    for name, range_ in _made()["range"].items():
        if name in names:
            low, high = float(range_["low"]), float(range_["high"])
            test = f"{quote(name)} not between {low!r} and {high!r}"
            kwargs = {"column": name, "min_value": low, "max_value": high}
            expectation = ("expect_column_values_to_be_between", kwargs)
            rules.append(
                Rule(
                    "lies in its range",
                    name,
                    test,
                    _severities(range_),
                    expectation,
                    _has(name),
                )
            )
    return [
        *_with_variables(described, rules),
        *attribute_rules(catalogue, described, framed=framed),
    ]


def extract_rules(
    catalogue: Catalogue,
    described: TableDef,
    pseudonyms: Sequence[str],
    form: str,
    columns: Sequence[str],
) -> list[Rule]:
    """Rules of a table of an extract: its columns are those approved, people and places
    are pseudonyms of the project, and the rules of a table that a run makes, where
    codes outside their frame are only reported.

    Args:
        described: what was approved.
        pseudonyms: columns of them.
        form: of a pseudonym, as a regular expression.
        columns: those that the table has.
    """
    limits = {name: _severities(limit) for name, limit in _made()["extract"].items()}
    approved = {variable.name for variable in described.variable}
    mismatches = len(set(columns) ^ approved)
    kwargs = {"column_set": sorted(approved), "exact_match": True}
    expectation = ("expect_table_columns_to_match_set", kwargs)
    known = (len(set(columns) | approved), mismatches)
    rules = [
        Rule(
            "the columns are those approved",
            None,
            "false",
            limits["columns"],
            expectation,
            known=known,
        )
    ]
    if mismatches:  # the other rules are about columns that may not be there
        return rules
    for name in pseudonyms:
        other = f"not regexp_matches({quote(name)}, {literal(form)})"
        rules.append(
            Rule(
                "is a pseudonym",
                name,
                other,
                limits["pseudonym"],
                _in_form(name, form),
                _has(name),
            )
        )
    return [
        *_with_variables(described, rules),
        *published_rules(catalogue, described, framed=limits["frame"]),
    ]


def made_tables() -> dict[str, TableDef]:
    """A run's own tables that the catalogue does not describe, since they cannot be
    requested.
    """
    return {
        name: TableDef.model_validate({"name": name, **table})
        for name, table in _made()["table"].items()
    }


def _has(column: str) -> str:
    return f"{quote(column)} is not null"


def _given(column: str, limits: Limits) -> Rule:
    expectation = ("expect_column_values_to_not_be_null", {"column": column})
    return Rule("is given", column, f"{quote(column)} is null", limits, expectation)


def _once(columns: Sequence[str], limits: Limits, duplicates: str) -> Rule:
    """No two rows are equal in `columns`. Great Expectations counts every row of
    equals, our counts all but one.
    """
    expectation: Expectation = (
        "expect_column_values_to_be_unique",
        {"column": columns[0]},
    )
    if len(columns) > 1:
        kwargs = {"column_list": list(columns), "ignore_row_if": "never"}
        expectation = ("expect_compound_columns_to_be_unique", kwargs)
    return Rule(
        "is unique",
        ", ".join(columns),
        "false",
        limits,
        expectation,
        counted=duplicates,
    )


def _valid(role: str, limits: Limits) -> Rule:
    """A bit of `problems` is not set, of rows that have a value or had an invalid one;
    of a name, of all rows.
    """
    flag = PROBLEMS[role]
    flagged = f"(problems & {flag}) <> 0"
    clear = [bits for bits in range(sum(PROBLEMS.values()) + 1) if not bits & flag]
    type_, kwargs = _in_set("problems", clear)
    if role == "name":
        return Rule("is a valid value", role, flagged, limits, (type_, kwargs))
    present = {"type": "nullity", "column": {"name": role}, "is_null": False}
    invalid = {
        "type": "comparison",
        "column": {"name": "problems"},
        "operator": "NOT_IN",
        "parameter": clear,
    }
    expectation = (
        type_,
        kwargs | {"row_condition": {"type": "or", "conditions": [present, invalid]}},
    )
    return Rule(
        "is a valid value",
        role,
        flagged,
        limits,
        expectation,
        f"({_has(role)} or {flagged})",
    )


def _date_rules(dates: Mapping[str, Any], roles: set[Any]) -> list[Rule]:
    rules = []
    if "dob" in roles:
        year = int(dates["earliest_year"])
        expectation = _in_form("dob", f"^(?:{_year_or_later(year)})-")
        condition, limits = f"year(dob) < {year}", _severities(dates["born_too_early"])
        rules.append(
            Rule("is not too early", "dob", condition, limits, expectation, _has("dob"))
        )
    if roles >= {"dob", "valid_from"}:
        limits = _severities(dates["born_after_record"])
        rules.append(
            _not_before("is not after the record", "dob", "valid_from", "dob", limits)
        )
    if roles >= {"valid_from", "valid_to"}:
        limits = _severities(dates["ends_before_start"])
        rules.append(
            _not_before(
                "is not before its start", "valid_to", "valid_to", "valid_from", limits
            )
        )
    return rules


def _not_before(
    name: str, column: str, second: str, first: str, limits: Limits
) -> Rule:
    """Of rows that have both dates, `second` is not before `first`."""
    kwargs = {
        "column_A": second,
        "column_B": first,
        "or_equal": True,
        "ignore_row_if": "either_value_is_missing",
    }
    expectation = ("expect_column_pair_values_a_to_be_greater_than_b", kwargs)
    condition, both = (
        f"{quote(second)} < {quote(first)}",
        f"{_has(second)} and {_has(first)}",
    )
    return Rule(name, column, condition, limits, expectation, both)


def _year_rule(name: str, limits: Limits) -> Rule:
    """201112 is 2011/12. Where some are missing, pandas has whole numbers as
    decimals.
    """
    column = quote(name)
    condition = (
        f"{column} not between 100000 and 999999 or ({column} // 100 + 1) % "
        f"100 <> {column} % 100"
    )
    pairs = "|".join(f"{year:02d}{(year + 1) % 100:02d}" for year in range(100))
    expectation = _in_form(name, rf"^[1-9][0-9](?:{pairs})(?:\.0)?$")
    return Rule(
        "is a year of six digits, such as 201112",
        name,
        condition,
        limits,
        expectation,
        _has(name),
    )


def _year_or_later(year: int) -> str:
    """Years of four digits from `year`: for each of its digits those that begin as it
    does and then exceed it.
    """
    digits = f"{year:04d}"
    larger = [
        digits[:place] + f"[{int(digit) + 1}-9]" + "[0-9]" * (3 - place)
        for place, digit in enumerate(digits)
        if digit != "9"
    ]
    return "|".join([digits, *larger])


def _in_set(column: str, values: Collection[Any]) -> Expectation:
    return "expect_column_values_to_be_in_set", {
        "column": column,
        "value_set": list(values),
    }


def _in_form(column: str, form: str) -> Expectation:
    return "expect_column_values_to_match_regex", {"column": column, "regex": form}


def _codes(type_: str, codes: Collection[str]) -> list[Any]:
    """A frame's codes as the column holds them: a whole number has no leading zero."""
    if type_ == "integer":
        return [int(code) for code in codes if re.fullmatch(r"0|-?[1-9][0-9]*", code)]
    if type_ == "boolean":
        return [code == "true" for code in codes if code in ("true", "false")]
    return list(codes)


def _with_variables(definition: TableDef, rules: Sequence[Rule]) -> list[Rule]:
    variables = definition.variables
    return [
        replace(
            rule,
            variables=tuple(
                variables[name]
                for name in (rule.column or "").split(", ")
                if name in variables
            ),
        )
        for rule in rules
    ]


def _severities(limit: Mapping[str, float]) -> dict[str, float]:
    return {
        _SEVERITY[key]: float(share) for key, share in limit.items() if key in _SEVERITY
    }


@functools.cache
def _limits() -> dict[str, Any]:
    return tomllib.loads(
        config_file("contracts/records.toml").read_text(encoding="utf-8")
    )


@functools.cache
def _made() -> dict[str, Any]:
    return tomllib.loads(config_file("contracts/made.toml").read_text(encoding="utf-8"))
