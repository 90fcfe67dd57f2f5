"""Rules of the generator: the files of configs/synthetic/ below the presets, checked
against the ones that ship.

A user's own file must have the keys of the shipped one, with values of the same kind;
every fault is reported at once.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linkage.catalogue import TableDef
from linkage.config.resources import config_file, shipped_dir
from linkage.config.toml_file import toml_of
from linkage.errors import ConfigError
from synthetic.base.draws import Floats, Slots


class Table(dict[Any, Any]):
    """A table of a file, whose keys are attributes too: `rules.home.nino_given`. Years
    are whole numbers as keys.
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def but(self, **values: Any) -> "Table":
        """The same table with other values, also of tables within it."""
        table: Table = _tables(overlaid(self, values))
        return table


@functools.cache
def rule_file(name: str) -> Table:
    """A file by its path below configs/synthetic/, for example "study/colleges.toml".

    Raises:
        ConfigError: it is not TOML, or differs in its keys or kinds of values from the
            shipped file.
    """
    path = config_file(f"synthetic/{name}")
    return checked(path, toml_of(path), toml_of(shipped_dir() / "synthetic" / name))


def checked(path: Path, raw: Mapping[str, Any], model: Mapping[str, Any]) -> Table:
    """The contents of a file as a table.

    Raises:
        ConfigError: they differ from the model in their keys or kinds of values.
    """
    faults = list(_faults(raw, model, ()))
    if faults:
        raise ConfigError(
            "\n".join([f"{path}: has faults", *(f"  {fault}" for fault in faults)])
        )
    table: Table = _tables(raw)
    return table


def overlaid(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A table with some values replaced, also in tables within it."""
    out = dict(base)
    for key, value in values.items():
        is_table = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        out[key] = overlaid(base[key], value) if is_table else value
    return out


def _tables(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return Table(
            {
                int(key) if _is_year(name, key) else key: _tables(inner, key)
                for key, inner in value.items()
            }
        )
    return tuple(map(_tables, value)) if isinstance(value, list) else value


def _is_year(table: str, key: str) -> bool:
    """Whether a key is a calendar year, or a number of years; other digits are
    codes.
    """
    return key.isdigit() and (len(key) == 4 or table == "years")


def _faults(value: Any, model: Any, place: tuple[str, ...]) -> Iterator[str]:
    """What differs from the shipped file; tables by year may have other years."""
    path = ".".join(place)
    if isinstance(model, dict) and isinstance(value, dict):
        is_by_year = all(_is_year(place[-1] if place else "", key) for key in model)
        for key in {} if is_by_year else model:
            if key not in value:
                yield f"{'.'.join((*place, key))}: is missing"
        for key, inner in value.items():
            example = model.get(
                key,
                next(iter(model.values())) if is_by_year and key.isdigit() else None,
            )
            if example is None:
                yield (
                    f"{'.'.join((*place, key))}: no such key; there are "
                    f"{', '.join(model)}"
                )
            else:
                yield from _faults(inner, example, (*place, key))
    elif isinstance(model, list) and isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _faults(
                inner, model[0] if model else inner, (*place, str(number))
            )
    elif _kind(value) != _kind(model):
        yield f"{path}: a {_kind(model)} is expected"
    elif isinstance(model, float) and 0 <= model <= 1 and not 0 <= value <= 1:
        yield f"{path}: a number from 0 to 1 is expected"
    elif isinstance(model, float) and model > 1 and value < 0:
        yield f"{path}: a number of zero or more is expected"


def _kind(value: Any) -> str:
    kinds = {
        bool: "boolean",
        int: "number",
        float: "number",
        str: "text",
        list: "list",
        dict: "table",
    }
    return kinds.get(type(value), type(value).__name__)


def tenth(poor_children: NDArray[np.float64]) -> NDArray[np.int64]:
    """The tenth of families by deprivation, 1 the most deprived, of shares of poor
    children around the home.
    """
    edges: Any = np.array(rule_file("schools/nations.toml").deprivation.tenths[::-1])
    return 10 - np.searchsorted(edges, poor_children, side="right")


ENTRIES = (
    "degree 2",
    "degree 3",
    "degree 4",
    "degree 5",
    "degree 7",
    "degree 9",
    "degree 12",
    "other 2",
    "other 3",
    "other 4",
    "other 5",
    "other 7",
    "other 9",
    "other 11",
    "other 13",
    "other 15",
    "level 3",
    "level 2",
)
"""Of higher education: whether it ends in a degree, and in which year after key stage 4
it begins; or none of it, and what else is reached. An entry lasts until the next of its
kind: "degree 5" is year 5 or 6. Columns of reference/life_entries.csv.
"""

PATHS = (
    "ssn",
    "sss",
    "sso",
    "son",
    "soo",
    "snn",
    "oon",
    "ooo",
    "onn",
    "noo",
    "non",
    "nno",
    "nnn",
)
"""The years 0, 1 and 2 after key stage 4: s at a school's sixth form, o in other
education, n in neither. Columns of reference/life_paths.csv.
"""


@functools.cache
def years_of(kind: str) -> Slots:
    """Lengths of "degree", "other", "postgraduate" or "apprentices" as a table to draw
    from.
    """
    shares = rule_file("life/learning.toml")[kind].years
    return Slots(np.array(list(shares.values())), 12, np.array(list(shares)))


@functools.cache
def gaps() -> Slots:
    """Years between a degree and the next course."""
    return Slots(np.array(rule_file("life/learning.toml").postgraduate.gap), 12)


def begins(entry: str) -> tuple[int, int]:
    """The first and the last year after key stage 4 that an entry stands for."""
    kind, _, first = entry.partition(" ")
    later_years = [
        int(e.split()[1])
        for e in ENTRIES
        if e.split()[0] == kind and int(e.split()[1]) > int(first)
    ]
    return int(first), min(later_years, default=int(first) + 1) - 1


def lean(outcomes: tuple[str, ...]) -> Floats:
    """How much a standard deviation in results at 16, among equals, moves the log odds
    of each entry (estimate).
    """
    by_kind = {"degree": 0.5, "other": 0.2, "level 3": 0.35}
    early_entries = {"degree 2": 0.9, "degree 3": 0.8}
    return np.array(
        [
            early_entries.get(o, by_kind.get(o, by_kind.get(o.split()[0], 0.0)))
            for o in outcomes
        ]
    )


def of_year(table: Mapping[int, Any], years: NDArray[Any]) -> NDArray[np.float64]:
    """For each year the entry of the last year named up to it, or the first one before
    all.
    """
    table_years = sorted(table)
    place = np.searchsorted(table_years, years, side="right") - 1
    return np.array([table[year] for year in table_years], np.float64)[
        np.maximum(place, 0)
    ]


@dataclass(frozen=True)
class Delivered:
    """How a table is delivered."""

    together: tuple[
        str, ...
    ] = ()  # rows of equal values here are late or withdrawn as one
    years: str | None = (
        # the column that dates a row, where it has another name than the usual ones
        None
    )
    days: str | None = None
    ends: tuple[str, ...] = ()
    while_open: Mapping[str, str] = field(default_factory=dict)


def amended(rules: Table, table: str) -> Table:
    """The shares late and withdrawn of a table's dataset; those of "other" where it has
    none of its own.
    """
    shares: Table = rules.dataset.get(table.split("_", 1)[0], rules.dataset.other)
    return shares


def delivered_as(rules: Table, table: str, definition: TableDef) -> Delivered:
    """How a table comes, with the column that dates its rows and those that its rows
    are amended by.

    Raises:
        ConfigError: nothing dates the table's rows.
    """
    rule, columns = Delivered(**rules.table.get(table, {})), definition.variables
    if not rule.together:
        rule = replace(rule, together=definition.entity_key[-1])
    if rule.years or rule.days:
        return rule
    years = next((name for name in rules.dated.years if name in columns), None)
    days = next((name for name in rules.dated.days if name in columns), None)
    if not (years or days):
        raise ConfigError(
            "configs/synthetic/releases/deliveries.toml: nothing dates the rows of "
            f"'{table}'\n"
            f"  add [table.{table}] with years or days, the name of a column"
        )
    return replace(rule, years=years) if years else replace(rule, days=days)


def deliveries() -> Table:
    """configs/synthetic/releases/deliveries.toml."""
    return rule_file("releases/deliveries.toml")
