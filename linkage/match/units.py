"""Units of a step: entities of a source, or persons of earlier steps, each with its
history of identifiers.

A unit has, for each identifier, its latest value (`surname`) and, where a model asks
for it, every value it ever had (`surname_all`, newest first), or every value with its
dates (`surname_held`: held_value, held_from, held_to, both days included). A current
value ends on 9999-12-31; a value of unknown dates begins then and ends on 0001-01-01, a
period that overlaps no other. Birth dates are ISO text, so that a model compares their
parts.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from linkage.config.identifiers import IDENTIFIERS, kept_columns
from linkage.engine import (
    Engine,
    Table,
    columns,
    empty,
    quote,
    run_concurrently_if_small,
)

# Columns that a model or pass may name next to the identifiers, as SQL over one value
# of an identifier.
DERIVED = {
    "postcode_sector": ("postcode", "substr({value}, 1, length({value}) - 2)"),
    "postcode_district": ("postcode", "substr({value}, 1, length({value}) - 4)"),
    "birth_year": ("dob", "substr({value}, 1, 4)"),
}
_EARLIEST, _LATEST = "date '0001-01-01'", "date '9999-12-31'"
_HISTORIES = ("_all", "_held")
# of which one query merges histories within 1 GB; 5,400,000 at once failed within 5 GB
_ENTITIES_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Units:
    """One side of a step."""

    name: str  # "npd", "people"
    units: Table  # unit_id, the columns of the model
    identifier_records: Table  # unit_id and identifiers of one row
    members: Table  # unit_id, entity_id


def from_sources(
    engine: Engine,
    name: str,
    sides: Sequence[tuple[Table, Table]],
    membership: Table | None,
    names: Iterable[str],
) -> Units:
    """A side's units.

    Args:
        sides: entities and identifier_records of each source on this side
            (docs/reference/tables.md).
        membership: entity_id, unit_id: which entities are one person; None where each
            entity is a person.
        names: columns that the model reads: identifiers, DERIVED, either with _all for
            the whole history; identifiers with _held for the history with its dates.
    """
    entities = union_shared(engine, [table for table, _ in sides])
    identifier_records = union_shared(engine, [table for _, table in sides])
    if membership is None:
        membership = engine.sql(
            "select entity_id, entity_id as unit_id from {entities}", entities=entities
        )
    members = engine.sql(
        "select m.unit_id, i.entity_id from {entities} as i join {membership} as m "
        "using (entity_id)",
        entities=entities,
        membership=membership,
        store=True,
    )
    units, stored_records = run_concurrently_if_small(
        engine,
        lambda: described(engine, entities, members, names),
        lambda: engine.sql(
            f"""
            select distinct m.unit_id,
                {_text_dates("a", kept_columns(identifier_records.columns))}
            from {{identifier_records}} as a join {{members}} as m using (entity_id)
            """,
            identifier_records=identifier_records,
            members=members,
            store=True,
        ),
    )
    return Units(
        name=name, units=units, identifier_records=stored_records, members=members
    )


def described(
    engine: Engine, entities: Table, members: Table, names: Iterable[str]
) -> Table:
    """unit_id and the columns `names` of units; `members` (unit_id, entity_id) all have
    a row in `entities`.
    """
    names = list(dict.fromkeys(names))
    fields, dated_fields = (
        fields_of(names),
        [_base(name) for name in names if name.endswith("_held")],
    )
    histories = _merged_histories(engine, entities, members, fields, dated_fields)
    single_entity = ", ".join(
        [
            columns(fields, "i"),
            *(f"{_dated(field)} as {field}_held" for field in dated_fields),
        ]
    )
    parts = {f"part_{number}": part for number, part in enumerate(histories)}
    units = engine.sql(
        f"""
        with histories as (
            select m.unit_id, {single_entity}
            from {{entities}} as i
            join (
                select unit_id, min(entity_id) as entity_id from {{members}}
                    group by unit_id having count(*) = 1
            ) as m using (entity_id)
            {" ".join(f"union all select * from {{{part}}}" for part in parts)}
        )
        select unit_id, {_columns(names)} from histories
        """,
        params=None,
        store=True,
        entities=entities,
        members=members,
        **parts,
    )
    engine.drop(*histories)
    return units


def no_units(engine: Engine, names: Iterable[str]) -> Table:
    """unit_id and the columns `names`, with their types and without rows, to check
    queries against.
    """
    return empty(engine, {"unit_id": "bigint", **{name: _type(name) for name in names}})


def _type(column: str) -> str:
    if column.endswith("_held"):
        return "struct(held_value varchar, held_from date, held_to date)[]"
    return "varchar[]" if column.endswith("_all") else "varchar"


def value_in(column: str, value: str) -> tuple[str, str]:
    """The identifier from which a column is derived, and SQL of the column over one
    value of it.
    """
    field, shape = DERIVED.get(_base(column), (_base(column), "{value}"))
    return field, shape.replace(
        "{value}", f"cast({value} as varchar)" if field == "dob" else value
    )


def union_shared(engine: Engine, tables: Sequence[Table]) -> Table:
    """The rows of several sources' tables, with the columns that all of them have."""
    if len(tables) == 1:
        return tables[0]
    shared_names = [
        name
        for name in tables[0].columns
        if all(name in table.columns for table in tables)
    ]
    tables_by_name = {f"part_{index}": table for index, table in enumerate(tables)}
    union = "\nunion all\n".join(
        f"select {columns(shared_names)} from {{{name}}}" for name in tables_by_name
    )
    return engine.sql(union, params=None, store=False, **tables_by_name)


def fields_of(names: Iterable[str]) -> list[str]:
    """Identifiers from which columns are derived."""
    return list(
        dict.fromkeys(DERIVED.get(_base(name), (_base(name), ""))[0] for name in names)
    )


def _base(name: str) -> str:
    """A column without the suffix of a history."""
    return next(
        (name.removesuffix(end) for end in _HISTORIES if name.endswith(end)), name
    )


def _merged_histories(
    engine: Engine,
    entities: Table,
    members: Table,
    fields: Sequence[str],
    dated_fields: Sequence[str],
) -> list[Table]:
    """Units of several entities, in parts: unit_id, each identifier as a list of
    distinct values, newest first, and _held.

    In parts because the lists of an aggregate do not spill.
    """
    of_several = _of_several(engine, entities, members, fields)
    count = (
        1
        if engine.is_distributed
        else math.ceil(engine.count(of_several) / _ENTITIES_AT_ONCE)
    )
    parts = []
    for part in range(count):
        condition = f"unit_id % {count} = {part}"
        field_queries = ",\n".join(
            _merged(field, condition, is_dated=field in dated_fields)
            for field in fields
        )
        merged_columns = ", ".join(
            [
                *(f"of_{f}.{f}" for f in fields),
                *(f"of_{f}.{f}_held" for f in dated_fields),
            ]
        )
        joins = "\n".join(
            f"left join of_{field} on of_{field}.unit_id = ids.unit_id"
            for field in fields
        )
        query = f"""
            with {field_queries},
            ids as (select distinct unit_id from {{of_several}} where {condition})
            select ids.unit_id, {merged_columns}
            from ids
            {joins}
            """
        parts.append(engine.sql(query, of_several=of_several, store=True))
    engine.drop(of_several)
    return parts


def _of_several(
    engine: Engine, entities: Table, members: Table, fields: Sequence[str]
) -> Table:
    """unit_id and the values of the entities of the units that have several entities;
    read once for each field.
    """
    spans = [f"{field}{end}" for field in fields for end in ("", "_first", "_last")]
    return engine.sql(
        f"""
        select m.unit_id, {columns(spans, "i")}
        from {{entities}} as i
        join (
            select unit_id, entity_id, count(*) over (partition by unit_id) as entities
                from {{members}}
        ) as m using (entity_id)
        where m.entities > 1
        """,
        entities=entities,
        members=members,
        store=True,
    )


def _merged(field: str, condition: str, *, is_dated: bool) -> str:
    """SQL of a field's values over all entities of a unit, each once, the
    newest first.
    """
    # Sorted as a whole, which DuckDB does in a quarter of the time of an ordered list.
    age = f"date_diff('day', held_to, {_LATEST})"
    span = (
        "{'held_value': x.held_value, 'held_from': x.held_from, 'held_to': x.held_to}"
    )
    spans = (
        f",\n                   list_transform(spans, lambda x: {span}) as {field}_held"
        if is_dated
        else ""
    )
    return f"""
        of_{field} as (
            select unit_id, list_transform(spans, lambda x: x.held_value)
                as {field}{spans}
            from (
                select unit_id, list_sort(list({{'age': {age}, 'held_value': held_value,
                    'held_from': held_from,
                                                'held_to': held_to}})) as spans
                from (
                    select unit_id, held_value, min({_from("first_seen")}) as held_from,
                           max({_to("first_seen", "last_seen")}) as held_to
                    from (
                        select unit_id, unnest({field}) as held_value,
                            unnest({field}_first) as first_seen,
                               unnest({field}_last) as last_seen
                        from {{of_several}}
                        where {condition}
                    )
                    group by unit_id, held_value
                )
                group by unit_id
            )
        )"""


def _from(first: str) -> str:
    return f"coalesce({first}, {_LATEST})"


def _to(first: str, last: str) -> str:
    """The last day of a value: one without a last day is current, unless it has no
    first day either.
    """
    return (
        f"coalesce({last}, case when {first} is not null then {_LATEST} else "
        f"{_EARLIEST} end)"
    )


def _dated(field: str) -> str:
    """SQL of an entity's values with their dates."""
    first, last = f"i.{field}_first[place]", f"i.{field}_last[place]"
    span = (
        f"{{'held_value': item, 'held_from': {_from(first)}, 'held_to': "
        f"{_to(first, last)}}}"
    )
    return f"list_transform(i.{field}, lambda item, place: {span})"


def _columns(names: Iterable[str]) -> str:
    """SQL of columns, from lists of values."""
    parts = []
    for name in dict.fromkeys(names):
        if name.endswith("_held"):
            parts.append(quote(name))
            continue
        field, element = value_in(name, "x")
        if not name.endswith("_all"):
            value = value_in(name, f"{field}[1]")[1]
        elif element == "x":
            value = field
        else:
            value = f"list_distinct(list_transform({field}, lambda x: {element}))"
        parts.append(f"{value} as {quote(name)}")
    return ", ".join(parts)


def _text_dates(alias: str, extra_columns: Sequence[str]) -> str:
    return ", ".join(
        f"cast({alias}.dob as varchar) as dob"
        if field == "dob"
        else f"{alias}.{quote(field)}"
        for field in (*IDENTIFIERS, *extra_columns)
    )
