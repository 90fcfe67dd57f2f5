"""What limits any match: who of a source has a record in the other, and which records carry a number."""

from collections.abc import Iterator

from linkage.engine import Table
from synthetic.calibration.estimates import clustered
from synthetic.calibration.population import Population


def measures(population: Population) -> Iterator[Table]:
    """learners_without_number.all, nino_given.<source or programme>."""
    engine = population.engine
    yield clustered(
        engine,
        engine.sql(
            """
            select 'learners_without_number.all' as id, l.person_id as cluster,
                   cast(c.person_id is null as integer) as hits, 1 as members
            from (select distinct person_id from {learners}) as l
            left join (select distinct person_id from {customers}) as c on c.person_id = l.person_id
            """,
            learners=population.owners("ilr"),
            customers=population.owners("cis"),
        ),
    )
    yield clustered(engine, _given(population))


def _given(population: Population) -> Table:
    return population.engine.sql(
        """
        with funding as (
            select UKPRN, LearnRefNumber, Year, bool_or(FundModel = '36') as apprentice,
                   bool_or(FundModel = '25') as young, bool_and(FundModel = '10') as community
            from {aims}
            group by UKPRN, LearnRefNumber, Year
        ),
        kinds as (
            select l.person_id, l.NINumber,
                   case when f.apprentice then 'apprentices' when f.young then 'aged_16_to_19'
                        when f.community then 'community_learners' else 'other_adults' end as kind
            from {learners} as l
            join funding as f
              on f.UKPRN = l.UKPRN and f.LearnRefNumber = l.LearnRefNumber and f.Year = l.Year
        )
        select 'nino_given.' || kind as id, person_id as cluster, cast(NINumber is not null as integer) as hits,
               1 as members
        from kinds
        union all
        select 'nino_given.students', person_id, cast(NINO is not null as integer), 1 from {students}
        """,
        aims=population.tables["ilr_aims"],
        learners=population.owned("ilr_learners"),
        students=population.owned("hesa_students"),
    )
