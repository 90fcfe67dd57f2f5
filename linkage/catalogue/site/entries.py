"""Everything that can be found: each variable once, held or only listed, with its
table, phases and packages.
"""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from linkage.catalogue.definitions import Catalogue, Variable
from linkage.catalogue.holdings import names_a_person, without_case
from linkage.catalogue.packages import Package
from linkage.catalogue.standard import ListedTable, StandardExtract


@dataclass(frozen=True)
class Entry:
    """A variable of a table.

    Attributes:
        table: "npd.ks4".
        written: its name in DfE's form, with [term] and [yy] where those go; None where
            it is not in the form.
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
        return self.variable.rating

    @property
    def needs_reason(self) -> bool:
        """Whether a request gives a reason of its own for it."""
        return self.variable.role == "sex" or self.variable.sensitivity in ("A", "B")

    @property
    def page(self) -> str:
        """Its page, from the site's root."""
        return f"variable/{self.table}.{self.name}.html"


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


@dataclass(frozen=True)
class Everything:
    """All tables, datasets and packages.

    Attributes:
        datasets: name to title and owner, of what is held first.
        packages: by name, as requests name them.
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
    def _by_name(self) -> Mapping[str, list[Entry]]:
        entries: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            entries[without_case(entry.name)].append(entry)
        return entries

    def others(self, entry: Entry) -> list[Entry]:
        """The variables of other tables that have an entry's name."""
        return [
            other
            for other in self._by_name[without_case(entry.name)]
            if other is not entry
        ]


def everything(
    catalogue: Catalogue, standard: StandardExtract, packages: Mapping[str, Package]
) -> Everything:
    """What is held and what is listed, as one list."""
    packages_of = _packages_of(packages)
    datasets = {
        name: (dataset.title, dataset.owner)
        for name, dataset in catalogue.datasets.items()
    }
    tables: list[TableEntry] = []
    for dataset_name, dataset in catalogue.datasets.items():
        for definition in dataset.table.values():
            name = f"{dataset_name}.{definition.name}"
            form = standard.tables.get(name)
            in_form = (
                {own_name: column for column, own_name in form.held.items()}
                if form
                else {}
            )
            entries = [
                _entry(
                    name,
                    variable,
                    definition.phases,
                    form,
                    in_form.get(variable.name),
                    packages_of,
                    is_held=True,
                )
                for variable in definition.variable
            ]
            rest = _listed(form, packages_of) if form else []
            tables.append(
                TableEntry(
                    name,
                    definition.title,
                    definition.grain,
                    definition.phases,
                    (*entries, *rest),
                )
            )
    known = {table.name for table in tables}
    tables += [
        TableEntry(
            name,
            form.form.title,
            form.form.grain,
            form.form.phases,
            tuple(_listed(form, packages_of)),
        )
        for name, form in standard.tables.items()
        if name not in known
    ]
    order = list(datasets) + [name for name in standard.titles if name not in datasets]
    tables.sort(key=lambda table: order.index(table.name.partition(".")[0]))
    return Everything(
        {**datasets, **standard.titles}, tuple(tables), packages, catalogue.frames
    )


_Within = Mapping[tuple[str, str], tuple[str, ...]]


def _listed(table: ListedTable, packages_of: _Within) -> list[Entry]:
    return [
        _entry(
            table.name,
            variable,
            table.form.phases,
            table,
            variable.name,
            packages_of,
            is_held=False,
        )
        for variable in table.variable
    ]


def _entry(
    table: str,
    variable: Variable,
    phases: Iterable[str],
    form: ListedTable | None,
    in_form: str | None,
    packages_of: _Within,
    *,
    is_held: bool,
) -> Entry:
    name = form.names.get(in_form) if form and in_form else None
    packages = packages_of.get((table, variable.name), ())
    return Entry(
        table,
        variable,
        tuple(phases),
        name,
        is_held,
        packages,
        names_a_person(variable),
    )


def _packages_of(packages: Mapping[str, Package]) -> _Within:
    """Table and variable to the packages that they are in."""
    names_of: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, package in packages.items():
        variables = [
            (holding.name, variable.name) for holding, variable in package.variables()
        ]
        for key in dict.fromkeys(
            [
                *variables,
                *((table.name, variable.name) for table, variable in package.listed),
            ]
        ):
            names_of[key].append(name)
    return {key: tuple(names) for key, names in names_of.items()}
