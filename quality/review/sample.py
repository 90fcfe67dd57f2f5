"""The sample of a step's pairs in RUN/review/STEP/: drawn, written as a form, and the form's answers taken in."""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, Table, connect, rows, unfinished
from linkage.errors import ConfigError
from linkage.pipeline.atomic import write_json
from linkage.pipeline.lock import turn
from linkage.pipeline.manifest import document_of, manifest_of
from linkage.pipeline.opened import OpenFiles, OpenStep, open_folder
from linkage.pipeline.reviewing import fingerprint_of, fingerprints
from quality import disclosure
from quality.measures.definitions import load as load_definitions
from quality.review.carry import Carried, PairNames, carry, names_key
from quality.review.labels import CHANGED, NAMES, Origin, Pair, add_labels, labels_of, labels_of_csv, now, write_form
from quality.review.strata import Stratum, allot, draw, frame, stratify


@dataclass(frozen=True)
class Sample:
    """A sample of a step's links as they are.

    Attributes:
        pairs: unit ids, in the order in which people review them.
        origin: what its labels are of.
    """

    pairs: Sequence[Pair]
    origin: Origin
    strata: Sequence[Stratum]


@dataclass(frozen=True)
class Drawn:
    """A sample that was drawn: its form, sizes, the pairs that carried labels answer, and the labels carried."""

    form: Path
    pairs: int
    strata: int
    answered: int
    carried: Carried


def lock_file(run: Path, step: str) -> Path:
    """The lock of a step's sample: its pairs and strata are two files that belong together."""
    return run / "review" / f".{step}.lock"


def sampled_steps(run: Path) -> list[str]:
    """Steps with a sample, of their present links or not."""
    return sorted(path.parent.name for path in (run / "review").glob("*/strata.json"))


def reviewed_step(run: Path, step: str | None) -> str:
    """The step named, or the only one that has a sample.

    Raises:
        ConfigError: none is named, and not exactly one has a sample.
    """
    sampled = sampled_steps(run)
    if step is None and len(sampled) != 1:
        raise ConfigError(
            f"{run}: which step?\n  give --step with one of {', '.join(sampled) or 'its reviewed steps: none'}"
        )
    return step or sampled[0]


def sample_of(run: Path, step: str) -> Sample:
    """The sample of a step.

    Raises:
        ConfigError: none was drawn of the step's links as they are.
        InputError: it is damaged.
    """
    with connect("duckdb") as engine, turn(lock_file(run, step), looking=True):
        drawn = _drawn(run, step)
        listed = rows(engine, engine.sql("select * from {s} order by place", s=read_sample(engine, run, step)))
    named = {(int(row["left_id"]), int(row["right_id"])): {name: row[name] for name in NAMES} for row in listed}
    origin = origin_of(run, step, drawn["links"], named)
    return Sample(list(named), origin, [Stratum(**stratum) for stratum in drawn["strata"]])


def read_sample(engine: Engine, run: Path, step: str) -> Table:
    """place, stratum, left_id, right_id, carried, NAMES and what the linkage decided."""
    return engine.read(run / "review" / step / "sample.parquet")


def origin_of(run: Path, step: str, links: str, names: Mapping[Pair, Mapping[str, str]] | None = None) -> Origin:
    """What labels of a step's links (their fingerprint) are of."""
    of_files = run / "model.json"
    model = of_files if of_files.is_file() else run / "models" / f"{step}.json"
    fingerprint = hashlib.sha256(model.read_bytes()).hexdigest()[:16] if model.is_file() else ""
    return Origin(step, links, str(manifest_of(run)["run"]), fingerprint, names or {})


def _drawn(run: Path, step: str) -> Mapping[str, Any]:
    links, path = fingerprint_of(run, step), run / "review" / step / "strata.json"
    if not path.is_file():
        raise ConfigError(
            f"{run}: no sample of step '{step}' was drawn\n  draw one: leo review sample {run} --step {step}"
        )
    drawn = document_of(path, f"draw the sample again, answers are kept: leo review sample {run} --step {step}")
    if drawn.get("links") != links:
        raise ConfigError(
            f"{run}: the links of step '{step}' have changed since its sample was drawn\n"
            f"  draw another: leo review sample {run} --step {step}"
        )
    return drawn


def draw_sample(run: Path, step: str, size: int, *, seed: int | None = None, labels_from: Path | None = None) -> Drawn:
    """Draw the pairs of a step that people review, with the labels of earlier links carried to them.

    Writes RUN/review/STEP/: sample.parquet, strata.json, and sample.csv to fill in without the app.

    Args:
        run: the folder of `leo run`, `leo link` or `leo dedupe`.
        size: pairs; a few more where strata are many.
        seed: by default that of the sample whose labels are carried, else the run's: the same links give the same
            sample, and the next release as many of the same pairs as possible.
        labels_from: an earlier run whose labels are carried.

    Raises:
        ConfigError: the folder is not a run's or has no such step; the earlier run has no labels.
    """
    fingerprint_of(run, step)
    with _locked(run, step):
        return _draw(run, step, size, seed, labels_from)


def step_to_review(run: Path, step: str | None, size: int, labels_from: Path | None = None) -> str:
    """The step to review, with a sample: the one named, the one that has a sample, or the only one.

    Args:
        size: of the sample, if none was drawn yet.
        labels_from: an earlier run whose labels are carried; the sample is then drawn again.

    Raises:
        ConfigError: the run has several steps and none is named; a sample's links have changed.
    """
    sampled = sampled_steps(run)
    candidates = [step] if step else sampled or list(fingerprints(run))
    if len(candidates) != 1:
        raise ConfigError(f"{run}: which step?\n  give --step with one of {', '.join(candidates) or 'its steps: none'}")
    chosen = candidates[0]
    if labels_from or chosen not in sampled:
        fingerprint_of(run, chosen)
        with _locked(run, chosen):
            if labels_from or chosen not in sampled_steps(run):  # else another process has just drawn it
                _draw(run, chosen, size, None, labels_from)
    _drawn(run, chosen)
    return chosen


@contextlib.contextmanager
def _locked(run: Path, step: str) -> Iterator[None]:
    file = lock_file(run, step)
    file.parent.mkdir(parents=True, exist_ok=True)
    with turn(file):
        yield


def _draw(run: Path, step: str, size: int, seed: int | None, labels_from: Path | None) -> Drawn:
    definitions, folder = load_definitions(), run / "review" / step
    chosen = _seed(run, step, labels_from) if seed is None else seed
    origin = origin_of(run, step, fingerprint_of(run, step))
    with connect("duckdb") as engine:
        opened = open_folder(engine, run)
        link_step = opened.open(step)
        names = PairNames(engine, link_step)
        carried = carry(run, origin, names, labels_from)
        labels = labels_of(run, origin)
        stratified = stratify(engine, link_step.links, definitions, _followed(engine, link_step, labels))
        strata = frame(engine, stratified, definitions)
        allotted = allot(strata, size, fewest=disclosure.load().fewest)
        hashed = names.random_names("left"), names.random_names("right")
        sample = _named(engine, run, draw(engine, stratified, allotted, hashed, seed=chosen), names, labels)
        folder.mkdir(parents=True, exist_ok=True)
        with unfinished(folder / "sample.parquet") as part:
            pairs = engine.write(sample, part)
        listed = rows(engine, engine.sql("select left_id, right_id, carried from {s} order by place", s=sample))
        new = [(row["left_id"], row["right_id"]) for row in listed if not row["carried"]]
        form = write_form(form_ids(opened, link_step, new).values(), folder / "sample.csv")
    strata_json = {"step": step, "links": origin.links, "seed": chosen, "size": pairs}
    write_json(folder / "strata.json", {**strata_json, "strata": [asdict(stratum) for stratum in strata]})
    return Drawn(form, pairs, len(strata), len(listed) - len(new), carried)


def form_ids(opened: Any, step: OpenStep, pairs: Sequence[Pair]) -> dict[Pair, tuple[str, str]]:
    """Pair to the ids of its records in a form: unit ids of a run, ids in the files of linked files."""
    if not isinstance(opened, OpenFiles):
        return {pair: (str(pair[0]), str(pair[1])) for pair in pairs}
    left, right = (opened.ids(step, side, {pair[end] for pair in pairs}) for end, side in enumerate(("left", "right")))
    return {pair: (left[pair[0]], right[pair[1]]) for pair in pairs}


def take_labels(run: Path, step: str, file: Path) -> int:
    """Add the answers of a filled-in form to a run's labels; returns how many it had.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are.
        InputError: the file has other columns or answers, or pairs that are not in the sample.
    """
    sample = sample_of(run, step)
    with connect("duckdb") as engine:
        opened = open_folder(engine, run)
        ids = form_ids(opened, opened.open(step), sample.pairs)
    return add_labels(run, labels_of_csv(file, sample.origin, now(), {shown: pair for pair, shown in ids.items()}))


def _seed(run: Path, step: str, earlier: Path | None) -> int:
    before = earlier / "review" / step / "strata.json" if earlier else None
    if before and before.is_file():
        return int(json.loads(before.read_text(encoding="utf-8"))["seed"])
    return int(manifest_of(run).get("seed", 2026))


def _followed(engine: Engine, step: OpenStep, labels: Sequence[Mapping[str, Any]]) -> Table | None:
    """left_id, right_id of pairs whose answers the step may have followed; None if it was given no decisions."""
    carried = {(row["left_id"], row["right_id"]) for row in labels if row["carried"]}
    return _pairs(engine, carried) if step.step.overrides and carried else None


def _pairs(engine: Engine, pairs: Iterable[Pair]) -> Table:
    listed = sorted(pairs)
    ends = {name: pa.array([pair[end] for pair in listed], pa.int64()) for end, name in enumerate(NAMES_OF_ENDS)}
    return engine.from_arrow(pa.table(ends))


NAMES_OF_ENDS = ("left_id", "right_id")


def _named(engine: Engine, run: Path, drawn: Table, names: PairNames, labels: Sequence[Mapping[str, Any]]) -> Table:
    """A sample with the names of its pairs, and whether carried labels answer them."""
    ids = [(int(row["left_id"]), int(row["right_id"])) for row in rows(engine, drawn)]
    named = names.of(ids, names_key(run))
    listed = [{"left_id": left, "right_id": right, **named[left, right]} for left, right in ids]
    schema = pa.schema([*((name, pa.int64()) for name in NAMES_OF_ENDS), *((name, pa.string()) for name in NAMES)])
    answered = {(row["left_id"], row["right_id"]) for row in labels if row["carried"] not in (None, CHANGED)}
    return engine.sql(
        """
        select s.*, n.left_name, n.right_name, n.compared, a.left_id is not null as carried
        from {drawn} as s
        join {named} as n on n.left_id = s.left_id and n.right_id = s.right_id
        left join {answered} as a on a.left_id = s.left_id and a.right_id = s.right_id
        """,
        drawn=drawn,
        named=engine.from_arrow(pa.Table.from_pylist(listed, schema)),
        answered=_pairs(engine, answered),
        store=True,
    )
