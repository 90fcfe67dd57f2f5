"""The documents beside an extract's data: its description for programs in each of their languages, and its guide."""

import datetime
import json
from collections.abc import Mapping
from typing import Any

from linkage.extract.approved.project import Project
from linkage.extract.documents import crate, csvw, dcat
from linkage.extract.documents.guide import guide
from linkage.extract.documents.metadata import MEDIA, datapackage
from linkage.extract.files.formats import Delivered

DESCRIPTOR = "datapackage.json"
GUIDE = "README.md"


def documents(
    project: Project,
    delivered: Delivered,
    *,
    created: datetime.datetime,
    run_info: Mapping[str, Any],
    key_fingerprint: str,
    off_frame: frozenset[tuple[str, str]],
    change: Mapping[str, Any] | None,
    encrypted: bool,
    without: bool,
) -> dict[str, str]:
    """Every document's text by its file's name.

    Args:
        change: what differs from the last extract (linkage.extract.earlier.change); None where there is none.
        encrypted: whether its Parquet files are.
        without: whether people who opted out were left out.
    """
    described = datapackage(
        project,
        delivered,
        created=created,
        run_info=run_info,
        key_fingerprint=key_fingerprint,
        off_frame=off_frame,
    )
    if change is not None:
        described["leo:change"] = dict(change)
    if encrypted:
        described["leo:encrypted"] = True
    found: dict[str, Any] = {
        DESCRIPTOR: described,
        csvw.NAME: csvw.csvw(project.title, delivered),
        dcat.NAME: dcat.dcat(project, delivered, created=created, run_info=run_info),
    }
    texts = {name: json.dumps(text, indent=2, ensure_ascii=False) + "\n" for name, text in found.items() if text}
    texts[GUIDE] = guide(project, delivered, run_info, change=change, encrypted=encrypted, without=without)
    texts[crate.NAME] = (
        json.dumps(_crate(project, delivered, texts, created, run_info), indent=2, ensure_ascii=False) + "\n"
    )
    return texts


def _crate(
    project: Project,
    delivered: Delivered,
    texts: Mapping[str, str],
    created: datetime.datetime,
    run_info: Mapping[str, Any],
) -> dict[str, Any]:
    decision = project.decision
    reference = decision.reference if decision else ""
    kinds = {"README.md": "text/markdown"}
    return crate.crate(
        title=project.title,
        description=project.purpose,
        organisation=project.organisation,
        project=project.title,
        licence=f"For the purposes of {reference} alone, by the people whom it names, until "
        f"{decision.expires if decision else created.date()}.",
        version=str(run_info.get("version", "")),
        created=created,
        parts=[
            *(crate.Part(file.path, MEDIA[file.format], file.bytes, file.sha256) for file in delivered.files),
            *(crate.Part(name, kinds.get(name, "application/json")) for name in texts),
        ],
        checks=[
            crate.Check(f"A decision in force covers what is in it ({reference})", "SignOff"),
            crate.Check("Every table holds the approved columns, years and people alone", "CheckValue"),
            crate.Check("No value looks like an identifier", "DisclosureCheck"),
        ],
        told={"identifier": reference} if reference else {},
    )
