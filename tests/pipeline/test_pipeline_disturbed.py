"""A run whose surroundings move: sources that are delivered beside it, clocks, file systems of other kinds."""

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


def test_a_file_of_the_old_ones_size_and_date_is_another_file(root: Path, source: Path) -> None:
    """A corrected figure in a file that was copied with its date: the next run kept what it had made of the old one."""
    before = runner(root, source).run()
    dated = source.stat()
    source.write_text("1\n2\n3\n4\n6\n")
    os.utime(source, ns=(dated.st_atime_ns, dated.st_mtime_ns))
    assert (source.stat().st_size, source.stat().st_mtime_ns) == (dated.st_size, dated.st_mtime_ns)
    assert [decision.reason for decision in runner(root, source).plan()][:2] == ["input changed", "follows numbers"]
    assert tables(runner(root, source).run()) != tables(before)


def test_a_file_that_changes_while_it_is_read_is_told(root: Path, source: Path) -> None:
    def delivered_meanwhile(space: Workspace) -> dict[str, Any]:
        made = toy_pipeline.numbers(space)
        source.write_text("1\n2\n")
        return made

    with pytest.raises(InputError, match=r"numbers.txt: was changed while the run was at work\n  wait until"):
        runner(root, source, numbers=delivered_meanwhile).run()
    assert list((root / "stages").iterdir()) == []
    assert runner(root, source).run().content["inputs"]["numbers.txt"] == {"rows": 2}


def test_a_run_reads_each_source_file_once_for_its_hash(
    linked_village: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first run hashed every file for its fingerprint, and again for its manifest; the census a third time."""
    hashed: Counter[str] = Counter()
    taken = hashlib.file_digest

    def counted(file: Any, *how: Any) -> Any:
        hashed[file.name] += 1
        return taken(file, *how)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    whole = pipeline(load_job(linked_village.config, key_file=linked_village.key), tmp_path / "run")
    read = [stage for stage in whole.stages if stage.name.startswith(("records-", "entities-", "attributes-"))]
    inputs = Runner(tmp_path / "run", read, whole.facts, whole._open_engine).run().content["inputs"]
    sources = linked_village.folder / "sources"
    files = sorted(str(path) for path in sources.rglob("*.parquet"))
    assert {name: times for name, times in hashed.items() if name in files} == dict.fromkeys(files, 1)
    assert sorted(str(linked_village.folder / name) for name in inputs) == files
    assert all(len(about["sha256"]) == 64 for about in inputs.values())


def test_a_clock_that_is_put_back_makes_no_run_that_took_less_than_nothing(
    root: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = iter(range(23, 0, -1))
    monkeypatch.setattr("linkage.pipeline.manifest.utc_now", lambda: f"2026-06-01T{next(hours):02}:00:00.000+00:00")
    manifest = runner(root, source).run()
    assert manifest.content["finished"] < manifest.content["started"]
    assert 0 <= manifest.content["seconds"] < 600


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs /dev/shm on a file system of its own")
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        yield Path(folder)


@pytest.mark.parametrize("part", ["stages", "quality", "extracts"])
def test_a_part_of_the_folder_may_lie_on_another_file_system(
    root: Path, source: Path, elsewhere: Path, part: str
) -> None:
    """A link of a run's stages to a larger disk: the first document could not be renamed into its place."""
    plain = tables(runner(root.with_name("plain"), source).run())
    root.mkdir()
    (root / "manifest.json").write_text(json.dumps({"format": "1.0", "run": "toy"}))
    (root / part).symlink_to(elsewhere)
    assert tables(runner(root, source).run()) == plain
    assert tables(runner(root, source, limit=11).run(Scope(rerun=True))) == plain
    assert (root / "extracts/toy/rows.txt").read_text() == "5"
    assert json.loads((root / "quality/squares.json").read_text()) == {"rows": 5}
    assert not [left for place in (root, elsewhere) for left in place.rglob(".*.part")]


def test_a_file_system_without_locks_is_told(root: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(handle: int, how: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("linkage.pipeline.lock.fcntl.flock", refused)
    with pytest.raises(LeoError, match="its file system gives no locks: Function not implemented\n  without them"):
        runner(root, source).run()
