"""Linkage error by sex, ethnic group and free school meals, of several systems on the same people.

A true pair shares evidence when its two units agree, at any time that either held the value, on a National Insurance
number or on two at least of forename, surname, birth date and postcode. What agrees on less no system can tell from a
stranger. A person is missed who has such a pair and none of whose pairs is linked: a step that links one to one cannot
link both numbers of a person who has two.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report import RESULTS
from linkage.engine import Engine, Table, columns, one
from linkage.engine import rows as rows_of

_FIELDS = ("forename", "surname", "dob", "postcode", "nino")
_LEAST = 200  # true people of a group; the error rates of fewer are mostly chance

CHARACTERISTICS = {
    "sex": "sex",
    "ethnic group": "ethnic_group",
    "free school meals": "case when fsm then 'eligible' else 'not eligible' end",
}


def sources(tables: Mapping[str, Table]) -> list[str]:
    """The sources of a run."""
    return sorted(name.partition("/")[2] for name in tables if name.startswith("identities/"))


def sharing_evidence(engine: Engine, tables: Mapping[str, Table], members: Table, truth: Table) -> Table:
    """The true pairs (left_id, right_id, person_id) that share evidence."""
    named = {f"of_{n}": tables[f"identities/{name}"] for n, name in enumerate(sources(tables))}
    union = " union all ".join(f"select entity_id, {columns(_FIELDS)} from {{{name}}}" for name in named)
    gathered = ", ".join(f"flatten(list({field}) filter (where {field} is not null)) as {field}" for field in _FIELDS)
    agree = {field: f"case when list_has_any(l.{field}, r.{field}) then 1 else 0 end" for field in _FIELDS}
    return engine.sql(
        f"""
        with held as (
            select m.side, m.unit_id, {gathered}
            from {{members}} as m
            join ({union}) as e using (entity_id)
            group by m.side, m.unit_id
        )
        select t.left_id, t.right_id, t.person_id
        from {{truth}} as t
        join held as l on l.side = 'left' and l.unit_id = t.left_id
        join held as r on r.side = 'right' and r.unit_id = t.right_id
        where {" + ".join(agree[field] for field in _FIELDS[:4])} >= 2 or {agree["nino"]} = 1
        """,
        params=None,
        store=True,
        members=members,
        truth=truth,
        **named,
    )


def recall_of_evident(engine: Engine, links: Table, evident: Table) -> dict[str, float]:
    """The share of pairs that share evidence which are linked, and of the people who have one."""
    counted = one(
        engine,
        engine.sql(
            """
            select count(*) as pairs, count(k.left_id) as linked, count(distinct e.person_id) as people,
                   count(distinct case when k.left_id is not null then e.person_id end) as found
            from {evident} as e
            left join {links} as k on k.left_id = e.left_id and k.right_id = e.right_id
            """,
            evident=evident,
            links=links,
        ),
    )
    return {
        "pairs_sharing_evidence": counted["pairs"],
        "recall_of_pairs_sharing_evidence": counted["linked"] / max(counted["pairs"], 1),
        "people_sharing_evidence": counted["people"],
        "recall_of_people_sharing_evidence": counted["found"] / max(counted["people"], 1),
    }


def errors(
    engine: Engine, systems: Mapping[str, Table], truth: Table, evident: Table, persons: Table
) -> list[dict[str, Any]]:
    """For each system, characteristic and group: people, missed, links, false.

    Args:
        systems: left_id, right_id of each system's links.
        truth: left_id, right_id, person_id of all true pairs.
        persons: person_id and their characteristics. A false link is counted for the person of its left unit.
    """
    return [
        {"system": system, "characteristic": name, **row}
        for name, group in CHARACTERISTICS.items()
        for system, links in systems.items()
        for row in rows_of(
            engine,
            engine.sql(_BY_GROUP.format(group=group), links=links, truth=truth, evident=evident, persons=persons),
        )
    ]


_BY_GROUP = """
    with of_people as (
        select person_id, coalesce({group}, 'not known') as grp from {{persons}}
    ),
    found as (
        select e.person_id, max(case when k.left_id is null then 0 else 1 end) as is_found
        from {{evident}} as e
        left join {{links}} as k on k.left_id = e.left_id and k.right_id = e.right_id
        group by e.person_id
    ),
    recalled as (
        select p.grp, count(*) as people, sum(1 - f.is_found) as missed
        from found as f
        join of_people as p using (person_id)
        group by p.grp
    ),
    persons_of_left as (
        select left_id, min(person_id) as person_id from {{truth}} group by left_id
    ),
    made as (
        select p.grp, count(*) as links, sum(case when t.left_id is null then 1 else 0 end) as wrong
        from {{links}} as k
        join persons_of_left as o on o.left_id = k.left_id
        join of_people as p on p.person_id = o.person_id
        left join {{truth}} as t on t.left_id = k.left_id and t.right_id = k.right_id
        group by p.grp
    )
    select r.grp as "group", r.people, cast(r.missed as bigint) as missed, coalesce(m.links, 0) as links,
           cast(coalesce(m.wrong, 0) as bigint) as false_links
    from recalled as r
    left join made as m on m.grp = r.grp
    order by r.grp
    """


def gaps(groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The largest differences between groups that are not small, in the share missed and of false links."""
    found = []
    for system, name in dict.fromkeys((row["system"], row["characteristic"]) for row in groups):
        large = [r for r in groups if (r["system"], r["characteristic"]) == (system, name) and r["people"] >= _LEAST]
        missed = [row["missed"] / row["people"] for row in large]
        wrong = [row["false_links"] / max(row["links"], 1) for row in large]
        found.append(
            {
                "system": system,
                "characteristic": name,
                "gap_missed": max(missed) - min(missed),
                "gap_false": max(wrong) - min(wrong),
            }
        )
    return found


def write(
    label: str, groups: Sequence[Mapping[str, Any]], overall: Sequence[Mapping[str, Any]], about: Mapping[str, Any]
) -> None:
    """benchmarks/results/LABEL-groups.{json,md}."""
    between = gaps(groups)
    name = f"{label}-groups"
    RESULTS.joinpath(f"{name}.json").write_text(
        json.dumps({**about, "overall": list(overall), "gaps": between, "groups": list(groups)}, indent=2) + "\n"
    )
    systems = list(dict.fromkeys(row["system"] for row in groups))
    heads = [f"{system}, {what}" for what in ("missed %", "false %") for system in systems]
    lines = [
        "# Education people to CIS: error by group",
        "",
        f"{about['when']}; {overall[0]['left']:,} x {overall[0]['right']:,} units. Missed: of the people whose records "
        "share evidence (a National Insurance number, or two of forename, surname, birth date and postcode, at any "
        f"time), those without a right link. False: of the links. Gaps are between groups of {_LEAST} people and more.",
        "",
        "| system | recall of pairs that share evidence | of people who have one |",
        "|---|---:|---:|",
        *(
            f"| {row['system']} | {row['recall_of_pairs_sharing_evidence']:.4f} | "
            f"{row['recall_of_people_sharing_evidence']:.4f} |"
            for row in overall
        ),
        "",
        f"| characteristic | group | people | {' | '.join(heads)} |",
        f"|---|---|---:|{'---:|' * len(heads)}",
    ]
    by = {(row["characteristic"], row["group"], row["system"]): row for row in groups}
    for characteristic, group in dict.fromkeys((row["characteristic"], row["group"]) for row in groups):
        found = [by[characteristic, group, system] for system in systems]
        missed = [f"{100 * row['missed'] / row['people']:.3f}" for row in found]
        wrong = [f"{100 * row['false_links'] / max(row['links'], 1):.3f}" for row in found]
        lines.append(f"| {characteristic} | {group} | {found[0]['people']:,} | {' | '.join([*missed, *wrong])} |")
    for characteristic in CHARACTERISTICS:
        found = [next(g for g in between if (g["characteristic"], g["system"]) == (characteristic, s)) for s in systems]
        cells = [f"{100 * row[measure]:.3f}" for measure in ("gap_missed", "gap_false") for row in found]
        lines.append(f"| {characteristic} | **largest gap** | | {' | '.join(cells)} |")
    RESULTS.joinpath(f"{name}.md").write_text("\n".join(lines) + "\n")
