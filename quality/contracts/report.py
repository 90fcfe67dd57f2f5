"""What the catalogue promises of the data, checked by Great Expectations at the door and on what is published.

The engine counts each rule on all rows; Great Expectations judges the counts, a share a rule, so that it sees no person
and its results can hold no value. On Spark it runs natively: the engine makes flags of the rows, one a rule, by
the same text, and Great Expectations' Spark execution counts and judges them. No Data Docs are made and nothing is sent
anywhere. What each table is held to stands beside the results as a suite that others open (suites.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from linkage.catalogue import Catalogue, TableDef
from linkage.config import Source
from linkage.engine import Engine, Table, one, quote
from linkage.errors import ContractError
from quality.contracts.expectations import Expectation, Flagged, NotLookedAt, judge, judge_frame
from quality.contracts.rules import (
    Rule,
    attribute_rules,
    extract_rules,
    made_tables,
    published_rules,
    record_rules,
)
from quality.contracts.suites import suite

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
class Delivered:
    """A table of an extract as it was written.

    Attributes:
        described: what was approved of it.
        pseudonyms: columns that hold one of the project, of the form that `form`, a regular expression, says.
    """

    table: Table
    described: TableDef
    pseudonyms: tuple[str, ...]
    form: str


@dataclass(frozen=True)
class ContractReport:
    """All results. `critical` says in words what must stop a run.

    Attributes:
        suites: source to its rules as Great Expectations stores and loads them.
    """

    results: tuple[ContractResult, ...]
    suites: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

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
    delivered: Mapping[str, Delivered] | None = None,
) -> ContractReport:
    """Check records, tables of attributes, and tables that a run makes, against what is promised of them.

    Args:
        records: source -> its `records` (docs/tables.md).
        sources: source -> its configuration, which names its table in the catalogue; where it is not given, a source
            is taken for the dataset of its name.
        attributes: <dataset>_<table> -> its rows.
        published: table of the catalogue's dataset `leo`, or the spine -> its rows.
        delivered: table of an extract, as the results are to call it -> its rows.

    Returns:
        Every expectation with its counts; a critical one that fails is for the caller to act on.

    Raises:
        ConfigError: a source or table that the catalogue does not know.
    """
    held = [
        *(_of_records(catalogue, name, table, (sources or {}).get(name)) for name, table in records.items()),
        *(_of_attributes(catalogue, name, table) for name, table in (attributes or {}).items()),
        *(_of_published(catalogue, name, table) for name, table in (published or {}).items()),
        *(_of_delivered(catalogue, name, made) for name, made in (delivered or {}).items()),
    ]
    if engine.name == "spark":
        judged = [one for contract in held for one in _on_spark(engine, contract)]
    else:
        expectations = [one for contract in held for one in _counted(engine, contract)]
        judged = list(zip(expectations, judge(expectations), strict=True))
    return ContractReport(
        tuple(
            ContractResult(e.rule, e.source, e.column, e.checked, e.failed, e.share, e.limit, e.severity, success)
            for e, success in judged
        ),
        {one.name: suite(one.name, one.place, one.described, one.rules) for one in held},
    )


@dataclass(frozen=True)
class _Contract:
    """A table and what it is held to.

    Attributes:
        name: as results call it.
        place: as a run calls the table.
    """

    name: str
    place: str
    described: TableDef
    table: Table
    rules: Sequence[Rule]


def _of_records(catalogue: Catalogue, name: str, table: Table, source: Source | None) -> _Contract:
    described = _identity_table(catalogue, name, source)
    return _Contract(name, f"records/{name}", described, table, record_rules(described))


def _of_attributes(catalogue: Catalogue, name: str, table: Table) -> _Contract:
    described = catalogue.table_called(name)
    return _Contract(name, f"attributes/{name}", described, table, attribute_rules(catalogue, described))


def _of_published(catalogue: Catalogue, name: str, table: Table) -> _Contract:
    own, frames = made_tables()
    if name in own:
        known = catalogue.model_copy(update={"frames": {**catalogue.frames, **frames}})
        return _Contract(name, name, own[name], table, published_rules(known, own[name]))
    described = catalogue.table("leo", name)
    return _Contract(f"leo_{name}", name, described, table, published_rules(catalogue, described))


def _of_delivered(catalogue: Catalogue, name: str, made: Delivered) -> _Contract:
    rules = extract_rules(catalogue, made.described, made.pseudonyms, made.form, made.table.columns)
    return _Contract(name, made.described.name, made.described, made.table, rules)


def _identity_table(catalogue: Catalogue, name: str, source: Source | None) -> TableDef:
    """The catalogue's table that a source's records come from."""
    if source:
        return catalogue.table(source.dataset, source.table)
    tables = catalogue.datasets[name].table if name in catalogue.datasets else {}
    persons = [table for table in tables.values() if table.with_role("surname")]
    return persons[0] if persons else catalogue.table(name, "")


def _on_spark(engine: Engine, contract: _Contract) -> list[tuple[Expectation, bool]]:
    """The rules counted and judged by Great Expectations on a data frame of flags; those that are no matter of rows by
    their counts."""
    known = [one for rule in contract.rules if rule.known for one in _expected(contract, rule, *rule.known)]
    judged = list(zip(known, judge(known), strict=True))
    rules = [rule for rule in contract.rules if not rule.known]
    if not rules:
        return judged
    flagged = [Flagged(rule.name, contract.name, rule.column, f"flag_{i}", rule.limits) for i, rule in enumerate(rules)]
    flags = ", ".join(f"{rule.flag} as {one.flag}" for rule, one in zip(rules, flagged, strict=True))
    made = engine.sql(f"select {flags} from {{rows}}", rows=contract.table, store=True)
    spark = cast("SparkEngine", engine)
    try:
        judged += judge_frame(spark.data_frame(made), flagged)
    except NotLookedAt as error:
        told = spark.explain(error.said)
        raise (error if isinstance(told, ContractError) else told) from None  # flags are made: no row is at fault
    engine.drop(made)
    return judged


def _counted(engine: Engine, contract: _Contract) -> list[Expectation]:
    """The rules' counts in one look at the table, as what is expected of them."""
    if not contract.rules:
        return []
    counts = ", ".join(
        f"{rule.checked_count} as {quote(f'checked {index}')}, {rule.failed_count} as {quote(f'failed {index}')}"
        for index, rule in enumerate(contract.rules)
    )
    found = one(engine, engine.sql(f"select {counts} from {{rows}}", rows=contract.table))
    return [
        expectation
        for index, rule in enumerate(contract.rules)
        for expectation in _expected(contract, rule, found[f"checked {index}"], found[f"failed {index}"])
    ]


def _expected(contract: _Contract, rule: Rule, checked: int, failed: int) -> list[Expectation]:
    """A rule's counts at each of its severities."""
    return [
        Expectation(rule.name, contract.name, rule.column, checked, failed, limit, severity)
        for severity, limit in rule.limits.items()
    ]
