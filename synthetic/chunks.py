"""A chunk of the population: its people, and a part of each table that the sources hold
of them.
"""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from linkage.catalogue import shipped
from synthetic.base import odds as presets
from synthetic.base.draws import Draws, Ints
from synthetic.base.reference import reference
from synthetic.base.rules import delivered_as, deliveries
from synthetic.education.journeys import journeys, studying
from synthetic.files import Format, write, write_source
from synthetic.people.people import people
from synthetic.releases import Seen, Stay, delivered, last_of_each_stage, stay
from synthetic.sources.cis import cis
from synthetic.sources.dwp import dwp
from synthetic.sources.hesa import hesa
from synthetic.sources.hmrc import hmrc
from synthetic.sources.ilr import ilr
from synthetic.sources.npd import npd
from synthetic.sources.scotland import scotland
from synthetic.sources.wales import wales
from synthetic.work import insurance, work
from synthetic.world import Columns, Tables, World, definition, persons

SOURCES = (npd, scotland, wales, ilr, hesa, cis)
"""Bodies that hold identifiers."""

OUTCOMES = (hmrc, dwp)
"""Bodies that hold what people did, under CIS's number."""

Which = Literal["all", "identifiers"]


@dataclass(frozen=True)
class Chunk:
    """What a worker needs to make the people from `first` to `last`."""

    folder: str
    number: int
    first: int
    last: int
    seed: int
    preset: str
    form: Format = "parquet"
    tables: Which = "all"
    releases: int = 1


@dataclass
class _Parts:
    """The chunk's part of each table, and the rows of each by its path below the
    folder.
    """

    chunk: Chunk
    rows: Counter[str] = field(default_factory=Counter)

    def source(self, name: str, columns: Columns, release: int = 1) -> None:
        """Write a table of a source, for example "npd_census"; several releases have a
        folder each.
        """
        place = (
            (f"release-{release}/" if self.chunk.releases > 1 else "")
            + "sources/"
            + name.replace("_", "/", 1)
        )
        folder = Path(self.chunk.folder) / place
        self.rows[place] = write_source(
            folder, self.chunk.number, definition(name), columns, self.chunk.form
        )

    def truth(self, name: str, table: pa.Table) -> None:
        """Write a table of the truth."""
        folder = Path(self.chunk.folder) / "truth" / name
        self.rows[f"truth/{name}"] = write(
            folder, self.chunk.number, table, self.chunk.form
        )

    def entities(self, table: pa.Table) -> None:
        """Keep the entities to be joined to those of the other chunks."""
        write(Path(self.chunk.folder) / "entities", self.chunk.number, table)


def build_world(
    seed: int, preset: str, ids: Ints, *, identifiers_only: bool = False
) -> World:
    """People with these numbers and what the sources share."""
    draws, figures, odds = Draws(seed), reference(), presets.load(preset)
    subjects = list(shipped().frames["cah2"])
    population = people(draws, figures, odds, ids)
    paths = studying(draws, figures, population, journeys(draws, figures, population))
    cover = insurance(draws, odds, population)
    return World(
        draws, figures, odds, population, paths, cover, subjects, identifiers_only
    )


def make(chunk: Chunk) -> Counter[str]:
    """Make one chunk and write its parts; rows by path."""
    ids_only = chunk.tables == "identifiers"
    world = build_world(
        chunk.seed,
        chunk.preset,
        np.arange(chunk.first, chunk.last + 1),
        identifiers_only=ids_only,
    )
    parts = _Parts(chunk)
    truths = [_with_identifiers(world, source, parts) for source in SOURCES]
    parts.truth(
        "records", pa.concat_tables(t for truth in truths for t in truth.records)
    )
    parts.truth("errors", pa.concat_tables(t for truth in truths for t in truth.errors))
    parts.entities(pa.concat_tables(t for truth in truths for t in truth.entities))
    truths.clear()
    parts.truth("persons", persons(world))
    if not ids_only:
        _outcomes(world, parts)
    return parts.rows


def _with_identifiers(
    world: World, source: Callable[[World], Tables], parts: _Parts
) -> Tables:
    """Make and write the tables of a body that holds identifiers; return its truth."""
    today = source(world)
    if parts.chunk.releases > 1 or world.identifiers_only:
        return _shown(world, source, today, parts)
    for name, columns in today.tables.items():
        parts.source(name, columns)
    today.tables.clear()
    return today


def _shown(
    world: World, source: Callable[[World], Tables], today: Tables, parts: _Parts
) -> Tables:
    """Write the deliveries of a body that holds identifiers, earlier ones before some
    errors were put right.

    Where only identifiers are wanted, a census shows its last record of each stage as
    each delivery had it.
    """
    releases = parts.chunk.releases
    stays = _stays(world, today, releases)
    history = Seen(today, releases)
    _deliver(world, today, stays, 0, history, parts)
    for back in range(1, releases):
        _deliver(
            world, source(world.before(back, deliveries())), stays, back, history, parts
        )
    return history.truth()


def _deliver(
    world: World,
    delivery: Tables,
    stays: dict[str, Stay],
    back: int,
    history: Seen,
    parts: _Parts,
) -> None:
    """Write one delivery and note what it shows; each table is freed once it is
    written.
    """
    rules, release = deliveries(), parts.chunk.releases - back
    for name in list(delivery.tables):
        columns = delivery.tables.pop(name)
        if not world.wants(name):
            continue
        if stays:
            rule = delivered_as(rules, name, definition(name))
            columns = delivered(rule, columns, stays[name].during(back), back)
        if world.identifiers_only:
            columns = last_of_each_stage(name, columns)
        parts.source(name, columns, release)
        history.show(release, name, columns)
    history.log_errors(release, delivery.errors)


def _outcomes(world: World, parts: _Parts) -> None:
    """Make and write the tables of the bodies that hold outcomes."""
    releases, rules = parts.chunk.releases, deliveries()
    working_lives = work(world.draws, world.people, world.journeys, world.insurance)
    for source in OUTCOMES:
        today = source(world, working_lives)
        stays = _stays(world, today, releases)
        for name, columns in today.tables.items():
            if releases == 1:
                parts.source(name, columns)
                continue
            rule = delivered_as(rules, name, definition(name))
            for back in range(releases):
                parts.source(
                    name,
                    delivered(rule, columns, stays[name].during(back), back),
                    releases - back,
                )


def _stays(world: World, today: Tables, releases: int) -> dict[str, Stay]:
    """When the rows of each table arrive and leave; nothing where there is one
    delivery.
    """
    return {
        name: stay(
            world.draws, deliveries(), name, definition(name), columns, releases - 1
        )
        for name, columns in today.tables.items()
        if releases > 1 and world.wants(name)
    }


Make = Callable[[Chunk], Counter[str]]


def each(
    make: Make, chunks: list[Chunk], workers: int
) -> Iterator[tuple[Chunk, Counter[str]]]:
    """Each chunk with what `make` returns for it, in their order.

    Raises:
        BrokenProcessPool: a worker was killed.
        OSError: a worker could not write.
    """
    if workers == 1 or len(chunks) == 1:
        for chunk in chunks:
            yield chunk, make(chunk)
        return
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(workers, len(chunks)), mp_context=context, initializer=_begin
    ) as pool:
        try:
            # pool.map would call off what waits as soon as it is left; the pool's own
            # thread, where it finds a worker gone, would then fail at what was called
            # off, and print that.
            results = [pool.submit(make, chunk) for chunk in chunks]
            for chunk, result in zip(chunks, results, strict=True):
                yield chunk, result.result()
        except BaseException:
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()  # their work is not needed
            pool.shutdown(cancel_futures=True)
            raise


def _begin() -> None:
    """Set up a worker: one thread, for the workers share the processors already; Ctrl-C
    is the parent's to handle.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def _end_with_parent() -> None:
    """A parent that is killed outright cannot end its workers; they would wait for work
    for ever.
    """
    parent: Any = multiprocessing.parent_process()
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)
