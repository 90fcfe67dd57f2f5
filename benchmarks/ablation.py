"""python -m benchmarks ablation: F1 without one technique after the other
(ablation.toml), in points.

    python -m benchmarks ablation    # 15 minutes of a core
    python -m benchmarks ablation --set febrl3 --technique "Monotone levels"

FEBRL 3 and 4, the pairs of unseen.toml and three synthetic populations are read,
trained and linked as `leo link` and `leo dedupe` do, without their reports. Techniques
of runs are measured by a run of leo demo, by its step education-cis.
"""

import argparse
import contextlib
import json
import pkgutil
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any
from unittest import mock

import numpy as np

from benchmarks import files, measure
from benchmarks.compare import LEO, judged
from benchmarks.files import DataSet
from benchmarks.results import accuracy, facts, save
from linkage.config.file_run import FileStep
from linkage.config.resources import config_file
from linkage.engine import Engine, connect
from linkage.files.dedupe import dedupe_records
from linkage.files.prepare import JobOptions, Prepared, prepare
from linkage.files.stages import definite_step
from linkage.files.train import FileSides, model_of
from linkage.match.inputs import StepInputs
from linkage.match.passes import load as load_passes
from linkage.match.step import link_step
from linkage.match.units import Units
from linkage.model import from_dict
from linkage.model.leo import settings_of
from linkage.model.splink_json import Level, sided_columns
from linkage.model.training.blocks import TrainingBlock
from linkage.model.training.counts import Floats, Layout
from linkage.model.training.em import Block, Estimate, expectation_maximisation

PEOPLE = {"easy": 20_000, "synthetic": 20_000, "hard": 20_000, "run": 5_000}
"""People of each synthetic population, which has more pairs than FEBRL."""
ROWS = 2_500
"""Rows of the left file of a pair of unseen.toml."""
_STEP = "education-cis"  # of a run


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks ablation", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "--set", action="append", help="a data set, or run; may be repeated"
    )
    parser.add_argument("--technique", action="append", help="may be repeated")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where the files are kept between runs; temporary when not given",
    )
    options, about = parser.parse_args(arguments), facts()
    selection = {
        row["name"]: row
        for row in techniques()
        if row["name"] in (options.technique or [row["name"]])
    }
    f1: dict[str, dict[str, float]] = {name: {} for name in ("", *selection)}
    with tempfile.TemporaryDirectory(prefix="leo-bench-") as scratch:
        for name in options.set or ("febrl3", "febrl4", *PEOPLE, *files.unseen()):
            for technique, value in _of_set(
                name, {"": {}, **selection}, options.folder or Path(scratch)
            ):
                f1[technique][name] = value
            print(
                name,
                {
                    technique: round(sets[name], 4)
                    for technique, sets in f1.items()
                    if name in sets
                },
                flush=True,
            )
    save(
        "ablation",
        [_row(name, f1[name], f1[""]) for name in f1],
        about,
        ", ".join(options.set or ()),
    )


def techniques() -> list[dict[str, Any]]:
    """The techniques of ablation.toml."""
    return list(
        tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))[
            "technique"
        ]
    )


def _row(
    technique: str, scores: Mapping[str, float], base: Mapping[str, float]
) -> dict[str, Any]:
    """F1 with all techniques in per cent, or its change without one in points: mean,
    worst and best of the sets.
    """
    change = [
        100 * (f1 - base[name] if technique else f1) for name, f1 in scores.items()
    ]
    row = {"technique": technique or "(all)", "sets": len(change)}
    return row | {
        "mean": fmean(change),
        "worst": min(change),
        "best": max(change),
        "f1": dict(scores),
    }


@contextlib.contextmanager
def without(replacements: Mapping[str, Any]) -> Iterator[None]:
    """What is named has another value, as ablation.toml describes.

    Raises:
        AttributeError: there is no such name.
    """
    with contextlib.ExitStack() as stack:
        for name, value in replacements.items():
            stack.enter_context(mock.patch(name, _replacement(value)))
        yield


def _replacement(value: Any) -> Any:
    if not isinstance(value, dict) or not value:
        return value
    if "calls" in value:
        return pkgutil.resolve_name(value["calls"])
    return lambda *arguments, **_: (
        arguments[value["argument"]] if "argument" in value else value.get("returns")
    )


def em_of_each_block(
    layout: Layout, blocks: Sequence[Block], pseudo_counts: Floats
) -> Estimate:
    """EM on each block by itself, and the mean of the blocks that say something of a
    level, weighted by their matches: what Splink's combination comes to.
    """
    fits = [
        expectation_maximisation(layout, [block], pseudo_counts) for block in blocks
    ]
    counts = np.array([fit.counts for fit in fits])
    totals = layout.totals(counts)
    weights = np.where(totals > 0, totals, 1e-9)
    m = np.average([fit.m for fit in fits], axis=0, weights=weights)
    return Estimate(
        m=m / layout.totals(m),
        priors=tuple(prior for fit in fits for prior in fit.priors),
        counts=counts.sum(axis=0),
        iterations=sum(fit.iterations for fit in fits),
        converged=all(fit.converged for fit in fits),
    )


def reads_a_blocked_column(block: TrainingBlock, level: Level) -> bool:
    """A block decides every level that reads one of its columns."""
    return bool(set(sided_columns(level.condition)) & set(block.columns))


def _of_set(
    name: str, techniques: Mapping[str, dict[str, Any]], folder: Path
) -> Iterator[tuple[str, float]]:
    """F1 of a data set without each technique that it may show."""
    for_runs = {
        technique for technique, entry in techniques.items() if "evidence" in entry
    }
    if name == "run":
        for technique in ("", *for_runs):
            yield technique, _of_run(techniques[technique].get("evidence"))
        return
    rows = min(ROWS, files.unseen()[name]["rows"]) if name in files.unseen() else None
    data = files.make(name, folder, people=PEOPLE.get(name, 0), copies=1, rows=rows)
    with tempfile.TemporaryDirectory() as scratch, connect("duckdb") as engine:
        base = _read(engine, data, Path(scratch) / "as it is")
        for number, (technique, entry) in enumerate(techniques.items()):
            if technique not in for_runs:
                with without(entry.get("without", {})):
                    prepared = (
                        _read(engine, data, Path(scratch) / str(number))
                        if entry.get("reads")
                        else base
                    )
                    yield (
                        technique,
                        _f1(
                            engine,
                            data,
                            prepared,
                            entry.get("options", {}),
                            Path(scratch),
                        ),
                    )


def _read(engine: Engine, data: DataSet, folder: Path) -> Prepared:
    paths = dict(
        zip(
            ("left", "right") if len(data.files) == 2 else ("file",),
            data.files,
            strict=True,
        )
    )
    return prepare(
        engine,
        JobOptions(maps=data.options[1::2]).file_options(
            paths, (None, None), (None, None)
        ),
        folder,
    )


def _f1(
    engine: Engine,
    data: DataSet,
    prepared: Prepared,
    options: Mapping[str, Any],
    folder: Path,
) -> float:
    """F1 of one file's clusters, or of two files' links."""
    request, out = JobOptions(), folder / "links.parquet"
    sides = FileSides.of_prepared(prepared)
    model, _ = model_of(
        engine, sides, given=None, seed=request.seed, progress=lambda _: None
    )
    if len(prepared.units) == 1:
        deduplicated = dedupe_records(
            engine,
            sides,
            model,
            request.threshold,
            seed=request.seed,
            progress=lambda _: None,
        )
        clusters = deduplicated.tables["clusters"]
        engine.write(clusters, out)
    else:
        repeats = [records.repeated for records in prepared.records]
        stated = FileStep(
            name="link",
            left="left",
            right="right",
            duplicates="join",
            **options,
        )
        step = definite_step(stated, repeats)
        members = [
            engine.sql("select unit_id, unit_id as entity_id from {t}", t=units)
            for units in prepared.units
        ]
        left, right = (
            Units(*side)
            for side in zip("lr", prepared.units, prepared.units, members, strict=True)
        )
        inputs = StepInputs(
            step=step.model_copy(update={"diagnose": False}),
            left=left,
            right=right,
            passes=load_passes(config_file("passes/link.toml")),
            model=model,
            seed=request.seed,
        )
        result = link_step(engine, inputs)
        links = engine.sql(_LINKS, k=result.links, l=prepared.ids[0], r=prepared.ids[1])
        engine.write(links, out)
    return judged(data, out)["f1"]


_LINKS = """
    select l.source_id as left_id, r.source_id as right_id, k.match_weight
    from {k} as k join {l} as l on l.unit_id = k.left_id join {r} as r
        on r.unit_id = k.right_id
    where k.decision = 'accepted'
"""


def _of_run(evidence: list[str] | None) -> float:
    """F1 of a run of leo demo whose models know no more than `evidence`, untrained;
    None for the models that ship.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "models").mkdir()
        if evidence is not None:
            shutil.copy(config_file("demo.toml"), folder)
            for name, number in (("education", "uln"), ("cis", "nino")):
                from_dict(settings_of(number, evidence)).save(
                    folder / "models" / f"{name}.json"
                )
        result = measure.run(
            [*LEO, "demo", "--people", str(PEOPLE["run"]), "--out", "run"],
            timeout=600,
            folder=folder,
        )
        if result.exit_code:
            raise SystemExit(f"leo demo: {result.failure()}")
        steps = json.loads(
            (folder / "run" / "quality" / "evaluation.json").read_text(encoding="utf-8")
        )["steps"]
    truth = next(step["accuracy"] for step in steps if step["step"] == _STEP)
    return accuracy(
        truth["precision"]["of"], truth["recall"]["count"], truth["recall"]["of"]
    )["f1"]
