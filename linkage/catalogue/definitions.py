"""The definitions of a variable, a table and a dataset."""

import functools
from collections.abc import Iterable
from typing import Annotated, Literal, get_args

from pydantic import Field

from linkage.config.toml_file import Frozen
from linkage.errors import ConfigError

Type = Literal["string", "integer", "number", "date", "boolean"]

# What a raw column is to linkage. `None` is an attribute, which linkage never reads.
Role = Literal[
    "record_key", "entity_key", "valid_from", "valid_to",
    "forename", "middle_names", "surname", "former_surname", "dob", "sex", "postcode", "former_postcode",
    "nino", "uln", "upn", "husid", "email", "phone", "address",
]  # fmt: skip

PROBLEMS = {"name": 1, "dob": 2, "postcode": 4, "nino": 8, "uln": 16, "upn": 32, "sex": 64}
"""The flags that `problems` of `records` is a sum of: what was wrong with which identifier (docs/reference/tables.md)."""

KEYLESS = "#"
"""What the key of an entity begins with whose source gives it none. A number follows that counts the rows of one
delivery: in the next it is somebody else's."""

SEX_LABELS = ("Male", "Female")
"""Labels by which a code frame tells linkage the sexes that it compares (configs/records/identifiers.toml)."""

CODE_FORMS = ("code", "number")
"""Formats of codes without a form of their own: postcodes of any country, and numbers of persons."""


Phase = Literal[
    "early-years", "primary", "secondary", "post-16", "further-education", "higher-education", "working-life"
]


PHASES: tuple[Phase, ...] = get_args(Phase)
"""Phases of a life that a table can be about, in their order."""


class Variable(Frozen):
    """One column of one table, as its owner names it."""

    name: str
    type: Type
    description: str
    concept: str
    role: Role | None = None
    frame: str | None = None  # name of a code frame in frames.toml
    format: str | None = None  # of an identifier: "postcode" is a British one, "upn", "uln", "nino", or of CODE_FORMS
    required: bool = False  # a NULL sends the row to quarantine
    identifiability: Annotated[int, Field(ge=1, le=5)]  # 1 names a person, 5 is shared by many (DfE's scale)
    sensitivity: Literal["A", "B", "C", "D", "E"]  # A is the most sensitive (DfE's scale)
    years: str = ""  # "2001/02-2020/21", as held; empty where not yearly
    # "npd.ks4": a year of rows of this table; it leaves only with its years. Or the table for each value of `year_by`.
    year_of: str | dict[str, str] | None = None
    year_by: str | None = None  # rows whose year is not approved for the table that this column names leave out
    institution: bool = False  # identifies a body; pseudonymised like a person

    @property
    def years_of(self) -> dict[str, str]:
        """The tables that a year is of, by the value of `year_by`; of any value under an empty one."""
        return self.year_of if isinstance(self.year_of, dict) else {"": self.year_of} if self.year_of else {}

    @property
    def rating(self) -> str:
        """Identifiability and sensitivity: "4B"."""
        return f"{self.identifiability}{self.sensitivity}"


def rating_of(variables: Iterable[Variable]) -> str:
    """The most identifying and the most sensitive of variables; empty where there are none."""
    listed = list(variables)
    return f"{min(v.identifiability for v in listed)}{min(v.sensitivity for v in listed)}" if listed else ""


class TableDef(Frozen):
    """One table of a dataset."""

    name: str
    title: str
    grain: str  # what one row is
    key: tuple[str, ...] = ()  # columns that make a row unique
    year: tuple[str, ...] = ()  # columns with the year of a row, six digits; a row fills one of them
    entity_key: tuple[
        tuple[str, ...], ...
    ] = ()  # alternatives, first whole one wins: [["ULN"], ["UKPRN", "LearnRefNumber"]]
    entity_source: str | None = None  # the dataset whose entity_key this table carries (HMRC tables carry CIS's NINO)
    generated: bool = True
    phases: tuple[Phase, ...] = ()  # what part of a life it is about; none where it is about no part
    variable: tuple[Variable, ...]

    @functools.cached_property
    def variables(self) -> dict[str, Variable]:
        return {v.name: v for v in self.variable}

    def with_role(self, role: str) -> Variable | None:
        """The column that plays a role, or None."""
        return next((v for v in self.variable if v.role == role), None)


class Dataset(Frozen):
    """A body's collection, for example the National Pupil Database."""

    dataset: str
    title: str
    owner: str
    table: dict[str, TableDef]


class Catalogue(Frozen):
    """All datasets and code frames."""

    datasets: dict[str, Dataset]
    frames: dict[str, dict[str, str]]

    def table(self, dataset: str, table: str) -> TableDef:
        """A table by name.

        Raises:
            ConfigError: there is no such dataset or table; the message lists what there is.
        """
        if dataset not in self.datasets:
            raise ConfigError(f"the catalogue has no dataset '{dataset}'\n  it has: {', '.join(sorted(self.datasets))}")
        tables = self.datasets[dataset].table
        if table not in tables:
            raise ConfigError(f"dataset '{dataset}' has no table '{table}'\n  it has: {', '.join(sorted(tables))}")
        return tables[table]

    def table_called(self, name: str) -> TableDef:
        """A table by dataset and table in one name, `npd_census`, as a run names tables of attributes.

        Either part may hold an underscore itself; `load` sees to it that no name means two tables.

        Raises:
            ConfigError: there is no such table.
        """
        parts = name.split("_")
        for place in range(1, len(parts)):
            dataset, table = "_".join(parts[:place]), "_".join(parts[place:])
            if dataset in self.datasets and table in self.datasets[dataset].table:
                return self.datasets[dataset].table[table]
        raise ConfigError(
            f"the catalogue has no table '{name}' (dataset_table)\n  leo catalogue show lists datasets and their tables"
        )

    def frame(self, variable: Variable) -> dict[str, str]:
        """The code frame of a variable: code to label; empty where it has none."""
        return self.frames[variable.frame] if variable.frame else {}
