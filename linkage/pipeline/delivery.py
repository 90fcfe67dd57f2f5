"""An extract from a run that has ended: what `leo extract` does."""

from collections.abc import Sequence
from pathlib import Path

from linkage.catalogue import shipped
from linkage.catalogue.datapackage import DESCRIPTOR
from linkage.config.resources import config_file
from linkage.config.toml_file import json_of
from linkage.engine import connect
from linkage.errors import ConfigError
from linkage.extract import ExtractSummary, extract, master_key, read_opt_outs
from linkage.extract.formats import Written
from linkage.pipeline.lock import locked
from linkage.pipeline.manifest import ended_well, read_tables
from linkage.pipeline.stages.contracts import extract_check
from linkage.pipeline.stages.outputs import run_info, with_run_codes
from linkage.requests.approved import approved_project


def deliver(
    run: Path,
    request: Path,
    *,
    register: Path | None = None,
    key_file: Path | None = None,
    out: Path | None = None,
    opt_outs: Path | None = None,
    previous: Path | None = None,
) -> ExtractSummary:
    """Make a project's extract from the tables of a run.

    Args:
        run: folder of a run that has ended well.
        request: the project's request, or the path of a shipped one below configs/.
        register: the register of decisions; the one next to the request when None.
        key_file: the master key; the environment variable LEO_MASTER_KEY when None.
        out: the extract's folder; RUN/extracts/<project> when None.
        opt_outs: list of the people who may be in no extract; to be given where the run was made with one.
        previous: the project's last extract, to compare with; the one that is replaced when None.

    Raises:
        ConfigError: the folder is no run's, no decision in force covers the request, the key is not right, or it is not
            the run's.
        GateError: the run did not end well, or the register was changed: nothing may leave.
    """
    shipped_one = config_file(str(request))
    file = shipped_one if not request.exists() and shipped_one.is_file() else request
    manifest = ended_well(run)
    settings = manifest.get("configuration", {})
    pinned = settings.get("outputs", {}).get("register_hash")
    project = approved_project(file, shipped(), register=register, published=pinned)
    key, catalogue = master_key(key_file), with_run_codes(shipped(), manifest)
    made_with = manifest.get("key_fingerprint") or _key_of_extracts(run)
    if made_with not in (None, key.fingerprint):
        raise ConfigError(
            f"the run was made with the key of fingerprint {made_with}, this one has {key.fingerprint}\n"
            "  give the key of the run: under another, pseudonyms would not agree between its extracts"
        )
    if settings.get("outputs", {}).get("opt_outs") and opt_outs is None:
        raise ConfigError(f"{run}: people who opted out are in no extract of it\n  give their list with --opt-outs")
    target = out or run / "extracts" / project.id
    within = [run, target.parent]  # the extract is made next to its place
    with locked(run), connect(manifest["engine"], scratch=run / ".scratch", within=within) as engine:
        last = previous or (target if (target / "SHA256SUMS").is_file() else None)
        critical = settings.get("gates", {}).get("critical_contracts", True)

        def look(written: Sequence[Written]) -> None:
            extract_check(engine, catalogue, project, written, critical=critical)

        return extract(
            engine,
            project,
            catalogue,
            read_tables(engine, run, manifest),
            key,
            target,
            run_info=run_info(manifest),
            opt_outs=read_opt_outs(opt_outs) if opt_outs else None,
            last=last,
            max_change=settings.get("gates", {}).get("max_extract_change"),
            datasets={name: source["dataset"] for name, source in settings.get("source", {}).items()},
            inspect=look,
        )


def _key_of_extracts(run: Path) -> str | None:
    """The fingerprint of the key of an extract that the run has had: one that was run without any names no other."""
    made = (path / DESCRIPTOR for path in sorted(run.glob("extracts/*")))
    described = (json_of(path) for path in made if path.is_file())
    return next((one["leo:key_fingerprint"] for one in described if "leo:key_fingerprint" in one), None)
