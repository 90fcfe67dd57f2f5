"""Who has entered higher education by the age of 19."""

from collections.abc import Iterator

from linkage.engine import Table
from synthetic.calibration.estimates import shares
from synthetic.calibration.population import Population


def measures(population: Population) -> Iterator[Table]:
    """he_by_19.<academic year in which they were 19>.<free_school_meals, no_free_school_meals>: pupils of state schools
    who ended key stage 4 four years before."""
    engine = population.engine
    rows = engine.sql(
        """
        with pupils as (
            select person_id, min(ACADYR) // 100 + 4 as year from {ks4} group by person_id
        ),
        entered as (
            select person_id, min(AcademicYear) // 100 as year from {students} where XLEV601 <> '6' group by person_id
        )
        select 'he_by_19.' || u.year || '_' || right(cast(u.year + 1 as varchar), 2) || '.'
                   || case when p.fsm then 'free_school_meals' else 'no_free_school_meals' end as id,
               cast(coalesce(e.year <= u.year, false) as integer) as hits, 1 as members
        from pupils as u
        join {persons} as p on p.person_id = u.person_id
        left join entered as e on e.person_id = u.person_id
        where p.kind <> 'private school' and u.year <= 2020
        """,
        ks4=population.owned("npd_ks4"),
        students=population.owned("hesa_students"),
        persons=population.persons,
    )
    yield shares(engine, rows)
