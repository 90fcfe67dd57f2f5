"""Pairs that are two people whatever they weigh: twins, and others at home (configs/resolution/apart.toml)."""

import functools
import itertools
import tomllib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field
from rapidfuzz.distance import JaroWinkler

from linkage.config import Probability, check
from linkage.engine import Engine, Table, columns, literal, one, quote, whole_numbers
from linkage.match.units import Units
from linkage.model import Model
from linkage.model.stages import pattern_column
from linkage.resources import config_file


class Rule(BaseModel):
    """What makes a pair two people; the keys are explained in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    why: str
    equal: tuple[str, ...] = ()
    equal_any: tuple[str, ...] = ()
    born_apart: str | None = None
    within: tuple[str, ...] = ()
    within_any: tuple[str, ...] = ()
    differ: str
    also: tuple[str, ...]
    alike: Probability
    unless_equal: tuple[str, ...]
    most_people: Probability = 1.0
    variants: tuple[frozenset[str], ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    variants: tuple[frozenset[str], ...]
    apart: tuple[Rule, ...] = Field()


@functools.cache
def shipped() -> tuple[Rule, ...]:
    """The rules of configs/resolution/apart.toml."""
    path = config_file("resolution/apart.toml")
    file = check(_File, tomllib.loads(path.read_text(encoding="utf-8")), str(path))
    return tuple(rule.model_copy(update={"variants": file.variants}) for rule in file.apart)


def two_people(
    engine: Engine,
    pairs: Table,
    left: Units,
    right: Units,
    lowest: float,
    rules: Sequence[Rule] | None = None,
    *,
    model: Model | None = None,
    held: tuple[Table, Table] | None = None,
) -> Table:
    """Pairs that a rule says are two people.

    Args:
        pairs: left_id, right_id, match_weight.
        left, right: units, with what stood together on one row of theirs (appearances). A rule that reads fields that
            these lack says nothing.
        lowest: pairs of less weight are left out: nobody would take them for one person.
        rules: the shipped ones when None.
        model: the one that scored the pairs, whose levels then stand beside them: most pairs need no second look.
        held: units of the left and of the right among whom the pairs are, where these are few of all.

    Returns:
        left_id, right_id, reason (the rule's name); each pair once.
    """
    found: dict[tuple[int, int], str] = {}
    for rule in shipped() if rules is None else rules:
        suspects = _suspects(engine, rule, pairs, left, right, lowest, model, held)
        if suspects is None:
            continue
        different = _clearly_different(rule, suspects)
        if _plausible(engine, rule, different, pairs, left, right, lowest):
            for pair in different:
                found.setdefault(pair, rule.name)
    names = list(dict.fromkeys(found.values()))
    whens = " ".join(f"when {place} then {literal(name)}" for place, name in enumerate(names)) or "when 0 then ''"
    pairs = _as_table([(*pair, names.index(name)) for pair, name in found.items()])
    query = f"select left_id, right_id, cast(case rule {whens} end as varchar) as reason from {{pairs}}"
    return engine.sql(query, pairs=engine.from_arrow(pairs), store=True)


def _as_table(pairs: Sequence[tuple[int, ...]]) -> pa.Table:
    """left_id, right_id and, where the tuples have a third number, rule."""
    width = len(pairs[0]) if pairs else 3
    return whole_numbers(dict(zip(("left_id", "right_id", "rule"), np.array(pairs).reshape(-1, width).T, strict=False)))


def _plausible(
    engine: Engine,
    rule: Rule,
    found: Sequence[tuple[int, int]],
    pairs: Table,
    left: Units,
    right: Units,
    lowest: float,
) -> bool:
    """Whether births can explain so many pairs; where they cannot, forenames change in these files, and say little.

    Of two files: a twin is drawn into each file alike, so pairs across are no more than those within. Of one file: no
    more of its people can be twins than are born. A few pairs prove nothing.
    """
    if len(found) <= _FEW:
        return True
    if left is right:
        counted = one(
            engine,
            engine.sql(
                _PEOPLE,
                params={"lowest": lowest},
                pairs=pairs,
                found=engine.from_arrow(_as_table(found)),
                units=left.units,
            ),
        )
        return int(counted["suspected"]) <= rule.most_people * int(counted["people"])
    suspected, within = len({pair[0] for pair in found}), 0.0
    for side in (left, right):  # the second file is counted where the first does not explain them yet
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
those of two months alone."""


def _births_within(engine: Engine, rule: Rule, side: Units) -> float:
    """Births of several in one file, or households: units that agree as asked and whose names begin differently."""
    held = set(side.appearances.columns)
    shared, any_of = (rule.within, rule.within_any) if rule.within else (rule.equal, rule.equal_any)
    known = [*shared, next(name for name in any_of if name in held), rule.differ]
    everyone = " and ".join(f"{quote(name)} is not null" for name in known)
    rows_held = engine.count(side.appearances)
    some = "true"
    if "dob" in known and rows_held > _SHOWN_ROWS:
        months = "and substr(dob, 6, 2) in ('03', '09')" if rows_held > 10 * _SHOWN_ROWS else ""
        some = f"right(dob, 1) = '3' {months}"
    counted = engine.sql(
        f"""
        with shown as (
            select {columns(known[:-1])}, case when {everyone} then unit_id end as unit_id,
                   case when {everyone} then substr({quote(rule.differ)}, 1, 1) end as begins
            from {{t}}
            where {some}
        ),
        alike as (
            select count(*) as shown, min(unit_id) < max(unit_id) and min(begins) < max(begins) as several
            from shown
            group by {columns(known[:-1])}
        )
        select count(*) filter (where several) as births, coalesce(sum(shown), 0) as rows_shown
        from alike
        """,
        t=side.appearances,
    )
    found = one(engine, counted)
    return int(found["births"]) * rows_held / max(int(found["rows_shown"]), 1)


def _equal_level(model: Model, column: str) -> tuple[str, int] | None:
    """A comparison's column among those of a pair, and the level at which the field is equal; None where none is."""
    wanted = {f"{column}_l".lower(), f"{column}_r".lower()}
    for comparison in model.comparisons:
        for level in comparison.levels:
            sides = (level.condition or "").lower().replace('"', "").split("=")
            if level.value > 0 and {side.strip() for side in sides} == wanted:
                return pattern_column(comparison), level.value
    return None


def _suspects(
    engine: Engine,
    rule: Rule,
    pairs: Table,
    left: Units,
    right: Units,
    lowest: float,
    model: Model | None,
    held_units: tuple[Table, Table] | None,
) -> pa.Table | None:
    """Every pair for which a rule holds but for its names, with all names that either side ever had.

    Returns:
        left_id, right_id, side, called, others, the rows of a pair one after another; None where the sides lack the
        fields that the rule reads.
    """
    held = set(left.appearances.columns) & set(right.appearances.columns)
    any_of = [name for name in rule.equal_any if name in held]
    born = [rule.born_apart] if rule.born_apart else []
    shown = not rule.within or (left is not right and held.intersection(rule.within_any))
    if not shown or (rule.equal_any and not any_of) or not {*rule.equal, *rule.within, *born, rule.differ} <= held:
        return None
    different = _different(engine, rule, pairs, left, right, lowest, model)
    read = dict.fromkeys(
        name for name in (*rule.equal, *any_of, *born, rule.differ, *rule.also, *rule.unless_equal) if name in held
    )
    # What stood on the rows of these few units: read once, from sides that may lie on disk. The few that are held have
    # the model's columns, and may lack what it does not compare.
    looked_in = [side.appearances for side in (left, right)]
    if held_units and all(side.appearances is side.units for side in (left, right)):
        looked_in = [
            few if set(read) <= set(few.columns) else all_of for few, all_of in zip(held_units, looked_in, strict=True)
        ]
    rows_of = {
        side: engine.sql(
            f"""
            select a.unit_id, {columns(list(read), "a")}
            from {{of}} as a
            where exists (select 1 from {{different}} as d where d.{side}_id = a.unit_id)
            """,
            of=shown,
            different=different,
            store=True,
        )
        for side, shown in zip(("left", "right"), looked_in, strict=True)
    }
    same = " and ".join(f"a.{quote(c)} = b.{quote(c)}" for c in rule.equal) or "true"
    either = " or ".join(f"a.{quote(c)} = b.{quote(c)}" for c in any_of) or "true"
    never = f"bool_and({_born_apart(rule.born_apart)})" if rule.born_apart else "true"
    numbers = " or ".join(f"a.{quote(c)} = b.{quote(c)}" for c in rule.unless_equal if c in held) or "false"
    name, others = quote(rule.differ), [f"coalesce({quote(c)}, '')" for c in rule.also if c in held]
    also = " || ' ' || ".join(others) or "cast(null as varchar)"
    query = f"""
        with judged as (
            select d.left_id, d.right_id, bool_or({numbers}) as shares,
                   bool_or({same} and ({either})) and {never} as fits
            from {{different}} as d
            join {{left}} as a on a.unit_id = d.left_id
            join {{right}} as b on b.unit_id = d.right_id
            group by d.left_id, d.right_id
        ),
        fitting as (
            select left_id, right_id from judged where fits and not coalesce(shares, false)
        )
        select distinct f.left_id, f.right_id, 'left' as side, {name} as called, {also} as others
        from fitting as f join {{left}} as a on a.unit_id = f.left_id
        union all
        select distinct f.left_id, f.right_id, 'right' as side, {name} as called, {also} as others
        from fitting as f join {{right}} as b on b.unit_id = f.right_id
        order by left_id, right_id
        """
    found = engine.arrow(engine.sql(query, params=None, store=False, different=different, **rows_of))
    engine.drop(different, *rows_of.values())
    return found


def _born_apart(column: str) -> str:
    """SQL: two birth dates, known to the day, that no slip makes of each other."""
    a, b = (f"cast({side}.{quote(column)} as varchar)" for side in "ab")
    year, month, day = ((f"substr({a}, {at}, {n})", f"substr({b}, {at}, {n})") for at, n in ((1, 4), (6, 2), (9, 2)))
    same = [f"cast({one} = {other} as integer)" for one, other in (year, month, day)]
    swapped = f"({year[0]} = {year[1]} and {month[0]} = {day[1]} and {day[0]} = {month[1]})"
    known = " and ".join(f"{part} <> '00'" for part in (*month, *day))
    far = f"{' + '.join(same)} <= 1 and levenshtein({a}, {b}) > 2 and not {swapped}"
    return f"coalesce({known} and {far}, false)"


def _different(
    engine: Engine, rule: Rule, pairs: Table, left: Units, right: Units, lowest: float, model: Model | None
) -> Table:
    """left_id, right_id of likely pairs of two forenames now: most pairs need no second look at what they ever were."""
    if equal := _equal_level(model, rule.differ) if model else None:
        asked = [f"{quote(equal[0])} <> {equal[1]}"]
        if all(side.appearances is side.units for side in (left, right)):  # a unit is one row, which the model compared
            levels = [_equal_level(model, name) for name in rule.equal if model]
            asked += [f"{quote(level[0])} >= {level[1]}" for level in levels if level]
            if rule.born_apart and model and (born := _equal_level(model, rule.born_apart)):
                asked.append(f"{quote(born[0])} < {born[1]}")
        query = f"select left_id, right_id from {{pairs}} where match_weight >= $lowest and {' and '.join(asked)}"
        return engine.sql(query, params={"lowest": lowest}, pairs=pairs, store=True)
    name = quote(rule.differ)
    now = rule.differ in left.units.columns and rule.differ in right.units.columns
    return engine.sql(
        f"""
        select p.left_id, p.right_id
        from {{pairs}} as p
        join {{left}} as l on l.unit_id = p.left_id
        join {{right}} as r on r.unit_id = p.right_id
        where p.match_weight >= $lowest {f"and l.{name} <> r.{name}" if now else ""}
        """,
        params={"lowest": lowest},
        pairs=pairs,
        left=left.units,
        right=right.units,
        store=True,
    )


def _clearly_different(rule: Rule, suspects: pa.Table) -> list[tuple[int, int]]:
    """Pairs of suspects none of whose names may be one.

    Args:
        suspects: as `_suspects` found them, the rows of a pair one after another.
    """
    told = (
        zip(*(piece.column(name).to_pylist() for name in suspects.column_names), strict=True)
        for piece in suspects.to_batches(_PIECE)
    )
    different = []
    for pair, rows_of in itertools.groupby(itertools.chain.from_iterable(told), key=lambda row: row[:2]):
        names: dict[str, tuple[set[str], set[str]]] = {"left": (set(), set()), "right": (set(), set())}
        for _, _, side, called_by, with_others in rows_of:
            first, *more = (called_by or "").split() or [""]
            called, others = names[side]
            called |= {first} - {""}
            others |= {*more, *(with_others or "").split()}
        if _differ(rule, names["left"], names["right"]):
            different.append(pair)
    return different


_PIECE = 10_000  # rows that are Python's at a time: there may be a hundred thousand suspects among ten million links


def _differ(rule: Rule, left: tuple[set[str], set[str]], right: tuple[set[str], set[str]]) -> bool:
    """Whether two people's forenames differ, and neither is called by what is the other's second name."""
    (called_left, others_left), (called_right, others_right) = left, right
    if not all(any(len(name) > 1 for name in called) for called in (called_left, called_right)):
        return False  # an initial is no name that differs
    met = itertools.chain(
        itertools.product(called_left, called_right | others_right), itertools.product(others_left, called_right)
    )
    return not any(_may_be_one(rule, a, b) for a, b in met)


def _may_be_one(rule: Rule, a: str, b: str) -> bool:
    if min(len(a), len(b)) == 1:
        return a[0] == b[0]
    if JaroWinkler.similarity(a, b) >= rule.alike:
        return True
    (_, whole_a), (short_b, whole_b) = _forms(a), _forms(b)
    one_form = a.lower() in short_b | whole_b or bool(whole_a & whole_b)
    return one_form or any({a, b} <= group for group in rule.variants)


@functools.lru_cache(maxsize=100_000)
def _forms(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """The short forms of a name, and the names that it is a short form of, in lower case."""
    known = _nicknames()
    return frozenset(known.nicknames_of(name.lower())), frozenset(known.canonicals_of(name.lower()))


@functools.cache
def _nicknames() -> Any:
    from nicknames import NickNamer

    return NickNamer()
