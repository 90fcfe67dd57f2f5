"""Whether a file holds persons several times, by what with a name is hardly ever of two people."""

import pytest

from linkage.adhoc.fields.held_twice import each_held_twice, held_twice
from linkage.engine import Engine, Table

FORENAMES = ("ANN", "BO", "CAI", "DEE", "EVE", "FLO", "GUS", "HAL", "IDA", "JO")


@pytest.mark.parametrize(
    ("columns", "share"),
    [("dob", 0.5), ("email", 0.5), ("phone", 1.0), ("email, phone", 1.0), ("dob, phone", 0.5), ("town", 0.0)],
)
def test_who_is_there_twice_is_told_by_the_birth_date_or_else_by_email_or_telephone(
    columns: str, share: float, engine: Engine
) -> None:
    units = engine.sql(
        f"""
        select unit_id, 'ANN' as forename, 'LEE' as surname, {columns}
        from (values (1, '1990-01-02', 'a@b.example', '0123', 'X'), (2, '1990-01-02', 'a@b.example', '0123', 'X'),
                     (3, '1991-01-02', 'c@b.example', '0123', 'X'), (4, '1992-01-02', 'd@b.example', '0123', 'X'))
             as t(unit_id, dob, email, phone, town)
        """
    )
    assert held_twice(engine, units) == share


@pytest.mark.parametrize(("others", "share"), [(2, 0.5), (12, 0.0)], ids=["many", "so few that they may be namesakes"])
def test_who_is_there_twice_is_told_by_the_address_where_nothing_else_is(
    others: int, share: float, engine: Engine
) -> None:
    units = engine.sql(
        f"""
        select n as unit_id, 'ANN' as forename, 'LEE' as surname, greatest(n, 2) || ' High Street' as address
        from generate_series(1, {others} + 2) as t(n)
        """
    )
    assert held_twice(engine, units) == share


@pytest.mark.parametrize(("further", "share"), [("", 2 / 14), (", 'LEE' as surname", 0.0)], ids=["companies", "staff"])
def test_a_company_has_no_namesake_at_its_address(further: str, share: float, engine: Engine) -> None:
    units = engine.sql(
        f"""
        select n as unit_id, 'LEE FOODS' as organisation, 'M1 ' || greatest(n, 2) || 'AA' as postcode{further}
        from generate_series(1, 14) as t(n)
        """
    )
    assert held_twice(engine, units) == pytest.approx(share)


@pytest.mark.parametrize(
    ("number", "share"),
    [("100200 + n", 0.0), ("100200 + n // 2", 1.0), ("case when n % 4 = 0 then 100200 + n end", 1.0), ("n", 1.0)],
    ids=["of each", "of each company", "seldom known", "rows are numbered"],
)
def test_namesakes_that_have_each_a_number_of_their_own_are_several(number: str, share: float, engine: Engine) -> None:
    units = engine.sql(
        f"""
        select n as unit_id, 'GRACE CHURCH' as organisation, 'M1 ' || (n // 2) || 'AA' as postcode,
               cast({number} as varchar) as ein
        from generate_series(2, 61) as t(n)
        """
    )
    assert held_twice(engine, units) == share


@pytest.mark.parametrize(
    "year", ["year || '-00-00' as dob", "cast(2020 - year as varchar) as age"], ids=["year", "age"]
)
@pytest.mark.parametrize(
    ("visits", "share"), [("1", 0.0), ("case when n % 2 = 0 then 3 else 1 end", 0.65)], ids=["people", "their visits"]
)
def test_who_is_there_twice_is_told_by_the_year_beyond_what_chance_gives_namesakes(
    visits: str, share: float, year: str, engine: Engine
) -> None:
    """Visits by name and year of birth were linked one to one, and four in five of their pairs missed."""
    units = engine.sql(
        f"""
        with people as (
            select n, {list(FORENAMES)}[n % 10 + 1] as forename, 'LEE' || (n % 150) as surname,
                   1920 + (n * 7919) % 83 as year
            from generate_series(1, 1500) as t(n)
        )
        select n * 10 + v as unit_id, forename, surname, {year}
        from people, generate_series(1, {visits}) as t(v)
        """
    )
    assert held_twice(engine, units) == pytest.approx(share, abs=0.02)


def test_names_that_everybody_bears_tell_nobody(engine: Engine) -> None:
    """Of three names in a thousand rows everybody has a namesake of the year."""
    units = engine.sql(
        f"""
        select n as unit_id, {list(FORENAMES)}[n % 3 + 1] as forename, 'LEE' as surname, (n * 7919) % 83 as age
        from generate_series(1, 1000) as t(n)
        """
    )
    assert held_twice(engine, units) == 0.0


def _named(engine: Engine, records: str, people: int = 400) -> Table:
    """People of 20 surnames for each forename, and their records."""
    return engine.sql(
        f"""
        select n * 10 + v as unit_id, {list(FORENAMES)}[n % 10 + 1] as forename, 'LEE' || (n * 7919) % 977 as surname
        from generate_series(1, {people}) as p(n), generate_series(1, {records}) as t(v)
        """
    )


def test_who_is_there_again_and_again_is_told_by_names_that_the_other_file_has_once(engine: Engine) -> None:
    """Exam results have a student's name four times, the register of students once: they were linked one to one."""
    students, results = _named(engine, "1"), _named(engine, "case when n % 4 = 0 then 1 else 4 end")
    assert each_held_twice(engine, students, results) == [0.0, pytest.approx(0.92, abs=0.01)]
    assert each_held_twice(engine, results, students) == [pytest.approx(0.92, abs=0.01), 0.0]


def test_names_tell_nobody_who_is_twice_where_both_files_have_namesakes(engine: Engine) -> None:
    both = _named(engine, "2")
    assert each_held_twice(engine, both, both) == [0.0, 0.0]
    assert each_held_twice(engine, _named(engine, "1", people=12), both) == [0.0, 0.0]  # too few to have shown any


def test_records_with_an_initial_are_those_of_the_name_at_one_address(engine: Engine) -> None:
    units = engine.sql(
        """
        select n as unit_id, case when n % 2 = 0 then 'A' else 'ANN' end as forename, 'LEE' as surname,
               n // 2 || ' High Street' as address
        from generate_series(2, 41) as t(n)
        """
    )
    assert held_twice(engine, units) == 1.0


@pytest.mark.parametrize(
    ("known", "share"),
    [
        ("surname, dob", 0.5),
        ("forename, dob", 0.5),
        ("dob, sex, postcode", 0.5),
        ("dob, sex", 0.0),  # of one birth date and sex there are strangers
        ("surname, sex", 0.0),
    ],
)
def test_admissions_without_a_name_in_full_show_who_is_there_twice(known: str, share: float, engine: Engine) -> None:
    units = engine.sql(
        f"""
        with admitted as (
            select n as unit_id, case when n <= 100 then (n + 1) // 2 else n end as person
            from generate_series(1, 200) as t(n)
        ),
        people as (
            select unit_id, 'ANN' || person % 50 as forename, 'LEE' || person % 40 as surname, 'F' as sex,
                   cast(date '1950-01-01' + cast(37 * person as integer) as varchar) as dob,
                   'M' || person || ' 1AA' as postcode
            from admitted
        )
        select unit_id, {known} from people
        """
    )
    assert held_twice(engine, units) == pytest.approx(share, abs=0.05)


def test_names_tell_nobody_who_is_twice_where_both_files_have_ages(engine: Engine) -> None:
    """Patronymics are few, and of one file alone written in several ways: 97 % of it was said to be there twice."""
    few = [_named(engine, "4"), _named(engine, "1")]
    aged = [engine.sql("select *, unit_id % 70 as age from {t}", t=units) for units in few]
    assert each_held_twice(engine, *aged)[0] < 0.05 < each_held_twice(engine, *few)[0]


@pytest.mark.parametrize(
    ("phone", "twice"),
    [("'0' || n", False), ("'0' || n % 30", True), ("case when n % 5 = 0 then '0' || n end", True)],
    ids=["each has one", "of each person", "seldom known"],
)
def test_namesakes_with_a_telephone_each_are_several(phone: str, twice: bool, engine: Engine) -> None:
    names = "'F' || (n % 30) as forename, 'LEE' as surname"
    several = engine.sql(f"select n as unit_id, {names}, {phone} as phone from generate_series(1, 120) as t(n)")
    each = engine.sql(
        "select n as unit_id, 'F' || n as forename, 'LEE' as surname, '9' || n as phone from generate_series(1, 90) t(n)"
    )
    assert [share > 0 for share in each_held_twice(engine, each, several)] == [False, twice]


def test_a_file_of_longer_names_has_no_fewer_namesakes(engine: Engine) -> None:
    """Ann Achieng Otieno and Ann Njeri Otieno are both Ann Otieno in the other file."""
    longer = engine.sql(
        "select n as unit_id, 'F' || (n % 30) || ' M' || n as forename, 'LEE' as surname from generate_series(1, 120) t(n)"
    )
    shorter = engine.sql(
        "select n as unit_id, 'F' || (n % 30) as forename, 'LEE' as surname from generate_series(1, 120) as t(n)"
    )
    assert each_held_twice(engine, longer, shorter) == [0.0, 0.0]
