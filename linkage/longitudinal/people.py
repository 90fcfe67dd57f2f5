"""Whose rows are whose: records to people."""

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
