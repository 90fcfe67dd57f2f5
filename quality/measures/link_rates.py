"""Link rates with three nested denominators (all, eligible, linked), and error, by
group of people.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from linkage.catalogue import Catalogue
from linkage.engine import Engine, Table, columns, literal, quote, rows
from quality.measures.accuracy import StepTruth
from quality.measures.characteristics import NOT_KNOWN, OTHER_CODE, labels_of
from quality.measures.definitions import Characteristic, Definitions, Eligible
from quality.measures.estimated_error import MATCH_PROBABILITY

_UNLABELLED = {OTHER_CODE: "Other code", NOT_KNOWN: "Not known"}
_OF_LINKS = {
    "links": "case when accepted then 1 else 0 end",
    "correct": "case when accepted and verdict = 'true' then 1 else 0 end",
    "wrong": "case when accepted and verdict = 'false' then 1 else 0 end",
    "expected_correct": "case when accepted then p else 0e0 end",
    "expected_missed": "case when accepted then 0e0 else p end",
    "correct_variance": "case when accepted then p * (1e0 - p) else 0e0 end",
}
MEASURES = (*_OF_LINKS, "due")
"""Sums over a unit's pairs: links, correct and wrong links, probabilities of links and
of other pairs, p (1 - p) of links, true pairs.
"""
_COUNTS = {
    "all": "true",
    "eligible": "is_eligible",
    "linked": "is_eligible and is_linked",
    "in_both": "is_eligible and in_both",
    "found": "is_eligible and in_both and is_found",
}


def units_described(
    engine: Engine,
    units: Table,
    described: Table,
    sources: Sequence[str],
    judged: Table,
    truth: StepTruth | None,
    rule: Eligible | None,
) -> Table:
    """One row per unit of a step: side, unit_id, the characteristics, from_<n> for each
    source, flags, MEASURES.

    Flags: is_eligible; is_linked (has an accepted link); in_both (truth has the person
    on both sides); is_found (an accepted link is correct).

    Args:
        described: entity_id, source, born (date), and a column for each characteristic
            (see `entities_described`). A unit has the value of its first entity that
            has one.
        sources: names, in the order of the flags from_0, from_1, ...
        rule: who is eligible on the left side; people without a birth date are.
    """
    groups = [
        name
        for name in described.columns
        if name not in ("entity_id", "source", "born")
    ]
    carried_columns = "".join(
        f", unit_groups.{quote(name)}" for name in [*groups, *_flags(sources)]
    )
    ends = " union all ".join(
        f"select '{side}' as side, {side}_id as unit_id, decision = 'accepted' as "
        "accepted, verdict, "
        f"{MATCH_PROBABILITY} as p from {{judged}}"
        for side in ("left", "right")
    )
    sides = " union all ".join(
        f"select '{side}' as side, {side}_id as unit_id from {{pairs}}"
        for side in ("left", "right")
    )
    of_truth = (
        f", paired as (select side, unit_id, count(*) as pairs from ({sides}) "
        "group by side, unit_id)"
    )
    flags = (
        "paired.unit_id is not null as in_both, coalesce(made.correct, 0) > 0 as "
        "is_found, coalesce(paired.pairs, 0) as due"
    )
    unknown = (
        "cast(null as boolean) as in_both, cast(null as boolean) as is_found, "
        "cast(null as bigint) as due"
    )
    several_units = engine.sql(_SEVERAL, units=units, store=True)
    result = engine.sql(
        f"""
        with ends as ({ends}),
        made as (
            select side, unit_id,
                {", ".join(f"sum({value}) as {name}" for name, value in _OF_LINKS.items())}
            from ends
            group by side, unit_id
        ){of_truth if truth else ""}
        select unit_groups.side, unit_groups.unit_id {carried_columns},
               unit_groups.side = 'right' or unit_groups.born is null
                   or unit_groups.born <= cast($born_to as date) as is_eligible,
               coalesce(made.links, 0) > 0 as is_linked,
               {", ".join(f"coalesce(made.{name}, 0) as {name}" for name in _OF_LINKS)},
               {flags if truth else unknown}
        from {{unit_groups}} as unit_groups
        left join made on made.side = unit_groups.side
            and made.unit_id = unit_groups.unit_id
        {"left join paired on paired.side = unit_groups.side and paired.unit_id = unit_groups.unit_id" if truth else ""}
        """,  # noqa: E501
        params={"born_to": rule.born_to if rule else datetime.date(9999, 12, 31)},
        store=True,
        unit_groups=_unit_groups(
            engine, units, several_units, described, ["born", *groups], sources
        ),
        judged=judged,
        **({"pairs": truth.pairs} if truth else {}),
    )
    engine.drop(several_units)
    return result


_SEVERAL = """
    select side, unit_id, entity_id
    from (select *, count(*) over (partition by side, unit_id) as entities from {units})
    where entities > 1
"""


def _unit_groups(
    engine: Engine,
    units: Table,
    several_units: Table,
    facts: Table,
    values: Sequence[str],
    sources: Sequence[str],
) -> Table:
    """side, unit_id, values, source flags; only units of several entities are
    aggregated.
    """
    flags = {
        name: f"case when described.source = $source_{n} then 1 else 0 end"
        for n, name in enumerate(_flags(sources))
    }
    single_values = ", ".join(f"described.{quote(name)}" for name in values)
    several_values = ", ".join(
        f"min_by(described.{quote(name)}, described.entity_id) filter (where "
        f"described.{quote(name)} is not null)"
        for name in values
    )
    return engine.sql(
        f"""
        select single.side, single.unit_id,
            {single_values}
            {"".join(f", {flag} as {name}" for name, flag in flags.items())}
        from (
            select side, unit_id, min(entity_id) as entity_id
            from {{units}}
            group by side, unit_id
            having count(*) = 1
        ) as single
        left join {{described}} as described on described.entity_id = single.entity_id
        union all
        select several.side, several.unit_id,
            {several_values} {"".join(f", max({flag})" for flag in flags.values())}
        from {{several}} as several
        left join {{described}} as described on described.entity_id = several.entity_id
        group by several.side, several.unit_id
        """,
        params={f"source_{index}": source for index, source in enumerate(sources)},
        units=units,
        several=several_units,
        described=facts,
    )


def _flags(sources: Sequence[str]) -> list[str]:
    return [f"from_{index}" for index in range(len(sources))]


def cube(engine: Engine, described_units: Table) -> Table:
    """Units counted by characteristics and flags: a few thousand rows, from which every
    rate is summed.
    """
    keys = columns(
        [name for name in described_units.columns if name not in ("unit_id", *MEASURES)]
    )
    sums = ", ".join(f"sum({name}) as {name}" for name in MEASURES)
    return engine.sql(
        f"select {keys}, count(*) as units, {sums} from {{units}} group by {keys}",
        store=True,
        units=described_units,
    )


def counts(
    engine: Engine, cube: Table, names: Sequence[str] = (), where: str = "true"
) -> list[dict[str, Any]]:
    """side, group_0, group_1, ... (codes), all, eligible, linked, in_both, found, and
    MEASURES of eligible people's pairs.

    Counts nest: linked are eligible too. in_both and found are None without truth.

    Args:
        names: characteristics; with several, the groups are their combinations.
        where: SQL condition over the cube.
    """
    groups = "".join(
        f", coalesce({quote(name)}, {literal(NOT_KNOWN)}) as group_{n}"
        for n, name in enumerate(names)
    )
    keys = ", ".join(["side", *(f"group_{place}" for place in range(len(names)))])
    columns = {
        name: f"cast(sum(case when {test} then units else 0 end) as bigint)"
        for name, test in _COUNTS.items()
    }
    columns |= {
        name: f"case when count(in_both) > 0 then {columns[name]} end"
        for name in ("in_both", "found")
    }
    columns |= {
        name: f"sum(case when is_eligible then {name} when {name} is not null then 0 "
        "end)"
        for name in MEASURES
        if name in cube.columns
    }
    sums = ", ".join(f"{value} as {quote(name)}" for name, value in columns.items())
    query = f"""
        with grouped as (select *{groups} from {{cube}} where {where})
        select {keys}, {sums} from grouped group by {keys} order by {keys}
        """
    return rows(engine, engine.sql(query, cube=cube))


def totals(engine: Engine, cube: Table) -> list[dict[str, Any]]:
    """side, all, eligible, linked, in_both, found: the three denominators of a step."""
    return [
        {key: row[key] for key in ("side", *_COUNTS)} for row in counts(engine, cube)
    ]


def rates(
    engine: Engine,
    cube: Table,
    sources: Sequence[str],
    definitions: Definitions,
    catalogue: Catalogue,
) -> list[dict[str, Any]]:
    """For each side and characteristic the groups with their counts.

    Returns:
        side, characteristic, title, is_partition, groups (group, label, and the counts
        of `counts`). `is_partition` is
        False by source: people with records from two sources are in both groups.
    """
    by_source = [
        {**row, "group_0": source}
        for source, flag in zip(sources, _flags(sources), strict=True)
        for row in counts(engine, cube, where=f"{flag} = 1")
    ]
    by_side = _by_side(by_source, "source", "Source", {}, False)
    for one in known_in(cube, definitions):
        by_side += _by_side(
            counts(engine, cube, [one.name]),
            one.name,
            one.title,
            labels_of(one, catalogue),
            True,
        )
    return by_side


def known_in(cube: Table, definitions: Definitions) -> list[Characteristic]:
    """Characteristics that a cube has."""
    return [
        characteristic
        for characteristic in definitions.characteristic
        if characteristic.name in cube.columns
    ]


def reasons(
    engine: Engine, described_units: Table, unlinked: Table
) -> list[dict[str, Any]]:
    """side, reason, units: why eligible units are not linked. They add up to eligible
    less linked.
    """
    query = """
        with stated as (select side, id, min(reason) as reason from {unlinked}
            group by side, id)
        select units.side, coalesce(stated.reason, 'not stated') as reason,
            count(*) as units
        from {units} as units
        left join stated on stated.side = units.side and stated.id = units.unit_id
        where units.is_eligible and not units.is_linked
        group by units.side, coalesce(stated.reason, 'not stated')
        order by side, units desc, reason
        """
    return rows(engine, engine.sql(query, units=described_units, unlinked=unlinked))


def label_of(code: str, labels: Mapping[str, str]) -> str:
    """The label of a code."""
    return labels.get(code, _UNLABELLED.get(code, code))


def _by_side(
    group_counts: Sequence[Mapping[str, Any]],
    name: str,
    title: str,
    labels: Mapping[str, str],
    is_partition: bool,
) -> list[dict[str, Any]]:
    sorted_counts = sorted(
        group_counts, key=lambda row: (row["group_0"] in _UNLABELLED, row["group_0"])
    )
    by_side = []
    for side in ("left", "right"):
        groups = [
            {
                "group": row["group_0"],
                "label": label_of(row["group_0"], labels),
                **{key: row[key] for key in _COUNTS},
            }
            for row in sorted_counts
            if row["side"] == side
        ]
        header = {
            "side": side,
            "characteristic": name,
            "title": title,
            "is_partition": is_partition,
        }
        by_side += [{**header, "groups": groups}] if groups else []
    return by_side
