"""What is measured of linked files, for their report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.config import Step
from linkage.engine import Engine, Table, one, quote
from linkage.files.dedupe import Deduplicated
from linkage.files.notes import recall_unknown
from linkage.files.prepare import Records
from linkage.files.read_file import PersonFile
from linkage.files.train import FileSides
from linkage.match.recall import sample_of_pairs, true_pairs_reached
from linkage.match.step import StepResult


@dataclass(frozen=True)
class SourceCounts:
    """What was counted when a file was read; no value of it.

    Attributes:
        rows: of the file; rejected: reason to how many of them could not be read.
        unparsed_birth_dates: in no form that is read.
        repeated: share of records of people who have several.
    """

    name: str
    rows: int
    sha256: str
    rejected: dict[str, int]
    first_line_rejected: int | None
    unparsed_birth_dates: int
    repeated: float

    @classmethod
    def of_file(cls, file: PersonFile, records: Records) -> "SourceCounts":
        """The counts of a file that was read."""
        return cls(
            name=file.name,
            rows=file.rows,
            sha256=file.sha256,
            rejected=file.rejected_reasons(),
            first_line_rejected=min((line for line, _ in file.rejected), default=None),
            unparsed_birth_dates=records.unparsed_dates,
            repeated=records.repeated,
        )

    @property
    def rejected_rows(self) -> int:
        """How many rows could not be read."""
        return sum(self.rejected.values())

    def as_input(self) -> dict[str, Any]:
        """As the manifest lists its inputs."""
        return {
            "rows": self.rows,
            "linked_rows": self.rows - self.rejected_rows,
            "sha256": self.sha256,
            "rejected": self.rejected,
            "first_line_rejected": self.first_line_rejected,
            "unparsed_birth_dates": self.unparsed_birth_dates,
        }


def evaluate_link(
    engine: Engine,
    sides: FileSides,
    sources: Sequence[SourceCounts],
    step: Step,
    result: StepResult,
    training: Mapping[str, Any],
    true_pairs: Table | None,
) -> dict[str, Any]:
    """Aggregates for the report of two linked files."""
    left, right = sides.units

    def reached(pairs: Table) -> dict[str, Any]:
        sample = sample_of_pairs(engine, pairs)
        return true_pairs_reached(
            engine, result.model, (left, right), result.links, sample
        )

    return _evaluate(
        engine,
        sides,
        sources,
        name=step.name,
        links=result.links,
        unlinked=result.unlinked,
        units=result.units,
        joins_second_records=step.duplicates == "join",
        cardinality=step.cardinality,
        model=result.model.raw,
        blocking={**result.summary, "choice": training.get("blocking")},
        reached=reached,
        sampled=result.draws,
        draws=step.link_draws,
        recall_unknown=recall_unknown(training),
        true_pairs=true_pairs,
    )


def evaluate_dedupe(
    engine: Engine,
    sides: FileSides,
    sources: Sequence[SourceCounts],
    result: Deduplicated,
    training: Mapping[str, Any],
    true_pairs: Table | None,
) -> dict[str, Any]:
    """Aggregates for the report of one file.

    Both sides are the file, and a record counts as linked when it has a duplicate.
    """
    evaluation = _evaluate(
        engine,
        sides,
        sources,
        name="dedupe",
        cardinality="many-to-many",
        links=result.links,
        unlinked=result.unlinked,
        units=result.step.units,
        model=result.model.raw,
        blocking={**result.step.summary, "rules": []},  # counted of two files only
        recall_unknown=recall_unknown(training),
        true_pairs=true_pairs,
    )
    alone = sum(result.summary["alone"].values())
    for side in evaluation["steps"][0]["sides"]:
        side["linked"] = result.summary["records"] - alone
    sizes = [
        {"records": size, "people": people}
        for size, people in result.summary["clusters_by_records"].items()
    ]
    clusters = {
        "records": result.summary["records"],
        "people": result.summary["clusters"],
        "sizes": sizes,
    }
    return evaluation | {"clusters": clusters}


def _evaluate(
    engine: Engine, sides: FileSides, sources: Sequence[SourceCounts], **step: Any
) -> dict[str, Any]:
    from quality.measures.evaluation import Inputs, StepTables, evaluate

    names = [source.name for source in sources]
    described = [
        _describe_source(engine, source, units)
        for source, units in zip(sources, sides.units, strict=True)
    ]
    tables = StepTables(left=names[0], right=names[-1], **step)
    return evaluate(engine, Inputs(steps=[tables], sources=described))


def _describe_source(
    engine: Engine, source: SourceCounts, units: Table
) -> dict[str, Any]:
    """A file as `quality.measures.evaluation` has its sources: rows, and how many
    records know each field.
    """
    counts = ", ".join(
        f"count({quote(name)}) as {quote(name)}" for name in units.columns
    )
    known = one(engine, engine.sql(f"select {counts} from {{t}}", t=units))
    records = int(known.pop("unit_id"))
    complete = [
        {"identifier": name, "entities": records, "present": count, "several": None}
        for name, count in known.items()
    ]
    return {
        "source": source.name,
        "rows_read": source.rows,
        "records": source.rows - source.rejected_rows,
        "quarantined": source.rejected_rows,
        "entities": records,
        "completeness": complete,
    }
