"""The description of an extract for programs: datapackage.json and
ro-crate-metadata.json.

Counts are of whole tables and columns; a column that fewer than ten people fill counts
as empty.
"""

import datetime
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from linkage.catalogue import datapackage
from linkage.catalogue.datapackage import MEDIA
from linkage.config.toml_file import json_of
from linkage.extract.formats import DataFile, Delivered
from linkage.extract.layout import PERSON, Layout
from linkage.extract.project import Project
from linkage.extract.pseudonyms import PATTERN

CRATE = "ro-crate-metadata.json"
_MEDIA = {".md": "text/markdown", ".json": "application/json"}


def descriptor(
    project: Project,
    delivered: Delivered,
    *,
    created: datetime.datetime,
    run_info: Mapping[str, Any],
    key_fingerprint: str,
    off_frame: frozenset[tuple[str, str]] = frozenset(),
    figures: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """datapackage.json of an extract.

    Args:
        delivered: each table's layout and files.
        run_info: the run's name, versions and hash of its configuration: no personal
            value.
        off_frame: (table, column) whose values are not all in their code frame; they
            get labels but no constraint.
        figures: rows, people and shares filled, by which the next extract is compared,
            and what changed since the last.
    """
    decision = project.decision
    resources = [
        _resource(layout, file, off_frame)
        for layout, files in delivered.tables.values()
        for file in sorted(files, key=lambda file: file.path)
    ]
    return datapackage.package(
        project.id,
        project.title,
        project.purpose,
        str(run_info.get("version", "1")),
        resources,
        created=created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        contributors=[{"title": project.organisation, "roles": ["recipient"]}],
        **{
            "leo:decision": decision.model_dump(mode="json") if decision else None,
            "leo:run": dict(run_info),
            "leo:key_fingerprint": key_fingerprint,
            **(figures or {}),
        },
    )


def _resource(
    layout: Layout, file: DataFile, off_frame: frozenset[tuple[str, str]]
) -> dict[str, Any]:
    is_csv = file.format == "csv"
    fields = [
        datapackage.field(
            field.name,
            field.type,
            field.description,
            required=field.name == PERSON,
            pattern=PATTERN.pattern if field.pseudonym_of else None,
            codes=field.labels,
            is_complete=(layout.name, field.name) not in off_frame,
            pseudonym=field.pseudonym_of,
            frame=field.frame,
            concept=field.concept,
            identifiability=field.identifiability,
            sensitivity=field.sensitivity,
            years=field.years,
        )
        for field in layout.fields
    ]
    schema = datapackage.schema(fields, layout.key)
    if layout.name != "people" and is_csv:
        schema["foreignKeys"] = [
            {
                "fields": [PERSON],
                "reference": {"resource": "people", "fields": [PERSON]},
            }
        ]
    resource: dict[str, Any] = {
        "name": _resource_name(layout, file),
        "title": layout.title,
        "description": f"One row: {layout.grain}.",
        "path": file.path,
        "format": file.format,
        "mediatype": MEDIA[file.format],
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
        "leo:form": file.format,
        "leo:rows": file.rows,
        "leo:table": layout.name,
    }
    if layout.years:
        resource["leo:years"] = str(layout.years)
    if layout.only:
        resource["leo:only"] = {layout.only.column: list(layout.only.values)}
    if is_csv:
        dialect = {"delimiter": ",", "header": True}
        return resource | {
            "type": "table",
            "encoding": "utf-8",
            "dialect": dialect,
            "schema": schema,
        }
    # Readers of packages check size and hash of another format, and take `schema` for
    # that of a CSV file.
    return resource | {"type": "file", "leo:schema": schema}


def _resource_name(layout: Layout, file: DataFile) -> str:
    """A resource's name: the table's own for CSV, so that keys between tables can name
    it.
    """
    if file.format == "csv":
        return layout.name
    place = re.sub(
        r"[^a-z0-9]+", "-", file.path.rsplit(".", 1)[0].split("/", 1)[-1].lower()
    )
    return f"{layout.name}-{file.format}-{place}"


def crate(
    project: Project,
    delivered: Delivered,
    documents: Iterable[str],
    *,
    created: datetime.datetime,
    run_info: Mapping[str, Any],
) -> dict[str, Any]:
    """ro-crate-metadata.json of an extract: what it holds, who may use it and how it
    came to be. No person is named.

    RO-Crate 1.1 with the Five Safes profile; templates/ro-crate.json holds what is the
    same in every extract.

    Args:
        documents: the other files in its folder.
    """
    decision, timestamp = project.decision, created.strftime("%Y-%m-%dT%H:%M:%SZ")
    reference, end = (
        (decision.reference, decision.expires) if decision else ("", created.date())
    )
    terms = (
        f"Only for the purposes of {reference}, by the people whom it names, "
        "until "
        f"{end}."
    )
    parts = [
        {
            "@id": f.path,
            "encodingFormat": MEDIA[f.format],
            "contentSize": str(f.bytes),
            "sha256": f.sha256,
        }
        for f in delivered.files
    ]
    parts += [
        {"@id": name, "encodingFormat": _MEDIA.get(Path(name).suffix, "text/plain")}
        for name in documents
    ]
    files = [{"@id": part["@id"]} for part in parts]
    root = {
        "name": project.title,
        "description": project.purpose,
        "datePublished": timestamp,
        "hasPart": files,
    }
    of_project: dict[str, dict[str, Any]] = {
        "./": root | ({"identifier": reference} if reference else {}),
        "#licence": {"description": terms},
        "#project": {"name": project.title},
        "#organisation": {"name": project.organisation},
        "#leo-linkage": {"softwareVersion": str(run_info.get("version", ""))},
        "#made": {"result": files},
    }
    document: dict[str, Any] = json_of(
        Path(__file__).parent / "templates" / "ro-crate.json"
    )
    for entity in document["@graph"]:
        entity |= of_project.get(entity["@id"], {}) | (
            {"endTime": timestamp} if "actionStatus" in entity else {}
        )
    document["@graph"] += [
        {"@type": "File", "name": part["@id"], **part} for part in parts
    ]
    return document


def as_text(document: Mapping[str, Any]) -> str:
    """A document as it is written."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
