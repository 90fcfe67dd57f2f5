"""datapackage.json: what is in a folder of tables, for programs. Data Package, version
2 (datapackage.org).

One writer for extracts and synthetic sources. It describes and counts; it holds no
value of a person.
"""

from collections.abc import Mapping, Sequence
from typing import Any

DESCRIPTOR = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


def package(
    name: str,
    title: str,
    description: str,
    version: str,
    resources: Sequence[Mapping[str, Any]],
    **more: Any,
) -> dict[str, Any]:
    """The descriptor of a folder; `more` are further properties, such as licenses."""
    return {
        "$schema": PROFILE,
        "name": name,
        "title": title,
        "description": description,
        "version": version,
        **more,
        "resources": list(resources),
    }


def field(
    name: str,
    type_: str,
    description: str,
    *,
    required: bool = False,
    pattern: str | None = None,
    codes: Mapping[str, str] | None = None,
    is_complete: bool = True,
    **properties: Any,
) -> dict[str, Any]:
    """A column of a table.

    Args:
        type_: as the catalogue names types.
        codes: the labels of its code frame by code.
        is_complete: every value is a code of the frame; else codes are described, and
            are no constraint.
        properties: our own, without their prefix "leo:"; empty ones are left out.
    """
    descriptor: dict[str, Any] = {
        "name": name,
        "type": type_,
        "description": description,
    }
    constraints: dict[str, Any] = {}
    if required:
        constraints["required"] = True
    if pattern:
        constraints["pattern"] = pattern
    if codes and type_ in ("string", "integer"):
        values = [int(code) if type_ == "integer" else code for code in codes]
        if is_complete:
            constraints["enum"] = values
        descriptor["categories"] = [
            {"value": value, "label": label}
            for value, label in zip(values, codes.values(), strict=True)
        ]
    if constraints:
        descriptor["constraints"] = constraints
    return descriptor | {
        f"leo:{key}": value for key, value in properties.items() if value
    }


def schema(
    fields: Sequence[Mapping[str, Any]], key: Sequence[str] = ()
) -> dict[str, Any]:
    """The schema of a table; an empty field of a CSV file is a missing value."""
    descriptor: dict[str, Any] = {"fields": list(fields), "missingValues": [""]}
    if key:
        descriptor["primaryKey"] = list(key)
    return descriptor


def labels(descriptor: Mapping[str, Any]) -> dict[str, str] | None:
    """The codes and labels of a column that a package describes; None where it has
    none.
    """
    categories = descriptor.get("categories")
    return (
        {str(category["value"]): category["label"] for category in categories}
        if categories
        else None
    )
