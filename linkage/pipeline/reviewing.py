"""Clerical reviews of a run that has ended: RUN/review/, which people fill while the run itself stays as it is."""

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, Table, connect, rows
from linkage.errors import ConfigError, InputError
from linkage.pipeline.atomic import write_json
from linkage.pipeline.carrying import Carried, carry, labels_store
from linkage.pipeline.delivery import manifest_of, tables_of
from linkage.pipeline.pair_names import NAMES, PairNames, names_key
from quality.definitions import load as load_definitions
from quality.review import (
    CHANGED,
    COLUMNS,
    Origin,
    Stratum,
    agreement,
    allot,
    answers_by_stratum,
    draw,
    estimate,
    form,
    frame,
    labels_of_csv,
    settled,
    standing,
    stratify,
    that_count,
)


@dataclass(frozen=True)
class Drawn:
    """A sample that is ready to be looked at.

    Attributes:
        answered: those of its pairs that labels of earlier links answer.
    """

    folder: Path
    form: Path
    pairs: int
    strata: int
    answered: int
    carried: Carried


def draw_sample(run: Path, step: str, size: int, *, seed: int | None = None, labels_from: Path | None = None) -> Drawn:
    """Draw the pairs of a step that people are to look at, with the labels of earlier links carried to them.

    Writes RUN/review/STEP/: sample.parquet, strata.json, and sample.csv to fill in where there is no other tool.

    Args:
        size: pairs in all; a few more where strata are many.
        seed: when None that of the sample whose labels are carried, else the run's own: the same links give the same
            sample, and those of a next release as many of the same pairs as may be.
        labels_from: an earlier run whose labels are carried.

    Raises:
        ConfigError: the folder is no run's, or has no such step; the earlier run has no labels.
    """
    links = _links(run, step)
    definitions = load_definitions()
    folder = run / "review" / step
    chosen = _seed(run, step, labels_from) if seed is None else seed
    origin = _origin(run, step, links.fingerprint)
    with connect("duckdb") as engine:
        carried = carry(engine, run, origin, labels_from)
        labels = labels_of(run, origin)
        stratified = stratify(engine, engine.read(links.path), definitions, _followed(engine, run, step, labels))
        strata = frame(engine, stratified, definitions)
        names = PairNames(engine, run, step)
        drawn = draw(engine, stratified, allot(strata, size), (names.lots("left"), names.lots("right")), seed=chosen)
        sample = _named(engine, run, drawn, names, _answered_before(engine, labels))
        pairs = engine.write(sample, folder / "sample.parquet")
        ordered = engine.sql("select left_id, right_id, carried from {sample} order by place", sample=sample)
        listed = rows(engine, ordered)
        made = form((row for row in listed if not row["carried"]), folder / "sample.csv")
    write_json(
        folder / "strata.json",
        {
            "step": step,
            "links": links.fingerprint,
            "seed": chosen,
            "size": pairs,
            "strata": [asdict(stratum) for stratum in strata],
        },
    )
    return Drawn(folder, made, pairs, len(strata), sum(row["carried"] for row in listed), carried)


def _seed(run: Path, step: str, earlier: Path | None) -> int:
    before = earlier / "review" / step / "strata.json" if earlier else None
    if before and before.is_file():
        return int(json.loads(before.read_text(encoding="utf-8"))["seed"])
    return int(manifest_of(run).get("seed", 2026))


def _followed(engine: Engine, run: Path, step: str, labels: Sequence[Mapping[str, Any]]) -> Table | None:
    """left_id, right_id of pairs whose answers the step may have followed; None where it was given no decisions."""
    steps = {about["name"]: about for about in manifest_of(run)["configuration"]["step"]}
    carried = {(row["left_id"], row["right_id"]) for row in labels if row["carried"]}
    return _pairs(engine, carried) if steps[step]["overrides"] and carried else None


def _answered_before(engine: Engine, labels: Sequence[Mapping[str, Any]]) -> Table:
    """left_id, right_id of pairs with a label of earlier links that holds."""
    return _pairs(
        engine, {(row["left_id"], row["right_id"]) for row in labels if row["carried"] not in (None, CHANGED)}
    )


def _pairs(engine: Engine, pairs: Iterable[tuple[int, int]]) -> Table:
    listed = sorted(pairs)
    columns = {
        name: pa.array([pair[end] for pair in listed], pa.int64()) for end, name in enumerate(("left_id", "right_id"))
    }
    return engine.from_arrow(pa.table(columns))


def _named(engine: Engine, run: Path, drawn: Table, names: PairNames, answered: Table) -> Table:
    """A sample with what its pairs are called in every run, and whether they were answered before."""
    ids = [(int(row["left_id"]), int(row["right_id"])) for row in rows(engine, drawn)]
    found = names.of(ids, names_key(run))
    called = [{"left_id": left, "right_id": right, **found[left, right]} for left, right in ids]
    schema = pa.schema([("left_id", pa.int64()), ("right_id", pa.int64()), *((name, pa.string()) for name in NAMES)])
    return engine.sql(
        """
        select s.*, n.left_name, n.right_name, n.compared, a.left_id is not null as carried
        from {drawn} as s
        join {named} as n on n.left_id = s.left_id and n.right_id = s.right_id
        left join {answered} as a on a.left_id = s.left_id and a.right_id = s.right_id
        """,
        drawn=drawn,
        named=engine.from_arrow(pa.Table.from_pylist(called, schema)),
        answered=answered,
        store=True,
    )


def take_labels(run: Path, step: str, file: Path) -> int:
    """Add the answers of a CSV to a run's labels; returns how many it gave.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are now.
        InputError: the file has other columns or answers.
    """
    return add_labels(run, labels_of_csv(file, sample_of(run, step).origin, now()))


def add_labels(run: Path, labels: pa.Table) -> int:
    """Add labels (quality.review.COLUMNS) to a run's; returns how many were given. Each call is kept whole or not."""
    if labels.num_rows:
        labels_store(run).add(labels)
    return int(labels.num_rows)


def now() -> datetime.datetime:
    """The time that a label given now carries, in UTC."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Sample:
    """A sample that was drawn of a step's links as they are.

    Attributes:
        pairs: left and right id, in the order in which people look at them.
        origin: what its labels are of.
    """

    pairs: Sequence[tuple[int, int]]
    origin: Origin


def sample_of(run: Path, step: str) -> Sample:
    """The sample that was drawn of a step.

    Raises:
        ConfigError: none was drawn of the step's links as they are now.
    """
    drawn = _drawn(run, step)
    with connect("duckdb") as engine:
        sample = engine.read(run / "review" / step / "sample.parquet")
        listed = rows(engine, engine.sql("select * from {sample} order by place", sample=sample))
    named = {(int(row["left_id"]), int(row["right_id"])): {name: row[name] for name in NAMES} for row in listed}
    return Sample(list(named), _origin(run, step, drawn["links"], named))


def step_to_review(run: Path, step: str | None, size: int, labels_from: Path | None = None) -> str:
    """The step that people look at, with a sample: the one named, the one that has a sample, or the only one.

    Args:
        size: of the sample that is drawn where there is none; one that is there is left as it is.
        labels_from: an earlier run whose labels are carried; the sample is then drawn anew.

    Raises:
        ConfigError: the run has several steps and none is named; a sample's links have changed.
    """
    sampled = sorted(path.parent.name for path in (run / "review").glob("*/strata.json"))
    candidates = [step] if step else sampled or list(_made(run))
    if len(candidates) != 1:
        raise ConfigError(f"{run}: which step?\n  give --step with one of {', '.join(candidates) or 'its steps: none'}")
    chosen = candidates[0]
    if labels_from or chosen not in sampled:
        draw_sample(run, chosen, size, labels_from=labels_from)
    _drawn(run, chosen)
    return chosen


def reviewed_step(run: Path, step: str | None) -> str:
    """The step named, or the only one that a sample was drawn of.

    Raises:
        ConfigError: none is named, and not one alone has a sample.
    """
    sampled = sorted(path.parent.name for path in (run / "review").glob("*/strata.json"))
    if step is None and len(sampled) != 1:
        raise ConfigError(
            f"{run}: which step?\n  give --step with one of {', '.join(sampled) or 'its reviewed steps: none'}"
        )
    return step or sampled[0]


def labels_of(run: Path, origin: Origin) -> list[dict[str, Any]]:
    """Labels of a step's links, in the order in which they were given."""
    kept: list[dict[str, Any]] = labels_store(run).rows().to_pylist()
    return [row for row in kept if row["step"] == origin.step and row["links"] == origin.links]


def _origin(
    run: Path, step: str, links: str, names: Mapping[tuple[int, int], Mapping[str, str]] | None = None
) -> Origin:
    model = run / "models" / f"{step}.json"
    told = hashlib.sha256(model.read_bytes()).hexdigest()[:16] if model.is_file() else ""
    return Origin(step, links, str(manifest_of(run)["run"]), told, names or {})


def estimate_step(run: Path, step: str) -> dict[str, Any]:
    """Precision and recall of a step from its labels; also written to RUN/review/STEP/estimate.json.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are now.
        InputError: nobody has answered yet.
    """
    drawn = _drawn(run, step)
    folder = run / "review" / step
    with connect("duckdb") as engine:
        given = labels_of(run, _origin(run, step, drawn["links"]))
        if not given:
            raise InputError(
                f"{folder}: there are no answers yet\n  give some: leo review {run} --step {step}; or fill in "
                f"{folder / 'sample.csv'} and give it to leo review add"
            )
        labels = engine.from_arrow(pa.Table.from_pylist(given, COLUMNS))
        answers = settled(engine, labels)
        sample = that_count(engine, engine.read(folder / "sample.parquet"), answers)
        found = answers_by_stratum(engine, sample, answers)
        said = estimate([Stratum(**raw) for raw in drawn["strata"]], found, reach=_reach(run, step))
        result = {
            "step": step,
            "links_fingerprint": drawn["links"],
            "drawn": drawn["size"],
            **said,
            "agreement": agreement(rows(engine, standing(engine, labels))).as_dict(),
        }
    write_json(folder / "estimate.json", result)
    return result


def estimates(run: Path) -> list[dict[str, Any]]:
    """What reviews of the run's links have found; those of links that have changed since are left out."""
    found = []
    for path in sorted((run / "review").glob("*/estimate.json")):
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        try:
            current = _links(run, said["step"]).fingerprint
        except ConfigError:  # a step that the run no longer has
            continue
        if said["links_fingerprint"] == current:
            found.append(said)
    return found


@dataclass(frozen=True)
class _Links:
    path: Path
    fingerprint: str


def _made(run: Path) -> dict[str, Any]:
    """Step to what the manifest says of its links."""
    return {
        name.removeprefix("links/"): about
        for stage in manifest_of(run)["stages"]
        for name, about in stage.get("made", {}).items()
        if name.startswith("links/")
    }


def _links(run: Path, step: str) -> _Links:
    made = _made(run)
    if step not in made:
        known = ", ".join(sorted(made)) or "none"
        raise ConfigError(f"{run}: the run has no link step '{step}'\n  there are: {known}")
    return _Links(tables_of(run, manifest_of(run))[f"links/{step}"], str(made[step]["fingerprint"]))


def _drawn(run: Path, step: str) -> Mapping[str, Any]:
    """What was drawn of a step, if its links are still those."""
    links = _links(run, step)
    path = run / "review" / step / "strata.json"
    if not path.is_file():
        raise ConfigError(f"{run}: no sample of step '{step}' was drawn\n  draw one: leo review sample {run} {step}")
    drawn: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if drawn["links"] != links.fingerprint:
        raise ConfigError(
            f"{run}: the links of step '{step}' have changed since its sample was drawn\n"
            f"  draw another: leo review sample {run} {step}"
        )
    return drawn


def _reach(run: Path, step: str) -> float | None:
    """The share of matches that the step's rules are estimated to reach."""
    path = run / "quality" / "evaluation.json"
    if not path.is_file():
        return None
    evaluation = json.loads(path.read_text(encoding="utf-8"))
    blocking = next((found["blocking"] for found in evaluation["steps"] if found["step"] == step), None)
    return blocking["estimated_recall"] if blocking else None
