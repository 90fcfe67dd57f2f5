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
from linkage.files.header_names import BIRTH_PARTS

HEADER, CONTENT, OPTION = "header", "content", "option"
"""How a role was found."""


@dataclass
class FileSchema:
    """What a file's columns are."""

    id: str | None = None  # the column of ids; None numbers the rows
    # role to its columns: of several contacts, lines of an address; a further column by its field's name
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)  # role to how its values are read
    evidence: dict[str, str] = field(default_factory=dict)  # role to HEADER, CONTENT or OPTION
    fields: list[str] = field(default_factory=list)  # what records have, in the order in which they are compared
    # what readers learned from the file itself and that is not written: words of names, forms of addresses
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
            found = [self.columns[role] for role in BIRTH_PARTS if role in self.columns]
        return " ".join(dict.fromkeys(column for columns in found[: 3 if name == "dob" else 1] for column in columns))


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
        tables: dict[str, Mapping[str, object]] = {side: {"id": schema.id or "", "fields": schema.fields}}
        tables |= {f"{side}.settings.{role}": settings for role, settings in schema.settings.items()}
        tables |= {f"{side}.columns": schema.columns, f"{side}.evidence": schema.evidence}
        for name, table in tables.items():
            lines += ["", f"[{name}]", *(f"{_key(key)} = {toml_value(value)}" for key, value in table.items())]
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


def toml_value(value: object) -> str:
    """A text, number, list or table as TOML."""
    if isinstance(value, Mapping):
        return toml_table({json.dumps(key): of for key, of in value.items()})
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_table(table: Mapping[str, object]) -> str:
    """A table of TOML in one line, by keys that are written as they are."""
    return "{ " + ", ".join(f"{key} = {toml_value(value)}" for key, value in table.items()) + " }"


def _key(name: str) -> str:
    return name if name.isascii() and name.isidentifier() else json.dumps(name)
