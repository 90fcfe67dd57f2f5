"""An extract from a run that has ended: what `leo extract` does."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from linkage.catalogue import shipped
from linkage.catalogue.datapackage import DESCRIPTOR
from linkage.config.resources import config_file, own_names
from linkage.engine import connect
from linkage.errors import ConfigError, GateError
from linkage.extract import ExtractSummary, encryption_key, extract, master_key, read_opt_outs
from linkage.extract.encryption import VARIABLE
from linkage.extract.formats import Written
from linkage.pipeline.folder import MANIFEST, RunFolder, check_run_format
from linkage.pipeline.intact import see_that_it_is_intact
from linkage.pipeline.lock import locked
from linkage.pipeline.stages.contracts import extract_check
from linkage.pipeline.stages.outputs import run_info
from linkage.requests.approved import approved_project


def deliver(
    run: Path,
    request: Path,
    *,
    register: Path | None = None,
    key_file: Path | None = None,
    out: Path | None = None,
    opt_outs: Path | None = None,
    encryption_file: Path | None = None,
    previous: Path | None = None,
) -> ExtractSummary:
    """Make a project's extract from the tables of a run.

    Args:
        run: folder of a run that has ended well.
        request: the project's request, or the path of a shipped one below configs/.
        register: the register of decisions; the one next to the request when None.
        key_file: the master key; the environment variable LEO_MASTER_KEY when None.
        out: the extract's folder; RUN/extracts/<project> when None.
        opt_outs: list of those who may be in no extract; to be given where the run was made with one.
        encryption_file: the key to encrypt by; the environment variable LEO_EXTRACT_KEY when None, or none.
        previous: the project's last extract, to compare with; the one that is replaced when None.

    Raises:
        ConfigError: the folder is no run's, no decision in force covers the request, the key is not right, or it is not
            the run's.
        GateError: the run did not end well, or the register was changed: nothing may leave.
    """
    shipped_one = config_file(str(request))
    file = shipped_one if not request.exists() and shipped_one.is_file() else request
    manifest = ended_well(run)
    project = approved_project(file, shipped(), register=register)
    key = master_key(key_file)
    made_with = manifest.get("key_fingerprint") or _key_of_extracts(run)
    if made_with not in (None, key.fingerprint):
        raise ConfigError(
            f"the run was made with the key of fingerprint {made_with}, this one has {key.fingerprint}\n"
            "  give the key of the run: under another, pseudonyms would not agree between its extracts"
        )
    settings = manifest.get("configuration", {})
    if settings.get("outputs", {}).get("opt_outs") and opt_outs is None:
        raise ConfigError(f"{run}: those who opted out are in no extract of it\n  give their list with --opt-outs")
    encryption = encryption_key(encryption_file)
    if settings.get("outputs", {}).get("encryption_key_file") and encryption is None:
        raise ConfigError(f"{run}: its extracts are encrypted\n  give the key with --encryption-key, or in {VARIABLE}")
    with locked(run), connect(manifest["engine"], scratch=run / ".scratch") as engine:
        tables = {name: engine.read(path) for name, path in tables_of(run, manifest).items()}
        target = out or run / "extracts" / project.id
        last = previous or (target if (target / "SHA256SUMS").is_file() else None)
        critical = settings.get("gates", {}).get("critical_contracts", True)

        def look(written: Sequence[Written]) -> None:
            extract_check(engine, shipped(), project, written, critical=critical)

        return extract(
            engine,
            project,
            shipped(),
            tables,
            key,
            target,
            run_info=run_info(manifest),
            opt_outs=read_opt_outs(opt_outs) if opt_outs else None,
            encryption=encryption,
            last=last,
            max_change=settings.get("gates", {}).get("max_extract_change"),
            datasets={name: source["dataset"] for name, source in settings.get("source", {}).items()},
            inspect=look,
        )


def _key_of_extracts(run: Path) -> str | None:
    """The fingerprint of the key of an extract that the run has had: one that was run without any names no other."""
    made = (path / DESCRIPTOR for path in sorted(run.glob("extracts/*")))
    described = (json.loads(path.read_text(encoding="utf-8")) for path in made if path.is_file())
    return next((one["leo:key_fingerprint"] for one in described if "leo:key_fingerprint" in one), None)


def ended_well(run: Path) -> dict[str, Any]:
    """The manifest of a run that has ended well.

    Raises:
        ConfigError: the folder is no run's, or of another format.
        GateError: the run has not ended, failed, or a gate stopped it.
    """
    manifest = manifest_of_sources(
        run, "leo link and leo dedupe make no release: name the sources in a run's file, and give its folder"
    )
    if manifest.get("status") == "gate failed":
        why = "".join(f"\n  {line.strip()}" for line in str(manifest.get("message") or "").splitlines())
        raise GateError(
            f"{run}: the run's status is 'gate failed', so nothing may leave it{why}\n"
            "  mend what a gate names, or change [gates], then give the same leo run again"
        )
    if manifest.get("exit") != 0:
        raise GateError(
            f"{run}: the run's status is '{manifest.get('status')}', so nothing may leave it\n"
            "  finish it first: leo run"
        )
    return manifest


def manifest_of_sources(run: Path, remedy: str = "give the folder that leo run wrote to") -> dict[str, Any]:
    """The manifest of a folder of `leo run`, however it ended: it has a configuration, and tables of each step.

    Args:
        remedy: what to do, where the folder is of `leo link` or `leo dedupe`.

    Raises:
        ConfigError: as of `manifest_of`, or it is of `leo link` or `leo dedupe`.
    """
    manifest = manifest_of(run)
    if "configuration" not in manifest:
        raise ConfigError(f"{run}: is no folder of leo run\n  {remedy}")
    return manifest


def manifest_of(run: Path) -> dict[str, Any]:
    """The manifest of a run, however it ended.

    Raises:
        ConfigError: the folder is no run's, its manifest is damaged, it is of another format, or it was made with
            definitions that are not in use.
        InputError: a table or document of it is another than was written.
    """
    path = run / MANIFEST
    if not path.is_file():
        raise ConfigError(f"{run}: is no run's folder: it has no {MANIFEST}\n  give the folder that leo run wrote to")
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        manifest["format"]  # a manifest without one is not of a run
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{path}: is damaged, or no manifest of a run\n"
            "  take it from a copy of the folder, or make the run again in a new one"
        ) from None
    if "run" not in manifest:  # leo synth leaves a manifest too, whose format is that of its files
        raise ConfigError(
            f"{run}: is no run's folder: its {MANIFEST} is of something else, as leo synth writes one\n"
            "  give the folder that leo run wrote to"
        )
    check_run_format(run, manifest)
    lacking = sorted(set(manifest.get("definitions", [])) - set(own_names()))
    if lacking:
        raise ConfigError(
            f"{run}: was made with definitions of one's own: {', '.join(lacking)}\n"
            "  give their folder before the verb: leo --definitions FOLDER ..."
        )
    see_that_it_is_intact(run, manifest)
    return manifest


def steps_to_come(manifest: dict[str, Any]) -> list[str]:
    """Steps that a run which has not ended, or failed, has yet to link."""
    made = {name for stage in manifest["stages"] for name in stage.get("made", {})}
    return [step["name"] for step in manifest["configuration"]["step"] if f"links/{step['name']}" not in made]


def tables_of(run: Path, manifest: dict[str, Any]) -> dict[str, Path]:
    """Every table of a run and where it lies."""
    folder = RunFolder(run)
    return {
        name: folder.path(name, stage["name"])
        for stage in manifest["stages"]
        for name, about in stage.get("made", {}).items()  # a stage that failed made nothing
        if "rows" in about
    }
