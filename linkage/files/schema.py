"""The schema of a person file: which column holds what, and how its values are read. It is written as TOML and read back.

[left]
id = "pupil"
[left.columns]
forename = ["First name"]
phone = ["Home", "Mobile"]
[left.settings.dob]
month_first = { "/" = false }
[left.evidence]
forename = "header"
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field

from linkage.config.toml_file import Strict, check, toml_of
from linkage.errors import ConfigError
from linkage.files.header_names import ROLES

HEADER, CONTENT, OPTION = "header", "content", "option"
"""How a role was found."""


@dataclass
class FileSchema:
    """What a file's columns are.

    Attributes:
        id: the column of ids; None numbers the rows.
        columns: role to its columns: of several contacts, lines of an address; a further column by its field's name.
        settings: role to how its values are read.
        evidence: role to HEADER, CONTENT or OPTION.
        fields: what records have, in the order in which they are compared.
        learned: what readers learned from the file itself and that is not written: words of names, forms of addresses.
    """

    id: str | None = None
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    fields: list[str] = field(default_factory=list)
    learned: dict[str, Any] = field(default_factory=dict)

    @property
    def used(self) -> set[str]:
        """Every column that is read."""
        return {column for columns in self.columns.values() for column in columns} | {self.id or ""} - {""}

    def shown(self, name: str) -> str:
        """The columns that a field comes from, for a message."""
        sources = _SOURCES.get(name, ())
        found = [self.columns[role] for role in (name, *sources) if role in self.columns]
        if name == "dob" and "dob" not in self.columns:
            found = [self.columns[role] for role in _BIRTH_PARTS if role in self.columns]
        return " ".join(dict.fromkeys(column for columns in found[: 3 if name == "dob" else 1] for column in columns))


_BIRTH_PARTS = ("birth_year", "birth_month", "birth_day")
_SOURCES = {
    "forename": ("full_name", "initials"),
    "surname": ("full_name", "initials"),
    "middle_names": ("forename", "full_name"),
    "second_surname": ("surname", "full_name"),
    "name_suffix": ("surname", "full_name"),
    "other_surname": (),
    "age": ("dob", "birth_year"),
    "postcode": ("address",),
    "town": ("address",),
    "county": ("address",),
}
"""Field to the roles that it comes from where it has no column of its own."""


class _Side(Strict):
    id: str = ""
    columns: dict[str, tuple[str, ...]] = Field({})
    settings: dict[str, dict[str, Any]] = Field({})
    evidence: dict[str, str] = Field({})
    fields: tuple[str, ...] = ()


class _Schema(Strict):
    left: _Side | None = None
    right: _Side | None = None
    file: _Side | None = None


def schema_text(schemas: Mapping[str, FileSchema]) -> str:
    """Schemas as TOML."""
    lines = ["# The schema by which the files were read. Change it, and give it back: --schema FILE"]
    for side, schema in schemas.items():
        lines += ["", f"[{side}]", f"id = {_value(schema.id or '')}", f"fields = {_value(schema.fields)}"]
        for role, settings in schema.settings.items():
            lines += ["", f"[{side}.settings.{role}]", *(f"{key} = {_value(value)}" for key, value in settings.items())]
        for name, table in (("columns", schema.columns), ("evidence", schema.evidence)):
            lines += ["", f"[{side}.{name}]", *(f"{_key(role)} = {_value(value)}" for role, value in table.items())]
    return "\n".join(lines) + "\n"


def read_schema(path: Path, sides: Sequence[str]) -> dict[str, FileSchema]:
    """Schemas of a TOML file.

    Raises:
        ConfigError: the file is no schema of these sides.
    """
    tables = toml_of(path)
    found = check(_Schema, tables, str(path))
    schemas = {side: of for side in sides if (of := getattr(found, side))}
    if missing := [side for side in sides if side not in schemas]:
        raise ConfigError(f"{path}: has no table [{missing[0]}]\n  give the schema.toml of an output folder")
    return {
        side: FileSchema(of.id or None, dict(of.columns), dict(of.settings), dict(of.evidence), list(of.fields))
        for side, of in schemas.items()
    }


def refuse_unknown_columns(schema: FileSchema, columns: Sequence[str], side: str) -> None:
    """Refuse a schema that names columns which the file lacks."""
    if missing := sorted(schema.used - set(columns)):
        raise ConfigError(
            f"--schema: the {side} file has no column '{missing[0]}'\n  infer the schema again: leave it out"
        )


def _key(name: str) -> str:
    return name if name in ROLES or name.isidentifier() else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(of)}" for key, of in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
