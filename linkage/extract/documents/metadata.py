"""datapackage.json: what is in an extract, for programs. Data Package, version 2 (datapackage.org).

Only microdata's row counts are given; no count by any characteristic is, so there is no small cell to disclose.
"""

import datetime
import re
from collections.abc import Mapping
from typing import Any

from linkage.extract.approved.layout import PERSON, Field, Layout
from linkage.extract.approved.project import Project
from linkage.extract.files.data_files import DataFile
from linkage.extract.files.formats import Delivered

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
MEDIA = {
    "csv": "text/csv",
    "sqlserver": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "partitioned": "application/vnd.apache.parquet",
    "duckdb": "application/vnd.duckdb",
    "sql": "application/sql",
}
_FORMATS = {"partitioned": "parquet", "sqlserver": "csv"}


def datapackage(
    project: Project,
    delivered: Delivered,
    *,
    created: datetime.datetime,
    run_info: Mapping[str, Any],
    key_fingerprint: str,
    off_frame: frozenset[tuple[str, str]] = frozenset(),
) -> dict[str, Any]:
    """The descriptor of an extract.

    Args:
        delivered: each table's layout and files, and the files that are of all tables.
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
            *(
                _resource(layout, file, off_frame)
                for layout, files in delivered.tables.values()
                for file in sorted(files, key=lambda file: file.path)
            ),
            *(_beside(file, delivered, off_frame) for file in delivered.beside),
        ],
    }


def _resource(layout: Layout, file: DataFile, off_frame: frozenset[tuple[str, str]]) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "name": resource_name(layout, file),
        "title": layout.title,
        "description": f"One row: {layout.grain}.",
        **_described(file),
        "leo:rows": file.rows,
        "leo:table": layout.name,
    }
    if layout.years:
        resource["leo:years"] = str(layout.years)
    if layout.only:
        resource["leo:only"] = {layout.only.column: list(layout.only.values)}
    if file.format == "csv":
        resource |= {"type": "table", "encoding": "utf-8", "dialect": {"delimiter": ",", "header": True}}
    else:
        resource["type"] = "file"  # checked by size and hash; readers of packages read tables from the CSV
    schema = _schema(layout, off_frame)
    if layout.name != "people" and file.format == "csv":
        schema["foreignKeys"] = [{"fields": [PERSON], "reference": {"resource": "people", "fields": [PERSON]}}]
    # A Parquet file carries its own schema; ours rides along, since a reader of packages takes `schema` for CSV's.
    resource["schema" if file.format == "csv" else "leo:schema"] = schema
    return resource


def _described(file: DataFile) -> dict[str, Any]:
    return {
        "path": file.path,
        "format": _FORMATS.get(file.format, file.format),
        "mediatype": MEDIA[file.format],
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
        "leo:form": file.format,
    }


def _beside(file: DataFile, delivered: Delivered, off_frame: frozenset[tuple[str, str]]) -> dict[str, Any]:
    """A file that is of all tables: a database says which they are."""
    name = file.path.replace("/", "-").replace(".", "-").lower()
    described = {"name": name, "type": "file", **_described(file)}
    if file.format == "duckdb":
        described["leo:tables"] = [
            {"leo:table": name, "leo:rows": delivered.rows[name], "leo:schema": _schema(layout, off_frame)}
            for name, (layout, _) in delivered.tables.items()
        ]
    return described


def _schema(layout: Layout, off_frame: frozenset[tuple[str, str]]) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "fields": [_field(field, off_frame=(layout.name, field.name) in off_frame) for field in layout.fields],
        "missingValues": [""],
    }
    if layout.key:
        schema["primaryKey"] = list(layout.key)
    return schema


def resource_name(layout: Layout, file: DataFile) -> str:
    """A resource's name: the table's own for CSV, so that keys between tables can name it."""
    if file.format == "csv":
        return layout.name
    if file.format == "parquet":
        part = file.path.rsplit("/", 1)[-1].removesuffix(".parquet").lower()
        return f"{layout.name}-parquet" if part == layout.name else f"{layout.name}-parquet-{part}"
    place = re.sub(r"[^a-z0-9]+", "-", file.path.rsplit(".", 1)[0].split("/", 2)[-1].lower())
    return f"{layout.name}-{file.format}" if file.format == "sqlserver" else f"{layout.name}-{file.format}-{place}"


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
