"""The kinds of rules: each yields the place of every breach in a request, and facts for
the rule's message.

A kind is registered under its function's name, with the parameters that a rule of it
needs.
"""

import datetime
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from linkage.catalogue import Variable
from linkage.catalogue.holdings import Holding, names_a_person
from linkage.catalogue.packages import Selection
from linkage.catalogue.years import Years
from linkage.errors import nearest, repeated
from linkage.extract.analysis_layouts import NEEDS, not_made
from linkage.extract.layout import Field, Layout, own_tables
from linkage.extract.project import population_faults
from linkage.requests.application import Application, Grant, tables_of, years_of
from linkage.requests.request import RequestedTable
from linkage.requests.rules import Rule

Breach = tuple[str, dict[str, Any]]
Kind = Callable[[Rule, Application], Iterator[Breach]]

KINDS: dict[str, tuple[Kind, frozenset[str]]] = {}
"""Kind to its check and the parameters that it takes."""
_EVERYTHING = ("*", "all", "ALL", "All")


def _kind(*parameters: str) -> Callable[[Kind], Kind]:
    def register(check: Kind) -> Kind:
        KINDS[check.__name__.replace("_", "-")] = check, frozenset(parameters)
        return check

    return register


def _near(name: str, known: Iterable[str], count: int = 1) -> str:
    matches = nearest(name, known, count)
    return f"nearest: {', '.join(matches)}" if matches else "nothing has a name like it"


# What a request says: its purpose, its people, its dates


def _values_of(
    application: Application, field: str | None
) -> Iterator[tuple[str, Any]]:
    """Every value of a field, with its place: one of the request, or one for each
    person, table or package.
    """
    request = application.request
    part, _, name = (field or "").partition(".")
    if not name:
        yield part, getattr(request, part)
    elif part == "person":
        yield from (
            (f"person {number}, {name}", getattr(p, name))
            for number, p in enumerate(request.person, 1)
        )
    else:
        for kind, parts in (("table", request.table), ("package", request.package)):
            if part in (kind, "asked"):
                yield from (
                    (f"{kind} {p.name}, {name}", getattr(p, name)) for p in parts
                )


@_kind("field", "words")
def words(rule: Rule, application: Application) -> Iterator[Breach]:
    """A text has at least `words` words. Fills in {given}: how many there are."""
    for place, value in _values_of(application, rule.field):
        count = len((" ".join(value) if isinstance(value, tuple) else value).split())
        if count < (rule.words or 1):
            yield (
                place,
                {
                    "given": f"{count} word{'' if count == 1 else 's'}"
                    if count
                    else "nothing"
                },
            )


@_kind("field", "values")
def listed(rule: Rule, application: Application) -> Iterator[Breach]:
    """A value is one of `values`. Fills in {listed}: the values, and {near}: the
    nearest. Never the value itself.
    """
    known = rule.values or {}
    for place, value in _values_of(application, rule.field):
        if value not in known:
            matches = nearest(str(value), known, cutoff=0.6)
            yield (
                place,
                {
                    "listed": _with_meanings(known),
                    "near": f"nearest: {matches[0]}; " if matches else "",
                },
            )


def _with_meanings(values: dict[str, str]) -> str:
    return ", ".join(f"{code} ({meaning})" for code, meaning in values.items())


@_kind("field")
def some(rule: Rule, application: Application) -> Iterator[Breach]:
    """A date is given, or a list has an entry."""
    yield from (
        (place, {}) for place, value in _values_of(application, rule.field) if not value
    )


@_kind("field", "value")
def one_is(rule: Rule, application: Application) -> Iterator[Breach]:
    """One of the people has this value. Nothing to say where there are none: another
    rule does.
    """
    values = [value for _, value in _values_of(application, rule.field)]
    if values and rule.value not in values:
        yield (rule.field or "").partition(".")[0], {}


@_kind("field")
def to_come(rule: Rule, application: Application) -> Iterator[Breach]:
    """A date, where it is given, is not past. Fills in {given}: the date."""
    for place, value in _values_of(application, rule.field):
        if value is not None and value < application.today:
            yield place, {"given": value}


@_kind("field", "years")
def soon(rule: Rule, application: Application) -> Iterator[Breach]:
    """A date, where given, is at most `years` years ahead. Fills in {given}: the date,
    {held}: the last one allowed.
    """
    last = _years_after(application.today, rule.years or 0)
    for place, value in _values_of(application, rule.field):
        if value is not None and value > last:
            yield place, {"given": value, "held": last}


def _years_after(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


# The data that a request asks for: do they exist, may they leave, is there a reason


def _known(application: Application) -> Iterator[tuple[RequestedTable, Holding]]:
    holding_of = application.held
    return (
        (table, holding_of[table.name])
        for table in application.request.table
        if table.name in holding_of
    )


def _takes(selection: Selection | None, grant: Grant, variable: Variable) -> bool:
    return selection is not None and selection.takes(grant.holding, variable)


@_kind("field")
def known(rule: Rule, application: Application) -> Iterator[Breach]:
    """Tables, or packages, exist. Fills in {name} and {near}."""
    are_tables = rule.field == "table"
    names: Collection[str] = application.held if are_tables else application.packages
    for place, name in _values_of(application, f"{rule.field}.name"):
        if name not in names and not (
            are_tables and name in application.standard.tables
        ):
            yield (
                place.removesuffix(", name"),
                {"name": name, "near": _near(name, names)},
            )


@_kind()
def held_here(rule: Rule, application: Application) -> Iterator[Breach]:
    """Data are held of tables and variables that the standard extract has. Fills in
    {name} and {near}.
    """
    for table in application.request.table:
        in_form = application.standard.tables.get(table.name)
        if in_form and table.name not in application.held:
            yield (
                f"table {table.name}",
                {"name": table.name, "near": _near(table.name, application.held)},
            )
        elif in_form:
            known = application.held[table.name].definition.variables
            for name in dict.fromkeys(table.variables):
                place = f"table {table.name}, variable {name}"
                if name not in known and name in in_form.held:
                    yield (
                        place,
                        {"name": name, "near": f"here it is {in_form.held[name]}"},
                    )
                elif name not in known and name in in_form.variables:
                    yield place, {"name": name, "near": _near(name, known, 3)}


@_kind()
def known_variable(rule: Rule, application: Application) -> Iterator[Breach]:
    """Variables of known tables exist. Fills in {name}, {near}."""
    for table, holding in _known(application):
        known = holding.definition.variables
        in_form = (
            application.standard.tables[table.name].names
            if table.name in application.standard.tables
            else {}
        )
        for name in dict.fromkeys(table.variables):
            if name not in known and name not in in_form and name not in _EVERYTHING:
                yield (
                    f"table {table.name}, variable {name}",
                    {"name": name, "near": _near(name, known, 3)},
                )


@_kind()
def phases(rule: Rule, application: Application) -> Iterator[Breach]:
    """A package that is split by phase is requested by phases that it is held for.
    Fills in {given}, {held}.
    """
    for package in application.request.package:
        if known := application.packages.get(package.name):
            phase_text = (
                ", ".join(known.phases) or "none: the package is not split by phase"
            )
            unknown = [phase for phase in package.phases if phase not in known.phases]
            if unknown or (known.phases and not package.phases):
                yield (
                    f"package {package.name}, phases",
                    {"given": ", ".join(unknown) or "no phase", "held": phase_text},
                )


@_kind()
def years_form(rule: Rule, application: Application) -> Iterator[Breach]:
    """Years are written as ranges. Fills in {given}."""
    for place, years in _values_of(application, "asked.years"):
        if years and years_of(years) is None:
            yield place, {"given": years}


def _asked_years(
    application: Application,
) -> Iterator[tuple[str, str | None, bool, dict[str, Years | None]]]:
    """Place, years as they are written, whether rows have years, and the years held by
    phase.
    """
    for table, holding in _known(application):
        yearly = bool(holding.year_columns or holding.spell_columns)
        yield f"table {table.name}, years", table.years, yearly, {"": holding.years}
    for package in application.request.package:
        if known := application.packages.get(package.name):
            phases = [
                phase for phase in known.parts if phase in package.phases or not phase
            ]
            yield (
                f"package {package.name}, years",
                package.years,
                True,
                {phase: known.years(phase) for phase in phases},
            )


@_kind()
def years_given(rule: Rule, application: Application) -> Iterator[Breach]:
    """Years are given just where rows have them. Fills in {given} and {held}."""
    for place, years, yearly, ranges in _asked_years(application):
        if yearly and not years:
            yield (
                place,
                {
                    "given": "years are missing",
                    "held": Years.around(ranges.values()) or "years",
                },
            )
        elif years and not yearly:
            yield place, {"given": "rows have no year", "held": "no years"}


@_kind()
def years_held(rule: Rule, application: Application) -> Iterator[Breach]:
    """All years requested are held. Fills in {given} and {held}."""
    for place, text, _, ranges in _asked_years(application):
        for phase, of_phase in ranges.items():
            years = years_of(text)
            if years and of_phase and not of_phase.covers(years):
                yield f"{place} {phase}".rstrip(), {"given": years, "held": of_phase}


@_kind()
def variable_held(rule: Rule, application: Application) -> Iterator[Breach]:
    """A variable is held in some of the years that its table is requested. Fills in
    {name}, {given}, {held}.
    """
    for table, holding in _known(application):
        years, known = years_of(table.years), holding.definition.variables
        if years is None or not (holding.years and holding.years.covers(years)):
            continue
        for variable in (
            known[name] for name in dict.fromkeys(table.variables) if name in known
        ):
            if variable.years and not Years.parse(variable.years).meets(years):
                place = f"table {table.name}, variable {variable.name}"
                yield (
                    place,
                    {"name": variable.name, "given": years, "held": variable.years},
                )


@_kind()
def once(rule: Rule, application: Application) -> Iterator[Breach]:
    """Nothing is named twice. Fills in {name}."""
    for kind, parts in (
        ("table", application.request.table),
        ("package", application.request.package),
    ):
        yield from (
            (f"{kind} {name}", {"name": name})
            for name in repeated(part.name for part in parts)
        )
    for table in application.request.table:
        for name in repeated(table.variables):
            yield f"table {table.name}, variable {name}", {"name": name}


@_kind("count")
def not_all(rule: Rule, application: Application) -> Iterator[Breach]:
    """No table of `count` or more variables that may leave is requested whole. Fills in
    {given}: how many.
    """
    for table, holding in _known(application):
        open_variables = {
            variable.name
            for variable in holding.definition.variable
            if not names_a_person(variable)
        }
        is_whole = any(name in _EVERYTHING for name in table.variables)
        if is_whole or (
            len(open_variables) >= (rule.count or 0)
            and open_variables <= set(table.variables)
        ):
            yield f"table {table.name}, variables", {"given": len(open_variables)}


@_kind()
def no_key(rule: Rule, application: Application) -> Iterator[Breach]:
    """No number of a person or record is requested: extracts have pseudonyms instead.
    Fills in {name}.
    """
    for grant, variable in application.items():
        if (
            grant.place.startswith("table ")
            and variable.identifiability > 2
            and names_a_person(variable)
        ):
            yield f"{grant.place}, variable {variable.name}", {"name": variable.name}


@_kind("which", "field", "words")
def reasoned(rule: Rule, application: Application) -> Iterator[Breach]:
    """What `which` picks has a reason, or an exemption, of `words` words. Fills in
    {name}, {given}: its rating.
    """
    places = {}
    for grant, variable in application.items():
        texts: Mapping[str, str] = getattr(grant, rule.field or "")
        if _takes(rule.which, grant, variable) and len(
            texts.get(variable.name, "").split()
        ) < (rule.words or 1):
            places[f"{grant.place}, variable {variable.name}"] = {
                "name": variable.name,
                "given": variable.rating,
            }
    yield from places.items()


@_kind()
def reasons_known(rule: Rule, application: Application) -> Iterator[Breach]:
    """Reasons and exemptions are for variables that are requested. Fills in {name} and
    {near}.
    """
    known: dict[str, list[str]] = {}
    for grant in application.grants:
        known.setdefault(grant.place, []).extend(
            variable.name for variable in grant.variables
        )
    parts = [
        (f"table {t.name}", {**t.reasons, **t.exemptions}, t.variables)
        for t in application.request.table
    ]
    parts += [(f"package {p.name}", p.reasons, ()) for p in application.request.package]
    for place, reasons, variables in parts:
        for name in reasons:
            if place in known and name not in known[place] and name not in variables:
                yield (
                    f"{place}, reason for {name}",
                    {"name": name, "near": _near(name, known[place])},
                )


@_kind("which", "other")
def apart(rule: Rule, application: Application) -> Iterator[Breach]:
    """What `which` and what `other` picks are not requested together. Fills in {name}
    and {given}: one of each.
    """
    first = [
        grant.holding.name
        for grant, variable in application.items()
        if _takes(rule.which, grant, variable)
    ]
    for grant, variable in application.items():
        if first and _takes(rule.other, grant, variable):
            yield (
                f"{grant.place}, variable {variable.name}",
                {"name": variable.name, "given": first[0]},
            )


@_kind("which", "field", "values")
def basis(rule: Rule, application: Application) -> Iterator[Breach]:
    """Where an item that `which` picks is requested, a field is one of `values`. Fills
    in {listed}, {name}: an item.
    """
    item = next(
        (
            f"{g.holding.name}.{v.name}"
            for g, v in application.items()
            if _takes(rule.which, g, v)
        ),
        None,
    )
    if item and getattr(application.request, rule.field or "") not in (
        rule.values or {}
    ):
        yield (
            rule.field or "",
            {"listed": _with_meanings(rule.values or {}), "name": item},
        )


@_kind("which")
def any_of(rule: Rule, application: Application) -> Iterator[Breach]:
    """Something that `which` picks is requested. Nothing to say where nothing that
    exists is requested.
    """
    items = list(application.items())
    if items and not any(
        _takes(rule.which, grant, variable) for grant, variable in items
    ):
        yield "table", {}


@_kind()
def something(rule: Rule, application: Application) -> Iterator[Breach]:
    """A table or a package is requested."""
    if not application.request.table and not application.request.package:
        yield "table", {}


@_kind()
def population(rule: Rule, application: Application) -> Iterator[Breach]:
    """Sources, tables and years of the population are held. Fills in {given}: what is
    wrong.
    """
    for place, fault in population_faults(
        application.request.population, application.catalogue, application.held
    ):
        yield place, {"given": fault}


@_kind()
def analysis(rule: Rule, application: Application) -> Iterator[Breach]:
    """Analysis tables can be made of what is requested. Fills in {name} and {given}:
    what it needs.
    """
    plan = own_tables(link_metadata=False)
    for table in tables_of(application.grants):
        holding = application.held[table.name]
        fields = tuple(
            Field(name, holding.definition.variables[name].type, "")
            for name in table.variables
        )
        years = (
            Years.parse(table.years) if table.years else holding.years
        )  # missing years break another rule
        plan.append(Layout(table.name, "", "", fields, holding=holding, years=years))
    for name in (
        not_made(application.request.analysis, plan) if application.grants else ()
    ):
        yield f"analysis {name}", {"name": name, "given": NEEDS[name]}
