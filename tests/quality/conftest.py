"""A world small enough to check by eye: three pupils, three learners, one false link
and one missed.
"""

import copy
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.engine import Engine, Table
from linkage.version import FORMAT
from quality.measures.evaluation import Inputs, StepTables, evaluate
from quality.report.render import Inputs as ReportInputs
from quality.report.render import render
from tests.files.conftest import files, linking, register  # noqa: F401 - fixtures
from tests.pipeline.conftest import linked_village, village  # noqa: F401 - fixtures

_RULE = {"source": "npd", "checked": 500}
CONTRACTS: list[dict[str, Any]] = [
    {
        **_RULE,
        "rule": "not null",
        "column": "Surname",
        "failed": 0,
        "share": 0.0,
        "limit": 0.0,
        "severity": "critical",
        "success": True,
    },
    {
        **_RULE,
        "rule": "in code frame",
        "column": "Gender",
        "failed": 40,
        "share": 0.08,
        "limit": 0.01,
        "severity": "warning",
        "success": False,
    },
]
"""Two rules, one of them not met."""
MANIFEST: dict[str, Any] = {
    "name": "small",
    "seed": 7,
    "versions": {"duckdb": "2.0.1"},
    "stages": [{"name": "records", "seconds": 1.5}],
}

MODEL: dict[str, Any] = {
    "probability_two_random_records_match": 0.25,
    "comparisons": [
        {
            "output_column_name": "surname",
            "comparison_levels": [
                {
                    "sql_condition": "surname_l is null",
                    "label_for_charts": "surname is NULL",
                    "is_null_level": True,
                },
                {
                    "sql_condition": "surname_l = surname_r",
                    "label_for_charts": "Exact match on surname",
                    "m_probability": 0.8,
                    "u_probability": 0.1,
                    "tf_adjustment_column": "surname",
                },
                {
                    "sql_condition": "ELSE",
                    "label_for_charts": "All other comparisons",
                    "m_probability": 0.2,
                    "u_probability": 0.9,
                },
            ],
        }
    ],
}


def write_run(
    folder: Path, evaluation: dict[str, Any], day: int, status: str = "done"
) -> Path:
    """The folder of a run that has this evaluation and was started on a day of January
    2026.
    """
    thresholds = {"thresholds": {"accept": 6.0, "review": 2.0}}
    manifest = {
        "run": "crowd",
        "format": FORMAT,
        "status": status,
        "started": f"2026-01-{day:02}T09:30:00.000+00:00",
        "configuration": {
            "run": {"name": "crowd"},
            "step": [{"name": "npd-cis", "left": "npd", "right": "cis"}],
        },
        "stages": [
            {"name": "link-npd-cis", "seconds": 2.0, "counts": thresholds},
            {"name": "records-npd", "seconds": 1.0 + day},
        ],
    }
    (folder / "quality").mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "quality" / "evaluation.json").write_text(json.dumps(evaluation))
    return folder


@pytest.fixture
def pupils_and_learners(world: Callable[[str], Table]) -> Inputs:
    """Persons P1 to P4. P1 is linked rightly, P2 to P4 wrongly, P2's own learner stays
    alone; P3 has no learner.
    """
    npd = world("""
        entity_id | source | entity_key:text | forename:list | dob:list   | sex:list
        1         | npd    | A               | ANN           | 1990-05-01 | F
        2         | npd    | B               | BEN;BENJAMIN  | 1991-06-02 | M
        3         | npd    | C               | -             | 2010-01-01 | -
    """)
    ilr = world("""
        entity_id | source | entity_key:text | forename:list | dob:list   | sex:list
        4         | ilr    | X               | ANN           | 1990-05-01 | F
        5         | ilr    | Y               | BEN           | 1991-06-02 | M
        6         | ilr    | Z               | BEN           | 1991-06-03 | M
    """)
    truth = world("""
        source | entity_key:text | person_id
        npd    | A               | 101
        npd    | B               | 102
        npd    | C               | 103
        ilr    | X               | 101
        ilr    | Y               | 102
        ilr    | Z               | 104
    """)
    units = world("""
        side  | unit_id | entity_id
        left  | 1       | 1
        left  | 2       | 2
        left  | 3       | 3
        right | 4       | 4
        right | 5       | 5
        right | 6       | 6
    """)
    links = world("""
        left_id | right_id | method        | pass   | match_weight:float | decision
        1       | 4        | deterministic | strict | 20.5               | accepted
        2       | 6        | probabilistic | -      | 7.25               | accepted
        2       | 5        | probabilistic | -      | 6.5                | review
        3       | 5        | probabilistic | -      | -12.0              | rejected
    """)
    unlinked = world("""
        side  | id | reason
        left  | 3  | below threshold
        right | 5  | ambiguous
    """)
    census = world("""
        entity_id | AcademicYear | EthnicGroupMajor | FSMeligible
        1         | 201011       | ASIA             | 0
        1         | 201112       | WHIT             | 1
        2         | 201112       | WHIT             | 0
    """)
    spine = world("""
        person_id | entity_id | source
        1         | 1         | npd
        1         | 4         | ilr
        2         | 2         | npd
        2         | 6         | ilr
        3         | 3         | npd
    """)
    step = StepTables(
        "npd-ilr", "npd", "ilr", links, unlinked, units, "one-to-one", MODEL
    )
    sources = (
        {"source": "npd", "rows_read": 5, "records": 4, "quarantined": 1},
        {"source": "ilr", "rows_read": 3, "records": 3, "quarantined": 0},
    )
    return Inputs(
        (step,),
        {"npd": npd, "ilr": ilr},
        {"npd_census": census},
        spine,
        truth=truth,
        sources=sources,
    )


@pytest.fixture
def crowd(engine: Engine, world: Any) -> Inputs:
    """600 people in two sources, 540 linked: 530 rightly, 10 falsely; every value of a
    person is a canary.
    """
    people = engine.sql("select unnest(generate_series(1, 600)) as n", store=True)

    def source(name: str, first: int) -> Table:
        return engine.sql(
            f"""
            select n + {first} as entity_id, '{name}' as source,
                'AB123456C' || n as entity_key,
                   list_append(cast([] as varchar[]), 'ZEBEDEE') as forename,
                   list_append(cast([] as varchar[]), 'QUILLFEATHER') as surname,
                   list_append(cast([] as date[]), make_date(1987 + n % 4, 3, 29))
                       as dob,
                   list_append(cast([] as varchar[]), case when n % 2 = 0 then 'F'
                       else 'M' end) as sex
            from {{people}}
            """,
            people=people,
            store=True,
        )

    left, right = source("npd", 0), source("cis", 1000)
    links = engine.sql(
        """
        select n as left_id, case when n <= 530 then n + 1000 else 1000 + n + 10
            end as right_id,
               case when n <= 400 then 'deterministic' else 'probabilistic'
                   end as method,
               case when n <= 400 then 'all-five' end as pass,
               cast(8 + n % 20 as double) as match_weight,
                   cast(0.98 as double) as match_probability,
               'accepted' as decision
        from {people} where n <= 540
        union all
        select n, n + 1000, 'probabilistic', null, cast(3.5 as double),
            cast(0.6 as double), 'review' from {people} where n > 570
        """,
        people=people,
        store=True,
    )
    unlinked = engine.sql(
        """
        select 'left' as side, n as id, case when n > 570 then 'ambiguous'
            else 'no candidate' end as reason
        from {people} where n > 540
        """,
        people=people,
    )
    units = engine.sql(
        """
        select 'left' as side, n as unit_id, n as entity_id from {people}
        union all select 'right', n + 1000, n + 1000 from {people}
        """,
        people=people,
    )
    truth = engine.sql(
        """
        select 'npd' as source, 'AB123456C' || n as entity_key, n as person_id
            from {people}
        union all select 'cis', 'AB123456C' || n, n from {people}
        """,
        people=people,
    )
    spine = engine.sql(
        """
        select n as person_id, n as entity_id, 'npd' as source from {people}
        union all select left_id, right_id, 'cis' from {links}
            where decision = 'accepted'
        """,
        people=people,
        links=links,
    )
    model = {
        "probability_two_random_records_match": 0.001,
        "comparisons": [
            {
                "output_column_name": "forename",
                "comparison_levels": [
                    {
                        "label_for_charts": "Exact match on forename",
                        "m_probability": 0.9,
                        "u_probability": 0.01,
                    },
                    {
                        "label_for_charts": "All other comparisons",
                        "m_probability": 0.1,
                        "u_probability": 0.99,
                    },
                ],
            }
        ],
    }
    draws = engine.sql(  # 540, 500 and 460 links
        """
        select draws.draw, links.left_id, links.right_id
        from {links} as links
        join (select unnest(generate_series(1, 3)) as draw) as draws
            on links.left_id <= 580 - 40 * draws.draw
        where links.decision = 'accepted'
        """,
        links=links,
        store=True,
    )
    step = StepTables(
        "npd-cis",
        "npd",
        "cis",
        links,
        unlinked,
        units,
        "one-to-one",
        model,
        sampled=draws,
        draws=3,
    )
    sources = ({"source": "npd", "rows_read": 700, "records": 680, "quarantined": 20},)
    return Inputs(
        (step,), {"npd": left, "cis": right}, {}, spine, truth=truth, sources=sources
    )


EvaluateOnce = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]
_EVALUATIONS: dict[tuple[str, str], dict[str, Any]] = {}


@pytest.fixture
def evaluate_once(engine: Engine) -> EvaluateOnce:
    """Evaluates a world of several tests once on each engine, and gives each of them a
    copy.
    """

    def evaluation_of(
        name: str, evaluate_world: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        if (name, engine.name) not in _EVALUATIONS:
            _EVALUATIONS[name, engine.name] = evaluate_world()
        return copy.deepcopy(_EVALUATIONS[name, engine.name])

    return evaluation_of


@pytest.fixture
def evaluation(
    engine: Engine, evaluate_once: EvaluateOnce, request: pytest.FixtureRequest
) -> dict[str, Any]:
    """The evaluation of the crowd."""
    return evaluate_once(
        "crowd", lambda: evaluate(engine, request.getfixturevalue("crowd"))
    )


@pytest.fixture
def uneven(engine: Engine, crowd: Inputs) -> Inputs:
    """Of 600 people in two sources the last 60, all from London, are not linked; one
    half are women.
    """
    tables = {}
    for source, table in crowd.entities.items():
        tables[source] = engine.sql(
            """
            select *, list_append(cast([] as varchar[]),
                                  case when entity_id % 1000 > 480 then 'SW1A 1AA'
                                      else 'LS1 1AA' end) as postcode
            from {t}
            """,
            t=table,
            store=True,
        )
    return dataclasses.replace(crowd, entities=tables)


@pytest.fixture
def uneven_evaluation(
    engine: Engine, evaluate_once: EvaluateOnce, request: pytest.FixtureRequest
) -> dict[str, Any]:
    return evaluate_once(
        "uneven", lambda: evaluate(engine, request.getfixturevalue("uneven"))
    )


@pytest.fixture
def uneven_estimates(
    engine: Engine, evaluate_once: EvaluateOnce, request: pytest.FixtureRequest
) -> dict[str, Any]:
    def evaluate_world() -> dict[str, Any]:
        return evaluate(
            engine, dataclasses.replace(request.getfixturevalue("uneven"), truth=None)
        )

    return evaluate_once("uneven without truth", evaluate_world)


@pytest.fixture(scope="session")
def report_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the one report of these tests: it takes a second to make."""
    return tmp_path_factory.mktemp("report")


@pytest.fixture
def report_file(report_folder: Path, request: pytest.FixtureRequest) -> Path:
    """The report on the crowd."""
    out = report_folder / "index.html"
    if not out.exists():
        render(
            ReportInputs(
                request.getfixturevalue("evaluation"), CONTRACTS, MANIFEST, "Small run"
            ),
            out,
        )
    return out
