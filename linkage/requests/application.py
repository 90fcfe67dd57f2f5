"""What a request asks for, spelt out: which variables of which tables for which years,
packages opened.
"""

import datetime
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from linkage.catalogue import Catalogue, StandardExtract, Variable
from linkage.catalogue.definitions import rating_of
from linkage.catalogue.holdings import Holding, holdings, names_a_person
from linkage.catalogue.packages import Package, Part, RowsOnly
from linkage.catalogue.years import Years
from linkage.extract.layout import derived_years, linked_datasets
from linkage.extract.project import ApprovedTable, Population
from linkage.requests.request import Request, RequestedPackage, RequestedTable


@dataclass(frozen=True)
class Grant:
    """One table's share of what is requested: known variables, for a reason."""

    place: str  # "table npd.ks4" or "package attainment"
    holding: Holding
    variables: tuple[Variable, ...]
    years: Years | None
    only: RowsOnly | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    exemptions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Application:
    """A request, and all that its rules are checked against."""

    request: Request
    catalogue: Catalogue
    packages: Mapping[str, Package]
    today: datetime.date
    standard: StandardExtract = field(
        default_factory=StandardExtract
    )  # what exists and is not held here

    @functools.cached_property
    def held(self) -> dict[str, Holding]:
        """Every table of the catalogue."""
        return holdings(self.catalogue)

    @functools.cached_property
    def grants(self) -> list[Grant]:
        """What is requested, as far as it exists."""
        known = self.held
        of_tables = [
            _of_table(table, known[table.name])
            for table in self.request.table
            if table.name in known
        ]
        of_packages = [
            grant
            for package in self.request.package
            if package.name in self.packages
            for grant in _of_package(package, self.packages[package.name])
        ]
        return [*of_tables, *of_packages]

    def items(self) -> Iterator[tuple[Grant, Variable]]:
        """Every variable requested."""
        for grant in self.grants:
            for variable in grant.variables:
                yield grant, variable


def years_of(text: str | None) -> Years | None:
    """Years as they are written; None where they are not, or not so that they can be
    read.
    """
    try:
        return Years.parse(text) if text else None
    except ValueError:
        return None


def scope_of(application: Application) -> dict[str, Any]:
    """What a request comes to, as the panel sees it.

    Returns:
        request (its id), tables with items, rating, years and rows; names_a_person:
        items that do, with the reason;
        derived_years: the years given of each derived year; link_metadata: datasets
            whose links are told of; population, people (how many), retention.
    """
    tables = []
    for table in tables_of(application.grants):
        variables = application.held[table.name].definition.variables
        tables.append(
            {
                "table": table.name,
                "items": len(table.variables),
                "rating": rating_of(variables[name] for name in table.variables),
                "years": str(table.years or ""),
                "only": f"{table.only.column} {', '.join(table.only.values)}"
                if table.only
                else "",
            }
        )
    reasons = {
        f"{of.holding.name}.{variable.name}": names_a_person(variable)
        for of, variable in application.items()
    }
    request = application.request
    return {
        "request": request.id,
        "tables": tables,
        "names_a_person": {
            place: reason for place, reason in reasons.items() if reason
        },
        **derived_of(application),
        "population": of_whom(request.population),
        "people": len(request.person),
        "retention": str(request.retention),
    }


def derived_of(application: Application) -> dict[str, Any]:
    """derived_years and link_metadata of a request: as the panel sees them and the
    register keeps them.
    """
    tables = tables_of(application.grants)
    known = Population(
        sources=application.request.population.sources,
        cohort=tuple(
            c
            for c in application.request.population.cohort
            if c.table in application.held
        ),
    )
    datasets = (
        linked_datasets(tables, known, application.held)
        if application.request.link_metadata
        else ()
    )
    return {
        "derived_years": derived_years(tables, known, application.held),
        "link_metadata": list(datasets),
    }


def of_whom(population: Population) -> str:
    """Whose rows are requested, in words."""
    cohorts = " or ".join(
        f"{cohort.table} {cohort.years}" for cohort in population.cohort
    )
    parts = (
        [f"those in {' and '.join(population.sources)}"] if population.sources else []
    )
    parts += [f"those with a row in {cohorts}"] if cohorts else []
    return ", of them ".join(parts) or "everybody in the run"


def tables_of(grants: list[Grant]) -> list[ApprovedTable]:
    """Grants as an extract's tables: of one table, those of the same rows are one;
    others have a name of their own.
    """
    groups: dict[tuple[str, Years | None, RowsOnly | None], list[Grant]] = {}
    for grant in filter(lambda grant: grant.variables, grants):
        groups.setdefault((grant.holding.name, grant.years, grant.only), []).append(
            grant
        )
    tables: list[ApprovedTable] = []
    for (name, years, condition), of_rows in groups.items():
        application = {
            variable.name for grant in of_rows for variable in grant.variables
        }
        parts = {table.part for table in tables if table.name == name}
        kind, _, package = of_rows[0].place.partition(" ")
        origin = "listed" if kind == "table" else package.replace("-", "_")
        if origin in parts:
            origin = f"{origin}_{years.first if years else len(parts)}"
        tables.append(
            ApprovedTable(
                name=name,
                variables=tuple(
                    v
                    for v in of_rows[0].holding.definition.variables
                    if v in application
                ),
                years=str(years) if years else None,
                only=condition,
                part=origin if parts else None,
            )
        )
    return tables


def _of_table(table: RequestedTable, holding: Holding) -> Grant:
    known = holding.definition.variables
    return Grant(
        f"table {table.name}",
        holding,
        tuple(known[name] for name in dict.fromkeys(table.variables) if name in known),
        years_of(table.years),
        reasons=table.reasons,
        exemptions=table.exemptions,
    )


def _of_package(application: RequestedPackage, package: Package) -> Iterator[Grant]:
    """A package's tables; one that several of the phases hold comes once for each
    unbroken run of their years.
    """
    years = years_of(application.years)
    parts: dict[str, list[Part]] = {}
    for phase in dict.fromkeys(application.phases) if package.phases else ("",):
        for part in package.parts.get(phase, ()):
            parts.setdefault(part.holding.name, []).append(part)
    for of_table in parts.values():
        for span, parts_of_span in _unbroken(of_table, years) if years else ():
            # a package gives what there is of its items in the years requested
            variables = {
                v.name: v
                for part in parts_of_span
                for v in part.variables
                if not v.years or Years.parse(v.years).meets(span)
            }
            yield Grant(
                f"package {application.name}",
                parts_of_span[0].holding,
                tuple(variables.values()),
                span,
                _rows_of_all([part.only for part in parts_of_span]),
                application.reasons,
            )


def _unbroken(parts: list[Part], application: Years) -> list[tuple[Years, list[Part]]]:
    """Parts of one table whose years overlap or follow on each other, in the order of
    the first part of each run.

    Prior attainment is of years before: the years between, which no part asks for, are
    not given.
    """
    runs: list[tuple[Years, list[Part]]] = []
    spans = [(span, part) for part in parts if (span := part.years(application))]
    for span, part in sorted(spans, key=lambda pair: pair[0].first):
        if runs and span.first // 100 <= runs[-1][0].last // 100 + 1:
            before, earlier_parts = runs.pop()
            span, parts_of_run = (
                Years(before.first, max(before.last, span.last)),
                [*earlier_parts, part],
            )
        else:
            parts_of_run = [part]
        runs.append((span, parts_of_run))
    place = {id(part): number for number, part in enumerate(parts)}
    return sorted(runs, key=lambda run: min(place[id(part)] for part in run[1]))


def _rows_of_all(conditions: list[RowsOnly | None]) -> RowsOnly | None:
    """The rows of any of several phases; all rows where one of them has them all."""
    restrictions = [restriction for restriction in conditions if restriction]
    if len(restrictions) < len(conditions) or not restrictions:
        return None
    values = tuple(
        dict.fromkeys(
            value for restriction in restrictions for value in restriction.values
        )
    )
    return RowsOnly(column=restrictions[0].column, values=values)
