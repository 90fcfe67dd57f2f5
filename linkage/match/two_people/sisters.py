"""Branches and sisters of one company: what tells two records of nearly one name at one place apart.

Crown Foods North and Crown Foods South stand at one address, and weigh what a company weighs that one file writes
otherwise. As a twin is told by a forename, they are told by words that others of the files bear too, of which each name
has one that the other lacks. A name that has one word more (Crown Foods Holdings) tells less: files leave words out.
How many such pairs are of two companies is told by those within either file.
"""

import functools
import itertools
import math
import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

import pyarrow as pa
from rapidfuzz.distance import JaroWinkler

from linkage.engine import Engine, Table, one, quote, rows
from linkage.match.candidates.units import Units
from linkage.match.two_people.apart_rules import Rule

EACH, MORE = "each", "more"
"""Each of two names has a word that the other lacks; one has a word more."""
_USUAL = 3  # names of both files that bear a word, from which it is one, and no slip of another
_NUMBER = re.compile(r"\w*[0-9]\w*|[IVX]+")
_SHOWN_ROWS = 50_000  # of a file with more, those of some places stand for all
_CROWDED = 200  # records of both files at one place, from which it is none: a town, or what stands for no postcode
_MOST = 0.5  # share of the pairs across that are of two, from which they are taken for that
_TELLING = 0.4
"""By how much as many are twice as match has to be more or less than one, for a word more to say anything."""


class Words(NamedTuple):
    """Words of the names of both files, to how many names bear each; and how many names there are.

    Words of fewer than three names may be left out: they are no usual ones, and tell no name from another.
    """

    held: Mapping[str, int]
    names: int

    def by_chance(self, words: Collection[str]) -> float:
        """How many names would bear all of some words, if one said nothing of another."""
        return self.names * math.prod(self.held.get(word, 0) / max(self.names, 1) for word in words)


def difference(first: str, second: str, known: Words, alike: float) -> str | None:
    """How two names of which most words are one differ, in words that are commoner than what they share.

    Args:
        alike: Jaro-Winkler similarity from which a word may be the other misspelt.

    >>> known = Words({"CROWN": 4, "FOODS": 40, "NORTH": 9, "SOUTH": 9, "FOODDS": 1, "FOOD": 5}, 200)
    >>> difference("CROWN FOODS NORTH", "CROWN FOODS SOUTH", known, 0.92)
    'each'
    >>> difference("CROWN FOODS", "CROWN FOODS NORTH", known, 0.92)
    'more'
    >>> [difference("CROWN FOODS", f"CROWN {word}", known, 0.92) for word in ("FOODDS", "FOOD")]
    [None, None]
    """
    words = [set(name.split()) for name in (first, second)]
    shared = words[0] & words[1]
    if not shared or 2 * len(shared) < max(map(len, words)):
        return None
    least = max(_USUAL, known.by_chance(shared))
    own, others = words[0] - shared, words[1] - shared
    told = []
    for these, those in ((own, others), (others, own)):
        apart = (word for word in these if not any(_may_be_one(word, other, alike) for other in those))
        told.append(any(_NUMBER.fullmatch(word) or known.held.get(word, 0) >= least for word in apart))
    if all(told):
        return EACH
    return MORE if any(told) and not (own and others) else None


def _may_be_one(word: str, other: str, alike: float) -> bool:
    """Whether a word is the other misspelt, or cut short; numbers are not."""
    if _NUMBER.fullmatch(word) or _NUMBER.fullmatch(other):
        return False
    if JaroWinkler.similarity(word, other) >= alike:
        return True
    short, long = sorted((word, other), key=len)
    letters = iter(long)
    return short[0] == long[0] and all(letter in letters for letter in short)


def told_apart(engine: Engine, rule: Rule, suspects: Table, left: Units, right: Units) -> Table:
    """left_id, right_id of those of the suspects that are two companies, if the files have so many.

    Args:
        suspects: left_id, right_id, side, called: pairs at one place, with the name of either side.
        left, right: all units; one and the same of a single file, where nothing tells what a word more is.
    """
    named = engine.sql(_NAMED, suspects=suspects, store=True)
    if engine.count(named) == 0:
        return named
    known = _known_words(engine, str(rule.differ), left, right)
    found = _different(engine, named, rule, known)
    engine.drop(named)
    hows = [EACH]
    if left is not right and engine.count(found):
        counted = _counted(engine, rule, known, left.units, right.units)
        hows = [how for how in (EACH, MORE) if counted.are_of_two(how)]
    those = " or ".join(["false", *(f"how = '{how}'" for how in hows)])
    return engine.sql(f"select left_id, right_id from {{t}} where {those}", t=found)


_NAMED = """
    with called as (
        select left_id, right_id,
               max(case when side = 'left' then called end) as first,
               max(case when side = 'right' then called end) as second
        from {suspects}
        group by left_id, right_id
    )
    select * from called where first <> '' and second <> ''
    """


def _different(engine: Engine, pairs: Table, rule: Rule, known: Words) -> Table:
    """left_id, right_id and how they differ of the pairs of names, first and second, that do."""
    work = functools.partial(_how, known=known, alike=rule.alike)
    kinds = {"left_id": "bigint", "right_id": "bigint", "how": "varchar"}
    return engine.by_group(pairs, work, kinds, by="left_id", order=("right_id",))


def _how(pairs: pa.Table, known: Words, alike: float) -> pa.Table:
    pieces = (piece.select(["first", "second"]).to_pydict().values() for piece in pairs.to_batches(_PIECE))
    both = itertools.chain.from_iterable(zip(*piece, strict=True) for piece in pieces)
    how = pa.array([difference(first, second, known, alike) for first, second in both], pa.string())
    return pairs.select(["left_id", "right_id"]).append_column("how", how).filter(how.is_valid())


_PIECE = 10_000  # pairs of names that are Python's at a time


def _known_words(engine: Engine, column: str, left: Units, right: Units) -> Words:
    sides = {"left": left.units} if left is right else {"left": left.units, "right": right.units}
    named = " union all ".join(f"select {quote(column)} as name from {{{side}}}" for side in sides)
    names = engine.sql(named, params=None, store=False, **sides)
    query = f"""
        with words as (
            select unnest(list_distinct(string_split(name, ' '))) as word from {{names}} where name is not null
        )
        select word, count(*) as names from words where word <> '' group by word having count(*) >= {_USUAL}
        """
    held = {row["word"]: int(row["names"]) for row in rows(engine, engine.sql(query, names=names))}
    return Words(held, int(one(engine, engine.sql("select count(name) as names from {names}", names=names))["names"]))


class _Counted(NamedTuple):
    """Pairs at one place, of names that differ, by how: across two files, and as many as those within let expect.

    Attributes:
        across, expected: of companies that the other file does not hold by the same name.
        twice: pairs of one name within the files, for each match.
    """

    across: Mapping[str, int]
    expected: Mapping[str, float]
    twice: float

    def are_of_two(self, how: str) -> bool:
        """Whether most pairs across are of two companies.

        Who is in a file twice is there with a word left out too, as often as a match is: of a word more, pairs across
        are those of two and of matches, and within those of two and, for each match, `twice`.
        """
        pairs, expected = self.across[how], self.expected[how]
        of_two = expected
        if how == MORE:
            if abs(1 - self.twice) < _TELLING:
                return False
            of_two = pairs - (pairs - expected) / (1 - self.twice)
        return min(of_two, expected) >= _MOST * max(pairs, 1)


def _counted(engine: Engine, rule: Rule, known: Words, left: Table, right: Table) -> _Counted:
    place = next(name for name in rule.equal_any if name in left.columns and name in right.columns)
    at, name = quote(place), quote(str(rule.differ))
    many = max(engine.count(side) for side in (left, right)) > _SHOWN_ROWS
    some = f"ascii(right(a.{at}, 1)) % 5 = 3" if many else "true"
    crowded = engine.sql(
        f"""
        with places as (
            select {at} as place from {{left}} union all select {at} as place from {{right}}
        )
        select place from places group by place having count(*) > {_CROWDED}
        """,
        left=left,
        right=right,
        store=True,
    )
    shown = [
        engine.sql(
            f"""
            select a.unit_id, a.{at} as place, a.{name} as name,
                   exists (select 1 from {{other}} as b where b.{at} = a.{at} and b.{name} = a.{name}) as has_partner
            from {{side}} as a
            where a.{at} is not null and a.{name} is not null and {some}
              and not exists (select 1 from {{crowded}} as c where c.place = a.{at})
            """,
            params=None,
            store=True,
            side=side,
            other=other,
            crowded=crowded,
        )
        for side, other in ((left, right), (right, left))
    ]
    engine.drop(crowded)
    across, matches = _at_one_place(engine, rule, known, *shown)
    within, twice, alone = dict.fromkeys((EACH, MORE), 0), 0, []
    for side in shown:
        of_side, of_one_name = _at_one_place(engine, rule, known, side, side)
        within = {how: within[how] + of_side[how] for how in within}
        twice += of_one_name
        free = engine.sql("select count(*) as units from {t} where not has_partner", t=side)
        alone.append(int(one(engine, free)["units"]))
    engine.drop(*shown)
    # n and k companies meet n k times across; within they make n²/2 and k²/2 pairs.
    for_each = 2 * alone[0] * alone[1] / max(alone[0] ** 2 + alone[1] ** 2, 1)
    expected = {how: for_each * within[how] for how in (EACH, MORE)}
    return _Counted(across, expected, for_each * twice / max(matches, 1))


def _at_one_place(engine: Engine, rule: Rule, known: Words, these: Table, those: Table) -> tuple[dict[str, int], int]:
    """Pairs of units without a partner of their name, by how their names differ; and how many pairs have one name."""
    once = "b.unit_id > a.unit_id" if these is those else "true"
    same = engine.sql(
        f"select count(*) as pairs from {{a}} as a join {{b}} as b on b.place = a.place and b.name = a.name and {once}",
        a=these,
        b=those,
    )
    pairs = engine.sql(
        f"""
        select a.unit_id as left_id, b.unit_id as right_id, a.name as first, b.name as second
        from {{a}} as a
        join {{b}} as b on b.place = a.place and b.name <> a.name and {once}
        where not a.has_partner and not b.has_partner
        """,
        params=None,
        store=False,
        a=these,
        b=those,
    )
    found = _different(engine, pairs, rule, known)
    counts = rows(engine, engine.sql("select how, count(*) as pairs from {t} group by how", t=found))
    engine.drop(found)
    counted = dict.fromkeys((EACH, MORE), 0) | {row["how"]: int(row["pairs"]) for row in counts}
    return counted, int(one(engine, same)["pairs"])
