"""Whether what stands within two files explains the pairs across them that a rule takes for two people."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from linkage.engine import Engine, Table, columns, one, quote, whole_numbers
from linkage.match.candidates.units import Units
from linkage.match.two_people.apart_rules import Rule
from linkage.model import Model


def as_table(pairs: Sequence[tuple[int, int]]) -> pa.Table:
    """left_id, right_id."""
    return whole_numbers(dict(zip(("left_id", "right_id"), np.array(pairs).reshape(-1, 2).T, strict=True)))


@dataclass(frozen=True)
class Suspects:
    """Pairs of which some may be two people, and what stands behind their units.

    Attributes:
        pairs: left_id, right_id, match_weight.
        left, right: units, with what stood together on one row of theirs (identifier_records); one and the same of one file.
        lowest: pairs of less weight are left out: nobody would take them for one person.
        model: the one that scored the pairs, whose levels then stand beside them: most pairs need no second look.
        few: units of the left and of the right among whom the pairs are, where these are few of all. They have the
            model's columns, and may lack what it does not compare.
    """

    pairs: Table
    left: Units
    right: Units
    lowest: float
    model: Model | None = None
    few: tuple[Table, Table] | None = None

    @property
    def sides(self) -> tuple[Units, Units]:
        return self.left, self.right

    @property
    def of_one_file(self) -> bool:
        return self.left is self.right

    @cached_property
    def held(self) -> set[str]:
        """The fields that rows of both sides have."""
        return set(self.left.identifier_records.columns) & set(self.right.identifier_records.columns)

    @property
    def a_row_each(self) -> bool:
        """Whether a unit is one row: nothing stood on others of its rows."""
        return all(side.identifier_records is side.units for side in self.sides)


def plausible(engine: Engine, rule: Rule, found: Table, of: Suspects) -> bool:
    """Whether births can explain so many pairs; where they cannot, forenames change in these files, and say little.

    Of two files: a twin is drawn into each file alike, so pairs across are no more than those within. Of one file: no
    more of its people can be twins than are born. A few pairs prove nothing. A rule that asks for no other name has
    nothing to tell it but this, and is asked however few they are.

    Args:
        found: left_id, right_id of the pairs; a pair once.
    """
    if not rule.differ:
        return engine.count(found) > 0 and _namesakes_explain(engine, rule, found, of)
    if engine.count(found) <= _FEW:
        return True
    if of.of_one_file:
        query = engine.sql(_PEOPLE, params={"lowest": of.lowest}, pairs=of.pairs, found=found, units=of.left.units)
        counted = one(engine, query)
        return int(counted["suspected"]) <= rule.most_people * int(counted["people"])
    counted = one(engine, engine.sql("select count(distinct left_id) as suspected from {t}", t=found))
    suspected, within = int(counted["suspected"]), 0.0
    for side in of.sides:  # the second file is counted where the first does not explain them yet
        within += _births_within(engine, rule, side)
        if suspected <= 2 * within + _FEW:
            return True
    return False


_FEW = 10

# A person is counted by the first of its records: the one that is nobody's right partner.
_PEOPLE = """
    with likely as (
        select left_id, right_id from {pairs} where match_weight >= $lowest
    ),
    firsts as (
        select right_id as unit_id, min(left_id) as first_id from likely group by right_id
    ),
    suspected as (
        select distinct coalesce(f.first_id, p.left_id) as first_id
        from {found} as p
        left join firsts as f on f.unit_id = p.left_id
    )
    select (select count(*) from {units}) - (select count(*) from firsts) as people,
           (select count(*) from suspected) as suspected
    """


_SHOWN_ROWS = 100_000
"""Of a file with more rows, the births on days that end in 3 are counted, and stand for all; with ten times as many,
those of two months alone. Of namesakes those whose names have so many letters."""


def some_births(known: Sequence[str], rows_held: int) -> str:
    """SQL: rows of the births that are counted of a file of so many rows; all rows, where it is small."""
    if "dob" not in known or rows_held <= _SHOWN_ROWS:
        return "true"
    months = "and substr(dob, 6, 2) in ('03', '09')" if rows_held > 10 * _SHOWN_ROWS else ""
    return f"right(dob, 1) = '3' {months}"


def of_some_births(engine: Engine, names: Sequence[str], table: Table, rows_held: int) -> tuple[Table, bool]:
    """unit_id, the fields that are named and begins, how the last of them does, of the rows of some births of a file of
    so many rows; and whether there are others."""
    some = some_births(names, rows_held)
    begins = f"substr({quote(names[-1])}, 1, 2) as begins"
    query = f"select unit_id, {columns(names[:-1])}, {begins} from {{t}} where {some}"
    sampled = some != "true"
    return engine.sql(query, params=None, store=sampled, t=table), sampled


def _births_within(engine: Engine, rule: Rule, side: Units) -> float:
    """Births of several in one file, or households: units that agree as asked and whose names begin differently."""
    held = set(side.identifier_records.columns)
    shared, any_of = (rule.within, rule.within_any) if rule.within else ((*rule.equal, *rule.near), rule.equal_any)
    known = [*shared, *[name for name in any_of if name in held][:1], str(rule.differ)]
    rows_held = engine.count(side.identifier_records)
    shown, sampled = of_some_births(engine, known, side.identifier_records, rows_held)
    counted = engine.sql(
        f"""
        with alike as (
            select min(unit_id) < max(unit_id) and min(begins) < max(begins) as several
            from {{t}}
            where {" and ".join(f"{quote(name)} is not null" for name in [*known[:-1], "begins"])}
            group by {columns(known[:-1])}
        )
        select count(*) filter (where several) as births from alike
        """,
        t=shown,
    )
    stand_for = rows_held / max(engine.count(shown), 1) if sampled else 1.0
    births = int(one(engine, counted)["births"])
    engine.drop(shown)
    return births * stand_for


def _namesakes_explain(engine: Engine, rule: Rule, found: Table, of: Suspects) -> bool:
    """Whether most pairs of one name across two files would be there if nobody were in both.

    They are to be more than people who are in both by two birth dates, however few are found. Who has a heavier partner
    is his namesake's father or son in any case; of the others half are to be explained, by what is expected and what
    chance may add.
    """
    sizes = [engine.count(side.units) for side in of.sides]
    least = sizes[0] * sizes[1] / (1 + 2**-of.model.prior_weight) * _WHOLLY_WRONG if of.model else 0.0
    within = [_of_one_name(engine, rule, side, side) for side in of.sides]
    differ = _dates_that_differ(of.model, str(rule.born_apart))
    told = [
        (one.born_apart - differ * one.again, size)
        for one, size in zip(within, sizes, strict=True)
        if differ * one.again <= one.born_apart / 2  # else those who are in it twice may be most: it tells nothing
    ]
    expected = _expected_across(told, sizes)
    if told and expected <= least:
        return False
    shown = {side: units.identifier_records for side, units in zip(("left", "right"), of.sides, strict=True)}
    query = engine.sql(_across(rule, shown), params=None, store=False, found=found, pairs=of.pairs, **shown)
    counted = one(engine, query)
    across, contested = int(counted["across"]), int(counted["contested"])
    if not told:
        expected = across - _wrong_dates_across(_of_one_name(engine, rule, *of.sides), within)
    return expected > least and expected + math.sqrt(expected) >= contested + (across - contested) / 2


def _wrong_dates_across(across: "_OneName", within: "Sequence[_OneName]") -> float:
    """How many pairs across, at most, are people who are in both by two birth dates.

    Where both files hold people many times, no more of a person's dates have nothing in common than of the pairs of one
    name within the files are born apart, fathers and sons among them. Of those who are in both as many may be so, and
    what chance adds to them.
    """
    born_apart, again = sum(one.born_apart for one in within), sum(one.again for one in within)
    wrong = across.again * max((born_apart + 1) / max(again, 1.0), _DIFFER)
    return wrong + 2 * math.sqrt(wrong)


def _expected_across(told: Sequence[tuple[float, int]], sizes: Sequence[int]) -> float:
    """Father and son are drawn into the files each by himself: as often both into one as one into each.

    So where the files are of one size; and one file tells it alone where the other holds people many times.

    Args:
        told: of each file that tells it, pairs of namesakes and how many records it has.
    """
    namesakes, met = sum(pairs for pairs, _ in told), sum(size**2 for _, size in told)
    return namesakes * 2 * math.prod(sizes) / max(met, 1)


_WHOLLY_WRONG = 0.005
"""Share of matches whose birth dates have nothing in common, where nothing tells it."""


def _across(rule: Rule, shown: dict[str, Table]) -> str:
    """SQL: how many of the pairs bear one name, and of how many a unit has a heavier pair with somebody else."""
    return f"""
        with namesakes as (
            select distinct f.left_id, f.right_id
            from {{found}} as f
            join {{left}} as a on a.unit_id = f.left_id
            join {{right}} as b on b.unit_id = f.right_id
            where {_one_name(rule, *shown.values())}
        ),
        weighed as (
            select p.left_id, p.right_id, p.match_weight
            from {{pairs}} as p join namesakes as n on n.left_id = p.left_id and n.right_id = p.right_id
        ),
        others as (
            select p.left_id, p.right_id, p.match_weight
            from {{pairs}} as p
            where not exists (select 1 from {{found}} as f where f.left_id = p.left_id and f.right_id = p.right_id)
        ),
        contested as (
            select w.left_id, w.right_id
            from weighed as w join others as o on o.left_id = w.left_id and o.match_weight > w.match_weight
            union
            select w.left_id, w.right_id
            from weighed as w join others as o on o.right_id = w.right_id and o.match_weight > w.match_weight
        )
        select (select count(*) from weighed) as across, (select count(*) from contested) as contested
        """


def _one_name(rule: Rule, *tables: Table) -> str:
    """SQL: a and b share all that namesakes within a file do."""
    held = set.intersection(*(set(table.columns) for table in tables))
    same = [f"a.{quote(name)} = b.{quote(name)}" for name in rule.within]
    any_of = [f"a.{quote(name)} = b.{quote(name)}" for name in rule.within_any if name in held]
    return " and ".join([*same, f"({' or '.join(any_of)})"])


class _OneName(NamedTuple):
    """Pairs that bear one name at one place: those of one birth date, and those that are born apart."""

    again: float
    born_apart: float


def _of_one_name(engine: Engine, rule: Rule, one_side: Units, other_side: Units) -> _OneName:
    """Pairs of one name at one place, of one file or across two, that share no number.

    Within a file, which writes its addresses in one way, those who share a postcode and live at two addresses are not
    at one place.
    """
    sides = [side.identifier_records for side in (one_side, other_side)]
    held, born = set(sides[0].columns) & set(sides[1].columns), str(rule.born_apart)
    rows_held, sampled = engine.count(sides[0]), list[Table]()
    if max(rows_held, engine.count(sides[1])) > _SHOWN_ROWS:
        asked = ("unit_id", born, *rule.within, *rule.within_any, *rule.unless_equal)
        names = [name for name in dict.fromkeys(asked) if name == "unit_id" or name in held]
        sampled = [_of_some_lengths(engine, rule, names, side) for side in dict.fromkeys(sides)]
        sides = [sampled[0], sampled[-1]]
    numbers = [f"a.{quote(name)} = b.{quote(name)}" for name in rule.unless_equal if name in held]
    same = " and ".join(f"b.{quote(name)} = a.{quote(name)}" for name in rule.within)
    once = "b.unit_id > a.unit_id" if one_side is other_side else "true"
    places = [place for place in rule.within_any if place in held]
    elsewhere = {
        place: "".join(f" and not coalesce(a.{quote(nearer)} <> b.{quote(nearer)}, false)" for nearer in places[:n])
        if one_side is other_side
        else ""
        for n, place in enumerate(places)
    }
    met = "\n        union\n".join(
        f"""
        select a.unit_id as left_id, b.unit_id as right_id, a.{quote(born)} = b.{quote(born)} as again,
               {born_apart(born, rule.other_year)} as apart
        from {{one}} as a
        join {{other}} as b on {once} and b.{quote(place)} = a.{quote(place)} and {same}
        where not coalesce({" or ".join(numbers) or "false"}, false){elsewhere[place]}"""
        for place in places
    )
    counted = engine.sql(
        f"""
        with met as ({met}
        )
        select count(*) filter (where apart) as born_apart, count(*) filter (where again) as again
        from met
        """,
        one=sides[0],
        other=sides[1],
    )
    found = one(engine, counted)
    stand_for = rows_held / max(engine.count(sides[0]), 1)
    engine.drop(*sampled)
    return _OneName(int(found["again"]) * stand_for, int(found["born_apart"]) * stand_for)


def _of_some_lengths(engine: Engine, rule: Rule, names: Sequence[str], side: Table) -> Table:
    """Rows whose names have so many letters, an eighth or so: they are met by themselves, and read once from disk."""
    lengths = " + ".join(f"length({quote(name)})" for name in rule.within)
    return engine.sql(f"select {columns(names)} from {{t}} where ({lengths}) % 8 = 3", t=side, store=True)


def _dates_that_differ(model: Model | None, column: str) -> float:
    """Share of the matches of which the model says that their dates have nothing in common."""
    for comparison in model.comparisons if model else ():
        if comparison.name == column:
            said = [level.m for level in comparison.levels if level.value == 0 and level.m is not None]
            return max([_DIFFER, *said])
    return _DIFFER


_DIFFER = 0.02


def born_apart(column: str, other_year: bool = False) -> str:
    """SQL: two birth dates, known to the day, that no slip makes of each other, and maybe of two years."""
    a, b = (f"cast({side}.{quote(column)} as varchar)" for side in "ab")
    year, month, day = ((f"substr({a}, {at}, {n})", f"substr({b}, {at}, {n})") for at, n in ((1, 4), (6, 2), (9, 2)))
    same = [f"cast({one} = {other} as integer)" for one, other in (year, month, day)]
    swapped = f"({year[0]} = {year[1]} and {month[0]} = {day[1]} and {day[0]} = {month[1]})"
    known = " and ".join(f"{part} <> '00'" for part in (*month, *day))
    far = f"{' + '.join(same)} <= 1 and levenshtein({a}, {b}) > 2 and not {swapped}"
    years = f"{year[0]} <> {year[1]}" if other_year else "true"
    return f"coalesce({known} and {far} and {years}, false)"
