"""Conflicts: joined people who cannot be one person are split at the weakest link
between the conflicting parts.

The rules are data (configs/resolution/people.toml), and the steps say how many records
of a source a person may hold. People who break a rule are few: they are found by
set-based SQL, and only they are looked at one by one.
"""

import functools
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pydantic import Field

from linkage.config import Step
from linkage.config.identifiers import IDENTIFIERS, kept_columns
from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen, read_as
from linkage.engine import Engine, Table, columns, empty, quote, rows
from linkage.spine.splitting import RemovedLink, split

NEVER = "never one person, by decision"  # of reviewers


class Rule(Frozen):
    """A value that one person has once; the keys are explained in the file."""

    name: str = Field(description="Name of the rule, shown with each removed link.")
    why: str = Field(description="Why a person has one value.")
    field: str = Field(description="Identifier of which a person has one value.")
    supported_by: int = Field(
        ge=1,
        description="Records whose latest value it is; one that fewer have is an "
        "error.",
    )
    unless_equal: tuple[str, ...] = Field(
        (), description="Person numbers: parts that share one are one person."
    )


class ConflictFile(Frozen):
    """A file of rules."""

    conflict: tuple[Rule, ...] = Field(
        (), description="Values of which one person has one."
    )


@functools.cache
def shipped() -> tuple[Rule, ...]:
    """The rules of configs/resolution/people.toml."""
    return read_as(ConflictFile, config_file("resolution/people.toml")).conflict


def most_records(steps: Sequence[Step]) -> dict[str, int]:
    """Records of a source that one person may hold, where the steps set a limit; where
    several do, the highest.

    A step that joins second records among people brings two of them together, each with
    what it may hold.
    """
    limits: dict[str, float] = {}
    for step in steps:
        if step.duplicates == "join" and "people" in (step.left, step.right):
            limits = {source: 2 * limit for source, limit in limits.items()}
        several_left, several_right = (
            side == "many" for side in step.cardinality.split("-to-")
        )
        for source, is_many, limit in (
            (step.left, several_left, step.most_left),
            (step.right, several_right, step.most_right),
        ):
            unlimited = step.duplicates == "join" or (is_many and limit is None)
            limits[source] = max(
                limits.get(source, 0), math.inf if unlimited else limit or 1
            )
    return {
        source: int(limit)
        for source, limit in limits.items()
        if source != "people" and limit < math.inf
    }


@dataclass(frozen=True)
class WithoutConflicts:
    """People without conflicts.

    Attributes:
        membership: entity_id, unit_id.
        links: those that were given, but for the removed ones.
        removed_links: step, left_id, right_id (the units that were linked),
            left_entity, right_entity (the two of their entities that are most alike),
            match_weight, rule that the link would break.
    """

    membership: Table
    links: Table
    removed_links: Table


def without_conflicts(
    engine: Engine,
    entities: Table,
    membership: Table,
    links: Table,
    units: Table,
    *,
    most: Mapping[str, int],
    rules: Sequence[Rule] | None = None,
    never: Table | None = None,
) -> WithoutConflicts:
    """Split people who break a rule, or of whom reviewers have decided that they are
    not one person.

    Args:
        entities: entity_id, source, and for each identifier the list of its values, the
            latest first.
        membership: entity_id, unit_id after the last step.
        links: step, left_id, right_id, method, match_weight, decision of all steps.
        units: step, side, unit_id, entity_id.
        most: records of a source that a person may hold.
        rules: the shipped ones when None.
        never: one_id, other_id of entities that are not one person, by decision; none
            when None.
    """
    rules = shipped() if rules is None else tuple(rules)
    cannot_link = _cannot_link(engine, never)
    suspects = engine.sql(
        "\nunion\n".join(
            [
                _TOO_MANY,
                *([_DECIDED] if never else []),
                *(_several_values(rule) for rule in rules),
            ]
        ),
        params=None,
        store=True,
        membership=membership,
        entities=entities,
        most=engine.from_arrow(_limits(most)),
        **({"never": never} if never else {}),
    )
    if not engine.count(suspects):
        return WithoutConflicts(membership, links, empty(engine, _REMOVED))
    people = _people(engine, suspects, membership, entities, links, units)
    work = functools.partial(
        _split_people, rules=rules, limits=dict(most), cannot_link=cannot_link
    )
    parts = engine.by_group(
        people, work, {**_REMOVED, "part": "bigint"}, by="person", order=_IN_ORDER
    )
    removals = engine.sql(
        f"select {columns(list(_REMOVED))} from {{t}} where part is null",
        t=parts,
        store=_REMOVED,
    )
    return WithoutConflicts(
        _membership(engine, membership, parts),
        _without_removed(engine, links, removals),
        removals,
    )


_TOO_MANY = """
    select unit_id
    from (
        select m.unit_id, o.most, count(*) as records
        from {membership} as m
        join {entities} as i on i.entity_id = m.entity_id
        join {most} as o on o.source = i.source
        group by m.unit_id, i.source, o.most
    )
    where records > most
    """


_DECIDED = """
    select one.unit_id
    from {never} as n
    join {membership} as one on one.entity_id = n.one_id
    join {membership} as other on other.entity_id = n.other_id
        and other.unit_id = one.unit_id
    """


def _cannot_link(engine: Engine, never: Table | None) -> dict[int, set[int]]:
    """To each entity those that are not the same person, by decision: few, since people
    have looked at each.
    """
    cannot_link: dict[int, set[int]] = {}
    for row in rows(engine, never) if never else ():
        cannot_link.setdefault(row["one_id"], set()).add(row["other_id"])
        cannot_link.setdefault(row["other_id"], set()).add(row["one_id"])
    return cannot_link


def _several_values(rule: Rule) -> str:
    """SQL of people with two values of a field, each the latest of as many records as
    the rule asks.
    """
    return f"""
    select unit_id
    from (
        select m.unit_id, i.{quote(rule.field)}[1] as value, count(*) as records
        from {{membership}} as m
        join {{entities}} as i on i.entity_id = m.entity_id
        where i.{quote(rule.field)}[1] is not null
        group by m.unit_id, i.{quote(rule.field)}[1]
    )
    where records >= {int(rule.supported_by)}
    group by unit_id
    having count(*) > 1
    """


_Person = dict[int, dict[str, Any]]
"""The records of a person by entity: source, and each identifier's values."""


@dataclass(frozen=True)
class _Link:
    """A link between two units of a step, and the entities of both."""

    step: str
    left_id: int
    right_id: int
    weight: float
    left: set[int]
    right: set[int]


_REMOVED = {
    "step": "varchar",
    "left_id": "bigint",
    "right_id": "bigint",
    "left_entity": "bigint",
    "right_entity": "bigint",
    "match_weight": "double",
    "rule": "varchar",
}
_IN_ORDER = ("step", "left_id", "right_id", "left_entity", "right_entity")


def _people(
    engine: Engine,
    suspects: Table,
    membership: Table,
    entities: Table,
    links: Table,
    units: Table,
) -> Table:
    """What is known of each suspect (person): a row for each record, and one for each
    two records that a link joins.
    """
    fields = [
        *(name for name in IDENTIFIERS if name in entities.columns),
        *kept_columns(entities.columns),
    ]
    nulls = ", ".join(f"null as {quote(name)}" for name in ("source", *fields))
    return engine.sql(
        f"""
        with members as (
            select u.step, u.side, u.unit_id as part, u.entity_id, m.unit_id as person
            from {{suspects}} as s
            join {{membership}} as m on m.unit_id = s.unit_id
            join {{units}} as u on u.entity_id = m.entity_id
        ),
        joined as (
            select l.person, k.step, k.left_id, k.right_id, k.method, k.match_weight,
                   l.entity_id as left_entity, r.entity_id as right_entity
            from {{links}} as k
            join members as l on l.step = k.step and l.side = 'left'
                and l.part = k.left_id
            join members as r on r.step = k.step and r.side = 'right'
                and r.part = k.right_id
            where k.decision = 'accepted'
        )
        select m.unit_id as person, cast(null as varchar) as step,
            cast(null as bigint) as left_id,
               cast(null as bigint) as right_id, cast(null as varchar) as method,
                   cast(null as double) as match_weight,
               i.entity_id as left_entity, cast(null as bigint) as right_entity,
                   i.source, {columns(fields, "i")}
        from {{suspects}} as s
        join {{membership}} as m on m.unit_id = s.unit_id
        join {{entities}} as i on i.entity_id = m.entity_id
        union all
        select person, step, left_id, right_id, method, match_weight, left_entity,
            right_entity, {nulls}
        from joined
        """,
        params=None,
        store=False,
        suspects=suspects,
        membership=membership,
        entities=entities,
        links=links,
        units=units,
    )


def _split_people(
    people: pa.Table,
    rules: Sequence[Rule],
    limits: Mapping[str, int],
    cannot_link: Mapping[int, set[int]],
) -> pa.Table:
    """Removed links of some people, and their records (left_entity) with the smallest
    of the part that each is of.
    """
    result_rows: list[dict[str, Any]] = []
    for _, known in itertools.groupby(_rows(people), key=lambda row: row["person"]):
        person: _Person = {}
        links: dict[tuple[str, int, int], _Link] = {}
        for row in known:
            if row["step"] is None:
                person[row["left_entity"]] = row
                continue
            key = (row["step"], row["left_id"], row["right_id"])
            # A reviewers' link is followed whatever it breaks.
            weight = (
                math.inf if row["method"] == "override" else float(row["match_weight"])
            )
            link = links.setdefault(key, _Link(*key, weight, set(), set()))
            link.left.add(row["left_entity"])
            link.right.add(row["right_entity"])
        parts, removals = _split_one(
            person, [links[key] for key in sorted(links)], rules, limits, cannot_link
        )
        result_rows += [
            {"left_entity": entity, "part": part} for entity, part in parts.items()
        ]
        result_rows += [
            {
                **{
                    name: getattr(link, name)
                    for name in ("step", "left_id", "right_id")
                },
                "left_entity": removal.left,
                "right_entity": removal.right,
                "match_weight": link.weight,
                "rule": removal.rule,
            }
            for link, removal in removals
        ]
    kinds = {"bigint": pa.int64(), "double": pa.float64(), "varchar": pa.string()}
    schema = pa.schema(
        [(name, kinds[kind]) for name, kind in {**_REMOVED, "part": "bigint"}.items()]
    )
    return pa.Table.from_pylist(result_rows, schema=schema)


def _rows(people: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows as dictionaries, a part at a time: each is some kilobytes."""
    for batch in people.to_batches(_BATCH):
        yield from batch.to_pylist()


_BATCH = 1_000


def _split_one(
    person: _Person,
    links: Sequence[_Link],
    rules: Sequence[Rule],
    limits: Mapping[str, int],
    cannot_link: Mapping[int, set[int]],
) -> tuple[dict[int, int], list[tuple[_Link, RemovedLink]]]:
    """The part that each record of a person belongs to, and the removed links."""
    by_ends: dict[tuple[int, int], list[_Link]] = {}
    for link in links:
        # A link of a later step joins what earlier ones have joined: it holds on to the
        # records that are most alike.
        ends = min(
            ((a, b) for a in link.left for b in link.right),
            key=lambda pair: (-_shared(person, *pair), pair),
        )
        by_ends.setdefault(ends, []).append(link)
    edges = [
        (a, b, max(link.weight for link in pair_links))
        for (a, b), pair_links in by_ends.items()
    ]
    parts, removals = split(
        edges,
        lambda one, other: _conflict(person, one, other, rules, limits, cannot_link),
    )
    return parts, [
        (link, removal)
        for removal in removals
        for link in by_ends[removal.left, removal.right]
    ]


def _shared(person: _Person, one: int, other: int) -> int:
    """Identifiers of which two records share a value."""
    return sum(
        _meet(person[one].get(name), person[other].get(name)) for name in IDENTIFIERS
    )


def _meet(one: Iterable[Any] | None, other: Iterable[Any] | None) -> bool:
    return not set(one or ()).isdisjoint(other or ())


def _conflict(
    person: _Person,
    one: Sequence[int],
    other: Sequence[int],
    rules: Sequence[Rule],
    limits: Mapping[str, int],
    cannot_link: Mapping[int, set[int]],
) -> str | None:
    """The rule that two sides of a person would break together, and neither alone."""
    if any(
        not cannot_link[entity].isdisjoint(other)
        for entity in one
        if entity in cannot_link
    ):
        return NEVER
    both = [*one, *other]
    counts = Counter(person[entity]["source"] for entity in both)
    for source, limit in sorted(limits.items()):
        records = [
            sum(person[entity]["source"] == source for entity in side)
            for side in (one, other)
        ]
        if counts[source] > limit and all(records) and max(records) <= limit:
            return f"more than {limit} of {source}"
    for rule in rules:
        if not (
            _has_several(person, both, rule)
            and not any(_has_several(person, s, rule) for s in (one, other))
        ):
            continue
        if not any(
            _meet(_all(person, one, number), _all(person, other, number))
            for number in rule.unless_equal
        ):
            return rule.name
    return None


def _has_several(person: _Person, entities: Sequence[int], rule: Rule) -> bool:
    latest = Counter(
        values[0] for entity in entities if (values := person[entity].get(rule.field))
    )
    return sum(records >= rule.supported_by for records in latest.values()) > 1


def _all(person: _Person, entities: Sequence[int], field: str) -> list[Any]:
    return [value for entity in entities for value in person[entity].get(field) or ()]


def _membership(engine: Engine, membership: Table, parts: Table) -> Table:
    return engine.sql(
        """
        select m.entity_id, coalesce(p.part, m.unit_id) as unit_id
        from {membership} as m
        left join {parts} as p on p.left_entity = m.entity_id and p.part is not null
        """,
        membership=membership,
        parts=parts,
        store=True,
    )


def _without_removed(engine: Engine, links: Table, removed_links: Table) -> Table:
    return engine.sql(
        """
        select k.*
        from {links} as k
        where not exists (
            select 1 from {removed} as c where c.step = k.step and c.left_id = k.left_id
                and c.right_id = k.right_id
        )
        """,
        links=links,
        removed=removed_links,
    )


def _limits(caps: Mapping[str, int]) -> pa.Table:
    return pa.table(
        {
            "source": pa.array(list(caps), pa.string()),
            "most": pa.array(list(caps.values()), pa.int64()),
        }
    )
