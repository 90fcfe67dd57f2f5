"""Where two bodies differ about one person: each field, and several fields together.

CRATE compared the two records that 126,904 people had in two health systems at one time (Cardinal and others 2023).
Here a person's last record of one source stands against the last of another, as files are linked; each pair of sources
is measured, and configs/calibration/disagreement.toml says which pair is held to the published figures.
"""

from collections.abc import Iterator
from itertools import combinations

from linkage.engine import Engine, Table
from synthetic.calibration.estimates import clustered, shares
from synthetic.calibration.population import Population

_LAST = {
    "npd": ("npd_census", "Forename", "Surname", "DateOfBirth", "Gender", "Postcode", "CensusDate, RECORDID"),
    "ilr": ("ilr_learners", "GivenNames", "FamilyName", "DateOfBirth", "Sex", "Postcode", "LearnStartDate, RECORDID"),
    "hesa": ("hesa_students", "FNAMES", "SURNAME", "BIRTHDTE", "SEXID", "POSTCODE", "REPORTDATE, RECORDID"),
    "cis": ("cis_customers", "Forenames", "Surname", "DateOfBirth", "Sex", "Postcode", "StartDate, RECORDID"),
}
"""Of each source: the table, forenames, surname, birth date, sex, postcode, and what puts its records in order."""

_BY_SEX = (("all", "true"), ("women", "female"), ("men", "not female"))


def measures(population: Population) -> Iterator[Table]:
    """<field>.<pair>.<sex> and the details of those that differ; a pair is two sources, npd_cis and the like.

    Besides postcode_differs_that_day.<both>, forename_unknown.<source> and postcode_unknown.<source>.
    """
    engine = population.engine
    last = {source: last_records(population, source) for source in _LAST}
    for left, right in combinations(_LAST, 2):
        pair = f"{left}_{right}"
        compared = _compared(engine, last[left], last[right], population.persons)
        yield shares(engine, engine.sql(_union(pair, _fields()), compared=compared))
        yield shares(engine, engine.sql(_union(pair, _details()), compared=compared))
        yield _joint(engine, compared, pair)
        engine.drop(compared)
    yield clustered(engine, _that_day(engine, last, population.owned("cis_customers")))
    yield shares(engine, _absent(engine, last))
    engine.drop(*last.values())


def last_records(population: Population, source: str) -> Table:
    """A person's last record of a source: person_id, forename (the first, of several), surname, both as capital
    letters alone, dob, sex (M, F), postcode without a space (NULL where it is no place), and the day seen; stored."""
    engine = population.engine
    table, forename, surname, dob, sex, postcode, order = _LAST[source]
    return engine.sql(
        f"""
        with ordered as (
            select *, row_number() over (partition by person_id order by {_descending(order)}) as place from {{table}}
        ),
        plain as (
            select person_id, {order.split(",")[0]} as seen, upper(strip_accents({forename})) as forenames,
                   upper(strip_accents({surname})) as surname,
                   {dob} as dob, {sex} as sex, replace(upper({postcode}), ' ', '') as postcode
            from ordered
            where place = 1
        )
        select person_id, {letters("split_part(trim(forenames), ' ', 1)")} as forename, {letters("surname")} as surname,
               seen, dob, case sex when '1' then 'M' when '2' then 'F' else sex end as sex,
               nullif(postcode, '') as written_postcode,
               case when postcode not like 'ZZ99%' then nullif(postcode, '') end as postcode
        from plain
        """,
        table=population.owned(table),
        store=True,
    )


def letters(text: str) -> str:
    """The letters of a name in SQL, NULL where it has none: hyphens, spaces and apostrophes are not compared."""
    return f"nullif(regexp_replace({text}, '[^A-Z]', '', 'g'), '')"


def _descending(order: str) -> str:
    return ", ".join(f"{column.strip()} desc" for column in order.split(","))


def _compared(engine: Engine, left: Table, right: Table, persons: Table) -> Table:
    """Both records of each person who has them, and which fields differ (NULL where one is missing)."""
    return engine.sql(
        """
        select p.sex = 'Female' as female, a.forename as forename, b.forename as other_forename,
               a.surname as surname, b.surname as other_surname, a.dob as dob, b.dob as other_dob,
               a.postcode as postcode, b.postcode as other_postcode,
               a.forename <> b.forename as forename_differs, a.surname <> b.surname as surname_differs,
               a.dob <> b.dob as dob_differs, a.sex <> b.sex as sex_differs,
               a.postcode <> b.postcode as postcode_differs,
               a.forename = b.surname and a.surname = b.forename and a.forename <> a.surname as swapped
        from {left} as a
        join {right} as b on b.person_id = a.person_id
        join {persons} as p on p.person_id = a.person_id
        """,
        left=left,
        right=right,
        persons=persons,
        store=True,
    )


def _fields() -> Iterator[tuple[str, str, str]]:
    """Name of a figure, rows behind it, rows that have it; for all and each sex."""
    for sex, who in _BY_SEX:
        for field in ("forename", "surname", "dob", "sex", "postcode"):
            yield f"{field}_differs.PAIR.{sex}", f"{who} and {field}_differs is not null", f"{field}_differs"
        unlike = "surname_differs and substr(surname, 1, 2) <> substr(other_surname, 1, 2)"
        yield f"surname_unlike.PAIR.{sex}", f"{who} and surname_differs is not null", unlike


def _details() -> Iterator[tuple[str, str, str]]:
    both = "forename_differs is not null and surname_differs is not null"
    yield "names_swapped.PAIR.all", both, "swapped"
    yield "postcode_same_sector.PAIR.all", "postcode_differs is not null", f"postcode_differs and {_same_sector()}"
    for field in ("forename", "surname"):
        same = f"substr({field}, 1, 2) = substr(other_{field}, 1, 2)"
        yield f"{field}_shares_two_letters.PAIR.all", f"{field}_differs and not swapped", same
    parts = {part: f"{part}(dob) <> {part}(other_dob)" for part in ("day", "month", "year")}
    for part, differs in parts.items():
        alone = " and ".join([differs, *(f"not ({other})" for name, other in parts.items() if name != part)])
        yield f"dob_{part}_alone.PAIR.all", "dob_differs", alone
    by_one = " or ".join(f"abs({part}(dob) - {part}(other_dob)) = 1" for part in parts)
    one_part = f"({' + '.join(f'cast({differs} as integer)' for differs in parts.values())}) = 1"
    yield "dob_one_part.PAIR.all", "dob_differs", one_part
    yield "dob_off_by_one.PAIR.all", "dob_differs", f"{one_part} and ({by_one})"
    turned = " or ".join(_digits_turned(form) for form in ("%d", "%m", "%Y"))
    yield "dob_digits_turned.PAIR.all", "dob_differs", f"{one_part} and ({turned})"
    exchanged = "day(dob) = month(other_dob) and month(dob) = day(other_dob) and year(dob) = year(other_dob)"
    yield "dob_day_and_month_exchanged.PAIR.all", "dob_differs", exchanged


def _same_sector() -> str:
    return "substr(postcode, 1, length(postcode) - 2) = substr(other_postcode, 1, length(other_postcode) - 2)"


def _digits_turned(form: str) -> str:
    """Two neighbouring digits of a part in each other's place."""
    left, right = f"strftime(dob, '{form}')", f"strftime(other_dob, '{form}')"
    places = range(1, 4) if form == "%Y" else range(1, 2)
    turned = (
        f"substr({left}, 1, {at - 1}) || substr({left}, {at + 1}, 1) || substr({left}, {at}, 1)"
        f" || substr({left}, {at + 2}) = {right}"
        for at in places
    )
    return f"({left} <> {right} and ({' or '.join(turned)}))"


def _union(pair: str, figures: Iterator[tuple[str, str, str]]) -> str:
    return " union all ".join(
        f"select '{name.replace('PAIR', pair)}' as id, count(*) filter (where {of}) as members,"
        f" count(*) filter (where ({of}) and ({has})) as hits from {{compared}}"
        for name, of, has in figures
    )


def _joint(engine: Engine, compared: Table, pair: str) -> Table:
    """Both names wrong: how often, and how many times what it were if mistakes fell independently."""
    return engine.sql(
        f"""
        with counted as (
            select count(*) as people, avg(cast(forename_differs as integer)) as forename,
                   avg(cast(surname_differs as integer)) as surname,
                   avg(cast(forename_differs and surname_differs as integer)) as joint
            from {{compared}}
            where forename_differs is not null and surname_differs is not null
        )
        select 'both_names_differ.{pair}.all' as id, 100 * joint as value,
               100 * sqrt(joint * (1 - joint) / people) as standard_error, people
        from counted
        where people > 0
        union all
        select 'both_names_differ_ratio.{pair}.all', joint / (forename * surname),
               joint / (forename * surname)
                   * sqrt((1 - joint) / (joint * people) + (1 - forename) / (forename * people)
                          + (1 - surname) / (surname * people)),
               people
        from counted
        where joint > 0
        """,
        compared=compared,
    )


def _that_day(engine: Engine, last: dict[str, Table], customers: Table) -> Table:
    """Learners' and students' last records against the address that DWP held on the day of each."""
    return engine.sql(
        """
        with recorded as (
            select person_id, seen, postcode from {ilr}
            union all
            select person_id, seen, postcode from {hesa}
        ),
        held as (
            select person_id, StartDate as held_from, EndDate as held_to, replace(Postcode, ' ', '') as postcode
            from {customers}
        )
        select 'postcode_differs_that_day.learners_and_students' as id, r.person_id as cluster,
               cast(r.postcode <> h.postcode as integer) as hits, 1 as members
        from recorded as r
        join held as h
          on h.person_id = r.person_id and h.held_from <= r.seen and coalesce(h.held_to, r.seen) >= r.seen
        where r.postcode is not null and h.postcode is not null and h.postcode not like 'ZZ99%'
        """,
        ilr=last["ilr"],
        hesa=last["hesa"],
        customers=customers,
    )


def _absent(engine: Engine, last: dict[str, Table]) -> Table:
    """Records without a forename, and with a postcode that is no place."""
    queries = " union all ".join(
        f"""
        select 'forename_unknown.{source}' as id, count(*) as members, count(*) filter (where forename is null) as hits
        from {{{source}}}
        union all
        select 'postcode_unknown.{source}', count(*), count(*) filter (where written_postcode like 'ZZ99%')
        from {{{source}}}
        """
        for source in last
    )
    everywhere = " union all ".join(f"select forename, written_postcode from {{{source}}}" for source in last)
    asked = " union all ".join(f"select forename from {{{source}}}" for source in last if source != "ilr")
    return engine.sql(
        f"""
        {queries}
        union all
        -- Community learners may leave theirs out, so learners are left out here.
        select 'forename_unknown.where_required', count(*), count(*) filter (where forename is null)
        from ({asked}) as e
        union all
        select 'postcode_unknown.everywhere', count(*), count(*) filter (where written_postcode like 'ZZ99%')
        from ({everywhere}) as f
        """,
        params=None,
        store=False,
        **last,
    )
