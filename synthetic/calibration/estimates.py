"""Estimates in SQL: a value, its standard error and the people behind it, under the name of a figure."""

from collections.abc import Iterable

from linkage.engine import Engine, Table
from linkage.errors import LeoError
from synthetic.calibration.verdicts import Achieved

SHARE = """100.0 * sum(hits) / sum(members) as value,
           -- Two hits and two misses are added, so that no share is certain because nobody was seen to have it.
           100.0 * sqrt((sum(hits) + 2.0) * (sum(members) - sum(hits) + 2.0)) / (sum(members) + 4.0)
               / sqrt(sum(members)) as standard_error,
           sum(members) as people"""
"""Per cent of `members` (1 a row, or a count) that are `hits`, where rows do not hang together."""

_DEVIATION = "sum(pow(hits - rate * members, 2))"

MEAN = """avg(amount) as value, coalesce(stddev_samp(amount), 0) / sqrt(count(*)) as standard_error,
          count(*) as people"""
"""The mean of `amount`."""


def clustered(engine: Engine, table: Table) -> Table:
    """Shares where rows come in families, or several from one person: the error is that of drawing whole clusters.

    Args:
        table: id, cluster, hits, members.

    Returns:
        id, value (per cent), standard_error, people (members).
    """
    return engine.sql(
        f"""
        with clusters as (
            select id, cluster, sum(hits) as hits, sum(members) as members from {{table}} group by id, cluster
        ),
        rates as (
            select *, sum(hits) over (partition by id) / sum(members) over (partition by id) as rate from clusters
        ),
        summed as (
            select id, any_value(rate) as rate, sum(members) as members, sum(hits) as hits,
                   sqrt({_DEVIATION}) / sum(members) as error
            from rates
            group by id
            having sum(members) > 0
        )
        select id, 100.0 * rate as value,
               100.0 * greatest(error, sqrt(2.0 * (members + 2.0)) / (members + 4.0) / sqrt(members)) as standard_error,
               cast(members as bigint) as people
        from summed
        """,
        table=table,
    )


def medians(engine: Engine, table: Table) -> Table:
    """Medians, with half the distance between the order statistics one standard error to either side of the middle.

    Args:
        table: id, amount.

    Returns:
        id, value, standard_error, people.
    """
    return engine.sql(
        """
        with ranked as (
            select id, amount, row_number() over (partition by id order by amount) as place,
                   count(*) over (partition by id) as people
            from {table}
        ),
        bounded as (
            select *, greatest(1, cast(floor((people - sqrt(people)) / 2.0) as bigint)) as below,
                   least(people, cast(ceil((people + sqrt(people)) / 2.0) as bigint)) as above
            from ranked
        )
        select id, median(amount) as value,
               (max(amount) filter (where place = above) - max(amount) filter (where place = below)) / 2.0
                   as standard_error,
               any_value(people) as people
        from bounded
        group by id
        """,
        table=table,
    )


def means(engine: Engine, table: Table) -> Table:
    """Means of `amount` by id."""
    return engine.sql(f"select id, {MEAN} from {{table}} group by id", table=table)


def shares(engine: Engine, table: Table) -> Table:
    """Shares by id of rows (id, hits, members) that do not hang together."""
    return engine.sql(f"select id, {SHARE} from {{table}} group by id having sum(members) > 0", table=table)


def collected(engine: Engine, tables: Iterable[Table]) -> dict[str, Achieved]:
    """The rows of estimates by the name of their figure.

    Raises:
        LeoError: two measures gave one name.
    """
    out: dict[str, Achieved] = {}
    for table in tables:
        for row in engine.arrow(table).to_pylist():
            if row["value"] is None:
                continue
            if row["id"] in out:
                raise LeoError(f"figure '{row['id']}' is measured twice: this is a fault of the check itself")
            out[row["id"]] = Achieved(float(row["value"]), float(row["standard_error"] or 0), int(row["people"]))
    return out
