"""How many people have a record in each of two sources that agree exactly, as ECHILD asks of its first steps."""

from collections.abc import Iterator

from linkage.engine import Table
from synthetic.calibration.disagreement import letters
from synthetic.calibration.estimates import shares
from synthetic.calibration.population import Population


def measures(population: Population) -> Iterator[Table]:
    """exact.five_fields, exact.four_letters: of people with a school and a DWP record, those of whom any two agree."""
    engine = population.engine
    school = _records(population, "npd_census", "Forename", "Surname", "Gender", "Postcode")
    customer = _records(population, "cis_customers", "Forenames", "Surname", "Sex", "Postcode")
    agreeing = engine.sql(
        """
        with in_both as (
            select s.person_id
            from (select distinct person_id from {school}) as s
            join (select distinct person_id from {customer}) as c on c.person_id = s.person_id
        ),
        best as (
            select s.person_id, bool_or(s.forename = c.forename) as exactly
            from {school} as s
            join {customer} as c
              on c.person_id = s.person_id and c.surname = s.surname and c.dob = s.dob and c.sex = s.sex
                 and c.postcode = s.postcode and substr(c.forename, 1, 4) = substr(s.forename, 1, 4)
            group by s.person_id
        )
        select b.person_id, coalesce(x.exactly, false) as exactly, x.person_id is not null as by_four_letters
        from in_both as b
        left join best as x on x.person_id = b.person_id
        """,
        school=school,
        customer=customer,
        store=True,
    )
    rows = engine.sql(
        """
        select 'exact.five_fields' as id, cast(exactly as integer) as hits, 1 as members from {agreeing}
        union all
        select 'exact.four_letters', cast(by_four_letters and not exactly as integer), 1 from {agreeing}
        """,
        agreeing=agreeing,
    )
    yield shares(engine, rows)
    engine.drop(school, customer, agreeing)


def _records(population: Population, table: str, forename: str, surname: str, sex: str, postcode: str) -> Table:
    """Each distinct combination of the five fields that a person's records hold; stored."""
    return population.engine.sql(
        f"""
        with written as (
            select distinct person_id, {forename} as forenames, {surname} as surname, DateOfBirth as dob, {sex} as sex,
                   {postcode} as postcode
            from {{table}}
        ),
        plain as (
            select person_id, upper(strip_accents(forenames)) as forenames,
                   upper(strip_accents(surname)) as surname, dob, sex, replace(postcode, ' ', '') as postcode
            from written
        )
        select distinct person_id, {letters("split_part(trim(forenames), ' ', 1)")} as forename,
               {letters("surname")} as surname, dob, sex, postcode
        from plain
        """,
        table=population.owned(table),
        store=True,
    )
