"""Which stages a run is about, and which of them have to run because something that
they depend on has changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from linkage.errors import ConfigError, hint
from linkage.pipeline.fingerprint import Fingerprints
from linkage.pipeline.folder import RunFolder
from linkage.pipeline.stage import Stage, makers

_LEFT_OUT = "not selected; "


@dataclass(frozen=True)
class Scope:
    """The stages that a run is about; by default all of them.

    Args:
        select: only these; what they read must be up to date.
        again_from: run this stage again, and each that follows from it.
        until: stop after this stage.
        rerun: run again what is up to date, too.
    """

    select: Sequence[str] = ()
    again_from: str | None = None
    until: str | None = None
    rerun: bool = False


@dataclass(frozen=True)
class Decision:
    """What is to be done with one stage: `skip` leaves one that has to run, since the
    scope does not cover it.
    """

    stage: Stage
    action: Literal["run", "keep", "skip"]
    reason: str


class Plan:
    """Decides on each stage of a run.

    Raises:
        ConfigError: the scope names no stage, or selects one that reads what is not up
            to date.
        InputError: an input file cannot be read.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        folder: RunFolder,
        fingerprints: Fingerprints,
        scope: Scope | None = None,
    ) -> None:
        self._folder, self._fingerprints = folder, fingerprints
        scope, names = scope or Scope(), [stage.name for stage in stages]
        options = {
            "--select": scope.select,
            "--from": [scope.again_from],
            "--until": [scope.until],
        }
        for option, name in [
            (option, name)
            for option, names_of_option in options.items()
            for name in names_of_option
        ]:
            if name is not None and name not in names:
                raise ConfigError(
                    f"{option} {name}: the run has no such stage{hint(name, names)}\n  "
                    "leo plan lists them"
                )
        scope_names = names[: names.index(scope.until) + 1] if scope.until else names
        self._wanted = set(scope_names) & set(scope.select or names)
        maker_of, makers_of = makers(tuple(stages)), {}
        for stage in stages:
            makers_of[stage.name] = {
                maker_of[artefact].name
                for artefact in (*stage.reads, *stage.reads_if_there)
            }
        self._again = (
            set(names)
            if scope.rerun
            else {name for name in names if name == scope.again_from}
        )
        for name in names:
            self._again |= {name} if makers_of[name] & self._again else set()
        if scope.select:
            self._check_selected(
                [
                    stage
                    for stage in stages
                    if stage.name in _all_read(self._wanted, makers_of)
                ]
            )

    def _check_selected(self, stages: Iterable[Stage]) -> None:
        """Check that what the selected stages read is up to date or selected too."""
        decisions = [self.decide(stage) for stage in stages]
        if stale := [one for one in decisions if one.action == "skip"]:
            lines = "".join(
                f"\n  {one.stage.name}: {one.reason.removeprefix(_LEFT_OUT)}"
                for one in stale
            )
            options = " ".join(f"--select {one.stage.name}" for one in stale)
            raise ConfigError(
                f"--select: the selected stages follow from {len(stale)} that are not "
                f"up to date{lines}\n"
                f"  select these too ({options}), or run without --select"
            )

    def decide(self, stage: Stage) -> Decision:
        """What is to be done with a stage, by the run's folder as it is now.

        A stage that runs again only because its output is gone gives what it gave
        before: what follows it is kept.
        """
        is_wanted, reason = stage.name in self._wanted, self._reason(stage)
        if reason is None:
            return Decision(stage, "keep", "up to date")
        return (
            Decision(stage, "run", reason)
            if is_wanted
            else Decision(stage, "skip", _LEFT_OUT + reason)
        )

    def _reason(self, stage: Stage) -> str | None:
        """Why a stage has to run; None if it is up to date."""
        summary = self._folder.summary(stage.name)
        if summary is None:
            # without a look at its input files, so that the plan of a new run costs
            # nothing
            return "new"
        if stage.name in self._again & self._wanted:
            return "forced"
        change = self._fingerprints.of(stage).change(summary["fingerprint"])
        output = None if change else self._folder.missing(stage.name, summary)
        return f"output missing or altered: {output}" if output else change


def _all_read(names: Iterable[str], makers_of: dict[str, set[str]]) -> set[str]:
    """Stages, and all that they read, directly or through others."""
    stages, left = set[str](), list(names)
    while left:
        name = left.pop()
        left += makers_of[name] - stages
        stages.add(name)
    return stages
