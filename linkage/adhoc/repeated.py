"""Records that stand in a file again and again, word for word, and are taken for as many people: most are nobody's.

TEST TEST of one date four hundred times: what so many share weighs next to nothing, so that they stay apart, which is
as it should be of what nobody knows, and is told.
"""

from collections.abc import Collection

from linkage.engine import Engine, Table, columns, one

_MANY = 20  # records of one text
_ALONE = 0.5  # of the other records, from which most are worded as no other; else they are namesakes of a short file


def notes(engine: Engine, called: str, units: Table, members: Table, fields: Collection[str]) -> list[str]:
    """What to tell of records that are the same in all that is compared and are different people; no value.

    Args:
        called: the file's name.
        units: unit_id and the fields.
        members: unit_id and cluster_id.
    """
    named = columns(list(fields))
    found = one(
        engine,
        engine.sql(
            f"""
            with worded as (
                select count(*) as records, count(distinct m.cluster_id) as people
                from {{u}} as u
                join {{m}} as m on m.unit_id = u.unit_id
                group by {named}
            ),
            told as (
                select *, records >= $many and 2 * people > records as is_repeated
                from worded
            )
            select coalesce(sum(records) filter (where is_repeated), 0) as repeated,
                   count(*) filter (where is_repeated) as texts,
                   coalesce(sum(records) filter (where not is_repeated), 0) as others,
                   count(*) filter (where not is_repeated) as other_texts
            from told
            """,
            params={"many": _MANY},
            u=units,
            m=members,
        ),
    )
    if not found["texts"] or found["other_texts"] < _ALONE * float(found["others"]):
        return []
    texts = "one text" if found["texts"] == 1 else f"{int(found['texts']):,} texts"
    return [
        f"{called}: {int(found['repeated']):,} records are of {texts} in all that is compared, and stay apart, since "
        "what so many share tells nobody: leave them out if they stand for nobody, keep one of each if they are copies"
    ]
