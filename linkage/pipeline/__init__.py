"""Stages, the runner that takes them to their end, and the manifest that says what was done.

What is offered here is imported when it is asked for: most verbs lock a folder or write a manifest, and few run stages,
which need extracts, their formats, and half a second to import these.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linkage.pipeline.fingerprint import Decision
    from linkage.pipeline.folder import FORMAT, RunFolder
    from linkage.pipeline.manifest import Manifest, RunFacts
    from linkage.pipeline.progress import RunProgress, Silent, progress_for
    from linkage.pipeline.runner import Runner
    from linkage.pipeline.stage import Counts, Stage, Workspace

__all__ = [
    "FORMAT",
    "Counts",
    "Decision",
    "Manifest",
    "RunFacts",
    "RunFolder",
    "RunProgress",
    "Runner",
    "Silent",
    "Stage",
    "Workspace",
    "progress_for",
]

_OFFERED = {
    "folder": ("FORMAT", "RunFolder"),
    "manifest": ("Manifest", "RunFacts"),
    "fingerprint": ("Decision",),
    "progress": ("RunProgress", "Silent", "progress_for"),
    "runner": ("Runner",),
    "stage": ("Counts", "Stage", "Workspace"),
}


def __getattr__(name: str) -> Any:
    for part, names in _OFFERED.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{part}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
