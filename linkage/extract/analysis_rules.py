"""The rules of configs/extract/analysis.toml: what analysis-ready tables are made of."""

import functools
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from linkage.config import Name
from linkage.config.resources import config_file
from linkage.config.toml_file import check, read_toml

Column = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonPart(_Strict):
    """Columns of a table with one row a person, or of a person's row of the latest year."""

    table: str
    latest_by: Column | None = None
    prefix: Name | None = None  # of the columns' names


class Measure(_Strict):
    """A figure of a tax year: the sum of a column, or the value of the row of the largest figure."""

    name: Name
    table: str
    year: Column
    sum: Column | None = None
    value: Column | None = None
    largest: Column | None = None
    description: str = ""  # that of the column where there is none

    @model_validator(mode="after")
    def _is_one(self) -> "Measure":
        if (self.sum is None) == (self.value is None):
            raise ValueError("write sum or value, one of them")
        return self

    @property
    def column(self) -> str:
        """The column whose values are given."""
        return self.sum or self.value or ""


class Spells(_Strict):
    """Rows of a table as spells: by their days, by their academic or tax year, or by their days within it."""

    table: str
    start: Column | None = None
    end: Column | None = None  # an open spell goes on to the end of what was approved
    academic_year: Column | None = None  # September to July
    tax_year: Column | None = None
    where: dict[Column, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _has_time(self) -> "Spells":
        if not (self.academic_year or self.tax_year or (self.start and self.end)):
            raise ValueError("write start and end, academic_year or tax_year: a spell has a time")
        return self


class Activity(_Strict):
    """What a person does over time."""

    name: Name
    title: str
    days: bool = False  # whether days are counted as well as months
    of: Annotated[tuple[Spells, ...], Field(min_length=1)]


class OutcomesWide(_Strict):
    """Outcomes with a column for each number of years after."""

    table: str
    by: tuple[Column, ...]
    after: Column
    years_after: tuple[int, ...]


class AnalysisRules(_Strict):
    """All rules."""

    person: tuple[PersonPart, ...]
    measure: tuple[Measure, ...]
    activity: tuple[Activity, ...]
    outcomes: OutcomesWide


@functools.cache
def analysis_rules() -> AnalysisRules:
    """The shipped rules.

    Raises:
        ConfigError: the file's faults, all at once.
    """
    path = config_file("extract/analysis.toml")
    return check(AnalysisRules, read_toml(path, "it is shipped with the package"), str(path))
