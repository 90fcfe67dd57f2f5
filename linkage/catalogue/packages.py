"""Data packages: items that are requested together, derived from the catalogue by the
rules in configs/packages/.
"""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from linkage.catalogue.definitions import Catalogue, Variable, rating_of
from linkage.catalogue.holdings import Holding, holdings, names_a_person
from linkage.catalogue.reading import shipped
from linkage.catalogue.standard import ListedTable, StandardExtract, standard_extract
from linkage.catalogue.years import Years
from linkage.config import Name
from linkage.config.resources import config_files
from linkage.config.toml_file import Frozen, fault_lines, toml_of
from linkage.errors import ConfigError


class Selection(Frozen):
    """Variables that have one of the values of every key that is given, and are of no
    dataset in `excluding`.
    """

    datasets: tuple[str, ...] = ()
    excluding: tuple[str, ...] = ()  # datasets that are not meant
    tables: tuple[str, ...] = ()  # "npd.ks4"
    concepts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    sensitivity: tuple[Literal["A", "B", "C", "D", "E"], ...] = ()
    identifiability: tuple[Annotated[int, Field(ge=1, le=5)], ...] = ()

    def takes(self, holding: Holding | ListedTable, variable: Variable) -> bool:
        """Whether a variable of a table is meant."""
        criteria = (
            (self.datasets, holding.dataset),
            (self.tables, holding.name),
            (self.concepts, variable.concept),
            (self.roles, variable.role),
            (self.sensitivity, variable.sensitivity),
            (self.identifiability, variable.identifiability),
        )
        return holding.dataset not in self.excluding and all(
            not values or value in values for values, value in criteria
        )

    def unknown_names(
        self,
        catalogue: Catalogue,
        holding_names: Iterable[str],
        standard: StandardExtract | None = None,
    ) -> list[str]:
        """Names of datasets, tables and concepts that neither the catalogue nor the
        standard extract knows.
        """
        concepts = {
            variable.concept
            for dataset in catalogue.datasets.values()
            for table in dataset.table.values()
            for variable in table.variable
        }
        tables = set(holding_names)
        datasets = set(catalogue.datasets)
        for form in standard.tables.values() if standard else ():
            concepts |= {variable.concept for variable in form.variable}
            tables.add(form.name)
            datasets.add(form.dataset)
        groups = (
            ("dataset", (*self.datasets, *self.excluding), datasets),
            ("table", self.tables, tables),
            ("concept", self.concepts, concepts),
        )
        return [
            f"no {kind} '{name}'"
            for kind, names, known in groups
            for name in names
            if name not in known
        ]


class RowsOnly(Frozen):
    """The rows of a table whose column holds one of these values: those of a phase of
    education.
    """

    column: Annotated[str, Field(min_length=1)]
    values: Annotated[tuple[str, ...], Field(min_length=1)]


class Phase(Frozen):
    """A phase of education, by the year groups and ages that it teaches."""

    name: Name
    title: str
    year_groups: tuple[str, ...] = ()
    ages: tuple[int, ...] = ()


class PhaseOfRows(Frozen):
    """How the phase of a row is found: by a column, or the whole table is of
    one phase.
    """

    table: str
    column: str | None = None
    by: Literal["year_groups", "ages"] | None = None
    phase: str | None = None


class Prior(Frozen):
    """A table of an earlier phase that goes with one: prior attainment."""

    phase: str
    table: str
    years_before: int


class PackageRule(Frozen):
    """Selection variables a package takes, and which columns go with them."""

    name: Name
    title: str
    take: Selection
    carry: Selection | None = None
    prior: tuple[Prior, ...] = ()


class PackageFile(Frozen):
    """One file of configs/packages/: packages that divide a body's variables."""

    source: str
    phase: tuple[Phase, ...] = ()
    row: tuple[PhaseOfRows, ...] = ()
    package: tuple[PackageRule, ...]


@dataclass(frozen=True)
class Part:
    """A table's share of a package."""

    holding: Holding
    variables: tuple[Variable, ...]
    only: RowsOnly | None = None
    years_before: int = 0

    def years(self, asked: Years) -> Years | None:
        """The years of this table that go with the package's, as far as they
        are held.
        """
        available = self.holding.years
        years = asked.earlier(self.years_before)
        return years.within(available) if available else years


@dataclass(frozen=True)
class Package:
    """A package, by phase. One that is not split by phase has the phase "".

    `listed` are the items that the standard extract has besides, and that no data are
    made of here: a request for the package gives none of them.
    """

    name: str
    title: str
    source: str
    parts: dict[str, tuple[Part, ...]]
    listed: tuple[tuple[ListedTable, Variable], ...] = ()

    @property
    def phases(self) -> tuple[str, ...]:
        """The phases that the package is held for; none where it is not split."""
        return tuple(phase for phase in self.parts if phase)

    def variables(
        self, phases: Iterable[str] | None = None
    ) -> list[tuple[Holding, Variable]]:
        """Every variable once, of some phases or of all."""
        names = self.parts if phases is None else phases
        items = {
            (part.holding.name, variable.name): (part.holding, variable)
            for phase in names
            for part in self.parts[phase]
            for variable in part.variables
        }
        return list(items.values())

    def listed_in(self, phase: str) -> list[tuple[ListedTable, Variable]]:
        """What is listed of tables about a phase; all of it for a package that is not
        split.
        """
        return [
            (table, v)
            for table, v in self.listed
            if not phase or phase in table.form.phases
        ]

    def rating(self, phases: Iterable[str] | None = None) -> str:
        """The most identifying and the most sensitive of its items, as in "4B"."""
        return rating_of(variable for _, variable in self.variables(phases))

    def years(self, phase: str) -> Years | None:
        """From the first to the last year that any table of the phase itself is held
        for.
        """
        return Years.around(
            part.holding.years for part in self.parts[phase] if not part.years_before
        )


def load_packages(
    catalogue: Catalogue,
    folder: Path | None = None,
    standard: StandardExtract | None = None,
) -> dict[str, Package]:
    """Every package by its name, in the order of the files.

    Args:
        standard: what exists besides; the shipped standard extract for the shipped
            catalogue, nothing for another.

    Raises:
        ConfigError: faults of all files at once: keys, tables, concepts or phases that
            do not exist, names used twice.
    """
    if standard is None and catalogue is shipped():
        standard = standard_extract()
    tables = holdings(catalogue)
    packages: dict[str, Package] = {}
    faults: list[str] = []
    for path in (
        sorted(folder.glob("*.toml"))
        if folder
        else config_files("packages/*.toml").values()
    ):
        try:
            rules = PackageFile.model_validate(toml_of(path))
        except ConfigError as error:
            faults.append(str(error))
            continue
        except ValidationError as error:
            faults += [
                f"{path.name}: {line}" for line in fault_lines(PackageFile, error)
            ]
            continue
        errors = [
            f"{path.name}: {line}"
            for line in _wrong_names(rules, catalogue, tables, standard)
        ]
        batch = {} if errors else _packages(rules, tables, standard)
        errors += [
            f"{path.name}: two packages are named '{name}'"
            for name in batch
            if name in packages
        ]
        errors += [
            f"{path.name}: package {name} takes no variable"
            for name, package in batch.items()
            if not package.parts
        ]
        faults += errors
        packages |= batch
    if faults:
        raise ConfigError(
            "the data packages have faults\n"
            + "\n".join(f"  {fault}" for fault in faults)
        )
    return packages


@functools.cache
def shipped_packages() -> dict[str, Package]:
    """The packages that come with the package, of the catalogue that comes with it,
    read once.
    """
    return load_packages(shipped())


def _packages(
    rules: PackageFile, known: dict[str, Holding], standard: StandardExtract | None
) -> dict[str, Package]:
    """Each variable that may leave goes to the first package that takes it."""
    by_package: dict[str, dict[str, list[Variable]]] = {
        rule.name: {} for rule in rules.package
    }
    for name, holding in known.items():
        for variable in holding.definition.variable:
            if names_a_person(variable):
                continue
            if first := _first(rules, holding, variable):
                by_package[first.name].setdefault(name, []).append(variable)
    forms: dict[str, list[tuple[ListedTable, Variable]]] = {
        rule.name: [] for rule in rules.package
    }
    for form in standard.tables.values() if standard else ():
        for variable in form.variable:
            if not names_a_person(variable) and (
                first := _first(rules, form, variable)
            ):
                forms[first.name].append((form, variable))
    return {
        rule.name: Package(
            rule.name,
            rule.title,
            rules.source,
            _parts(rule, rules, known, by_package[rule.name]),
            tuple(forms[rule.name]),
        )
        for rule in rules.package
    }


def _first(
    rules: PackageFile, table: Holding | ListedTable, variable: Variable
) -> PackageRule | None:
    return next(
        (rule for rule in rules.package if rule.take.takes(table, variable)), None
    )


def _parts(
    rule: PackageRule,
    rules: PackageFile,
    known: dict[str, Holding],
    by_table: dict[str, list[Variable]],
) -> dict[str, tuple[Part, ...]]:
    """A package's tables by phase; of a table that nothing is taken from but what is
    carried, none.
    """
    with_keys = {
        name: _with_carried(rule, known[name], variables)
        for name, variables in by_table.items()
    }
    tables = {
        name: variables
        for name, variables in with_keys.items()
        if _says_something(rule, known[name], variables)
    }
    if not rules.phase:
        return (
            {
                "": tuple(
                    Part(known[name], variables) for name, variables in tables.items()
                )
            }
            if tables
            else {}
        )
    parts: dict[str, tuple[Part, ...]] = {}
    for phase in rules.phase:
        of_phase = [
            part
            for name, variables in tables.items()
            for part in _of_phase(known[name], variables, phase, rules)
        ]
        if of_phase:
            earlier = [
                Part(
                    known[prior.table],
                    tables[prior.table],
                    years_before=prior.years_before,
                )
                for prior in rule.prior
                if prior.phase == phase.name
            ]
            parts[phase.name] = (*of_phase, *earlier)
    return parts


def _with_carried(
    rule: PackageRule, holding: Holding, listed_variables: list[Variable]
) -> tuple[Variable, ...]:
    """What is taken and what is carried, in the table's own order."""
    return tuple(
        variable
        for variable in holding.definition.variable
        if variable in listed_variables
        or (
            rule.carry
            and rule.carry.takes(holding, variable)
            and not names_a_person(variable)
        )
    )


def _says_something(
    rule: PackageRule, holding: Holding, variables: tuple[Variable, ...]
) -> bool:
    return any(
        not (rule.carry and rule.carry.takes(holding, variable))
        for variable in variables
    )


def _of_phase(
    holding: Holding, variables: tuple[Variable, ...], phase: Phase, rules: PackageFile
) -> Iterator[Part]:
    rule = next((row for row in rules.row if row.table == holding.name), None)
    if rule is None or rule.phase == phase.name:
        yield Part(holding, variables)
    elif rule.column and rule.by:
        values = (
            phase.year_groups
            if rule.by == "year_groups"
            else tuple(map(str, phase.ages))
        )
        if values:
            yield Part(holding, variables, RowsOnly(column=rule.column, values=values))


def _wrong_names(
    rules: PackageFile,
    catalogue: Catalogue,
    tables: dict[str, Holding],
    standard: StandardExtract | None,
) -> Iterator[str]:
    phases = {phase.name for phase in rules.phase}
    for row in rules.row:
        if row.table not in tables:
            yield f"row: no table '{row.table}'"
        elif (row.column is None) != (row.by is None) or (row.column is None) == (
            row.phase is None
        ):
            yield f"row {row.table}: give either phase, or column and by"
        elif row.column and row.column not in tables[row.table].definition.variables:
            yield f"row {row.table}: no variable '{row.column}'"
        if row.phase and row.phase not in phases:
            yield f"row {row.table}: no phase '{row.phase}'"
    for rule in rules.package:
        for selection in filter(None, (rule.take, rule.carry)):
            yield from (
                f"package {rule.name}: {line}"
                for line in selection.unknown_names(catalogue, tables, standard)
            )
        for prior in rule.prior:
            if prior.phase not in phases:
                yield f"package {rule.name}: no phase '{prior.phase}'"
            if prior.table not in tables:
                yield f"package {rule.name}: no table '{prior.table}'"
