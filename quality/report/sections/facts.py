"""How the run was made, and what the words and symbols of the page mean."""

import datetime
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from quality.disclosure import Cell, Disclosure, Mark
from quality.measures.parameters import version
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Terms, Text


def methods_section(evaluation: Mapping[str, Any], manifest: Mapping[str, Any], names: Names, d: Disclosure) -> Section:
    """Steps and their rules, disclosure control, and the run's own facts."""
    steps = [
        f"{names.step(step)}: {str(step['cardinality']).replace('-', ' ')}"
        + (", deterministic passes" if any(row["method"] == "deterministic" for row in step["passes"]) else "")
        + (", then a Fellegi-Sunter model" if step["parameters"] else "")
        for step in evaluation["steps"]
    ]
    blocks: list[Block] = [Terms([("Link steps", "; ".join(steps)), *_run_facts(manifest)])]
    blocks += _models(evaluation, manifest, names, d)
    stages: list[list[str | Cell]] = [
        [str(stage.get("name", "")), Cell(f"{float(stage['seconds']):,.1f}", float(stage["seconds"]))]
        for stage in _stages(manifest)
        if stage.get("seconds") is not None
    ]
    if stages:
        blocks.append(Fold("Seconds by stage", [Table("Seconds by stage", ["Stage", "Seconds"], stages)]))
    profile = d.profile
    blocks.append(
        Text(
            f"Disclosure control: profile “{profile.title}”. {profile.of_counts}. "
            + ("Parts may not add up to totals. " if profile.round_to > 1 else "")
            + f"Percentages are from {profile.percent_from} counts. Intervals are 95% and say what chance alone could "
            "do, not what else may be wrong."
        )
    )
    return Section("methods", "Methods and this run", blocks)


def _models(evaluation: Mapping[str, Any], manifest: Mapping[str, Any], names: Names, d: Disclosure) -> list[Block]:
    """Each step's model by its version, and the thresholds in force."""
    steps = {step["step"]: names.step(step) for step in evaluation["steps"]}
    rows: list[list[str | Cell]] = []
    said: list[list[str | Cell]] = []
    for step in evaluation["steps"]:
        model, counts = step["parameters"], counts_of(step, manifest)
        if not model:
            continue
        limits = counts.get("thresholds") or {}
        numbers = [model["prior_weight"], *(limits.get(key) for key in ("accept", "review", "margin"))]
        cells = [d.marked("not_applicable") if n is None else Cell(f"{n:.2f}".replace("-", "−"), n) for n in numbers]
        training = counts.get("training") or {}
        rows.append([names.step(step), version(model), trained(training, steps), *cells])
        said += [[names.step(step), str(text)] for key in ("faults", "warnings") for text in training.get(key, ())]
    heads = ["Step", "Version", "Trained in the run", "Weight before any comparison"]
    heads += ["Accept from", "Review from", "Margin"]
    note = "A version is a fingerprint of the model's parameters; weights are in bits."
    warned = (
        [Table("What training says of a model", ["Step", "To be known before it is trusted"], said)] if said else []
    )
    return [Table("Models", heads, rows, note), *warned] if rows else []


def trained(training: Mapping[str, Any], steps: Mapping[str, str]) -> str:
    """Whether a model was trained in the run, and what another step had learnt that it leans on."""
    if not training:
        return "no"
    answer = "no, too few to learn from" if _learnt_nothing(training) else "yes"
    return f"{answer}; leans on {steps[training['leans_on']]}" if training.get("leans_on") in steps else answer


def _learnt_nothing(training: Mapping[str, Any]) -> bool:
    return "taken_as_given" in training or training.get("learnt") is False


def to_be_known(evaluation: Mapping[str, Any], manifest: Mapping[str, Any], names: Names, d: Disclosure) -> list[str]:
    """What makes a step's probabilities worth less than they say, in a sentence each, for the quality statement."""
    said = []
    unlearnt = [
        names.step(step)
        for step in evaluation["steps"]
        if _learnt_nothing(counts_of(step, manifest).get("training") or {})
    ]
    if unlearnt:
        said.append(
            f"The model of {', '.join(unlearnt)} learnt nothing from the matches of these data, which are too small or "
            f"share too few {names.of('people')}: what its probabilities say, and every error that is reckoned from "
            "them, rests on how such fields usually are written."
        )
    for step in evaluation["steps"]:
        alike = counts_of(step, manifest).get("strangers") or {}
        if alike.get("many") and (share := d.percent(round(alike["strangers"]), alike["links"])).value is not None:
            said.append(
                f"{names.step(step)}: pairs of records of one file weigh as much as links. Unless {names.of('people')} "
                f"are in a file twice, as much as {share.text}% of the links would be of two {names.of('people')}, "
                + names.of("such as father and son of one name", "such as branches of one firm or songs of one album")
                + ", which their probabilities do not say."
            )
    return said


def counts_of(step: Mapping[str, Any], manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a step counted; leo link and leo dedupe have one, and count for all their stages."""
    counted = {str(stage.get("name")): stage.get("counts") or {} for stage in _stages(manifest)}
    found: Mapping[str, Any] = counted.get(f"link-{step['step']}", manifest.get("counts") or {})
    return found


_MARKS: Mapping[Mark, str] = {
    "suppressed": "confidential: a small number, or one from which a small number could be had",
    "not_applicable": "not applicable: nothing to take a share of",
    "unavailable": "not available",
    "low": "a number that rounds to nought, but is not nought",
    "high": "a share that rounds to all, but is not all",
}


def symbols(d: Disclosure) -> Terms:
    """The symbols that stand in place of numbers."""
    return Terms([(getattr(d.profile.symbols, mark), meaning) for mark, meaning in _MARKS.items()])


def key(shown: Iterable[str | Cell], d: Disclosure) -> str:
    """What the symbols among these mean, where a reader meets them first; nothing where all are numbers."""
    met = {cell.mark for cell in shown if isinstance(cell, Cell)}
    said = (f"“{getattr(d.profile.symbols, mark)}” stands for {_MARKS[mark]}." for mark in _MARKS if mark in met)
    return " ".join(said)


def glossary_section(names: Names, d: Disclosure) -> Section:
    """The field's words as this page uses them."""
    raw = tomllib.loads(resources.files("quality.report").joinpath("glossary.toml").read_text(encoding="utf-8"))
    return Section(
        "glossary",
        "Words and symbols",
        [Terms([(str(term), names.of(str(meaning))) for term, meaning in raw["terms"].items()]), symbols(d)],
    )


def _stages(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Stages as a list, whether the manifest keys them by name or lists them."""
    stages = manifest.get("stages") or []
    if isinstance(stages, Mapping):
        return [{"name": name, **facts} for name, facts in stages.items() if isinstance(facts, Mapping)]
    return [stage for stage in stages if isinstance(stage, Mapping)]


def moment(value: str) -> str:
    """A moment in words, anything else as it is."""
    try:
        found = datetime.datetime.fromisoformat(value) if "T" in value else None
    except ValueError:
        found = None
    return f"{found.day} {found:%B %Y, %H:%M} UTC" if found else value


def _run_facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a manifest says in single values; what it lacks is left out."""
    titles = {
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
    facts = [
        (title, moment(str(manifest[key])))
        for key, title in titles.items()
        if isinstance(manifest.get(key), str | int | float) and manifest[key] != ""
    ]
    versions = manifest.get("versions")
    if isinstance(versions, Mapping) and versions:
        facts.append(("Versions", ", ".join(f"{name} {version}" for name, version in versions.items())))
    return facts
