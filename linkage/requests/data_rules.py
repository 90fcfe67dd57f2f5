"""Kinds of rules on the data that a request asks for: does it exist, may it leave, is there a reason for it.

Each kind yields the place of every breach and what the rule's text says of it.
"""

import difflib
from collections.abc import Iterable, Iterator

from linkage.catalogue import Variable
from linkage.catalogue.holdings import Holding, names_a_person
from linkage.catalogue.selection import Selection
from linkage.catalogue.years import Years
from linkage.extract.analysis_layouts import NEEDS, not_made
from linkage.extract.layout import Field, Layout, own_tables
from linkage.extract.project import population_faults, repeated
from linkage.requests.application import Application, Grant, tables_of, years_of
from linkage.requests.purpose_rules import Breach, Kind
from linkage.requests.request import RequestedTable
from linkage.requests.rules import Rule

EVERYTHING = ("*", "all", "ALL", "All")


def known_table(rule: Rule, application: Application) -> Iterator[Breach]:
    """Tables exist. Fills in {name} and {near}."""
    for table in application.request.table:
        if table.name not in application.held and table.name not in application.standard.tables:
            yield f"table {table.name}", {"name": table.name, "near": near(table.name, application.held)}


def held_here(rule: Rule, application: Application) -> Iterator[Breach]:
    """Data are held of tables and variables that the standard extract has. Fills in {name} and {near}."""
    for table in application.request.table:
        listed = application.standard.tables.get(table.name)
        if listed and table.name not in application.held:
            yield f"table {table.name}", {"name": table.name, "near": near(table.name, application.held)}
        elif listed:
            known = application.held[table.name].definition.variables
            for name in dict.fromkeys(table.variables):
                if name not in known and name in listed.held:
                    yield (
                        f"table {table.name}, variable {name}",
                        {"name": name, "near": f"here it is {listed.held[name]}"},
                    )
                elif name not in known and name in listed.variables:
                    yield f"table {table.name}, variable {name}", {"name": name, "near": near(name, known, 3)}


def known_variable(rule: Rule, application: Application) -> Iterator[Breach]:
    """Variables of known tables exist. Fills in {name}, {near}."""
    for table, holding in _known(application):
        known = holding.definition.variables
        exist = application.standard.tables[table.name].names if table.name in application.standard.tables else {}
        for name in dict.fromkeys(table.variables):
            if name not in known and name not in exist and name not in EVERYTHING:
                yield f"table {table.name}, variable {name}", {"name": name, "near": near(name, known, 3)}


def variables_named(rule: Rule, application: Application) -> Iterator[Breach]:
    """A table names at least one variable."""
    for table in application.request.table:
        if not table.variables:
            yield f"table {table.name}, variables", {}


def known_package(rule: Rule, application: Application) -> Iterator[Breach]:
    """Packages exist. Fills in {name} and {near}."""
    for package in application.request.package:
        if package.name not in application.packages:
            yield f"package {package.name}", {"name": package.name, "near": near(package.name, application.packages)}


def phases(rule: Rule, application: Application) -> Iterator[Breach]:
    """A package that is split by phase is requested by phases that it is held for. Fills in {given}, {held}."""
    for package in application.request.package:
        if known := application.packages.get(package.name):
            held = ", ".join(known.phases) or "none: the package is not split by phase"
            wrong = [phase for phase in package.phases if phase not in known.phases]
            if wrong or (known.phases and not package.phases):
                yield f"package {package.name}, phases", {"given": ", ".join(wrong) or "no phase", "held": held}


def years_form(rule: Rule, application: Application) -> Iterator[Breach]:
    """Years are written as ranges. Fills in {given}."""
    listed = (("table", application.request.table), ("package", application.request.package))
    for place, years in ((f"{kind} {part.name}, years", part.years) for kind, parts in listed for part in parts):
        if years and years_of(years) is None:
            yield place, {"given": years}


def years_given(rule: Rule, application: Application) -> Iterator[Breach]:
    """Years are given just where rows have them. Fills in {given} and {held}."""
    for table, holding in _known(application):
        yearly = bool(holding.year_columns or holding.spell_columns)
        if yearly and not table.years:
            yield f"table {table.name}, years", {"given": "years are missing", "held": holding.years or "years"}
        elif table.years and not yearly:
            yield f"table {table.name}, years", {"given": "rows have no year", "held": "no years"}
    for package in application.request.package:
        if package.name in application.packages and not package.years:
            spans = list(
                filter(None, map(application.packages[package.name].years, application.packages[package.name].parts))
            )
            held = Years(min(s.first for s in spans), max(s.last for s in spans)) if spans else "years"
            yield f"package {package.name}, years", {"given": "years are missing", "held": held}


def years_held(rule: Rule, application: Application) -> Iterator[Breach]:
    """All years requested are held. Fills in {given} and {held}."""
    for table, holding in _known(application):
        years = years_of(table.years)
        if years and holding.years and not holding.years.covers(years):
            yield f"table {table.name}, years", {"given": years, "held": holding.years}
    for package in application.request.package:
        years, known = years_of(package.years), application.packages.get(package.name)
        for phase in known.parts if known and years else ():
            held = known.years(phase) if known else None
            if years and held and (phase in package.phases or not phase) and not held.covers(years):
                named = f" {phase}" if phase else ""
                yield f"package {package.name}, years{named}", {"given": years, "held": held}


def variable_held(rule: Rule, application: Application) -> Iterator[Breach]:
    """A variable is held in some of the years that its table is requested. Fills in {name}, {given}, {held}."""
    for table, holding in _known(application):
        years = years_of(table.years)
        if years is None or not (holding.years and holding.years.covers(years)):
            continue
        for variable in _variables(table, holding):
            if variable.years and not Years.parse(variable.years).meets(years):
                place = f"table {table.name}, variable {variable.name}"
                yield place, {"name": variable.name, "given": years, "held": variable.years}


def once(rule: Rule, application: Application) -> Iterator[Breach]:
    """Nothing is named twice. Fills in {name}."""
    for kind, parts in (("table", application.request.table), ("package", application.request.package)):
        yield from ((f"{kind} {name}", {"name": name}) for name in repeated(part.name for part in parts))
    for table in application.request.table:
        for name in repeated(table.variables):
            yield f"table {table.name}, variable {name}", {"name": name}


def not_all(rule: Rule, application: Application) -> Iterator[Breach]:
    """No table of `count` or more variables that may leave is requested whole. Fills in {given}: how many."""
    for table, holding in _known(application):
        may_leave = {variable.name for variable in holding.definition.variable if not names_a_person(variable)}
        everything = any(name in EVERYTHING for name in table.variables)
        if everything or (len(may_leave) >= (rule.count or 0) and may_leave <= set(table.variables)):
            yield f"table {table.name}, variables", {"given": len(may_leave)}


def no_key(rule: Rule, application: Application) -> Iterator[Breach]:
    """No number of a person or record is requested: extracts have pseudonyms instead. Fills in {name}."""
    for grant, variable in _of_tables(application):
        if variable.identifiability > 2 and names_a_person(variable):
            yield f"{grant.place}, variable {variable.name}", {"name": variable.name}


def exempt(rule: Rule, application: Application) -> Iterator[Breach]:
    """What `which` picks is requested only with an exemption. Fills in {name} and {given}: its rating."""
    for grant, variable in _of_tables(application):
        if _takes(rule.which, grant, variable) and not grant.exemptions.get(variable.name, "").strip():
            rating = f"{variable.identifiability}{variable.sensitivity}"
            yield f"{grant.place}, variable {variable.name}", {"name": variable.name, "given": rating}


def reasoned(rule: Rule, application: Application) -> Iterator[Breach]:
    """Each item that `which` picks has a reason of `words` words. Fills in {name} and {given}: its rating."""
    places = {}
    for grant, variable in application.items():
        reason = grant.reasons.get(variable.name, "")
        if _takes(rule.which, grant, variable) and len(reason.split()) < (rule.words or 1):
            rating = f"{variable.identifiability}{variable.sensitivity}"
            places[f"{grant.place}, variable {variable.name}"] = {"name": variable.name, "given": rating}
    yield from places.items()


def reasons_known(rule: Rule, application: Application) -> Iterator[Breach]:
    """Reasons and exemptions are for variables that are requested. Fills in {name} and {near}."""
    grants = application.grants
    known = {
        place: [v.name for g in grants if g.place == place for v in g.variables] for place in {g.place for g in grants}
    }
    parts = [(f"table {t.name}", {**t.reasons, **t.exemptions}, t.variables) for t in application.request.table]
    parts += [(f"package {p.name}", p.reasons, ()) for p in application.request.package]
    for place, given, named in parts:
        for name in given:
            if place in known and name not in known[place] and name not in named:
                yield f"{place}, reason for {name}", {"name": name, "near": near(name, known[place])}


def apart(rule: Rule, application: Application) -> Iterator[Breach]:
    """What `which` and what `other` picks are not requested together. Fills in {name} and {given}: one of each."""
    first = [grant.holding.name for grant, variable in application.items() if _takes(rule.which, grant, variable)]
    for grant, variable in application.items():
        if first and _takes(rule.other, grant, variable):
            yield f"{grant.place}, variable {variable.name}", {"name": variable.name, "given": first[0]}


def basis(rule: Rule, application: Application) -> Iterator[Breach]:
    """Where an item that `which` picks is requested, a field is one of `values`. Fills in {listed}, {name}: an item."""
    found = next((f"{g.holding.name}.{v.name}" for g, v in application.items() if _takes(rule.which, g, v)), None)
    if found and getattr(application.request, rule.field or "") not in (rule.values or {}):
        listed = ", ".join(f"{code} ({meaning})" for code, meaning in (rule.values or {}).items())
        yield rule.field or "", {"listed": listed, "name": found}


def any_of(rule: Rule, application: Application) -> Iterator[Breach]:
    """Something that `which` picks is requested. Nothing to say where nothing that exists is requested."""
    items = list(application.items())
    if items and not any(_takes(rule.which, grant, variable) for grant, variable in items):
        yield "table", {}


def something(rule: Rule, application: Application) -> Iterator[Breach]:
    """A table or a package is requested."""
    if not application.request.table and not application.request.package:
        yield "table", {}


def population(rule: Rule, application: Application) -> Iterator[Breach]:
    """Sources, tables and years of the population are held. Fills in {given}: what is wrong."""
    for place, says in population_faults(application.request.population, application.catalogue, application.held):
        yield place, {"given": says}


def analysis(rule: Rule, application: Application) -> Iterator[Breach]:
    """Analysis tables can be made of what is requested. Fills in {name} and {given}: what it needs."""
    plan = own_tables(link_metadata=False)
    for table in tables_of(application.grants):
        holding = application.held[table.name]
        fields = tuple(Field(name, holding.definition.variables[name].type, "") for name in table.variables)
        years = Years.parse(table.years) if table.years else holding.years  # years that lack are another rule's
        plan.append(Layout(table.name, "", "", fields, holding=holding, years=years))
    for name in not_made(application.request.analysis, plan) if application.grants else ():
        yield f"analysis {name}", {"name": name, "given": NEEDS[name]}


def near(name: str, known: Iterable[str], count: int = 1) -> str:
    """The names most like one, or where to look."""
    lowered = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), list(lowered), count, 0.5)
    return f"nearest: {', '.join(lowered[each] for each in found)}" if found else "nothing has a name like it"


def _known(application: Application) -> Iterator[tuple[RequestedTable, Holding]]:
    held = application.held
    return ((table, held[table.name]) for table in application.request.table if table.name in held)


def _variables(table: RequestedTable, holding: Holding) -> list[Variable]:
    known = holding.definition.variables
    return [known[name] for name in dict.fromkeys(table.variables) if name in known]


def _of_tables(application: Application) -> Iterator[tuple[Grant, Variable]]:
    return ((grant, variable) for grant, variable in application.items() if grant.place.startswith("table "))


def _takes(which: Selection | None, grant: Grant, variable: Variable) -> bool:
    return which is not None and which.takes(grant.holding, variable)


KINDS: dict[str, tuple[Kind, frozenset[str]]] = {
    "known-table": (known_table, frozenset()),
    "known-variable": (known_variable, frozenset()),
    "held-here": (held_here, frozenset()),
    "variables-named": (variables_named, frozenset()),
    "known-package": (known_package, frozenset()),
    "phases": (phases, frozenset()),
    "years-form": (years_form, frozenset()),
    "years-given": (years_given, frozenset()),
    "years-held": (years_held, frozenset()),
    "variable-held": (variable_held, frozenset()),
    "once": (once, frozenset()),
    "not-all": (not_all, frozenset({"count"})),
    "no-key": (no_key, frozenset()),
    "exempt": (exempt, frozenset({"which"})),
    "reasoned": (reasoned, frozenset({"which", "words"})),
    "reasons-known": (reasons_known, frozenset()),
    "apart": (apart, frozenset({"which", "other"})),
    "basis": (basis, frozenset({"which", "field", "values"})),
    "any-of": (any_of, frozenset({"which"})),
    "something": (something, frozenset()),
    "population": (population, frozenset()),
    "analysis": (analysis, frozenset()),
}
"""Kind to its check and the parameters that it takes."""
