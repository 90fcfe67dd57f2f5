"""How concentrated names are: the chance that two people share one, by cohort and sex."""

from collections.abc import Iterator

from linkage.engine import Engine, Table
from synthetic.calibration.population import Population

BIRTHS = 618_000
"""A year's births in England and Wales, 1996 to 2005 (ONS)."""


def measures(population: Population) -> Iterator[Table]:
    """forename_collision.<birth year>.<sex>, surname_collision.all, same_name_and_birth_date.<kind>."""
    engine = population.engine
    born_here = engine.sql(
        """
        select person_id, family_id, upper(forename) as forename, upper(surname) as surname, sex, birth_date,
               year(birth_date) as birth_year
        from {persons}
        where not foreign_born and kind in ('schooled', 'private school')
        """,
        persons=population.persons,
        store=True,
    )
    forenames = engine.sql(
        """
        select 'forename_collision.' || birth_year || '.' || lower(sex) as id, forename as name, count(*) as bearers
        from {people}
        group by birth_year, sex, forename
        """,
        people=born_here,
    )
    yield _collisions(engine, forenames)
    # One of a family, since brothers and sisters share a surname by birth and not by chance.
    surnames = engine.sql(
        """
        select 'surname_collision.all' as id, surname as name, count(*) as bearers
        from {people}
        where person_id in (select min(person_id) from {people} group by family_id)
        group by surname
        """,
        people=born_here,
    )
    yield _collisions(engine, surnames)
    yield _pairs_if_independent(engine, _collisions(engine, forenames), _collisions(engine, surnames))
    yield _pairs(engine, born_here)
    engine.drop(born_here)


def _collisions(engine: Engine, bearers: Table) -> Table:
    """Per cent of pairs of two people who share a name.

    The error is that of a U-statistic: of the names in the sample, and of the pairs.
    """
    return engine.sql(
        """
        with counted as (
            select id, cast(sum(bearers) as double) as people, sum(cast(bearers as double) * (bearers - 1)) as same,
                   sum(pow(cast(bearers as double), 3)) as cubes
            from {bearers}
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
        """,
        bearers=bearers,
    )


def _pairs_if_independent(engine: Engine, forenames: Table, surnames: Table) -> Table:
    """Pairs of one birth year who share forename, surname, birth date and sex, did names fall independently."""
    return engine.sql(
        """
        with years as (
            select value / 100 as rate, standard_error / 100 as error, people
            from {forenames}
            where cast(regexp_extract(id, '[0-9]+', 0) as integer) between 1996 and 2005
        ),
        together as (
            select avg(rate) as rate, sqrt(sum(error * error)) / count(*) as error, sum(people) as people from years
        )
        select 'same_name_and_birth_date.independent' as id,
               -- Two sexes of half the births each; a pair shares its day of birth once in 365.25.
               2 * pow($births / 2.0, 2) / 2 * t.rate * s.value / 100 / 365.25 as value,
               2 * pow($births / 2.0, 2) / 2 / 365.25 * t.rate * s.value / 100
                   * sqrt(pow(t.error / t.rate, 2) + pow(s.standard_error / s.value, 2)) as standard_error,
               cast(t.people as bigint) as people
        from together as t
        cross join {surnames} as s
        where t.rate > 0 and s.value > 0
        """,
        forenames=forenames,
        surnames=surnames,
        params={"births": BIRTHS},
    )


def _pairs(engine: Engine, people: Table) -> Table:
    """The same as names really fall, which hang together by origin: pairs that share names, year and sex are counted,
    and their day is left to chance, since a small population has no two of one day."""
    return engine.sql(
        """
        with alike as (
            select birth_year, sex, forename, surname, count(distinct family_id) as bearers
            from {people}
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
        select 'same_name_and_birth_date.as_borne' as id, rate * pow($births, 2) / 2 / 365.25 as value,
               rate * pow($births, 2) / 2 / 365.25 / sqrt(greatest(pairs, 1)) as standard_error,
               cast(people as bigint) as people
        from summed
        where people > 0
        """,
        people=people,
        params={"births": BIRTHS},
    )
