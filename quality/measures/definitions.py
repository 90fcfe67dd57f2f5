"""What the evaluation counts: weight bands, who could have been linked,
characteristics. Read from TOML.
"""

import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen, read_as

# Tenths, and finer where most links lie.
_PROBABILITY_BANDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)


class Eligible(Frozen):
    """Who could be in a source: link rates are of these people only."""

    target: str = Field(description="Source that a step links to.")
    minimum_age: int = Field(ge=0, description="Age in years on the day `on`.")
    on: datetime.date = Field(description="Day on which the age counts.")
    why: str = Field(description="Reason, with its source.")

    @property
    def born_to(self) -> datetime.date:
        """The last birth date that is eligible."""
        year = self.on.year - self.minimum_age
        if (self.on.month, self.on.day) == (2, 29):  # not every year has the day
            return datetime.date(year, 3, 1) - datetime.timedelta(days=1)
        return self.on.replace(year=year)


class Characteristic(Frozen):
    """A grouping of entities, from an identifier or from a variable of an attribute
    table.
    """

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="Name of the characteristic."
    )
    title: str = Field(description="Title in the report.")
    identifier: Literal["dob", "sex", "postcode"] | None = Field(
        None, description="Identifier that it is taken from."
    )
    part: Literal["year", "region"] | None = Field(
        None, description="Year of a birth date, region of a postcode."
    )
    table: str | None = Field(
        None, description="Table of attributes that it is taken from: dataset_table."
    )
    variable: str | None = Field(None, description="Variable of the table.")
    pick: Literal["latest", "highest"] = Field(
        "highest", description="Value of an entity that has several."
    )
    order_by: str | None = Field(
        None, description="Column by which a row is the latest."
    )
    frame: str | None = Field(
        None, description="Code frame of the catalogue with the labels."
    )
    labels: dict[str, str] = Field(
        {}, description="Code to label, where no frame has them."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> "Characteristic":
        if (self.identifier is None) == (self.table is None):
            raise ValueError("name either identifier or table")
        if self.table and not self.variable:
            raise ValueError("table needs variable")
        if self.pick == "latest" and not self.order_by:
            raise ValueError("pick = 'latest' needs order_by")
        if self.part != "year" and not self.frame and not self.labels:
            raise ValueError("name frame or labels: only known codes are shown")
        if (self.identifier == "postcode") != (self.part == "region"):
            raise ValueError("of a postcode only its region is shown: part = 'region'")
        return self


class Definitions(Frozen):
    """Definitions of an evaluation."""

    weight_bands: tuple[float, ...] = Field(
        description="Lower bounds of bands of match weights, log2."
    )
    weight_range: tuple[int, int] = Field(
        description="Ends of the histogram of match weights, log2."
    )
    probability_bands: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        _PROBABILITY_BANDS, description="Lower bounds of bands of match probabilities."
    )
    eligible: tuple[Eligible, ...] = Field(
        (), description="People whom a link rate is of; all by default."
    )
    characteristic: tuple[Characteristic, ...] = Field(
        (), description="Groups that link rates and bias are shown by."
    )
    two_way: tuple[tuple[str, str], ...] = Field(
        (), description="Pairs of characteristics for bias by both."
    )

    @model_validator(mode="after")
    def _names_exist(self) -> "Definitions":
        known = {characteristic.name for characteristic in self.characteristic}
        unknown = sorted({name for pair in self.two_way for name in pair} - known)
        if unknown:
            raise ValueError(f"two_way: no characteristic {', '.join(unknown)}")
        return self

    def eligible_for(self, target: str) -> Eligible | None:
        """The rule for a source, or None where everybody is eligible."""
        return next((rule for rule in self.eligible if rule.target == target), None)


def load(path: Path | None = None) -> Definitions:
    """Read definitions; those that ship with the package when no file is given.

    Raises:
        ConfigError: no such file, no TOML, or faults, all at once.
    """
    path = path or config_file("quality/evaluation.toml")
    return read_as(Definitions, path, "name a TOML file of definitions, or none")
