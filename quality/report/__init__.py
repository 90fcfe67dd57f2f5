"""The quality report: one file that needs no network, read by eye, keyboard or screen reader, on screen or paper."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkage.catalogue import Catalogue, shipped
from linkage.errors import InputError
from quality import disclosure
from quality.measures.evaluated import evaluation_of
from quality.report import pairs, parts, released
from quality.report.document import document, write_page
from quality.report.names import Names
from quality.report.page import Headline, Section
from quality.report.sections import (
    bias,
    blocking,
    coverage,
    data,
    drift,
    error,
    error_parts,
    expected,
    extracts,
    facts,
    implausible,
    making,
    reliability,
    reviewed,
    statement,
    summary,
    uncertainty,
)

__all__ = ["Inputs", "headlines", "render", "render_run"]


@dataclass(frozen=True)
class Inputs:
    """What a report is made of. All of it is aggregates.

    Attributes:
        evaluation: what quality.measures.evaluation.evaluate returned.
        contracts: results of the rules of sources and published tables: rule, source, column, checked, failed, share,
            limit, severity, success.
        manifest: the run's facts; what is missing is left out.
        title: of the page.
        profile: name of the disclosure profile.
        reviews: what clerical reviews of the run's links found (quality.review.estimate), a step each.
        drift: what has moved since the last release (quality.measures.drift), where there is one.
        failed_gates: names of what the run asks of itself before anything is published, and that did not hold.
    """

    evaluation: Mapping[str, Any]
    contracts: Sequence[Mapping[str, Any]] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    title: str = "Linkage quality report"
    profile: str = "leo_publication"
    reviews: Sequence[Mapping[str, Any]] = ()
    drift: Mapping[str, Any] | None = None
    failed_gates: Sequence[str] = ()


def render(inputs: Inputs, out: Path, catalogue: Catalogue | None = None) -> Path:
    """Write the report to `out`, whole or not at all, and return it.

    Raises:
        InputError: the evaluation has no step, so that there is nothing to report.
        ConfigError: there is no such disclosure profile.
    """
    return write_page(_page(inputs, catalogue or shipped()), out)


def render_run(
    run: Path,
    reviews: Sequence[Mapping[str, Any]] = (),
    profile: str = "leo_publication",
    *,
    gates: Callable[..., Sequence[str]] | None = None,
) -> Path:
    """Write RUN/report/index.html from RUN/quality/*.json, RUN/manifest.json and what reviews of its links found.

    Args:
        gates: given evaluation, drift, contracts and reviews, names those that do not hold.

    Raises:
        InputError: the run was not evaluated, or a file is no JSON.
    """
    path = run / "quality" / "evaluation.json"
    evaluation = evaluation_of(path) if path.exists() else None
    manifest = _json(run / "manifest.json") or {}
    if evaluation is None:
        why = "finish the run first: leo run"
        if manifest.get("status") == "gate failed":
            why = f"a gate stopped the run before it was evaluated: which, and by what, stands in {run / 'log.jsonl'}"
        raise InputError(f"{path}: no such file\n  {why}")
    contracts: list[Mapping[str, Any]] = []
    extracts = sorted(path.name for path in run.glob("quality/contracts-extract-*.json"))
    for name in ("contracts.json", "contracts-published.json", *extracts):
        contracts += results_of(_json(run / "quality" / name) or [])
    moved = _json(run / "quality" / "drift.json")
    name = manifest.get("name") or (manifest["run"] if isinstance(manifest.get("run"), str) else run.name)
    title = manifest.get("title") or f"Linkage quality report: {name}"
    failed = gates(evaluation, moved, contracts, reviews) if gates else ()
    inputs = Inputs(evaluation, contracts, manifest, title, profile, reviews, moved, failed)
    return render(inputs, run / "report" / "index.html")


def results_of(document: Any) -> list[dict[str, Any]]:
    """Results of contracts as a run keeps them, each with the folder of its suite, where there is one."""
    if isinstance(document, list):
        return document
    suites = {"suites": document["suites"]} if "suites" in document else {}
    return [{**result, **suites} for result in document.get("results", [])]


def headlines(evaluation: Mapping[str, Any], profile: str = "leo_publication") -> list[tuple[str, str, str]]:
    """The five figures that stand first, after disclosure control: label, figure, note, which says what a symbol in
    place of a figure stands for. For a terminal."""
    d, names = disclosure.Disclosure(disclosure.load(profile)), _names(shipped(), evaluation)
    subject = summary.subject_of(evaluation, d)
    lines = summary.headlines(evaluation, subject, pairs.pairs(subject.step, d), names, d)
    return [(line.label, line.text, line.note) for line in (summary.explained(line, d) for line in lines)]


def _names(catalogue: Catalogue, evaluation: Mapping[str, Any]) -> Names:
    return Names(catalogue, evaluation["steps"], of_things=bool(evaluation.get("of_things")))


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except json.JSONDecodeError as fault:
        raise InputError(f"{path}: not JSON at line {fault.lineno}\n  run the stage that wrote it again") from None


def _sides(evaluation: Mapping[str, Any], d: disclosure.Disclosure) -> dict[str, dict[str, released.Side]]:
    return {
        step["step"]: {side: released.side(step, side, d) for side in ("left", "right")} for step in evaluation["steps"]
    }


def _page(inputs: Inputs, catalogue: Catalogue) -> str:
    evaluation = inputs.evaluation
    if not evaluation["steps"]:
        raise InputError("the evaluation has no link step\n  a report needs one: add a [[step]] to the run's file")
    d, names = disclosure.Disclosure(disclosure.load(inputs.profile)), _names(catalogue, evaluation)
    # The largest charts, and nothing in them is to be hidden: they are drawn while it is found what is.
    models = {step["step"]: making.model_blocks(step, names, d) for step in evaluation["steps"]}
    sides = _sides(evaluation, d)
    subject = summary.subject_of(evaluation, d)
    shown_pairs = {step["step"]: pairs.pairs(step, d) for step in evaluation["steps"]}
    figures = summary.headlines(evaluation, subject, shown_pairs[subject.step["step"]], names, d)
    first: list[Headline] = [summary.explained(line, d) for line in figures]
    opening = statement.statement_part(
        evaluation,
        sides,
        subject,
        shown_pairs,
        names,
        d,
        reviews=inputs.reviews,
        has_last_release=bool(inputs.drift),
        failed_gates=inputs.failed_gates,
        to_be_known=facts.to_be_known(evaluation, inputs.manifest, names, d),
    )
    found: dict[str, Section | None] = {
        "flow": coverage.flow_section(evaluation, shown_pairs, subject, names, d),
        "rates": coverage.rates_section(evaluation, sides, subject, names),
        "unlinked": coverage.reasons_section(sides, subject, names),
        "bias": bias.bias_section(evaluation, sides, inputs.drift, names, d),
        "error": error.error_section(evaluation, shown_pairs, names, d),
        "causes": error_parts.causes_section(evaluation, names, d),
        "review": reviewed.review_section(evaluation, inputs.reviews, names, d),
        "expected": expected.expected_section(evaluation, names, d),
        "implausible": implausible.implausible_section(evaluation, names, d),
        "reliability": reliability.reliability_section(evaluation, names, d),
        "uncertainty": uncertainty.uncertainty_section(evaluation, sides, shown_pairs, names, d),
        "passes": making.passes_section(evaluation, shown_pairs, names),
        "blocking": blocking.blocking_section(evaluation, shown_pairs, names, d),
        "weights": making.weights_section(evaluation, shown_pairs, models, names),
        "drift": drift.drift_section(evaluation, inputs.drift, names, d, sides=sides),
        "extracts": extracts.extracts_section(inputs.manifest, d),
        "completeness": data.completeness_section(evaluation, names, d),
        "contracts": data.contracts_section(inputs.contracts, names, d),
        "methods": facts.methods_section(evaluation, inputs.manifest, names, d),
        "glossary": facts.glossary_section(names, d),
    }
    return document(inputs.title, summary.statement(subject, names, d), first, parts=[opening, *parts.arranged(found)])
