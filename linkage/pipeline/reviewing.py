"""Clerical reviews of a folder's links as the pipeline reads them:
RUN/review/STEP/estimate.json (quality.review).
"""

from pathlib import Path
from typing import Any

from linkage.errors import ConfigError
from linkage.pipeline.fingerprint import digest
from linkage.pipeline.folder import document_of
from linkage.pipeline.linked_files import is_of_files
from linkage.pipeline.manifest import manifest_of, steps_to_come


def estimates(run: Path) -> list[dict[str, Any]]:
    """Estimates of the run's links, a step each; those of links that have changed since
    are left out.
    """
    current: list[dict[str, Any]] = []
    for path in sorted((run / "review").glob("*/estimate.json")):
        estimate = document_of(path, "give the answers again: leo review add")
        try:
            links = fingerprint_of(run, str(estimate.get("step")))
        except ConfigError:  # a step that the run no longer has
            continue
        if estimate.get("links_fingerprint") == links:
            current.append(estimate)
    return current


def fingerprints(run: Path) -> dict[str, str]:
    """Link step to the fingerprint of its links.

    Raises:
        ConfigError: the folder is not a run's, or of another format.
    """
    manifest = manifest_of(run)
    links = {
        stage["name"].removeprefix("link-"): facts["fingerprint"]
        for stage in manifest["stages"]
        for name, facts in stage.get("made", {}).items()
        if stage["name"].startswith("link-") and name.startswith("links")
    }
    if not is_of_files(manifest):
        return links
    # Records of files are known by their places, so that the files count as well.
    files = sorted(facts["sha256"] for facts in manifest["inputs"].values())
    return {step: digest([fingerprint, files]) for step, fingerprint in links.items()}


def fingerprint_of(run: Path, step: str) -> str:
    """The fingerprint of a step's links.

    Raises:
        ConfigError: the folder is not a run's, or has no such step.
    """
    by_step = fingerprints(run)
    if step not in by_step:
        manifest = manifest_of(run)
        if step in (steps := steps_to_come(manifest)):
            raise ConfigError(
                f"{run}: the run has not linked {', '.join(steps)} yet\n  finish it "
                "first: leo run"
            )
        known = ", ".join(sorted(by_step)) or "none"
        raise ConfigError(
            f"{run}: the run has no link step '{step}'\n  there are: {known}"
        )
    return by_step[step]
