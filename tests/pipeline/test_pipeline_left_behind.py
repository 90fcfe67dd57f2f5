"""What a killed run leaves behind, and commands that work in one folder at the same
time.
"""

import errno
import json
import os
import threading
from pathlib import Path

from linkage.pipeline.atomic import write_json
from tests.pipeline.toy_pipeline import ends_of_crashes, runner


def test_what_a_gate_withholds_is_gone_though_its_run_was_killed(tmp_path, source):
    ends = ends_of_crashes(tmp_path, source, "withholding")
    assert len(ends) > 10
    assert {end["first"] for end in ends[:-1]} == {-9}
    assert {end["second"] for end in ends} == {1}
    for end in ends:
        assert not (Path(end["root"]) / "extracts/toy").exists(), (
            f"killed at {end['count']}"
        )
        assert (Path(end["root"]) / "report/index.html").exists(), (
            f"killed at {end['count']}"
        )


def test_what_a_stage_kept_is_removed_with_the_stage(root, source):
    for name in ("parcel", "dropped"):
        (root / ".kept" / name / "abc").mkdir(parents=True)
    (root / "manifest.json").write_text(json.dumps({"format": "1.0", "run": "toy"}))
    runner(root, source).run()
    assert not (root / ".kept/dropped").exists()
    assert not (root / ".kept/parcel/abc").exists()


def test_two_writers_of_one_file_leave_it_whole(tmp_path, monkeypatch):
    path, fsync, calls = tmp_path / "estimate.json", os.fsync, []

    def fsync_after_another(handle: int) -> None:
        if not calls:
            calls.append(handle)
            other = threading.Thread(
                target=write_json, args=(path, {"by": "the other"})
            )
            other.start()
            other.join()
        fsync(handle)

    monkeypatch.setattr("linkage.pipeline.atomic.os.fsync", fsync_after_another)
    write_json(path, {"by": "us"})
    assert json.loads(path.read_text()) == {"by": "us"}
    assert [file.name for file in tmp_path.iterdir()] == ["estimate.json"]


def test_a_plan_needs_no_right_to_write(root, source, monkeypatch):
    runner(root, source).run()
    source.write_text("1\n2\n")

    def refuse(path: Path, value: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("linkage.pipeline.fingerprint.write_json", refuse)
    assert [decision.reason for decision in runner(root, source).plan()][:2] == [
        "input changed",
        "follows numbers",
    ]
