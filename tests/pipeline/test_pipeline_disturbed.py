"""A run whose surroundings move: sources that are delivered beside it, clocks, file
systems of other kinds.
"""

import errno
import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linkage.errors import InputError, LeoError
from linkage.pipeline.job import load_job
from linkage.pipeline.leo import pipeline
from linkage.pipeline.plan import Scope
from linkage.pipeline.runner import Runner
from linkage.pipeline.stage import Workspace
from tests.pipeline import toy_pipeline
from tests.pipeline.toy_pipeline import runner, tables


def test_a_changed_file_of_the_same_size_and_date_is_read_again(
    root: Path, source: Path
) -> None:
    """A corrected figure in a file that was copied with its date: the next run kept the
    results of the old file.
    """
    before = runner(root, source).run()
    stat = source.stat()
    source.write_text("1\n2\n3\n4\n6\n")
    os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (source.stat().st_size, source.stat().st_mtime_ns) == (
        stat.st_size,
        stat.st_mtime_ns,
    )
    assert [decision.reason for decision in runner(root, source).plan()][:2] == [
        "input changed",
        "follows numbers",
    ]
    assert tables(runner(root, source).run()) != tables(before)


def test_a_file_that_changes_during_the_run_is_an_error(
    root: Path, source: Path
) -> None:
    def read_and_deliver(space: Workspace) -> dict[str, Any]:
        summary = toy_pipeline.numbers(space)
        source.write_text("1\n2\n")
        return summary

    with pytest.raises(
        InputError,
        match=r"numbers.txt: was changed while the run was at work\n  wait until",
    ):
        runner(root, source, numbers=read_and_deliver).run()
    assert list((root / "stages").iterdir()) == []
    assert runner(root, source).run().content["inputs"]["numbers.txt"] == {"rows": 2}


def test_a_run_reads_each_source_file_once_for_its_hash(
    linked_village: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first run hashed every file for its fingerprint, and again for its manifest;
    the census a third time.
    """
    hash_counts: Counter[str] = Counter()
    file_digest = hashlib.file_digest

    def count_digest(file: Any, *arguments: Any) -> Any:
        hash_counts[file.name] += 1
        return file_digest(file, *arguments)

    monkeypatch.setattr(hashlib, "file_digest", count_digest)
    village_run = pipeline(
        load_job(linked_village.config, key_file=linked_village.key), tmp_path / "run"
    )
    stages = [
        stage
        for stage in village_run.stages
        if stage.name.startswith(("records-", "entities-", "attributes-"))
    ]
    inputs = (
        Runner(tmp_path / "run", stages, village_run.facts, village_run._open_engine)
        .run()
        .content["inputs"]
    )
    sources = linked_village.folder / "sources"
    files = sorted(str(path) for path in sources.rglob("*.parquet"))
    assert {
        name: times for name, times in hash_counts.items() if name in files
    } == dict.fromkeys(files, 1)
    assert sorted(str(linked_village.folder / name) for name in inputs) == files
    assert all(len(entry["sha256"]) == 64 for entry in inputs.values())


def test_a_clock_set_back_gives_no_negative_run_time(
    root: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = iter(range(23, 0, -1))
    monkeypatch.setattr(
        "linkage.pipeline.manifest.utc_now",
        lambda: f"2026-06-01T{next(hours):02}:00:00.000+00:00",
    )
    manifest = runner(root, source).run()
    assert manifest.content["finished"] < manifest.content["started"]
    assert 0 <= manifest.content["seconds"] < 600


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system."""
    memory_disk = Path("/dev/shm")
    if not memory_disk.is_dir() or memory_disk.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs /dev/shm on a file system of its own")
    with tempfile.TemporaryDirectory(dir=memory_disk) as folder:
        yield Path(folder)


@pytest.mark.parametrize("part", ["stages", "quality", "extracts"])
def test_a_part_of_the_folder_may_lie_on_another_file_system(
    root: Path, source: Path, other_disk: Path, part: str
) -> None:
    """A link of a run's stages to a larger disk: the first document could not be
    renamed into its place.
    """
    plain_tables = tables(runner(root.with_name("plain"), source).run())
    root.mkdir()
    (root / "manifest.json").write_text(json.dumps({"format": "1.0", "run": "toy"}))
    (root / part).symlink_to(other_disk)
    assert tables(runner(root, source).run()) == plain_tables
    assert tables(runner(root, source, limit=11).run(Scope(rerun=True))) == plain_tables
    assert (root / "extracts/toy/rows.txt").read_text() == "5"
    assert json.loads((root / "quality/squares.json").read_text()) == {"rows": 5}
    assert not [path for place in (root, other_disk) for path in place.rglob(".*.part")]


def test_a_file_system_without_locks_is_reported(
    root: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int, operation: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("linkage.pipeline.lock.fcntl.flock", refuse)
    with pytest.raises(
        LeoError,
        match="its file system gives no locks: Function not implemented\n  without "
        "them",
    ):
        runner(root, source).run()
