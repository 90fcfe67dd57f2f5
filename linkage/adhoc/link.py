"""Link two person files with no configuration: recognise, train, choose rules, score, resolve, report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linkage.adhoc import moved, truth
from linkage.adhoc.accepting import ACCEPTED_FROM
from linkage.adhoc.dates import ages, dated
from linkage.adhoc.fields.alike import left_out
from linkage.adhoc.fields.held_twice import MANY_TWICE, MOSTLY_TWICE, each_held_twice
from linkage.adhoc.files import unknown
from linkage.adhoc.files.counted import counted_source
from linkage.adhoc.files.person_file import PersonFile, Recognised, damage_told
from linkage.adhoc.given import given, given_notes, refuse_without_model
from linkage.adhoc.linked import Linked, facts, notes_of, recall_notes, recall_unknown, write_evaluation
from linkage.adhoc.modelling import trained
from linkage.adhoc.two_files import Asked, TwoFiles, called, two_files
from linkage.adhoc.workplace import Workplace, configuration_hash, workplace
from linkage.config import Cardinality
from linkage.config.resources import config_file
from linkage.engine import Engine, Table, connect
from linkage.errors import ConfigError
from linkage.match.partitions import Partitions
from linkage.match.passes import load as load_passes
from linkage.match.recall import sample_of_pairs, true_pairs_reached
from linkage.match.step import StepResult, link_step
from linkage.match.units import Units
from linkage.model import Model
from linkage.pipeline.ended.linked_files import STEP_OPTIONS, link_step_of, write_records


@dataclass(frozen=True)
class Request:
    """What `leo link` was asked."""

    left: Path
    right: Path
    out: Path
    maps: Sequence[str] = ()
    ids: tuple[str | None, str | None] = (None, None)
    threshold: float = ACCEPTED_FROM  # match probability from which a pair is accepted
    truth: Path | None = None
    model: Path | None = None  # a trained Splink model over the recognised fields
    without: Sequence[str] = ()  # columns of it that are not compared
    delimiter: str | None = None
    encodings: tuple[str | None, str | None] = (None, None)  # of CSV files; found in each when None
    memory_limit: str | None = None
    threads: int | None = None
    seed: int = 2026
    second_records: bool | None = None  # of a person are linked too; None: where the files have many
    cardinality: Cardinality | None = None  # None: one-to-one, unless files hold people several times
    samples: int = 0  # alternative link sets to draw
    links_only: bool = False  # no reasons, runners-up or report
    force: bool = False


def link_files(
    request: Request,
    *,
    recognised: Recognised | None = None,
    progress: Callable[[str], None] | None = None,
) -> Linked:
    """Link two files and write links, unlinked, the model, a manifest and a report to request.out.

    Args:
        recognised: told which columns of the files were recognised, before the work begins.
        progress: told what is being done.

    Raises:
        InputError: a file cannot be read, or its ids are no key.
        ConfigError: nothing to compare, a map that fits no column, or an output folder in use.
    """
    _refuse_contradictions(request)
    say = progress or (lambda _: None)
    title = " to ".join(called(request.left, request.right))
    with workplace(request.out, title, force=request.force) as place:
        memory, threads = request.memory_limit, request.threads
        with (
            connect("duckdb", memory_limit=memory, threads=threads) as engine,
            damage_told(request.left, request.right),
        ):
            done = _work(engine, request, place, recognised, say)
        place.manifest.content["title"] = f"Linkage quality report: {title}"
        place.manifest.end("done", 0)
        if not request.links_only:
            say("report")
            place.report()
    return done


def _refuse_contradictions(request: Request) -> None:
    refuse_without_model(request.without, request.model, "--map left.other=COLUMN")
    needs = {
        "--samples are drawn from": request.samples > 0,
        "--second-records are found by": request.second_records,
    }
    for wants, asked in needs.items():
        if request.links_only and asked:
            raise ConfigError(f"--links-only leaves out what {wants}\n  give one of them")


@dataclass(frozen=True)
class _Read:
    """Two files in one shape, and what they themselves say of how they are to be linked.

    Attributes:
        request: with what it left open decided.
        twice: the share of either file's records that are of somebody who is there twice.
        lost_dates: of either file, how many birth dates are in no form that is read.
        truth: without a table where the request names none.
    """

    files: TwoFiles
    request: Request
    twice: Sequence[float]
    lost_dates: Sequence[int]
    truth: truth.TruePairs

    @property
    def repeats(self) -> bool:
        """Whether a file holds people several times, so that its pairs show nothing of strangers."""
        return max(self.twice) >= MANY_TWICE


def _work(
    engine: Engine,
    request: Request,
    place: Workplace,
    recognised: Recognised | None,
    say: Callable[[str], None],
) -> Linked:
    with place.clock("read"):
        say("reading")
        read = _read(engine, request, place.part / "scratch", recognised)
    with place.clock("train"):
        model, training = _model(engine, read, say)
    with place.clock("link"):
        result = _link(engine, read, model, Partitions(place.part / "scratch" / "partitions"), say)
    with place.clock("write"):
        say("writing")
        done = _told(engine, read, result, training)
        hashes = place.write(engine, _tables(engine, result, *read.files.ids, links_only=request.links_only))
        result.model.save(place.part / "model.json")
        if not request.links_only:
            sides = zip(("left", "right"), read.files.sides, read.files.ids, strict=True)
            write_records(engine, place.part, {side: (units, ids) for side, units, ids in sides})
            write_evaluation(place.part, _evaluation(engine, read, result, training), read.files.kinds)
    place.manifest.content |= {
        "config_hash": configuration_hash(read.request, read.files.kinds),
        "seed": request.seed,
        "engine": engine.name,
        "inputs": {file.called: facts(file, n) for file, n in zip(read.files.files, read.lost_dates, strict=True)},
        "recognised": {"left": done.columns.left, "right": done.columns.right, "compared": done.fields},
        "request": _said(read.request, done, read.files.files),
        "counts": done.summary,
        "tables": hashes,
        "truth": done.truth,
        "links_only": request.links_only,
    }
    return done


def _read(engine: Engine, request: Request, scratch: Path, recognised: Recognised | None) -> _Read:
    asked = Asked(request.left, request.right, request.maps, request.ids, request.delimiter, request.encodings)
    files = two_files(engine, asked, scratch, recognised)
    lost_dates = files.lost_dates(engine)
    twice = each_held_twice(engine, *files.sides)
    if request.second_records is None:
        many = max(twice) >= MANY_TWICE
        request = replace(request, second_records=many)
    if request.cardinality is None:
        request = replace(request, cardinality=_cardinality(twice) if request.second_records else "one-to-one")
    # Before the work, so that a fault in it costs nothing.
    given = truth.pairs(engine, request.truth, *files.ids) if request.truth else truth.TruePairs()
    return _Read(files, request, twice, lost_dates, given)


def _link(engine: Engine, read: _Read, model: Model, partitions: Partitions, say: Callable[[str], None]) -> StepResult:
    left, right = (
        _as_units(engine, name, table) for name, table in zip(("left", "right"), read.files.sides, strict=True)
    )
    passes, request = load_passes(config_file("passes/link.toml")), read.request
    step = link_step_of(_asked(request), samples=request.samples, diagnose=not request.links_only)
    return link_step(
        engine,
        step,
        left,
        right,
        rules=passes,
        model=model,
        seed=request.seed,
        partitions=partitions,
        progress=say,
    )


def _told(engine: Engine, read: _Read, result: StepResult, training: Mapping[str, Any]) -> Linked:
    """Counts and notes of what was linked, and its error where truth was given."""
    files, request = read.files, read.request
    done = Linked(
        files.columns,
        files.kinds,
        {**result.summary, **training},
        truth.error(engine, result.links, read.truth.table) if read.truth.table else None,
        [
            *(note for file, n in zip(files.files, read.lost_dates, strict=True) for note in notes_of(file, n)),
            *_notes_of_twice(request, files.files, read.twice),
            *(note for said in (dated, ages, unknown) for note in said.notes(files.shaped)),
            *left_out(files.columns, files.at),
            *files.notes(),
            *read.truth.notes,
            *given_notes(request.model, training),
            *recall_notes(training),
        ],
    )
    if not request.links_only:
        done.notes += moved.notes(engine, result.links, *files.sides, files.kinds)
    return done


def _notes_of_twice(request: Request, files: Sequence[PersonFile], twice: Sequence[float]) -> list[str]:
    """What was made of people who are there twice, and how to have it otherwise."""
    if not request.second_records:
        return []
    if request.cardinality != "one-to-one":
        events = int(twice[1] > twice[0])
        told = (0, 1) if request.cardinality == "many-to-many" else (events,)
        return [
            f"{files[place].called}: {twice[place]:.0%} of the records seem to be of somebody who is there twice; "
            "all of a person's are linked (--no-second-records: one alone)"
            for place in told
        ]
    of_them = "second records are linked too (--no-second-records: the better one alone)"
    if request.links_only:
        of_them = "the better one alone is linked (without --links-only: the second too)"
    return [
        f"{file.called}: {share:.0%} of the records seem to be of somebody who is there twice; {of_them}"
        for file, share in zip(files, twice, strict=True)
        if share >= MANY_TWICE
    ]


def _cardinality(twice: Sequence[float]) -> Cardinality:
    """One to one, but where a person's records do not compete: events with people, and people several times in both.

    Args:
        twice: the share of either file's records that are of somebody who is there twice.
    """
    if min(twice) >= MANY_TWICE:
        return "many-to-many"
    if max(twice) < MOSTLY_TWICE:
        return "one-to-one"
    return "one-to-many" if twice[1] > twice[0] else "many-to-one"


def _model(engine: Engine, read: _Read, say: Callable[[str], None]) -> tuple[Model, dict[str, Any]]:
    """The model given, or one trained here with rules chosen for it."""
    files, request = read.files, read.request
    sides, kinds, seed = files.sides, files.kinds, request.seed
    if request.model:
        both, without = files.columns.fields, request.without
        return given(engine, request.model, kinds, sides, lambda: sides, both=both, without=without, seed=seed)
    return trained(engine, kinds, *sides, seed=seed, progress=say)


def _as_units(engine: Engine, name: str, table: Table) -> Units:
    """Rows of a file are units, entities and identifier_records at once."""
    members = engine.sql("select unit_id, unit_id as entity_id from {t}", t=table)
    return Units(name, table, table, members)


_LINKS = """
    select l.source_id as left_id, r.source_id as right_id, k.method, k.pass, k.pattern, k.match_weight,
           k.match_probability, k.runner_up_weight, k.decision, k.reason
    from {links} as k
    join {left} as l on l.unit_id = k.left_id
    join {right} as r on r.unit_id = k.right_id
    """

_SAMPLED = """
    select s.draw, l.source_id as left_id, r.source_id as right_id
    from {sampled} as s
    join {left} as l on l.unit_id = s.left_id
    join {right} as r on r.unit_id = s.right_id
    """

_UNLINKED = """
    select u.side, cast(coalesce(l.source_id, r.source_id) as varchar) as id, u.reason
    from {unlinked} as u
    left join {left} as l on u.side = 'left' and l.unit_id = u.id
    left join {right} as r on u.side = 'right' and r.unit_id = u.id
    """


_LINKS_ONLY = """
    select l.source_id as left_id, r.source_id as right_id, k.method, k.pass, k.match_weight, k.match_probability,
           k.decision
    from {links} as k
    join {left} as l on l.unit_id = k.left_id
    join {right} as r on r.unit_id = k.right_id
    """


def _tables(engine: Engine, result: StepResult, left: Table, right: Table, *, links_only: bool) -> dict[str, Table]:
    """What is written, by the ids of the files: queries, worked out as they are written."""
    text = "select unit_id, cast(source_id as varchar) as source_id from {t}"
    ids = {"left": left, "right": right}
    if links_only:
        return {"links": engine.sql(_LINKS_ONLY, params=None, store=False, links=result.links, **ids)}
    texts = {side: engine.sql(text, t=table) for side, table in ids.items()}
    made = {
        "links": engine.sql(_LINKS, params=None, store=False, links=result.links, **ids),
        "unlinked": engine.sql(_UNLINKED, params=None, store=False, unlinked=result.unlinked, **texts),
    }
    if result.draws:
        made["link_draws"] = engine.sql(_SAMPLED, params=None, store=False, sampled=result.draws, **ids)
    return made


def _evaluation(engine: Engine, read: _Read, result: StepResult, training: Mapping[str, Any]) -> dict[str, Any]:
    """Aggregates for the report."""
    from quality.measures.evaluation import Inputs, StepTables, evaluate

    files, request = read.files, read.request
    names = called(request.left, request.right)
    step = StepTables(
        name="link",
        left=names[0],
        right=names[1],
        links=result.links,
        unlinked=result.unlinked,
        units=result.units,
        joins_second_records=bool(request.second_records),
        cardinality=request.cardinality or "one-to-one",
        model=result.model.raw,
        true_pairs=read.truth.table,
        blocking=result.summary,
        reached=lambda pairs: true_pairs_reached(
            engine, result.model, files.sides, result.links, sample_of_pairs(engine, pairs)
        ),
        sampled=result.draws,
        draws=request.samples,
        recall_unknown=recall_unknown(training),
    )
    held = zip(names, files.files, files.sides, strict=True)
    sources = [counted_source(engine, name, file, units) for name, file, units in held]
    return evaluate(engine, Inputs(steps=[step], sources=sources))


def _said(request: Request, done: Linked, files: Sequence[PersonFile]) -> dict[str, Any]:
    """Which files were linked, and by what step."""
    both = dict(zip(("left", "right"), files, strict=True))
    read = {
        "files": {side: str(file.path) for side, file in both.items()},
        "sha256": {side: file.sha256 for side, file in both.items()},
    }
    return {**read, **_asked(request)}


def _asked(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in STEP_OPTIONS}
