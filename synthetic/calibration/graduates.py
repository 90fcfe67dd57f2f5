"""First-degree graduates: what they earn, in which industry, and how many have a number to be found under."""

from collections.abc import Iterator

from linkage.engine import Engine, Table
from synthetic.calibration.activity import jobs
from synthetic.calibration.definitions import lasting, months_of, outcome_rules
from synthetic.calibration.estimates import clustered, medians, shares
from synthetic.calibration.population import Population

_TAX_YEAR_STARTS = 4


def measures(population: Population) -> Iterator[Table]:
    """graduate_median.<years after>.<tax year>, section.<years after>.<letter>, same_section.1_to_3,
    graduates_without_number.<academic year>."""
    engine = population.engine
    graduated = _graduates(population)
    yield _without_number(population, graduated)
    cells = engine.sql(
        """
        select g.person_id, g.year, y.years, g.year + 1 + y.years as start_year
        from {graduated} as g
        cross join (select unnest([1, 3, 10]) as years) as y
        where g.year + 1 + y.years between 2003 and 2019
        """,
        graduated=graduated,
        store=True,
    )
    work = months_of(engine, jobs(population), _once(engine, cells), _TAX_YEAR_STARTS)
    sustained = lasting(engine, work, outcome_rules("graduate")["employment"], _TAX_YEAR_STARTS)
    yield medians(engine, _earnings(population, cells, sustained))
    main = _main_section(population, cells, sustained)
    yield shares(engine, _sections(engine, main))
    yield clustered(engine, _same_section(engine, main))
    engine.drop(main, sustained, work, cells, graduated)


def _graduates(population: Population) -> Table:
    """Each first degree of a student who lived in the United Kingdom before.

    Returns:
        person_id, year (calendar year in which the academic year began); stored.
    """
    engine = population.engine
    return engine.sql(
        """
        with at_home as (
            select distinct person_id from {students} where XDOMGR01 is not null and XDOMGR01 not like 'ZZ%'
        )
        select distinct q.person_id, q.AcademicYear // 100 as year
        from {qualifications} as q
        join at_home as h on h.person_id = q.person_id
        where q.XLEV601 = '4'
        """,
        students=population.owned("hesa_students"),
        qualifications=population.owned("hesa_qualifications"),
        store=True,
    )


def _once(engine: Engine, cells: Table) -> Table:
    return engine.sql("select distinct person_id, start_year from {cells}", cells=cells, store=True)


def _earnings(population: Population, cells: Table, sustained: Table) -> Table:
    """Pay of those in sustained employment or self-assessment who do not study, grossed up to the whole tax year.

    Rules as the definition "graduate" of configs/outcomes/leo.toml: average daily pay over the days employed, times the
    days of the year, and profit added.
    """
    return population.engine.sql(
        """
        with periods as (
            select distinct c.person_id, c.years, c.start_year, make_date(cast(c.start_year as integer), 4, 6) as opens,
                   make_date(cast(c.start_year as integer) + 1, 4, 5) as closes
            from {cells} as c
        ),
        days as (
            -- A day in two jobs is one day: of each job counts what begins after all earlier ones have ended.
            select person_id, years, start_year, sum(greatest(date_diff('day', fresh, ends) + 1, 0)) as employed
            from (
                select p.person_id, p.years, p.start_year, least(j.end_date, p.closes) as ends,
                       greatest(j.start_date, p.opens,
                                coalesce(max(least(j.end_date, p.closes)) over (
                                    partition by p.person_id, p.years, p.start_year order by j.start_date, j.end_date
                                    rows between unbounded preceding and 1 preceding) + 1, p.opens)) as fresh
                from periods as p
                join {jobs} as j on j.person_id = p.person_id and j.start_date <= p.closes and j.end_date >= p.opens
            ) as pieces
            group by person_id, years, start_year
        ),
        pay as (
            select person_id, TaxYear // 100 as start_year, greatest(sum(Earnings), 0) as pay
            from (select distinct person_id, TaxYear, EmployerRef, Earnings from {earnings}) as returns
            group by person_id, TaxYear
        ),
        profit as (
            select person_id, TaxYear // 100 as start_year,
                   sum(coalesce(EARNINGS_SOLE, 0) + coalesce(EARNINGS_PTR, 0)) as profit
            from {self_assessment}
            group by person_id, TaxYear
        ),
        studies as (
            select distinct person_id, AcademicYear // 100 as year
            from {students}
            where XMODE01 not in ('5', '6') and XLEV601 <> '6'
        )
        select 'graduate_median.' || p.years || '.' || p.start_year || '_'
                   || right(cast(p.start_year + 1 as varchar), 2) as id,
               coalesce(y.pay * (date_diff('day', p.opens, p.closes) + 1.0) / d.employed, 0) + coalesce(f.profit, 0)
                   as amount
        from periods as p
        left join days as d on d.person_id = p.person_id and d.years = p.years and d.start_year = p.start_year
        left join pay as y on y.person_id = p.person_id and y.start_year = p.start_year
        left join profit as f on f.person_id = p.person_id and f.start_year = p.start_year
        left join {sustained} as s on s.person_id = p.person_id and s.start_year = p.start_year
        where (s.person_id is not null or f.person_id is not null)
          and (y.pay > 0 and d.employed > 0 or f.profit > 0)
          and not exists (select 1 from studies as t
                          where t.person_id = p.person_id and t.year between p.start_year - 1 and p.start_year)
        """,
        cells=cells,
        jobs=jobs(population),
        earnings=population.owned("hmrc_earnings"),
        self_assessment=population.owned("hmrc_self_assessment"),
        students=population.owned("hesa_students"),
        sustained=sustained,
    )


def _main_section(population: Population, cells: Table, sustained: Table) -> Table:
    """The section that paid most in the year, of those in sustained employment; stored."""
    return population.engine.sql(
        """
        with paid as (
            select person_id, TaxYear // 100 as start_year, Section as section, sum(Earnings) as pay
            from {earnings}
            where Section is not null
            group by person_id, TaxYear, Section
        ),
        main as (
            select person_id, start_year, arg_max(section, pay) as section from paid group by person_id, start_year
        )
        select c.person_id, c.year, c.years, m.section
        from {cells} as c
        join {sustained} as s on s.person_id = c.person_id and s.start_year = c.start_year
        join main as m on m.person_id = c.person_id and m.start_year = c.start_year
        """,
        earnings=population.owned("hmrc_earnings"),
        cells=cells,
        sustained=sustained,
        store=True,
    )


def _sections(engine: Engine, main: Table) -> Table:
    """Of graduates who are seen both one and three years on, as DfE's industry flows count them."""
    return engine.sql(
        """
        with followed as (
            select person_id, year from {main} where years in (1, 3) group by person_id, year having count(*) = 2
        ),
        counted as (
            select m.years, m.section, count(*) as hits
            from {main} as m
            join followed as f on f.person_id = m.person_id and f.year = m.year
            where m.years in (1, 3)
            group by m.years, m.section
        )
        select 'section.' || years || '.' || section as id, hits, sum(hits) over (partition by years) as members
        from counted
        """,
        main=main,
    )


def _same_section(engine: Engine, main: Table) -> Table:
    return engine.sql(
        """
        select 'same_section.1_to_3' as id, a.person_id as cluster, cast(a.section = b.section as integer) as hits,
               1 as members
        from {main} as a
        join {main} as b on b.person_id = a.person_id and b.year = a.year
        where a.years = 1 and b.years = 3
        """,
        main=main,
    )


def _without_number(population: Population, graduated: Table) -> Table:
    """Graduates without a record of DWP to be found under, by the academic year of their degree."""
    rows = population.engine.sql(
        """
        select 'graduates_without_number.' || g.year || '_' || right(cast(g.year + 1 as varchar), 2) as id,
               cast(c.person_id is null as integer) as hits, 1 as members
        from {graduated} as g
        left join (select distinct person_id from {customers}) as c on c.person_id = g.person_id
        """,
        graduated=graduated,
        customers=population.owners("cis"),
    )
    return shares(population.engine, rows)
