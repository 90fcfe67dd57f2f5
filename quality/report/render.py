"""The linkage quality report: one file that fetches nothing, read by eye, keyboard or
screen reader, or on paper.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage.catalogue import Catalogue, shipped
from linkage.config.file_run import is_file_run
from linkage.errors import InputError
from quality import disclosure
from quality.measures.evaluated import evaluation_of, stored
from quality.report.document import banner_of, document, write_page
from quality.report.names import Names
from quality.report.page import Part, Section
from quality.report.released import Inputs, Publication
from quality.report.sections import (
    bias,
    coverage,
    data,
    drift,
    error,
    implausible,
    linking,
    methods,
    statement,
)
from quality.report.showing import moment

__all__ = ["Inputs", "headlines", "render", "render_run", "results_of"]


PUBLICATION = "leo_publication"
"""The profile of what is published."""


def render(inputs: Inputs, out: Path, catalogue: Catalogue | None = None) -> Path:
    """Write the report to `out`, whole or not at all, and return it.

    Raises:
        InputError: the evaluation has no step.
        ConfigError: there is no such disclosure profile.
    """
    if not inputs.evaluation["steps"]:
        raise InputError(
            "the evaluation has no link step\n  a report needs one: add a [[step]] to "
            "the run's file"
        )
    p, manifest = _publication(inputs, catalogue), inputs.manifest
    banner = banner_of(manifest)  # it has the facts of `about`
    version = (manifest.get("versions") or {}).get("leo-linkage")
    facts = [
        str(manifest.get("name") or manifest.get("run") or ""),
        moment(str(manifest.get("finished") or manifest.get("started") or "")),
        f"leo-linkage {version}" if version else "",
        "" if p.d.profile.threshold > 1 or inputs.profile else p.d.profile.title,
    ]
    page = document(
        inputs.title,
        statement.summary(p),
        statement.headlines(p),
        parts=[statement.statement_part(p), *_parts(p)],
        banner=banner,
        about="" if banner else ", ".join(filter(None, facts)),
    )
    return write_page(page, out)


def render_run(
    run: Path,
    reviews: Sequence[Mapping[str, Any]] = (),
    profile: str | None = None,
    *,
    gates: Callable[..., Sequence[str]] | None = None,
) -> Path:
    """Write RUN/report/index.html from RUN/quality/*.json, RUN/manifest.json and
    reviews of its links.

    Args:
        profile: by default exact counts of a folder of leo link or leo dedupe, which
            holds the user's own data, and LEO's rules for publications of any other
            run.
        gates: given evaluation, drift, contracts and reviews, names those that fail.

    Raises:
        InputError: the run was not evaluated, or a file is not JSON.
    """
    path = run / "quality" / "evaluation.json"
    manifest = (stored(run / "manifest.json") or {}) | (
        stored(run / "release.json") or {}
    )
    if not path.exists():
        reason = "finish the run first: leo run"
        if manifest.get("status") == "gate failed":
            reason = (
                "a gate stopped the run before it was evaluated; "
                f"{run / 'log.jsonl'} says which"
            )
        raise InputError(f"{path}: no such file\n  {reason}")
    evaluation = evaluation_of(path)
    is_own = is_file_run(manifest.get("configuration") or {})
    profile = profile or ("" if is_own else PUBLICATION)
    contracts: list[Mapping[str, Any]] = []
    extracts = sorted(
        path.name for path in run.glob("quality/contracts-extract-*.json")
    )
    for name in ("contracts.json", "contracts-published.json", *extracts):
        contracts += results_of(stored(run / "quality" / name) or [])
    changes = stored(run / "quality" / "drift.json")
    name = manifest.get("name") or (
        manifest["run"] if isinstance(manifest.get("run"), str) else run.name
    )
    title = manifest.get("title") or f"Linkage quality report: {name}"
    failed = gates(evaluation, changes, contracts, reviews) if gates else ()
    inputs = Inputs(
        evaluation, contracts, manifest, title, profile, reviews, changes, failed
    )
    return render(inputs, run / "report" / "index.html")


def results_of(document: Any) -> list[dict[str, Any]]:
    """Results of contracts as a run keeps them, each with the folder of its suite."""
    if isinstance(document, list):
        return document
    suites = {"suites": document["suites"]} if "suites" in document else {}
    return [{**result, **suites} for result in document.get("results", [])]


def headlines(
    evaluation: Mapping[str, Any], profile: str = "leo_publication"
) -> list[tuple[str, str, str]]:
    """The five figures at the top of the report, after disclosure control: label,
    figure, note. For a terminal.
    """
    lines = statement.headlines(_publication(Inputs(evaluation, profile=profile), None))
    return [(line.label, line.text, line.note) for line in lines]


def _publication(inputs: Inputs, catalogue: Catalogue | None) -> Publication:
    units = "people" if inputs.evaluation.get("spine") else "records"
    names = Names(catalogue or shipped(), inputs.evaluation["steps"], units)
    profile = disclosure.load(inputs.profile) if inputs.profile else disclosure.exact()
    return Publication(**vars(inputs), names=names, d=disclosure.Disclosure(profile))


_PARTS: Sequence[
    tuple[str, str, str, Sequence[Callable[[Publication], Section | None]]]
] = (
    (
        "data-linkage",
        "Data linkage",
        "Records in, people out, and how links were made. GUILD: data linkage. NHS "
        "QAF: transparency. RECORD 6.3.",
        (
            *(
                coverage.records_section,
                coverage.rates_section,
                coverage.unlinked_section,
            ),
            *(linking.passes_section, linking.blocking_section, linking.model_section),
        ),
    ),
    (
        "linkage-error",
        "False links and missed matches",
        "Linkage error by every measure there is. GUILD: data linkage. NHS QAF: "
        "linkage quality. RECORD 12.3.",
        (
            *(
                error.accuracy_section,
                error.errors_section,
                error.review_section,
                error.estimated_section,
            ),
            implausible.implausible_section,
        ),
    ),
    (
        "analysis",
        "Analysis of linked data",
        "Bias, calibration and uncertainty of the links. GUILD: analysis of linked "
        "data. NHS QAF: linkage quality.",
        (bias.bias_section, error.calibration_section, coverage.draws_section),
    ),
    (
        "data-provision",
        "Data provision",
        "Quality of the sources. GUILD: data provision. NHS QAF: transparency.",
        (data.contracts_section, coverage.completeness_section, drift.drift_section),
    ),
    (
        "reporting",
        "Methods",
        "What to cite. GUILD: report writing. NHS QAF: safety. RECORD 12.3.",
        (methods.methods_section, methods.glossary_section),
    ),
)
"""Evidence under the headings of GUILD (Gilbert and others 2018), NHS England's quality
assurance framework for data linkage (NHS QAF) and RECORD (Benchimol and others 2015).
"""


def _parts(p: Publication) -> list[Part]:
    parts = [
        Part(name, title, summary, [one for section in sections if (one := section(p))])
        for name, title, summary, sections in _PARTS
    ]
    return [part for part in parts if part.sections]
