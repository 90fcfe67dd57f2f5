"""Codes that two files have each for themselves: 13 and Bangladeshi, VLDB and Very Large Data Bases.

What is what, records show that agree on all that tells them: of those who are 13 in one file nearly all are Bangladeshi
in the other. Several codes of one file (sixteen ethnic groups) may be one of the other's (five).
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from linkage.adhoc.fields.kinds import KINDS
from linkage.adhoc.fields.translated import PLACES
from linkage.adhoc.files.columns_made import as_text, counted, each_value
from linkage.adhoc.files.shapes import Shape, move
from linkage.adhoc.names.call_names import TELLING
from linkage.adhoc.places.positions import PLACED
from linkage.engine import Engine, Table, rows
from linkage.records.names import free_text

_NO_CODES = {*KINDS, *TELLING, *PLACES, "address", "organisation"}  # read as what they are, and brought alike as such
_EACH = 5  # records for each value, at least: what differs more is a text
_FEWEST = 3  # pairs that show what a code is
_ENOUGH = 30  # pairs that show what a column is
TELLS = 0.4
"""Of what other records do not agree on, the share that pairs agree on where two columns are one."""

Pairs = Mapping[tuple[str, str], int]
"""A value of the first file and one of the second, to the pairs of records that hold them."""


def in_one_code(engine: Engine, shapes: Sequence[Shape]) -> tuple[str, ...]:
    """Fields of two files in the codes of one of them, where each has its own; which fields these are.

    Args:
        shapes: two files, made alike but for that; their fields move to the columns that are made.
    """
    names = [name for name in shapes[0].fields if len(shapes) > 1 and _are_codes(engine, shapes, name)]
    agreed = _telling(shapes, names)
    if not names or not agreed:
        return ()
    held, found = _agreeing(engine, shapes, names, agreed), []
    for place, name in enumerate(names):
        pairs = _pairs(engine, held, place)
        share, first, codes = as_other(pairs)
        if share < TELLS + max(_agreement(pairs, {one: one for one, _ in pairs}), 0.0):
            continue
        move(shapes, name, each_value(engine, [(s.file, s.fields[name]) for s in shapes], f"plain {name}", free_text))
        shape = shapes[0 if first else 1]
        move([shape], name, each_value(engine, [(shape.file, shape.fields[name])], f"{name} in one code", codes.get))
        found.append(name)
    engine.drop(held)
    return tuple(found)


def _are_codes(engine: Engine, shapes: Sequence[Shape], name: str) -> bool:
    if name in _NO_CODES or not all(name in shape.fields for shape in shapes):
        return False
    return all(are_codes(counted(engine, shape.file, shape.fields[name])) for shape in shapes)


def are_codes(values: Mapping[str, int]) -> bool:
    """Whether a column has few values, by how many records hold each."""
    return 1 < len(values) <= sum(values.values()) / _EACH


def _telling(shapes: Sequence[Shape], coded: Sequence[str]) -> Sequence[str]:
    """The fields on which records agree that show what a code is: a person's names and birth date, all of a thing's but
    where it is, which no two bodies measure alike."""
    both = [name for name in shapes[0].fields if name in shapes[-1].fields and name not in {*coded, *PLACED}]
    telling = [name for name in TELLING if name in both][:1]
    if {"forename", "surname"} <= {*both} and telling:
        return ["forename", "surname", *telling]
    return both


def _agreeing(engine: Engine, shapes: Sequence[Shape], names: Sequence[str], agreed: Sequence[str]) -> Table:
    """What pairs hold of some fields (l0, r0, l1, ...): records alone in their file with what they agree on."""
    keys = [f"k{n}" for n in range(len(agreed))]
    alone = []
    for side, shape in zip("lr", shapes, strict=True):
        read = [f"upper({as_text(shape.fields[name])}) as {key}" for key, name in zip(keys, agreed, strict=True)]
        values = [f"any_value({as_text(shape.fields[name])}) as {side}{n}" for n, name in enumerate(names)]
        query = f"""
            select {", ".join(read + values)}
            from {{t}}
            group by {", ".join(keys)}
            having count(*) = 1
            """
        alone.append(engine.sql(query, t=shape.file.table))
    same = " and ".join(f"l.{key} = r.{key} and l.{key} <> ''" for key in keys)
    held = ", ".join(f"l{n}, r{n}" for n in range(len(names)))
    return engine.sql(f"select {held} from {{l}} as l join {{r}} as r on {same}", l=alone[0], r=alone[1], store=True)


def _pairs(engine: Engine, held: Table, place: int) -> Pairs:
    """The values of one of the fields, as they are compared."""
    query = f"select l{place} as one, r{place} as other, count(*) as pairs from {{t}} group by l{place}, r{place}"
    found = Counter[tuple[str, str]]()
    for row in rows(engine, engine.sql(query, t=held)):
        values = [free_text(value) if value else None for value in (row["one"], row["other"])]
        if values[0] and values[1]:
            found[values[0], values[1]] += int(row["pairs"])
    return found


def as_other(pairs: Pairs) -> tuple[float, bool, Mapping[str, str]]:
    """What values of one file are in the other.

    Returns:
        How much more often pairs agree by it than other records do, of what these leave (0 of few pairs); whether it is
        values of the first file that have become the second's; and what each has become.
    """
    turned = {(other, one): held for (one, other), held in pairs.items()}
    ways = [(_agreement(of, codes), of is pairs, codes) for of in (pairs, turned) for codes in [_most(of)]]
    return max(ways, key=lambda way: way[:2])


def _most(pairs: Pairs) -> dict[str, str]:
    """Each value of the first to that of the second that most pairs have with it; those left out that few have."""
    found = dict[str, str]()
    for (one, other), held in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0])):
        if held >= _FEWEST:
            found.setdefault(one, other)
    return found


def _agreement(pairs: Pairs, codes: Mapping[str, str]) -> float:
    """How much more often values are the same, as codes have them, than by chance, of what chance leaves."""
    total, mine, theirs = sum(pairs.values()), Counter[str](), Counter[str]()
    if total < _ENOUGH or len({*codes.values()}) < 2:
        return 0.0
    for (one, other), held in pairs.items():
        mine[codes.get(one, "")] += held
        theirs[other] += held
    chance = sum(held * theirs[other] for other, held in mine.items()) / total**2
    same = sum(held for (one, other), held in pairs.items() if codes.get(one) == other) / total
    return (same - chance) / max(1 - chance, 1e-9)
