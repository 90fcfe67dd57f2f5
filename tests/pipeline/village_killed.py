"""Runs the village's pipeline again and again in one folder, each time killed in its
next stage, then lets it finish.

Prints how each run ended: the stage, and the signal's negative number or the exit code.
"""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import great_expectations  # noqa: F401  these two are imported once here, so that each fork need not

import quality.report.render  # noqa: F401
from linkage.pipeline.job import load_job
from linkage.pipeline.leo import pipeline, stages
from linkage.pipeline.stage import Stage, Workspace
from tests.pipeline.toy_pipeline import in_a_fork


def dying(stage: Stage) -> Stage:
    """The stage, killed when its work is done and before it is in place."""

    def work(space: Workspace) -> dict[str, object]:
        stage.work(space)
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    return replace(stage, work=work)


def run(config: Path, key: Path, root: Path, victim: str | None) -> None:
    runner = pipeline(load_job(config, key_file=key), root)
    runner.stages = tuple(
        dying(stage) if stage.name == victim else stage for stage in runner.stages
    )
    runner.made = {
        artefact: stage for stage in runner.stages for artefact in stage.makes
    }
    runner.run()


def main(config: Path, key: Path, root: Path) -> list[tuple[str, int]]:
    names = [stage.name for stage in stages(load_job(config, key_file=key))]
    return [
        (
            victim or "none",
            in_a_fork(lambda victim=victim: run(config, key, root, victim)),
        )
        for victim in [*names, None]
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*map(Path, sys.argv[1:4]))))
