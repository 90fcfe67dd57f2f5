"""Who the people are: names that collide, ethnic mix, twins, moves, second numbers, and who can be found at all."""

import pyarrow as pa

from synthetic.base.reference import reference
from synthetic.calibration.population import Measure, Population

BIRTHS = 618_000
"""A year's births in England and Wales, 1996 to 2005 (ONS)."""

_GROUPS = {
    "APKN": "Pakistani", "AIND": "Indian", "ABAN": "Bangladeshi", "CHNE": "Chinese", "AOTH": "other Asian",
    "BAFR": "Black African", "BCRB": "Black Caribbean", "OOTH": "other",
}  # fmt: skip
_GROUP_OF_CODE = " ".join(f"when '{code}' then '{name}'" for code, name in _GROUPS.items())


def prepare(population: Population) -> None:
    """Add `authorities`: the DfE number of the authority of each postcode sector (0 outside England)."""
    places = reference().places
    sectors = [outward.decode() + chr(digit) for outward, digit in zip(places.outward, places.digit, strict=True)]
    table = pa.table({"sector": sectors, "authority": places.authority.astype("int64")})
    population.stored["authorities"] = population.engine.from_arrow(table)


# Per cent of pairs of two people who share a name; the error is that of a U-statistic: of the names, and of the pairs.
_COLLISIONS = """
    with counted as (
        select id, cast(sum(bearers) as double) as people, sum(cast(bearers as double) * (bearers - 1)) as same,
               sum(pow(cast(bearers as double), 3)) as cubes
        from ({bearers}) as b
        group by id
        having sum(bearers) > 1
    ),
    rates as (
        select *, same / (people * (people - 1)) as rate, cubes / pow(people, 3) as cube from counted
    )
    select id, 100.0 * rate as value,
           100.0 * sqrt(4 * greatest(cube - rate * rate, 0) / people + 2 * rate / (people * (people - 1)))
               as standard_error,
           cast(people as bigint) as people
    from rates
"""

VIEWS = {
    "born_here": """
        select person_id, family_id, upper(forename) as forename, upper(surname) as surname, sex, birth_date,
               year(birth_date) as birth_year
        from {persons}
        where not foreign_born and kind in ('schooled', 'private school')
    """,
    "forename_collisions": _COLLISIONS.replace(
        "{bearers}",
        """
        select 'forename_collision.' || birth_year || '.' || lower(sex) as id, count(*) as bearers
        from {born_here} group by birth_year, sex, forename
        """,
    ),
    # One of a family: brothers and sisters share a surname by birth and not by chance.
    "surname_collisions": _COLLISIONS.replace(
        "{bearers}",
        """
        select 'surname_collision.all' as id, count(*) as bearers
        from {born_here}
        where person_id in (select min(person_id) from {born_here} group by family_id)
        group by surname
        """,
    ),
}

# Pairs of one birth year who share forename, surname, birth date and sex, if names were independent.
_INDEPENDENT_NAMESAKES = f"""
    with years as (
        select value / 100 as rate, standard_error / 100 as error, people
        from {{forename_collisions}}
        where cast(regexp_extract(id, '[0-9]+', 0) as integer) between 1996 and 2005
    ),
    average as (
        select avg(rate) as rate, sqrt(sum(error * error)) / count(*) as error, sum(people) as people from years
    )
    select 'same_name_and_birth_date.independent' as id,
           -- Two sexes of half the births each; a pair shares its day of birth once in 365.25.
           2 * pow({BIRTHS} / 2.0, 2) / 2 * t.rate * s.value / 100 / 365.25 as value,
           2 * pow({BIRTHS} / 2.0, 2) / 2 / 365.25 * t.rate * s.value / 100
               * sqrt(pow(t.error / t.rate, 2) + pow(s.standard_error / s.value, 2)) as standard_error,
           cast(t.people as bigint) as people
    from average as t
    cross join {{surname_collisions}} as s
    where t.rate > 0 and s.value > 0
"""

# The same as names really fall. The day of birth is left to chance: a small population has no two of one day.
_NAMESAKES = f"""
    with alike as (
        select birth_year, count(distinct family_id) as bearers
        from {{born_here}}
        where birth_year between 1996 and 2005
        group by birth_year, sex, forename, surname
    ),
    pairs as (
        select birth_year, sum(bearers) as people, sum(cast(bearers as double) * (bearers - 1) / 2) as pairs
        from alike
        group by birth_year
    ),
    summed as (
        select avg(pairs / (people * (people - 1) / 2)) as rate, sum(pairs) as pairs, sum(people) as people
        from pairs
        where people > 1
    )
    select 'same_name_and_birth_date.as_borne' as id, rate * pow({BIRTHS}, 2) / 2 / 365.25 as value,
           rate * pow({BIRTHS}, 2) / 2 / 365.25 / sqrt(greatest(pairs, 1)) as standard_error,
           cast(people as bigint) as people
    from summed
    where people > 0
"""

# Pupils of the census of a year by the group they are recorded in, of all who state one.
_ETHNIC = f"""
    with pupils as (
        select AcademicYear as year, person_id, any_value(EthnicGroupMinor) as code
        from {{npd_census}}
        where AcademicYear in (201516, 202021) and EthnicGroupMinor not in ('NOBT', 'REFU')
        group by AcademicYear, person_id
    ),
    named as (
        select year, person_id,
               case when code like 'M%' then 'mixed'
                    else case code {_GROUP_OF_CODE} else 'white or other Black' end end as name
        from pupils
    )
    select 'ethnic.' || n.year || '.' || replace(w.name, ' ', '_') as id, p.family_id as cluster,
           cast(n.name = w.name as integer) as hits, 1 as members
    from named as n
    cross join (select distinct name from named) as w
    join {{persons}} as p on p.person_id = n.person_id
"""

# One of twins, among those whose brothers and sisters are in the population.
_TWINS = """
    select 'twins.all' as id, family_id as cluster,
           least(2 * count(*) filter (where twin_of_elder), count(*)) as hits, count(*) as members
    from {persons}
    where kind not in ('never in English education', 'came to study')
    group by family_id
"""

_SECOND_NUMBERS = """
    with numbers as (
        select source, person_id, count(distinct entity_key) as numbers
        from {entities}
        where source in ('npd', 'cis')
        group by source, person_id
    )
    select case when n.source = 'npd' then 'two_references.all'
                when p.foreign_born then 'two_numbers.born_abroad' else 'two_numbers.born_here' end as id,
           p.person_id as cluster, cast(n.numbers > 1 as integer) as hits, 1 as members
    from numbers as n
    join {persons} as p on p.person_id = n.person_id
"""

_FIRST_OF_JANUARY = """
    select 'first_of_january.' || case when foreign_born then 'born_abroad' else 'born_here' end as id,
           family_id as cluster, cast(month(birth_date) = 1 and day(birth_date) = 1 as integer) as hits, 1 as members
    from {persons}
    where nino_issued is not null
"""

# People in England who live in another authority (upper tier) than a year ago. ONS asks at mid-year, when those aged 19
# are 19 and a half on average: the year runs from 18 and a half.
_MOVES = """
    with homes as (
        select person_id, birth_date, unnest(postcodes) as postcode,
               coalesce(unnest(postcodes_from), date '1900-01-01') as since
        from {persons}
        where not foreign_born and kind in ('schooled', 'private school')
          and departure_date is null and birth_date < date '1999-09-01'
    ),
    placed as (
        select h.person_id, h.birth_date, h.since, a.authority
        from homes as h
        join {authorities} as a
          on a.sector = substr(replace(h.postcode, ' ', ''), 1, length(replace(h.postcode, ' ', '')) - 2)
    ),
    birthdays as (
        select p.person_id, g.age,
               arg_max(p.authority, p.since)
                   filter (where p.since <= p.birth_date + to_months(cast(g.age * 12 - 6 as integer))) as before,
               arg_max(p.authority, p.since)
                   filter (where p.since <= p.birth_date + to_months(cast(g.age * 12 + 6 as integer))) as after
        from placed as p
        cross join (values (17), (18), (19), (20), (21), (22), (25)) as g(age)
        group by p.person_id, g.age
    )
    select 'moved.' || age as id, person_id as cluster, cast(before <> after as integer) as hits, 1 as members
    from birthdays
    where before > 0 and after > 0
"""

# Of new surnames on marriage, those that join both.
_HYPHENATED = """
    select 'hyphenated_on_marriage.all' as id, person_id as cluster,
           cast(contains(new_surname, surname) and length(new_surname) > length(surname) as integer) as hits,
           1 as members
    from {persons}
    where new_surname_reason = 'marriage'
"""

_LEARNERS_WITHOUT_NUMBER = """
    select 'learners_without_number.all' as id, l.person_id as cluster,
           cast(c.person_id is null as integer) as hits, 1 as members
    from (select distinct person_id from {ilr_owners}) as l
    left join (select distinct person_id from {cis_owners}) as c on c.person_id = l.person_id
"""

_NUMBER_GIVEN = """
    with funding as (
        select UKPRN, LearnRefNumber, Year, bool_or(FundModel = '36') as apprentice,
               bool_or(FundModel = '25') as young, bool_and(FundModel = '10') as community
        from {ilr_aims}
        group by UKPRN, LearnRefNumber, Year
    )
    select 'nino_given.' || case when f.apprentice then 'apprentices' when f.young then 'aged_16_to_19'
                                 when f.community then 'community_learners' else 'other_adults' end as id,
           l.person_id as cluster, cast(l.NINumber is not null as integer) as hits, 1 as members
    from {ilr_learners} as l
    join funding as f on f.UKPRN = l.UKPRN and f.LearnRefNumber = l.LearnRefNumber and f.Year = l.Year
    union all
    select 'nino_given.students', person_id, cast(NINO is not null as integer), 1 from {hesa_students}
"""

MEASURES = (
    Measure("estimate", "select * from {forename_collisions}"),
    Measure("estimate", "select * from {surname_collisions}"),
    Measure("estimate", _INDEPENDENT_NAMESAKES),
    Measure("estimate", _NAMESAKES),
    Measure("clustered share", _ETHNIC),
    Measure("clustered share", _TWINS),
    Measure("clustered share", _SECOND_NUMBERS),
    Measure("clustered share", _FIRST_OF_JANUARY),
    Measure("clustered share", _MOVES),
    Measure("clustered share", _HYPHENATED),
    Measure("clustered share", _LEARNERS_WITHOUT_NUMBER),
    Measure("clustered share", _NUMBER_GIVEN),
)
