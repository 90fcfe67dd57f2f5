"""Tables that belong to entities: what is known of them, keyed by entity_id, without
anything that identifies.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from linkage.catalogue import Catalogue, TableDef, Variable
from linkage.config import AttributeTable
from linkage.engine import Engine, Table, columns, one, quote
from linkage.errors import InputError
from linkage.records.layout import attribute_columns
from linkage.records.quarantine import (
    AttributeSummary,
    faults_of,
    first_fault,
    quarantine_rows,
)
from linkage.records.raw_rows import RawRows, opened
from linkage.records.source_files import GivenFiles, sha256_of
from linkage.records.values import as_text, as_type, entity_key, is_typed

_ENTITY_KEY = "entity key"
_MOST_IDENTIFYING = 2  # DfE's scale: 1 and 2 name a person, alone or with little else
_SHARED_ROLES = (
    "sex",
    "valid_from",
    "valid_to",
)  # linkage reads these and so do extracts


@dataclass(frozen=True)
class Attributes:
    """A table of attributes and what reading it came to.

    Attributes:
        rows: read again from their files where these are Parquet, whenever somebody
            asks for them.
        files: those that they are read from; see `damage_named`.
    """

    rows: Table
    quarantine: Table
    summary: AttributeSummary
    files: Sequence[Path] = ()


def is_attribute(variable: Variable) -> bool:
    """Whether extracts may see a variable: no key, no identifier of linkage but sex,
    not of identifiability 1 or 2.
    """
    return (
        variable.role is None or variable.role in _SHARED_ROLES
    ) and variable.identifiability > _MOST_IDENTIFYING


def read_attributes(
    engine: Engine,
    catalogue: Catalogue,
    name: str,
    spec: AttributeTable,
    data: Path,
    entities: Table,
    *,
    digest: Callable[[Path], str] = sha256_of,
    progress: Callable[[str], None] | None = None,
) -> Attributes:
    """Read a table whose rows belong to the entities of a source.

    Args:
        name: the table's name in the run; the quarantine's `source`.
        entities: entity_id and entity_key of the source that `spec.source` names.
        digest: SHA-256 of a file, for whoever has it already.

    Returns:
        rows: entity_id, then the catalogue's variables that are attributes, under the
            catalogue's names, typed; a value
        that has not its type is NULL and counted. In Parquet the rows are a view on the
        files, in CSV they are stored.
        quarantine: rows without a required value. rows + orphans + quarantine = rows
            read.

    Raises:
        InputError: see read_source.
    """
    say = progress or (lambda _: None)
    place, table = f"attributes.{name}", catalogue.table(spec.dataset, spec.table)

    def variables_of(header: Sequence[str], file: str) -> dict[str, Variable]:
        return attribute_columns(place, table, header, file)

    say(f"{name}: opening the files")
    with opened(
        engine, GivenFiles(place, spec.files, spec.format, data, digest), variables_of
    ) as raw:
        variables = variables_of(raw.header, raw.files[0].path)
        column_of = {variable.name: column for column, variable in variables.items()}
        required_columns = [
            column for column, variable in variables.items() if variable.required
        ]
        faults = faults_of(required_columns, [], [], raw.types, ())
        say(f"{name}: checking {raw.rows_read:,} rows")
        rejects = quarantine_rows(engine, name, raw, faults, required_columns)
        alternatives = _key_columns(spec, table, column_of)
        formats = (spec.format.date_format,)
        rows = _rows(
            engine,
            raw,
            variables,
            alternatives,
            first_fault(faults) if rejects.has_faults else None,
            formats,
            entities,
        )
        count = engine.count(rows)
        summary = AttributeSummary(
            table=name,
            rows_read=raw.rows_read,
            rows=count,
            orphans=raw.rows_read - rejects.count - count,
            quarantined=rejects.count,
            rejections=rejects.rejections,
            files=raw.files,
            unread=_unread(engine, raw, variables, formats),
        )
    return Attributes(rows, rejects.table, summary, () if raw.is_csv else raw.paths)


def _key_columns(
    spec: AttributeTable, table: TableDef, column_of: dict[str, str]
) -> list[tuple[str, ...]]:
    if not table.entity_key:
        raise InputError(
            f"the catalogue's table {spec.dataset}.{spec.table} has no entity_key\n"
            "  say in the catalogue which of its columns carry the key of an entity"
        )
    return [
        tuple(column_of[name] for name in alternative)
        for alternative in table.entity_key
    ]


def _rows(
    engine: Engine,
    raw: RawRows,
    variables: dict[str, Variable],
    alternatives: list[tuple[str, ...]],
    fault: str | None,
    date_formats: Sequence[str],
    entities: Table,
) -> Table:
    attributes = {
        column: variable
        for column, variable in variables.items()
        if is_attribute(variable)
    }
    key = entity_key(alternatives, raw.types, variables)
    expressions = {
        v.name: as_type(column, raw.types[column], v.type, date_formats)
        for column, v in attributes.items()
    }
    values = "".join(
        f",\n                   {value} as {quote(column)}"
        for column, value in expressions.items()
    )
    names = columns([variable.name for variable in attributes.values()], of="keyed")
    return engine.sql(
        f"""
        with keyed as (
            select {key} as {quote(_ENTITY_KEY)}{values}
            from {{raw}}
            {f"where {fault} is null" if fault else ""}
        )
        select entities.entity_id{", " if names else ""}{names}
        from keyed
        join {{entities}} as entities on keyed.{quote(_ENTITY_KEY)}
            = entities.entity_key
        """,
        raw=raw.table,
        entities=entities,
        store=raw.is_csv,
    )


def _unread(
    engine: Engine,
    raw: RawRows,
    variables: dict[str, Variable],
    date_formats: Sequence[str],
) -> dict[str, int]:
    """Values of each column that have not the catalogue's type."""
    conditions = {
        column: variable
        for column, variable in variables.items()
        if is_attribute(variable) and not is_typed(raw.types[column], variable.type)
    }
    if not conditions:
        return {}
    counts = ", ".join(
        f"count(*) filter (where {as_text(column, raw.types[column])} is not null and "
        f"{as_type(column, raw.types[column], variable.type, date_formats)} is null) "
        f"as {quote(variable.name)}"
        for column, variable in conditions.items()
    )
    query = engine.sql(f"select {counts} from {{raw}}", raw=raw.table)
    return {column: count for column, count in one(engine, query).items() if count}
