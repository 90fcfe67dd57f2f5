"""The schema of a table of results: NAME.toml next to the table, which declares what
each column holds.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from linkage.config.toml_file import Frozen, fault, read_as

Holds = Literal[
    "dimension",
    "measures",
    "values",
    "count",
    "rate",
    "change",
    "mean",
    "median",
    "amount",
    "contribution",
]
_NEEDS = {
    "measures": ("measures",),
    "rate": ("of", "per"),
    "change": ("of",),
    "mean": ("of",),
    "median": ("of",),
    "amount": ("of", "largest"),
}


class Column(Frozen):
    """What a column holds; docs/how-to/check-outputs.md says what each key is for."""

    holds: Holds = Field(description="What the column holds.")
    totals: tuple[str, ...] | None = Field(
        None, description="Dimension: codes of totals; else those that say so."
    )
    within: Mapping[str, str] = Field(
        {}, description="Dimension: code to the code that it is part of."
    )
    nested: bool = Field(
        False,
        description="Dimension: each row is part of the one above (10,000 or more, "
        "20,000 or more).",
    )
    measures: Mapping[str, "Column"] = Field(
        {}, description="Measures: name to what the column of values holds for it."
    )
    code_of: str = Field(
        "", description="Count: dimension of which the heading is a code."
    )
    sum_of: tuple[str, ...] = Field(
        (), description="Count: counts that add up to it, row by row."
    )
    part_of: str = Field("", description="Count: the count that it is part of.")
    running_over: str = Field(
        "",
        description="Count: dimension over which it is a running total, of `sum_of` if "
        "given.",
    )
    measure: str = Field(
        "", description="Count: what is counted, where two tables name it differently."
    )
    of: str = Field(
        "", description="Rate, change, mean, median or amount: the count of its people."
    )
    part: str = Field("", description="Rate: the count of its numerator.")
    per: float | None = Field(
        None,
        gt=0,
        description="Rate: 100 for per cent, 1,000 for per thousand, 1 for a fraction.",
    )
    is_money: bool = Field(True, description="Mean: it is rounded as money is.")
    largest: tuple[str, ...] = Field(
        (), description="Amount: columns of its largest contributions."
    )

    @model_validator(mode="after")
    def _has_its_keys(self) -> "Column":
        if missing := [
            key
            for key in _NEEDS.get(self.holds, ())
            if key not in self.model_fields_set
        ]:
            raise fault(
                f'a column that holds "{self.holds}" needs {" and ".join(missing)}'
            )
        return self

    @property
    def columns(self) -> Sequence[str]:
        """The other columns that it names."""
        return [
            name
            for name in (
                self.of,
                self.part,
                self.part_of,
                self.running_over,
                *self.sum_of,
                *self.largest,
            )
            if name
        ]


class Schema(Frozen):
    """What a table's columns hold."""

    rounded_to: int = Field(
        1,
        ge=1,
        description="What the counts are rounded to already; 1 where they are exact.",
    )
    population: str = Field(
        "",
        description="People of the table, where tables that are checked with it have "
        "others.",
    )
    columns: Mapping[str, Column] = Field(
        {}, description="Heading to column; others are inferred where that is certain."
    )


def schema_path(table: Path) -> Path:
    """Where the schema of a table is: pay.toml of pay.csv."""
    return table.with_suffix(".toml")


def read_schema(table: Path) -> Schema:
    """The declared schema of a table; an empty one where there is none.

    Raises:
        ConfigError: the file has faults.
    """
    path = schema_path(table)
    return read_as(Schema, path) if path.is_file() else Schema()


def schema_text(schema: Schema, doubtful: Sequence[str] = ()) -> str:
    """A schema as TOML, with a `?` for columns that its author must declare."""
    lines = [
        f"rounded_to = {schema.rounded_to}  # what the counts are rounded to already"
    ]
    lines += [f"population = {_value(schema.population)}"] if schema.population else []
    for name, column in schema.columns.items():
        keys = column.model_dump(exclude_unset=True)
        lines += [
            "",
            f"[columns.{_value(name)}]",
            *(f"{key} = {_value(value)}" for key, value in keys.items()),
        ]
    for name in doubtful:
        lines += [
            "",
            f"[columns.{_value(name)}]",
            f'holds = "?"  # {", ".join(get_args(Holds))}',
        ]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """A TOML value: texts and lists are written as in JSON."""
    if isinstance(value, dict):
        return (
            "{ "
            + ", ".join(f"{_value(key)} = {_value(one)}" for key, one in value.items())
            + " }"
        )
    return json.dumps(value, ensure_ascii=False)
