"""RUN/ro-crate-metadata.json: what a run's folder holds, of which files it was made, and what it had to pass.

A Five Safes RO-Crate, as each extract has one of its own. It is made from the manifest alone, so it holds no personal
value; a run that did not end well has none.
"""

import datetime
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from linkage.extract.ro_crate import NAME, Check, Part, crate
from linkage.pipeline.atomic import remove, write_json
from linkage.pipeline.folder import MANIFEST, RunFolder

_MEDIA = {
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".html": "text/html",
}
_LICENCE = (
    "The tables hold personal data and stay in the secure setting. What may leave are the report, and each extract on "
    "the terms of its own crate."
)


def write_crate(folder: RunFolder, manifest: Mapping[str, Any]) -> Path:
    """Write the crate of a run that has ended well; whole or not at all.

    Args:
        manifest: the run's, as it ended.
    """
    made = crate(
        title=f"Run {manifest['run']}",
        description=_described(manifest),
        organisation="whoever ran it",
        project=str(manifest["run"]),
        licence=_LICENCE,
        version=str(manifest["versions"]["leo-linkage"]),
        created=datetime.datetime.fromisoformat(manifest["finished"]),
        parts=[Part(MANIFEST, _MEDIA[".json"]), *_parts(folder, manifest)],
        checks=list(_checks(manifest)),
        properties={"identifier": manifest["config_hash"]},
        inputs=[
            Part(
                path, _MEDIA.get(Path(path).suffix, "application/octet-stream"), about.get("bytes"), about.get("sha256")
            )
            for path, about in manifest["inputs"].items()
        ],
    )
    write_json(folder.root / NAME, made)
    return folder.root / NAME


def remove_crate(folder: RunFolder) -> None:
    """A run that goes on must not have the crate of the one before it."""
    remove(folder.root / NAME)


def _described(manifest: Mapping[str, Any]) -> str:
    headline = manifest["headline"]
    totals = [f"{headline['people']:,} people"] if "people" in headline else []
    totals += [f"{headline['links']:,} links in step {headline['last_step']}"] if "last_step" in headline else []
    return ": ".join(["A run of leo-linkage", ", ".join(totals)]) if totals else "A run of leo-linkage"


def _parts(folder: RunFolder, manifest: Mapping[str, Any]) -> Iterator[Part]:
    """Every table, document and folder that the stages made. A table of many files is a folder of the crate too."""
    for stage in manifest["stages"]:
        for artefact, about in stage.get("made", {}).items():
            path = folder.path(artefact, stage["name"])
            name = path.relative_to(folder.root).as_posix()
            media = _MEDIA.get(path.suffix, "application/octet-stream")
            yield Part(f"{name}/" if path.is_dir() else name, media, about.get("bytes"), about.get("sha256"))


def _checks(manifest: Mapping[str, Any]) -> Iterator[Check]:
    stages = {stage["name"] for stage in manifest["stages"]}
    gates = manifest.get("configuration", {}).get("gates", {})
    if "contracts" in stages:
        yield Check("Every critical expectation of the sources' contracts holds", "ValidationCheck")
    for gate, value in gates.items():
        if value is not None and gate != "critical_contracts":
            yield Check(f"Gate {gate} = {value} of the run's file", "CheckValue")
    if "report" in stages:
        yield Check("Every number of the report has passed disclosure control", "DisclosureCheck")
