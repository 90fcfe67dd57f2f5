"""A selection of variables by their properties in the catalogue."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from linkage.catalogue.definitions import Catalogue, Variable
from linkage.catalogue.holdings import Holding
from linkage.catalogue.standard import ListedTable, StandardExtract
from linkage.config.toml_file import Frozen


class Selection(Frozen):
    """Variables that have one of the values of every key that is given, and are of no dataset in `excluding`."""

    datasets: tuple[str, ...] = ()
    excluding: tuple[str, ...] = ()  # datasets that are not meant
    tables: tuple[str, ...] = ()  # "npd.ks4"
    concepts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    sensitivity: tuple[Literal["A", "B", "C", "D", "E"], ...] = ()
    identifiability: tuple[Annotated[int, Field(ge=1, le=5)], ...] = ()

    def takes(self, holding: Holding | ListedTable, variable: Variable) -> bool:
        """Whether a variable of a table is meant."""
        asked = (
            (self.datasets, holding.dataset),
            (self.tables, holding.name),
            (self.concepts, variable.concept),
            (self.roles, variable.role),
            (self.sensitivity, variable.sensitivity),
            (self.identifiability, variable.identifiability),
        )
        return holding.dataset not in self.excluding and all(
            not allowed or value in allowed for allowed, value in asked
        )

    def unknown_names(
        self, catalogue: Catalogue, held: Iterable[str], standard: StandardExtract | None = None
    ) -> list[str]:
        """Names of datasets, tables and concepts that neither the catalogue nor the standard extract knows."""
        concepts = {
            variable.concept
            for dataset in catalogue.datasets.values()
            for table in dataset.table.values()
            for variable in table.variable
        }
        tables = set(held)
        datasets = set(catalogue.datasets)
        for listed in standard.tables.values() if standard else ():
            concepts |= {variable.concept for variable in listed.variable}
            tables.add(listed.name)
            datasets.add(listed.dataset)
        named = (
            ("dataset", (*self.datasets, *self.excluding), datasets),
            ("table", self.tables, tables),
            ("concept", self.concepts, concepts),
        )
        return [f"no {kind} '{name}'" for kind, names, known in named for name in names if name not in known]
