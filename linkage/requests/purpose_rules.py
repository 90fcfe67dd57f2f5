"""Kinds of rules on what a request says of itself: its purpose, its people, its dates.

Each kind yields the place of every breach and what the rule's text says of it.
"""

import datetime
import difflib
from collections.abc import Callable, Iterator
from typing import Any

from linkage.requests.application import Application
from linkage.requests.rules import Rule

Breach = tuple[str, dict[str, Any]]
Kind = Callable[[Rule, Application], Iterator[Breach]]


def values_of(application: Application, field: str) -> Iterator[tuple[str, Any]]:
    """Every value of a field, with its place: one of the request, or one for each person, table or package."""
    request = application.request
    part, _, name = field.partition(".")
    if not name:
        yield field, getattr(request, field)
    elif part == "person":
        yield from ((f"person {number}, {name}", getattr(p, name)) for number, p in enumerate(request.person, 1))
    else:
        parts = (("table", request.table), ("package", request.package))
        kinds = [kind for kind in parts if part in (kind[0], "asked")]
        yield from ((f"{kind} {p.name}, {name}", getattr(p, name)) for kind, listed in kinds for p in listed)


def words(rule: Rule, application: Application) -> Iterator[Breach]:
    """A text has at least `words` words. Fills in {given}: how many there are."""
    for place, value in values_of(application, rule.field or ""):
        text = " ".join(value) if isinstance(value, tuple) else value
        found = len(text.split())
        if found < (rule.words or 1):
            yield place, {"given": f"{found} word{'' if found == 1 else 's'}" if found else "nothing"}


def listed(rule: Rule, application: Application) -> Iterator[Breach]:
    """A value is one of `values`. Fills in {listed}: the values, and {near}: the nearest. Never the value itself."""
    known = rule.values or {}
    shown = ", ".join(f"{code} ({meaning})" for code, meaning in known.items())
    for place, value in values_of(application, rule.field or ""):
        if value not in known:
            near = difflib.get_close_matches(str(value).lower(), list(known), 1)
            yield place, {"listed": shown, "near": f"nearest: {near[0]}; " if near else ""}


def some(rule: Rule, application: Application) -> Iterator[Breach]:
    """A list has an entry."""
    for place, value in values_of(application, rule.field or ""):
        if not value:
            yield place, {}


def one_is(rule: Rule, application: Application) -> Iterator[Breach]:
    """Of the people there are, one has this value. Nothing to say where there are none: another rule does."""
    found = [value for _, value in values_of(application, rule.field or "")]
    if found and rule.value not in found:
        yield (rule.field or "").partition(".")[0], {}


def dated(rule: Rule, application: Application) -> Iterator[Breach]:
    """A date is given."""
    for place, value in values_of(application, rule.field or ""):
        if value is None:
            yield place, {}


def to_come(rule: Rule, application: Application) -> Iterator[Breach]:
    """A date, where it is given, is not past. Fills in {given}: the date."""
    for place, value in values_of(application, rule.field or ""):
        if value is not None and value < application.today:
            yield place, {"given": value}


def soon(rule: Rule, application: Application) -> Iterator[Breach]:
    """A date, where given, is at most `years` years ahead. Fills in {given}: the date, {held}: the last one allowed."""
    last = _years_after(application.today, rule.years or 0)
    for place, value in values_of(application, rule.field or ""):
        if value is not None and value > last:
            yield place, {"given": value, "held": last}


def _years_after(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


KINDS: dict[str, tuple[Kind, frozenset[str]]] = {
    "words": (words, frozenset({"field", "words"})),
    "listed": (listed, frozenset({"field", "values"})),
    "some": (some, frozenset({"field"})),
    "one-is": (one_is, frozenset({"field", "value"})),
    "dated": (dated, frozenset({"field"})),
    "to-come": (to_come, frozenset({"field"})),
    "soon": (soon, frozenset({"field", "years"})),
}
"""Kind to its check and the parameters that it takes."""
