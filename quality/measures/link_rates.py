"""Link rates with three nested denominators: all, eligible, matched."""

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


def units_described(
    engine: Engine,
    units: Table,
    described: Table,
    sources: Sequence[str],
    judged: Table,
    truth: StepTruth | None,
    rule: Eligible | None,
) -> Table:
    """One row per unit of a step: side, unit_id, the characteristics, from_<n> for each source, flags, MEASURES.

    Flags: is_eligible; is_linked (has an accepted link); in_both (truth has the person on both sides); is_found (an
    accepted link is correct).

    Args:
        described: entity_id, source, born (date), and a column for each characteristic (see `entities_described`). A
            unit has the value of its first entity that has one.
        sources: names, in the order of the flags from_0, from_1, ...
        rule: who is eligible on the left side; people without a birth date are.
    """
    groups = _groups(described)
    carried = "".join(f", unit_groups.{quote(name)}" for name in [*groups, *_flags(sources)])
    in_both, found, due, with_truth = _against_truth(truth)
    several = _of_several(engine, units)
    result = engine.sql(
        f"""
        with ends as (
            select 'left' as side, left_id as unit_id, decision = 'accepted' as accepted, verdict, {MATCH_PROBABILITY} as p
            from {{judged}}
            union all
            select 'right' as side, right_id as unit_id, decision = 'accepted' as accepted, verdict, {MATCH_PROBABILITY} as p
            from {{judged}}
        ),
        made as (
            select side, unit_id,
                   sum(case when accepted then 1 else 0 end) as links,
                   sum(case when accepted and verdict = 'true' then 1 else 0 end) as correct,
                   sum(case when accepted and verdict = 'false' then 1 else 0 end) as wrong,
                   sum(case when accepted then p else 0e0 end) as expected_correct,
                   sum(case when accepted then 0e0 else p end) as expected_missed,
                   sum(case when accepted then p * (1e0 - p) else 0e0 end) as correct_variance
            from ends
            group by side, unit_id
        ){with_truth}
        select unit_groups.side, unit_groups.unit_id {carried},
               unit_groups.side = 'right' or unit_groups.born is null
                   or unit_groups.born <= cast($born_to as date) as is_eligible,
               coalesce(made.links, 0) > 0 as is_linked,
               {in_both} as in_both,
               {found} as is_found,
               {", ".join(f"coalesce(made.{name}, 0) as {name}" for name in _OF_LINKS)},
               {due} as due
        from {{unit_groups}} as unit_groups
        left join made on made.side = unit_groups.side and made.unit_id = unit_groups.unit_id
        {"left join paired on paired.side = unit_groups.side and paired.unit_id = unit_groups.unit_id" if truth else ""}
        """,
        params={"born_to": rule.born_to if rule else datetime.date(9999, 12, 31)},
        store=True,
        unit_groups=_unit_groups(engine, units, several, described, sources),
        judged=judged,
        **({"pairs": truth.pairs} if truth else {}),
    )
    engine.drop(several)
    return result


_OF_LINKS = ("links", "correct", "wrong", "expected_correct", "expected_missed", "correct_variance")
MEASURES = (*_OF_LINKS, "due")
"""Sums over a unit's pairs: links, correct and wrong links, probabilities of links and of other pairs, p (1 - p) of links,
true pairs."""


def _unit_groups(engine: Engine, units: Table, several: Table, described: Table, sources: Sequence[str]) -> Table:
    """side, unit_id, born, characteristics, source flags; only units of several entities are aggregated."""
    values = ["born", *_groups(described)]
    flags = {
        name: f"case when described.source = $source_{index} then 1 else 0 end"
        for index, name in enumerate(_flags(sources))
    }
    taken = ", ".join(f"described.{quote(name)}" for name in values)
    gathered = ", ".join(
        f"min_by(described.{quote(name)}, described.entity_id) filter (where described.{quote(name)} is not null)"
        for name in values
    )
    one = "".join(f", {flag} as {name}" for name, flag in flags.items())
    any_of = "".join(f", max({flag})" for flag in flags.values())
    return engine.sql(
        f"""
        select alone.side, alone.unit_id, {taken} {one}
        from (
            select side, unit_id, min(entity_id) as entity_id
            from {{units}}
            group by side, unit_id
            having count(*) = 1
        ) as alone
        left join {{described}} as described on described.entity_id = alone.entity_id
        union all
        select several.side, several.unit_id, {gathered} {any_of}
        from {{several}} as several
        left join {{described}} as described on described.entity_id = several.entity_id
        group by several.side, several.unit_id
        """,
        params={f"source_{index}": source for index, source in enumerate(sources)},
        units=units,
        several=several,
        described=described,
    )


def _of_several(engine: Engine, units: Table) -> Table:
    """side, unit_id, entity_id of the units that are several entities."""
    return engine.sql(
        """
        select side, unit_id, entity_id
        from (select *, count(*) over (partition by side, unit_id) as entities from {units})
        where entities > 1
        """,
        units=units,
        store=True,
    )


def _groups(described: Table) -> list[str]:
    return [name for name in described.columns if name not in ("entity_id", "source", "born")]


def _flags(sources: Sequence[str]) -> list[str]:
    return [f"from_{index}" for index in range(len(sources))]


def _against_truth(truth: StepTruth | None) -> tuple[str, str, str, str]:
    """SQL of in_both, is_found and due, and the common table expressions they read."""
    if truth is None:
        return "cast(null as boolean)", "cast(null as boolean)", "cast(null as bigint)", ""
    paired = """,
        paired_sides as (
            select 'left' as side, left_id as unit_id from {pairs}
            union all
            select 'right' as side, right_id as unit_id from {pairs}
        ),
        paired as (select side, unit_id, count(*) as pairs from paired_sides group by side, unit_id)"""
    return "paired.unit_id is not null", "coalesce(made.correct, 0) > 0", "coalesce(paired.pairs, 0)", paired


def cube(engine: Engine, described_units: Table) -> Table:
    """Units counted by characteristics and flags: a few thousand rows, from which every rate is summed."""
    keys = columns([name for name in described_units.columns if name not in ("unit_id", *MEASURES)])
    summed = ", ".join(f"sum({name}) as {name}" for name in MEASURES)
    return engine.sql(
        f"select {keys}, count(*) as units, {summed} from {{units}} group by {keys}", store=True, units=described_units
    )


def rates(
    engine: Engine, counted: Table, sources: Sequence[str], definitions: Definitions, catalogue: Catalogue
) -> list[dict[str, Any]]:
    """For each side and characteristic the groups with their counts.

    Args:
        counted: see `cube`.

    Returns:
        side, characteristic, title, is_partition, groups (group, label, all, eligible, linked, in_both, found). Counts
        nest: linked are eligible too. in_both and found are None without truth. `is_partition` is False by source:
        people with records from two sources are in both groups.
    """
    by_source = [
        row
        for source, flag in zip(sources, _flags(sources), strict=True)
        for row in _summed(
            engine, engine.sql(f"select * from {{cube}} where {flag} = 1", cube=counted), literal(source)
        )
    ]
    found = _by_side(by_source, "source", "Source", {}, False)
    for characteristic in definitions.characteristic:
        if characteristic.name in counted.columns:
            group = f"coalesce({quote(characteristic.name)}, {literal(NOT_KNOWN)})"
            labels = labels_of(characteristic, catalogue)
            found += _by_side(_summed(engine, counted, group), characteristic.name, characteristic.title, labels, True)
    return found


def totals(engine: Engine, counted: Table) -> list[dict[str, Any]]:
    """side, all, eligible, linked, in_both, found: the three denominators of a step."""
    return [{key: value for key, value in row.items() if key != "group"} for row in _summed(engine, counted, "'all'")]


def reasons(engine: Engine, described_units: Table, unlinked: Table) -> list[dict[str, Any]]:
    """side, reason, units: why eligible units are not linked. They add up to eligible less linked."""
    return rows(
        engine,
        engine.sql(
            """
            with stated as (select side, id, min(reason) as reason from {unlinked} group by side, id)
            select units.side, coalesce(stated.reason, 'not stated') as reason, count(*) as units
            from {units} as units
            left join stated on stated.side = units.side and stated.id = units.unit_id
            where units.is_eligible and not units.is_linked
            group by units.side, coalesce(stated.reason, 'not stated')
            order by side, units desc, reason
            """,
            units=described_units,
            unlinked=unlinked,
        ),
    )


def _summed(engine: Engine, counted: Table, group: str) -> list[dict[str, Any]]:
    """side, group, all, eligible, linked, in_both, found; `group` is an expression over the cube."""
    summed = engine.sql(
        f"""
        with grouped as (select *, {group} as grp from {{cube}})
        select side, grp as "group", cast(sum(units) as bigint) as "all",
               {_sum_where("is_eligible")} as eligible,
               {_sum_where("is_eligible and is_linked")} as linked,
               case when count(in_both) > 0 then {_sum_where("is_eligible and in_both")} end as in_both,
               case when count(in_both) > 0 then {_sum_where("is_eligible and in_both and is_found")} end as found
        from grouped
        group by side, grp
        order by side, grp
        """,
        cube=counted,
    )
    return rows(engine, summed)


def _sum_where(condition: str) -> str:
    return f"cast(sum(case when {condition} then units else 0 end) as bigint)"


def label_of(characteristic: Characteristic, code: str, catalogue: Catalogue) -> str:
    """The label of a code of a characteristic."""
    return str(labels_of(characteristic, catalogue).get(code, _UNLABELLED.get(code, code)))


def _by_side(
    counted: list[dict[str, Any]], name: str, title: str, labels: Mapping[str, str], is_partition: bool
) -> list[dict[str, Any]]:
    return [
        {
            "side": side,
            "characteristic": name,
            "title": title,
            "is_partition": is_partition,
            "groups": [
                {
                    "group": row["group"],
                    "label": labels.get(row["group"], _UNLABELLED.get(row["group"], row["group"])),
                    **{key: row[key] for key in ("all", "eligible", "linked", "in_both", "found")},
                }
                for row in sorted(counted, key=lambda row: (row["group"] in _UNLABELLED, row["group"]))
                if row["side"] == side
            ],
        }
        for side in ("left", "right")
        if any(row["side"] == side for row in counted)
    ]
