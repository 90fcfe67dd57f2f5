"""Whether a file holds persons twice: records that have the names and the birth date of another one."""

import math
from collections.abc import Collection, Sequence

from linkage.adhoc.word_columns import OF_WORD, OF_WORDS
from linkage.engine import Engine, Table, one, quote

TELLING = {
    "dob": "right(dob, 1) = '3'",
    "email": "upper(left(email, 1)) = 'M'",
    "phone": "right(phone, 1) = '3'",
    "postcode": "right(postcode, 1) in ('3', 'B')",
    "address": "upper(left(address, 1)) in ('1', 'M')",
}
"""What with a name is hardly ever of two people, and a condition that few rows fulfil, the same ones of a person."""
MOSTLY_TWICE = 0.5  # of a file of which more is twice, most people have several records: visits, births, courses
MANY_TWICE = 0.05  # a file of which more is twice of a name and birth date holds people twice, and not namesakes
_MORE_THAN_NAMESAKES = 0.15  # of such records at one address, of which fathers and sons of one name are some
_SHOWN_ROWS = 100_000  # of a file with more, these few rows stand for all
_MOSTLY_YEARS = 0.5  # share of birth dates that are known by their year alone, from which the year is looked at
_FEW_NAMESAKES = 0.2  # share of records that chance gives a namesake of their year: of commoner names it shows nothing


def held_twice(engine: Engine, units: Table, days: Sequence[str] = ()) -> float:
    """The share of records that have the names and the birth date of another of the file; 0 where these are not held.

    Where a file has no birth dates, what shows most stands for them: an address of e-mail or a telephone; postcode or
    address, if so many share them that they are no namesakes of one house; year of birth or age, if more namesakes
    share them than chance has it. In files of no persons the name is a company's, which has no namesake in its house.
    Of persons of whom one name is known, or none, the birth date tells with that, or with where they live.

    Args:
        days: of what happened, that both files know. What is held twice then is what happened, not to whom.
    """
    held = set(units.columns)
    persons, company = {"forename", "surname"} <= held, "organisation" in held and not held & _OF_PERSONS
    if not (persons or company):
        return _twice_of_a_day(engine, units, held) if "dob" in held and not _year(engine, units) else 0.0
    names = [_forename(engine, units), "surname"] if persons else ["organisation"]
    names += map(quote, days)

    def most(telling: Sequence[str]) -> float:
        return max((_twice(engine, units, names, name) for name in telling if name in held), default=0.0)

    if company:
        names += _own_numbers(engine, units)
        return most(["email", "phone", "postcode", "address"])
    year = _year(engine, units)
    if "dob" in held and not year:
        return most(["dob"])
    alike = max(most(["postcode", "address"]), _twice_of_a_year(engine, units, year, days) if year else 0.0)
    return max(most(["email", "phone"]), alike if alike >= _MORE_THAN_NAMESAKES else 0.0)


def _own_numbers(engine: Engine, units: Table) -> list[str]:
    """Columns of numbers that hardly two records share: the branches of a firm, or namesakes, have each their own."""
    others = {"unit_id", "organisation", *TELLING, *_OF_PERSONS}
    free = [name for name in units.columns if name not in others and not name.endswith((OF_WORDS, OF_WORD))]
    if not free:
        return []
    described = ", ".join(
        f"count({quote(name)}) as known{n}, count(distinct {quote(name)}) as each{n}, "
        f"count(case when regexp_matches({quote(name)}, $long) then 1 end) as long{n}"
        for n, name in enumerate(free)
    )
    query = f"select count(*) as records, {described} from {{t}}"
    found = one(engine, engine.sql(query, params={"long": _LONG}, t=units))
    return [
        quote(name)
        for n, name in enumerate(free)
        if min(found[f"each{n}"], found[f"long{n}"]) >= _HARDLY_TWO * found[f"known{n}"]
        and found[f"known{n}"] >= _SOME * found["records"]
    ]


_LONG = "[0-9]{6}"  # of a number that is one company's
_HARDLY_TWO = 0.98  # share of the known numbers that are different ones, or long
_SOME = 0.3  # share of records whose number is known, from which it shows that namesakes have others


def _twice_of_a_day(engine: Engine, units: Table, held: Collection[str]) -> float:
    """The share of records of a birth date and one name, or a birth date, sex and home, that another one has as well,
    beyond those that chance gives as many records."""
    names = [name for name in ("forename", "surname") if name in held]
    homes = [name for name in ("postcode", "address") if name in held]
    if not names and not homes:
        return 0.0
    own = ["dob", *(names or [*homes[:1], *(["sex"] if "sex" in held else [])])]
    known = " and ".join(f"{name} is not null" for name in own)
    some = TELLING["dob"] if engine.count(units) > _SHOWN_ROWS else "true"
    by_chance = " * ".join(
        f"(select sum(pow(n, 2)) / greatest(pow(sum(n), 2), 1) from (select cast(count(*) as double) as n from known "
        f"group by {name}) as of_{name})"
        for name in own
    )
    found = one(
        engine,
        engine.sql(
            f"""
            with known as (
                select {", ".join(own)} from {{t}} where {known} and {some} and dob not like '%-00'
            ),
            people as (
                select cast(count(*) as double) as records from known group by {", ".join(own)}
            )
            select coalesce(sum(records) filter (records > 1), 0)
                   / greatest(coalesce(sum(records), 0), 1) as share,
                   coalesce(sum(records), 0) * coalesce({by_chance}, 0) as by_chance
            from people
            """,
            t=units,
        ),
    )
    return max(float(found["share"]) - float(found["by_chance"]), 0.0)


def each_held_twice(engine: Engine, left: Table, right: Table, days: Sequence[str] = ()) -> list[float]:
    """Of each of two files the share that `held_twice` tells, or where it tells of neither what their names tell.

    Where nothing but names is known of persons, the other file shows how many namesakes there are: exam results have a
    student's name again and again, and the register of students has not. Namesakes each of whom has a telephone of his
    own are several.

    Args:
        days: as of `held_twice`.
    """
    twice = [held_twice(engine, side, days) for side in (left, right)]
    names = {"forename", "surname"}
    if any(twice) or not all(names <= set(side.columns) for side in (left, right)) or _AGES & set(left.columns):
        return twice
    compared = [*_compared_names(engine, left, right), *map(quote, days)]
    of_names = [_namesakes(engine, side, compared) for side in (left, right)]
    found = [_beyond(of_names[here], of_names[1 - here]) for here in (0, 1)]
    return [
        share if share >= _MORE_THAN_NAMESAKES and not _are_several(engine, side) else 0.0
        for share, side in zip(found, (left, right), strict=True)
    ]


def _are_several(engine: Engine, units: Table) -> bool:
    """Whether a file's namesakes are several people: many have a telephone or address of mail, hardly two the same."""
    for name in ("email", "phone"):
        if name in units.columns:
            query = f"select avg(case when {name} is null then 0e0 else 1e0 end) as share from {{t}}"
            known = float(one(engine, engine.sql(query, t=units))["share"] or 0)
            if known >= _SOME and _twice(engine, units, ["forename", "surname"], name) < MANY_TWICE:
                return True
    return False


def _compared_names(engine: Engine, left: Table, right: Table) -> list[str]:
    """SQL of the names by which namesakes are counted: first words alone, where one file writes more of them."""
    found = []
    for name in ("forename", "surname"):
        query = f"select avg(case when contains({name}, ' ') then 1e0 else 0e0 end) as share from {{t}}"
        shares = [float(one(engine, engine.sql(query, t=side))["share"] or 0) for side in (left, right)]
        found.append(f"split_part({name}, ' ', 1)" if max(shares) - min(shares) > _OF_MORE_WORDS else name)
    return found


_OF_MORE_WORDS = 0.1  # by how much the share of names of several words differs where a file writes more of them


def _namesakes(engine: Engine, units: Table, names: Sequence[str]) -> tuple[float, float]:
    """Records with all these names, and those of them that have the names of another."""
    query = f"""
        with named as (
            select count(*) as records
            from {{t}}
            where {" and ".join(f"{name} is not null" for name in names)}
            group by {", ".join(names)}
        )
        select cast(coalesce(sum(records), 0) as double) as records,
               cast(coalesce(sum(records) filter (records > 1), 0) as double) as namesakes
        from named
        """
    found = one(engine, engine.sql(query, t=units))
    return float(found["records"]), float(found["namesakes"])


def _beyond(own: tuple[float, float], other: tuple[float, float]) -> float:
    """The share of a file's records with a namesake, beyond what the other file lets expect of as many people.

    A record has a namesake among each so many of others. Of few namesakes chance says how many there are: two standard
    deviations more are allowed for.
    """
    (records, namesakes), (others, of_others) = own, other
    if not records or not others:
        return 0.0
    most = min((of_others + 2 * math.sqrt(of_others) + 4) / others, 1.0)
    expected: float = 1 - (1 - most) ** (records / others)
    return max(namesakes / records - expected, 0.0) / max(1 - expected, 1 / records)


def _forename(engine: Engine, units: Table) -> str:
    """SQL of what tells whose forename it is: its first letter, where many records have no more."""
    query = "select avg(case when length(forename) = 1 then 1e0 else 0e0 end) as share from {t}"
    share = float(one(engine, engine.sql(query, t=units))["share"] or 0)
    return "left(forename, 1)" if share >= _INITIALS else "forename"


_INITIALS = 0.1  # share of forenames that are a letter, from which the same person stands there with and without more


def _year(engine: Engine, units: Table) -> str | None:
    """SQL of a year of birth, or of an age, of units without whole birth dates; None where there is neither."""
    if "dob" in units.columns:
        query = "select avg(case when dob like '%-00' then 1e0 else 0e0 end) as share from {t} where dob is not null"
        alone = float(one(engine, engine.sql(query, t=units))["share"] or 0)
        return "left(dob, 4)" if alone >= _MOSTLY_YEARS else None
    return "age" if "age" in units.columns else None


def _twice_of_a_year(engine: Engine, units: Table, year: str, days: Sequence[str]) -> float:
    """The share of records that have the names and the year of another, beyond the namesakes whom chance gives them.

    Namesakes are of any year; records of one person are of one. There are as many namesakes as the name has years. Of a
    name that many bear chance gives nearly everybody a namesake of the year, so that the rarer names tell.
    """
    beside = "".join(f", {quote(day)}" for day in days)
    found = one(
        engine,
        engine.sql(
            f"""
            with known as (
                select forename, surname, {year} as year{beside}
                from {{t}}
                where forename is not null and surname is not null and {year} is not null
            ),
            years as (
                select year, count(*) as records from known group by year
            ),
            chance as (
                select sum(cast(records as double) * records) / greatest(pow(sum(records), 2), 1) as one_year from years
            ),
            people as (
                select forename, surname, year, count(*) as records from known group by forename, surname, year{beside}
            ),
            named as (
                select *, count(*) over (partition by forename, surname) as namesakes from people
            ),
            rare as (
                select records, 1 - pow(1 - one_year, namesakes - 1) as by_chance
                from named cross join chance
                where 1 - pow(1 - one_year, namesakes - 1) <= $most
            )
            select coalesce(sum(records) filter (where records > 1), 0) as twice,
                   coalesce(sum(records * by_chance), 0) as by_chance,
                   coalesce(sum(records), 0) as records
            from rare
            """,
            params={"most": _FEW_NAMESAKES},
            t=units,
        ),
    )
    return max(float(found["twice"]) - float(found["by_chance"]), 0.0) / max(float(found["records"]), 1.0)


_AGES = {"dob", "age"}
_OF_PERSONS = {"forename", "surname", "dob"}


def _twice(engine: Engine, units: Table, names: Sequence[str], telling: str) -> float:
    own = (*names, telling)
    some = TELLING[telling] if engine.count(units) > _SHOWN_ROWS else "true"
    whole = "dob not like '%-00'" if telling == "dob" else "true"
    known = " and ".join(f"{name} is not null" for name in own)
    found = one(
        engine,
        engine.sql(
            f"""
            with people as (
                select count(*) as records from {{t}} where {known} and {some} and {whole} group by {", ".join(own)}
            )
            select cast(coalesce(sum(records) filter (records > 1), 0) as double)
                   / greatest(coalesce(sum(records), 0), 1) as share
            from people
            """,
            t=units,
        ),
    )
    return float(found["share"])
