"""A run of four small stages, and a driver that kills it at every point where it
touches the disk.

numbers (a table from a file) -> squares (a table and a document, with a gate) -> parcel
(a folder), pages (partial)
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.engine import connect
from linkage.errors import GateError
from linkage.pipeline.manifest import Manifest, RunFacts
from linkage.pipeline.progress import RunProgress
from linkage.pipeline.runner import Runner
from linkage.pipeline.stage import Stage, Workspace

FACTS = RunFacts(run="toy", config="abc", settings={"seed": 7, "configuration": {}})


def numbers(space: Workspace) -> dict[str, Any]:
    values = [int(line) for line in NUMBERS_FILE[0].read_text().split()]
    rows = space.write(
        "numbers",
        space.engine.from_arrow(pa.table({"n": pa.array(values, pa.int64())})),
    )
    return {"rows": rows, "inputs": {"numbers.txt": {"rows": rows}}}


def squares(space: Workspace) -> dict[str, Any]:
    values = space.engine.arrow(space.table("numbers")).column("n").to_pylist()
    squared = pa.table(
        {
            "n": pa.array(values, pa.int64()),
            "square": pa.array([n * n for n in values], pa.int64()),
        }
    )
    rows = space.write("made/squares", space.engine.from_arrow(squared))
    space.write_document("quality/squares.json", {"rows": rows})
    return {"rows": rows}


def parcel(space: Workspace) -> dict[str, Any]:
    place = space.place("extracts/toy/")
    place.mkdir()
    (place / "rows.txt").write_text(
        str(space.engine.count(space.table("made/squares")))
    )
    return {}


def pages(space: Workspace) -> dict[str, Any]:
    place = space.place("report/")
    place.mkdir()
    (place / "index.html").write_text(
        f"squares: {space.document('quality/squares.json')['rows']}"
    )
    return {"headline": {"squares": space.counts("quality/squares.json")["rows"]}}


NUMBERS_FILE: list[Path] = []


class PlainEngine:
    """As much of an engine as the toy stages need, without threads, so that it may be
    forked and killed at ease.
    """

    def __enter__(self) -> "PlainEngine":
        return self

    def __exit__(self, *exc: object) -> None: ...

    def from_arrow(self, data: pa.Table) -> pa.Table:
        return data

    def arrow(self, table: pa.Table) -> pa.Table:
        return table

    def read(self, path: Path) -> pa.Table:
        return pq.read_table(path, use_threads=False)

    def write(self, table: pa.Table, path: Path) -> int:
        pq.write_table(table, path)
        return int(table.num_rows)

    def count(self, table: pa.Table) -> int:
        return int(table.num_rows)

    def fingerprint(self, table: pa.Table) -> str:
        return repr(sorted(map(str, table.to_pylist())))


def stages(
    source: Path,
    *,
    limit: int = 10,
    factor: int = 1,
    **functions: Callable[[Workspace], dict[str, Any]],
) -> list[Stage]:
    """The four stages; `functions` gives another function to a stage by its name."""
    NUMBERS_FILE[:] = [source]

    def gate(counts: dict[str, Any]) -> None:
        if counts["rows"] > limit:
            raise GateError(
                f"gate max_rows: {counts['rows']} rows, at most {limit}\n  see "
                "quality/squares.json"
            )

    toy_stages = [
        Stage("numbers", numbers, makes=("numbers",), files={"numbers.txt": source}),
        Stage(
            "squares",
            squares,
            reads=("numbers",),
            makes=("made/squares", "quality/squares.json"),
            settings={"factor": factor},
            gate=gate,
        ),
        Stage("parcel", parcel, reads=("made/squares",), makes=("extracts/toy/",)),
        Stage(
            "pages",
            pages,
            reads=("quality/squares.json",),
            makes=("report/",),
            partial=True,
        ),
    ]
    return [
        Stage(**{**vars(stage), "work": functions.get(stage.name, stage.work)})
        for stage in toy_stages
    ]


def runner(
    root: Path,
    source: Path,
    *,
    progress: RunProgress | None = None,
    plain: bool = False,
    **options: Any,
) -> Runner:
    """The toy run in a folder, on DuckDB or on the plain engine."""

    def open_engine(scratch: Path) -> Any:
        return PlainEngine() if plain else connect("duckdb", threads=1, scratch=scratch)

    return Runner(
        root, stages(source, **options), FACTS, open_engine, progress=progress
    )


def tables(manifest: Manifest | dict[str, Any]) -> dict[str, str]:
    """The order-free hash of each table that a manifest names."""
    content = manifest.content if isinstance(manifest, Manifest) else manifest
    return {
        name: entry["fingerprint"]
        for stage in content["stages"]
        for name, entry in stage.get("made", {}).items()
        if "fingerprint" in entry
    }


def _kill_at(count: int) -> None:
    """SIGKILL for this process when it renames, removes or forces to the disk for the
    count-th time.
    """
    remaining = [count]

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            remaining[0] -= 1
            if remaining[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return wrapped

    for name in ("replace", "rename", "fsync", "unlink", "rmdir", "mkdir"):
        setattr(os, name, deadly(getattr(os, name)))


def in_a_fork(work: Callable[[], None]) -> int:
    """Run in a fork; 0, an exit code, or the negative number of the signal that ended
    it.
    """
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def crash_everywhere(
    base: Path, source: Path, *, withholding: bool = False
) -> list[dict[str, Any]]:
    """Kill a run at its 1st, 2nd, ... touch of the disk, run it again, and say how both
    ended.

    Args:
        withholding: start from a whole run, whose gate now fails.
    """
    runner(
        base / "first", source, plain=True
    ).run()  # what a process works out once is worked out before the forks
    limit = {"limit": 3} if withholding else {}
    ends = []
    for count in range(1, 10_000):
        root = base / f"run{count}"
        if withholding:
            shutil.copytree(base / "first", root)

        def rerun(root: Path = root) -> None:
            runner(root, source, plain=True, **limit).run()

        def killed(count: int = count, rerun: Callable[[], None] = rerun) -> None:
            _kill_at(count)
            rerun()

        first = in_a_fork(killed)
        ends.append(
            {
                "count": count,
                "first": first,
                "second": in_a_fork(rerun),
                "root": str(root),
            }
        )
        if first == int(withholding):  # it came to its end: 1 where the gate fails
            return ends
    raise AssertionError("the run never ended")


def ends_of_crashes(base: Path, source: Path, *words: str) -> list[dict[str, Any]]:
    """`crash_everywhere` in a process of its own; "withholding" as a word."""
    command = [sys.executable, __file__, str(base), str(source), *words]
    process = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, timeout=900
    )
    ends: list[dict[str, Any]] = json.loads(process.stdout)
    return ends


if __name__ == "__main__":
    crashes = crash_everywhere(
        Path(sys.argv[1]), Path(sys.argv[2]), withholding="withholding" in sys.argv[3:]
    )
    sys.stdout.write(json.dumps(crashes))
