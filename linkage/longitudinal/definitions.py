"""What counts as an outcome: the rules of configs/outcomes/*.toml, checked whole before
any work.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from linkage.catalogue import Catalogue
from linkage.config import Name
from linkage.config.toml_file import Frozen, read_as
from linkage.errors import ConfigError, all_faults

PERIOD_MONTHS = {
    "tax": (4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3),
    "academic": (9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8),
}
"""The twelve calendar months of each kind of period, in order."""

FLAGS = (
    "matched",
    "sustained_employment",
    "self_employed",
    "further_study",
    "out_of_work_benefits",
    "any_activity",
)
"""What an activity may ask for, besides the names of the definition's study rules."""

Column = Annotated[str, Field(pattern=r"^\w+$")]
Flag = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Codes = dict[Column, tuple[str, ...]]


class Lasting(Frozen):
    """Active on a day or more in each of `at_least` of these calendar months."""

    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = Field(
        description="Calendar months in order: [10, 11]."
    )
    at_least: int = Field(
        ge=1, le=12, description="Number of these months with a day of activity."
    )
    consecutive: bool = Field(
        False, description="The months follow one another without a gap."
    )

    @model_validator(mode="after")
    def _can_be_met(self) -> "Lasting":
        if len(set(self.months)) != len(self.months) or any(
            after % 12 != (before + 1) % 12
            for before, after in zip(self.months, self.months[1:], strict=False)
        ):
            raise ValueError(
                f"months {list(self.months)}: write calendar months in order, each "
                "once: [10, 11, 12, 1]"
            )
        if self.at_least > len(self.months):
            raise ValueError(
                f"at_least {self.at_least} can never be met in {len(self.months)} "
                "months"
            )
        return self


class Employment(Lasting):
    """Sustained employment."""

    self_assessment: bool = Field(
        description="A self-assessment return for the tax year counts as well."
    )


class Rows(Frozen):
    """Rows of an attribute table, by their codes."""

    table: Name = Field(
        description="Table as dataset_table, as in `[attributes.*]` of the run's file."
    )
    year: Column = Field(description="Column of the academic year, six digits: 201516.")
    where: Codes = Field(
        {}, description="Column to codes: each column has one of its codes."
    )
    unless: Codes = Field(
        {},
        description="Column to codes: a row is left out when any column has one of its "
        "codes.",
    )


class Study(Rows):
    """Study in the period: as long as `lasting` asks, or else a record in an academic
    year that touches the period.
    """

    name: Flag = Field(description="Name of the condition, for `activity`.")
    start: Column | None = Field(None, description="Column of the first day.")
    end: Column | None = Field(
        None,
        description="Column of the last day; the end of the academic year by default.",
    )
    lasting: Lasting | None = Field(
        None, description="How long study lasts; any study in the period by default."
    )

    @model_validator(mode="after")
    def _has_dates(self) -> "Study":
        if self.lasting and not self.start:
            raise ValueError(
                f"study '{self.name}': lasting needs the column of the start"
            )
        return self


class Counts(Frozen):
    """Who counts in the rates: members with this column filled in a record of the
    cohort's year or before.
    """

    table: Name = Field(description="Table as dataset_table.")
    year: Column = Field(description="Column of the academic year, six digits.")
    filled: Column = Field(description="Column that has a value.")


class Cohort(Rows):
    """Whom the years are counted for, and from when."""

    take: Literal["first", "each"] = Field(
        "each", description="A person's first year only, or a cohort for each year."
    )
    counts: Counts | None = Field(
        None, description="Members who count in the rates; all by default."
    )


class Earnings(Frozen):
    """Which earnings are shown, and for whom they enter figures."""

    annualised: bool = Field(
        True,
        description="Scale pay up to the whole tax year; `false` uses pay as it was.",
    )
    add_self_assessment: bool = Field(
        False, description="Add profits from self-assessment, in pounds, to pay."
    )
    only_sustained: bool = Field(
        True, description="Only people in sustained employment enter the figures."
    )
    exclude_study: bool = Field(
        True, description="People in further study do not enter the figures."
    )


class Activity(Frozen):
    """One category: conditions that all hold, and conditions of which none does."""

    name: Flag = Field(description="Code of the activity in the outcomes table.")
    all: tuple[Flag, ...] = Field(
        (),
        description="Conditions that all hold: names of study rules, "
        f"{', '.join(FLAGS)}.",
    )
    none: tuple[Flag, ...] = Field((), description="Conditions of which none holds.")


class Definition(Frozen):
    """An outcome of one cohort, with its source."""

    name: Name = Field(description="Name of the definition.")
    why: str = Field(
        description="Source of the definition; shown in the report and the extract."
    )
    cohort_type: Literal["ks4", "graduation", "fe"] = Field(
        description="Kind of cohort."
    )
    years_after: tuple[Annotated[int, Field(ge=1, le=40)], ...] = Field(
        description="Years after: [1, 3, 5, 10]."
    )
    period: Literal["tax", "academic"] = Field(
        description="Tax year (from April) or academic year (from September)."
    )
    first_year: int = Field(
        ge=0,
        le=5,
        description="Years from the cohort's year to the period one year after.",
    )
    cohort: Cohort = Field(description="People whose outcomes are counted.")
    employment: Employment = Field(description="Sustained employment.")
    out_of_work_benefits: Lasting = Field(description="Sustained out-of-work benefits.")
    study: tuple[Study, ...] = Field(
        (), description="Study rules; each is a condition of its name."
    )
    earnings: Earnings = Field(Earnings(), description="Earnings that are shown.")
    activity: tuple[Activity, ...] = Field(
        description="Categories: the first whose conditions hold is taken."
    )

    @model_validator(mode="after")
    def _holds_together(self) -> "Definition":
        known = (*FLAGS, *(study.name for study in self.study))
        faults = [
            f"definition '{self.name}', activity '{activity.name}': no condition "
            f"'{flag}'; there are {', '.join(known)}"
            for activity in self.activity
            for flag in (*activity.all, *activity.none)
            if flag not in known
        ]
        faults += [
            f"definition '{self.name}': two conditions are named '{n}'"
            for n in known
            if known.count(n) > 1
        ]
        if not self.activity or self.activity[-1].all or self.activity[-1].none:
            faults.append(
                f"definition '{self.name}': the last activity takes all who are left; "
                "give it no condition"
            )
        rules = [
            self.employment,
            self.out_of_work_benefits,
            *(s.lasting for s in self.study if s.lasting),
        ]
        order = PERIOD_MONTHS[self.period]
        faults += [
            f"definition '{self.name}': months {list(rule.months)} do not lie in one "
            f"{self.period} year"
            for rule in rules
            if [order.index(m) for m in rule.months]
            != sorted(order.index(m) for m in rule.months)
        ]
        if faults:
            raise ValueError("\n".join(dict.fromkeys(faults)))
        return self


class Benefits(Frozen):
    """Which kinds of benefit stand for being out of work."""

    out_of_work: tuple[str, ...] = Field(
        description="Codes of benefits for people out of work."
    )
    other: tuple[str, ...] = Field(description="Codes of other benefits.")

    @model_validator(mode="after")
    def _one_place_each(self) -> "Benefits":
        both = sorted({*self.out_of_work} & {*self.other})
        if both:
            raise ValueError(
                f"benefits: {', '.join(both)}: out_of_work and other both name it; "
                "keep one"
            )
        return self


class OutcomeDefinitions(Frozen):
    """All definitions of a run."""

    benefits: Benefits = Field(description="Kinds of benefit.")
    definition: tuple[Definition, ...] = Field(
        (), description="Outcomes, one for each kind of cohort."
    )

    @model_validator(mode="after")
    def _named_once(self) -> "OutcomeDefinitions":
        names = [definition.name for definition in self.definition]
        if len(set(names)) != len(names):
            raise ValueError(
                f"definition: two have the same name; there are {', '.join(names)}"
            )
        return self


def load(path: Path, catalogue: Catalogue) -> OutcomeDefinitions:
    """Read and check a file of definitions, against the catalogue too.

    Raises:
        ConfigError: no such file, no TOML, or faults: all of them, each with its path
            and what is allowed.
    """
    definitions = read_as(
        OutcomeDefinitions, path, "name another in `outcomes`; outcomes/leo.toml ships"
    )
    if not definitions.definition:
        raise ConfigError(
            f"{path}: no [[definition]], so that there are no outcomes\n  add one "
            "(outcomes/leo.toml, which ships, has "
            "three), or make no tables of LEO: [outputs] longitudinal = false"
        )
    faults = [
        fault
        for definition in definitions.definition
        for fault in _unknown_columns(definition, catalogue)
    ]
    if faults:
        raise all_faults(str(path), faults)
    return definitions


def columns_needed(definition: Definition) -> dict[str, set[str]]:
    """The attribute tables that a definition reads, with their columns."""
    columns: dict[str, set[str]] = {}
    for rows in (definition.cohort, *definition.study):
        columns.setdefault(rows.table, set()).update(
            {rows.year, *rows.where, *rows.unless}
        )
    for study in definition.study:
        columns[study.table].update(
            column for column in (study.start, study.end) if column
        )
    if definition.cohort.counts:
        counts = definition.cohort.counts
        columns.setdefault(counts.table, set()).update({counts.year, counts.filled})
    return columns


def _unknown_columns(definition: Definition, catalogue: Catalogue) -> list[str]:
    faults = []
    for table, names in columns_needed(definition).items():
        try:
            known = catalogue.table_called(table).variables
        except ConfigError as error:
            faults.append(f"definition '{definition.name}': {error}")
            continue
        faults += [
            f"definition '{definition.name}': '{table}' has no column '{n}'"
            for n in sorted(names - set(known))
        ]
    return faults
