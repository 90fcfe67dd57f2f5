"""The analysis-ready tables of an extract: the rules of configs/extract/analysis.toml,
and layouts by what was approved.

They are made of the tables of the extract itself, after those were written, so that
nothing can be in them that was not approved: neither a column nor a row.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import pydantic

from linkage.catalogue.years import Years
from linkage.config import Name
from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen, read_as
from linkage.errors import ConfigError
from linkage.extract.layout import EDUKEY, PERSON, PMR, Field, Layout, key_field

YEAR = "tax_year"
MONTH = "month"
MAIN = "main_activity"
RECORDED = "tax_or_benefit_record"

_KEYS = (PERSON, EDUKEY, PMR)
Column = Annotated[str, pydantic.Field(min_length=1)]


class PersonPart(Frozen):
    """Columns of a table with one row a person, or of a person's row of the latest
    year.
    """

    table: str
    latest_by: Column | None = None
    prefix: Name | None = None  # of the columns' names


class Measure(Frozen):
    """A figure of a tax year: the sum of a column, or the value of the row of the
    largest figure.
    """

    name: Name
    table: str
    year: Column
    sum: Column | None = None
    value: Column | None = None
    largest: Column | None = None
    description: str = ""  # that of the column where there is none

    @pydantic.model_validator(mode="after")
    def _is_one(self) -> "Measure":
        if (self.sum is None) == (self.value is None):
            raise ValueError("write sum or value, one of them")
        return self

    @property
    def column(self) -> str:
        """The column whose values are given."""
        return self.sum or self.value or ""


class Spells(Frozen):
    """Rows of a table as spells: by their days, by their academic or tax year, or by
    their days within it.
    """

    table: str
    start: Column | None = None
    end: Column | None = None  # an open spell goes on to the end of what was approved
    academic_year: Column | None = None  # September to July
    tax_year: Column | None = None
    where: dict[Column, tuple[str, ...]] = pydantic.Field({})

    @pydantic.model_validator(mode="after")
    def _has_time(self) -> "Spells":
        if not (self.academic_year or self.tax_year or (self.start and self.end)):
            raise ValueError(
                "write start and end, academic_year or tax_year: a spell has a time"
            )
        return self


class Activity(Frozen):
    """What a person does over time."""

    name: Name
    title: str
    days: bool = False  # whether days are counted as well as months
    of: Annotated[tuple[Spells, ...], pydantic.Field(min_length=1)]


class AnalysisRules(Frozen):
    """All rules."""

    person: tuple[PersonPart, ...]
    measure: tuple[Measure, ...]
    activity: tuple[Activity, ...]


@functools.cache
def analysis_rules() -> AnalysisRules:
    """The shipped rules.

    Raises:
        ConfigError: the file's faults, all at once.
    """
    path = config_file("extract/analysis.toml")
    return read_as(AnalysisRules, path, "it is shipped with the package")


@dataclass(frozen=True)
class ApprovedTables:
    """The extract's tables by the names of the catalogue, the first part of each."""

    tables: Mapping[str, Layout]

    @classmethod
    def of(cls, plan: Sequence[Layout]) -> "ApprovedTables":
        first_parts: dict[str, Layout] = {}
        for layout in plan:
            if layout.holding:
                first_parts.setdefault(layout.holding.name, layout)
        return cls(first_parts)

    def has(self, table: str, *names: str | None) -> bool:
        """Whether a table was approved with all of these columns."""
        layout = self.tables.get(table)
        return layout is not None and {name for name in names if name} <= set(
            layout.columns
        )

    def field(self, table: str, name: str) -> Field:
        """A column as it was approved."""
        return next(field for field in self.tables[table].fields if field.name == name)

    def measures(self) -> list[Measure]:
        """Figures of a tax year that can be made."""
        return [
            m
            for m in analysis_rules().measure
            if self.has(m.table, m.year, m.column, m.largest)
        ]

    def activities(self) -> list[tuple[Activity, list[Spells]]]:
        """Activities over time, with the spells that they are made of."""
        activities = [
            (activity, [s for s in activity.of if self._is_approved(s)])
            for activity in analysis_rules().activity
        ]
        return [(activity, spells) for activity, spells in activities if spells]

    def _is_approved(self, spells: Spells) -> bool:
        by_year = spells.academic_year or spells.tax_year
        time = (by_year,) if by_year else (spells.start, spells.end)
        return self.has(spells.table, *time, *spells.where)

    def span(self) -> Years | None:
        """The tax years from the first to the last that any table by tax year or in
        spells was approved for.
        """
        tables = {m.table for m in self.measures()}
        tables |= {
            s.table
            for _, spells in self.activities()
            for s in spells
            if not s.academic_year
        }
        return Years.around(self.tables[name].years for name in tables)


def analysis_layouts(names: Sequence[str], plan: Sequence[Layout]) -> list[Layout]:
    """The requested tables.

    Args:
        names: of person, person_year and person_month.
        plan: the extract's other tables.

    Raises:
        ConfigError: what is approved makes no such table: all of them at once.
    """
    if absent := not_made(names, plan):
        faults = [
            f"  analysis: {name} needs {NEEDS[name]}; leave it out" for name in absent
        ]
        raise ConfigError("what is approved makes no such table\n" + "\n".join(faults))
    return [layout for layout in _layouts(names, plan).values() if layout]


def not_made(names: Sequence[str], plan: Sequence[Layout]) -> list[str]:
    """The requested tables that cannot be made from the plan; `NEEDS` has what they
    need.
    """
    return [name for name, layout in _layouts(names, plan).items() if not layout]


def _layouts(names: Sequence[str], plan: Sequence[Layout]) -> dict[str, Layout | None]:
    approved = ApprovedTables.of(plan)
    people = next(layout for layout in plan if layout.name == "people")
    builders: dict[str, Callable[[], Layout | None]] = {
        "person": lambda: _person(people, approved),
        "person_year": lambda: _person_year(approved),
        "person_month": lambda: _person_month(approved),
    }
    return {name: builders[name]() for name in dict.fromkeys(names)}


_IN_TIME = "work or benefits in spells (leo.benefits with Out_of_work_benefit)"
NEEDS = {
    "person": "people",
    "person_year": f"figures of a tax year with TaxYear, or {_IN_TIME}",
    "person_month": f"{_IN_TIME}, or leo.self_assessment with TaxYear",
}
"""What each table is made of."""


def person_columns(approved: ApprovedTables) -> Iterator[tuple[str, str, Field]]:
    """Table, column and what it becomes, of the tables that have one row a person."""
    for part in analysis_rules().person:
        if approved.has(part.table, part.latest_by):
            for field in approved.tables[part.table].fields:
                if field.name not in _KEYS:
                    name = f"{part.prefix}_{field.name}" if part.prefix else field.name
                    description = (
                        f"{field.description} Of the latest year."
                        if part.latest_by
                        else field.description
                    )
                    yield (
                        part.table,
                        field.name,
                        replace(field, name=name, description=description),
                    )


def _person(people: Layout, approved: ApprovedTables) -> Layout:
    return Layout(
        "analysis_person",
        "People, with what is recorded once of each",
        "person of the project's population",
        (*people.fields, *(field for _, _, field in person_columns(approved))),
        key=(PERSON,),
    )


def _person_year(approved: ApprovedTables) -> Layout | None:
    span = approved.span()
    if span is None:
        return None
    figures = [
        replace(source, name=m.name, description=m.description or source.description)
        for m in approved.measures()
        for source in [approved.field(m.table, m.column)]
    ]
    return Layout(
        "analysis_person_year",
        "People by tax year",
        "person of the population, by tax year: every person in every year",
        (
            key_field(PERSON),
            Field(
                YEAR,
                "integer",
                "Tax year, six digits: 201213 is 6 April 2012 to 5 April 2013.",
                concept="time",
            ),
            Field(
                RECORDED,
                "boolean",
                "Whether any approved tax, benefit or address row is the person's: "
                "where not, 0 means not known.",
            ),
            *figures,
            *(
                field
                for activity, spells in approved.activities()
                for field in _time_fields(activity, spells, approved)
            ),
        ),
        key=(PERSON, YEAR),
        years=span,
    )


def _time_fields(
    activity: Activity, spells: Sequence[Spells], approved: ApprovedTables
) -> Iterator[Field]:
    rating = _rating(spells, approved)
    meanings = {"months": f"Months (April to March) with a day of {activity.title}."}
    meanings |= (
        {"days": f"Days of the tax year of {activity.title}, each once."}
        if activity.days
        else {}
    )
    yield from (
        replace(rating, name=f"{activity.name}_{of}", description=text)
        for of, text in meanings.items()
    )


def _rating(spells: Sequence[Spells], approved: ApprovedTables) -> Field:
    """A field as sensitive as the most sensitive of what it is made of."""
    sources = [
        approved.field(s.table, name)
        for s in spells
        for name in (s.start, s.end, s.academic_year, s.tax_year, *s.where)
        if name and approved.has(s.table, name)
    ]
    return Field(
        "",
        "integer",
        "",
        identifiability=min(
            (s.identifiability for s in sources if s.identifiability), default=None
        ),
        sensitivity=min(
            (s.sensitivity for s in sources if s.sensitivity), default=None
        ),
    )


def _person_month(approved: ApprovedTables) -> Layout | None:
    span, activities = approved.span(), approved.activities()
    if span is None or not activities:
        return None
    labels = {activity.name: activity.title for activity, _ in activities}
    rating = _rating([s for _, spells in activities for s in spells], approved)
    return Layout(
        "analysis_person_month",
        "People by month, with their main activity",
        "person, by month in which anything is recorded",
        (
            key_field(PERSON),
            Field(
                MONTH,
                "integer",
                "Calendar month, six digits: 201304 is April 2013.",
                concept="time",
            ),
            replace(
                rating,
                name=MAIN,
                type="string",
                description="The first of these that has a day in the month: "
                + ", ".join(labels)
                + ".",
                frame="main_activity",
                labels=labels,
            ),
            *(
                replace(
                    _rating(spells, approved),
                    name=activity.name,
                    type="boolean",
                    description=f"Whether the month has a day of {activity.title}.",
                )
                for activity, spells in activities
            ),
        ),
        key=(PERSON, MONTH),
        years=span,
    )
