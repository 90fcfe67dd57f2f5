"""Clerical reviews of a run that has ended: RUN/review/, which people fill while the run itself stays as it is."""

import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.engine import RowStore, connect, rows
from linkage.errors import ConfigError, InputError
from linkage.pipeline.atomic import write_json
from linkage.pipeline.delivery import manifest_of, tables_of
from quality.definitions import load as load_definitions
from quality.review import (
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
)

LABELS = "labels.duckdb"


@dataclass(frozen=True)
class Drawn:
    """A sample that is ready to be looked at."""

    folder: Path
    form: Path
    pairs: int
    strata: int


def labels_store(run: Path) -> RowStore:
    """Where a run's labels are kept: a row an answer."""
    return RowStore(run / "review" / LABELS, "labels", COLUMNS)


def draw_sample(run: Path, step: str, size: int, *, seed: int | None = None) -> Drawn:
    """Draw the pairs of a step that people are to look at.

    Writes RUN/review/STEP/: sample.parquet, strata.json, and sample.csv to fill in where there is no other tool.

    Args:
        size: pairs in all; a few more where strata are many.
        seed: the run's own when None: the same links give the same sample.

    Raises:
        ConfigError: the folder is no run's, or has no such step.
    """
    manifest, links = manifest_of(run), _links(run, step)
    definitions = load_definitions()
    folder = run / "review" / step
    with connect("duckdb") as engine:
        stratified = stratify(engine, engine.read(links.path), definitions)
        strata = frame(engine, stratified, definitions)
        chosen = int(manifest.get("seed", 2026)) if seed is None else seed
        sample = draw(engine, stratified, allot(strata, size), seed=chosen)
        pairs = engine.write(sample, folder / "sample.parquet")
        ordered = engine.sql("select left_id, right_id from {sample} order by place", sample=sample)
        made = form(rows(engine, ordered), folder / "sample.csv")
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
    return Drawn(folder, made, pairs, len(strata))


def take_labels(run: Path, step: str, file: Path) -> int:
    """Add the answers of a CSV to a run's labels; returns how many it gave.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are now.
        InputError: the file has other columns or answers.
    """
    drawn = _drawn(run, step)
    return add_labels(run, labels_of_csv(file, _origin(run, step, drawn), now()))


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
        ordered = engine.sql("select left_id, right_id from {sample} order by place", sample=sample)
        pairs = [(int(row["left_id"]), int(row["right_id"])) for row in rows(engine, ordered)]
    return Sample(pairs, _origin(run, step, drawn))


def step_to_review(run: Path, step: str | None, size: int) -> str:
    """The step that people look at, with a sample: the one named, the one that has a sample, or the only one.

    Args:
        size: of the sample that is drawn where there is none; one that is there is left as it is.

    Raises:
        ConfigError: the run has several steps and none is named; a sample's links have changed.
    """
    sampled = sorted(path.parent.name for path in (run / "review").glob("*/strata.json"))
    candidates = [step] if step else sampled or list(_made(run))
    if len(candidates) != 1:
        raise ConfigError(f"{run}: which step?\n  give --step with one of {', '.join(candidates) or 'its steps: none'}")
    chosen = candidates[0]
    if chosen not in sampled:
        draw_sample(run, chosen, size)
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


def _origin(run: Path, step: str, drawn: Mapping[str, Any]) -> Origin:
    model = run / "models" / f"{step}.json"
    told = hashlib.sha256(model.read_bytes()).hexdigest()[:16] if model.is_file() else ""
    return Origin(step, str(drawn["links"]), str(manifest_of(run)["run"]), told)


def estimate_step(run: Path, step: str) -> dict[str, Any]:
    """Precision and recall of a step from its labels; also written to RUN/review/STEP/estimate.json.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are now.
        InputError: nobody has answered yet.
    """
    drawn = _drawn(run, step)
    folder = run / "review" / step
    with connect("duckdb") as engine:
        given = labels_of(run, _origin(run, step, drawn))
        if not given:
            raise InputError(
                f"{folder}: there are no answers yet\n  give some: leo review {run} --step {step}; or fill in "
                f"{folder / 'sample.csv'} and give it to leo review add"
            )
        labels = engine.from_arrow(pa.Table.from_pylist(given, COLUMNS))
        sample = engine.read(folder / "sample.parquet")
        found = answers_by_stratum(engine, sample, settled(engine, labels))
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
