"""One side of a link step, read for a few of its units.

Explaining one pair must not build millions of units. A question is first narrowed to
the units whose history holds a value of interest, on the tables as they are stored, and
only those units are built.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage.engine import Engine, Table, columns, quote, rows
from linkage.match.units import Units, described, fields_of, from_sources, value_in
from linkage.pipeline.linked_files import SOURCE_KEY

# Identifiers by how few people share a value, most telling first: the order in which a
# search is narrowed.
_MOST_TELLING = (
    "nino",
    "uln",
    "upn",
    "husid",
    "dob",
    "postcode",
    "surname",
    "forename",
    "middle_names",
)
PEOPLE = "people"  # the side of a step that is the spine so far
_FEW_UNITS = 2_000  # units: fewer are built sooner than another history is searched


@dataclass(frozen=True)
class Term:
    """Values, any of which must be in a unit's history of a column.

    Attributes:
        column: of the units, with or without _all.
        element: SQL over {value}, for example "substr({value}, 1, 4)".
        values: one row with one column `wanted`, a list.
    """

    column: str
    element: str
    values: Table


class Side:
    """A side of a step as a run's folder has it. `units` is a table of unit_id.

    Args:
        sources: source to its entities and identifier_records.
        members: unit_id, entity_id.
    """

    def __init__(
        self,
        engine: Engine,
        name: str,
        size: int,
        sources: dict[str, tuple[Table, Table]],
        members: Table,
    ) -> None:
        self._engine, self.name, self.size = engine, name, size
        self._sources, self.entities = sources, members
        self._histories = {
            f"source_{n}": table for n, (table, _) in enumerate(sources.values())
        }

    def unit_of(self, entity_id: int) -> int | None:
        """The unit that an entity belongs to; None if it is not on this side."""
        query = "select unit_id from {members} where entity_id = $entity"
        units = rows(
            self._engine,
            self._engine.sql(
                query, params={"entity": entity_id}, members=self.entities
            ),
        )
        return int(units[0]["unit_id"]) if units else None

    def members(self, units: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
        """Unit to its entities, each with its source."""
        entities: dict[int, list[tuple[int, str]]] = {}
        table = self._union(
            ("entity_id", "source"), self._of(listed_units(self._engine, units))
        )
        for row in rows(
            self._engine,
            self._engine.sql("select * from {t} order by unit_id, entity_id", t=table),
        ):
            entities.setdefault(int(row["unit_id"]), []).append(
                (int(row["entity_id"]), str(row["source"]))
            )
        return entities

    def columns_of(self, units: Table | None, names: Sequence[str]) -> Table:
        """unit_id and the columns of these names, of some units or of all."""
        members = self._of(units)
        parts = [
            f"{field}{part}"
            for field in fields_of(names)
            for part in ("", "_first", "_last")
        ]
        return described(
            self._engine, self._union(("entity_id", *parts), members), members, names
        )

    def build(self, units: Table, names: Sequence[str]) -> Units:
        """Some units as the step built them."""
        members = self._of(units)
        query = (
            "select t.* from {table} as t join {members} as m on m.entity_id = "
            "t.entity_id"
        )
        sources = [
            tuple(
                self._engine.sql(query, table=table, members=members, store=True)
                for table in tables
            )
            for tables in self._sources.values()
        ]
        membership = self._engine.sql("select entity_id, unit_id from {m}", m=members)
        return from_sources(self._engine, self.name, sources, membership, names)  # type: ignore[arg-type]

    def _holding_any(self, terms: Sequence[Term]) -> Table:
        """unit_id of the units that meet any term."""
        values, lists, condition = _condition(terms, _in_history)
        entities = "\nunion all\n".join(
            f"select i.entity_id from {{{source}}} as i, {lists} where {condition}"
            for source in self._histories
        )
        query = (
            f"select distinct m.unit_id from {{members}} as m join ({entities}) "
            "as "
            "e using (entity_id)"
        )
        tables = {**values, **self._histories}
        return self._engine.sql(
            query, params=None, store=True, members=self.entities, **tables
        )

    def histories(self, units: Sequence[int], identifiers: Sequence[str]) -> Table:
        """unit_id, entity_id, and for each identifier its values, first and last dates
        (`history_columns`).
        """
        parts = [
            f"{name}{part}" for name in identifiers for part in ("", "_first", "_last")
        ]
        names = [
            name for identifier in identifiers for name in history_columns(identifier)
        ]
        table = self._union(
            ("entity_id", *parts), self._of(listed_units(self._engine, units))
        )
        expressions = "".join(
            f", {quote(part)} as {quote(name)}"
            for part, name in zip(parts, names, strict=True)
        )
        return self._engine.sql(
            f"select unit_id, entity_id{expressions} from {{t}}", t=table, store=True
        )

    def source_keys(self, units: Sequence[int] | None) -> Table:
        """unit_id, source, entity_key of some units or of all. Keys may be people's
        numbers.
        """
        members = self._of(None if units is None else listed_units(self._engine, units))
        return self._union(("source", "entity_key"), members)

    def _of(self, units: Table | None) -> Table:
        """unit_id, entity_id of some units or of all."""
        if units is None:
            return self.entities
        query = (
            "select m.unit_id, m.entity_id from {members} as m join {units} as u "
            "on u.unit_id = m.unit_id"
        )
        return self._engine.sql(query, members=self.entities, units=units, store=True)

    def _union(self, names: Sequence[str], members: Table) -> Table:
        """unit_id and columns of the entities of all sources."""
        parts = "\nunion all\n".join(
            f"select m.unit_id, {columns(names, 'i')} from {{{source}}} as i "
            "join {members} as m on m.entity_id = i.entity_id"
            for source in self._histories
        )
        return self._engine.sql(
            parts, params=None, store=True, members=members, **self._histories
        )

    def holding(self, terms: Sequence[Term]) -> Table:
        """unit_id of the units that meet every term; some more where the most telling
        terms leave few units.
        """

        def place(term: Term) -> int:
            field = fields_of([term.column])[0]
            return (
                _MOST_TELLING.index(field)
                if field in _MOST_TELLING
                else len(_MOST_TELLING)
            )

        first, *others = sorted(terms, key=place)
        units = self._holding_any([first])
        for term in others:
            if self._engine.count(units) <= _FEW_UNITS:
                break
            query = "select a.unit_id from {a} as a join {b} as b using (unit_id)"
            units = self._engine.sql(
                query, a=units, b=self._holding_any([term]), store=True
            )
        return units

    def with_values(self, values: Mapping[str, Table], columns: Sequence[str]) -> Table:
        """unit_id and columns of all units whose history has one of the listed values
        of any column.
        """
        terms = [Term(column, "{value}", items) for column, items in values.items()]
        return self.columns_of(self._holding_any(terms), columns)


class FileSide(Side):
    """A side whose units are the records of one file.

    Args:
        records: unit_id, source_key and the compared fields.
    """

    def __init__(self, engine: Engine, name: str, records: Table) -> None:
        units = engine.sql("select unit_id, unit_id as entity_id from {r}", r=records)
        super().__init__(engine, name, engine.count(records), {}, units)
        self.records = records

    def unit_of(self, entity_id: int) -> int | None:
        return entity_id if 1 <= entity_id <= self.size else None

    def members(self, units: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
        return {unit: [(unit, self.name)] for unit in units if 1 <= unit <= self.size}

    def columns_of(self, units: Table | None, names: Sequence[str]) -> Table:
        if units is None:
            return self.records
        query = (
            "select r.* from {records} as r join {units} as u on u.unit_id = r.unit_id"
        )
        return self._engine.sql(
            query, params=None, store=True, records=self.records, units=units
        )

    def build(self, units: Table, names: Sequence[str]) -> Units:
        table = self.columns_of(units, names)
        members = self._engine.sql(
            "select unit_id, unit_id as entity_id from {t}", t=table
        )
        return Units(self.name, table, table, members)

    def _holding_any(self, terms: Sequence[Term]) -> Table:
        values, lists, condition = _condition(terms, _in_record)
        query = f"select i.unit_id from {{records}} as i, {lists} where {condition}"
        return self._engine.sql(
            query, params=None, store=True, records=self.records, **values
        )

    def histories(self, units: Sequence[int], identifiers: Sequence[str]) -> Table:
        values = "".join(
            f", case when r.{quote(name)} is not null then {value} end as "
            f"{quote(alias)}"
            for name in identifiers
            for value, alias in zip(
                (f"[r.{quote(name)}]", *["[cast(null as date)]"] * 2),
                history_columns(name),
                strict=True,
            )
        )
        query = (
            f"select unit_id, unit_id as entity_id{values} from {{records}} as r "
            f"join {{ids}} using (unit_id)"
        )
        ids = listed_units(self._engine, units)
        return self._engine.sql(
            query, params=None, store=True, records=self.records, ids=ids
        )

    def source_keys(self, units: Sequence[int] | None) -> Table:
        records = self.columns_of(
            None if units is None else listed_units(self._engine, units), ()
        )
        query = (
            f"select unit_id, $source as source, {quote(SOURCE_KEY)} as "
            "entity_key "
            f"from {{records}}"
        )
        return self._engine.sql(
            query, params={"source": self.name}, records=records, store=True
        )


def history_columns(identifier: str) -> tuple[str, str, str]:
    """Columns of `Side.histories`: values, first seen, last seen. The spaces keep them
    apart from a file's fields.
    """
    return identifier, f"{identifier} first seen", f"{identifier} last seen"


def listed_units(engine: Engine, units: Sequence[int]) -> Table:
    """A table of unit_id."""
    return engine.from_arrow(pa.table({"unit_id": pa.array(list(units), pa.int64())}))


def _condition(
    terms: Sequence[Term], of_term: Callable[[Term, str], str]
) -> tuple[dict[str, Table], str, str]:
    """Tables of wanted values, their places in a FROM clause, and SQL that holds where
    any term is met.
    """
    value_tables = {f"wanted_{n}": term.values for n, term in enumerate(terms)}
    lists = ", ".join(f"{{{name}}} as w{n}" for n, name in enumerate(value_tables))
    return (
        value_tables,
        lists,
        " or ".join(of_term(term, f"w{n}.wanted") for n, term in enumerate(terms)),
    )


def _in_record(term: Term, values: str) -> str:
    return (
        f"list_contains({values}, "
        f"{term.element.format(value=f'i.{quote(term.column)}')})"
    )


def _in_history(term: Term, values: str) -> str:
    field, shape = value_in(term.column, "x")
    if term.element != "{value}" or shape not in ("x", "cast(x as varchar)"):
        element = term.element.format(value=f"({shape})")
        return (
            f"list_has_any(list_transform(i.{quote(field)}, lambda x: {element}), "
            f"{values})"
        )
    return (
        f"list_has_any(i.{quote(field)}, "
        f"{values if shape == 'x' else f'cast({values} as date[])'})"
    )
