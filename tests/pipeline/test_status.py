"""How far a run has come, as its folder says."""

import json

import pytest

from linkage.errors import ConfigError, GateError
from linkage.pipeline.plan import Scope
from linkage.pipeline.status import status_of
from tests.pipeline import toy_pipeline
from tests.pipeline.toy_pipeline import runner

STAGES = ("numbers", "squares", "parcel", "pages")


def states(root):
    return {stage.stage: stage.state for stage in status_of(root).stages}


def test_each_stage_has_its_state(root, source):
    toy = runner(root, source)
    toy.run(Scope(until="squares"))
    assert states(root) == dict(
        zip(STAGES, ("done", "done", "not run", "not run"), strict=True)
    )
    toy.run()
    status = status_of(root)
    assert (status.run, status.status, {stage.state for stage in status.stages}) == (
        "toy",
        "done",
        {"done"},
    )
    assert [(stage.rows, bool(stage.finished)) for stage in status.stages] == [
        (n, True) for n in (5, 5, None, None)
    ]
    next((root / "stages").glob("*numbers")).joinpath("numbers.parquet").unlink()
    (stage, *_) = status_of(root).stages
    assert (stage.state, stage.reason) == (
        "stale",
        "output missing or altered: numbers",
    )
    source.write_text("1\n")
    runner(root, source).run(Scope(until="squares"))
    assert states(root) == dict(
        zip(STAGES, ("done", "done", "stale", "stale"), strict=True)
    )


@pytest.mark.parametrize(
    ("limit", "outcome", "expected"),
    [
        (3, "gate failed", ("done", "done", "withheld", "done")),
        (10, "crashed", ("done", "failed", "not run", "not run")),
        (10, "killed", ("done", "not run", "not run", "not run")),
    ],
)
def test_a_failed_run_shows_the_state_of_each_stage(
    root, source, limit, outcome, expected
):
    def squares(space):
        assert states(root)["squares"] == "running"
        if limit == 10:
            raise ValueError
        return toy_pipeline.squares(space)

    toy = runner(root, source, limit=limit, squares=squares)
    with pytest.raises(GateError if limit == 3 else ValueError):
        toy.run()
    if outcome == "killed":  # no more was written than when the stage began
        manifest = json.loads((root / "manifest.json").read_text())
        manifest |= {"status": "running", "stages": manifest["stages"][:1]}
        (root / "manifest.json").write_text(json.dumps(manifest))
    status = status_of(root)
    assert (status.status, tuple(stage.state for stage in status.stages)) == (
        outcome,
        expected,
    )


def test_gates_are_shown_with_the_run(linked_village, output, tmp_path):
    text = output(0, "status", linked_village.root)
    assert text.splitlines()[0].startswith(f"{linked_village.root}: done, started ")
    assert text.splitlines()[-2:] == [
        "gate min_precision: passed",
        "gate critical_contracts: passed",
    ]
    (tmp_path / "manifest.json").write_text(
        '{"format": "1.0", "run": "link", "tables": {}}'
    )
    with pytest.raises(ConfigError, match="is not a folder of leo run"):
        status_of(tmp_path)
