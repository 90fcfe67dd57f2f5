"""Whose rows are whose: records to people, and people as one row each."""

from linkage.engine import Engine, Table


def holders(engine: Engine, lookup_edukey: Table) -> Table:
    """The person behind each tax and benefit record, by a number that joins faster than the key's text.

    Args:
        lookup_edukey: AE_ID, EDUKEY, entity_id of the CIS record; a person with two National Insurance numbers has two
            rows of one EDUKEY.

    Returns:
        entity_id, holder (BIGINT: the smallest entity_id of the EDUKEY), EDUKEY, AE_ID; stored.
    """
    return engine.sql(
        """
        select entity_id, min(entity_id) over (partition by EDUKEY) as holder, EDUKEY, AE_ID
        from {lookup_edukey}
        where entity_id is not null and EDUKEY is not null
        """,
        lookup_edukey=lookup_edukey,
        store=True,
    )


def keyed(engine: Engine, rows: Table, holders: Table, columns: str) -> Table:
    """Rows of a `holder` under the person's EDUKEY: the last step of each of LEO's tables; stored.

    Args:
        columns: what follows EDUKEY, as the select list of a query in which `r` is the rows.
    """
    return engine.sql(
        f"""
        select h.EDUKEY, {columns}
        from {{rows}} as r
        join {{holders}} as h on h.entity_id = r.holder
        """,
        rows=rows,
        holders=holders,
        store=True,
    )


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
        lookup_ae_id: AE_ID, source, entity_id; source is the dataset's name: npd, wales, scotland, ilr, hesa or cis.
        holders: as `holders` makes it.
        census: attributes/npd_census: entity_id, AcademicYear, EthnicGroupMajor, FSMeligible.
        ks4: attributes/npd_ks4: entity_id, ACADYR.
        qualifications: attributes/hesa_qualifications: entity_id, AcademicYear, XLEV601 (4 is a first degree).
        births: entity_id, dob, records: on how many records of the entity it stands.

    Returns:
        As the catalogue's table leo.person; stored. A birth date is the one on most of the person's records, of equals
        the earlier, and leaves here as its month and year alone. Of two ethnic groups in the last census it is the
        first by its code, so that a run repeated gives the same.
    """
    return engine.sql(
        """
        with records as (
            select AE_ID, bool_or(source = 'npd') as in_npd, bool_or(source = 'wales') as in_wales,
                   bool_or(source = 'scotland') as in_scotland, bool_or(source = 'ilr') as in_ilr,
                   bool_or(source = 'hesa') as in_hesa
            from {lookup_ae_id}
            group by AE_ID
        ),
        tax_keys as (
            select AE_ID, min(EDUKEY) as EDUKEY, count(distinct entity_id) as cis_records
            from {holders}
            group by AE_ID
        ),
        groups as (
            select l.AE_ID, c.EthnicGroupMajor, max(c.AcademicYear) as last_year, max(c.FSMeligible) as ever_fsm
            from {census} as c
            join {lookup_ae_id} as l on l.entity_id = c.entity_id
            group by l.AE_ID, c.EthnicGroupMajor
        ),
        dated as (
            select *, max(case when EthnicGroupMajor is not null then last_year end) over (partition by AE_ID) as latest
            from groups
        ),
        pupils as (
            select AE_ID, min(EthnicGroupMajor) filter (where last_year = latest) as ethnic_group,
                   max(ever_fsm) as ever_fsm
            from dated
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
        ),
        birth_dates as (
            select l.AE_ID, b.dob, sum(b.records) as records
            from {births} as b
            join {lookup_ae_id} as l on l.entity_id = b.entity_id
            group by l.AE_ID, b.dob
        ),
        ranked as (
            select AE_ID, dob, row_number() over (partition by AE_ID order by records desc, dob) as place
            from birth_dates
        )
        select r.AE_ID, t.EDUKEY, r.in_npd, r.in_wales, r.in_scotland, r.in_ilr, r.in_hesa,
               t.EDUKEY is not null as in_cis, coalesce(t.cis_records, 0) as cis_records,
               cast(year(b.dob) as integer) as birth_year, cast(month(b.dob) as integer) as birth_month,
               s.ks4_year, g.graduation_year, p.ethnic_group, p.ever_fsm
        from records as r
        left join tax_keys as t on t.AE_ID = r.AE_ID
        left join pupils as p on p.AE_ID = r.AE_ID
        left join school_ends as s on s.AE_ID = r.AE_ID
        left join graduations as g on g.AE_ID = r.AE_ID
        left join ranked as b on b.AE_ID = r.AE_ID and b.place = 1
        """,
        lookup_ae_id=lookup_ae_id,
        holders=holders,
        census=census,
        ks4=ks4,
        qualifications=qualifications,
        births=births,
        store=True,
    )
