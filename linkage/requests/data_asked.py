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
from linkage.requests.asked import Asked, Grant, tables_of, years_of
from linkage.requests.particulars import Breach, Kind
from linkage.requests.request import AskedTable
from linkage.requests.rules import Rule

EVERYTHING = ("*", "all", "ALL", "All")


def known_table(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Tables exist. Fills in {name} and {near}."""
    for table in asked.request.table:
        if table.name not in asked.held and table.name not in asked.standard.tables:
            yield f"table {table.name}", {"name": table.name, "near": near(table.name, asked.held)}


def held_here(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Data are held of tables and variables that the standard extract has. Fills in {name} and {near}."""
    for table in asked.request.table:
        listed = asked.standard.tables.get(table.name)
        if listed and table.name not in asked.held:
            yield f"table {table.name}", {"name": table.name, "near": near(table.name, asked.held)}
        elif listed:
            known = asked.held[table.name].definition.variables
            for name in dict.fromkeys(table.variables):
                if name not in known and name in listed.held:
                    yield (
                        f"table {table.name}, variable {name}",
                        {"name": name, "near": f"here it is {listed.held[name]}"},
                    )
                elif name not in known and name in listed.variables:
                    yield f"table {table.name}, variable {name}", {"name": name, "near": near(name, known, 3)}


def known_variable(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Variables of known tables exist. Fills in {name}, {near}."""
    for table, holding in _known(asked):
        known = holding.definition.variables
        exist = asked.standard.tables[table.name].names if table.name in asked.standard.tables else {}
        for name in dict.fromkeys(table.variables):
            if name not in known and name not in exist and name not in EVERYTHING:
                yield f"table {table.name}, variable {name}", {"name": name, "near": near(name, known, 3)}


def variables_named(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """A table names at least one variable."""
    for table in asked.request.table:
        if not table.variables:
            yield f"table {table.name}, variables", {}


def known_package(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Packages exist. Fills in {name} and {near}."""
    for package in asked.request.package:
        if package.name not in asked.packages:
            yield f"package {package.name}", {"name": package.name, "near": near(package.name, asked.packages)}


def phases(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """A package that is parted by phase is asked for by phases that it is held for. Fills in {asked}, {held}."""
    for package in asked.request.package:
        if known := asked.packages.get(package.name):
            held = ", ".join(known.phases) or "none: the package is not parted by phase"
            wrong = [phase for phase in package.phases if phase not in known.phases]
            if wrong or (known.phases and not package.phases):
                yield f"package {package.name}, phases", {"asked": ", ".join(wrong) or "no phase", "held": held}


def years_form(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Years are written as ranges. Fills in {asked}."""
    listed = (("table", asked.request.table), ("package", asked.request.package))
    for place, years in ((f"{kind} {part.name}, years", part.years) for kind, parts in listed for part in parts):
        if years and years_of(years) is None:
            yield place, {"asked": years}


def years_given(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Years are given just where rows bear them. Fills in {asked} and {held}."""
    for table, holding in _known(asked):
        yearly = bool(holding.year_columns or holding.spell_columns)
        if yearly and not table.years:
            yield f"table {table.name}, years", {"asked": "years are missing", "held": holding.years or "years"}
        elif table.years and not yearly:
            yield f"table {table.name}, years", {"asked": "rows bear no year", "held": "no years"}
    for package in asked.request.package:
        if package.name in asked.packages and not package.years:
            spans = list(filter(None, map(asked.packages[package.name].years, asked.packages[package.name].parts)))
            held = Years(min(s.first for s in spans), max(s.last for s in spans)) if spans else "years"
            yield f"package {package.name}, years", {"asked": "years are missing", "held": held}


def years_held(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """All years asked for are held. Fills in {asked} and {held}."""
    for table, holding in _known(asked):
        years = years_of(table.years)
        if years and holding.years and not holding.years.covers(years):
            yield f"table {table.name}, years", {"asked": years, "held": holding.years}
    for package in asked.request.package:
        years, known = years_of(package.years), asked.packages.get(package.name)
        for phase in known.parts if known and years else ():
            held = known.years(phase) if known else None
            if years and held and (phase in package.phases or not phase) and not held.covers(years):
                named = f" {phase}" if phase else ""
                yield f"package {package.name}, years{named}", {"asked": years, "held": held}


def variable_held(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """A variable is held in some of the years that its table is asked for. Fills in {name}, {asked}, {held}."""
    for table, holding in _known(asked):
        years = years_of(table.years)
        if years is None or not (holding.years and holding.years.covers(years)):
            continue
        for variable in _variables(table, holding):
            if variable.years and not Years.parse(variable.years).meets(years):
                place = f"table {table.name}, variable {variable.name}"
                yield place, {"name": variable.name, "asked": years, "held": variable.years}


def once(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Nothing is named twice. Fills in {name}."""
    for kind, parts in (("table", asked.request.table), ("package", asked.request.package)):
        yield from ((f"{kind} {name}", {"name": name}) for name in repeated(part.name for part in parts))
    for table in asked.request.table:
        for name in repeated(table.variables):
            yield f"table {table.name}, variable {name}", {"name": name}


def not_all(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """No table of `count` or more variables that may leave is asked for whole. Fills in {asked}: how many."""
    for table, holding in _known(asked):
        may_leave = {variable.name for variable in holding.definition.variable if not names_a_person(variable)}
        everything = any(name in EVERYTHING for name in table.variables)
        if everything or (len(may_leave) >= (rule.count or 0) and may_leave <= set(table.variables)):
            yield f"table {table.name}, variables", {"asked": len(may_leave)}


def no_key(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """No number of a person or record is asked for: extracts bear pseudonyms in their stead. Fills in {name}."""
    for grant, variable in _of_tables(asked):
        if variable.identifiability > 2 and names_a_person(variable):
            yield f"{grant.place}, variable {variable.name}", {"name": variable.name}


def exempt(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """What `which` picks is asked for only with an exemption. Fills in {name} and {asked}: its rating."""
    for grant, variable in _of_tables(asked):
        if _takes(rule.which, grant, variable) and not grant.exemptions.get(variable.name, "").strip():
            rating = f"{variable.identifiability}{variable.sensitivity}"
            yield f"{grant.place}, variable {variable.name}", {"name": variable.name, "asked": rating}


def reasoned(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Each item that `which` picks has a reason of `words` words. Fills in {name} and {asked}: its rating."""
    places = {}
    for grant, variable in asked.items():
        reason = grant.reasons.get(variable.name, "")
        if _takes(rule.which, grant, variable) and len(reason.split()) < (rule.words or 1):
            rating = f"{variable.identifiability}{variable.sensitivity}"
            places[f"{grant.place}, variable {variable.name}"] = {"name": variable.name, "asked": rating}
    yield from places.items()


def reasons_known(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Reasons and exemptions are for variables that are asked for. Fills in {name} and {near}."""
    grants = asked.grants
    known = {
        place: [v.name for g in grants if g.place == place for v in g.variables] for place in {g.place for g in grants}
    }
    parts = [(f"table {t.name}", {**t.reasons, **t.exemptions}, t.variables) for t in asked.request.table]
    parts += [(f"package {p.name}", p.reasons, ()) for p in asked.request.package]
    for place, given, named in parts:
        for name in given:
            if place in known and name not in known[place] and name not in named:
                yield f"{place}, reason for {name}", {"name": name, "near": near(name, known[place])}


def apart(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """What `which` and what `other` picks are not asked for together. Fills in {name} and {asked}: one of each."""
    first = [grant.holding.name for grant, variable in asked.items() if _takes(rule.which, grant, variable)]
    for grant, variable in asked.items():
        if first and _takes(rule.other, grant, variable):
            yield f"{grant.place}, variable {variable.name}", {"name": variable.name, "asked": first[0]}


def basis(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Where an item that `which` picks is asked for, a field is one of `values`. Fills in {listed}, {name}: an item."""
    found = next((f"{g.holding.name}.{v.name}" for g, v in asked.items() if _takes(rule.which, g, v)), None)
    if found and getattr(asked.request, rule.field or "") not in (rule.values or {}):
        listed = ", ".join(f"{code} ({meaning})" for code, meaning in (rule.values or {}).items())
        yield rule.field or "", {"listed": listed, "name": found}


def any_of(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Something that `which` picks is asked for. Nothing to say where nothing that exists is asked for."""
    items = list(asked.items())
    if items and not any(_takes(rule.which, grant, variable) for grant, variable in items):
        yield "table", {}


def something(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """A table or a package is asked for."""
    if not asked.request.table and not asked.request.package:
        yield "table", {}


def population(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Sources, tables and years of the population are held. Fills in {asked}: what is wrong."""
    for place, says in population_faults(asked.request.population, asked.catalogue, asked.held):
        yield place, {"asked": says}


def analysis(rule: Rule, asked: Asked) -> Iterator[Breach]:
    """Analysis tables can be made of what is asked for. Fills in {name} and {asked}: what it needs."""
    plan = own_tables(link_metadata=False)
    for table in tables_of(asked.grants):
        holding = asked.held[table.name]
        fields = tuple(Field(name, holding.definition.variables[name].type, "") for name in table.variables)
        years = Years.parse(table.years) if table.years else holding.years  # years that lack are another rule's
        plan.append(Layout(table.name, "", "", fields, holding=holding, years=years))
    for name in not_made(asked.request.analysis, plan) if asked.grants else ():
        yield f"analysis {name}", {"name": name, "asked": NEEDS[name]}


def near(name: str, known: Iterable[str], count: int = 1) -> str:
    """The names most like one, or where to look."""
    lowered = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), list(lowered), count, 0.5)
    return f"nearest: {', '.join(lowered[each] for each in found)}" if found else "nothing has a name like it"


def _known(asked: Asked) -> Iterator[tuple[AskedTable, Holding]]:
    held = asked.held
    return ((table, held[table.name]) for table in asked.request.table if table.name in held)


def _variables(table: AskedTable, holding: Holding) -> list[Variable]:
    known = holding.definition.variables
    return [known[name] for name in dict.fromkeys(table.variables) if name in known]


def _of_tables(asked: Asked) -> Iterator[tuple[Grant, Variable]]:
    return ((grant, variable) for grant, variable in asked.items() if grant.place.startswith("table "))


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
