"""ro-crate-metadata.json: what a folder holds, who may use it and how it came to be.

RO-Crate 1.1 with the Five Safes profile (https://w3id.org/5s-crate/0.4): the request that was approved, the software
and the checks that it passed are described with the files. No person is named.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NAME = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/5s-crate/0.4"


@dataclass(frozen=True)
class Part:
    """A file of a crate, or a folder, whose path ends with a slash."""

    path: str
    media: str
    bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Check:
    """Something that the content had to pass."""

    name: str
    kind: str  # of shp:, the vocabulary of the profile: CheckValue, ValidationCheck, DisclosureCheck, SignOff


def crate(
    *,
    title: str,
    description: str,
    organisation: str,
    project: str,
    licence: str,
    version: str,
    created: datetime.datetime,
    parts: Sequence[Part],
    checks: Sequence[Check],
    properties: Mapping[str, Any],
    inputs: Sequence[Part] = (),
) -> dict[str, Any]:
    """The metadata document of a folder.

    Args:
        organisation: who asked for what is in it, or made it.
        project: the name of what it is for.
        licence: who may use it, in words.
        version: of leo-linkage.
        properties: further properties of the root.
        inputs: files that it was made of, which are not in the folder.
    """
    when = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    files = [{"@id": part.path} for part in parts]
    assessed = [_assessed(number, check, when) for number, check in enumerate(checks, 1)]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": {"@id": PROFILE},
        "name": title,
        "description": description,
        "datePublished": when,
        "license": {"@id": "#licence"},
        "sourceOrganization": {"@id": "#project"},
        "mainEntity": {"@id": "#leo-linkage"},
        "mentions": [{"@id": "#made"}, *({"@id": action["@id"]} for action in assessed)],
        "hasPart": files,
        **properties,
    }
    graph = [
        {
            "@id": NAME,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        },
        root,
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Five Safes RO-Crate profile", "version": "0.4"},
        {"@id": "#licence", "@type": "CreativeWork", "name": "Terms of use", "description": licence},
        {"@id": "#project", "@type": "Project", "name": project, "member": {"@id": "#organisation"}},
        {"@id": "#organisation", "@type": "Organization", "name": organisation},
        {"@id": "#leo-linkage", "@type": "SoftwareApplication", "name": "leo-linkage", "softwareVersion": version},
        {
            "@id": "#made",
            "@type": "CreateAction",
            "name": "Made by leo-linkage",
            "agent": {"@id": "#organisation"},
            "instrument": {"@id": "#leo-linkage"},
            **({"object": [{"@id": f"#input/{part.path}"} for part in inputs]} if inputs else {}),
            "result": files,
            "endTime": when,
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
        *assessed,
        *({**_file(part), "@id": f"#input/{part.path}", "@type": "CreativeWork"} for part in inputs),
        *map(_file, parts),
    ]
    context = ["https://w3id.org/ro/crate/1.1/context", {"shp": "https://w3id.org/shp#", "sha256": _SHA256}]
    return {"@context": context, "@graph": graph}


_SHA256 = "https://w3id.org/ro/terms/workflow-run#sha256"


def _assessed(number: int, check: Check, when: str) -> dict[str, Any]:
    return {
        "@id": f"#check-{number}",
        "@type": "AssessAction",
        "additionalType": {"@id": f"https://w3id.org/shp#{check.kind}"},
        "name": check.name,
        "agent": {"@id": "#leo-linkage"},
        "object": {"@id": "./"},
        "endTime": when,
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }


def _file(part: Part) -> dict[str, Any]:
    entity: dict[str, Any] = {"@id": part.path, "@type": "Dataset", "name": part.path}
    if not part.path.endswith("/"):
        entity |= {"@type": "File", "encodingFormat": part.media}
    if part.bytes is not None:
        entity["contentSize"] = str(part.bytes)
    if part.sha256:
        entity["sha256"] = part.sha256
    return entity
