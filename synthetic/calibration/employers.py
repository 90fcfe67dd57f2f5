"""How long people stay with an employer."""

from collections.abc import Iterator

from linkage.engine import Table
from synthetic.calibration.activity import LAST_DAY
from synthetic.calibration.estimates import clustered
from synthetic.calibration.population import Population


def measures(population: Population) -> Iterator[Table]:
    """same_employer_after_a_year.<ages>: of jobs held on 1 October of 2004 to 2018, those held a year later too."""
    engine = population.engine
    held = engine.sql(
        """
        with days as (
            select make_date(cast(year as integer), 10, 1) as day
            from (select unnest([2004, 2006, 2008, 2010, 2012, 2014, 2016, 2018]) as year) as y
        ),
        jobs as (
            select person_id, EmployerRef, coalesce(StartDate, EndDate - 1) as starts,
                   coalesce(EndDate, $last_day) as ends
            from {employment}
        )
        select d.day, j.person_id, j.EmployerRef, max(cast(k.person_id is not null as integer)) as stays
        from days as d
        join jobs as j on j.starts <= d.day and j.ends >= d.day
        left join jobs as k
          on k.person_id = j.person_id and k.EmployerRef = j.EmployerRef
             and k.starts <= d.day + to_years(1) and k.ends >= d.day + to_years(1)
        group by d.day, j.person_id, j.EmployerRef
        """,
        employment=population.owned("hmrc_employment"),
        params={"last_day": LAST_DAY},
    )
    yield clustered(
        engine,
        engine.sql(
            """
            with aged as (
                select h.*, date_diff('month', p.birth_date, h.day) / 12 as age
                from {held} as h
                join {persons} as p on p.person_id = h.person_id
            )
            select 'same_employer_after_a_year.' || case when age < 25 then '18_to_24' else '25_to_34' end as id,
                   person_id as cluster, stays as hits, 1 as members
            from aged
            where age >= 18 and age < 35
            """,
            held=held,
            persons=population.persons,
        ),
    )
