"""Members counted: for everybody and each institution, together and by characteristic, with quartiles of earnings."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from linkage.engine import Engine, Table, columns, quote, rows
from quality.dashboard.outcomes.members import OUTCOMES
from quality.dashboard.outcomes.rules import Compared

EVERYBODY = ""
"""The institution of a cell that is of everybody."""
OTHERS = "others"
"""The institution under which stand together those that are too small to be told alone."""
ALL = "all"
"""The breakdown by nothing; its only category is empty."""

QUARTILES = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}


@dataclass(frozen=True, order=True)
class Place:
    """Where a figure stands."""

    definition: str
    years_after: int
    by: str
    institution: str
    category: str


@dataclass(frozen=True)
class Counted:
    """What is counted of a place.

    A person is a member of a cohort several times where each achievement makes a member. Figures are of members;
    whether they may be told is a matter of people.

    Attributes:
        counts: members, people (in the calculation), matched, the outcomes (of the matched), earners.
        people: how many people stand behind each of JUDGED_CELLS and LEFT_OUT.
        once: of JUDGED_CELLS, the same with each person at one place of a line alone, so that what places have adds up
            to no more people than they have together.
        quartiles: of the earners' pay, in pounds; empty without any.
        drawn: outcomes and quartiles to a figure for each sampled link set, of outcomes the share of the matched; empty
            without sampled link sets, or where one of them leaves nobody.
    """

    counts: Mapping[str, int]
    people: Mapping[str, int]
    once: Mapping[str, int]
    quartiles: Mapping[str, float]
    drawn: Mapping[str, Sequence[float]] = field(default_factory=dict)


def breakdowns(rules: Compared) -> list[str]:
    """What figures are broken down by, the whole first."""
    return [ALL, "subject", *(one.name for one in rules.characteristic)]


def count(engine: Engine, members: Table, rules: Compared, *, threshold: int, draws: int = 0) -> dict[Place, Counted]:
    """Every place's figures, exact: they are for disclosure control, and not to be shown.

    Args:
        members: as `quality.dashboard.outcomes.members.members` makes them.
        threshold: institutions with fewer matched people stand together as `OTHERS`; by a characteristic those with
            fewer than `break_down_from` times as many, and beyond the largest `most_institutions`.
        draws: how many link sets were sampled.
    """
    own = _attributed(engine, members)
    called = _called(engine, own, rules, threshold)
    counts = rows(engine, _grouped(engine, own, called, rules, f"{_COUNTS}, {_PEOPLE}", [], "true", _FLAGS))
    middle = {_place(r): r for r in rows(engine, _grouped(engine, own, called, rules, _PAY, [], "pay is not null"))}
    drawn = _drawn(engine, members, called, rules, draws) if draws else {}
    found = {}
    for row in counts:
        place = _place(row)
        pay = middle.get(place, {})
        numbers = {name: int(row[name]) for name in COUNTED}
        people = {cell: int(row[f"of_{cell}"]) for cell in (*JUDGED_CELLS, *LEFT_OUT)}
        once = {cell: int(row[f"once_{cell}"]) for cell in JUDGED_CELLS}
        quartiles = {name: float(pay[name]) for name in QUARTILES if name in pay}
        found[place] = Counted(numbers, people, once, quartiles, drawn.get(place, {}))
    return dict(sorted(found.items()))


_COUNTS = ", ".join(
    ["count(*) as members", "count_if(in_calculation) as people", "count_if(matched) as matched"]
    + [f"count_if(matched and {name}) as {name}" for name in OUTCOMES]
    + ["count_if(pay is not null) as earners"]
)
_PAY = ", ".join(f"quantile_cont(pay, {share}) as {name}" for name, share in QUARTILES.items())
COUNTED = ("members", "people", "matched", *OUTCOMES, "earners")

UNPAID = "unpaid"
"""Those in sustained employment who are in no figure of earnings: what these leave of them is told by both."""
STUDY_ONLY, NEITHER, PAID_STUDY = "study_only", "neither", "paid_study"
"""Where no earner is in study, earners, those in work and those in study tell how many are in either alone or none."""
JUDGED_CELLS = {
    "matched": "matched",
    **{name: f"matched and {name}" for name in OUTCOMES},
    **{f"no_{name}": f"matched and not {name}" for name in OUTCOMES},
    "earners": "pay is not null",
    "no_earners": "matched and pay is null",
    UNPAID: "matched and sustained_employment and pay is null",
    STUDY_ONLY: "matched and further_study and not sustained_employment",
    NEITHER: "matched and not further_study and not sustained_employment",
    PAID_STUDY: "further_study and pay is not null",
}
"""Groups of a place's members that may not be few people, with those that are in them."""
UNMATCHED, OUTSIDE, NOT_FOLLOWED = "unmatched", "outside", "not_followed"
SEVERAL = {"matched": "several_matched", "earners": "several_earners"}
LEFT_OUT = {
    UNMATCHED: "in_calculation and not matched",
    OUTSIDE: "not in_calculation",
    NOT_FOLLOWED: "not in_calculation or not matched",
    **{flag: f"{JUDGED_CELLS[kind]} and {flag}" for kind, flag in SEVERAL.items()},
}
"""What numbers of everybody leave of each other: members, those in the calculation, the matched, people matched."""
_PEOPLE = ", ".join(
    [
        f"count(distinct case when {which} then AE_ID end) as of_{cell}"
        for cell, which in (JUDGED_CELLS | LEFT_OUT).items()
    ]
    + [f"count_if({which} and once_{cell}) as once_{cell}" for cell, which in JUDGED_CELLS.items()]
)
_FLAGS = ("AE_ID", *(f"once_{cell}" for cell in JUDGED_CELLS), *SEVERAL.values())
_KEYS = ("definition", "years_after", "by", "institution", "category")


def _place(row: Mapping[str, object]) -> Place:
    return Place(*(row[name] for name in _KEYS))  # type: ignore[arg-type]


def _attributed(engine: Engine, members: Table) -> Table:
    """The run's own members; once_<cell> is true of one of the rows of each person that are in a cell.

    several_<kind> is true of those who are in a kind more than once.
    """
    several = ", ".join(
        f"count(case when {JUDGED_CELLS[kind]} then number end) over "
        f"(partition by definition, years_after, AE_ID) > 1 as {flag}"
        for kind, flag in SEVERAL.items()
    )
    first = ", ".join(
        f"number = min(case when {which} then number end) over "
        f"(partition by definition, years_after, AE_ID) as once_{cell}"
        for cell, which in JUDGED_CELLS.items()
    )
    return engine.sql(
        f"""
        with numbered as (
            select *, row_number() over (
                       partition by definition, years_after, AE_ID order by measured, institution, subject) as number
            from {{members}}
            where draw is null
        )
        select *, {first}, {several} from numbered
        """,
        params=None,
        store=True,
        members=members,
    )


def _called(engine: Engine, own: Table, rules: Compared, threshold: int) -> Table:
    """definition, years_after, institution, is_told, is_broken_down; a row an institution."""
    return engine.sql(
        """
        with sizes as (
            select definition, years_after, institution, count(distinct case when matched then AE_ID end) as matched
            from {members}
            group by definition, years_after, institution
        ),
        ranked as (
            select *, row_number() over (partition by definition, years_after order by matched desc, institution)
                      as rank,
                   count(*) over (partition by definition, years_after) as institutions
            from sizes
        )
        select definition, years_after, institution, matched >= $threshold as is_told,
               matched >= $broken and rank <= $most and rank <= $share * institutions as is_broken_down
        from ranked
        """,
        params={
            "threshold": threshold,
            "broken": max(threshold, int(threshold * rules.break_down_from)),
            "most": rules.most_institutions,
            "share": rules.broken_down_share,
        },
        members=own,
        store=True,
    )


def _grouped(
    engine: Engine,
    members: Table,
    called: Table,
    rules: Compared,
    figures: str,
    more: Sequence[str],
    where: str,
    carried: Sequence[str] = (),
) -> Table:
    """Figures of every place.

    Args:
        figures: what is selected of a group.
        more: further columns to group by.
        where: which members count.
        carried: further columns that the figures are made of.
    """
    arms, extra = [], "".join(f"m.{name}, " for name in (*more, *carried))
    for by in breakdowns(rules):
        category = "''" if by == ALL else f"m.{quote(by)}"
        told = "c.is_told" if by == ALL else "c.is_broken_down"
        known = f" and m.{quote(by)} is not null" if by != ALL else ""
        for institution in ("''", f"case when {told} then m.institution else '{OTHERS}' end"):
            arms.append(
                f"""
                select {extra}m.definition, m.years_after, '{by}' as "by", {institution} as institution,
                       {category} as category, m.in_calculation, m.matched, m.pay,
                       {", ".join(f"m.{name}" for name in OUTCOMES)}
                from {{members}} as m
                join {{called}} as c on c.definition = m.definition and c.years_after = m.years_after
                     and c.institution = m.institution
                where {where}{known}
                """
            )
    keys = ", ".join([*more, "definition", "years_after", '"by"', "institution", "category"])
    return engine.sql(
        f"with shown as ({' union all '.join(arms)}) select {keys}, {figures} from shown group by {keys}",
        params=None,
        members=members,
        called=called,
    )


def _drawn(
    engine: Engine, members: Table, called: Table, rules: Compared, draws: int
) -> dict[Place, dict[str, list[float]]]:
    """Of every place, its shares and quartiles under each sampled link set.

    Whose records no set links otherwise is counted once for all of them; quartiles need them beside the others.
    """
    names = columns(members.columns, of="m")
    still = engine.sql(
        f"""
        with moved as (select distinct definition, AE_ID from {{members}} where draw is not null)
        select {names} from {{members}} as m
        left join moved on moved.definition = m.definition and moved.AE_ID = m.AE_ID
        where moved.AE_ID is null
        """,
        params=None,
        members=members,
        store=True,
    )
    moved = engine.sql(
        f"select m.draw as number, {names} from {{members}} as m where m.draw is not null", params=None, members=members
    )
    alike = {_place(r): r for r in rows(engine, _grouped(engine, still, called, rules, _COUNTS, [], "true"))}
    differ: dict[Place, dict[int, Mapping[str, int]]] = defaultdict(dict)
    for row in rows(engine, _grouped(engine, moved, called, rules, _COUNTS, ["number"], "true")):
        differ[_place(row)][row["number"]] = row
    found: dict[Place, dict[str, list[float]]] = {}
    for place in {*alike, *differ}:
        parts = [(alike.get(place, {}), differ[place].get(number, {})) for number in range(1, draws + 1)]
        sets = [{name: sum(int(part.get(name, 0)) for part in pair) for name in COUNTED} for pair in parts]
        if all(one["matched"] for one in sets):
            found[place] = {name: [one[name] / one["matched"] for one in sets] for name in OUTCOMES}
    whole = engine.sql(
        f"""
        select n.draw as number, {names} from {{still}} as m cross join {{numbers}} as n where m.pay is not null
        union all
        select m.number, {names} from {{moved}} as m where m.pay is not null
        """,
        params=None,
        still=still,
        moved=moved,
        numbers=engine.from_arrow(pa.table({"draw": pa.array(range(1, draws + 1), pa.int64())})),
    )
    paid: dict[Place, list[Mapping[str, float]]] = defaultdict(list)
    grouped = rows(engine, _grouped(engine, whole, called, rules, _PAY, ["number"], "true"))
    for row in sorted(grouped, key=lambda row: int(row["number"])):  # the engine gives groups in any order
        paid[_place(row)].append(row)
    for place, quartiles in paid.items():
        if len(quartiles) == draws:
            told = {name: [float(one[name]) for one in quartiles] for name in QUARTILES}
            found.setdefault(place, {}).update(told)
    return found
