"""Two folders to be compared: of `leo run`, `leo link` or `leo dedupe`, as their tables
lie there.
"""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from linkage.errors import ConfigError
from linkage.pipeline.folder import document_of
from linkage.pipeline.linked_files import (
    CLUSTERS_OF_A_FILE,
    LINKS_OF_FILES,
    MODEL,
    facts_of_files,
    is_of_files,
    table_of,
)
from linkage.pipeline.manifest import manifest_of, steps_to_come
from linkage.pipeline.opened import OpenRun

if TYPE_CHECKING:
    from linkage.engine import Engine
    from quality.dashboard.comparison import RunTables


def both(
    engine: "Engine", before: Path, after: Path
) -> tuple["RunTables", "RunTables"]:
    """The tables of two folders.

    Raises:
        ConfigError: one is no such folder, or they are of two kinds.
    """
    manifests = manifest_of(before), manifest_of(after)
    kind, other = (
        _kind(root, manifest)
        for root, manifest in zip((before, after), manifests, strict=True)
    )
    if kind != other:
        raise ConfigError(
            f"{before} is of {kind}, {after} of {other}\n  only two of one kind can be "
            "compared"
        )
    tables = (
        _of_run
        if kind == "leo run"
        else functools.partial(_of_files, of_one_file=kind == "leo dedupe")
    )
    return tables(engine, before, manifests[0]), tables(engine, after, manifests[1])


def _kind(root: Path, manifest: dict[str, Any]) -> str:
    if not is_of_files(manifest):
        return "leo run"
    facts = facts_of_files(root, manifest)
    return "leo dedupe" if facts.config.of_one_file else "leo link"


def _of_run(engine: "Engine", root: Path, manifest: dict[str, Any]) -> "RunTables":
    from quality.dashboard.comparison import RunTables

    if "configuration" not in manifest:
        raise ConfigError(
            f"{root}: is not a folder of leo run, leo link or leo dedupe\n"
            "  give the folder that one of them wrote to (--out)"
        )
    run = OpenRun(engine, root)
    links = run.tables_below("links")
    if missing_steps := steps_to_come(manifest):
        unfinished = (
            f"{root}: has not linked {', '.join(missing_steps)}: its status "
            f"is '{manifest['status']}'"
        )
        if not links:
            raise ConfigError(f"{unfinished}\n  finish it first: leo run")
        typer.echo(f"{unfinished}; the same leo run goes on", err=True)
    models = {step: root / "models" / f"{step}.json" for step in links}
    return RunTables(
        name=str(root),
        manifest=manifest,
        links=links,
        units=run.tables_below("units"),
        models={
            step: document_of(path) for step, path in models.items() if path.is_file()
        },
        entities=run.tables_below("entities"),
        attributes=run.tables_below("attributes"),
        configuration=manifest["configuration"],
        counts={step: run.counts.get(f"link-{step}") or {} for step in links},
    )


def _of_files(
    engine: "Engine", root: Path, manifest: dict[str, Any], *, of_one_file: bool
) -> "RunTables":
    """Links that bear the ids of the files, as the only step."""
    from linkage.pipeline.linked_files import dedupe_thresholds
    from quality.dashboard.comparison import RunTables

    facts = facts_of_files(root, manifest)
    step, counts = facts.step.name, dict(facts.counts)
    if of_one_file:
        limits = dedupe_thresholds(facts.step.accept_probability)
        counts["thresholds"] = {"accept": limits.accept, "review": limits.review}
    sources = facts.config.source
    return RunTables(
        name=str(root),
        manifest=manifest,
        links={},
        units={},
        models={step: document_of(root / MODEL)},
        entities={},
        configuration={
            "threshold": facts.step.accept_probability,
            "columns": {
                side: {field: list(names) for field, names in source.columns.items()}
                for side, source in sources.items()
            },
            "compared_as": facts.compared,
            "file": {
                name: counted["sha256"][:12]
                for name, counted in manifest["inputs"].items()
            },
        },
        counts={step: counts},
        keyed={step: table_of(engine, root / "links.parquet", *LINKS_OF_FILES)},
        clusters=table_of(engine, root / "clusters.parquet", *CLUSTERS_OF_A_FILE)
        if of_one_file
        else None,
    )
