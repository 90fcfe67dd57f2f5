"""The whole pipeline as stages: sources to records, entities, links, spine, LEO's
tables, extracts and report.
"""

from pathlib import Path
from typing import Any

from linkage.config.resources import definitions_hash, own_names
from linkage.engine import Engine, connect
from linkage.errors import ConfigError
from linkage.extras import EXTRAS, require
from linkage.pipeline.gates import judged, not_checked
from linkage.pipeline.job import Job, check_job
from linkage.pipeline.manifest import RunFacts, is_synthetic, manifest_of
from linkage.pipeline.progress import RunProgress
from linkage.pipeline.runner import Runner
from linkage.pipeline.stage import Stage
from linkage.pipeline.stages.contracts import contracts_stage, published_contracts_stage
from linkage.pipeline.stages.judging import evaluate_stage
from linkage.pipeline.stages.linking import link_stage, spine_stage
from linkage.pipeline.stages.outputs import (
    extract_stage,
    longitudinal_stage,
    report_stage,
)
from linkage.pipeline.stages.reading import (
    attributes_stage,
    entities_stage,
    records_stage,
)


def stages(job: Job) -> list[Stage]:
    """A run's stages in their order. What fails early stands early: no step links
    before the contracts hold.
    """
    config = job.config
    in_order = [records_stage(job, name) for name in config.source]
    in_order += [entities_stage(job, name) for name in config.source]
    in_order += [attributes_stage(job, name) for name in config.attributes]
    in_order.append(contracts_stage(job))
    in_order += [link_stage(job, step) for step in config.step]
    in_order.append(spine_stage(job))
    if job.outcomes:
        in_order.append(longitudinal_stage(job))
    in_order.append(evaluate_stage(job))
    in_order.append(published_contracts_stage(job))
    in_order += [extract_stage(job, project) for project in job.projects.values()]
    in_order.append(report_stage(job))
    return in_order


def pipeline(job: Job, out: Path, *, progress: RunProgress | None = None) -> Runner:
    """A runner of a job's stages in the folder `out`.

    Raises:
        ConfigError: as of `check_job`; an extra is not installed; the last release lies
            in `out`.
    """
    check_job(job)
    extras = {
        "contracts",
        "disclosure",
        *(step.trainer for step in job.config.step),
        job.config.run.engine,
    }
    require("a run", *sorted(extras & EXTRAS.keys()))
    if job.previous and out.resolve() in job.previous.spine.resolve().parents:
        raise ConfigError(
            f"{out}: the last release lies here, and this one would take its place\n  "
            "give this one a folder of its "
            "own with --out; to go on with the last one, leave --previous out"
        )
    run = job.config.run
    inputs = [
        job.data,
        job.truth,
        job.opt_outs,
        *(file for files in job.files.values() for file in files),
    ]
    previous = (
        [job.previous.spine, job.previous.evaluation, *job.previous.extracts.values()]
        if job.previous
        else []
    )

    def open_engine(scratch: Path) -> Engine:
        places = [out, *(path for path in [*inputs, *previous] if path)]
        return connect(
            run.engine,
            memory_limit=run.memory_limit,
            threads=run.threads,
            scratch=scratch,
            within=places,
        )

    return Runner(
        out, stages(job), facts(job), open_engine, engine=run.engine, progress=progress
    )


def facts(job: Job) -> RunFacts:
    """What the manifest records of a run in addition to its stages. The key is named by
    its fingerprint alone.
    """
    run = job.config.run
    settings: dict[str, Any] = {
        "seed": run.seed,
        "engine": run.engine,
        "threads": run.threads,
        "memory_limit": run.memory_limit,
        "key_fingerprint": job.key.fingerprint if job.key else None,
        "definitions": own_names(),
        "definitions_hash": definitions_hash(),
        "register_hash": {
            name: p.decision.register_hash
            for name, p in job.projects.items()
            if p.decision
        },
        "configuration": job.config.model_dump(
            mode="json", exclude={"outputs": {"key_file"}}
        ),
        "synthetic": is_synthetic(job.data),
    }
    return RunFacts(run=run.name, config=job.config.fingerprint(), settings=settings)


def closing_lines(root: Path, seconds: float) -> list[str]:
    """Where a run's results are, the figures that stand first in its report, and gates
    that could not be checked.
    """
    gates, evaluation, drift = judged(root, manifest_of(root))
    from quality.report.render import (
        headlines,
    )  # the charts are a third of a second to import

    figures = headlines(evaluation)
    width = max(len(label) for label, _, _ in figures)
    lines = [
        f"{label:<{width}}  {figure:>12}  {note}" for label, figure, note in figures
    ]
    lines += ["", f"report   {root / 'report' / 'index.html'}"]
    lines += [
        f"extract  {folder}" for folder in sorted((root / "extracts").glob("[!.]*"))
    ]
    lines += [
        f"not checked: gate {reason}"
        for reason in not_checked(gates, evaluation, drift)
    ]
    return [*lines, f"manifest {root / 'manifest.json'}   {seconds:,.1f} s"]
