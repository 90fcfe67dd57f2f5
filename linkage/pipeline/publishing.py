"""A run that passed its gates becomes a release: its folder moves to the release
folder, whole or not at all.
"""

import datetime
import errno
import functools
import os
from pathlib import Path
from typing import Any

from linkage.errors import ConfigError, InputError
from linkage.pipeline.atomic import remove, sync_folder, write_json
from linkage.pipeline.folder import RELEASE, RunFolder
from linkage.pipeline.gates import failed, figures_of, hold, judged
from linkage.pipeline.lock import locked
from linkage.pipeline.manifest import ended_well
from linkage.pipeline.reviewing import estimates


def publish(run: Path, releases: Path, name: str | None = None) -> Path:
    """Move a run to the release folder; returns where it is then.

    The gates are checked once more, and the report of a run that was reviewed is made
    again: a clerical review since the run may have found what its probabilities did not
    say, and answers may have come after the last report.

    Args:
        releases: the folder of releases; made where it is not there.
        name: of the release; the run folder's own when None.

    Raises:
        GateError: the run did not end well or a gate does not hold; nothing is moved.
        ConfigError: it is not a run folder, a release of that folder already, there is
            a release of that name, or a release can have no such place or name.
        InputError: something of the run is gone or altered, or the releases are on
            another file system.
        LeoError: a run is at work in the folder.
    """
    run = (
        run.resolve()
    )  # of a link, the folder that it leads to: else the link alone would move
    _check_place(run, releases, name)
    target = releases / (name or run.name)
    if not run.exists() and (target / RELEASE).is_file():
        raise ConfigError(
            f"{run}: no such folder\n  {target} is a release already: the run may have "
            "become it"
        )
    manifest = ended_well(run)
    if (
        (run / RELEASE).is_file() and run.parent == releases.resolve()
    ):  # elsewhere it was stopped, and continues
        raise ConfigError(
            f"{run}: it is a release already\n  copy its folder first if both names "
            "are to stay"
        )
    if target.exists():
        raise ConfigError(
            f"{target}: there is a release of that name\n  give another with --name"
        )
    _whole(run, manifest)
    (gates, evaluation, drift), reviews = judged(run, manifest), estimates(run)
    with locked(run):
        if (
            reviews
        ):  # where a gate does not hold too: its message says to look at the report
            from quality.report.render import (
                render_run,
            )  # the charts are a third of a second to import

            render_run(run, reviews, gates=functools.partial(failed, gates))
        hold(gates, figures_of(evaluation, drift, reviews))
        releases.mkdir(parents=True, exist_ok=True)
        release = {
            "release": target.name,
            "run": manifest["run"],
            "published": datetime.datetime.now(datetime.UTC).isoformat(
                timespec="seconds"
            ),
            "config_hash": manifest["config_hash"],
        }
        write_json(run / RELEASE, release)
        try:
            if manifest.get("synthetic"):  # its banner says that it is published
                from quality.report.render import render_run

                render_run(run, reviews, gates=functools.partial(failed, gates))
            _move(run, target)
        except BaseException:
            remove(run / RELEASE)
            raise
    return target


def _check_place(run: Path, releases: Path, name: str | None) -> None:
    """A release lies in the folder of releases, under a name that a listing shows, and
    not in the run that moves.
    """
    if name is not None and (
        not name
        or not name.isprintable()
        or name.startswith(".")
        or Path(name).name != name
    ):
        raise ConfigError(
            "--name: is not the name of a folder\n  give one without slashes, and "
            "without a dot before it"
        )
    if releases.exists() and not releases.is_dir():
        raise ConfigError(
            f"{releases}: is not a folder\n  give the folder of releases with --to"
        )
    if releases.resolve().is_relative_to(run):
        raise ConfigError(
            f"{releases}: lies in the run, which would move into itself\n  give a "
            "folder next to it with --to"
        )


def _whole(run: Path, manifest: dict[str, Any]) -> None:
    """Check that all that the run made is there, of the size it was written with."""
    folder = RunFolder(run)
    for stage in manifest["stages"]:
        summary = folder.summary(stage["name"])
        output = (
            folder.missing(stage["name"], summary)
            if summary
            else f"stages/{stage['name']}"
        )
        # leo report makes the page again, with reviews in it: it need not be of the
        # size that the stage wrote.
        if output and not (
            output == "report/" and (run / "report" / "index.html").is_file()
        ):
            raise InputError(
                f"{run}: {output} is gone or altered\n  make it again with the same "
                "leo run, then publish"
            )


def _move(run: Path, target: Path) -> None:
    """One rename, which takes the place of nothing that another has put there
    meanwhile.
    """
    try:
        os.rename(run, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        raise InputError(
            f"{target.parent}: is on another file system than {run}, and a release "
            "appears at once or not at all\n"
            "  give a folder on the run's own with --to, and copy the release from "
            "there"
        ) from None
    sync_folder(target.parent)
