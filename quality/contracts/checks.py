"""Count each rule of a table in one query on either engine, and have the counts judged.

Each table's rules are stored with the results as a suite of Great Expectations. Nothing
is sent anywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from linkage.catalogue import Catalogue, TableDef
from linkage.config import Source
from linkage.engine import Engine, Table, one, quote
from quality.contracts.expectations import judge, suite
from quality.contracts.rules import (
    Rule,
    attribute_rules,
    extract_rules,
    made_tables,
    published_rules,
    record_rules,
)


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
        pseudonyms: columns that hold pseudonyms of the project.
        form: a pseudonym's form, a regular expression.
    """

    table: Table
    described: TableDef
    pseudonyms: tuple[str, ...]
    form: str


@dataclass(frozen=True)
class ContractReport:
    """All results.

    Attributes:
        suites: source to its rules as Great Expectations stores and loads them.
    """

    results: tuple[ContractResult, ...]
    suites: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many rules are not met, at either severity."""
        return sum(not result.success for result in self.results)

    @property
    def critical(self) -> list[str]:
        """A line for each critical rule that is not met: counts, no values."""
        return [
            f"{r.source}{f'.{r.column}' if r.column else ''}: {r.rule}: fails in "
            f"{r.failed:,} of {r.checked:,} "
            f"({r.share:.2%}), at most {r.limit:.2%} allowed"
            for r in self.results
            if r.severity == "critical" and not r.success
        ]

    def as_dict(self) -> dict[str, Any]:
        """Plain types, for JSON and the report."""
        return {
            "failed": self.failed,
            "critical": self.critical,
            "results": [asdict(r) for r in self.results],
        }


@dataclass(frozen=True)
class _Contract:
    """A table and its rules; `name` as results call it, `place` as a run does."""

    name: str
    place: str
    described: TableDef
    table: Table
    rules: Sequence[Rule]


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
    """Check records, tables of attributes, and tables that a run makes, against what is
    promised of them.

    Args:
        records: source -> its `records` (docs/reference/tables.md).
        sources: source -> its configuration, which names its table in the catalogue;
            where it is not given, a source is the dataset of its name.
        attributes: <dataset>_<table> -> its rows.
        published: table of the catalogue's dataset `leo`, or the spine -> its rows.
        delivered: table of an extract, as results are to call it -> its rows.

    Returns:
        Every rule with its counts; a critical one that fails is for the caller to act
        on.

    Raises:
        ConfigError: a source or table that the catalogue does not know.
    """
    contracts = [
        _of_records(catalogue, name, table, (sources or {}).get(name))
        for name, table in records.items()
    ]
    for name, table in (attributes or {}).items():
        definition = catalogue.table_called(name)
        rules = attribute_rules(catalogue, definition)
        contracts.append(
            _Contract(name, f"attributes/{name}", definition, table, rules)
        )
    contracts += [
        _of_published(catalogue, name, table)
        for name, table in (published or {}).items()
    ]
    for name, delivery in (delivered or {}).items():
        rules = extract_rules(
            catalogue,
            delivery.described,
            delivery.pseudonyms,
            delivery.form,
            delivery.table.columns,
        )
        contracts.append(
            _Contract(
                name, delivery.described.name, delivery.described, delivery.table, rules
            )
        )
    counts = [result for contract in contracts for result in _counted(engine, contract)]
    successes = judge([(result.share, result.limit) for result in counts])
    results = (
        replace(result, success=success)
        for result, success in zip(counts, successes, strict=True)
    )
    suites = {
        one.name: suite(one.name, one.place, one.described, one.rules)
        for one in contracts
    }
    return ContractReport(tuple(results), suites)


def _of_records(
    catalogue: Catalogue, name: str, table: Table, source: Source | None
) -> _Contract:
    if source:
        definition = catalogue.table(source.dataset, source.table)
    else:
        tables = (
            catalogue.datasets[name].table.values()
            if name in catalogue.datasets
            else ()
        )
        of_people = next((one for one in tables if one.with_role("surname")), None)
        definition = of_people or catalogue.table(name, "")
    return _Contract(
        name, f"records/{name}", definition, table, record_rules(definition)
    )


def _of_published(catalogue: Catalogue, name: str, table: Table) -> _Contract:
    known = made_tables().get(name)
    definition = known or catalogue.table("leo", name)
    return _Contract(
        name if known else f"leo_{name}",
        name,
        definition,
        table,
        published_rules(catalogue, definition),
    )


def _counted(engine: Engine, contract: _Contract) -> list[ContractResult]:
    """The rules' counts from one pass over the table, at each severity, not yet
    judged.
    """
    if not contract.rules:
        return []
    counts = ", ".join(
        f"{rule.checked_count} as {quote(f'checked {index}')}, {rule.failed_count} as "
        f"{quote(f'failed {index}')}"
        for index, rule in enumerate(contract.rules)
    )
    row = one(engine, engine.sql(f"select {counts} from {{rows}}", rows=contract.table))
    results = []
    for index, rule in enumerate(contract.rules):
        check_count, failed = row[f"checked {index}"], row[f"failed {index}"]
        share = failed / check_count if check_count else 0.0
        results += [
            ContractResult(
                rule.name,
                contract.name,
                rule.column,
                check_count,
                failed,
                share,
                limit,
                severity,
                success=False,
            )
            for severity, limit in rule.limits.items()
        ]
    return results
