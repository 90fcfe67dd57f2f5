"""A run that passed its gates becomes a release: its folder moves to the release folder, whole or not at all."""

import datetime
import functools
import json
import os
import shutil
from pathlib import Path
from typing import Any

from linkage.config import Gates
from linkage.engine import LockedTempdir
from linkage.errors import ConfigError, InputError
from linkage.pipeline.atomic import remove, sync_folder, sync_tree, write_json
from linkage.pipeline.folder import RunFolder
from linkage.pipeline.gates import asked_of, failed, hold
from linkage.pipeline.lock import locked
from linkage.pipeline.manifest import ended_well
from linkage.pipeline.reviewing import estimates
from linkage.pipeline.stages.judging import DRIFT, EVALUATION
from quality.measures.evaluated import evaluation_of

RELEASE = "release.json"


def publish(run: Path, releases: Path, name: str | None = None) -> Path:
    """Move a run to the release folder; returns where it is then.

    The gates are asked once more, and the report of a run that was reviewed is made again: a clerical review since the
    run may have found what its probabilities did not say, and answers may have come after the last report.

    Args:
        releases: the folder of releases; made where it is not there.
        name: of the release; the run folder's own when None.

    Raises:
        GateError: the run did not end well or a gate does not hold; nothing is moved.
        ConfigError: it is not a run folder, a release of that folder already, there is a release of that name, or a
            release can have no such place or name.
        InputError: something of the run is gone or altered.
        LeoError: a run is at work in the folder.
    """
    run = run.resolve()  # of a link, the folder that it leads to: else the link alone would move
    _check_place(run, releases, name)
    target = releases / (name or run.name)
    if not run.exists() and (target / RELEASE).is_file():
        if _aside(run).exists():  # stopped while it was taken away
            remove(_aside(run))
            _mark(run).unlink(missing_ok=True)
            return target
        raise ConfigError(f"{run}: no such folder\n  {target} is a release already: the run may have become it")
    manifest = ended_well(run)
    if (run / RELEASE).is_file() and run.parent == releases.resolve():  # else it was stopped, and goes on
        raise ConfigError(f"{run}: it is a release already\n  copy its folder first where both names are to stay")
    if _was_copied(run, target):  # to another disk, and stopped before the run was taken away
        with locked(run):
            _take_away(run)
        return target
    if target.exists():
        raise ConfigError(f"{target}: there is a release of that name\n  give another with --name")
    _whole(run, manifest)
    evaluation = evaluation_of(run / EVALUATION)
    drift = json.loads((run / DRIFT).read_text(encoding="utf-8")) if (run / DRIFT).is_file() else None
    gates, reviews = Gates(**manifest["configuration"]["gates"]), estimates(run)
    with locked(run):
        if reviews:  # where a gate does not hold too: its message says to look at the report
            from quality.report.render import render_run  # the charts are a third of a second to import

            render_run(run, reviews, gates=functools.partial(failed, gates))
        hold(gates, asked_of(evaluation, drift, reviews))
        releases.mkdir(parents=True, exist_ok=True)
        release = {
            "release": target.name,
            "run": manifest["run"],
            "published": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "config_hash": manifest["config_hash"],
        }
        write_json(run / RELEASE, release)
        try:
            _move(run, target)
        except BaseException:
            if not _was_copied(run, target):
                remove(run / RELEASE)
            raise
    return target


def _check_place(run: Path, releases: Path, name: str | None) -> None:
    """A release lies in the folder of releases, under a name that a listing shows, and not in the run that moves."""
    if name is not None and (not name or not name.isprintable() or name.startswith(".") or Path(name).name != name):
        raise ConfigError("--name: is no name of a folder\n  give one without slashes, and without a dot before it")
    if releases.exists() and not releases.is_dir():
        raise ConfigError(f"{releases}: is no folder\n  give the folder of releases with --to")
    if releases.resolve().is_relative_to(run):
        raise ConfigError(
            f"{releases}: lies in the run, which would move into itself\n  give a folder next to it with --to"
        )


def _whole(run: Path, manifest: dict[str, Any]) -> None:
    """See that all that the run made is there, of the size it was written with."""
    folder = RunFolder(run)
    for stage in manifest["stages"]:
        summary = folder.summary(stage["name"])
        gone = folder.missing(stage["name"], summary) if summary else f"stages/*-{stage['name']}"
        # leo report makes the page again, with reviews in it: it need not be of the size that the stage wrote.
        if gone and not (gone == "report/" and (run / "report" / "index.html").is_file()):
            raise InputError(f"{run}: {gone} is gone or altered\n  make it again with the same leo run, then publish")


def _move(run: Path, target: Path) -> None:
    """A rename where both are on one file system; else a copy that is renamed when it is on the disk whole."""
    if _on_one_disk(run, target.parent):
        os.rename(run, target)
        sync_folder(target.parent)
        return
    _mark(run).touch()
    # A place of its own: another may publish under the same name.
    with LockedTempdir(target.parent, f".{target.name}.", ".part") as part:
        shutil.copytree(run, part, symlinks=True, dirs_exist_ok=True)
        sync_tree(part)
        os.rename(part, target)  # which no release that another has put there in the meantime gives way to
        sync_folder(target.parent)
    _take_away(run)


def _was_copied(run: Path, target: Path) -> bool:
    """Whether the release is this run's: a copy is named when it is whole, and says the same of its publication.

    So does a copy of a release that somebody has made for himself, which is not replaced: none stands next to
    the mark of a publication that was at work.
    """
    if not _mark(run).exists():
        return False
    files = [place / RELEASE for place in (run, target)]
    return all(file.is_file() for file in files) and files[0].read_bytes() == files[1].read_bytes()


def _take_away(run: Path) -> None:
    """In one step, so that whoever is stopped leaves no half of a run under its name."""
    remove(_aside(run))
    os.rename(run, _aside(run))
    remove(_aside(run))
    _mark(run).unlink(missing_ok=True)


def _mark(run: Path) -> Path:
    return run.with_name(f".{run.name}.publishing")


def _aside(run: Path) -> Path:
    return run.with_name(f".{run.name}.published")


def _on_one_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev
