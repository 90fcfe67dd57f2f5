"""Clerical reviews of links that were made: RUN/review/, which people fill while the run itself stays as it is."""

import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.engine import connect, rows
from linkage.errors import ConfigError, InputError
from linkage.pipeline.atomic import write_json
from linkage.pipeline.delivery import manifest_of, steps_to_come
from linkage.pipeline.ended.carrying import labels_store
from linkage.pipeline.ended.pair_names import NAMES
from linkage.pipeline.intact import document_of
from linkage.pipeline.lock import turn
from quality.measures.estimated_error import Unseen
from quality.review import (
    COLUMNS,
    Origin,
    Stratum,
    agreement,
    answers_by_stratum,
    estimate,
    settled,
    standing,
    that_count,
)


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
    with connect("duckdb") as engine, turn(turn_of(run, step), looking=True):
        drawn = drawn_of(run, step)
        sample = engine.read(run / "review" / step / "sample.parquet")
        listed = rows(engine, engine.sql("select * from {sample} order by place", sample=sample))
    named = {(int(row["left_id"]), int(row["right_id"])): {name: row[name] for name in NAMES} for row in listed}
    return Sample(list(named), origin_of(run, step, drawn["links"], named))


def turn_of(run: Path, step: str) -> Path:
    """The lock of a step's sample: its pairs and strata are files of their own, and hold together."""
    return run / "review" / f".{step}.lock"


def reviewed_step(run: Path, step: str | None) -> str:
    """The step named, or the only one that a sample was drawn of.

    Raises:
        ConfigError: none is named, and not one alone has a sample.
    """
    sampled = sampled_steps(run)
    if step is None and len(sampled) != 1:
        raise ConfigError(
            f"{run}: which step?\n  give --step with one of {', '.join(sampled) or 'its reviewed steps: none'}"
        )
    return step or sampled[0]


def sampled_steps(run: Path) -> list[str]:
    """Steps that a sample was drawn of, their links as they are or not."""
    return sorted(path.parent.name for path in (run / "review").glob("*/strata.json"))


def labels_of(run: Path, origin: Origin) -> list[dict[str, Any]]:
    """Labels of a step's links, in the order in which they were given."""
    kept: list[dict[str, Any]] = labels_store(run).rows().to_pylist()
    return [row for row in kept if row["step"] == origin.step and row["links"] == origin.links]


def origin_of(
    run: Path, step: str, links: str, names: Mapping[tuple[int, int], Mapping[str, str]] | None = None
) -> Origin:
    """What labels of a step's links are of.

    Args:
        links: their fingerprint.
        names: pair to what it is called in every run.
    """
    of_files = run / "model.json"  # where leo link and leo dedupe leave the one they have
    model = of_files if of_files.is_file() else run / "models" / f"{step}.json"
    told = hashlib.sha256(model.read_bytes()).hexdigest()[:16] if model.is_file() else ""
    return Origin(step, links, str(manifest_of(run)["run"]), told, names or {})


def estimate_step(run: Path, step: str) -> dict[str, Any]:
    """Precision and recall of a step from its labels; also written to RUN/review/STEP/estimate.json.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are now.
        InputError: nobody has answered yet.
    """
    folder = run / "review" / step
    with connect("duckdb") as engine, turn(turn_of(run, step), looking=True):
        drawn = drawn_of(run, step)
        given = labels_of(run, origin_of(run, step, drawn["links"]))
        if not given:
            raise InputError(
                f"{folder}: there are no answers yet\n  give some: leo review {run} --step {step}; or fill in "
                f"{folder / 'sample.csv'} and give it to leo review add"
            )
        labels = engine.from_arrow(pa.Table.from_pylist(given, COLUMNS))
        answers = settled(engine, labels)
        sample = that_count(engine, engine.read(folder / "sample.parquet"), answers)
        found = answers_by_stratum(engine, sample, answers)
        said = estimate([Stratum(**raw) for raw in drawn["strata"]], found, unseen=Unseen.of_run(run, step))
        result = {
            "step": step,
            "links_fingerprint": drawn["links"],
            "drawn": drawn["size"],
            "labels": len(given),
            **said,
            "agreement": agreement(rows(engine, standing(engine, labels))).as_dict(),
        }
    write_json(folder / "estimate.json", result)
    return result


def estimate_again(run: Path) -> list[dict[str, Any]]:
    """What reviews of the run's links have found, with the answers that were given since somebody last asked.

    Labels are only ever added, so that their number says whether an estimate has them all.
    """
    for said in estimates(run):
        step = str(said["step"])
        if len(labels_of(run, origin_of(run, step, fingerprint_of(run, step)))) != said.get("labels"):
            estimate_step(run, step)
    return estimates(run)


def not_estimated(run: Path) -> list[str]:
    """Steps with answers about their links of which nobody has asked for an estimate."""
    made = fingerprints(run)
    waiting = (made.keys() & sampled_steps(run)) - {said["step"] for said in estimates(run)}
    return sorted(step for step in waiting if labels_of(run, origin_of(run, step, made[step])))


def estimates(run: Path) -> list[dict[str, Any]]:
    """What reviews of the run's links have found; those of links that have changed since are left out."""
    found = []
    for path in sorted((run / "review").glob("*/estimate.json")):
        said = document_of(path, "give the answers again: leo review add")
        try:
            current = fingerprint_of(run, str(said.get("step")))
        except ConfigError:  # a step that the run no longer has
            continue
        if said.get("links_fingerprint") == current:
            found.append(said)
    return found


def fingerprints(run: Path) -> dict[str, str]:
    """Link step to the fingerprint of its links; of `leo link` and `leo dedupe` there is one.

    Raises:
        ConfigError: the folder is no run's, or of another format.
    """
    manifest = manifest_of(run)
    if "links" in (tables := manifest.get("tables", {})):
        # Records are known by their places among the ids of their file, so that the files count as well as the links.
        read = manifest.get("request", {})
        of = {"links": tables["links"]["hash"], "files": read.get("sha256"), "ids": read.get("ids")}
        told = hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()[:16]
        return {"dedupe" if "clusters" in tables else "link": told}
    return {
        name.removeprefix("links/"): str(about["fingerprint"])
        for stage in manifest["stages"]
        for name, about in stage.get("made", {}).items()
        if name.startswith("links/")
    }


def fingerprint_of(run: Path, step: str) -> str:
    """The fingerprint of a step's links.

    Raises:
        ConfigError: the folder is no run's, or has no such step.
    """
    made = fingerprints(run)
    if step not in made:
        known = ", ".join(sorted(made)) or "none"
        manifest = manifest_of(run)
        if step in (to_come := steps_to_come(manifest) if "configuration" in manifest else []):
            raise ConfigError(f"{run}: the run has not linked {', '.join(to_come)} yet\n  finish it first: leo run")
        raise ConfigError(f"{run}: the run has no link step '{step}'\n  there are: {known}")
    return made[step]


def drawn_of(run: Path, step: str) -> Mapping[str, Any]:
    """What was drawn of a step.

    Raises:
        ConfigError: nothing was drawn of the step's links as they are now.
        InputError: what was drawn is damaged.
    """
    links = fingerprint_of(run, step)
    path = run / "review" / step / "strata.json"
    if not path.is_file():
        raise ConfigError(f"{run}: no sample of step '{step}' was drawn\n  draw one: leo review sample {run} {step}")
    drawn = document_of(path, f"draw the sample again, answers are kept: leo review sample {run} {step}")
    if drawn.get("links") != links:
        raise ConfigError(
            f"{run}: the links of step '{step}' have changed since its sample was drawn\n"
            f"  draw another: leo review sample {run} {step}"
        )
    return drawn
