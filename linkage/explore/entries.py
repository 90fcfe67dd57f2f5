"""Everything that can be found: each variable once, held or only listed, with its table, phases and packages."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from linkage.catalogue import Catalogue, ListedTable, StandardExtract, Variable
from linkage.catalogue.holdings import names_a_person, without_case
from linkage.requests.packages import Package


@dataclass(frozen=True)
class Entry:
    """A variable of a table.

    Attributes:
        table: "npd.ks4".
        written: its name in DfE's form, with [term] and [yy] where those go; None where it is not in the form.
        is_held: whether data of it are held here.
        packages: names of the data packages that it is in.
        refused: why it can be in no extract; None where it can.
    """

    table: str
    variable: Variable
    phases: tuple[str, ...]
    written: str | None
    is_held: bool
    packages: tuple[str, ...]
    refused: str | None

    @property
    def name(self) -> str:
        return self.variable.name

    @property
    def dataset(self) -> str:
        return self.table.partition(".")[0]

    @property
    def rating(self) -> str:
        """Identifiability and sensitivity: "4B"."""
        return f"{self.variable.identifiability}{self.variable.sensitivity}"

    @property
    def page(self) -> str:
        """Its page, from the site's root."""
        return f"variable/{self.table}.{self.name}.html"

    @property
    def letter(self) -> str:
        """The A to Z page that it is on: its first letter, or "0" for a digit."""
        first = self.name.lstrip("_")[:1].lower()
        return first if "a" <= first <= "z" else "0"


@dataclass(frozen=True)
class TableEntry:
    """A table, with all of its variables: held ones first."""

    name: str
    title: str
    grain: str
    phases: tuple[str, ...]
    entries: tuple[Entry, ...]

    @property
    def held(self) -> int:
        return sum(entry.is_held for entry in self.entries)

    @property
    def page(self) -> str:
        return f"table/{self.name}.html"


@dataclass(frozen=True)
class Explored:
    """All of it.

    Attributes:
        datasets: name to title and owner, of what is held first.
        packages: by name, as requests know them.
    """

    datasets: Mapping[str, tuple[str, str]]
    tables: tuple[TableEntry, ...]
    packages: Mapping[str, Package]
    frames: Mapping[str, Mapping[str, str]]

    @functools.cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every variable, table by table."""
        return tuple(entry for table in self.tables for entry in table.entries)

    @functools.cached_property
    def alike(self) -> Mapping[str, tuple[Entry, ...]]:
        """Variables by name, case and underscores apart: the same thing in other tables."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            found[without_case(entry.name)].append(entry)
        return {name: tuple(entries) for name, entries in found.items()}

    def others(self, entry: Entry) -> tuple[Entry, ...]:
        """The variables of other tables that have an entry's name."""
        return tuple(other for other in self.alike[without_case(entry.name)] if other is not entry)

    def concepts(self) -> dict[str, tuple[Entry, ...]]:
        """Concept to its variables, in the order of the alphabet."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            found[entry.variable.concept].append(entry)
        return {name: tuple(found[name]) for name in sorted(found)}

    def letters(self) -> dict[str, tuple[Entry, ...]]:
        """Letter to its variables, each in the order of the alphabet."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in sorted(self.entries, key=lambda entry: (entry.name.lower(), entry.table)):
            found[entry.letter].append(entry)
        return {letter: tuple(found[letter]) for letter in sorted(found)}


def explored(catalogue: Catalogue, standard: StandardExtract, packages: Mapping[str, Package]) -> Explored:
    """What is held, what is listed and how packages hold it, as one list."""
    within = _packages_of(packages)
    datasets = {name: (dataset.title, dataset.owner) for name, dataset in catalogue.datasets.items()}
    tables: list[TableEntry] = []
    for dataset_name, dataset in catalogue.datasets.items():
        for definition in dataset.table.values():
            name = f"{dataset_name}.{definition.name}"
            listed = standard.tables.get(name)
            theirs = {ours: form for form, ours in listed.held.items()} if listed else {}
            held = [
                _entry(name, v, definition.phases, listed, theirs.get(v.name), within, is_held=True)
                for v in definition.variable
            ]
            more = _listed(listed, within) if listed else []
            tables.append(TableEntry(name, definition.title, definition.grain, definition.phases, (*held, *more)))
    known = {table.name for table in tables}
    tables += [
        TableEntry(name, listed.form.title, listed.form.grain, listed.form.phases, tuple(_listed(listed, within)))
        for name, listed in standard.tables.items()
        if name not in known
    ]
    order = list(datasets) + [name for name in standard.titles if name not in datasets]
    tables.sort(key=lambda table: order.index(table.name.partition(".")[0]))
    return Explored({**datasets, **standard.titles}, tuple(tables), packages, catalogue.frames)


def _listed(listed: ListedTable, within: Mapping[tuple[str, str], tuple[str, ...]]) -> list[Entry]:
    return [_entry(listed.name, v, listed.form.phases, listed, v.name, within, is_held=False) for v in listed.variable]


def _entry(
    table: str,
    variable: Variable,
    phases: Iterable[str],
    listed: ListedTable | None,
    theirs: str | None,
    within: Mapping[tuple[str, str], tuple[str, ...]],
    *,
    is_held: bool,
) -> Entry:
    written = listed.names.get(theirs) if listed and theirs else None
    packages = within.get((table, variable.name), ())
    return Entry(table, variable, tuple(phases), written, is_held, packages, names_a_person(variable))


def _packages_of(packages: Mapping[str, Package]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Table and variable to the packages that they are in."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, package in packages.items():
        held = [(holding.name, variable.name) for holding, variable in package.variables()]
        for key in dict.fromkeys([*held, *((table.name, variable.name) for table, variable in package.listed)]):
            found[key].append(name)
    return {key: tuple(names) for key, names in found.items()}
