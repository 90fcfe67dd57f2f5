"""What the catalogue promises of the data, checked by Great Expectations at the door and on what is published.

The engine counts each rule on all rows; Great Expectations judges the counts, a share a rule, so that it sees no person
and its results can hold no value. On Spark it runs natively: the engine makes flags of the rows, one a rule, by
the same text, and Great Expectations' Spark execution counts and judges them. No Data Docs are made and nothing is sent
anywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from linkage.catalogue import Catalogue, TableDef
from linkage.config import Source
from linkage.engine import Engine, Table, one, quote
from quality.contracts.expectations import Expectation, Flagged, judge, judge_frame
from quality.contracts.rules import Rule, attribute_rules, published_rules, record_rules

if TYPE_CHECKING:
    from linkage.engine.spark import SparkEngine


@dataclass(frozen=True)
class ContractResult:
    """One rule of one source, at one severity."""

    rule: str
    source: str
    column: str | None
    checked: int
    failed: int
    share: float
    limit: float  # the largest share that may fail
    severity: str  # "critical" or "warning"
    success: bool


@dataclass(frozen=True)
class ContractReport:
    """All results. `critical` says in words what must stop a run."""

    results: tuple[ContractResult, ...]

    @property
    def failed(self) -> int:
        """How many expectations are not met, of either severity."""
        return sum(not result.success for result in self.results)

    @property
    def critical(self) -> list[str]:
        """A line for each critical expectation that is not met: counts, no values."""
        return [
            f"{r.source}{f'.{r.column}' if r.column else ''}: {r.rule}: not so in {r.failed:,} of "
            f"{r.checked:,} ({r.share:.2%}), at most {r.limit:.2%} allowed"
            for r in self.results
            if r.severity == "critical" and not r.success
        ]

    def as_dict(self) -> dict[str, Any]:
        """Plain types, for JSON and the report."""
        return {"failed": self.failed, "critical": self.critical, "results": [asdict(r) for r in self.results]}


def check(
    engine: Engine,
    catalogue: Catalogue,
    records: Mapping[str, Table],
    *,
    sources: Mapping[str, Source] | None = None,
    attributes: Mapping[str, Table] | None = None,
    published: Mapping[str, Table] | None = None,
) -> ContractReport:
    """Check records, tables of attributes, and tables that a run makes, against the catalogue.

    Args:
        records: source -> its `records` (docs/tables.md).
        sources: source -> its configuration, which names its table in the catalogue; where it is not given, a source
            is taken for the dataset of its name.
        attributes: <dataset>_<table> -> its rows.
        published: table of the catalogue's dataset `leo` -> its rows.

    Returns:
        Every expectation with its counts; a critical one that fails is for the caller to act on.

    Raises:
        ConfigError: a source or table that the catalogue does not know.
    """
    asked: list[tuple[str, Table, list[Rule]]] = []
    for name, table in records.items():
        described = _identity_table(catalogue, name, (sources or {}).get(name))
        asked.append((name, table, record_rules(described)))
    for name, table in (attributes or {}).items():
        asked.append((name, table, attribute_rules(catalogue, catalogue.table_called(name))))
    for name, table in (published or {}).items():
        asked.append((f"leo_{name}", table, published_rules(catalogue, catalogue.table("leo", name))))
    if engine.name == "spark":
        judged = [one for name, table, rules in asked for one in _on_spark(engine, name, table, rules)]
    else:
        expectations = [one for name, table, rules in asked for one in _counted(engine, name, table, rules)]
        judged = list(zip(expectations, judge(expectations), strict=True))
    return ContractReport(
        tuple(
            ContractResult(e.rule, e.source, e.column, e.checked, e.failed, e.share, e.limit, e.severity, success)
            for e, success in judged
        )
    )


def _identity_table(catalogue: Catalogue, name: str, source: Source | None) -> TableDef:
    """The catalogue's table that a source's records come from."""
    if source:
        return catalogue.table(source.dataset, source.table)
    tables = catalogue.datasets[name].table if name in catalogue.datasets else {}
    persons = [table for table in tables.values() if table.with_role("surname")]
    return persons[0] if persons else catalogue.table(name, "")


def _on_spark(engine: Engine, source: str, table: Table, rules: Sequence[Rule]) -> list[tuple[Expectation, bool]]:
    """The rules counted and judged by Great Expectations on a data frame of flags."""
    if not rules:
        return []
    flagged = [Flagged(rule.name, source, rule.column, f"flag_{i}", rule.limits) for i, rule in enumerate(rules)]
    flags = ", ".join(f"{rule.flag} as {one.flag}" for rule, one in zip(rules, flagged, strict=True))
    made = engine.sql(f"select {flags} from {{rows}}", rows=table, store=True)
    judged = judge_frame(cast("SparkEngine", engine).data_frame(made), flagged)
    engine.drop(made)
    return judged


def _counted(engine: Engine, source: str, table: Table, rules: Sequence[Rule]) -> list[Expectation]:
    """The rules' counts in one look at the table, as what is expected of them."""
    if not rules:
        return []
    counts = ", ".join(
        f"{rule.checked_count} as {quote(f'checked {index}')}, {rule.failed_count} as {quote(f'failed {index}')}"
        for index, rule in enumerate(rules)
    )
    found = one(engine, engine.sql(f"select {counts} from {{rows}}", rows=table))
    return [
        Expectation(rule.name, source, rule.column, found[f"checked {i}"], found[f"failed {i}"], limit, severity)
        for i, rule in enumerate(rules)
        for severity, limit in rule.limits.items()
    ]
