"""datapackage.json: what is in an extract, for programs. Data Package, version 2 (datapackage.org).

Only microdata's row counts are given; no count by any characteristic is, so there is no small cell to disclose.
"""

import datetime
from collections.abc import Mapping
from typing import Any

from linkage.extract.files import DataFile
from linkage.extract.layout import PERSON, Field, Layout
from linkage.extract.project import Project

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


def datapackage(
    project: Project,
    delivered: Mapping[str, tuple[Layout, list[DataFile]]],
    *,
    created: datetime.datetime,
    run_info: Mapping[str, Any],
    key_fingerprint: str,
    off_frame: frozenset[tuple[str, str]] = frozenset(),
) -> dict[str, Any]:
    """The descriptor of an extract.

    Args:
        delivered: each table's layout and files by its name.
        run_info: what the run says of itself (name, versions, hash of its configuration): no personal value.
        off_frame: (table, column) whose values are not all in their code frame; they get labels but no constraint.
    """
    decision = project.decision
    return {
        "$schema": PROFILE,
        "name": project.id,
        "title": project.title,
        "description": project.purpose,
        "version": str(run_info.get("version", "1")),
        "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "contributors": [{"title": project.organisation, "roles": ["recipient"]}],
        "leo:decision": {
            "reference": decision.reference,
            "date": decision.date.isoformat(),
            "expires": decision.expires.isoformat(),
            "conditions": list(decision.conditions),
        }
        if decision
        else None,
        "leo:run": dict(run_info),
        "leo:key_fingerprint": key_fingerprint,
        "resources": [
            _resource(layout, file, off_frame)
            for layout, files in delivered.values()
            for file in sorted(files, key=lambda file: file.path)
        ],
    }


def _resource(layout: Layout, file: DataFile, off_frame: frozenset[tuple[str, str]]) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "name": resource_name(layout, file),
        "title": layout.title,
        "description": f"One row: {layout.grain}.",
        "path": file.path,
        "format": file.format,
        "mediatype": _MEDIA[file.format],
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
        "leo:rows": file.rows,
    }
    if layout.years:
        resource["leo:years"] = str(layout.years)
    if layout.only:
        resource["leo:only"] = {layout.only.column: list(layout.only.values)}
    if file.format == "csv":
        resource |= {"type": "table", "encoding": "utf-8", "dialect": {"delimiter": ",", "header": True}}
    else:
        resource["type"] = "file"  # checked by size and hash; readers of packages read tables from the CSV
    schema: dict[str, Any] = {
        "fields": [_field(field, off_frame=(layout.name, field.name) in off_frame) for field in layout.fields],
        "missingValues": [""],
    }
    if layout.key:
        schema["primaryKey"] = list(layout.key)
    if layout.name != "people" and file.format == "csv":
        schema["foreignKeys"] = [{"fields": [PERSON], "reference": {"resource": "people", "fields": [PERSON]}}]
    # A Parquet file carries its own schema; ours rides along, since a reader of packages takes `schema` for CSV's.
    resource["schema" if file.format == "csv" else "leo:schema"] = schema
    return resource


def resource_name(layout: Layout, file: DataFile) -> str:
    """A resource's name: the table's own for CSV, so that keys between tables can name it."""
    if file.format == "csv":
        return layout.name
    part = file.path.rsplit("/", 1)[-1].removesuffix(".parquet").lower()
    return f"{layout.name}-parquet" if part == layout.name else f"{layout.name}-parquet-{part}"


def _field(field: Field, *, off_frame: bool) -> dict[str, Any]:
    described: dict[str, Any] = {"name": field.name, "type": field.type, "description": field.description}
    constraints: dict[str, Any] = {}
    if field.pseudonym_of:
        constraints["pattern"] = "[a-z2-7]{26}"
        described["leo:pseudonym"] = field.pseudonym_of
    if field.name == PERSON:
        constraints["required"] = True
    if field.labels and field.type in ("string", "integer"):
        if not off_frame:
            constraints["enum"] = [int(code) if field.type == "integer" else code for code in field.labels]
        described["leo:labels"] = dict(field.labels)
    if field.frame:
        described["leo:frame"] = field.frame
    if constraints:
        described["constraints"] = constraints
    for key, value in (
        ("leo:concept", field.concept),
        ("leo:identifiability", field.identifiability),
        ("leo:sensitivity", field.sensitivity),
        ("leo:years", field.years),
    ):
        if value:
            described[key] = value
    return described
