"""One side of a step, opened for a few of its units: what they are, who else is like them, how common a value is.

A million units need not be built to explain one. Each question is first narrowed down to the units whose histories hold
a value that matters, on the tables as they lie in the run's folder, and only those are built as the step builds them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from linkage.engine import Engine, Table, one, quote, rows
from linkage.engine import columns as columns_of
from linkage.match.units import Units, described, fields_of, from_sources, value_in
from linkage.model.comparisons import OF_WORDS


@dataclass(frozen=True)
class Term:
    """A value that must stand somewhere in a unit's history of a column.

    Attributes:
        column: of the units; with _all or without is the same, since the history holds the latest value too.
        element: SQL of what is compared, over {value}: "{value}", or "substr({value}, 1, 4)".
        values: one row, one column `wanted`: the list of values, any of which may stand there.
    """

    column: str
    element: str
    values: Table


class Side(Protocol):
    """What is asked of a side."""

    name: str
    size: int

    def units(self) -> Table:
        """unit_id of every unit of this side."""
        ...

    def unit_of(self, entity_id: int) -> int | None:
        """The unit that an entity stands behind; None where it stands behind none of this side."""
        ...

    def members(self, units: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
        """Unit to its entities, each with its source."""
        ...

    def build(self, units: Table, wanted: Sequence[str]) -> Units:
        """Some units (unit_id) as the step saw them, with the columns asked for."""
        ...

    def holding(self, terms: Sequence[Term]) -> Table:
        """unit_id of units in whose histories the terms are met: all of those, and perhaps some more.

        The most telling terms are looked at first, and the rest not at all where those leave few units.
        """
        ...

    def holding_any(self, terms: Sequence[Term]) -> Table:
        """unit_id of units in whose histories at least one of the terms is met: all of those."""
        ...

    def known(self, columns: Sequence[str]) -> dict[str, int]:
        """Column to the number of units that know it."""
        ...

    def latest(self, units: Table, columns: Sequence[str]) -> Table:
        """unit_id and the columns asked for of some units, and no more: quicker than to build them."""
        ...

    def held(self, units: Sequence[int], identifiers: Sequence[str]) -> Table:
        """What some units were ever called, a row for each entity.

        Returns:
            unit_id, entity_id, and of each identifier, named as `held_as` says, its values, the latest first, and when
            each was first and last seen.
        """
        ...


class RunSide:
    """A side as a run's folder holds it.

    Args:
        name: "npd", "people".
        sources: source to its identities and identifier_records.
        members: unit_id, entity_id of the units of this side.
    """

    def __init__(
        self, engine: Engine, name: str, size: int, sources: dict[str, tuple[Table, Table]], members: Table
    ) -> None:
        self.name, self.size = name, size
        self._engine, self._sources, self._members = engine, sources, members

    def units(self) -> Table:
        """unit_id of every unit of this side."""
        return self._engine.sql("select distinct unit_id from {members}", members=self._members, store=True)

    def entities(self) -> Table:
        """unit_id, entity_id of all units of this side."""
        return self._members

    def unit_of(self, entity_id: int) -> int | None:
        found = self._engine.sql(
            "select unit_id from {members} where entity_id = $entity",
            params={"entity": entity_id},
            members=self._members,
        )
        held = rows(self._engine, found)
        return int(held[0]["unit_id"]) if held else None

    def members(self, units: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
        wanted = listed_units(self._engine, units)
        parts = self._identities()
        sources = "\nunion all\n".join(f"select entity_id, source from {{{part}}}" for part in parts)
        query = f"""
            select m.unit_id, m.entity_id, e.source
            from {{members}} as m
            join {{wanted}} as w on w.unit_id = m.unit_id
            join ({sources}) as e on e.entity_id = m.entity_id
            order by m.unit_id, m.entity_id
            """
        found = self._engine.sql(query, params=None, store=False, members=self._members, wanted=wanted, **parts)
        held: dict[int, list[tuple[int, str]]] = {}
        for row in rows(self._engine, found):
            held.setdefault(int(row["unit_id"]), []).append((int(row["entity_id"]), str(row["source"])))
        return held

    def build(self, units: Table, wanted: Sequence[str]) -> Units:
        members = self._members_of(units)
        sides = [
            (self._of(identities, members), self._of(identifier_records, members))
            for identities, identifier_records in self._sources.values()
        ]
        membership = self._engine.sql("select entity_id, unit_id from {m}", m=members)
        return from_sources(self._engine, self.name, sides, membership, wanted)

    def holding(self, terms: Sequence[Term]) -> Table:
        return _narrowed(self._engine, terms, self._met)

    def _met(self, term: Term) -> Table:
        return self.holding_any([term])

    def holding_any(self, terms: Sequence[Term]) -> Table:
        named = self._identities()
        wanted = {f"wanted_{index}": term.values for index, term in enumerate(terms)}
        met = " or ".join(_stands_in(term, f"w{index}") for index, term in enumerate(terms))
        asked = ", ".join(f"{{wanted_{index}}} as w{index}" for index in range(len(terms)))
        entities = "\nunion all\n".join(
            f"select i.entity_id from {{{part}}} as i, {asked} where {met}" for part in named
        )
        query = f"select distinct m.unit_id from {{members}} as m join ({entities}) as e using (entity_id)"
        return self._engine.sql(query, params=None, store=True, members=self._members, **wanted, **named)

    def known(self, columns: Sequence[str]) -> dict[str, int]:
        fields = {column: fields_of([column])[0] for column in columns}
        named = self._identities()
        listed = ", ".join(f"{quote(field)} is not null as {quote(field)}" for field in dict.fromkeys(fields.values()))
        entities = "\nunion all\n".join(f"select entity_id, {listed} from {{{part}}}" for part in named)
        known = ", ".join(f"bool_or(e.{quote(field)}) as {quote(column)}" for column, field in fields.items())
        counted = ", ".join(f"count(*) filter (where {quote(column)}) as {quote(column)}" for column in fields)
        query = f"""
            with units as (
                select m.unit_id, {known}
                from {{members}} as m
                join ({entities}) as e using (entity_id)
                group by m.unit_id
            )
            select {counted} from units
            """
        found = self._engine.sql(query, params=None, store=False, members=self._members, **named)
        return {column: int(count) for column, count in one(self._engine, found).items()}

    def latest(self, units: Table, columns: Sequence[str]) -> Table:
        members = self._members_of(units)
        shared = [*dict.fromkeys(fields_of(columns))]
        parts = [f"{field}{part}" for field in shared for part in ("", "_first", "_last")]
        listed = columns_of(parts, "i")
        named = self._identities()
        union = "\nunion all\n".join(
            f"select i.entity_id, {listed} from {{{part}}} as i join {{members}} as m using (entity_id)"
            for part in named
        )
        identities = self._engine.sql(union, params=None, store=True, members=members, **named)
        return described(self._engine, identities, members, columns)

    def held(self, units: Sequence[int], identifiers: Sequence[str]) -> Table:
        members = self._members_of(listed_units(self._engine, units))
        listed = ", ".join(
            f"i.{quote(f'{name}{part}')} as {quote(shown)}"
            for name in identifiers
            for part, shown in zip(("", "_first", "_last"), held_as(name), strict=True)
        )
        named = self._identities()
        union = "\nunion all\n".join(
            f"select m.unit_id, i.entity_id, {listed} from {{{part}}} as i join {{members}} as m using (entity_id)"
            for part in named
        )
        return self._engine.sql(union, params=None, store=True, members=members, **named)

    def keys(self, units: Sequence[int]) -> Table:
        """unit_id, source, entity_key of some units' entities: the sources' own keys, which may be people's numbers."""
        members = self._members_of(listed_units(self._engine, units))
        named = self._identities()
        union = "\nunion all\n".join(
            f"select m.unit_id, i.source, i.entity_key from {{{part}}} as i join {{members}} as m using (entity_id)"
            for part in named
        )
        return self._engine.sql(union, params=None, store=True, members=members, **named)

    def _identities(self) -> dict[str, Table]:
        """The sources' identities, by the names that queries give them."""
        return {f"of_{index}": identities for index, (identities, _) in enumerate(self._sources.values())}

    def _members_of(self, units: Table) -> Table:
        query = "select m.unit_id, m.entity_id from {members} as m join {units} as u on u.unit_id = m.unit_id"
        return self._engine.sql(query, members=self._members, units=units, store=True)

    def _of(self, table: Table, members: Table) -> Table:
        query = "select t.* from {table} as t join {members} as m on m.entity_id = t.entity_id"
        return self._engine.sql(query, table=table, members=members, store=True)


class FileSide:
    """A side whose units are the rows of one file, all of them in memory.

    Args:
        units: unit_id and the compared fields.
    """

    def __init__(self, engine: Engine, name: str, units: Table) -> None:
        self.name, self.size = name, engine.count(units)
        self._engine, self._units = engine, units

    def units(self) -> Table:
        return self._engine.sql("select unit_id from {all}", all=self._units, store=True)

    def unit_of(self, entity_id: int) -> int | None:
        return entity_id if 1 <= entity_id <= self.size else None

    def members(self, units: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
        return {unit: [(unit, self.name)] for unit in units if 1 <= unit <= self.size}

    def build(self, units: Table, wanted: Sequence[str]) -> Units:
        query = "select u.* from {all} as u join {units} as w on w.unit_id = u.unit_id"
        found = self._engine.sql(query, params=None, store=True, all=self._units, units=units)
        members = self._engine.sql("select unit_id, unit_id as entity_id from {t}", t=found)
        return Units(self.name, found, found, members)

    def holding(self, terms: Sequence[Term]) -> Table:
        return _narrowed(self._engine, terms, self._met)

    def _met(self, term: Term) -> Table:
        return self.holding_any([term])

    def holding_any(self, terms: Sequence[Term]) -> Table:
        wanted = {f"wanted_{index}": term.values for index, term in enumerate(terms)}
        asked = ", ".join(f"{{wanted_{index}}} as w{index}" for index in range(len(terms)))
        met = " or ".join(_stands_in_file(term, f"w{index}") for index, term in enumerate(terms))
        query = f"select u.unit_id from {{units}} as u, {asked} where {met}"
        return self._engine.sql(query, params=None, store=True, units=self._units, **wanted)

    def known(self, columns: Sequence[str]) -> dict[str, int]:
        counted = ", ".join(f"count({quote(column)}) as {quote(column)}" for column in columns)
        found = one(self._engine, self._engine.sql(f"select {counted} from {{t}}", t=self._units))
        return {column: int(count) for column, count in found.items()}

    def latest(self, units: Table, columns: Sequence[str]) -> Table:
        return self.build(units, columns).units

    def held(self, units: Sequence[int], identifiers: Sequence[str]) -> Table:
        unknown = "[cast(null as date)]"  # when a row of a file was written is not known
        listed = "".join(
            f", case when u.{quote(name)} is not null then {value} end as {quote(shown)}"
            for name in identifiers
            for value, shown in zip((f"[u.{quote(name)}]", unknown, unknown), held_as(name), strict=True)
        )
        query = f"select unit_id, unit_id as entity_id{listed} from {{all}} as u join {{wanted}} using (unit_id)"
        return self._engine.sql(query, store=True, all=self._units, wanted=listed_units(self._engine, units))


def held_as(identifier: str) -> tuple[str, str, str]:
    """Columns of `held`: values, first seen, last seen; with spaces, since a file may have fields of any name."""
    return identifier, f"{identifier} first seen", f"{identifier} last seen"


def _stands_in_file(term: Term, wanted: str) -> str:
    """SQL: whether a term is met by a row `u` of a file."""
    column = f"u.{quote(term.column)}"
    if term.column.endswith(OF_WORDS):
        return f"list_has_any({wanted}.wanted, {column})"
    return f"list_contains({wanted}.wanted, {term.element.format(value=column)})"


def _stands_in(term: Term, wanted: str) -> str:
    """SQL: whether a term is met in the history of an entity `i`."""
    field, shape = value_in(term.column, "x")
    if term.element != "{value}" or shape not in ("x", "cast(x as varchar)"):
        element = term.element.format(value=f"({shape})")
        return f"list_has_any(list_transform(i.{quote(field)}, lambda x: {element}), {wanted}.wanted)"
    values = f"{wanted}.wanted" if shape == "x" else f"cast({wanted}.wanted as date[])"
    return f"list_has_any(i.{quote(field)}, {values})"


def listed_units(engine: Engine, units: Sequence[int]) -> Table:
    """unit_id of units that the caller names."""
    return engine.from_arrow(pa.table({"unit_id": pa.array(list(units), pa.int64())}))


# What tells people apart best, first. It only decides what is looked at first, never what is found.
_TELLING = ("nino", "uln", "upn", "husid", "dob", "postcode", "surname", "forename", "middle_names")
_FEW = 2_000  # units that are built at once more quickly than another history is searched


def _narrowed(engine: Engine, terms: Sequence[Term], met: Callable[[Term], Table]) -> Table:
    """unit_id of the units that meet the terms, or the first few of them where that leaves few units."""

    def place(term: Term) -> int:
        field = fields_of([term.column])[0]
        return _TELLING.index(field) if field in _TELLING else len(_TELLING)

    found: Table | None = None
    for term in sorted(terms, key=place):
        new = met(term)
        query = "select a.unit_id from {a} as a join {b} as b using (unit_id)"
        found = engine.sql(query, a=found, b=new, store=True) if found else new
        if engine.count(found) <= _FEW:
            break
    if found is None:
        raise ValueError("nothing is asked for")
    return found
