"""The LEO standard extract: every table and variable of it, also those of which no data
are held here.
"""

import csv
import functools
import io
import tomllib
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from linkage.catalogue.definitions import Catalogue, Phase, Variable
from linkage.catalogue.years import years_of
from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen
from linkage.errors import ConfigError

COLUMNS = (
    "name",
    "as",
    "type",
    "years",
    "concept",
    "rating",
    "frame",
    "held",
    "description",
)
"""Of a table's file. `as` is how the form writes a name that its table's pattern does
not give, a rating is "4B".
"""

_INSTITUTION = "institution"


class TableOfForm(Frozen):
    """A table of the form, as standard/tables.toml has it."""

    dataset: str
    name: str
    title: str
    grain: str
    sheet: str
    part: int | None = None
    pattern: str
    years: str
    phases: tuple[Phase, ...] = ()


class ListedTable(Frozen):
    """A table of the standard extract: what of it is held here, and what is only
    listed.

    Attributes:
        held: name in the form to the variable of ours that stands for it, in our table
            of the same name.
        names: name of a variable to how the form writes it, with [term] and [yy] where
            those go.
        variable: what is only listed.
    """

    form: TableOfForm
    held: dict[str, str]
    names: dict[str, str]
    variable: tuple[Variable, ...]

    @property
    def dataset(self) -> str:
        return self.form.dataset

    @property
    def name(self) -> str:
        """As requests name it: "npd.ks4"."""
        return f"{self.form.dataset}.{self.form.name}"

    @functools.cached_property
    def variables(self) -> dict[str, Variable]:
        """What is only listed, by name."""
        return {variable.name: variable for variable in self.variable}


class StandardExtract(Frozen):
    """All of its tables, and the datasets that are only in it."""

    tables: dict[str, ListedTable] = Field(default={})
    titles: dict[str, tuple[str, str]] = Field(default={})  # dataset -> title, owner

    @property
    def field_count(self) -> int:
        """Variables of all tables, held ones included."""
        return sum(
            len(table.variable) + len(table.held) for table in self.tables.values()
        )

    def variable(self, table: str, name: str) -> Variable | None:
        """A variable that is only listed; None where there is none of the name."""
        return self.tables[table].variables.get(name) if table in self.tables else None


def load_standard(
    folder: Path | None = None, catalogue: Catalogue | None = None
) -> StandardExtract:
    """Read configs/catalogue/standard: tables.toml, and a CSV file for each table.

    Args:
        folder: of these files; the one in use where not given.
        catalogue: what is held, to check what the files say of it.

    Raises:
        ConfigError: all faults of all files at once, each with its file and line.
    """
    raw = tomllib.loads(_file(folder, "tables.toml").read_text(encoding="utf-8"))
    tables: dict[str, ListedTable] = {}
    faults: list[str] = []
    for entry in raw.get("table", []):
        try:
            form = form_table(entry)
        except ValidationError as error:
            faults += [
                f"tables.toml: {entry.get('name')}: {e['loc']}: {e['msg']}"
                for e in error.errors()
            ]
            continue
        file = _file(folder, f"{form.dataset}.{form.name}.csv")
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        table, table_faults = _table(form, text)
        faults += [f"{file.name}: {line}" for line in table_faults]
        tables[table.name] = table
    faults += _strays(tables.values(), catalogue) if catalogue else []
    if faults:
        raise ConfigError(
            "the standard extract's catalogue has faults\n"
            + "\n".join(f"  {f}" for f in faults)
        )
    titles = {
        name: (text["title"], text["owner"])
        for name, text in raw.get("dataset", {}).items()
    }
    return StandardExtract(tables=tables, titles=titles)


@functools.cache
def standard_extract() -> StandardExtract:
    """The standard extract in use, read once."""
    return load_standard()


def _file(folder: Path | None, name: str) -> Path:
    return folder / name if folder else config_file(f"catalogue/standard/{name}")


def form_table(entry: dict[str, object]) -> TableOfForm:
    """An entry of tables.toml; `as` is a word of Python, so it is called `pattern`
    here.
    """
    return TableOfForm.model_validate(
        {("pattern" if key == "as" else key): value for key, value in entry.items()}
    )


def _strays(tables: Iterable[ListedTable], catalogue: Catalogue) -> list[str]:
    """Variables that a file says are held, and that no table of the name has; code
    frames that do not exist.
    """
    faults = []
    for table in tables:
        dataset = catalogue.datasets.get(table.dataset)
        definition = dataset.table.get(table.form.name) if dataset else None
        known = definition.variables if definition else {}
        faults += [
            f"{table.name}: '{name}' is not held"
            for name in table.held.values()
            if name not in known
        ]
        frames = {variable.frame for variable in table.variable if variable.frame}
        faults += [
            f"{table.name}: no code frame '{frame}'"
            for frame in sorted(frames - set(catalogue.frames))
        ]
    return faults


def _table(form: TableOfForm, text: str) -> tuple[ListedTable, list[str]]:
    held_names: dict[str, str] = {}
    names: dict[str, str] = {}
    variables: dict[str, Variable] = {}
    faults: list[str] = []
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        faults.append(f"its columns are not {', '.join(COLUMNS)}")
        reader = csv.DictReader(io.StringIO(""))
    for row in reader:
        name = row["name"]
        if name in held_names or name in variables:
            faults.append(f"line {reader.line_num}: '{name}' is described twice")
        names[name] = row["as"] or form.pattern.format(name=name)
        if row["held"]:
            held_names[name] = row["held"]
            continue
        try:
            years_of(row["years"])
            variables[name] = _variable(row)
        except (
            ValueError,
            IndexError,
        ) as error:  # pydantic's ValidationError is a ValueError
            faults.append(
                f"line {reader.line_num}: {name}: {str(error).splitlines()[0]}"
            )
    return ListedTable(
        form=form, held=held_names, names=names, variable=tuple(variables.values())
    ), faults


def _variable(row: dict[str, str]) -> Variable:
    return Variable(
        name=row["name"],
        type=row["type"],  # pydantic checks it
        description=row["description"],
        concept=row["concept"],
        frame=row["frame"] or None,
        identifiability=int(row["rating"][0]),
        sensitivity=row["rating"][1],  # pydantic checks it
        years=row["years"],
        institution=row["concept"] == _INSTITUTION and row["rating"].startswith("4"),
    )
