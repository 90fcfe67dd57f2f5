"""From school to work: where each pupil is on a winter's day of every year after key stage 4, and what they earn."""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.engine import rows
from quality.population.reading import Population

Rows = Sequence[Mapping[str, Any]]

ACTIVITIES = (
    "School",
    "College or training",
    "University",
    "Work",
    "Benefits",
    "None of these",
)
"""In the order in which they count where several hold at once."""

_NEEDED = (
    *("npd_ks4", "npd_census", "ilr_aims", "hesa_students", "hmrc_employment", "dwp_benefits"),
    *("hmrc_earnings", "truth_entities"),
)


def activity(population: Population) -> Rows:
    """years (after key stage 4), activity, people: on 15 January, so far as the records go; empty without outcomes."""
    if not population.has(*_NEEDED):
        return []
    return _asked(population, _PUPILS + _ACTIVITY)


def earnings(population: Population) -> Rows:
    """years (after key stage 4), sex, people, median (pounds): of those with pay from employment in the tax year."""
    if not population.has(*_NEEDED):
        return []
    return _asked(population, _PUPILS + _EARNINGS)


def _asked(population: Population, query: str) -> Rows:
    engine = population.engine
    tables: dict[str, Any] = {name: population.tables[name] for name in _NEEDED}
    return rows(engine, engine.sql(query, persons=population.tables["truth_persons"], **tables))


_PUPILS = """
    with pupils as (
        -- A pupil is in year 11 until the summer of `finished`; the first look is in January after it.
        select entities.person_id, min(ks4.ACADYR) // 100 + 1 as finished
        from {npd_ks4} as ks4
        join {truth_entities} as entities
          on entities.source = 'npd' and entities.entity_key = ks4.PupilMatchingRefAnonymous
        group by entities.person_id
    ),
    numbers as (
        select entities.person_id, entities.entity_key as nino
        from {truth_entities} as entities where entities.source = 'cis'
    ),
"""

_ACTIVITY = """
    days as (
        select pupils.person_id, y.years, make_date(cast(pupils.finished + y.years as int), 1, 15) as looked
        from pupils cross join (select unnest(generate_series(1, 15)) as years) as y
        where pupils.finished + y.years <= (select max(extract(year from CensusDate)) from {npd_census})
    ),
    pupil_years as (
        select distinct entities.person_id, extract(year from census.CensusDate) as year
        from {npd_census} as census
        join {truth_entities} as entities
          on entities.source = 'npd' and entities.entity_key = census.PupilMatchingRefAnonymous
    ),
    student_years as (
        select distinct entities.person_id, students.AcademicYear // 100 + 1 as year
        from {hesa_students} as students
        join {truth_entities} as entities on entities.source = 'hesa' and entities.entity_key = students.HUSID
    ),
    learning as (
        select entities.person_id, aims.LearnStartDate as since,
               coalesce(aims.LearnActEndDate, aims.LearnPlanEndDate) as until
        from {ilr_aims} as aims
        join {truth_entities} as entities
          on entities.source = 'ilr'
         and entities.entity_key = case when aims.ULN is null or aims.ULN = '9999999999'
                                        then concat(cast(aims.UKPRN as varchar), '|', aims.LearnRefNumber)
                                        else aims.ULN end
    ),
    working as (
        select numbers.person_id, spells.StartDate as since, spells.EndDate as until
        from {hmrc_employment} as spells join numbers on numbers.nino = spells.NINO
    ),
    helped as (
        select numbers.person_id, spells.StartDate as since, spells.EndDate as until
        from {dwp_benefits} as spells join numbers on numbers.nino = spells.NINO
    ),
    seen as (
        select d.person_id, d.years, 1 as rank
        from days as d join pupil_years as p on p.person_id = d.person_id and p.year = extract(year from d.looked)
        union all
        select d.person_id, d.years, 2
        from days as d join learning as l on l.person_id = d.person_id and d.looked between l.since and l.until
        union all
        select d.person_id, d.years, 3
        from days as d join student_years as s on s.person_id = d.person_id and s.year = extract(year from d.looked)
        union all
        select d.person_id, d.years, 4
        from days as d join working as w
          on w.person_id = d.person_id and d.looked >= w.since and (w.until is null or d.looked <= w.until)
        union all
        select d.person_id, d.years, 5
        from days as d join helped as h
          on h.person_id = d.person_id and d.looked >= h.since and (h.until is null or d.looked <= h.until)
    ),
    first_rank as (select person_id, years, min(rank) as rank from seen group by person_id, years)
    select days.years, coalesce(first_rank.rank, 6) - 1 as activity, count(*) as people
    from days left join first_rank on first_rank.person_id = days.person_id and first_rank.years = days.years
    group by all order by all
"""

_EARNINGS = """
    paid as (
        select numbers.person_id, earnings.TaxYear // 100 as year, sum(earnings.Earnings) as pounds
        from {hmrc_earnings} as earnings join numbers on numbers.nino = earnings.NINO
        group by numbers.person_id, earnings.TaxYear // 100
    )
    select cast(paid.year - pupils.finished as int) as years, persons.sex,
           count(*) as people, median(paid.pounds) as median
    from pupils
    join paid on paid.person_id = pupils.person_id and paid.pounds > 0
    join {persons} as persons on persons.person_id = pupils.person_id
    where paid.year - pupils.finished between 1 and 15
    group by all order by all
"""
