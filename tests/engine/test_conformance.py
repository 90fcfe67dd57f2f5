"""Every function in use answers the same on every engine: the specs are in
functions.txt.
"""

import ast
import datetime
import decimal
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import linkage
from linkage.engine import Engine, rows
from linkage.engine.functions import RENDERINGS
from linkage.errors import LeoError
from tests.conftest import parse

pytestmark = [pytest.mark.both_engines, pytest.mark.fast]


class Spec(NamedTuple):
    world: str
    expression: str
    expected: list[Any]


def read_specs(path: Path) -> tuple[dict[str, str], list[Spec]]:
    """Worlds by name, and the specs of each."""
    worlds: dict[str, str] = {}
    specs: list[Spec] = []
    for section in path.read_text(encoding="utf-8").split("\n# ")[1:]:
        title, *lines = section.splitlines()
        name = title.partition(":")[0]
        worlds[name] = "\n".join(line for line in lines if line and " => " not in line)
        for line in lines:
            if " => " in line:
                expression, _, expected = line.partition(" => ")
                specs.append(Spec(name, expression, ast.literal_eval(expected)))
    return worlds, specs


WORLDS, SPECS = read_specs(Path(__file__).with_name("functions.txt"))
_ANSWERS: dict[tuple[str, str], dict[str, list[Any]]] = {}


@pytest.mark.parametrize(
    "spec", SPECS, ids=[f"{spec.world}: {spec.expression}" for spec in SPECS]
)
def test_a_function_answers_the_same(engine, spec):
    assert answer(engine, spec) == spec.expected


def answer(engine: Engine, spec: Spec) -> list[Any]:
    """The values of a spec's expression, which is asked alone where it fails among
    others.
    """
    key = (engine.name, spec.world)
    if key not in _ANSWERS:
        _ANSWERS[key] = answers(
            engine,
            spec.world,
            [other.expression for other in SPECS if other.world == spec.world],
        )
    values = _ANSWERS[key].get(spec.expression)
    return (
        query_values(engine, spec.world, [spec.expression])[0]
        if values is None
        else values
    )


def answers(engine: Engine, world: str, expressions: list[str]) -> dict[str, list[Any]]:
    """Values by expression. All are asked in one query, or in two where that fails,
    down to each that fails alone.
    """
    try:
        return dict(
            zip(expressions, query_values(engine, world, expressions), strict=True)
        )
    except LeoError:
        half = len(expressions) // 2
        if not half:
            return {}
        return answers(engine, world, expressions[:half]) | answers(
            engine, world, expressions[half:]
        )


def query_values(engine: Engine, world: str, expressions: list[str]) -> list[list[Any]]:
    table = engine.from_arrow(parse(WORLDS[world]))
    column = table.columns[0]
    values = ", ".join(
        f"{expression} as v{place}" for place, expression in enumerate(expressions)
    )
    group = f"group by {column}" if column == "g" else ""
    result = rows(
        engine,
        engine.sql(f"select {column} as k, {values} from {{t}} {group}", t=table),
    )
    result.sort(key=lambda row: row["k"])
    return [
        [plain(row[f"v{place}"]) for row in result] for place in range(len(expressions))
    ]


def plain(value: Any) -> Any:
    """A value as the specs write it."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else round(value, 9)
    if isinstance(value, decimal.Decimal):
        return int(value) if value == int(value) else round(float(value), 9)
    if isinstance(value, datetime.datetime):
        return f"at {value.isoformat(' ')[:16]}"
    if isinstance(value, datetime.date):
        return f"on {value.isoformat()}"
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


# A run's queries; `files`, `explain`, `review` and `tune` ask DuckDB only.
_ON_BOTH = (
    "engine",
    "extract",
    "longitudinal",
    "match",
    "model",
    "pipeline",
    "records",
    "spine",
)
_CALL = re.compile(r"\b([a-z_][a-z0-9_]*)\(")
_OF_ONE_ENGINE = {
    "current_setting",
    "duckdb_tables",
    "hash",
    "read_csv",
    "read_parquet",
    "suffix",  # DuckDB's own, in linkage/engine
    "unhex",  # Spark's, in pseudonyms
}


def test_every_function_in_use_has_a_spec(duckdb_engine):
    functions = {
        row["name"] for row in rows(duckdb_engine, duckdb_engine.sql(_NAMES))
    } | RENDERINGS.keys()
    names = {name for text in sql_texts() for name in _CALL.findall(text)} & functions
    file = Path(__file__)
    specs = "".join(
        path.read_text(encoding="utf-8")
        for path in (file, file.with_name("functions.txt"))
    )
    assert len(names) > 60
    assert names - set(_CALL.findall(specs)) - _OF_ONE_ENGINE == set()


_NAMES = "select distinct function_name as name from duckdb_functions()"


def sql_texts() -> Iterator[str]:
    """Texts of the rooms whose queries run on both engines, without what only documents
    them.
    """
    home = Path(linkage.__file__).parent
    quality = home.with_name("quality")
    places = [
        *(home / room for room in _ON_BOTH),
        *(quality / room for room in ("", "contracts", "outcomes")),
    ]
    for path in sorted(
        path
        for place in places
        for path in place.glob("**/*.py" if place != quality else "*.py")
    ):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documents = {
            id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in documents
            ):
                yield node.value


TABLES = {
    "pupils": """
        id | school | score
        1  | A      | 10
        2  | A      | 30
        3  | B      | -
        4  | B      | 20
    """,
    "moves": """
        id | year | homes:list | since:list
        1  | 2015 | SW1;S2     | 2001;2009
        2  | 2016 | -          | -
        3  | 2017 | LS1        | 2003
    """,
    "years": "id | year\n1 | 2015\n9 | 2016",
    "left": "id | name | dob\n1 | MARTHA | 1999-01-02\n2 | JON | 1999-01-02\n3 | - | "
    "1999-01-02",
    "right": "id | name | dob\n7 | MARHTA | 1999-01-02\n8 | TOM | 1999-01-02",
}
"""Tables that queries read, by the name that a query gives them in braces."""

QUERIES: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "qualify keeps the best row of a group": (
        "select id from {pupils} qualify row_number() over (partition by school order "
        "by score desc, id) = 1",
        [(2,), (4,)],
    ),
    "distinct on keeps the first of an order": (
        "select distinct on (school) school, id from {pupils} order by school, score",
        [("A", 1), ("B", 4)],
    ),
    "nulls come last in either direction": (
        """
        select id, row_number() over (order by score, id) as up,
            row_number() over (order by score desc, id) as down
        from {pupils}
        """,
        [(1, 1, 3), (2, 3, 1), (3, 4, 4), (4, 2, 2)],
    ),
    "a semi join keeps the left rows": (
        "select id from {pupils} semi join {moves} using (id)",
        [(1,), (2,), (3,)],
    ),
    "an anti join keeps the others": (
        "select id from {pupils} anti join {moves} using (id)",
        [(4,)],
    ),
    "an anti join on a condition": (
        "select t.id from {pupils} as t anti join {moves} as u on t.id = u.id and "
        "u.year > 2015",
        [(1,), (4,)],
    ),
    "a list is unnested into rows": (
        "select id, unnest(homes) as home from {moves}",
        [(1, "S2"), (1, "SW1"), (3, "LS1")],
    ),
    "a list is unnested beside its table": (
        "select t.id, u.home from {moves} as t, unnest(t.homes) as u(home)",
        [(1, "S2"), (1, "SW1"), (3, "LS1")],
    ),
    "a list is unnested before a join": (
        """
        select t.id, u.home, p.school
        from {moves} as t cross join unnest(t.homes) as u(home)
            join {pupils} as p using (id)
        """,
        [(1, "S2", "A"), (1, "SW1", "A"), (3, "LS1", "B")],
    ),
    "a list is unnested and rows without one stay": (
        "select t.id, u.home from {moves} as t left join lateral (select "
        "unnest(t.homes) as home) as u on true",
        [(1, "S2"), (1, "SW1"), (2, None), (3, "LS1")],
    ),
    "lists are unnested side by side": (
        "with stays as (select unnest(homes) as home, id, unnest(since) as first from "
        "{moves}) select * from stays",
        [("LS1", 3, "2003"), ("S2", 1, "2009"), ("SW1", 1, "2001")],
    ),
    "running figures over earlier rows": (
        """
        select id, max(score) over earlier as before, lag(id) over (order by id) as last
        from {pupils}
        window earlier as (order by id rows between unbounded preceding and 1 preceding)
        """,
        [(1, None, None), (2, 10, 1), (3, 30, 2), (4, 30, 3)],
    ),
    "figures of the best and the next row": (
        """
        select id, lead(score) over best as next, first_value(score) over best as first,
            rank() over ranked as place
        from {pupils}
        window best as (partition by school order by score desc, id),
            ranked as (order by school)
        """,
        [(1, None, 30, 1), (2, 10, 30, 1), (3, None, 20, 3), (4, None, 20, 3)],
    ),
    "names given in a select serve in the same select": (
        "select id + 1 as next, next * 2 as twice from {pupils} where id = 1",
        [(2, 4)],
    ),
    "groups by all": (
        "select school, count(score) as n from {pupils} group by all",
        [("A", 2), ("B", 1)],
    ),
    "groups by sets": (
        "select school, count(*) as n from {pupils} group by grouping sets ((school), "
        "())",
        [("A", 2), ("B", 2), (None, 4)],
    ),
    "a column is left out": (
        "select * exclude (school) from {pupils} where id = 1",
        [(1, 10)],
    ),
    "a column of a table is left out": (
        "select t.* exclude (score) from {pupils} as t where id = 1",
        [(1, "A")],
    ),
    "recursion walks to its end": (
        "with recursive n as (select 1 as i union all select i + 1 from n where i < 3) "
        "select i from n",
        [(1,), (2,), (3,)],
    ),
    "no rows make no list": (
        "select list(id order by id) as ids, count(*) as n from {pupils} where id > 9",
        [(None, 0)],
    ),
    "full join keeps both sides": (
        "select id, t.school, u.year from {pupils} as t full join {years} as u using "
        "(id) where id <> 2",
        [(1, "A", 2015), (3, "B", None), (4, "B", None), (9, None, 2016)],
    ),
    "values are a table": (
        "select v.y from {pupils} as t join (values (1, 'x'), (2, 'y')) as v(id, y) "
        "using (id)",
        [("x",), ("y",)],
    ),
    "except matches rows with nulls": (
        "select score from {pupils} except select 10",
        [(20,), (30,), (None,)],
    ),
    "intersect matches them too": (
        "select score from {pupils} intersect select cast(null as bigint)",
        [(None,)],
    ),
    # what a scorer does: join on a block, compare, keep what is like enough
    "similar names within a block": (
        """
        select l.id as left_id, r.id as right_id,
            jaro_winkler_similarity(l.name, r.name) > 0.9 as close
        from {left} as l join {right} as r on l.dob = r.dob
            and levenshtein(l.name, r.name) <= 2
        """,
        [(1, 7, True), (2, 8, False)],
    ),
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES.keys())
def test_a_query_answers_the_same(engine, query, expected):
    tables = {
        name: engine.from_arrow(parse(text))
        for name, text in TABLES.items()
        if f"{{{name}}}" in query
    }
    result = engine.sql(query, **tables)
    assert (
        sorted((tuple(row.values()) for row in rows(engine, result)), key=repr)
        == expected
    )
