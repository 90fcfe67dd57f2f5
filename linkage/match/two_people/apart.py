"""Pairs that are two people whatever they weigh: twins, and others at home (configs/resolution/apart.toml)."""

import functools
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
from rapidfuzz.distance import OSA, JaroWinkler

from linkage.engine import Engine, Table, columns, empty, literal, quote
from linkage.match.candidates.units import Units
from linkage.match.two_people.apart_rules import Rule, shipped
from linkage.match.two_people.explained import Suspects, as_table, born_apart, plausible
from linkage.match.two_people.sisters import told_apart
from linkage.model import Model
from linkage.model.stages import pattern_column


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
        left, right: units, with what stood together on one row of theirs (identifier_records). A rule that reads fields that
            these lack says nothing.
        lowest: pairs of less weight are left out: nobody would take them for one person.
        rules: the shipped ones when None.
        model: the one that scored the pairs, whose levels then stand beside them: most pairs need no second look.
        held: units of the left and of the right among whom the pairs are, where these are few of all.

    Returns:
        left_id, right_id, reason (the rule's name); each pair once.
    """
    suspects, found = Suspects(pairs, left, right, lowest, model, held), dict[str, Table]()
    for rule in (shipped() if rules is None else rules) if engine.count(pairs) else ():
        different = _of_rule(engine, rule, suspects)
        if different is None or engine.count(different) == 0:
            continue
        if (rule.words and left is not right) or plausible(engine, rule, different, suspects):
            found[rule.name] = different
    if not found:
        return empty(engine, _REASONS)
    # A pair for which several rules hold bears the first one's name.
    whens = " ".join(f"when {place} then {literal(name)}" for place, name in enumerate(found))
    each = [f"select left_id, right_id, {place} as rule from {{of_{place}}}" for place in range(len(found))]
    query = f"""
        select left_id, right_id, cast(case min(rule) {whens} end as varchar) as reason
        from ({" union all ".join(each)}) as told
        group by left_id, right_id
        """
    tables = {f"of_{place}": table for place, table in enumerate(found.values())}
    return engine.sql(query, params=None, store=_REASONS, **tables)


_PAIRS = {"left_id": "bigint", "right_id": "bigint"}
_REASONS = {**_PAIRS, "reason": "varchar"}


def _equal_level(model: Model, column: str) -> tuple[str, int] | None:
    """A comparison's column among those of a pair, and the level at which the field is equal; None where none is."""
    wanted = {f"{column}_l".lower(), f"{column}_r".lower()}
    for comparison in model.comparisons:
        for level in comparison.levels:
            sides = (level.condition or "").lower().replace('"', "").split("=")
            if level.value > 0 and {side.strip() for side in sides} == wanted:
                return pattern_column(comparison), level.value
    return None


def _of_rule(engine: Engine, rule: Rule, suspects: Suspects) -> Table | None:
    """left_id, right_id of the pairs for which a rule holds; None where no pair differs as it asks, or the sides lack
    the fields that it reads."""
    if not _can_be_asked(rule, suspects):
        return None
    different = _different(engine, rule, suspects)
    if engine.count(different) == 0:
        engine.drop(different)
        return None
    rows_of = _rows_of(engine, rule, suspects, different)
    query = _fitting(rule, suspects)
    fitting = engine.sql(query, params=None, store=False, different=different, **rows_of)
    found = _by_their_names(engine, rule, fitting, suspects)
    engine.drop(different, *rows_of.values())
    return found


def _asked(rule: Rule) -> list[str]:
    """The fields without which a rule says nothing."""
    return [*rule.equal, *rule.near, *filter(None, [rule.born_apart, rule.differ])]


def _can_be_asked(rule: Rule, suspects: Suspects) -> bool:
    held = suspects.held
    shown = not rule.within or (not suspects.of_one_file and held.intersection(rule.within_any))
    # Of one birth date, where files do not say where people live.
    somewhere = held.intersection(rule.equal_any) or not rule.equal_any or rule.equal
    return bool(shown and somewhere and {*_asked(rule), *rule.within} <= held)


def _rows_of(engine: Engine, rule: Rule, suspects: Suspects, different: Table) -> dict[str, Table]:
    """By side, what a rule reads of all that stood on the rows of these few units, which may lie on disk: read once."""
    read = [*dict.fromkeys((*_asked(rule), *rule.equal_any, *rule.also, *rule.unless_equal))]
    read = [name for name in read if name in suspects.held]
    shown = [side.identifier_records for side in suspects.sides]
    if suspects.few and suspects.a_row_each:
        shown = [few if {*read} <= {*few.columns} else all_of for few, all_of in zip(suspects.few, shown, strict=True)]

    def of(side: str, table: Table) -> Table:
        query = f"""
            select a.unit_id, {columns(read, "a")}
            from {{of}} as a
            where exists (select 1 from {{different}} as d where d.{side}_id = a.unit_id)
            """
        return engine.sql(query, params=None, of=table, different=different, store=True)

    sides = dict(zip(("left", "right"), shown, strict=True))
    read_at_once = engine.run_concurrently(*(functools.partial(of, side, table) for side, table in sides.items()))
    return dict(zip(sides, read_at_once, strict=True))


def _fitting(rule: Rule, suspects: Suspects) -> str:
    """SQL: left_id, right_id, side, called, others of pairs for which a rule holds but for their names."""

    def equal(names: Iterable[str]) -> list[str]:
        return [f"a.{quote(name)} = b.{quote(name)}" for name in names if name in suspects.held]

    # Within one file nothing tells how many twins there are, beside those whose names are all misspelt.
    alike, near = ((*rule.equal, *rule.near), ()) if suspects.of_one_file else (rule.equal, rule.near)
    same = " and ".join([*equal(alike), *map(_near, near), "true"])
    somewhere = " or ".join(equal(rule.equal_any)) or "true"
    never = f"bool_and({born_apart(rule.born_apart, rule.other_year)})" if rule.born_apart else "true"
    numbers = " or ".join(equal(rule.unless_equal)) or "false"
    nothing = "cast(null as varchar)"
    name = quote(rule.differ) if rule.differ else nothing
    also = " || ' ' || ".join(f"coalesce({quote(c)}, '')" for c in rule.also if c in suspects.held) or nothing
    return f"""
        with judged as (
            select d.left_id, d.right_id, bool_or({numbers}) as shares,
                   bool_or({same} and ({somewhere})) and {never} as fits
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
        """


def _by_their_names(engine: Engine, rule: Rule, fitting: Table, suspects: Suspects) -> Table:
    """left_id, right_id of the pairs whose names are of two, where the rule asks for names.

    Args:
        fitting: left_id, right_id, side, called, others: every pair for which the rule holds but for its names, with
            all names that either side ever had.
    """
    if rule.words:
        return told_apart(engine, rule, fitting, *suspects.sides)
    if rule.differ:
        homes = suspects.held.intersection(rule.equal_any)
        edits = _EDITS if homes or not rule.equal_any else _EDITS_OF_NO_HOME
        clearly = functools.partial(_clearly_different, rule=rule, edits=edits)
        return engine.by_group(fitting, clearly, _PAIRS, by="left_id", order=("right_id",))
    return engine.sql("select distinct left_id, right_id from {t}", t=fitting, store=_PAIRS)


def _near(column: str) -> str:
    """SQL: values of which one is the other with two letters written otherwise."""
    return f"levenshtein(a.{quote(column)}, b.{quote(column)}) <= 2"


def _different(engine: Engine, rule: Rule, suspects: Suspects) -> Table:
    """left_id, right_id of likely pairs of two forenames or birth dates now.

    Most pairs need no second look at what they ever were.
    """
    model, limit = suspects.model, {"lowest": suspects.lowest}

    def compared(names: Sequence[str | None]) -> list[tuple[str, int]]:
        found = [_equal_level(model, name) for name in names if name and model]
        return [(quote(level[0]), level[1]) for level in found if level]

    differ, born = compared([rule.differ]), compared([rule.born_apart])
    if differ or (born and not rule.differ):
        asked = [f"{column} <> {equal}" for column, equal in differ] + [f"{column} < {equal}" for column, equal in born]
        if suspects.a_row_each:  # and the model compared it
            asked += [f"{column} >= {equal}" for column, equal in compared(rule.equal)]
        query = f"select left_id, right_id from {{pairs}} where {' and '.join(['match_weight >= $lowest', *asked])}"
        return engine.sql(query, params=limit, pairs=suspects.pairs, store=True)
    left, right = suspects.few or [side.units for side in suspects.sides]
    name = quote(rule.differ or "unit_id")
    now = all(rule.differ in of.columns for of in (left, right))
    return engine.sql(
        f"""
        select p.left_id, p.right_id
        from {{pairs}} as p
        join {{left}} as l on l.unit_id = p.left_id
        join {{right}} as r on r.unit_id = p.right_id
        where p.match_weight >= $lowest {f"and l.{name} <> r.{name}" if now else ""}
        """,
        params=limit,
        pairs=suspects.pairs,
        left=left,
        right=right,
        store=True,
    )


_EDITS, _EDITS_OF_NO_HOME = 0.0, 0.5
"""Share of a name's letters that edits may change, beside a slip: where nobody says where people live, more of them."""


def _clearly_different(fitting: pa.Table, rule: Rule, edits: float) -> pa.Table:
    """Pairs none of whose names may be one; the rows of a pair come one after another.

    Args:
        edits: share of a name's letters that they may change.
    """
    told = (
        zip(*(piece.column(name).to_pylist() for name in fitting.column_names), strict=True)
        for piece in fitting.to_batches(_PIECE)
    )
    different = []
    for pair, rows_of in itertools.groupby(itertools.chain.from_iterable(told), key=lambda row: row[:2]):
        names: dict[str, tuple[set[str], set[str]]] = {"left": (set(), set()), "right": (set(), set())}
        for _, _, side, called_by, with_others in rows_of:
            first, *more = (called_by or "").split() or [""]
            called, others = names[side]
            called |= {first} - {""}
            others |= {*more, *(with_others or "").split()}
        if _differ(rule, names["left"], names["right"], edits):
            different.append(pair)
    return as_table(different)


_PIECE = 10_000  # rows that are Python's at a time: there may be a hundred thousand suspects among ten million links


def _differ(rule: Rule, left: tuple[set[str], set[str]], right: tuple[set[str], set[str]], edits: float) -> bool:
    """Whether two people's forenames differ, and neither is called by what is the other's second name."""
    (called_left, others_left), (called_right, others_right) = left, right
    if not all(any(len(name) > 1 for name in called) for called in (called_left, called_right)):
        return False  # an initial is no name that differs
    met = itertools.chain(
        itertools.product(called_left, called_right | others_right), itertools.product(others_left, called_right)
    )
    return not any(_may_be_one(rule, a, b, edits) for a, b in met)


def _may_be_one(rule: Rule, a: str, b: str, edits: float) -> bool:
    if min(len(a), len(b)) == 1:
        return a[0] == b[0]
    most = max(1, edits * max(len(a), len(b)))  # a slip is much of a short name: ANH and AHN
    if JaroWinkler.similarity(a, b) >= rule.alike or OSA.distance(a, b) <= most:
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
