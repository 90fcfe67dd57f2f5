"""SQL that does not carry over to Spark is refused with what to write instead, not run
with another result.
"""

import pytest

from linkage.engine.dialect import DialectError, to_spark
from linkage.engine.functions import REFUSED
from linkage.engine.patterns import java_format


@pytest.mark.parametrize(
    ("query", "remedy"),
    [
        ("select * replace (a as b) from t", "columns by name"),
        ("select a from t union all by name select a from u", "in one order"),
        ("pivot t on a using sum(b)", "filter"),
        ("select * from t asof join u on t.a = u.a and t.d >= u.d", "window"),
        ("select * from t tablesample 10%", "hash of the key"),
        ("select regexp_replace(a, 'x', b, 'g') from t", "a text to put in its place"),
        ("select row_number() over () from t", "order by a key"),
        ("select l[1:2] from t", "list_slice"),
        ("select list(a) over (partition by b) from t", "group by"),
        ("select list_sort(l, 'DESC') from t", "1"),
        ("select list_aggregate(l, 'stddev') from t", "one of max"),
        ("select date_diff('week', a, b) from t", "one of day"),
        ("select try_strptime(a, f) from t", "one query a format"),
        ("select a similar to 'x' from t", "regexp_full_match"),
        ("select a + interval (n) hour from t", "days, months or years"),
        ("select unnest(a), unnest(b), * from t", "columns by name"),
        (
            "select u.x from t, unnest(t.l) with ordinality as u(x, n)",
            "column of places",
        ),
        ("select first(a order by b) from t", "arg_min"),
        ("select i from generate_series(1, 3) as g(i)", "table of numbers"),
    ],
)
def test_sql_that_does_not_carry_over_is_refused_with_a_remedy(query, remedy):
    with pytest.raises(DialectError) as error:
        to_spark(query)
    assert "does not carry over" in str(error.value)
    assert remedy in str(error.value).splitlines()[-1]


@pytest.mark.parametrize(
    "name", sorted(set(REFUSED) - {"asof", "columns", "map", "row"})
)
def test_a_function_without_a_counterpart_is_refused_by_name(name):
    with pytest.raises(DialectError, match=f"^{name} "):
        to_spark(f"select {name}(a, b) from t")


@pytest.mark.parametrize(
    ("strptime", "java"),
    [
        ("%Y-%m-%d", "y-M-d"),
        ("%d/%m/%Y", "d/M/y"),
        ("%Y%m%d", "yyyyMMdd"),
        ("%d-%b-%Y", "d-MMM-y"),
        ("%Y-%m-%dT%H:%M:%S", "y-M-d'T'H:m:s"),
    ],
)
def test_date_formats_in_javas_letters(strptime, java):
    assert java_format(strptime) == java


def test_a_format_without_a_counterpart_is_named():
    with pytest.raises(ValueError, match="%j"):
        java_format("%Y-%j")
