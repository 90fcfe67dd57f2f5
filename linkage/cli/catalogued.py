"""What `leo catalogue show` says of datasets, tables and variables, held or only listed."""

import difflib
from dataclasses import dataclass

from linkage.catalogue import Catalogue, Dataset, StandardExtract, TableDef, Variable
from linkage.errors import ConfigError


@dataclass(frozen=True)
class Everything:
    """What is held, and what the standard extract has besides. Each method gives lines for a terminal.

    Raises:
        ConfigError: there is nothing of the name; the message lists what there is, or the nearest.
    """

    catalogue: Catalogue
    standard: StandardExtract

    def datasets(self) -> list[str]:
        """A line a dataset."""
        lines = [
            f"{d.dataset:<8} {len(d.table):>3} tables  {d.title} ({d.owner})" for d in self.catalogue.datasets.values()
        ]
        return lines + [
            f"{name:<8} {len(self._listed(name)):>3} tables  {title} ({owner}); listed alone"
            for name, (title, owner) in self.standard.titles.items()
        ]

    def tables(self, dataset: str) -> list[str]:
        """A line a table of a dataset."""
        held = self._dataset(dataset).table if dataset not in self.standard.titles else {}
        lines = [_table_line(dataset, table) for table in held.values()]
        for name in self._listed(dataset):
            table = self.standard.tables[f"{dataset}.{name}"]
            if name not in held:
                lines.append(f"{table.name:<24} {len(table.variable):>3} listed     one row: {table.form.grain}")
        return lines

    def variables(self, dataset: str, table: str) -> list[str]:
        """A line a variable of a table, held ones first."""
        listed = self.standard.tables.get(f"{dataset}.{table}")
        if listed and not self._holds(dataset, table):
            return [_variable_line(variable, ". ") for variable in listed.variable]
        held = self.catalogue.table(dataset, table).variable
        return [_variable_line(variable) for variable in held] + [
            _variable_line(variable, ". ") for variable in (listed.variable if listed else ())
        ]

    def variable(self, dataset: str, table: str, name: str) -> list[str]:
        """Every fact of a variable that is set, and its code frame."""
        listed = self.standard.tables.get(f"{dataset}.{table}")
        known = dict(listed.variables) if listed else {}
        ours: dict[str, Variable] = {}
        if not listed or self._holds(dataset, table):
            ours = self.catalogue.table(dataset, table).variables
        variable = ours.get(name) or known.get(name) or ours.get((listed.held if listed else {}).get(name, ""))
        if not variable:
            near = difflib.get_close_matches(name, [*ours, *known], 1, 0.4)
            raise ConfigError(
                f"{dataset}.{table} has no variable '{name}'\n  "
                + (f"nearest: {near[0]}" if near else f"list them: leo catalogue show {dataset}.{table}")
            )
        facts = variable.model_dump(exclude_defaults=True)
        lines = [f"{fact + ':':<16} {value}" for fact, value in facts.items()]
        written = self._written(f"{dataset}.{table}", variable.name)
        lines += [f"{'in the form:':<16} {written}"] if written and written != name else []
        lines += [] if variable.name in ours else ["held:            no, listed alone"]
        return lines + [f"  {code:<14} {label}" for code, label in self.catalogue.frame(variable).items()]

    def _written(self, table: str, name: str) -> str | None:
        listed = self.standard.tables.get(table)
        if not listed:
            return None
        theirs = next((form for form, ours in listed.held.items() if ours == name), name)
        return listed.names.get(theirs)

    def _listed(self, dataset: str) -> list[str]:
        return [table.form.name for table in self.standard.tables.values() if table.dataset == dataset]

    def _holds(self, dataset: str, table: str) -> bool:
        return dataset in self.catalogue.datasets and table in self.catalogue.datasets[dataset].table

    def _dataset(self, name: str) -> Dataset:
        found = self.catalogue.datasets
        if name not in found:
            known = ", ".join(sorted([*found, *self.standard.titles]))
            raise ConfigError(f"the catalogue has no dataset '{name}'\n  it has: {known}")
        return found[name]


def _table_line(dataset: str, table: TableDef) -> str:
    return f"{f'{dataset}.{table.name}':<24} {len(table.variable):>3} variables  one row: {table.grain}"


def _variable_line(variable: Variable, mark: str = "") -> str:
    rating = f"{variable.identifiability}{variable.sensitivity}"
    return f"{mark + variable.name:<32} {variable.type:<8} {rating}  {variable.description}"
