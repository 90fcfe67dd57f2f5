"""Columns that neither names nor what they hold tell, taken by what pairs of records agree on.

When two banks booked a payment, what a visit was for and who wrote a paper have no form that tells them: dates of one
year are alike by chance. But records that agree on all that is known are mostly of one person or thing. Two columns
that they agree on far more often than other records do are the same one.
"""

import datetime
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from linkage.adhoc.codes.rare_words import names_persons
from linkage.adhoc.columns.contents import squashed, words
from linkage.adhoc.dates.own_values import as_days, as_numbers
from linkage.adhoc.fields.other_codes import TELLS, are_codes, as_other
from linkage.adhoc.fields.persons import identified
from linkage.adhoc.files.columns_made import as_text
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.files.unknown import says_unknown
from linkage.adhoc.headers.header_words import words_of
from linkage.adhoc.headers.recognise import Columns, own_name
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.adhoc.names.parents import PARENTS
from linkage.adhoc.word_columns import POSITION
from linkage.engine import Engine, Table, quote
from linkage.model.comparisons import FURTHER_NAMES as BESIDE

_MOST_COLUMNS = 40  # of a file that are looked at
_MOST_PAIRS = 5_000
_WORDED = ("text", "words")  # kinds of fields whose words two files may have in another order
_ENOUGH = 50  # pairs, with which no field is left out of what they agree on
_FEWEST = 30  # pairs that know both columns
LEAD = 1.2  # times as much as with the next column
_LONGEST = 200  # signs of a value that are looked at
_TEXTS = ("birth_place", "address", "town", "county", *PARENTS)  # fields that are words and nothing else
_HALF = 0.5  # of the words of the shorter text
_MONTH = 31  # days that what happened is booked after, or before: a ship leaves, and arrives
_YEAR = 4  # signs
_OTHERS = (1, 7, 31)  # rows by which pairs are moved against one another: other records


def pairs_to_learn_from(
    engine: Engine,
    files: Sequence[PersonFile],
    columns: Columns,
    sides: Sequence[Table],
    kinds: Mapping[str, str],
) -> Table | None:
    """left_id, right_id of pairs that agree on what is known; None where they are few, or nothing is left to find.

    Args:
        files: two files, without the columns that an analyst leaves out.
        sides: units of both by the columns that are known.
        kinds: of the fields that are known.
    """
    known = [name for name, kind in kinds.items() if kind not in (BESIDE, POSITION)]  # nobody measures one spot twice
    if not any(free_of(columns, files, kinds)) or not known:
        return None
    pairs = _pairs(engine, sides, [_key(name, kinds[name]) for name in known])
    return pairs if engine.count(pairs) >= _FEWEST else None


def columns_by_pairs(
    engine: Engine, files: Sequence[PersonFile], columns: Columns, pairs: Table, kinds: Mapping[str, str]
) -> Columns | None:
    """The columns with those that pairs agree on; None where there are none.

    Args:
        files: two files, without the columns that an analyst leaves out.
        columns: that are known.
        pairs: as `pairs_to_learn_from` found them.
        kinds: of the fields that are known.
    """
    free, alone = free_of(columns, files, kinds), of_one_file(columns)
    if not all(free):
        return None
    ids = [identified(engine, file, of) for file, of in zip(files, (columns.left_id, columns.right_id), strict=True)]
    held = [
        _values(engine, file, of, pairs, side, names)
        for file, of, side, names in zip(files, ids, ("left_id", "right_id"), free, strict=True)
    ]
    left, right, said = dict(columns.left), dict(columns.right), list[str]()
    for one, other in _best(held, alone):
        name = alone[0].get(one) or alone[1].get(other) or own_name(one, {*left, *right})
        said += [f"left.{name}={one}"] * (left.get(name) != one) + [f"right.{name}={other}"] * (
            right.get(name) != other
        )
        left[name], right[name] = one, other
    if not said:
        return None
    return replace(columns, left=left, right=right, by_content=(*columns.by_content, *said))


def of_one_file(columns: Columns) -> list[dict[str, str]]:
    """Columns of texts that a name told, to their field, where the other file has no such column: it may call it
    otherwise."""
    sides, parts = (columns.left, columns.right), ({*columns.left_parts.values()}, {*columns.right_parts.values()})
    return [
        {of[name]: name for name in _TEXTS if name in of and name not in others and of[name] not in made}
        for of, others, made in zip(sides, reversed(sides), parts, strict=True)
    ]


def free_of(columns: Columns, files: Sequence[PersonFile], kinds: Mapping[str, str]) -> list[list[str]]:
    """Columns of each file that are nothing yet, or nothing that the other file has; of persons, nobody else's.

    One's own death is nobody else's.
    """
    left = {*columns.left.values(), *columns.left_parts.values(), columns.left_id}
    right = {*columns.right.values(), *columns.right_parts.values(), columns.right_id}
    told, found = of_one_file(columns), []
    for file, used, own, theirs in zip(files, (left, right), told, told[::-1], strict=True):
        others = _others(theirs.values()) if names_persons(kinds) else set[str]()
        nothing = [name for name in file.header if name not in used and not others & {*words_of(name)}]
        found.append([*own, *nothing][:_MOST_COLUMNS])
    return found


def _others(told: Collection[str]) -> set[str]:
    """Words of other persons in headers, but of a parent whom the other file tells."""
    parents = {word for name in PARENTS if name in told for word in vocabulary()["field"][name]["bare"]}
    return {*vocabulary()["others"]} - {*vocabulary()["occasions"]["death"]} - parents


def _pairs(engine: Engine, sides: Sequence[Table], keys: Sequence[str]) -> Table:
    """left_id, right_id of records that are alone in their file with all keys, or all but one of several."""
    best = _agreeing(engine, sides, keys)
    if len(keys) < 3 or engine.count(best) >= _ENOUGH:
        return best
    for left_out in keys:
        found = _agreeing(engine, sides, [key for key in keys if key != left_out])
        best, worse = sorted((best, found), key=engine.count, reverse=True)
        engine.drop(worse)
    return best


def _agreeing(engine: Engine, sides: Sequence[Table], keys: Sequence[str]) -> Table:
    """left_id, right_id of records that are alone in their file with all of some keys, SQL of their fields."""
    made = ", ".join(f"{key} as key_{n}" for n, key in enumerate(keys))
    names = [f"key_{n}" for n in range(len(keys))]
    known = " and ".join(f"{name} is not null" for name in names)
    query = f"""
        with keyed as (select unit_id, {made} from {{t}})
        select * from keyed where {known} qualify count(*) over (partition by {", ".join(names)}) = 1
        """
    alone = [engine.sql(query, t=side) for side in sides]
    same = " and ".join(f"l.{name} = r.{name}" for name in names)
    query = f"""
        select l.unit_id as left_id, r.unit_id as right_id from {{l}} as l join {{r}} as r on {same}
        order by left_id
        limit {_MOST_PAIRS}
        """
    return engine.sql(query, l=alone[0], r=alone[1], store=True)


def _key(name: str, kind: str) -> str:
    """SQL: what two records agree on, of a text its words in any order: MARTIN Paul, Paul Martin."""
    if kind not in _WORDED:
        return quote(name)
    return f"array_to_string(list_sort(regexp_split_to_array(lower({quote(name)}), '[\\s.,;:()-]+')), ' ')"


_Same = Callable[[str, str], float]
"""How far two values are the same, from 0 to 1."""
_Column = tuple[str, list[str | None], _Same, bool]
"""Its name, what it holds in each pair, what tells two of its values apart, and whether it has few: codes."""


def _values(
    engine: Engine, file: PersonFile, ids: Table, pairs: Table, side: str, names: Sequence[str]
) -> list[_Column]:
    """What columns hold in each pair, as it is compared; those left out that hold next to nothing."""
    made = []
    for name, values in texts_of_pairs(engine, file, ids, pairs, side, names).items():
        known = [value for value in values if value]
        if len(known) >= _FEWEST and len({*known}) > 1:
            read, same = _compared(known)
            compared = [read(value) if value else None for value in values]
            made.append((name, compared, same, are_codes(Counter(filter(None, compared)))))
    return made


def texts_of_pairs(
    engine: Engine, file: PersonFile, ids: Table, pairs: Table, side: str, names: Sequence[str]
) -> dict[str, list[str | None]]:
    """What columns hold in each pair, as it is written; None where that says that nobody knows."""
    texts = ", ".join(f"nullif(left({as_text(name)}, {_LONGEST}), '') as v{n}" for n, name in enumerate(names))
    query = f"""
        with held as (select {quote(PLACE)} as place, {texts} from {{t}})
        select h.* from {{pairs}} as p join {{ids}} as i on i.unit_id = p.{side} join held as h on h.place = i.place
        order by p.left_id, p.right_id
        """
    found = engine.arrow(engine.sql(query, t=file.table, pairs=pairs, ids=ids))
    return {
        name: [None if value is None or says_unknown(value) else value for value in found[f"v{n}"].to_pylist()]
        for n, name in enumerate(names)
    }


def _compared(values: Sequence[str]) -> tuple[Callable[[str], str | None], _Same]:
    """How a column's values are written, so that two ways of writing one are the same, and when two are."""
    counts = dict.fromkeys(values, 1)
    if read := as_days(counts):
        return read, _near
    if read := as_numbers(counts):
        return read, _equal
    several = sum(len(words(value)) > 1 for value in values)
    if 2 * several > len(values):
        return lambda value: " ".join(words(value)) or None, _same_words
    return lambda value: squashed(value) or None, _equal


def _best(held: Sequence[Sequence[_Column]], told: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Columns that belong together, the surest first: each in one pair, and none that is as near to another.

    Args:
        told: of either file, columns of which a name told the field: two such are of two fields.
    """
    pairs = [(one, other) for one in held[0] for other in held[1] if one[0] not in told[0] or other[0] not in told[1]]
    scored = [(_agreement(one, other), one[0], other[0]) for one, other in pairs]
    found = list[tuple[str, str]]()
    rest = sorted((score for score in scored if score[0] >= TELLS), key=lambda score: -score[0])
    while rest:
        best, one, other = rest[0]
        rivals = [score for score, *names in rest[1:] if one == names[0] or other == names[1]]
        if best >= LEAD * max(rivals, default=0.0):
            found.append((one, other))
        rest = [score for score in rest if one != score[1] and other != score[2]]
    return found


def _agreement(one: _Column, other: _Column) -> float:
    """How much more often pairs agree than other records do, of what these leave."""
    same = one[2] if one[2] is other[2] else _of_a_year if _near in (one[2], other[2]) else _equal
    mine, theirs = one[1], other[1]
    both = Counter((a, b) for a, b in zip(mine, theirs, strict=True) if a and b)
    if one[3] and other[3] and both.total() >= _FEWEST:  # each file may have codes of its own
        return max(beyond_chance(same, mine, theirs), as_other(both)[0])
    return beyond_chance(same, mine, theirs)


def beyond_chance(same: _Same, mine: Sequence[str | None], theirs: Sequence[str | None]) -> float:
    """How much more often the two values of pairs are the same than those of other records, of what these leave.

    Args:
        same: how far two values are the same, from 0 to 1.
        mine, theirs: what a column of each file holds in each pair.

    Returns:
        At most 1; 0 where too few pairs know both.
    """
    both = [same(a, b) for a, b in zip(mine, theirs, strict=True) if a and b]
    if len(both) < _FEWEST:
        return 0.0
    moved = [(a, b) for by in _OTHERS for a, b in zip(mine, [*theirs[by:], *theirs[:by]], strict=True) if a and b]
    chance = sum(same(a, b) for a, b in moved) / max(len(moved), 1)
    return (sum(both) / len(both) - chance) / max(1 - chance, 1e-9)


def _equal(one: str, other: str) -> float:
    return float(one == other)


def _near(one: str, other: str) -> float:
    """Whether two days are one, and half of it where they are a month apart at most: a payment is booked on one day and
    counts from another. Who came and who went within a month is told by the other column, whose days are the same. Of a
    column with years of two digits nobody has told the century yet."""
    if one[2:] == other[2:]:
        return 1.0
    try:
        apart = datetime.date.fromisoformat(one) - datetime.date.fromisoformat(one[:2] + other[2:])
    except ValueError:  # of a day whose month nobody knows
        return 0.0
    return 0.5 if abs(apart.days) <= _MONTH else 0.0


def _of_a_year(one: str, other: str) -> float:
    """Whether a day is of a year, of which one file says no more: when something was released."""
    day, year = (one, other) if len(one) > len(other) else (other, one)
    return float(len(year) == _YEAR and day[: _YEAR + 1] == f"{year}-")


def _same_words(one: str, other: str) -> float:
    """Whether one text has half of the other's words, or more: who wrote a paper, with initials or without."""
    mine, theirs = {*one.split()}, {*other.split()}
    return float(len(mine & theirs) >= _HALF * min(len(mine), len(theirs)))
