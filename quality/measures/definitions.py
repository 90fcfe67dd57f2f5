"""What the evaluation counts: weight bands, who could have been linked, characteristics. Read from TOML."""

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

    target: str  # source that a step links to
    minimum_age: Annotated[int, Field(ge=0)]  # years, reached on the day `on`
    on: datetime.date
    why: str

    @property
    def born_to(self) -> datetime.date:
        """The last birth date that is eligible."""
        year = self.on.year - self.minimum_age
        if (self.on.month, self.on.day) == (2, 29):  # not every year has the day
            return datetime.date(year, 3, 1) - datetime.timedelta(days=1)
        return self.on.replace(year=year)


class Characteristic(Frozen):
    """A grouping of entities, from an identifier or from a variable of an attribute table."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    identity: Literal["dob", "sex", "postcode"] | None = None
    part: Literal["year", "region"] | None = None  # of a birth date, of a postcode
    table: str | None = None  # <dataset>_<table> of the attributes
    variable: str | None = None
    pick: Literal["latest", "highest"] = "highest"  # which value stands for an entity with several
    order_by: str | None = None  # what makes a row the latest
    frame: str | None = None  # code frame of the catalogue that gives the labels
    labels: dict[str, str] = Field({})

    @model_validator(mode="after")
    def _one_origin(self) -> "Characteristic":
        if (self.identity is None) == (self.table is None):
            raise ValueError("name either identity or table")
        if self.table and not self.variable:
            raise ValueError("table needs variable")
        if self.pick == "latest" and not self.order_by:
            raise ValueError("pick = 'latest' needs order_by")
        if self.part != "year" and not self.frame and not self.labels:
            raise ValueError("name frame or labels: only known codes are shown")
        if (self.identity == "postcode") != (self.part == "region"):
            raise ValueError("of a postcode only its region is shown: part = 'region'")
        return self


class Definitions(Frozen):
    """Definitions of an evaluation."""

    weight_bands: tuple[float, ...]
    weight_range: tuple[int, int]
    probability_bands: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = _PROBABILITY_BANDS
    eligible: tuple[Eligible, ...] = ()
    characteristic: tuple[Characteristic, ...] = ()
    two_way: tuple[tuple[str, str], ...] = ()  # characteristics by which bias is also looked at together

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
