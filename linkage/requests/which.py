"""Which variables a rule is about, said by what the catalogue knows of them."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from linkage.catalogue import Catalogue, Variable
from linkage.extract.holdings import Holding


class Which(BaseModel):
    """Variables that have one of the values of every key that is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    datasets: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()  # "npd.ks4"
    concepts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    sensitivity: tuple[Literal["A", "B", "C", "D", "E"], ...] = ()
    identifiability: tuple[Annotated[int, Field(ge=1, le=5)], ...] = ()

    def takes(self, holding: Holding, variable: Variable) -> bool:
        """Whether a variable of a table is meant."""
        asked = (
            (self.datasets, holding.dataset),
            (self.tables, holding.name),
            (self.concepts, variable.concept),
            (self.roles, variable.role),
            (self.sensitivity, variable.sensitivity),
            (self.identifiability, variable.identifiability),
        )
        return all(not allowed or value in allowed for allowed, value in asked)

    def strangers(self, catalogue: Catalogue, held: Iterable[str]) -> list[str]:
        """Names of datasets, tables and concepts that the catalogue does not know."""
        concepts = {
            variable.concept
            for dataset in catalogue.datasets.values()
            for table in dataset.table.values()
            for variable in table.variable
        }
        named = (
            ("dataset", self.datasets, set(catalogue.datasets)),
            ("table", self.tables, set(held)),
            ("concept", self.concepts, concepts),
        )
        return [f"no {kind} '{name}'" for kind, names, known in named for name in names if name not in known]
