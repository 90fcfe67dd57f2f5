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
class _Placed:
    """A reader, its place among those of a table, and its columns' texts in `base`."""

    place: int
    reader: Reader
    texts: tuple[str, ...]

    @property
    def outputs(self) -> int:
        """How many values Python makes of its texts."""
        is_code = isinstance(self.reader, CodeReader)
        return len(self.texts if is_code else self.reader.fields)

    def fields(self, *, has_forms: bool) -> dict[str, str]:
        """Field to its expression: what was looked up, and what SQL makes of all other
        texts.
        """
        texts = [f"base.{text}" for text in self.texts]
        hit = f"v{self.place}.hit"
        if has_forms and isinstance(self.reader, CodeReader):
            texts = [
                f"case when {hit} then v{self.place}.f{n} else {text} end"
                for n, text in enumerate(texts)
            ]
        values = self.reader.plain_fields(*texts)
        if has_forms and not isinstance(self.reader, CodeReader):
            values = tuple(
                f"case when {hit} then v{self.place}.f{n} else {value} end"
                for n, value in enumerate(values)
            )
        return dict(zip(self.reader.fields, values, strict=True))

    def join(self) -> str:
        """The join of `base` with what was looked up."""
        alias = f"v{self.place}"
        same = " and ".join(
            f"base.{text} is not distinct from {alias}.t{n}"
            for n, text in enumerate(self.texts)
        )
        if len(self.texts) == 1:  # and so never NULL
            same = f"base.{self.texts[0]} = {alias}.t0"
        forms = f"(select * from {{forms}} where reader = {self.place})"
        return f"\nleft join {forms} as {alias} on {same}"


@dataclass(frozen=True)
class Standardised:
    """Persons in one form.

    Attributes:
        table: a view; reading it standardises.
    """

    table: Table
    _base: Table
    _readers: Sequence[_Placed]
    _values: Table | None
    _forms: Table | None

    def unread(self, engine: Engine, name: str) -> dict[str, int]:
        """Texts of the one column of which a field is read, but of which none was made,
        and the rows of each; of a reader of few values.
        """
        placed = next(one for one in self._readers if name in one.reader.fields)
        assert self._values
        assert self._forms
        value = placed.reader.plain_fields("a.t0")[placed.reader.fields.index(name)]
        query = engine.sql(
            f"""
            select a.t0, a.n
            from {{values}} as a
            left join {{forms}} as b on a.t0 = b.t0 and b.reader = {placed.place}
            where a.reader = {placed.place} and a.t0 is not null
                and case when b.hit then b.f0 else {value} end is null
            """,
            values=self._values,
            forms=self._forms,
        )
        return {row["t0"]: row["n"] for row in rows(engine, query)}

    @property
    def tables(self) -> tuple[Table, ...]:
        """The view and what it reads, for who drops them."""
        tables = (self.table, self._base, self._values, self._forms)
        return tuple(table for table in tables if table)


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
    texts = {name: f"c{n}" for n, name in enumerate(description.columns)}
    readers = [
        _Placed(place, reader, tuple(texts[name] for name in reader.columns))
        for place, reader in enumerate(description.used)
    ]
    values = forms = None
    if readers:
        values = engine.sql(_values_of(readers), base=base, store=True)
        forms = _forms_of(engine, values, readers)
    looked_up = _looked_up(engine, forms) if forms else set()
    fields, joins = dict[str, str](), ""
    for one in readers:
        has_forms = one.place in looked_up
        fields = one.fields(has_forms=has_forms) | fields
        joins += one.join() if has_forms else ""
    null = "cast(null as varchar)"
    outputs = [f"base.k{n} as {quote(name)}" for n, name in enumerate(carry)]
    outputs += [
        f"{fields.get(name, null)} as {quote(name)}" for name in description.fields
    ]
    condition = "\nwhere base.is_known" if skip_empty else ""
    view = engine.sql(
        f"select {', '.join(outputs)} from {{base}} as base{joins}{condition}",
        params=None,
        store=False,
        base=base,
        **({"forms": forms} if forms and joins else {}),
    )
    return Standardised(view, base, readers, values, forms)


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


def _values_of(readers: Sequence[_Placed]) -> str:
    """A query of the distinct texts of each reader, t0 and on, and their rows, n.

    Names and dates are few: all their values are found first, and then looked at. Most
    codes are one person's, and are looked at where they stand.
    """
    width = max((len(one.texts) for one in readers), default=1)
    parts = []
    for one in readers:
        nulls = ["cast(null as varchar)"] * (width - len(one.texts))
        texts = ", ".join(
            f"{text} as t{n}" for n, text in enumerate([*one.texts, *nulls])
        )
        is_other = f"not {one.reader.is_plain(*one.texts)}"
        parts.append(
            f"select cast({one.place} as integer) as reader, {texts}, count(*) as n "
            f"from {{base}} {'' if one.reader.has_few_values else f'where {is_other}'} "
            f"group by {', '.join(one.texts)}"
        )
    return "\nunion all\n".join(parts)


def _forms_of(engine: Engine, values: Table, readers: Sequence[_Placed]) -> Table:
    """The texts that are not plain, with what Python makes of them, f0 and on, and
    `hit`, which is true.
    """
    texts = [name for name in values.columns if name not in ("reader", "n")]
    cases = " ".join(
        f"when {one.place} then {one.reader.is_plain(*texts[: len(one.texts)])}"
        for one in readers
    )
    letters = " + ".join(f"coalesce(length({text}), 0)" for text in texts)
    others = engine.sql(
        f"select reader, {', '.join(texts)}, {letters} as letters from {{values}} "
        f"where not case reader {cases} end",
        values=values,
    )
    outputs = [f"f{n}" for n in range(max(one.outputs for one in readers))]
    work = functools.partial(_read_values, readers=readers, outputs=outputs)
    kinds = {"reader": "integer"} | dict.fromkeys([*texts, *outputs], "varchar")
    # Any group will do: a value needs no other.
    forms = engine.by_group(others, work, kinds | {"hit": "boolean"}, by="letters")
    engine.drop(others)
    return forms


def _looked_up(engine: Engine, forms: Table) -> set[int]:
    """Places of the readers that have forms."""
    if not engine.count(forms):
        return set()
    places = engine.sql("select distinct reader from {forms}", forms=forms)
    return {row["reader"] for row in rows(engine, places)}


def _read_values(
    others: pa.Table, readers: Sequence[_Placed], outputs: Sequence[str]
) -> pa.Table:
    """Texts next to what their readers make of them."""
    inputs = others.drop_columns("letters")
    schema = pa.schema([*inputs.schema, *((name, pa.string()) for name in outputs)])
    pieces = []
    for batch in inputs.to_batches(_PIECE):
        places, *texts = (column.to_pylist() for column in batch.columns)
        read = [
            _read(readers[place], row)
            for place, row in zip(places, zip(*texts, strict=True), strict=True)
        ]
        results = [
            pa.array([row[n] if n < len(row) else None for row in read], pa.string())
            for n in range(len(outputs))
        ]
        pieces.append(
            pa.RecordBatch.from_arrays([*batch.columns, *results], schema=schema)
        )
    table = pa.Table.from_batches(pieces, schema=schema)
    return table.append_column("hit", pa.repeat(True, table.num_rows))


def _read(placed: _Placed, row: Sequence[Value]) -> Sequence[Value]:
    """What a reader makes of texts without blanks around them."""
    texts = [text and (text.strip() or None) for text in row[: len(placed.texts)]]
    return placed.reader.read(*texts) if any(texts) else ()


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
    if not any(row):
        return (None,) * len(reader.fields)
    values = reader.read(*row)
    if not isinstance(reader, CodeReader):
        return values
    text = next((value for value in values if value), "")
    return ("".join(filter(str.isalnum, text.upper())) or None,)
