"""A CTE that is read once is a subquery on Spark; one that is read twice, or of an
ambiguous name, stays as written.
"""

import pytest

from linkage.engine.dialect import to_spark


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "with a as (select 1 as x) select x from a",
            "SELECT x FROM (SELECT 1 AS x) AS a",
        ),
        (
            "with a as (select 1 as x) select p.x from a as p",
            "SELECT p.x FROM (SELECT 1 AS x) AS p",
        ),
        (
            "with a as (select 1 as x), b as (select x from a) select b.x from b join "
            "t on t.x = b.x",
            "SELECT b.x FROM (SELECT x FROM (SELECT 1 AS x) AS a) AS b JOIN t ON t.x = "
            "b.x",
        ),
        (
            "select x from (with a as (select 1 as x) select x from a) as s",
            "SELECT x FROM (SELECT x FROM (SELECT 1 AS x) AS a) AS s",
        ),
        (
            "with a as (select 1 as x) select p.x from a as p join a as q on p.x = q.x",
            "WITH a AS (SELECT 1 AS x) SELECT p.x FROM a AS p JOIN a AS q ON p.x = q.x",
        ),
        (
            "with a as (select 1 as x), b as (select x from a) select p.x from b as p "
            "join b as q on p.x = q.x",
            "WITH b AS (SELECT x FROM (SELECT 1 AS x) AS a) SELECT p.x FROM b AS p "
            "JOIN b AS q ON p.x = q.x",
        ),
    ],
)
def test_a_cte_that_is_read_once_becomes_a_subquery(query: str, expected: str) -> None:
    assert to_spark(query) == expected


def test_a_name_that_an_inner_with_repeats_is_left_alone() -> None:
    """The outer b reads the outer a, the inner query its own: put in place, b would
    read the inner one.
    """
    query = """
        with a as (select 1 as x), b as (select x from a)
        select s.x from (with a as (select 2 as x) select p.x from b as p, a as q,
            a as r) as s
    """
    assert "b AS (SELECT x FROM a)" in to_spark(query)


def test_a_recursive_expression_stays() -> None:
    query = (
        "with recursive a as (select 1 as x union all select x + 1 from a where x "
        "< 3) select x from a"
    )
    assert "WITH RECURSIVE a" in to_spark(query)
