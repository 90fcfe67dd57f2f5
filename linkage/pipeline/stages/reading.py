"""The stages that turn files into records, entities and attributes."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from linkage.config import AttributeTable, Source
from linkage.pipeline.job import Job, shipped_files
from linkage.pipeline.stage import Counts, Stage, Workspace
from linkage.records import (
    AttributeSummary,
    ReadingSummary,
    damage_named,
    described,
    gather_entities,
    read_attributes,
    read_source,
)

MODULES = ("linkage.records", "linkage.pipeline.stages.reading")


def records_stage(job: Job, name: str) -> Stage:
    """A source's files to records/<name> and quarantine/<name>."""
    source = job.config.source[name]

    def work(space: Workspace) -> Counts:
        result = read_source(
            space.engine,
            job.catalogue,
            name,
            source,
            job.data,
            digest=space.digest,
            progress=space.note,
        )
        space.write(f"records/{name}", result.records)
        space.write(f"quarantine/{name}", result.quarantine)
        _tell(space, result.summary, f"quarantine/{name}")
        return _counted(asdict(result.summary))

    return Stage(
        name=f"records-{name}",
        work=work,
        makes=(f"records/{name}", f"quarantine/{name}"),
        settings={
            "source": source.model_dump(mode="json"),
            "catalogue": _described(job, source),
        },
        files=_files(job, f"source.{name}"),
        modules=MODULES,
    )


def entities_stage(job: Job, name: str) -> Stage:
    """records/<name> to entities/<name> and identifier_records/<name>; ids go on where
    the source before it ended.
    """
    before = list(job.config.source)[: list(job.config.source).index(name)][-1:]
    columns = job.config.kept_columns()

    def work(space: Workspace) -> Counts:
        first = space.counts(f"entities/{before[0]}")["next_entity_id"] if before else 1
        result = gather_entities(
            space.engine,
            space.table(f"records/{name}"),
            first_entity_id=first,
            kept=columns,
        )
        space.write(f"entities/{name}", result.entities)
        space.write(f"identifier_records/{name}", result.identifier_records)
        return {"entities": result.count, "next_entity_id": first + result.count}

    return Stage(
        name=f"entities-{name}",
        work=work,
        reads=(f"records/{name}", *(f"entities/{source}" for source in before)),
        makes=(f"entities/{name}", f"identifier_records/{name}"),
        settings={"kept": list(columns)} if columns else {},
        modules=MODULES,
    )


def attributes_stage(job: Job, name: str) -> Stage:
    """A table's files to attributes/<dataset>_<table>, keyed by entity_id."""
    table = job.config.attributes[name]
    table_name = f"{table.dataset}_{table.table}"
    output, quarantine = (
        f"attributes/{table_name}",
        f"quarantine/attributes_{table_name}",
    )

    def work(space: Workspace) -> Counts:
        entities = space.table(f"entities/{table.source}")
        attributes = read_attributes(
            space.engine,
            job.catalogue,
            name,
            table,
            job.data,
            entities,
            digest=space.digest,
            progress=space.note,
        )
        with damage_named(attributes.files):
            space.write(output, attributes.rows)
        space.write(quarantine, attributes.quarantine)
        _tell(space, attributes.summary, quarantine)
        return _counted(asdict(attributes.summary))

    return Stage(
        name=f"attributes-{name}",
        work=work,
        reads=(f"entities/{table.source}",),
        makes=(output, quarantine),
        settings={
            "table": table.model_dump(mode="json"),
            "catalogue": _described(job, table),
        },
        files=_files(job, f"attributes.{name}"),
        modules=MODULES,
    )


def _files(job: Job, key: str) -> dict[str, Path]:
    """Input files, and the rules by which records are standardised."""
    return {job.relative(path): path for path in job.files[key]} | shipped_files(
        "records/*.toml"
    )


def _tell(
    space: Workspace, summary: ReadingSummary | AttributeSummary, table: str
) -> None:
    """Quarantined rows, rows without an entity, absent columns: reported at once, since
    they are lost to all that follows.
    """
    if isinstance(summary, ReadingSummary) and summary.absent:
        space.tell(
            f"{summary.source}: no file has the column {', '.join(summary.absent)}; "
            "nothing is known of what it holds"
        )
    if summary.rejections:
        text = described(summary.rejections, summary.rows_read)
        if any(
            "bytes that are not" in rejection.reason for rejection in summary.rejections
        ):
            text += (
                "\n  if the files are in another encoding say so in their format: "
                'encoding = "cp1252"'
            )
        space.tell(f"{text}\n  they are kept in the table {table}")
    if isinstance(summary, AttributeSummary) and summary.orphans:
        space.tell(
            f"{summary.table}: {summary.orphans:,} of {summary.rows_read:,} rows "
            "belong to no entity"
        )


def _counted(summary: dict[str, Any]) -> Counts:
    """A reading's summary, its files as inputs of the manifest."""
    files = {
        file["path"]: {k: file[k] for k in ("rows", "bytes", "sha256")}
        for file in summary.pop("files")
    }
    return {**summary, "inputs": files}


def _described(job: Job, part: Source | AttributeTable) -> dict[str, Any]:
    """What the catalogue says of a table: a changed description of it changes how it is
    read.
    """
    table = job.catalogue.table(part.dataset, part.table)
    frames = {v.frame: job.catalogue.frame(v) for v in table.variable if v.frame}
    return {"table": table.model_dump(mode="json"), "frames": frames}
