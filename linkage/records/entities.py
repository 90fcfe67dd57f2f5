"""Rows of one source key become one entity, with every value that it had and when."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage.config.identifiers import IDENTIFIERS
from linkage.engine import Engine, Table, columns, one, quote, types_of
from linkage.records.ids import numbered

_OPEN = "9999-12-31"  # the last day of a value that still holds, while lists are made


@dataclass(frozen=True)
class Entities:
    """The entities of one source."""

    entities: Table
    identifier_records: Table
    count: int


def gather_entities(
    engine: Engine,
    records: Table,
    *,
    first_entity_id: int = 1,
    kept: Sequence[str] = (),
) -> Entities:
    """Join the rows of each entity key into one entity with dated histories.

    A value's first date is the earliest valid_from of its rows. Its last date is the
    latest valid_to, NULL while a row with a first date is open; where the source has no
    valid_to at all, the latest valid_from. A former surname or postcode is a value
    whose dates are not known. Rows without an entity key are entities of one row.

    Args:
        records: docs/reference/tables.md; all of one source. Columns x_<name> count as
            identifiers.
        first_entity_id: the lowest entity_id; they are dense from it, in the order of
            entity_key.
        kept: columns x_<name> that the result has too: what another source of the run
            keeps is not known of this one's.

    Returns:
        entities: entity_id, source, entity_key, records, and for each identifier F the
            lists F, F_first, F_last,
        newest first; all three NULL where the entity never had a value.
        identifier_records: entity_id, the identifiers, first_date, last_date,
            identifier_record_rows: each distinct combination.
    """
    fields = [
        *IDENTIFIERS,
        *sorted(
            {*kept, *(column for column in records.columns if column.startswith("x_"))}
        ),
    ]
    if absent := [
        f"cast(null as varchar) as {quote(name)}"
        for name in kept
        if name not in records.columns
    ]:
        records = engine.sql(
            f"select *, {', '.join(absent)} from {{records}}", records=records
        )
    keys = _entity_keys(engine, records, first_entity_id)
    identifier_records = _identifier_records(engine, records, keys, fields)
    entities = _histories(engine, keys, identifier_records, fields)
    count = engine.count(keys)
    engine.drop(keys)
    return Entities(entities, identifier_records, count)


def _entity_keys(engine: Engine, records: Table, first: int) -> Table:
    keys = engine.sql(
        """
        select any_value(source) as source, entity_key,
            cast(count(*) as integer) as records
        from {records}
        group by entity_key
        """,
        records=records,
        store=True,
    )
    numbers = numbered(engine, keys, "entity_key", "entity_id", first=first)
    engine.drop(keys)
    return numbers


def _identifier_records(
    engine: Engine, records: Table, entities: Table, fields: list[str]
) -> Table:
    """Distinct combinations of values; a row with a former surname or postcode gives a
    second, undated one.
    """
    former = {
        field: f"former_{field}"
        for field in ("surname", "postcode")
        if f"former_{field}" in records.columns
    }
    last_date = "valid_from"
    if _held(engine, records, ["valid_to"]):
        last_date = (
            "coalesce(valid_to, case when valid_from is not null then date "
            f"'{_OPEN}' end)"
        )
    names = columns(fields)
    earlier = ""
    if former:
        values = ", ".join(
            f"coalesce({quote(former[f])}, {quote(f)}) as {quote(f)}"
            if f in former
            else quote(f)
            for f in fields
        )
        has_history = " or ".join(
            f"({quote(old_field)} is not null and {quote(old_field)} is distinct from "
            f"{quote(current)})"
            for current, old_field in former.items()
        )
        earlier = f"""
            union all
            select entity_key, {values}, cast(null as date) as first_date,
                cast(null as date) as last_date, 0 as counted
            from {{records}}
            where {has_history}
        """
    return engine.sql(
        f"""
        with dated as (
            select entity_key, {names}, valid_from as first_date,
                {last_date} as last_date, 1 as counted
            from {{records}}
            {earlier}
        ),
        combinations as (
            select entity_key, {names}, min(first_date) as first_date,
                max(last_date) as last_date,
                   cast(sum(counted) as integer) as identifier_record_rows
            from dated
            group by entity_key, {names}
        )
        select entities.entity_id, {columns(fields, of="combinations")}, first_date,
               nullif(last_date, date '{_OPEN}') as last_date, identifier_record_rows
        from combinations
        join {{entities}} as entities on combinations.entity_key = entities.entity_key
        """,
        records=records,
        entities=entities,
        store=True,
    )


def _histories(
    engine: Engine, entities: Table, identifier_records: Table, fields: list[str]
) -> Table:
    """One row an entity with its three lists for each identifier. Most entities hold
    one value of a field all along.
    """
    types = types_of(engine, identifier_records)
    used_fields = _held(engine, identifier_records, fields)
    spans = engine.sql(
        _spans(used_fields), identifier_records=identifier_records, store=True
    )
    tasks = [
        functools.partial(_lists, engine, identifier_records, spans, field)
        for field in used_fields
    ]
    tables = dict(zip(used_fields, engine.run_concurrently(*tasks), strict=True))
    lists = {f"l{place}": table for place, table in enumerate(tables.values())}
    alias = dict(zip(tables, lists, strict=True))
    joins = "\n".join(
        f"        left join {{{a}}} as {a} on {a}.entity_id = entities.entity_id"
        for a in lists
    )
    select_list = ",\n               ".join(
        _unpacked(field, types[field], alias.get(field)) for field in fields
    )
    result = engine.sql(
        f"""
        select entities.entity_id, entities.source, entities.entity_key,
            entities.records,
               {select_list}
        from {{entities}} as entities
        join {{spans}} as spans on spans.entity_id = entities.entity_id
{joins}
        """,
        params=None,
        store=True,
        **{"entities": entities, "spans": spans, **lists},
    )
    engine.drop(spans, *lists.values())
    return result


def _spans(fields: Sequence[str]) -> str:
    """SQL of entity_id and of each field F the least and greatest value, and when they
    were seen in all.
    """
    parts = [
        f"""
               min({quote(f)}) as {quote(f"{f}_least")},
                   max({quote(f)}) as {quote(f"{f}_greatest")},
               min(first_date) filter (where {quote(f)} is not null)
                   as {quote(f"{f}_from")},
               nullif(max({_LAST}) filter (where {quote(f)} is not null),
                   date '{_OPEN}') as {quote(f"{f}_to")}"""
        for f in fields
    ]
    return (
        f"select entity_id{''.join(f',{part}' for part in parts)} from "
        f"{{identifier_records}} group by entity_id"
    )


_LAST = f"coalesce(last_date, case when first_date is not null then date '{_OPEN}' end)"


def _lists(
    engine: Engine, identifier_records: Table, spans: Table, field: str
) -> Table:
    """entity_id and `packed`, of entities that had several values of one identifier:
    each behind its dates, in one text, newest first.

    Lists of structs do not sort alike on every engine, and Spark leaves NULL out of a
    list; texts do neither. The parts are: 99999999 less the last day as a number (an
    open end first, a value of unknown dates last), first, last, value.
    """
    column = quote(field)
    return engine.sql(
        f"""
        with several as (
            select entity_id from {{spans}}
                where {quote(f"{field}_least")} <> {quote(f"{field}_greatest")}
        ),
        known_values as (
            select a.entity_id, a.{column} as held_value, min(first_date) as held_first,
                max({_LAST}) as held_last
            from {{identifier_records}} as a
            join several on several.entity_id = a.entity_id
            where a.{column} is not null
            group by a.entity_id, a.{column}
        ),
        dated as (
            select entity_id, lpad(cast(99999999
                       - coalesce(year(held_last) * 10000 + month(held_last) * 100
                           + day(held_last), 0)
                       as varchar), 8, '0')
                   || coalesce(cast(held_first as varchar), '----------')
                   || coalesce(cast(nullif(held_last, date '{_OPEN}') as varchar),
                       '----------')
                   || cast(held_value as varchar) as packed_value
            from known_values
        )
        select entity_id, list_sort(list(packed_value)) as packed
        from dated
        group by entity_id
        """,
        identifier_records=identifier_records,
        spans=spans,
        store=True,
    )


def _unpacked(field: str, kind: pa.DataType, alias: str | None) -> str:
    """The three lists of an identifier; most entities hold one value, which needs no
    unpacking.
    """
    sql_type = "date" if pa.types.is_date(kind) else "varchar"
    parts = {
        field: (
            sql_type,
            "least",
            "try_cast(substr(x, 29) as date)"
            if sql_type == "date"
            else "substr(x, 29)",
        ),
        f"{field}_first": (
            "date",
            "from",
            "try_cast(nullif(substr(x, 9, 10), '----------') as date)",
        ),
        f"{field}_last": (
            "date",
            "to",
            "try_cast(nullif(substr(x, 19, 10), '----------') as date)",
        ),
    }
    if alias is None:
        return ", ".join(
            f"cast(null as {part[0]}[]) as {quote(name)}"
            for name, part in parts.items()
        )
    known, is_packed = (
        f"spans.{quote(f'{field}_least')} is not null",
        f"{alias}.packed is not null",
    )
    return ",\n               ".join(
        f"case when {is_packed} then list_transform({alias}.packed, lambda x: "
        f"{unpack}) "
        f"when {known} then [spans.{quote(f'{field}_{one}')}] end as {quote(name)}"
        for name, (_, one, unpack) in parts.items()
    )


def _held(engine: Engine, table: Table, names: Sequence[str]) -> list[str]:
    """The columns, of those named, in which any row has a value."""
    counts = ", ".join(f"count({quote(name)}) as {quote(name)}" for name in names)
    totals = one(engine, engine.sql(f"select {counts} from {{table}}", table=table))
    return [name for name in names if totals[name]]
