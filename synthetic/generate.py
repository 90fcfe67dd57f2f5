"""Makes a population in chunks, in several processes, into a folder that appears only when it is whole."""

import contextlib
import errno
import json
import multiprocessing
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from linkage import __version__
from linkage.catalogue import shipped
from linkage.errors import ConfigError, LeoError
from synthetic import odds as presets
from synthetic.draws import Draws
from synthetic.files import FORMATS, Format, join, write, write_source
from synthetic.insurance import insurance
from synthetic.journeys import journeys
from synthetic.numbers import MOST_PEOPLE
from synthetic.people import people
from synthetic.reference import reference
from synthetic.sources.cis import cis
from synthetic.sources.dwp import dwp
from synthetic.sources.hesa import hesa
from synthetic.sources.hmrc import hmrc
from synthetic.sources.ilr import ilr
from synthetic.sources.npd import npd
from synthetic.studying import studying
from synthetic.truth import persons
from synthetic.work import work
from synthetic.world import Tables, World


@dataclass(frozen=True)
class SynthManifest:
    """What was made: the arguments, the version and the rows of each table by its path below the folder."""

    people: int
    seed: int
    preset: str
    format: str
    chunk: int
    version: str
    rows: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Chunk:
    """What a worker needs to make the people from `first` to `last`."""

    folder: str
    number: int
    first: int
    last: int
    seed: int
    preset: str
    form: Format


def synthesise(
    out: Path,
    people: int,
    seed: int = 2026,
    *,
    preset: str = "realistic",
    format: Format = "parquet",
    workers: int | None = None,
    chunk: int = 100_000,
    progress: Callable[[int], None] | None = None,
) -> SynthManifest:
    """Make a population and all that the sources hold of it, as docs/tables.md says, below `out`.

    The same arguments give files of the same bytes, whatever the number of workers; a person has the same rows in a
    population of any size and in chunks of any length.

    Args:
        out: folder to make; it must not exist or be empty.
        people: number of people, of whom two in three may be in English education; the others are in CIS alone.
        seed: another seed is another population.
        preset: odds of errors, a file of configs/synthetic: easy, realistic or hard.
        format: "parquet" or "csv"; the rows are the same.
        workers: processes; one a processor unless given. Each holds one chunk (about 0.7 GB at 100,000 people).
        chunk: people made at once, and held in one file of each table.
        progress: called with the number of people made since the last call.

    Raises:
        ConfigError: an argument is out of its range, or `out` is not empty.
        LeoError: the disk is full or cannot be written, or a worker was killed; nothing is left behind.

    More than one chunk is made by processes that import the caller's main module: guard it by
    `if __name__ == "__main__":`, as for all of Python's multiprocessing.
    """
    _check(out, people, seed, format, chunk, workers)
    presets.load(preset)
    out = out.absolute()
    made = _parents_made(out.parent)
    folder = Path()
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        chunks = list(_chunks(str(folder), people, seed, preset, format, chunk))
        rows: Counter[str] = Counter()
        for done, counts in _each(chunks, workers or os.cpu_count() or 1):
            rows.update(counts)
            if progress:
                progress(done.last - done.first + 1)
        rows["truth/entities"] = _join_entities(folder, format)
        manifest = SynthManifest(people, seed, preset, format, chunk, __version__, dict(sorted(rows.items())))
        (folder / "manifest.json").write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
        folder.chmod(0o755)
        os.replace(folder, out)
        made = []
    except OSError as error:
        raise LeoError(_disk_fault(out, error)) from error
    except BrokenProcessPool as error:
        raise LeoError(
            "a worker was stopped from outside, most often for lack of memory; nothing was kept\n"
            f"  use fewer workers or a chunk below {chunk:,}"
        ) from error
    finally:
        if folder != Path():
            shutil.rmtree(folder, ignore_errors=True)
        for parent in made:
            with contextlib.suppress(OSError):  # another run may have put something there
                parent.rmdir()
    return manifest


def _check(out: Path, people: int, seed: int, form: str, chunk: int, workers: int | None) -> None:
    faults = []
    if not 1 <= people <= MOST_PEOPLE:
        faults.append(f"people: a whole number from 1 to {MOST_PEOPLE:,}, not {people:,}")
    if not 0 <= seed < 2**63:
        faults.append(f"seed: a whole number from 0 to 2**63 - 1, not {seed}")
    if form not in FORMATS:
        faults.append(f"format: {' or '.join(FORMATS)}, not '{form}'")
    if not 1 <= chunk <= 1_000_000:
        faults.append(f"chunk: a whole number from 1 to 1,000,000, not {chunk:,}")
    if workers is not None and workers < 1:
        faults.append(f"workers: a whole number from 1 on, not {workers}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        faults.append(f"out: {out} is there and not an empty folder; name another, or remove it first")
    if faults:
        raise ConfigError("cannot synthesise\n" + "\n".join(f"  {fault}" for fault in faults))


def _parents_made(parent: Path) -> list[Path]:
    """Make the parent folders; those that were not there before, innermost first."""
    missing = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LeoError(_disk_fault(parent, error)) from error
    return missing


def _disk_fault(out: Path, error: OSError) -> str:
    if error.errno == errno.ENOSPC or "No space left" in str(error):
        return f"{out}: the disk is full; nothing was kept\n  a million people take about 0.6 GB"
    return f"{out}: cannot be written ({error.strerror or type(error).__name__}); nothing was kept"


def _chunks(folder: str, people: int, seed: int, preset: str, form: Format, size: int) -> Iterator[_Chunk]:
    for number, first in enumerate(range(1, people + 1, size)):
        yield _Chunk(folder, number, first, min(first + size - 1, people), seed, preset, form)


def _each(chunks: list[_Chunk], workers: int) -> Iterator[tuple[_Chunk, Counter[str]]]:
    """Each chunk with its rows, in their order."""
    if workers == 1 or len(chunks) == 1:
        for one in chunks:
            yield one, _make(one)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(chunks)), mp_context=context, initializer=_single_threaded) as pool:
        try:
            yield from zip(chunks, pool.map(_make, chunks), strict=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _single_threaded() -> None:
    """One thread a process: the processes share the processors already."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def world(seed: int, preset: str, ids: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> World:
    """People with these numbers and what the sources share."""
    draws, figures, odds = Draws(seed), reference(), presets.load(preset)
    subjects = list(shipped().frames["cah2"])
    everyone = people(draws, figures, odds, ids)
    paths = studying(draws, figures, everyone, journeys(draws, everyone, len(subjects)))
    return World(draws, figures, odds, everyone, paths, insurance(draws, odds, everyone), subjects)


def _make(chunk: _Chunk) -> Counter[str]:
    """Make one chunk and write its parts; rows by path."""
    made = world(chunk.seed, chunk.preset, np.arange(chunk.first, chunk.last + 1))
    working = work(made.draws, made.people, made.journeys, made.insurance)
    folder, number, form = Path(chunk.folder), chunk.number, chunk.form
    rows: Counter[str] = Counter()
    truths = [_written(folder, number, source(made), rows, form) for source in (npd, ilr, hesa, cis)]
    for outcome in (hmrc, dwp):
        _written(folder, number, outcome(made, working), rows, form)
    rows["truth/persons"] = write(folder / "truth" / "persons", number, persons(made), form)
    rows["truth/records"] = write(
        folder / "truth" / "records", number, pa.concat_tables(t for s in truths for t in s.records), form
    )
    rows["truth/errors"] = write(
        folder / "truth" / "errors", number, pa.concat_tables(t for s in truths for t in s.errors), form
    )
    write(folder / "entities", number, pa.concat_tables(t for s in truths for t in s.entities))
    return rows


def _written(folder: Path, number: int, tables: Tables, rows: Counter[str], form: Format) -> Tables:
    """Write the tables of a source and let go of them; its truth stays."""
    for name, columns in tables.tables.items():
        dataset, table = name.split("_", 1)
        definition = shipped().table(dataset, table)
        place = f"sources/{dataset}/{table}"
        rows[place] = write_source(folder / place, number, definition, columns, form)
    tables.tables.clear()
    return tables


def _join_entities(folder: Path, form: Format) -> int:
    """The entities of all chunks in one file, written chunk by chunk."""
    parts = sorted((folder / "entities").glob("part-*.parquet"))
    count = join(parts, folder / "truth" / f"entities.{form}")
    shutil.rmtree(folder / "entities")
    return count
