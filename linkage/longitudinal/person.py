"""People as one row each: what the records say of somebody once for all."""

from linkage.engine import Engine, Table


def person(
    engine: Engine,
    lookup_ae_id: Table,
    holders: Table,
    *,
    census: Table,
    ks4: Table,
    qualifications: Table,
    births: Table,
) -> Table:
    """One row a person, with what the records say once for all.

    Args:
        lookup_ae_id: AE_ID, source, entity_id; source is the dataset's name: npd,
            wales, scotland, ilr, hesa or cis.
        holders: as `linkage.longitudinal.tax_tables.holders` makes it.
        census: attributes/npd_census: entity_id, AcademicYear, EthnicGroupMajor,
            FSMeligible.
        ks4: attributes/npd_ks4: entity_id, ACADYR.
        qualifications: attributes/hesa_qualifications: entity_id, AcademicYear, XLEV601
            (4 is a first degree).
        births: entity_id, dob, records: on how many records of the entity it stands.

    Returns:
        As the catalogue's table leo.person; stored. A birth date leaves here as its
        month and year alone.
    """
    return engine.sql(
        _PERSON,
        lookup_ae_id=lookup_ae_id,
        holders=holders,
        ks4=ks4,
        qualifications=qualifications,
        pupils=_pupils(engine, lookup_ae_id, census),
        birth_dates=_birth_dates(engine, lookup_ae_id, births),
        store=True,
    )


_PERSON = """
    with records as (
        select AE_ID, bool_or(source = 'npd') as in_npd,
            bool_or(source = 'wales') as in_wales,
               bool_or(source = 'scotland') as in_scotland,
                   bool_or(source = 'ilr') as in_ilr,
               bool_or(source = 'hesa') as in_hesa
        from {lookup_ae_id}
        group by AE_ID
    ),
    tax_keys as (
        select AE_ID, min(EDUKEY) as EDUKEY, count(distinct entity_id) as cis_records
        from {holders}
        group by AE_ID
    ),
    school_ends as (
        select l.AE_ID, min(k.ACADYR) as ks4_year
        from {ks4} as k
        join {lookup_ae_id} as l on l.entity_id = k.entity_id
        group by l.AE_ID
    ),
    graduations as (
        select l.AE_ID, min(q.AcademicYear) as graduation_year
        from {qualifications} as q
        join {lookup_ae_id} as l on l.entity_id = q.entity_id
        where q.XLEV601 = '4'
        group by l.AE_ID
    )
    select r.AE_ID, t.EDUKEY, r.in_npd, r.in_wales, r.in_scotland, r.in_ilr, r.in_hesa,
           t.EDUKEY is not null as in_cis, coalesce(t.cis_records, 0) as cis_records,
           cast(year(b.dob) as integer) as birth_year,
               cast(month(b.dob) as integer) as birth_month,
           s.ks4_year, g.graduation_year, p.ethnic_group, p.ever_fsm
    from records as r
    left join tax_keys as t on t.AE_ID = r.AE_ID
    left join {pupils} as p on p.AE_ID = r.AE_ID
    left join school_ends as s on s.AE_ID = r.AE_ID
    left join graduations as g on g.AE_ID = r.AE_ID
    left join {birth_dates} as b on b.AE_ID = r.AE_ID
    """


def _pupils(engine: Engine, lookup_ae_id: Table, census: Table) -> Table:
    """AE_ID, ethnic_group (of the last census that knows one), ever_fsm.

    Of two ethnic groups in that census it is the first by its code, so that a run
    repeated gives the same.
    """
    return engine.sql(
        """
        with groups as (
            select l.AE_ID, c.EthnicGroupMajor, max(c.AcademicYear) as last_year,
                max(c.FSMeligible) as ever_fsm
            from {census} as c
            join {lookup_ae_id} as l on l.entity_id = c.entity_id
            group by l.AE_ID, c.EthnicGroupMajor
        ),
        dated as (
            select *, max(case when EthnicGroupMajor is not null then last_year end)
                over (partition by AE_ID) as latest
            from groups
        )
        select AE_ID, min(EthnicGroupMajor) filter (where last_year = latest)
            as ethnic_group, max(ever_fsm) as ever_fsm
        from dated
        group by AE_ID
        """,
        census=census,
        lookup_ae_id=lookup_ae_id,
    )


def _birth_dates(engine: Engine, lookup_ae_id: Table, births: Table) -> Table:
    """AE_ID, dob: the birth date on most of a person's records, of equals the
    earlier.
    """
    return engine.sql(
        """
        with held as (
            select l.AE_ID, b.dob, sum(b.records) as records
            from {births} as b
            join {lookup_ae_id} as l on l.entity_id = b.entity_id
            group by l.AE_ID, b.dob
        ),
        ranked as (
            select AE_ID, dob, row_number() over (partition by AE_ID
                order by records desc, dob) as place
            from held
        )
        select AE_ID, dob from ranked where place = 1
        """,
        births=births,
        lookup_ae_id=lookup_ae_id,
    )
