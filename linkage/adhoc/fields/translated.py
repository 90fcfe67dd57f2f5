"""Forenames and places that each file has in its own language: Jacobus and James, Bozen and Bolzano. And names that
both write in several ways: Wm and William, Pak and Park.

Which is which, people show who agree on all else that tells them: whoever is Jacobus in a register of baptisms is James
in that of births, far more often than chance has it. No list of names is needed (decision 157).
"""

import functools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from linkage.adhoc.files.columns_made import counted, each_value
from linkage.adhoc.files.person_file import PLACE
from linkage.adhoc.files.shapes import Shape, move
from linkage.adhoc.names.call_names import TELLING
from linkage.adhoc.names.parents import PARENTS
from linkage.engine import Engine, Table, quote, rows
from linkage.records.names import forenames, free_text, name_words, surname

PLACES = ("town", "county", "birth_place")
_SAMPLE_ROWS = 50_000  # of a file
_ALL_ROWS = 100_000  # of a file with more, who was born on some days stands for all
_FOREIGN = 0.1  # of a value's share in one file, which its share in the other is at most, where it is of a language
_MANY = 0.1  # share of both files' rows with such a value, from which the files are of two languages
_FEWEST = 3  # pairs that show that two values are one
_TWINS = 0.2  # of the pairs that show two values to be one, so many pairs within the files, where they are of twins
_SURE = 5.0  # by what factor, as a logarithm, the pairs are likelier than chance has them among as many values

One = Mapping[str, str]
"""A value to the one that stands for it in both files."""
Read = Callable[[str], str | None]
"""What is read of a value before it is compared."""


def note(fields: Sequence[str]) -> str:
    """What is said of fields that `translated` brought to one language."""
    return (
        "compared as one of the files writes it, since the other has it in another language or form: "
        f"{', '.join(fields)}"
    )


def translated(engine: Engine, shapes: Sequence[Shape]) -> tuple[str, ...]:
    """Forenames and places of two files in one language, where each has its own; the fields of which that is so.

    A value that both files have is no other one: twins are Taiwo and Kehinde, and agree on surname and birth date.

    Args:
        shapes: two files, their forenames without further ones; their fields move to the columns that are made.
    """
    telling = next((name for name in TELLING if all(name in shape.fields for shape in shapes)), None)
    if len(shapes) < 2 or telling is None or not all({"forename", "surname"} <= set(shape.fields) for shape in shapes):
        return ()
    found = []
    if names := _one(engine, shapes, "forename", _first, ("surname", telling)):
        _write(engine, shapes, "forename", lambda text: _of_forenames(text, names))
        _write(engine, shapes, "middle_names", lambda text: _of_words(text, names))
        for name in PARENTS:  # whose words stand in the order of the alphabet
            _write(engine, shapes, name, lambda text: " ".join(sorted(_of_words(text, names).split())))
        found.append("forename")
    if telling == "dob":
        found += _in_one_form(engine, shapes, found)
    for name in PLACES:
        if not all(name in shape.fields for shape in shapes):
            continue
        if places := _one(engine, shapes, name, free_text, ("forename", "surname", telling)):
            _write(engine, shapes, name, functools.partial(_of_whole, one=places))
            found.append(name)
    return tuple(found)


def _in_one_form(engine: Engine, shapes: Sequence[Shape], translated: Sequence[str]) -> list[str]:
    """Surnames and forenames that both files write in several ways, each in one of them; the fields that have such.

    Wm is William, and Park is Pak, where people of one birth date and other name show it beyond chance across the files
    and not within them, where twins do as well.
    """
    found: list[str] = []
    shown = [_born_on_some_days(engine, shape, every=max(s.file.rows for s in shapes) <= _ALL_ROWS) for shape in shapes]
    for name, other in (("surname", "forename"), ("forename", "surname"), ("surname", "forename")):
        if name in (*found, *translated) or not (one := _of_several_forms(engine, shown, name, (other, "dob"))):
            continue
        for held in (shown, shapes):
            _write(engine, held, name, functools.partial(_READ_WHOLE[name], one=one))
        found.append(name)
    return found


def _born_on_some_days(engine: Engine, shape: Shape, *, every: bool) -> Shape:
    """The names and birth dates of a file; of a larger one of those who were born on some days of the month."""
    names = {name: shape.fields[name] for name in ("forename", "surname", "dob")}
    day = quote(names["dob"])
    listed = ", ".join(map(quote, dict.fromkeys([PLACE, *names.values()])))
    some = f"{day} is not null" if every else f"right({day}, 1) = '3'"
    few = engine.sql(f"select {listed} from {{t}} where {some}", t=shape.file.table, store=True)
    return replace(shape, file=replace(shape.file, table=few, values={}, clean=set()), fields=names)


def _of_several_forms(engine: Engine, shapes: Sequence[Shape], field: str, agreed: Sequence[str]) -> One:
    """Values of a field that are one, of which both files may have each."""
    read = _READ[field]
    across = _agreeing(engine, shapes, field, read, None, agreed)
    shown = [(one, other) for one, other in _beyond_chance(across) if one != other and min(len(one), len(other)) > 1]
    if not shown:
        return {}
    within = [_agreeing(engine, [shape, shape], field, read, None, agreed) for shape in shapes]
    forms = [pair for pair in shown if sum(of_file.get(pair, 0) for of_file in within) <= _TWINS * across[pair]]
    return _as_one(iter(forms), Counter({one: held for (one, other), held in across.items() if one == other}))


def _first(text: str) -> str | None:
    return forenames(text)[0]


_READ: Mapping[str, Read] = {"forename": _first, "surname": surname}


def _one(engine: Engine, shapes: Sequence[Shape], field: str, read: Read, agreed: Sequence[str]) -> One:
    """Values of a field that are one in two languages; none where the files are not of two.

    Args:
        agreed: fields on which whoever shows it agrees.
    """
    held = [_counted(engine, shape, field, read) for shape in shapes]
    foreign = [_foreign(here, other) for here, other in (held, held[::-1])]
    shares = [
        sum(values[value] for value in of_file) / max(values.total(), 1)
        for values, of_file in zip(held, foreign, strict=True)
    ]
    if min(shares) < _MANY:
        return {}
    pairs = _agreeing(engine, shapes, field, read, foreign, agreed)
    return _as_one(_beyond_chance(pairs), held[0] + held[1])


def _counted(engine: Engine, shape: Shape, field: str, read: Read) -> Counter[str]:
    found = Counter[str]()
    for text, held in counted(engine, shape.file, shape.fields[field]).items():
        if value := read(text):
            found[value] += held
    return found


def _foreign(values: Counter[str], others: Counter[str]) -> set[str]:
    """Values that hardly anybody of the other file has."""
    size = others.total() / max(values.total(), 1)
    return {value for value, held in values.items() if others[value] <= _FOREIGN * size * held}


def _agreeing(
    engine: Engine,
    shapes: Sequence[Shape],
    field: str,
    read: Read,
    foreign: Sequence[set[str]] | None,
    agreed: Sequence[str],
) -> dict[tuple[str, str], int]:
    """People who agree on all else: values of both files to the pairs that have them.

    Args:
        foreign: of either file the values that are asked for; all of them when None.
    """
    # Who of the first file has such a value is looked for in all of the second.
    every = max(1, shapes[0].file.rows // _SAMPLE_ROWS) if foreign else 1, 1
    left, right = (
        _keyed(engine, shape, field, read, of_file, agreed, step)
        for shape, of_file, step in zip(shapes, foreign or (None, None), every, strict=True)
    )
    equal = " and ".join(f"l.{quote(f'key {n}')} = r.{quote(f'key {n}')}" for n in range(len(agreed)))
    found = engine.sql(
        f"""
        select l."its value" as one, r."its value" as other, count(*) as pairs
        from {{left}} as l
        join {{right}} as r on {equal}
        group by l."its value", r."its value"
        """,
        left=left,
        right=right,
    )
    return {(row["one"], row["other"]): int(row["pairs"]) for row in rows(engine, found)}


def _keyed(
    engine: Engine, shape: Shape, field: str, read: Read, wanted: set[str] | None, agreed: Sequence[str], step: int
) -> Table:
    """The fields agreed on (key 0, key 1, ...) and the value of a field, of the rows that have a wanted one.

    Args:
        wanted: all of them when None.
        step: every so many-th row is looked at.
    """
    file, keys = shape.file, []
    for place, name in enumerate(agreed):
        column = shape.fields[name]
        if name in _READ:
            ((file, column),) = each_value(engine, [(file, column)], f"plain {name}", _READ[name])
        keys.append(f"{quote(column)} as {quote(f'key {place}')}")
    held = file, shape.fields[field]
    ((file, value),) = each_value(
        engine,
        [held],
        f"plain {field}",
        lambda text: found if (found := read(text)) is not None and (wanted is None or found in wanted) else None,
    )
    return engine.sql(
        f"""
        select {", ".join(keys)}, {quote(value)} as "its value"
        from {{t}}
        where {quote(PLACE)} % $step = 0 and {quote(value)} is not null
        """,
        params={"step": step},
        t=file.table,
    )


def _beyond_chance(counts: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, str]]:
    """Values of the first file and of the second that stand together beyond chance, the clearest first."""
    total = sum(counts.values())
    first, second = Counter[str](), Counter[str]()
    for (one, other), pairs in counts.items():
        first[one] += pairs
        second[other] += pairs
    needed = math.log(len(first) * len(second) or 1) + _SURE
    found = []
    for (one, other), pairs in counts.items():
        by_chance = first[one] * second[other] / total
        sure = pairs * math.log(pairs / by_chance) - (pairs - by_chance) if pairs > by_chance else 0.0
        if pairs >= _FEWEST and sure > needed:
            found.append((sure, one, other))
    yield from ((one, other) for _, one, other in sorted(found, reverse=True))


def _as_one(shown: Iterator[tuple[str, str]], held: Counter[str]) -> One:
    """Values to the most frequent of those that are one: each is joined to the other file's that shows it most."""
    joined: dict[tuple[int, str], tuple[int, str]] = {}

    def root(value: tuple[int, str]) -> tuple[int, str]:
        while joined[value] != value:
            value = joined[value]
        return value

    for one, other in shown:
        left, right = (0, one), (1, other)
        if {left, right} <= set(joined):
            continue
        for value in (left, right):
            joined.setdefault(value, value)
        joined[root(right)] = root(left)
    groups: dict[tuple[int, str], set[str]] = {}
    for value in joined:
        groups.setdefault(root(value), set()).add(value[1])
    return {value: max(sorted(group), key=held.__getitem__) for group in groups.values() for value in group}


def _write(engine: Engine, shapes: Sequence[Shape], field: str, become: Read) -> None:
    if not all(field in shape.fields for shape in shapes):
        return
    columns = [(shape.file, shape.fields[field]) for shape in shapes]
    move(shapes, field, each_value(engine, columns, f"{field} in one language", become))


def _of_surname(text: str, one: One) -> str | None:
    name = surname(text)
    return one.get(name, text) if name else None


def _of_forenames(text: str, one: One) -> str | None:
    first, others = forenames(text)
    return " ".join([one.get(first, first), *([_of_words(others, one)] if others else [])]) if first else None


_READ_WHOLE = {"forename": _of_forenames, "surname": _of_surname}


def _of_words(text: str, one: One) -> str:
    return " ".join(one.get(word, word) for word in name_words(text))


def _of_whole(text: str, one: One) -> str:
    return one.get(free_text(text) or "", text)
