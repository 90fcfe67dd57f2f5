"""A run's folder: which stages it holds whole, and how a new one takes its place."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from linkage.config.toml_file import json_of
from linkage.errors import ConfigError, InputError
from linkage.pipeline.atomic import put, remove, size, sync_tree, write_json
from linkage.pipeline.stage import Stage, kind
from linkage.version import check_format

MANIFEST = "manifest.json"
RELEASE = "release.json"
"""What publishing adds to a run's folder: from then on the folder is a release."""
STAGES = "stages"
EVALUATION = "quality/evaluation.json"
DRIFT = "quality/drift.json"
"""What was counted of a run, and since the last release where there is one."""
FROM_A_COPY = "take it from a copy of the folder, or make the run again"


def read_manifest(root: Path) -> dict[str, Any]:
    """The manifest of a folder of `leo run`, `leo link` or `leo dedupe`, however it
    ended; of a release, `published` too.

    Raises:
        ConfigError: the folder is not such a folder, or its manifest is damaged.
        InputError: another version wrote it.
    """
    path = root / MANIFEST
    if not path.is_file():
        raise ConfigError(
            f"{root}: is not a run folder: it has no {MANIFEST}\n  give the folder "
            "that leo run wrote to"
        )
    try:
        manifest: dict[str, Any] = json_of(path)
        manifest["format"]  # a manifest without one is not of a run
        if (root / RELEASE).is_file():
            manifest["published"] = json_of(root / RELEASE)["published"]
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{path}: is damaged, or not the manifest of a run\n  {FROM_A_COPY} in a "
            "new one"
        ) from None
    if (
        "run" not in manifest
    ):  # leo synth leaves a manifest too, whose format is that of its files
        raise ConfigError(
            f"{root}: is not a run folder: its {MANIFEST} is of something else, as leo "
            "synth writes one\n"
            "  give the folder that leo run wrote to"
        )
    check_format(root, manifest)
    return manifest


def document_of(path: Path, remedy: str = FROM_A_COPY) -> dict[str, Any]:
    """A document of a folder.

    Raises:
        InputError: it is damaged.
    """
    try:
        document, reason = json_of(path), "it holds no table of facts"
    except ValueError:
        document, reason = None, "not JSON"
    if not isinstance(document, dict):
        raise InputError(f"{path}: is damaged: {reason}\n  {remedy}")
    return document


class RunFolder:
    """Below `root`: manifest.json, stages/name/ with each stage's tables and
    summary.json, and what is published.

    A stage counts as whole when its folder has its final name; the rename is the last
    thing done.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stages = root / STAGES
        self.scratch = root / ".scratch"

    def check(self, name: str) -> None:
        """Check that the folder is new, empty, or of a run of this name and format.

        Raises:
            ConfigError: it is something else; the message says what to do.
            InputError: another version wrote it.
        """
        if not self.root.exists():
            return
        if not self.root.is_dir():
            raise ConfigError(
                f"{self.root}: is a file\n  give a folder for the run with --out"
            )
        if not (self.root / MANIFEST).exists():
            other = [
                entry.name
                for entry in self.root.iterdir()
                if not entry.name.startswith(".")
            ]
            if other:
                raise ConfigError(
                    f"{self.root}: holds other things and no {MANIFEST}, so it is not "
                    "a run folder\n"
                    "  give an empty or a new folder with --out"
                )
            return
        if (self.root / RELEASE).is_file():
            raise ConfigError(
                f"{self.root}: is a published release, which no run may change\n"
                "  give a new folder with --out; if publishing was stopped and it is "
                f"no release, delete its {RELEASE}"
            )
        run = read_manifest(self.root)["run"]
        if run != name:
            raise ConfigError(
                f"{self.root}: holds the run '{run}', the configuration is of "
                f"'{name}'\n"
                "  give another folder with --out, or change [run] name back"
            )

    def prepare(self) -> None:
        """Make what is missing, and clear away what a run that was stopped left half
        done.
        """
        self.stages.mkdir(parents=True, exist_ok=True)
        remove(self.scratch)
        names = ("stages", "models", "quality", "quality/suites", "extracts")
        for place in [self.root, *(self.root / name for name in names)]:
            if place.is_dir():
                for left in [*place.glob(".*.part"), *place.glob(".*.old")]:
                    remove(left)

    def kept(self, name: str, fingerprint: str) -> Path:
        """Where a stage keeps what a killed run shall not lose; what another
        fingerprint kept there is cleared away.
        """
        place = self.root / ".kept" / name
        for other in place.glob("*"):
            if other.name != fingerprint:
                remove(other)
        return place / fingerprint

    def forget(self, names: Collection[str]) -> None:
        """Clear away what stages that are not among `names` kept: no run goes on with
        them.
        """
        for place in (self.root / ".kept").glob("*"):
            if place.name not in names:
                remove(place)

    def find(self, name: str) -> Path | None:
        """The folder of a whole stage."""
        folder = self.stages / name
        return folder if folder.is_dir() else None

    def summary(self, name: str) -> dict[str, Any] | None:
        """What a whole stage says of itself; None where there is no such stage or its
        summary cannot be read.
        """
        folder = self.find(name)
        try:
            summary: dict[str, Any] = json_of(folder / "summary.json") if folder else {}
        except (OSError, ValueError):
            return None
        return summary or None

    def path(self, artefact: str, stage: str) -> Path:
        """Where an artefact of a whole stage lies.

        Raises:
            InputError: the stage is not there.
        """
        if kind(artefact) != "table":
            return self.root / artefact
        folder = self.find(stage)
        if folder is None:
            raise InputError(
                f"{self.root}: stage {stage} is not there\n"
                "  it was taken away since the run ended: the same leo run makes it "
                "again"
            )
        return folder / f"{artefact}.parquet"

    def missing(self, name: str, summary: dict[str, Any]) -> str | None:
        """The first artefact that is gone, or not of the size it was written with."""
        for artefact, facts in summary["made"].items():
            if size(self.path(artefact, name)) != facts["bytes"]:
                return str(artefact)
        return None

    def begin(self, name: str) -> Path:
        """A new, empty folder for a stage to write to."""
        part = self.stages / f".{name}.part"
        remove(part)
        part.mkdir()
        return part

    def finish(self, part: Path, stage: Stage, summary: dict[str, Any]) -> None:
        """Put a stage in place: documents and folders first, its own folder last."""
        write_json(part / "summary.json", summary)
        sync_tree(part)
        old = self.find(stage.name)
        if old:  # from here on the stage counts as not there, until the last rename
            remove(old)
        for artefact in stage.makes:
            if kind(artefact) != "table":
                put(part / artefact, self.root / artefact)
        put(part, self.stages / stage.name)

    def retire(self, name: str, makes: Iterable[str] = ()) -> None:
        """Remove a stage and all it made: what it published first, since nothing later
        would know it for the stage's.

        Args:
            makes: what the stage says that it makes; a run that was killed while it
                took its place may have left that.
        """
        summary, folder = self.summary(name), self.find(name)
        for artefact in dict.fromkeys([*(summary or {}).get("made", {}), *makes]):
            if kind(artefact) != "table":
                remove(self.root / artefact)
        if folder:
            remove(folder)

    def others(self, names: set[str]) -> list[str]:
        """Whole stages that are not among `names`."""
        paths = self.stages.iterdir() if self.stages.is_dir() else ()
        return sorted(
            path.name
            for path in paths
            if path.name not in names and not path.name.startswith(".")
        )
