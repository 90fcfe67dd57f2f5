"""python -m benchmarks ablation RUN: what each kind of evidence adds, on the same people.

    leo demo --people 200000 --out runs/small
    python -m benchmarks ablation runs/small --label 200k

Two steps of a run are linked again with models that know more and more, each trained on the step's own sides: education
people to customers, with the passes that ship, and school pupils to customers by the model only.
"""

import argparse
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.results import accuracy, facts, save
from linkage import config
from linkage.config import Pass, Step
from linkage.config.identifiers import IDENTIFIERS
from linkage.config.resources import config_file
from linkage.engine import Engine, Table, columns, connect, one
from linkage.match import Units, from_sources, link_step, load_passes
from linkage.model import Model, from_dict
from linkage.model.compiled import candidate_pairs
from linkage.model.leo import EVIDENCE, settings_of
from linkage.pipeline.manifest import manifest_of, tables_of
from linkage.pipeline.truth import true_entities, true_entities_file
from quality.measures.accuracy import StepTruth, entity_persons, judge, step_accuracy, truth_of_units

STEPS = ("education-cis", "pupils-customers")
_LATEST = "latest values"
_SHARED = ("forename", "surname", "dob", "postcode", "nino")


@dataclass(frozen=True)
class _Trial:
    """A step to be linked several times."""

    step: Step
    passes: tuple[Pass, ...]
    sources: dict[str, tuple[str, ...]]  # of each side
    membership: Table | None  # who on the left is one person by then


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks ablation", description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="a run's folder, made by leo demo")
    parser.add_argument("--ends", action="store_true", help="the first and the last model only")
    parser.add_argument("--step", action="append", choices=STEPS, help="this step only; may be repeated")
    parser.add_argument("--label", default="", help="name of the run in RESULTS.md")
    options = parser.parse_args(arguments)
    rows = [
        row for step in options.step or STEPS for row in _measured(options.run, step, _models(step, ends=options.ends))
    ]
    save("ablation", rows, facts(), options.label)


def _models(step: str, *, ends: bool) -> dict[str, Model]:
    """Models by what they know: each knows one thing more than the one before it."""
    number = "nino" if step == "education-cis" else None
    models = {_LATEST: from_dict(settings_of(number, ()))}
    for count, name in enumerate(EVIDENCE, 1):
        models[name if count == 1 else f"+ {name}"] = from_dict(settings_of(number, EVIDENCE[:count]))
    names = list(models)
    return {name: models[name] for name in ([names[0], names[-1]] if ends else names)}


def _measured(run: Path, name: str, models: dict[str, Model]) -> Iterator[dict[str, Any]]:
    with connect("duckdb", memory_limit="4GB", scratch=run / ".ablation") as engine:
        tables = {table: engine.read(path) for table, path in tables_of(run, manifest_of(run)).items()}
        trial = _trial(name, tables)
        truth, people = _truth(engine, tables, trial, run)
        for evidence, model in models.items():
            print(f"{run.name}: {name}, {evidence}", flush=True)
            found = _linked(engine, tables, trial, model, truth, latest=evidence == _LATEST)
            yield {"people": people, "step": name, "evidence": evidence, **found}


def _trial(name: str, tables: dict[str, Table]) -> _Trial:
    """The last step of the run as it ships, or its pupils and customers with the model alone."""
    *before, last = config.load(config_file("demo.toml")).step
    if name == "pupils-customers":
        step = last.model_copy(update={"name": name, "left": "npd", "passes": None})
        return _Trial(step, (), {"left": ("npd",), "right": ("cis",)}, None)
    joined = tuple(dict.fromkeys(side for step in before for side in (step.left, step.right) if side != "people"))
    passes = load_passes(config_file(str(last.passes)))
    return _Trial(last, passes, {"left": joined, "right": ("cis",)}, tables[f"membership/{before[-1].name}"])


def _units(engine: Engine, tables: dict[str, Table], trial: _Trial, side: str, wanted: Sequence[str]) -> Units:
    histories = [(tables[f"identities/{name}"], tables[f"identifier_records/{name}"]) for name in trial.sources[side]]
    return from_sources(engine, side, histories, trial.membership if side == "left" else None, wanted)


def _truth(engine: Engine, tables: dict[str, Table], trial: _Trial, run: Path) -> tuple[StepTruth, int]:
    """The truth of the step, of pairs that share evidence: two identifiers, each at any time. And how many people.

    Who shares no two of names, birth date, postcode and number cannot be distinguished from a non-match by
    anything in these sources.
    """
    folder = next((f for f in (run.with_name(f"{run.name}-data"), *run.glob("*-data")) if f.is_dir()), run) / "truth"
    path = true_entities_file(folder)
    if path is None:
        raise SystemExit(f"{folder}: no truth of the run {run}\n  make the run with leo demo")
    named = {f"of_{n}": tables[f"identities/{s}"] for n, s in enumerate((*trial.sources["left"], "cis"))}
    union = " union all ".join(f"select entity_id, source, entity_key from {{{name}}}" for name in named)
    entities = engine.sql(union, params=None, store=True, **named)
    listed = [f"{field}_all" for field in _SHARED]
    sides = {side: _units(engine, tables, trial, side, listed) for side in ("left", "right")}
    members = engine.sql(
        "select 'left' as side, unit_id, entity_id from {l} union all select 'right', unit_id, entity_id from {r}",
        l=sides["left"].members,
        r=sides["right"].members,
        store=True,
    )
    true = true_entities(engine, path)
    known = truth_of_units(engine, members, entity_persons(engine, entities, true))
    shared = " + ".join(f"case when list_has_any(l.{c}, r.{c}) then 1 else 0 end" for c in listed)
    pairs = engine.sql(
        f"""
        select p.left_id, p.right_id
        from {{pairs}} as p
        join {{l}} as l on l.unit_id = p.left_id
        join {{r}} as r on r.unit_id = p.right_id
        where {shared} >= 2
        """,
        pairs=known.pairs,
        l=sides["left"].units,
        r=sides["right"].units,
        store=True,
    )
    people = one(engine, engine.sql("select count(distinct person_id) as people from {t}", t=true))
    print(f"true pairs {engine.count(known.pairs):,}, of which {engine.count(pairs):,} share evidence", flush=True)
    return replace(known, pairs=pairs), int(people["people"])


def _linked(
    engine: Engine, tables: dict[str, Table], trial: _Trial, model: Model, truth: StepTruth, *, latest: bool
) -> dict[str, Any]:
    """One linkage of the step, judged. Attainable is what one partner a unit allows (second numbers, split records)."""
    left, right = (_units(engine, tables, trial, side, [*model.columns, *IDENTIFIERS]) for side in ("left", "right"))
    if latest:
        left, right = _of_latest_values(engine, left), _of_latest_values(engine, right)
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    result = link_step(engine, trial.step, left, right, rules=trial.passes, model=model)
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds, cpu = time.monotonic() - started, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    judged = judge(engine, result.links, truth)
    counts = step_accuracy(engine, judged, truth, trial.step.cardinality)
    return {
        "left": engine.count(left.units),
        "right": engine.count(right.units),
        **accuracy(counts["accepted"], counts["correct"], counts["true_pairs"]),
        "false": counts["false"],
        "review": result.summary["decisions"].get("review", 0),
        "candidates": _candidates(engine, model, left.units, right.units),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
    }


def _of_latest_values(engine: Engine, side: Units) -> Units:
    """A side of which the passes too see the latest values only."""
    rows = engine.sql(f"select unit_id, {columns(IDENTIFIERS)} from {{units}}", units=side.units, store=True)
    return Units(side.name, side.units, rows, side.members)


def _candidates(engine: Engine, model: Model, left: Table, right: Table) -> int:
    """Pairs that the blocking rules make."""
    bare = replace(model, comparisons=())
    rules = bare.blocking_rules
    made = "\nunion all\n".join(candidate_pairs(bare, rule, rules[:n]) for n, rule in enumerate(rules))
    return int(one(engine, engine.sql(f"select count(*) as pairs from ({made})", left=left, right=right))["pairs"])
