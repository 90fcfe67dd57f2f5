"""How outcomes are compared: institutions, subjects and characteristics, read from configs/outcomes/compared.toml."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from linkage.catalogue import Catalogue
from linkage.config.resources import config_file
from linkage.config.toml_file import check, read_toml

NOT_KNOWN = "not known"

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Column = Annotated[str, Field(pattern=r"^\w+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Subject(_Strict):
    """A column of the cohort's rows that says what was studied."""

    variable: Column
    characters: Annotated[int, Field(ge=1)] | None = None  # how much of the code is the group; all of it where None
    frame: str | None = None  # of the catalogue
    labels: dict[str, str] = {}

    def named(self, catalogue: Catalogue) -> Mapping[str, str]:
        """Code to label."""
        return {**catalogue.frames.get(self.frame or "", {}), **self.labels}


class Cohort(_Strict):
    """What the members of a definition's cohorts are compared by."""

    definition: str
    title: str
    institution: Column  # a column of the rows that make a member
    kind: str  # of institution
    members: str  # what they are called together; of a person with several each is one
    outside: str = ""  # whom the definition leaves out of its rates, where it does
    subject: tuple[Subject, ...] = ()


class Origin(_Strict):
    """A column of an attribute table that tells a characteristic."""

    table: str
    variable: Column
    latest_by: Column | None = None  # which of several rows tells; the highest value where None
    codes: dict[str, tuple[str, ...]]  # category to the codes that mean it


class Characteristic(_Strict):
    """A grouping of people. The first origin that knows a person tells."""

    name: Name
    title: str
    labels: dict[str, str]
    origin: tuple[Origin, ...]

    @model_validator(mode="after")
    def _has_labels(self) -> "Characteristic":
        unlabelled = sorted({code for origin in self.origin for code in origin.codes} - set(self.labels))
        if unlabelled:
            raise ValueError(f"characteristic '{self.name}': no label for {', '.join(unlabelled)}")
        return self


class Compared(_Strict):
    """All that a comparison needs to be told."""

    most_institutions: Annotated[int, Field(ge=1)]
    break_down_from: Annotated[float, Field(ge=1)]
    broken_down_share: Annotated[float, Field(gt=0, lt=1)]
    cohort: tuple[Cohort, ...]
    characteristic: tuple[Characteristic, ...]

    @model_validator(mode="after")
    def _named_once(self) -> "Compared":
        names = [one.definition for one in self.cohort] + [one.name for one in self.characteristic]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"named twice: {', '.join(twice)}")
        if {"all", "subject"} & {one.name for one in self.characteristic}:
            raise ValueError("a characteristic cannot be called all or subject")
        return self


def load(path: Path | None = None) -> Compared:
    """Read the rules; those that ship with the package when no file is given.

    Raises:
        ConfigError: no such file, no TOML, or faults, all at once.
    """
    path = path or config_file("outcomes/compared.toml")
    return check(Compared, read_toml(path, "name a TOML file of comparisons, or none"), str(path))
