"""Makes a population in chunks, in several processes, into a folder that appears only
when it is whole.
"""

import errno
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import get_args

from linkage.engine.files import whole
from linkage.errors import ConfigError, LeoError
from linkage.process import stoppable
from linkage.version import VERSION
from synthetic.base import odds as presets
from synthetic.base.identifiers import MOST_PEOPLE
from synthetic.chunks import Chunk, Which, each, make
from synthetic.datapackage import describe
from synthetic.files import FORMATS, Format, join

MOST_RELEASES = 10


@dataclass(frozen=True)
class SynthManifest:
    """What was made: the arguments, the version and the rows of each table by its path
    below the folder.
    """

    people: int
    seed: int
    preset: str
    releases: int
    tables: str
    format: str
    chunk: int
    version: str
    rows: dict[str, int] = field(default_factory=dict)


def synthesise(
    out: Path,
    people: int,
    seed: int = 2026,
    *,
    preset: str = "realistic",
    releases: int = 1,
    tables: Which = "all",
    format: Format = "parquet",
    workers: int | None = None,
    chunk: int = 100_000,
    progress: Callable[[int], None] | None = None,
) -> SynthManifest:
    """Make a population and all that the sources hold of it, as
    docs/reference/tables.md says, below `out`.

    The same arguments give files of the same bytes, whatever the number of workers; a
    person has the same rows in a population of any size and in chunks of any length.

    Args:
        out: folder to make; it must not exist or be empty.
        people: number of people, of whom two in three may be in English education; the
            others are only in CIS.
        seed: another seed is another population.
        preset: odds of errors, a file of configs/synthetic: easy, realistic or hard.
        releases: deliveries, a year apart, each in a folder of its own; the last one is
            of today. One truth over all says which record, entity and error is in which
            of them.
        tables: "all", or "identifiers": what linkage reads, without outcomes, and of
            the school censuses the last record of a pupil in each key stage.
        format: "parquet" or "csv"; the rows are the same.
        workers: processes; one a processor unless given. Each holds one chunk (about
            0.7 GB at 100,000 people).
        chunk: people made at once, and held in one file of each table.
        progress: called with the number of people made since the last call.

    Raises:
        ConfigError: an argument is out of its range, or `out` is not empty.
        LeoError: the disk is full or cannot be written, or a worker was killed; nothing
            is left behind.

    More than one chunk is made by processes that import the caller's main module: guard
    it by `if __name__ == "__main__":`, as for all of Python's multiprocessing.
    """
    manifest = SynthManifest(
        people, seed, preset, releases, tables, format, chunk, VERSION
    )
    _check(out, manifest, workers)
    presets.load(preset)
    out = out.resolve()  # of a link, the folder that it leads to
    try:
        with stoppable(), whole(out) as folder:
            folder.mkdir()
            chunks = [
                Chunk(
                    str(folder),
                    number,
                    base,
                    min(base + chunk - 1, people),
                    seed,
                    preset,
                    format,
                    tables,
                    releases,
                )
                for number, base in enumerate(range(1, people + 1, chunk))
            ]
            rows: Counter[str] = Counter()
            for part, counts in each(make, chunks, workers or os.cpu_count() or 1):
                rows.update(counts)
                if progress:
                    progress(part.last - part.first + 1)
            rows["truth/entities"] = _join_entities(folder, format)
            sorted_rows = dict(sorted(rows.items()))
            manifest = replace(manifest, rows=sorted_rows)
            arguments = asdict(manifest)
            describe(folder, arguments.pop("rows"), arguments)
            (folder / "manifest.json").write_text(
                json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8"
            )
    except OSError as error:
        raise LeoError(_disk_fault(out, error)) from error
    except BrokenProcessPool as error:
        raise LeoError(
            "a worker was stopped from outside, most often for lack of memory; nothing "
            "was kept\n"
            f"  use fewer workers or a chunk below {chunk:,}"
        ) from error
    return manifest


def _check(out: Path, manifest: SynthManifest, workers: int | None) -> None:
    whole_numbers = (
        ("people", 1, MOST_PEOPLE),
        ("seed", 0, 2**63 - 1),
        ("releases", 1, MOST_RELEASES),
        ("chunk", 1, 1_000_000),
    )
    faults = [
        f"{name}: a whole number from {low} to {high:,}, not "
        f"{getattr(manifest, name):,}"
        for name, low, high in whole_numbers
        if not low <= getattr(manifest, name) <= high
    ]
    if manifest.preset not in presets.by_name():
        faults.append(
            f"preset: there is no '{manifest.preset}'; there are: "
            f"{', '.join(presets.by_name())}"
        )
    if manifest.tables not in get_args(Which):
        faults.append(
            f"tables: {' or '.join(get_args(Which))}, not '{manifest.tables}'"
        )
    if manifest.format not in FORMATS:
        faults.append(f"format: {' or '.join(FORMATS)}, not '{manifest.format}'")
    if workers is not None and workers < 1:
        faults.append(f"workers: a whole number from 1 on, not {workers}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        faults.append(
            f"out: {out} is there and not an empty folder; name another, or remove it "
            "first"
        )
    elif out.resolve().is_mount():
        faults.append(
            f"out: {out} is a file system of its own, which no folder can take the "
            "place of; name one in it"
        )
    if faults:
        raise ConfigError(
            "cannot synthesise\n" + "\n".join(f"  {fault}" for fault in faults)
        )


def _disk_fault(out: Path, error: OSError) -> str:
    if error.errno == errno.ENOSPC or "No space left" in str(error):
        return (
            f"{out}: the disk is full; nothing was kept\n  a million people take "
            "about 0.6 GB, and 4 GB as CSV"
        )
    return (
        f"{out}: cannot be written ({error.strerror or type(error).__name__}); "
        "nothing was kept"
    )


def _join_entities(folder: Path, form: Format) -> int:
    """The entities of all chunks in one file, written chunk by chunk."""
    parts = sorted((folder / "entities").glob("part-*.parquet"))
    count = join(parts, folder / "truth" / f"entities.{form}")
    shutil.rmtree(folder / "entities")
    return count
