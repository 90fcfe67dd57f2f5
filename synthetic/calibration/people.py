"""Who the people are: ethnic mix, twins, moves, numbers held twice, and birth dates made up on arrival."""

from collections.abc import Iterator

import pyarrow as pa

from linkage.engine import Table
from synthetic.calibration.estimates import clustered
from synthetic.calibration.population import Population
from synthetic.reference_tables import reference

_GROUPS = {
    "APKN": "Pakistani", "AIND": "Indian", "ABAN": "Bangladeshi", "CHNE": "Chinese", "AOTH": "other Asian",
    "BAFR": "Black African", "BCRB": "Black Caribbean", "OOTH": "other",
}  # fmt: skip


def measures(population: Population) -> Iterator[Table]:
    """ethnic.<academic year>.<group>, twins.all, two_references.all, two_numbers.<birth>, first_of_january.<who>,
    moved.<age>, hyphenated_on_marriage.all."""
    engine = population.engine
    yield clustered(engine, _ethnic(population))
    yield clustered(engine, _twins(population))
    yield clustered(engine, _numbers(population))
    yield clustered(engine, _first_of_january(population))
    yield clustered(engine, _moves(population))
    yield clustered(engine, _married(population))


def _ethnic(population: Population) -> Table:
    """Pupils of the census of a year by the group they are recorded in; of all who state one."""
    engine = population.engine
    groups = engine.from_arrow(pa.table({"code": list(_GROUPS), "name": list(_GROUPS.values())}))
    return engine.sql(
        """
        with pupils as (
            select c.AcademicYear as year, c.person_id, any_value(c.EthnicGroupMinor) as code
            from {census} as c
            where c.AcademicYear in (201516, 202021) and c.EthnicGroupMinor not in ('NOBT', 'REFU')
            group by c.AcademicYear, c.person_id
        ),
        named as (
            select u.year, u.person_id,
                   case when u.code like 'M%' then 'mixed' else coalesce(g.name, 'white or other Black') end as name
            from pupils as u
            left join {groups} as g on g.code = u.code
        ),
        wanted as (
            select distinct name from named
        )
        select 'ethnic.' || n.year || '.' || replace(w.name, ' ', '_') as id, p.family_id as cluster,
               cast(n.name = w.name as integer) as hits, 1 as members
        from named as n
        cross join wanted as w
        join {persons} as p on p.person_id = n.person_id
        """,
        census=population.owned("npd_census"),
        groups=groups,
        persons=population.persons,
    )


def _twins(population: Population) -> Table:
    """People who are one of twins, among those whose brothers and sisters are in the population."""
    return population.engine.sql(
        """
        with families as (
            select family_id, count(*) as members, least(2 * count(*) filter (where twin_of_elder), count(*)) as twins
            from {persons}
            where kind not in ('never in English education', 'came to study')
            group by family_id
        )
        select 'twins.all' as id, family_id as cluster, twins as hits, members from families
        """,
        persons=population.persons,
    )


def _numbers(population: Population) -> Table:
    """People with a second pupil reference, and with a second National Insurance number by where they were born."""
    return population.engine.sql(
        """
        with held as (
            select source, person_id, count(distinct entity_key) as numbers
            from {entities}
            where source in ('npd', 'cis')
            group by source, person_id
        )
        select case when h.source = 'npd' then 'two_references.all'
                    when p.foreign_born then 'two_numbers.born_abroad' else 'two_numbers.born_here' end as id,
               p.person_id as cluster, cast(h.numbers > 1 as integer) as hits, 1 as members
        from held as h
        join {persons} as p on p.person_id = h.person_id
        """,
        entities=population.tables["truth_entities"],
        persons=population.persons,
    )


def _first_of_january(population: Population) -> Table:
    return population.engine.sql(
        """
        select 'first_of_january.' || case when foreign_born then 'born_abroad' else 'born_here' end as id,
               family_id as cluster, cast(month(birth_date) = 1 and day(birth_date) = 1 as integer) as hits,
               1 as members
        from {persons}
        where nino_issued is not null
        """,
        persons=population.persons,
    )


def _moves(population: Population) -> Table:
    """People in England who live in another authority (upper tier) than a year ago.

    ONS asks at mid-year, when those aged 19 are 19 and a half on average: the year runs from 18 and a half.
    """
    engine = population.engine
    return engine.sql(
        """
        with homes as (
            select p.person_id, p.birth_date, unnest(p.postcodes) as postcode,
                   coalesce(unnest(p.postcodes_from), date '1900-01-01') as since
            from {persons} as p
            where not p.foreign_born and p.kind in ('schooled', 'private school')
              and p.departure_date is null and p.birth_date < date '1999-09-01'
        ),
        placed as (
            select h.person_id, h.birth_date, h.since, a.authority
            from homes as h
            join {authorities} as a
              on a.sector = substr(replace(h.postcode, ' ', ''), 1, length(replace(h.postcode, ' ', '')) - 2)
        ),
        ages as (
            select age from (values (17), (18), (19), (20), (21), (22), (25)) as listed(age)
        ),
        birthdays as (
            select p.person_id, g.age,
                   arg_max(p.authority, p.since)
                       filter (where p.since <= p.birth_date + to_months(cast(g.age * 12 - 6 as integer))) as before,
                   arg_max(p.authority, p.since)
                       filter (where p.since <= p.birth_date + to_months(cast(g.age * 12 + 6 as integer))) as after
            from placed as p
            cross join ages as g
            group by p.person_id, g.age
        )
        select 'moved.' || age as id, person_id as cluster, cast(before <> after as integer) as hits, 1 as members
        from birthdays
        where before > 0 and after > 0
        """,
        persons=population.persons,
        authorities=engine.from_arrow(_authorities()),
    )


def _authorities() -> pa.Table:
    """DfE number of the authority of each postcode sector written without a space (0 outside England)."""
    places = reference().places
    sectors = [outward.decode() + chr(digit) for outward, digit in zip(places.outward, places.digit, strict=True)]
    return pa.table({"sector": sectors, "authority": places.authority.astype("int64")})


def _married(population: Population) -> Table:
    """Of new surnames on marriage, those that join both."""
    return population.engine.sql(
        """
        select 'hyphenated_on_marriage.all' as id, person_id as cluster,
               cast(contains(new_surname, surname) and length(new_surname) > length(surname) as integer) as hits,
               1 as members
        from {persons}
        where new_surname_reason = 'marriage'
        """,
        persons=population.persons,
    )
