"""Stages, the runner that takes them to their end, and the manifest that says what was done."""

from linkage.pipeline.folder import FORMAT, RunFolder
from linkage.pipeline.manifest import Manifest, RunFacts
from linkage.pipeline.plan import Decision
from linkage.pipeline.progress import RunProgress, Silent, progress_for
from linkage.pipeline.runner import Runner
from linkage.pipeline.stage import Counts, Stage
from linkage.pipeline.workspace import Workspace

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
