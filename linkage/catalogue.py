"""Every variable of every dataset: a variable that is not in the catalogue does not exist.

Read from configs/catalogue/*.toml. Readers take types and keys from it, the generator its columns, contracts their
rules, extracts their sensitivity and metadata its descriptions.
"""

import functools
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linkage.errors import ConfigError
from linkage.resources import configs_dir

Type = Literal["string", "integer", "number", "date", "boolean"]

# What a raw column is to linkage. `None` is an attribute, which linkage never reads.
Role = Literal[
    "record_key", "entity_key", "valid_from", "valid_to",
    "forename", "middle_names", "surname", "former_surname", "dob", "sex", "postcode", "former_postcode",
    "nino", "uln", "upn", "husid", "email", "phone", "address",
]  # fmt: skip

IDENTIFIERS = ("forename", "middle_names", "surname", "dob", "sex", "postcode", "nino", "uln", "upn", "husid")
"""The identifier columns of `records`, in their order. former_* values become rows of their own."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Variable(_Strict):
    """One column of one table, as its owner names it."""

    name: str
    type: Type
    description: str
    concept: str
    role: Role | None = None
    frame: str | None = None  # name of a code frame in frames.toml
    format: str | None = None  # dates as text: strptime pattern; identifiers: "upn", "uln", "nino", "postcode"
    required: bool = False  # a NULL sends the row to quarantine
    identifiability: Annotated[int, Field(ge=1, le=5)]  # 1 names a person, 5 is shared by many (DfE's scale)
    sensitivity: Literal["A", "B", "C", "D", "E"]  # A is the most sensitive (DfE's scale)
    years: str = ""  # "2001/02-2020/21", as held; empty where not yearly
    institution: bool = False  # identifies a body; pseudonymised like a person


class TableDef(_Strict):
    """One table of a dataset."""

    name: str
    title: str
    grain: str  # what one row is
    key: tuple[str, ...] = ()  # columns that make a row unique
    entity_key: tuple[
        tuple[str, ...], ...
    ] = ()  # alternatives, first whole one wins: [["ULN"], ["UKPRN", "LearnRefNumber"]]
    entity_source: str | None = None  # the dataset whose entity_key this table carries (HMRC tables carry CIS's NINO)
    generated: bool = True
    variable: tuple[Variable, ...]

    @functools.cached_property
    def variables(self) -> dict[str, Variable]:
        return {v.name: v for v in self.variable}

    def with_role(self, role: str) -> Variable | None:
        """The column that plays a role, or None."""
        return next((v for v in self.variable if v.role == role), None)


class Dataset(_Strict):
    """A body's collection, for example the National Pupil Database."""

    dataset: str
    title: str
    owner: str
    table: dict[str, TableDef]


class Catalogue(_Strict):
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

    def frame(self, variable: Variable) -> dict[str, str]:
        """The code frame of a variable: code to label; empty where it has none."""
        return self.frames[variable.frame] if variable.frame else {}


def load(folder: Path | None = None) -> Catalogue:
    """Read configs/catalogue: one file a dataset, and frames.toml with all code frames.

    Raises:
        ConfigError: all faults of all files at once, each with its file and path.
    """
    folder = folder or configs_dir() / "catalogue"
    faults: list[str] = []
    datasets: dict[str, Dataset] = {}
    frames = (
        tomllib.loads((folder / "frames.toml").read_text(encoding="utf-8")) if (folder / "frames.toml").exists() else {}
    )
    for path in sorted(folder.glob("*.toml")):
        if path.name == "frames.toml":
            continue
        try:
            dataset = Dataset.model_validate(_named(tomllib.loads(path.read_text(encoding="utf-8"))))
        except (ValidationError, tomllib.TOMLDecodeError) as error:
            faults += _faults(path.name, error)
            continue
        datasets[dataset.dataset] = dataset
        faults += _unknown_names(path.name, dataset, frames)
    if faults:
        raise ConfigError("the catalogue has faults\n" + "\n".join(f"  {fault}" for fault in faults))
    return Catalogue(datasets=datasets, frames=frames)


@functools.cache
def shipped() -> Catalogue:
    """The catalogue that comes with the package, read once."""
    return load()


def _named(raw: dict[str, Any]) -> dict[str, Any]:
    for name, table in raw.get("table", {}).items():
        table.setdefault("name", name)
    return raw


def _faults(file: str, error: Exception) -> list[str]:
    if isinstance(error, ValidationError):
        return [f"{file}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
    return [f"{file}: {error}"]


def _unknown_names(file: str, dataset: Dataset, frames: dict[str, Any]) -> list[str]:
    """Keys and frames that are named but do not exist, and variables described twice."""
    faults = []
    for table in dataset.table.values():
        where = f"{file}: table.{table.name}"
        names = [v.name for v in table.variable]
        faults += [f"{where}: '{n}' is described twice" for n in sorted({n for n in names if names.count(n) > 1})]
        keys = {*table.key, *(column for alternative in table.entity_key for column in alternative)}
        faults += [f"{where}: key '{k}' is not a variable of the table" for k in sorted(keys - set(names))]
        faults += [
            f"{where}.{v.name}: no code frame '{v.frame}'" for v in table.variable if v.frame and v.frame not in frames
        ]
        faults += [
            f"{where}.{n}: a column name is letters, digits and underscores"
            for n in names
            if not re.fullmatch(r"\w+", n)
        ]
    return faults
