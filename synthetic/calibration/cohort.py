"""The pupils whom DfE followed, and the groups that its figures are given for."""

from linkage.engine import Table
from synthetic.calibration.population import Population

FIRST, LAST = 200102, 200607
"""Academic years in which the pupils of DfE's figures ended key stage 4."""

_LEVELS = {
    "all": "true",
    "women": "c.sex = 'Female'",
    "men": "c.sex = 'Male'",
    "free_school_meals": "state and c.fsm",
    "no_free_school_meals": "state and not c.fsm",
    "white": "state and c.ethnic_group like 'W%'",
    "mixed": "state and c.ethnic_group like 'M%'",
    "asian": "state and c.ethnic_group like 'A%'",
    "black": "state and c.ethnic_group like 'B%'",
    "chinese": "state and c.ethnic_group like 'C%'",
    "five_a_to_c": "c.level_2",
    "not_five_a_to_c": "not c.level_2",
    "independent_school": "not state",
    "london": "state and c.region = 'E12000007'",
    "north_east": "state and c.region = 'E12000001'",
    "graduates": "c.graduate",
    "non_graduates": "not c.graduate",
    "women_graduates": "c.graduate and c.sex = 'Female'",
    "men_graduates": "c.graduate and c.sex = 'Male'",
    "women_non_graduates": "not c.graduate and c.sex = 'Female'",
    "men_non_graduates": "not c.graduate and c.sex = 'Male'",
}


def pupils(population: Population) -> Table:
    """Pupils who ended key stage 4 in the years of DfE's figures.

    Returns:
        person_id, key_stage_4 (year in which the academic year began), level_2 (five good GCSEs); stored.
    """
    return population.engine.sql(
        """
        with first as (
            select person_id, min(ACADYR) as year, bool_or(LEVEL2 = 1) as level_2
            from {ks4}
            group by person_id
        )
        select person_id, year // 100 as key_stage_4, level_2 from first where year between $first and $last
        """,
        ks4=population.owned("npd_ks4"),
        params={"first": FIRST, "last": LAST},
        store=True,
    )


def levels(population: Population, cohort: Table) -> Table:
    """The groups that each pupil belongs to: person_id, level; stored. State schools alone tell the census's facts."""
    unions = " union all ".join(
        f"select person_id, '{name}' as level from joined as c where {condition}" for name, condition in _LEVELS.items()
    )
    return population.engine.sql(
        f"""
        with joined as (
            select c.*, p.sex, p.fsm, p.ethnic_group, p.graduate, p.region, p.kind <> 'private school' as state
            from {{cohort}} as c
            join {{persons}} as p on p.person_id = c.person_id
        )
        {unions}
        """,
        cohort=cohort,
        persons=population.persons,
        store=True,
    )
