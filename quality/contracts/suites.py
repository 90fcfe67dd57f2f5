"""Rules of a table as a suite of Great Expectations, in the JSON that it stores and loads.

Written without it: to build an expectation takes it 4 ms, of a run's 400 rules longer than to count them. A suite says
what a rule means, how bad it is to break it and which variable of the catalogue it is about, for those who validate a
table elsewhere; a run's own verdicts come from counts (expectations.py).
"""

import functools
import importlib.metadata
from collections.abc import Sequence
from typing import Any

from linkage.catalogue import TableDef
from quality.contracts.rules import Rule


def suite(name: str, table: str, described: TableDef, rules: Sequence[Rule]) -> dict[str, Any]:
    """The suite of a table.

    Args:
        name: of the suite, as the results of its rules call their source.
        table: where the table lies that it can be run on.
    """
    return {
        "name": name,
        "expectations": [
            _expectation(rule, severity, limit) for rule in rules for severity, limit in rule.limits.items()
        ],
        "meta": {"great_expectations_version": _version(), "table": table},
        "notes": f"{described.title}: {described.grain}",
    }


def _expectation(rule: Rule, severity: str, limit: float) -> dict[str, Any]:
    kwargs = dict(rule.asked.kwargs)
    if limit and rule.asked.takes_share:
        kwargs["mostly"] = round(1 - limit, 12)  # 0.95, and not 0.9500000000000001
    found: dict[str, Any] = {
        "type": rule.asked.type,
        "kwargs": kwargs,
        "meta": {
            "rule": rule.name,
            "column": rule.column,
            "source_columns": [variable.name for variable in rule.about],
            "may_fail": limit,
        },
        "description": f"{rule.column}: {rule.name}" if rule.column else rule.name,
        "severity": severity,
    }
    notes = [variable.description for variable in rule.about]
    return {**found, "notes": notes} if notes else found


@functools.cache
def _version() -> str:
    return importlib.metadata.version("great-expectations")
