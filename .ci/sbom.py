"""Write the components of the wheel in a folder as CycloneDX 1.6 JSON: python
.ci/sbom.py dist EXTRA...

Components are the distributions that leo-linkage and these extras of it need, as
installed in this environment (Makefile: from requirements.lock). Specification:
https://cyclonedx.org/docs/1.6/json/
"""

import datetime
import hashlib
import importlib.metadata
import json
import sys
import uuid
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = "leo-linkage"


def needed(name: str, extras: tuple[str, ...] = ("",)) -> list[str]:
    """Names of what a distribution needs in this environment."""
    found = map(Requirement, importlib.metadata.requires(name) or [])
    wanted = [
        r
        for r in found
        if not r.marker or any(r.marker.evaluate({"extra": extra}) for extra in extras)
    ]
    return sorted({canonicalize_name(r.name) for r in wanted})


def component(name: str, kind: str = "library") -> dict[str, Any]:
    """A distribution as CycloneDX describes it."""
    about = importlib.metadata.metadata(name)
    expression = {"expression": about["License-Expression"]}
    trove = [
        {"license": {"name": c.split(" :: ")[-1]}}
        for c in about.get_all("Classifier", [])
        if c[:7] == "License"
    ]
    licences = [expression] if expression["expression"] else trove
    version = about["Version"]
    purl = f"pkg:pypi/{name}@{version}"
    described = {
        "type": kind,
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }
    return described | ({"licenses": licences} if licences else {})


def main(folder: Path, extras: list[str]) -> None:
    """Write FOLDER/leo_linkage-VERSION.cdx.json."""
    waiting = needed(ROOT, ("", *extras))
    tree = {ROOT: list(waiting)}
    while waiting:
        if (name := waiting.pop()) not in tree:
            tree[name] = needed(name)
            waiting += tree[name]
    parts = {
        name: component(name, "library" if name != ROOT else "application")
        for name in sorted(tree)
    }
    main_part = parts.pop(ROOT)
    wheel = folder / f"leo_linkage-{main_part['version']}-py3-none-any.whl"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    refs = {name: part["bom-ref"] for name, part in [*parts.items(), (ROOT, main_part)]}
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.datetime.now(datetime.UTC).isoformat(
                timespec="seconds"
            ),
            "component": main_part
            | {"hashes": [{"alg": "SHA-256", "content": digest}]},
        },
        "components": list(parts.values()),
        "dependencies": [
            {"ref": refs[name], "dependsOn": [refs[n] for n in tree[name]]}
            for name in sorted(tree)
        ],
    }
    path = folder / f"leo_linkage-{main_part['version']}.cdx.json"
    path.write_text(json.dumps(bom, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
