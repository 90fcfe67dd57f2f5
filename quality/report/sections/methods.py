"""How the run was made: steps, models, thresholds, disclosure control, versions; words
and symbols.
"""

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from quality.measures.parameters import version
from quality.report.linked_tables import Step
from quality.report.page import Block, Fold, Row, Section, Table, Terms, Text
from quality.report.released import Publication
from quality.report.showing import moment, symbols

_FACTS = {
    "name": "Run",
    "run": "Run",
    "started": "Started",
    "finished": "Finished",
    "engine": "Engine",
    "seed": "Seed",
    "config_hash": "Configuration",
    "git_commit": "Commit",
    "key_fingerprint": "Key fingerprint",
}
_THRESHOLDS = {"accept": "Accept from", "review": "Review from"}
MODEL_HEADS = ["Version", "Trained in the run", "Prior weight", *_THRESHOLDS.values()]


def methods_section(p: Publication) -> Section:
    """Steps, models and thresholds, disclosure control, and the run's facts."""
    steps = [
        f"{p.name_of(step)}: {str(step['cardinality']).replace('-', ' ')}"
        + (
            ", deterministic passes"
            if any(row["method"] == "deterministic" for row in step["passes"])
            else ""
        )
        + (", then a Fellegi-Sunter model" if step["parameters"] else "")
        for step in p.steps
    ]
    blocks: list[Block] = [
        Terms([("Link steps", "; ".join(steps)), *_run_facts(p.manifest)])
    ]
    rows: list[Row] = [
        [p.name_of(step), *model_cells(p, step)]
        for step in p.steps
        if step["parameters"]
    ]
    if rows:
        note = (
            "A version is a fingerprint of the model's parameters. Weights and "
            "thresholds are match weights (log2)."
        )
        blocks.append(Table("Models", ["Step", *MODEL_HEADS], rows, note))
    seconds: list[Row] = [
        [str(stage.get("name", "")), p.d.parameter(float(stage["seconds"]), 1)]
        for stage in stages_of(p.manifest)
        if stage.get("seconds") is not None
    ]
    if seconds:
        blocks.append(
            Fold(
                "Seconds by stage",
                [Table("Seconds by stage", ["Stage", "Seconds"], seconds)],
            )
        )
    profile = p.d.profile
    rounding = "Parts may not add up to totals. " if profile.round_to > 1 else ""
    control = (
        f"Disclosure control: profile “{profile.title}”. {profile.of_counts}. "
        f"{rounding}"
    )
    control += (
        f"Percentages are calculated from {profile.percent_from} counts. "
        "Intervals are 95%. "
    )
    control += (
        "“At least” is a bound that depends on the denominator only, where "
        "errors are too few to show."
    )
    return Section("methods", "Methods and this run", [*blocks, Text(control)])


def model_cells(p: Publication, step: Step) -> Row:
    """A step's model by its version, how it was trained, its prior, and the thresholds
    in force.
    """
    model, counts = step["parameters"] or {}, _step_counts(p, step)
    limits = counts.get("thresholds") or {}
    return [
        version(model) if model else "no model",
        _training(p, counts.get("training") or {}),
        p.d.parameter(model.get("prior_weight")),
        *(p.d.parameter(limits.get(key)) for key in _THRESHOLDS),
    ]


def _training(p: Publication, training: Mapping[str, Any]) -> str:
    if not training:
        return "no"
    answer = "no, too few matches" if _uses_defaults(training) else "yes"
    earlier = next(
        (
            p.name_of(one)
            for one in p.steps
            if one["step"] == training.get("prior_from_step")
        ),
        None,
    )
    return f"{answer}, with a prior from {earlier}" if earlier else answer


def _uses_defaults(training: Mapping[str, Any]) -> bool:
    return "taken_as_given" in training or training.get("learnt") is False


def training_warnings(p: Publication) -> list[str]:
    """What makes a step's probabilities unreliable, for the quality statement."""
    step_names = [
        p.name_of(step)
        for step in p.steps
        if _uses_defaults(_step_counts(p, step).get("training") or {})
    ]
    text = (
        f"The model of {', '.join(step_names)} could not be trained on these data: its "
        "probabilities, and every error "
        "estimated from them, use default parameters."
    )
    return [text] if step_names else []


def _step_counts(p: Publication, step: Step) -> Mapping[str, Any]:
    """What a step counted; a run of files has one step, and counts for all its
    stages.
    """
    counts = {
        str(stage.get("name")): stage.get("counts") or {}
        for stage in stages_of(p.manifest)
    }
    of_step: Mapping[str, Any] = counts.get(
        f"link-{step['step']}", p.manifest.get("counts") or {}
    )
    return of_step


def stages_of(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Stages of a run's manifest."""
    return [
        stage for stage in manifest.get("stages") or () if isinstance(stage, Mapping)
    ]


def _run_facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [
        (title, moment(str(manifest[key])))
        for key, title in _FACTS.items()
        if isinstance(manifest.get(key), str | int | float) and manifest[key] != ""
    ]
    versions = manifest.get("versions")
    if isinstance(versions, Mapping) and versions:
        facts.append(
            (
                "Versions",
                ", ".join(f"{name} {number}" for name, number in versions.items()),
            )
        )
    return facts


def glossary_section(p: Publication) -> Section:
    """The field's words as this page uses them."""
    raw = tomllib.loads(
        resources.files("quality.report")
        .joinpath("glossary.toml")
        .read_text(encoding="utf-8")
    )
    terms = [(str(term), str(meaning)) for term, meaning in raw["terms"].items()]
    return Section("glossary", "Words and symbols", [Terms(terms), symbols(p.d)])
