"""The definitions of a variable, a table and a dataset."""

import functools
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from pydantic import Field

from linkage.config.toml_file import Frozen
from linkage.errors import ConfigError

Type = Literal["string", "integer", "number", "date", "boolean"]

# What a raw column is to linkage. `None` is an attribute, which linkage never reads.
Role = Literal[
    "record_key",
    "entity_key",
    "valid_from",
    "valid_to",
    "forename",
    "middle_names",
    "surname",
    "former_surname",
    "dob",
    "sex",
    "postcode",
    "former_postcode",
    "nino",
    "uln",
    "upn",
    "husid",
    "email",
    "phone",
    "address",
]

PROBLEMS = {
    "name": 1,
    "dob": 2,
    "postcode": 4,
    "nino": 8,
    "uln": 16,
    "upn": 32,
    "sex": 64,
}
"""The flags that `problems` of `records` is a sum of: what was wrong with which
identifier (docs/reference/tables.md).
"""

KEYLESS = "#"
"""What the key of an entity begins with whose source gives it none. A number follows
that counts the rows of one delivery: in the next it is somebody else's.
"""

SEX_LABELS = ("Male", "Female")
"""Labels by which a code frame tells linkage the sexes that it compares
(configs/records/identifiers.toml).
"""

CODE_FORMS = ("code", "number")
"""Formats of codes without a form of their own: postcodes of any country, and numbers
of persons.
"""


Phase = Literal[
    "early-years",
    "primary",
    "secondary",
    "post-16",
    "further-education",
    "higher-education",
    "working-life",
]


PHASES: tuple[Phase, ...] = get_args(Phase)
"""Phases of a life that a table can be about, in their order."""


class Variable(Frozen):
    """One column of one table, as its owner names it."""

    name: str = Field(description="Name of the column.")
    type: Type = Field(description="Type of its values.")
    description: str = Field(description="What it holds.")
    concept: str = Field(
        description="What it measures, in a word that variables of all datasets share."
    )
    role: Role | None = Field(
        None,
        description="What it is to linkage; none for an attribute, which linkage never "
        "reads.",
    )
    frame: str | None = Field(None, description="Code frame, of catalogue/frames.toml.")
    format: str | None = Field(
        None,
        description="Form of an identifier: postcode, upn, uln, nino, "
        f"{', '.join(CODE_FORMS)}.",
    )
    required: bool = Field(
        False, description="A row without a value goes to quarantine."
    )
    identifiability: int = Field(
        ge=1, le=5, description="1 names a person, 5 is shared by many (DfE's scale)."
    )
    sensitivity: Literal["A", "B", "C", "D", "E"] = Field(
        description="A is the most sensitive (DfE's scale)."
    )
    years: str = Field(
        "",
        description="Academic years that are held, `2001/02-2020/21`; empty where it "
        "is not yearly.",
    )
    year_of: str | dict[str, str] | None = Field(
        None, description="Table whose year it holds, or one by code of `year_by`."
    )
    year_by: str | None = Field(
        None,
        description="Column that names the table whose approved years a row must be "
        "of.",
    )
    institution: bool = Field(
        False, description="It identifies a body, and is pseudonymised like a person."
    )

    @property
    def years_of(self) -> dict[str, str]:
        """The tables that a year is of, by the value of `year_by`; of any value under
        an empty one.
        """
        return (
            self.year_of
            if isinstance(self.year_of, dict)
            else {"": self.year_of}
            if self.year_of
            else {}
        )

    @property
    def rating(self) -> str:
        """Identifiability and sensitivity: "4B"."""
        return f"{self.identifiability}{self.sensitivity}"


def rating_of(variables: Iterable[Variable]) -> str:
    """The most identifying and the most sensitive of variables; empty where there are
    none.
    """
    ratings = list(variables)
    return (
        f"{min(v.identifiability for v in ratings)}{min(v.sensitivity for v in ratings)}"  # noqa: E501
        if ratings
        else ""
    )


class TableDef(Frozen):
    """One table of a dataset."""

    name: str = Field(description="Name of the table.")
    title: str = Field(description="Title of the table.")
    grain: str = Field(description="What one row is.")
    key: tuple[str, ...] = Field((), description="Columns that make a row unique.")
    year: tuple[str, ...] = Field(
        (), description="Columns of a row's year, six digits; a row fills one of them."
    )
    entity_key: tuple[tuple[str, ...], ...] = Field(
        (), description='Keys, the first whole one wins: [["ULN"], ["Ref"]].'
    )
    entity_source: str | None = Field(
        None, description="Dataset whose entity key the table carries."
    )
    generated: bool = Field(True, description="`leo synth` writes the table.")
    phases: tuple[Phase, ...] = Field(
        (), description="Phases of life that it is about."
    )
    variable: tuple[Variable, ...] = Field(description="Columns of the table.")

    @functools.cached_property
    def variables(self) -> dict[str, Variable]:
        return {v.name: v for v in self.variable}

    def with_role(self, role: str) -> Variable | None:
        """The column that plays a role, or None."""
        return next((v for v in self.variable if v.role == role), None)


class Dataset(Frozen):
    """A body's collection, for example the National Pupil Database."""

    dataset: str = Field(description="Name of the dataset, as a run's file names it.")
    title: str = Field(description="Title of the dataset.")
    owner: str = Field(description="Body that owns it.")
    table: dict[str, TableDef] = Field(description="Tables, by name.")


class Catalogue(Frozen):
    """All datasets and code frames."""

    datasets: dict[str, Dataset]
    frames: dict[str, dict[str, str]]

    def table(self, dataset: str, table: str) -> TableDef:
        """A table by name.

        Raises:
            ConfigError: there is no such dataset or table; the message lists what there
                is.
        """
        if dataset not in self.datasets:
            raise ConfigError(
                f"the catalogue has no dataset '{dataset}'\n  it has: "
                f"{', '.join(sorted(self.datasets))}"
            )
        tables = self.datasets[dataset].table
        if table not in tables:
            raise ConfigError(
                f"dataset '{dataset}' has no table '{table}'\n  it has: "
                f"{', '.join(sorted(tables))}"
            )
        return tables[table]

    def table_called(self, name: str) -> TableDef:
        """A table by dataset and table in one name, `npd_census`, as a run names tables
        of attributes.

        Either part may hold an underscore itself; `load` sees to it that no name means
        two tables.

        Raises:
            ConfigError: there is no such table.
        """
        parts = name.split("_")
        for place in range(1, len(parts)):
            dataset, table = "_".join(parts[:place]), "_".join(parts[place:])
            if dataset in self.datasets and table in self.datasets[dataset].table:
                return self.datasets[dataset].table[table]
        raise ConfigError(
            f"the catalogue has no table '{name}' (dataset_table)\n  leo catalogue "
            "show lists datasets and their tables"
        )

    def frame(self, variable: Variable) -> dict[str, str]:
        """The code frame of a variable: code to label; empty where it has none."""
        return self.frames[variable.frame] if variable.frame else {}

    def with_codes(self, frames: Mapping[str, Mapping[str, str]]) -> "Catalogue":
        """This catalogue with more codes in some frames; a code that it knows keeps its
        label.
        """
        new_frames = {
            name: {**codes, **self.frames.get(name, {})}
            for name, codes in frames.items()
        }
        return self.model_copy(update={"frames": {**self.frames, **new_frames}})
