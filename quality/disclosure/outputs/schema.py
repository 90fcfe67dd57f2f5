"""The schema of a table of results: NAME.toml next to the table, which declares what each column holds."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from linkage.config.toml_file import Strict, fault, held_to

Holds = Literal[
    "dimension", "measures", "values", "count", "rate", "change", "mean", "median", "amount", "contribution"
]
_NEEDS = {
    "measures": ("measures",),
    "rate": ("of", "per"),
    "change": ("of",),
    "mean": ("of",),
    "median": ("of",),
    "amount": ("of", "largest"),
}


class Column(Strict):
    """What a column holds; docs/how-to/check-outputs.md says what each key is for."""

    holds: Holds
    # of a dimension: codes of groups
    totals: tuple[str, ...] | None = None  # codes that stand for all; else those that say so
    within: Mapping[str, str] = {}  # code to the code that it is part of
    nested: bool = False  # whether each row is part of the one above: paid at least 10,000, at least 20,000
    # of names of measures, whose numbers are in the column that holds "values"
    measures: Mapping[str, "Column"] = {}
    # of a count
    code_of: str = ""  # the dimension of which the heading is a code
    sum_of: tuple[str, ...] = ()  # counts that add up to it, row by row
    part_of: str = ""  # the count that it is part of
    running_over: str = ""  # the dimension over which it is a running total, of `sum_of` where that is in the table
    measure: str = ""  # what is counted, where two tables call it differently
    # of a rate, a change in per cent, a mean, a median, or a total amount such as pay
    of: str = ""  # the count of the people that it is of
    part: str = ""  # the count of a rate's numerator
    per: Annotated[float, Field(gt=0)] | None = None  # 100 for per cent, 1,000 for per thousand, 1 for a fraction
    is_money: bool = True  # whether a mean is rounded as money is
    largest: tuple[str, ...] = ()  # the columns of an amount's largest contributions

    @model_validator(mode="after")
    def _has_its_keys(self) -> "Column":
        if missing := [key for key in _NEEDS.get(self.holds, ()) if key not in self.model_fields_set]:
            raise fault(f'a column that holds "{self.holds}" needs {" and ".join(missing)}')
        return self

    @property
    def columns(self) -> Sequence[str]:
        """The other columns that it names."""
        return [
            name for name in (self.of, self.part, self.part_of, self.running_over, *self.sum_of, *self.largest) if name
        ]


class Schema(Strict):
    """What a table's columns hold.

    Attributes:
        rounded_to: what the counts are rounded to already; 1 where they are exact.
        population: the people of the table, where they are others than those of tables that are checked with it.
        columns: by heading; what is not declared is inferred where its heading leaves no doubt.
    """

    rounded_to: Annotated[int, Field(ge=1)] = 1
    population: str = ""
    columns: Mapping[str, Column] = {}


def schema_path(table: Path) -> Path:
    """Where the schema of a table is: pay.toml of pay.csv."""
    return table.with_suffix(".toml")


def read_schema(table: Path) -> Schema:
    """The declared schema of a table; an empty one where there is none.

    Raises:
        ConfigError: the file has faults.
    """
    path = schema_path(table)
    return held_to(Schema, path) if path.is_file() else Schema()


def schema_text(schema: Schema, doubtful: Sequence[str] = ()) -> str:
    """A schema as TOML, with a `?` for columns that its author must declare."""
    lines = [f"rounded_to = {schema.rounded_to}  # what the counts are rounded to already"]
    lines += [f"population = {_value(schema.population)}"] if schema.population else []
    for name, column in schema.columns.items():
        keys = column.model_dump(exclude_unset=True)
        lines += ["", f"[columns.{_value(name)}]", *(f"{key} = {_value(value)}" for key, value in keys.items())]
    for name in doubtful:
        lines += ["", f"[columns.{_value(name)}]", f'holds = "?"  # {", ".join(get_args(Holds))}']
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """A TOML value: texts and lists are written as in JSON."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_value(key)} = {_value(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
