"""What configs/synthetic/releases/deliveries.toml says of how tables come year by year, checked."""

import functools
from typing import Annotated

from pydantic import Field

from linkage.catalogue import TableDef
from linkage.errors import ConfigError
from synthetic.rules.settings import Strict, settings

Share = Annotated[float, Field(ge=0, le=0.5)]


class Amended(Strict):
    """Shares of a dataset's records that arrive a delivery late, and that are withdrawn in a year."""

    late: Share
    withdrawn: Share


class Dated(Strict):
    """Columns that date a row: of years, and of days."""

    years: tuple[str, ...]
    days: tuple[str, ...]


class Delivered(Strict):
    """How a table comes."""

    together: tuple[str, ...] = ()  # rows of equal values here are late or withdrawn as one
    years: str | None = None  # the column that dates a row, where it has another name than the usual ones
    days: str | None = None
    ends: tuple[str, ...] = ()
    while_open: dict[str, str] = Field(default_factory=dict)


class Deliveries(Strict):
    """All of deliveries.toml."""

    why: str
    corrected: dict[str, Share]  # by name of the draw (synthetic.mistakes.written_down)
    dataset: dict[str, Amended]
    dated: Dated
    table: dict[str, Delivered]

    def amended(self, table: str) -> Amended:
        """The shares of a table's dataset; those of "other" where it has none of its own."""
        return self.dataset.get(table.split("_", 1)[0], self.dataset["other"])

    def delivered(self, table: str, definition: TableDef) -> Delivered:
        """How a table comes, with the column that dates its rows and those that its rows are amended by.

        Raises:
            ConfigError: nothing dates the table's rows.
        """
        rule, columns = self.table.get(table, Delivered()), definition.variables
        if not rule.together:
            rule = rule.model_copy(update={"together": definition.entity_key[-1]})
        if rule.years or rule.days:
            return rule
        years = next((name for name in self.dated.years if name in columns), None)
        days = next((name for name in self.dated.days if name in columns), None)
        if not (years or days):
            raise ConfigError(
                f"configs/synthetic/releases/deliveries.toml: nothing dates the rows of '{table}'\n"
                f"  add [table.{table}] with years or days, the name of a column"
            )
        return rule.model_copy(update={"years": years} if years else {"days": days})


@functools.cache
def deliveries() -> Deliveries:
    """The shipped file.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("releases/deliveries.toml", Deliveries)
