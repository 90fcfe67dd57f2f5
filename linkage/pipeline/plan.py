"""What a run would do: which stages are up to date, which would run, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from linkage.pipeline import fingerprint
from linkage.pipeline.file_digests import FileDigests
from linkage.pipeline.fingerprint import Fingerprint
from linkage.pipeline.folder import RunFolder
from linkage.pipeline.stage import Stage, makers


@dataclass(frozen=True)
class Decision:
    """What is to be done with one stage."""

    stage: Stage
    run: bool
    reason: str


class Fingerprints:
    """Fingerprints of a run's stages, each worked out when it is first asked for."""

    def __init__(self, stages: Sequence[Stage], files: FileDigests, engine: str) -> None:
        self._made = makers(tuple(stages))
        self.files = files
        self._engine = engine
        self._known: dict[str, Fingerprint] = {}

    def of(self, stage: Stage) -> Fingerprint:
        """The fingerprint of a stage as the configuration, the code and the input files are now.

        Raises:
            InputError: an input file cannot be read.
        """
        if stage.name not in self._known:
            read = (*stage.reads, *stage.reads_if_there)
            before = {self._made[artefact].name: self._made[artefact] for artefact in read}
            inputs = {name: self.of(earlier).whole for name, earlier in before.items()}
            self._known[stage.name] = fingerprint.of(stage, inputs, self.files, self._engine)
        return self._known[stage.name]


def reason_to_run(stage: Stage, folder: RunFolder, fingerprints: Fingerprints, *, force: bool) -> str | None:
    """Why a stage has to run; None where it is up to date.

    A stage that runs again only because its output is gone gives what it gave before: what follows it is kept.
    """
    summary = folder.summary(stage.name)
    if summary is None:
        return "new"  # without a look at its input files, so that the plan of a new run costs nothing
    if force:
        return "forced"
    changed = fingerprints.of(stage).change(summary["fingerprint"])
    if changed:
        return changed
    gone = folder.missing(stage.name, summary)
    return f"output missing or altered: {gone}" if gone else None


def decide(stages: Sequence[Stage], folder: RunFolder, fingerprints: Fingerprints, *, force: bool) -> list[Decision]:
    """A decision for each stage, in their order."""
    reasons = [reason_to_run(stage, folder, fingerprints, force=force) for stage in stages]
    return [Decision(stage, bool(why), why or "up to date") for stage, why in zip(stages, reasons, strict=True)]
