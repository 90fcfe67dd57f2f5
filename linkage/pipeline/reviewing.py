"""Clerical reviews of a run that has ended: RUN/review/, which people fill while the run itself stays as it is."""

import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, RowStore, connect, rows
from linkage.errors import ConfigError, InputError
from linkage.pipeline.atomic import write_json
from linkage.pipeline.delivery import manifest_of, tables_of
from quality.definitions import load as load_definitions
from quality.review import (
    COLUMNS,
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
    answers = labels_of_csv(file, step, drawn["links"], datetime.datetime.now(datetime.UTC).replace(tzinfo=None))
    if answers.num_rows:
        labels_store(run).add(answers)
    return int(answers.num_rows)


def estimate_step(run: Path, step: str) -> dict[str, Any]:
    """Precision and recall of a step from its labels; also written to RUN/review/STEP/estimate.json.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are now.
        InputError: nobody has answered yet.
    """
    drawn = _drawn(run, step)
    folder = run / "review" / step
    with connect("duckdb") as engine:
        labels = _labels_of(engine, run, step, drawn["links"])
        if labels is None:
            raise InputError(
                f"{folder}: there are no answers yet\n  fill in {folder / 'sample.csv'} and give it to leo review add"
            )
        sample = engine.read(folder / "sample.parquet")
        found = answers_by_stratum(engine, sample, settled(engine, labels))
        said = estimate([Stratum(**raw) for raw in drawn["strata"]], found, reach=_reach(run, step))
        result = {
            "step": step,
            "links_fingerprint": drawn["links"],
            "drawn": drawn["size"],
            **said,
            "agreement": agreement(engine, labels),
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


def _links(run: Path, step: str) -> _Links:
    manifest = manifest_of(run)
    made = {
        name.removeprefix("links/"): about
        for stage in manifest["stages"]
        for name, about in stage.get("made", {}).items()
        if name.startswith("links/")
    }
    if step not in made:
        known = ", ".join(sorted(made)) or "none"
        raise ConfigError(f"{run}: the run has no link step '{step}'\n  there are: {known}")
    return _Links(tables_of(run, manifest)[f"links/{step}"], str(made[step]["fingerprint"]))


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


def _labels_of(engine: Engine, run: Path, step: str, links: str) -> Any:
    kept = labels_store(run).rows()
    own = [row for row in kept.to_pylist() if row["step"] == step and row["links"] == links]
    return engine.from_arrow(pa.Table.from_pylist(own, COLUMNS)) if own else None


def _reach(run: Path, step: str) -> float | None:
    """The share of matches that the step's rules are estimated to reach."""
    path = run / "quality" / "evaluation.json"
    if not path.is_file():
        return None
    evaluation = json.loads(path.read_text(encoding="utf-8"))
    blocking = next((found["blocking"] for found in evaluation["steps"] if found["step"] == step), None)
    return blocking["estimated_recall"] if blocking else None
