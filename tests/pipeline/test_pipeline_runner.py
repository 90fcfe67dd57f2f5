"""A run of toy stages: done once, kept, continued, stopped by gates, and what it leaves
behind.
"""

import errno
import json
import os
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer

from linkage.cli.failures import stoppable
from linkage.errors import ConfigError, GateError, InputError, LeoError
from linkage.pipeline.atomic import write_json
from linkage.pipeline.plan import Scope
from linkage.pipeline.stage import Stage, Workspace, makers
from tests.pipeline import toy_pipeline
from tests.pipeline.toy_pipeline import ends_of_crashes, runner, tables


def reasons(root: Path, source: Path, **options: Any) -> dict[str, str]:
    return {
        decision.stage.name: decision.reason
        for decision in runner(root, source, **options).plan()
    }


def statuses(root: Path) -> dict[str, str]:
    manifest = json.loads((root / "manifest.json").read_text())
    return {stage["name"]: stage["status"] for stage in manifest["stages"]}


def files_below(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


ALL_NEW = dict.fromkeys(("numbers", "squares", "parcel", "pages"), "new")
ALL_KEPT = dict.fromkeys(ALL_NEW, "up to date")


def test_a_run_leaves_its_stages_and_what_they_publish(root, source):
    manifest = runner(root, source).run()
    assert files_below(root) == {
        ".inputs.json",
        ".lock",
        "extracts/toy/rows.txt",
        "log.jsonl",
        "manifest.json",
        "quality/squares.json",
        "report/index.html",
        "stages/numbers/numbers.parquet",
        "stages/numbers/summary.json",
        "stages/squares/made/squares.parquet",
        "stages/squares/summary.json",
        "stages/parcel/summary.json",
        "stages/pages/summary.json",
    }
    assert (root / "extracts/toy/rows.txt").read_text() == "5"
    assert manifest.content["status"] == "done"


def test_a_manifest_records_inputs_versions_and_results(root, source):
    runner(root, source).run()
    manifest = json.loads((root / "manifest.json").read_text())
    assert (
        manifest["run"],
        manifest["config_hash"],
        manifest["seed"],
        manifest["exit"],
    ) == ("toy", "abc", 7, 0)
    assert manifest["inputs"] == {"numbers.txt": {"rows": 5}}
    assert manifest["headline"] == {"squares": 5}
    assert manifest["machine"]["cores"] >= 1
    assert manifest["machine"]["memory_bytes"] > 2**28
    assert manifest["peak_memory_bytes"] > 2**20
    assert manifest["versions"]["duckdb"].startswith("2")
    squares = next(stage for stage in manifest["stages"] if stage["name"] == "squares")
    assert squares["status"] == "done"
    assert squares["reason"] == "new"
    assert squares["counts"] == {"rows": 5}
    assert squares["made"]["made/squares"]["rows"] == 5
    assert len(squares["made"]["quality/squares.json"]["sha256"]) == 64


def test_a_second_run_keeps_every_stage(root, source):
    first = runner(root, source).run()
    second = runner(root, source).run()
    assert set(statuses(root).values()) == {"kept"}
    assert tables(first) == tables(second)
    assert second.content["headline"] == {"squares": 5}


@pytest.mark.parametrize(
    ("scope", "status", "expected"),
    [
        (Scope(rerun=True), "done", ["done"] * 4),
        (Scope(again_from="parcel"), "done", ["kept", "kept", "done", "kept"]),
        (
            Scope(again_from="squares", until="parcel"),
            "done",
            ["kept", "done", "done", "kept"],
        ),
        (Scope(select=["pages"], rerun=True), "done", ["kept"] * 3 + ["done"]),
        (Scope(until="squares"), "done", ["kept"] * 4),
    ],
)
def test_a_scope_runs_again_what_it_names(root, source, scope, status, expected):
    runner(root, source).run()
    assert runner(root, source).run(scope).content["status"] == status
    assert list(statuses(root).values()) == expected


def test_what_a_scope_leaves_out_is_stale_and_run_later(root, source):
    runner(root, source).run()
    assert (
        runner(root, source, factor=2).run(Scope(until="squares")).content["status"]
        == "partial"
    )
    assert list(statuses(root).values()) == ["kept", "done", "not run", "not run"]
    runner(root, source, factor=2).run()
    assert list(statuses(root).values()) == ["kept", "kept", "done", "done"]
    source.write_text("1\n")
    with pytest.raises(
        ConfigError,
        match=r"not up to date\n  numbers: input changed\n  squares: follows numbers\n",
    ):
        runner(root, source, factor=2).plan(Scope(select=["parcel"]))
    with pytest.raises(
        ConfigError, match="--until page: the run has no such stage; nearest: pages"
    ):
        runner(root, source).plan(Scope(until="page"))


def test_a_plan_touches_nothing(root, source):
    assert reasons(root, source) == ALL_NEW
    assert not root.exists()


def test_a_plan_says_why(root, source):
    runner(root, source).run()
    assert reasons(root, source) == ALL_KEPT
    assert reasons(root, source, factor=2) == {
        "numbers": "up to date",
        "squares": "configuration changed",
        "parcel": "follows squares",
        "pages": "follows squares",
    }
    source.write_text("1\n2\n")
    assert reasons(root, source) == {
        "numbers": "input changed",
        "squares": "follows numbers",
        "parcel": "follows squares",
        "pages": "follows squares",
    }


def test_a_file_that_is_touched_but_not_changed_is_up_to_date(root, source):
    runner(root, source).run()
    source.write_text(source.read_text())
    assert reasons(root, source) == ALL_KEPT


def test_changed_code_runs_again(root, source, monkeypatch):
    runner(root, source).run()
    monkeypatch.setattr(
        "linkage.pipeline.fingerprint.code_version", lambda rooms: "other"
    )
    assert reasons(root, source)["numbers"] == "code changed"


def test_output_that_is_gone_is_made_again_and_what_follows_is_kept(root, source):
    runner(root, source).run()
    shutil.rmtree(root / "extracts/toy")
    (root / "stages/numbers/numbers.parquet").write_bytes(b"cut short")
    assert reasons(root, source) == {
        "numbers": "output missing or altered: numbers",
        "squares": "up to date",
        "parcel": "output missing or altered: extracts/toy/",
        "pages": "up to date",
    }
    runner(root, source).run()
    assert reasons(root, source) == ALL_KEPT


def test_a_stage_that_the_configuration_dropped_is_removed_with_what_it_published(
    root, source
):
    runner(root, source).run()
    (root / "stages/numbers").rename(
        root / "stages/01-numbers"
    )  # as before 1.0: it runs again
    toy = runner(root, source)
    toy.stages = tuple(
        stage for stage in toy.stages if stage.name not in ("parcel", "pages")
    )
    toy.made = makers(toy.stages)
    toy.run()
    assert not (root / "extracts/toy").exists()
    assert not (root / "report").exists()
    assert sorted(path.name for path in (root / "stages").iterdir()) == [
        "numbers",
        "squares",
    ]


def test_a_failed_gate_withholds_what_it_guards_and_still_reports(root, source):
    runner(root, source).run()
    assert (root / "extracts/toy").exists()
    with pytest.raises(GateError, match="max_rows: 5 rows, at most 3"):
        runner(root, source, limit=3).run()
    assert not (root / "extracts/toy").exists()
    assert (root / "report/index.html").read_text() == "squares: 5"
    manifest = json.loads((root / "manifest.json").read_text())
    assert (manifest["status"], manifest["exit"]) == ("gate failed", 3)
    assert statuses(root) == {
        "numbers": "kept",
        "squares": "kept",
        "parcel": "withheld",
        "pages": "kept",
    }


def test_a_gate_fails_again_although_its_stage_is_up_to_date_and_opens_when_it_holds(
    root, source
):
    for _ in range(2):
        with pytest.raises(GateError):
            runner(root, source, limit=3).run()
    runner(root, source, limit=5).run()
    assert statuses(root) == {
        "numbers": "kept",
        "squares": "kept",
        "parcel": "done",
        "pages": "kept",
    }


def test_a_failed_gate_of_an_early_stage_withholds_the_report_where_there_is_nothing_to_report(
    root, source
):
    toy = runner(root, source)

    def gate(counts: dict[str, Any]) -> None:
        raise GateError("gate first: no")

    toy.stages = (replace(toy.stages[0], gate=gate), *toy.stages[1:])
    with pytest.raises(GateError):
        toy.run()
    assert statuses(root) == {
        "numbers": "done",
        "squares": "withheld",
        "parcel": "withheld",
        "pages": "withheld",
    }


def test_a_stage_that_fails_leaves_nothing_and_the_run_continues_from_it(root, source):
    def failing(space: Workspace) -> dict[str, Any]:
        toy_pipeline.squares(space)
        raise InputError("numbers.txt: cannot be squared")

    with pytest.raises(InputError):
        runner(root, source, squares=failing).run()
    assert statuses(root) == {"numbers": "done", "squares": "failed"}
    assert [path.name for path in (root / "stages").iterdir()] == ["numbers"]
    assert not (root / "quality").exists()
    assert not (root / ".scratch").exists()
    runner(root, source).run()
    assert statuses(root) == {
        "numbers": "kept",
        "squares": "done",
        "parcel": "done",
        "pages": "done",
    }


def test_a_full_disk_says_what_to_do_and_leaves_no_half_stage(root, source):
    def filling(space: Workspace) -> dict[str, Any]:
        toy_pipeline.squares(space)
        with open("/dev/full", "wb", buffering=0) as full:
            full.write(b"x")
        return {}

    with pytest.raises(
        LeoError,
        match=r"the disk is full\n  free space below .*run, then run the same command "
        r"again",
    ):
        runner(root, source, squares=filling).run()
    assert [path.name for path in (root / "stages").iterdir()] == ["numbers"]
    assert json.loads((root / "manifest.json").read_text())["status"] == "failed"


@pytest.mark.parametrize("writes", [0, 1, 2, 5])
def test_a_disk_full_at_the_manifest_itself_is_still_a_clear_error(
    root, source, monkeypatch, writes
):
    budget = [writes]

    def filling(path: Path, value: Any) -> None:
        if budget[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        budget[0] -= 1
        write_json(path, value)

    monkeypatch.setattr("linkage.pipeline.manifest.write_json", filling)
    with pytest.raises(LeoError, match="the disk is full"):
        runner(root, source).run()
    monkeypatch.undo()
    assert runner(root, source).run().content["status"] == "done"


def test_a_folder_without_write_permission_is_named(root, source, monkeypatch):
    def refuse(self: Path, **options: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(
        LeoError, match=r"run: this user may not write there\n  give a folder"
    ):
        runner(root, source).run()


def test_an_interrupted_run_says_so(root, source):
    def interrupt(space: Workspace) -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner(root, source, parcel=interrupt).run()
    manifest = json.loads((root / "manifest.json").read_text())
    assert (manifest["status"], manifest["exit"]) == ("interrupted", 130)
    assert statuses(root)["parcel"] == "interrupted"
    runner(root, source).run()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_query_stops_the_run(root, source, capsys, number):
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # what a shell starts in the background is deaf to it

    def slow(space: Workspace) -> dict[str, Any]:
        threading.Timer(0.3, os.kill, (os.getpid(), number)).start()
        endless = (
            "select sum(a.i * b.i) from generate_series(1, 300000) as a(i), "
            "generate_series(1, 300000) as b(i)"
        )
        space.engine.sql(endless, store=True)
        return {}

    with pytest.raises(typer.Exit) as exit_info, stoppable(root):
        runner(root, source, squares=slow).run()
    assert exit_info.value.exit_code == 130
    assert (
        f"what is whole is kept in {root}; the same command continues"
        in capsys.readouterr().err
    )
    assert json.loads((root / "manifest.json").read_text())["status"] == "interrupted"
    assert statuses(root) == {"numbers": "done", "squares": "interrupted"}
    assert runner(root, source).run().content["status"] == "done"


def test_a_crash_is_logged_without_its_message(root, source):
    value = "-".join(["CANARY", "SURNAME"])

    def crashing(space: Workspace) -> dict[str, Any]:
        raise ValueError(f"could not convert {value}")

    with pytest.raises(ValueError):
        runner(root, source, squares=crashing).run()
    text = (root / "log.jsonl").read_text() + (root / "manifest.json").read_text()
    assert value not in text
    crash = next(
        event
        for event in map(json.loads, (root / "log.jsonl").read_text().splitlines())
        if event["event"] == "crash"
    )
    assert crash["type"] == "ValueError"
    assert "in crashing" in crash["trace"]


def test_a_stage_may_open_only_what_it_declares(root, source):
    def prying(space: Workspace) -> dict[str, Any]:
        space.table("numbers")
        return {}

    with pytest.raises(KeyError):
        runner(root, source, parcel=prying).run()


def test_a_stage_must_make_what_it_declares(root, source):
    with pytest.raises(ValueError, match="stage squares did not make made/squares"):
        runner(root, source, squares=lambda space: {}).run()


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([Stage("a", dict), Stage("a", dict)], "two stages are named a"),
        (
            [Stage("a", dict, reads=("x",))],
            "stage a reads x, which no earlier stage makes",
        ),
        (
            [Stage("a", dict, makes=("x",)), Stage("b", dict, makes=("x",))],
            "stages a and b both make x",
        ),
    ],
)
def test_stages_that_do_not_fit_are_refused(stages, message):
    with pytest.raises(ValueError, match=message):
        makers(tuple(stages))


@pytest.mark.slow
def test_after_a_kill_at_any_disk_write_the_same_command_gives_the_same_rows(
    tmp_path, source
):
    whole_run = runner(tmp_path / "whole", source, plain=True).run()
    ends = ends_of_crashes(tmp_path, source)
    assert len(ends) > 60
    assert {end["first"] for end in ends[:-1]} == {-9}
    assert {end["second"] for end in ends} == {0}
    for end in ends:
        manifest = json.loads((Path(end["root"]) / "manifest.json").read_text())
        assert tables(manifest) == tables(whole_run), f"killed at {end['count']}"
        assert files_below(Path(end["root"])) == files_below(tmp_path / "whole"), (
            f"killed at {end['count']}"
        )


def test_two_runs_at_once_are_refused_and_the_lock_of_a_dead_run_is_taken_over(
    root, source
):
    def rerun(space: Workspace) -> dict[str, Any]:
        with pytest.raises(
            LeoError, match=r"another run is at work in this folder \(process \d+\)"
        ):
            runner(root, source).run()
        return toy_pipeline.parcel(space)

    runner(root, source, parcel=rerun).run()
    (root / ".lock").write_text("99999\n")  # as a killed run leaves it
    runner(root, source).run()
    assert (root / ".lock").read_text() == ""


def test_a_folder_of_another_format_is_refused(root, source):
    runner(root, source).run()
    manifest = json.loads((root / "manifest.json").read_text())
    (root / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    before = files_below(root)
    with pytest.raises(
        InputError,
        match=r"was made by leo-linkage .* does not read\n  make the run again in a "
        r"new",
    ):
        runner(root, source).run()
    assert files_below(root) == before


def test_a_folder_of_another_run_is_refused(root, source):
    runner(root, source).run()
    manifest = json.loads((root / "manifest.json").read_text())
    (root / "manifest.json").write_text(json.dumps(manifest | {"run": "other"}))
    with pytest.raises(
        ConfigError, match="holds the run 'other', the configuration is of 'toy'"
    ):
        runner(root, source).plan()


@pytest.mark.parametrize("name", ["notes.txt", "manifest.json"])
def test_a_folder_that_is_no_run_is_refused(root, source, name):
    root.mkdir()
    (root / name).write_text("{")
    with pytest.raises(
        ConfigError, match=r"is not a run folder|not the manifest of a run"
    ):
        runner(root, source).run()
    assert files_below(root) == {name}


def test_a_file_in_place_of_the_folder_is_refused(root, source):
    root.write_text("")
    with pytest.raises(ConfigError, match=r"is a file\n  give a folder"):
        runner(root, source).run()


def test_an_input_file_that_is_gone_is_named(root, source):
    toy = runner(root, source)
    source.unlink()
    with pytest.raises(InputError, match=r"numbers.txt: the file cannot be read"):
        toy.run()
