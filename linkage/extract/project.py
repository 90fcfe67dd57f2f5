"""An approved project: who may have which variables of which tables for which years,
and until when.

linkage.requests makes it from a request and the decision in force on it.
"""

import datetime
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from linkage.catalogue import Catalogue
from linkage.catalogue.holdings import Holding, holdings, names_a_person
from linkage.catalogue.packages import RowsOnly
from linkage.catalogue.years import Years
from linkage.config import Name
from linkage.config.toml_file import Frozen
from linkage.errors import all_faults, hint, repeated

Format = Literal["parquet", "csv"]
AnalysisTable = Literal["person", "person_year", "person_month"]
Text = Annotated[str, Field(min_length=1)]


def _is_range(years: str) -> str:
    Years.parse(years)
    return years


Span = Annotated[str, AfterValidator(_is_range)]  # "2005/06-2014/15"


class Decision(Frozen):
    """What the panel decided."""

    reference: Text
    date: datetime.date
    expires: datetime.date
    conditions: tuple[str, ...] = ()
    # hash of the register's entry that pseudonyms belong to: an amendment has its first
    # approval's
    approval: str = ""
    register_hash: str = ""  # hash of the register's last entry when it was read
    same_user: bool = False  # whether the account that extracts recorded the decision


def organisation_key(name: str) -> str:
    """An organisation's name without differences of case and blanks."""
    return " ".join(name.split()).casefold()


class ApprovedTable(Frozen):
    """A table, and exactly what of it may leave."""

    name: Text  # "npd.ks4"
    variables: Annotated[tuple[str, ...], Field(min_length=1)]
    years: Span | None = (
        None  # "2005/06-2014/15"; none only where the table is not held by year
    )
    only: RowsOnly | None = None  # all rows of the project's people where there is none
    part: Name | None = (
        # of a table that is given in parts of other rows: a suffix of its files' names
        None
    )


class Cohort(Frozen):
    """People who have a row of a table in these years."""

    table: Text = Field(description="Table as dataset.table.")
    years: Span = Field(description="Academic years, `2005/06-2014/15`.")


class Population(Frozen):
    """Whose rows may leave: people in all of `sources` and in any of the cohorts."""

    sources: tuple[str, ...] = Field(
        (), description="Sources of which a person has a record of each."
    )
    cohort: tuple[Cohort, ...] = Field(
        (), description="Cohorts of which a person is in any."
    )


class Project(Frozen):
    """What a request may have under its decision."""

    id: Name
    title: str
    organisation: str
    purpose: str
    decision: Decision | None = (
        None  # checked with all the rest, so that one reading shows every fault
    )
    link_metadata: bool = False
    link_samples: bool = False
    formats: Annotated[tuple[Format, ...], Field(min_length=1)] = ("parquet",)
    analysis: tuple[
        AnalysisTable, ...
    ] = ()  # tables that the extract makes of those that are approved
    max_change: Annotated[float, Field(ge=0)] | None = (
        None  # since the last extract, of any figure; more is not given
    )
    population: Population = Population()
    table: Annotated[tuple[ApprovedTable, ...], Field(min_length=1)]

    @property
    def identity(self) -> tuple[str, str, str]:
        """What its key is derived from: id, organisation, approval."""
        return (
            self.id,
            organisation_key(self.organisation),
            self.decision.approval if self.decision else "",
        )


def check_project(
    project: Project, catalogue: Catalogue, *, today: datetime.date | None = None
) -> None:
    """Refuse a project that asks for what cannot be given.

    Args:
        today: the day that the decision must be in force on; this day when None.

    Raises:
        ConfigError: every fault at once: no decision in force, an unknown table or
            variable, an identifier, a year that is not held.
    """
    holding_of = holdings(catalogue)
    faults = [
        *_decision_faults(project.decision, today or datetime.date.today()),
        *(
            f"{place}: {fault}"
            for place, fault in population_faults(
                project.population, catalogue, holding_of
            )
        ),
        *(
            f"table: '{name}' is named twice"
            for name in repeated(_named(table) for table in project.table)
        ),
    ]
    for approved in project.table:
        faults += _table_faults(approved, holding_of)
    if faults:
        raise all_faults(f"project '{project.id}'", faults)


def _decision_faults(decision: Decision | None, today: datetime.date) -> Iterator[str]:
    if decision is None:
        yield (
            "decision: there is none; give [decision] reference, date and expires "
            "as "
            "the panel recorded them"
        )
        return
    if decision.date > today:
        yield (
            f"decision.date: {decision.date} is in the future; nothing leaves before it"
        )
    if decision.expires < decision.date:
        yield (
            f"decision.expires: {decision.expires} is before the decision itself, "
            f"{decision.date}"
        )
    elif decision.expires < today:
        yield (
            f"decision.expires: ended on {decision.expires}; ask the panel to renew it"
        )


def population_faults(
    population: Population, catalogue: Catalogue, holding_of: dict[str, Holding]
) -> Iterator[tuple[str, str]]:
    """Place and fault of each source, table and range of years that is not held."""
    for source in population.sources:
        if source not in catalogue.datasets:
            yield (
                "population.sources",
                f"no source '{source}'{hint(source, catalogue.datasets)}",
            )
    for cohort in population.cohort:
        holding = holding_of.get(cohort.table)
        if holding is None:
            yield (
                "population.cohort",
                f"no table '{cohort.table}'{hint(cohort.table, holding_of)}",
            )
        elif not holding.year_columns:
            yield (
                "population.cohort",
                f"{cohort.table} has no year to choose a cohort by",
            )
        else:
            place = f"population.cohort.{cohort.table}"
            yield from ((place, fault) for fault in _year_faults(cohort.years, holding))


def _table_faults(
    approved: ApprovedTable, holding_of: dict[str, Holding]
) -> Iterator[str]:
    holding = holding_of.get(approved.name)
    if holding is None:
        yield f"table: no table '{approved.name}'{hint(approved.name, holding_of)}"
        return
    yield from (
        f"{approved.name}: {fault}" for fault in _year_faults(approved.years, holding)
    )
    if approved.only and approved.only.column not in holding.definition.variables:
        yield f"{approved.name}: no variable '{approved.only.column}' to choose rows by"
    for name in repeated(approved.variables):
        yield f"{approved.name}.{name}: named twice"
    for name in dict.fromkeys(approved.variables):
        variable = holding.definition.variables.get(name)
        if variable is None:
            yield (
                f"{approved.name}: no variable "
                f"'{name}'{hint(name, holding.definition.variables)}"
            )
        elif reason := names_a_person(variable):
            yield (
                f"{approved.name}.{name}: {reason}, and is replaced by a pseudonym; "
                "leave it out"
            )
        elif (
            approved.years
            and variable.years
            and not Years.parse(variable.years).meets(Years.parse(approved.years))
        ):
            yield (
                f"{approved.name}.{name}: not held in {approved.years}; it is held "
                f"in {variable.years}"
            )


def _year_faults(years: str | None, holding: Holding) -> Iterator[str]:
    yearly = bool(holding.year_columns or holding.spell_columns)
    if years is None:
        if yearly:
            yield (
                "years are missing; write for example years = "
                f'"{holding.years or "2012/13-2020/21"}"'
            )
    elif not yearly:
        yield "rows have no year, so none can be chosen; leave out years"
    elif holding.years and not holding.years.covers(Years.parse(years)):
        yield f"not all of {years} is held; it is held in {holding.years}"


def _named(table: ApprovedTable) -> str:
    return f"{table.name} ({table.part})" if table.part else table.name
