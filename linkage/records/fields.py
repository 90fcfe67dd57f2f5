"""Standardise a table of persons by readers: one query, joined with what Python makes
of the distinct values that are not plain.
"""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from linkage.engine import Engine, Table, literal, quote, rows, types_of
from linkage.records.readers import CodeReader, Reader, Value
from linkage.records.values import as_text, day_of, is_day

_PIECE = 100_000  # values that are Python's at a time


@dataclass(frozen=True)
class Description:
    """How the columns of a table of persons are read.

    Attributes:
        readers: of which each makes one field or several.
        fields: those that are wanted, in their order; NULL where no reader makes one.
        missing: column to its values that stand for "not known": words and
            placeholders, of which each stands on many rows.
    """

    readers: Sequence[Reader]
    fields: Sequence[str]
    missing: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def used(self) -> list[Reader]:
        """Readers that make a field which is wanted."""
        wanted = {*self.fields}
        return [reader for reader in self.readers if wanted & {*reader.fields}]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, once."""
        names = (name for reader in self.used for name in reader.columns)
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class _Field:
    """Where a field's values come from: a SQL expression over `base` and what was
    looked up for its reader.
    """

    expression: str
    join: str = ""


@dataclass(frozen=True)
class _Lookup:
    """What was looked up for a reader.

    Attributes:
        forms: texts that are not plain (t0 and on), what Python makes of them (f0 and
            on), and `hit`, which is true.
        values: of readers of few values all distinct texts, and the rows of each.
    """

    forms: Table
    values: Table | None = None


@dataclass(frozen=True)
class Standardised:
    """Persons in one form.

    Attributes:
        table: a view; reading it standardises.
    """

    table: Table
    _base: Table
    _lookups: Mapping[str, _Lookup]  # by the first field of their readers

    def unread(self, engine: Engine, reader: Reader) -> dict[str, int]:
        """Texts of the one column of a reader of names or dates that is not plain SQL's
        or Python's to read, and the rows of each.
        """
        lookup = self._lookups[reader.fields[0]]
        assert lookup.values is not None
        value = reader.plain_fields("a.t0")[0]
        query = engine.sql(
            f"""
            select a.t0, a.n
            from {{values}} as a
            left join {{forms}} as b on a.t0 = b.t0
            where a.t0 is not null
                and case when b.hit then b.f0 else {value} end is null
            """,
            values=lookup.values,
            forms=lookup.forms,
        )
        return {row["t0"]: row["n"] for row in rows(engine, query)}

    def drop(self, engine: Engine) -> None:
        """Give back the view and what it reads."""
        engine.drop(self.table, self._base)
        for lookup in self._lookups.values():
            engine.drop(lookup.forms, *([lookup.values] if lookup.values else []))


def text_of(column: str, kind: pa.DataType) -> str:
    """A SQL expression: a column as trimmed text, a time as its day; empty is NULL."""
    if is_day(kind):
        return f"cast({day_of(column)} as varchar)"
    return as_text(column, kind)


def standardise(
    engine: Engine,
    table: Table,
    description: Description,
    carry: Mapping[str, str],
    *,
    skip_empty: bool = False,
) -> Standardised:
    """The fields of each row.

    Args:
        table: one row a record.
        carry: name to a SQL expression over the table, which is handed on.
        skip_empty: leave out rows of which no column that is read is known.

    Returns:
        A view with the columns of `carry` and the description's fields.
    """
    base = _texts(engine, table, description, carry)
    texts = {name: f"base.c{n}" for n, name in enumerate(description.columns)}
    readers = description.used
    columns_of = [[texts[name] for name in reader.columns] for reader in readers]
    work = [
        functools.partial(_look_up, engine, base, reader, columns)
        for reader, columns in zip(readers, columns_of, strict=True)
    ]
    lookups = engine.run_concurrently(*work)
    fields, forms = dict[str, _Field](), dict[str, Table]()
    for reader, columns, lookup in zip(readers, columns_of, lookups, strict=True):
        join, values = "", reader.plain_fields(*columns)
        if engine.count(lookup.forms):
            alias = f"v{len(forms)}"
            forms[alias] = lookup.forms
            join = f"\nleft join {{{alias}}} as {alias} on {_same(columns, alias)}"
            values = _looked_up(reader, columns, alias)
        for name, value in zip(reader.fields, values, strict=True):
            fields.setdefault(name, _Field(value, join))
    null = _Field("cast(null as varchar)")
    used = {name: fields.get(name, null) for name in description.fields}
    outputs = [f"base.k{n} as {quote(name)}" for n, name in enumerate(carry)]
    outputs += [f"{field.expression} as {quote(name)}" for name, field in used.items()]
    condition = "\nwhere base.is_known" if skip_empty else ""
    joins = "".join(dict.fromkeys(field.join for field in used.values()))
    view = engine.sql(
        f"select {', '.join(outputs)} from {{base}} as base{joins}{condition}",
        params=None,
        store=False,
        base=base,
        **forms,
    )
    by_field = {
        reader.fields[0]: lookup
        for reader, lookup in zip(readers, lookups, strict=True)
    }
    return Standardised(view, base, by_field)


def _texts(
    engine: Engine,
    table: Table,
    description: Description,
    carry: Mapping[str, str],
) -> Table:
    """The columns that are read as text, c0 and on; what is handed on, k0 and on; and
    `is_known`, whether any of the columns is filled.
    """
    kinds = types_of(engine, table)
    texts = [text_of(column, kinds[column]) for column in description.columns]
    selected = [f"{expression} as k{n}" for n, expression in enumerate(carry.values())]
    for n, (column, text) in enumerate(zip(description.columns, texts, strict=True)):
        missing = ", ".join(map(literal, sorted(description.missing.get(column, ()))))
        known = f"case when {text} not in ({missing}) then {text} end"
        selected.append(f"{known if missing else text} as c{n}")
    is_known = " or ".join(f"{text} is not null" for text in texts) or "true"
    query = f"select {', '.join(selected)}, {is_known} as is_known from {{table}}"
    return engine.sql(query, table=table)


def _same(texts: Sequence[str], alias: str) -> str:
    """The condition of a join with what was looked up; a text alone is never NULL."""
    if len(texts) == 1:
        return f"{texts[0]} = {alias}.t0"
    return " and ".join(
        f"{text} is not distinct from {alias}.t{n}" for n, text in enumerate(texts)
    )


def _looked_up(reader: Reader, texts: Sequence[str], alias: str) -> tuple[str, ...]:
    """The fields: what was looked up, and what SQL makes of all other texts."""
    hit = f"{alias}.hit"
    if isinstance(reader, CodeReader):
        in_ascii = [
            f"case when {hit} then {alias}.f{n} else {text} end"
            for n, text in enumerate(texts)
        ]
        return reader.plain_fields(*in_ascii)
    return tuple(
        f"case when {hit} then {alias}.f{n} else {value} end"
        for n, value in enumerate(reader.plain_fields(*texts))
    )


def _look_up(
    engine: Engine, base: Table, reader: Reader, texts: Sequence[str]
) -> _Lookup:
    """Read the distinct texts that are not plain in Python.

    Names and dates are few: their distinct values are found first. Most codes are one
    person's, and are looked at where they stand.
    """
    selected = ", ".join(f"{text} as t{n}" for n, text in enumerate(texts))
    letters = " + ".join(f"coalesce(length({text}), 0)" for text in texts)
    values = None
    if reader.has_few_values:
        values = engine.sql(
            f"""
            select {selected}, {letters} as letters, count(*) as n
            from {{base}} as base
            group by {", ".join(texts)}
            """,
            base=base,
            store=True,
        )
        names = [f"t{n}" for n in range(len(texts))]
        others = engine.sql(
            f"select {', '.join(names)}, letters from {{values}} "
            f"where not {reader.is_plain(*names)}",
            values=values,
        )
    else:
        others = engine.sql(
            f"select distinct {selected}, {letters} as letters from {{base}} as base "
            f"where not {reader.is_plain(*texts)}",
            base=base,
        )
    outputs = len(texts) if isinstance(reader, CodeReader) else len(reader.fields)
    columns = [f"t{n}" for n in range(len(texts))] + [f"f{n}" for n in range(outputs)]
    work = functools.partial(_read_values, reader=reader, outputs=outputs)
    kinds = dict.fromkeys(columns, "varchar") | {"hit": "boolean"}
    forms = engine.by_group(others, work, kinds, by="letters")  # any group will do
    engine.drop(others)
    return _Lookup(forms, values)


def _read_values(texts: pa.Table, reader: Reader, outputs: int) -> pa.Table:
    """Distinct texts next to what a reader makes of them."""
    columns = [name for name in texts.column_names if name != "letters"]
    names = [*columns, *(f"f{n}" for n in range(outputs))]
    schema = pa.schema([(name, pa.string()) for name in names])
    pieces = []
    for batch in texts.select(columns).to_batches(_PIECE):
        values = [column.to_pylist() for column in batch.columns]
        rows = [_read(reader, row, outputs) for row in zip(*values, strict=True)]
        results = [pa.array(row, pa.string()) for row in zip(*rows, strict=True)]
        pieces.append(
            pa.RecordBatch.from_arrays([*batch.columns, *results], schema=schema)
        )
    table = pa.Table.from_batches(pieces, schema=schema)
    return table.append_column("hit", pa.repeat(True, table.num_rows))


def _read(reader: Reader, row: Sequence[Value], outputs: int) -> Sequence[Value]:
    """What a reader makes of a row's values without blanks around them."""
    values = [(value.strip() or None) if value else None for value in row]
    return reader.read(*values) if any(values) else (None,) * outputs


def read_in_python(description: Description, table: pa.Table) -> pa.Table:
    """The fields of a table of text in memory, a sample: names and dates as
    `standardise` reads them, of a code its capitals and digits.
    """
    fields: dict[str, pa.Array] = {}
    for reader in description.used:
        columns = []
        for name in reader.columns:
            missing = description.missing.get(name, ())
            values = table[name].to_pylist()
            columns.append([None if value in missing else value for value in values])
        rows = [*zip(*columns, strict=True)]
        known = {row: _read_sample(reader, row) for row in dict.fromkeys(rows)}
        for n, name in enumerate(reader.fields):
            if name not in fields:
                fields[name] = pa.array([known[row][n] for row in rows], pa.string())
    empty = pa.nulls(table.num_rows, pa.string())
    return pa.table({name: fields.get(name, empty) for name in description.fields})


def _read_sample(reader: Reader, row: Sequence[Value]) -> Sequence[Value]:
    if not isinstance(reader, CodeReader):
        return _read(reader, row, len(reader.fields))
    text = next((value for value in _read(reader, row, len(row)) if value), "")
    return ("".join(filter(str.isalnum, text.upper())) or None,)
