"""Ages of files that were made in different years, and a birth date beside an age: years that can be compared.

The two records of one person are as many years apart for everybody; those of namesakes are any number of years apart.
So the number that stands out among namesakes is what lies between the files.
"""

import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from linkage.adhoc.dates.birth_dates import latest_year, read, reading
from linkage.adhoc.files.columns_made import as_text, counted, expressed, looked_up
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.headers.header_words import words_of
from linkage.adhoc.headers.recognise import named_fields
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.adhoc.names.parents import PARENTS
from linkage.engine import Engine, Table, literal, one, quote, rows
from linkage.records.names import forenames, surname

_SAMPLE_ROWS = 100_000
_NAMESAKES = 5  # of a name that more people bear, most pairs are strangers
_OF_ONE_NAME = 20  # records of a file that may be one person's
_FEWEST = 10  # pairs that must show it
_HALF_A_YEAR = 6  # months
_DATED = 0.8  # share of a column's values that are dates, or it is none of an occasion
_SEVERAL = 2  # years of what happened, or all ages are of one year anyway
_MOST_OCCASIONS = 3  # columns of days that an age is held against
_FURTHER = (*PARENTS, "town", "birth_place", "address")  # what namesakes may have in common besides
_NAMED = 0.5  # share of a file's rows that have a name, below which its people have none of the kind
_BEYOND_CHANCE = 3.0  # standard deviations of a difference of counts


def at_one_time(engine: Engine, file: PersonFile, column: str) -> tuple[PersonFile, str]:
    """The file with a column of ages in one year, of ages at what happened to each in a year of their own.

    Args:
        column: of ages; as it is where its header names no occasion, or no other column has the dates of that.
    """
    occasion = set(words_of(column)) - {"age", "at", "on", "of", "in", "years", "yrs"}
    told = set[str]().union(occasion, *(words for words in vocabulary()["occasions"].values() if occasion & set(words)))
    for name in file.header if occasion else ():
        if name != column and told & set(words_of(name)) and (made := _on(engine, file, column, name)):
            return made
    return file, column


def _on(engine: Engine, file: PersonFile, column: str, days: str) -> tuple[PersonFile, str] | None:
    """The file with a column of ages in one year, of ages on days; None where the other column holds no days."""
    values = counted(engine, file, days)
    latest = latest_year([values])
    how = reading(values, latest)
    years = {value: (_year_of_birthday(read(value, how)),) for value in values}
    known = sum(values[value] for value, (year,) in years.items() if year)
    if known <= _DATED * sum(values.values()) or len({*years.values()} - {(None,)}) < _SEVERAL:
        return None
    file, (year,) = looked_up(engine, file, days, years, ["year"])
    age = f"cast({_age(column)} + {latest} - cast({quote(year)} as integer) as varchar)"
    return expressed(engine, replace(file, aged_on=days), age, "age")


def _in_one_year(
    engine: Engine, file: PersonFile, fields: Mapping[str, str]
) -> Iterator[tuple[PersonFile, Mapping[str, str]]]:
    """The file as it is, and then with its ages as of each column of days that nothing yet is known of.

    An age whose header names no occasion may be of any: which one, namesakes show.
    """
    yield file, fields
    days = {*vocabulary()["events"], *vocabulary()["birth_words"]["date"]}.union(*vocabulary()["occasions"].values())
    known = named_fields(fields).values()  # a column that the other file has too may be the days of both
    free = [name for name in file.header if name not in known and days & set(words_of(name))]
    if fields.get("age") in file.header:
        for name in free[:_MOST_OCCASIONS]:
            if made := _on(engine, file, fields["age"], name):
                yield made[0], {**fields, "age": made[1]}


def _year_of_birthday(day: str | None) -> str | None:
    """The year of the last birthday of most people whom something happened to on a day."""
    return str(int(day[:4]) - (int(day[5:7]) <= _HALF_A_YEAR)) if day else None


def notes(files: Sequence[PersonFile]) -> list[str]:
    """By which days ages are counted to one year; no value."""
    return [
        f"{file.called}: its ages are taken for those on the day of '{file.aged_on}', and counted to one year; "
        f"where that is wrong, leave the column out of the file"
        for file in files
        if file.aged_on
    ]


def alike(
    engine: Engine, files: Sequence[PersonFile], fields: Sequence[Mapping[str, str]]
) -> list[tuple[PersonFile, str]] | None:
    """Each file with a column of ages, those of both counted to one year, and the column's name.

    Args:
        files: two files.
        fields: of each, field -> column; `age`, or `dob` as year-month-day text.

    Returns:
        None where nothing shows what lies between the files, and one of them has no ages.
    """
    variants = [list(_in_one_year(engine, file, of)) for file, of in zip(files, fields, strict=True)]
    best, shift, most = [of_file[0] for of_file in variants], None, 0
    for held in itertools.product(*variants):
        found = _shift(engine, [file for file, _ in held], [of for _, of in held])
        if found and found[1] - most > _BEYOND_CHANCE * math.sqrt(found[1] + most):
            best, (shift, most) = list(held), found
    files = [file for file, _ in best]
    years = [_years(of) for _, of in best]
    if shift is None:
        if not all("age" in of for of in fields):
            return None
        shift = 0
    add = (0, shift) if "age" in fields[0] else (-shift, 0)
    return [
        expressed(engine, file, f"cast({of_years} + ({int(more)}) as varchar)", "age in one year")
        for file, of_years, more in zip(files, years, add, strict=True)
    ]


def of_one_file(engine: Engine, file: PersonFile, fields: Mapping[str, str]) -> tuple[PersonFile, str]:
    """A file that is compared with itself, and its column of ages: in one year, where its records are of several.

    Args:
        fields: field -> column; `age`, and `forename` and `surname` where they are held.
    """
    best, most = (file, fields["age"]), -1.0
    if not {"forename", "surname"} <= set(fields):
        return best
    for held, of in _in_one_year(engine, file, fields):
        one_age = _of_one_age(engine, held, of)
        if most < 0 or one_age - most > _BEYOND_CHANCE * math.sqrt(one_age + most):
            best, most = (held, of["age"]), one_age
    return best


def _of_one_age(engine: Engine, file: PersonFile, fields: Mapping[str, str]) -> float:
    """How many pairs of namesakes are as old as each other; of a common name they are strangers."""
    found = one(
        engine,
        engine.sql(
            f"""
            with of_age as (
                select {as_text(fields["surname"])} as family, {as_text(fields["forename"])} as given,
                       {_years(fields)} as years, count(*) as persons
                from {{t}}
                group by 1, 2, 3
            ),
            named as (
                select *, sum(persons) over (partition by family, given) as namesakes from of_age
            )
            select coalesce(sum(persons * (persons - 1) / 2), 0) as pairs
            from named
            where family <> '' and given <> '' and years is not null and namesakes <= $most
            """,
            params={"most": _OF_ONE_NAME},
            t=file.table,
        ),
    )
    return float(found["pairs"])


def _years(fields: Mapping[str, str]) -> str:
    """SQL of a number that is one less for each year that somebody was born later: an age, or minus the birth year."""
    if "age" in fields:
        return _age(fields["age"])
    return f"(- try_cast(substr({as_text(fields['dob'])}, 1, 4) as integer))"


def _age(column: str) -> str:
    """SQL of an age, with or without a word for years after it."""
    text = as_text(column)
    in_words = f"regexp_extract(upper({text}), {literal(_with_words())}, 1)"
    return f"coalesce({', '.join(f'try_cast({of} as integer)' for of in (_without_point(text), in_words))})"


def _without_point(text: str) -> str:
    return f"regexp_replace({text}, '[.]0*$', '')"


@functools.cache
def _with_words() -> str:
    """An expression for 38 Y, 38 yrs., 38 years old and 38Y 3M, whose first part is the age."""
    years, months, after = ("|".join(vocabulary()["age_words"][kind]) for kind in ("years", "months", "after"))
    return f"^([0-9]{{1,3}})([.]0*)? ?({years})[.]?( ({after})| ?[0-9]{{1,2}} ?({months})[.]?)?$"


def _shift(engine: Engine, files: Sequence[PersonFile], fields: Sequence[Mapping[str, str]]) -> tuple[int, int] | None:
    """By how much the left file's number is more than the right one's, for one person, and the namesakes who show it;
    None where none stands out."""
    years = [_years(of) for of in fields]
    if not all({"forename", "surname"} <= set(of) for of in fields):
        return None
    sides: dict[str, Table] = {}
    for side, file, of, of_years in zip(("left", "right"), files, fields, years, strict=True):
        families = {value: (surname(value),) for value in counted(engine, file, of["surname"])}
        file, (family,) = looked_up(engine, file, of["surname"], families, ["plain surname"])
        firsts = {value: forenames(value)[:1] for value in counted(engine, file, of["forename"])}
        file, (given,) = looked_up(engine, file, of["forename"], firsts, ["plain forename"])
        step = max(1, file.rows // _SAMPLE_ROWS) if side == "left" else 1
        places = "".join(f", nullif(upper({as_text(of[name])}), '') as {name}" for name in _FURTHER if name in of)
        sides[side] = engine.sql(
            f"""
            select {quote(family)} as family, {quote(given)} as given, {of_years} as years{places}
            from {{t}}
            where {quote(PLACE)} % $step = 0
            """,
            params={"step": step},
            t=file.table,
        )
    names = [name for name in ("family", "given") if all(_mostly_has(engine, side, name) for side in sides.values())]
    further = [name for name in _FURTHER if all(name in of for of in fields)]
    for name in (None, *further) if names else ():  # where names are few, namesakes of one place
        shift = _standing_out(engine, sides, (*names, *([name] if name else [])))
        if shift is not None:
            return shift
    return None


def _mostly_has(engine: Engine, side: Table, name: str) -> bool:
    """Whether the people of a file have a name: where everybody has one alone, there is no other."""
    query = f"select avg(case when {name} is null then 0e0 else 1e0 end) as share from {{t}}"
    return float(one(engine, engine.sql(query, t=side))["share"] or 0) >= _NAMED


def _standing_out(engine: Engine, sides: Mapping[str, Table], keys: Sequence[str]) -> tuple[int, int] | None:
    """What most namesakes, who have all keys in common, are apart, by far, and how many; None where no number stands
    out."""
    known = " and ".join(f"{key} is not null" for key in keys)
    rare = {
        side: engine.sql(
            f"select * from {{t}} where {known} qualify count(*) over (partition by {', '.join(keys)}) <= $most",
            params={"most": _NAMESAKES},
            t=table,
        )
        for side, table in sides.items()
    }
    found = rows(
        engine,
        engine.sql(
            f"""
            select l.years - r.years as apart, count(*) as pairs
            from {{left}} as l
            join {{right}} as r on {" and ".join(f"r.{key} = l.{key}" for key in keys)}
            where l.years is not null and r.years is not null
            group by l.years - r.years
            """,
            left=rare["left"],
            right=rare["right"],
        ),
    )
    counts = {int(row["apart"]): int(row["pairs"]) for row in found}
    apart, first = min(counts.items(), key=lambda held: (-held[1], held[0]), default=(0, 0))
    # By a day in the midst of a year half of the people have had their birthday, and half have not.
    second = max((pairs for years, pairs in counts.items() if abs(years - apart) > 1), default=0)
    if first < _FEWEST or first - second <= _BEYOND_CHANCE * math.sqrt(first + second):
        return None
    return apart, first
