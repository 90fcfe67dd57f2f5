"""Rules as suites of Great Expectations: it loads them, and its verdicts are those of a
run.
"""

import json
import os
from typing import Any

import pytest

from linkage.catalogue import Catalogue, TableDef, shipped
from linkage.config import Source
from linkage.engine import Engine
from quality.contracts import ContractReport, Delivered, check
from quality.contracts.expectations import quiet, suite
from quality.contracts.rules import attribute_rules, published_rules, record_rules
from tests.conftest import parse

SOURCES = {"npd": Source(dataset="school", table="pupils", files=("*.parquet",))}

PEOPLE = """
    source_key:text | entity_key | valid_from | valid_to:date | forename | surname:text | dob        | sex:text | postcode | problems
    1               | A          | 2010-01-01 | -             | ANN      | -            | 2011-01-02 | F        | AB1 2CD  | 1
    1               | B          | 2010-01-01 | -             | ANN      | NORTH        | 2001-01-02 | -        | -        | 3
    1               | B          | 2010-01-01 | 2009-01-01    | BO       | SOUTH        | 1899-12-31 | M        | AB1 2CD  | 0
    -               | C          | 2010-01-01 | 2011-01-01    | CY       | WEST         | -          | M        | -        | 4
    2               | D          | 2010-01-01 | 2011-01-01    | DI       | EAST         | 1900-01-01 | M        | AB1 2CD  | 4
"""
MARKS = (
    "entity_id | Subject | Mark:int | Sat:date\n1 | M | 201112 | -\n1 | Z | "
    "201113 "
    "| -\n2 | - | - | -"
)
SPELLS = """
    EDUKEY | StartDate:date | EndDate:date | Benefit_type | Out_of_work_benefit:int
    A      | 2015-01-01     | 2015-02-01   | 10           | 1
    A      | 2015-01-01     | 2015-03-01   | 10           | 1
    -      | 2015-05-01     | 2015-04-30   | none         | 0
"""
SPINE = """
    person_id:int | entity_id:int | source | entity_key | link_method   | link_band       | match_probability:float
    1             | 11            | npd    | SECRET     | -             | first seen here | -
    1             | 12            | npd    | SECRET     | probabilistic | good            | 1.5
    -             | 12            | cis    | SECRET     | guessed       | strong          | 0.99
"""
TOKENS = [letter * 26 for letter in "abc"]
EXTRACT = f"""
    AE_ID:text  | School:text | Mark:int | Grade:text
    {TOKENS[0]} | {TOKENS[2]} | 3        | A
    {TOKENS[1]} | 500         | 4        | Z
    -           | -           | 5        | -
"""


@pytest.fixture(scope="module")
def gx() -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with quiet():
        import great_expectations

        yield great_expectations


def study(*columns: str) -> TableDef:
    kinds = {"Mark": "integer"}
    details = {"AE_ID": {"required": True}, "Grade": {"frame": "grades"}}
    defaults = {
        "description": "d",
        "concept": "c",
        "identifiability": 5,
        "sensitivity": "E",
    }
    variables = [
        {
            "name": name,
            "type": kinds.get(name, "string"),
            **defaults,
            **details.get(name, {}),
        }
        for name in columns
    ]
    return TableDef.model_validate(
        {
            "name": "taken",
            "title": "Taken",
            "grain": "mark",
            "key": ["AE_ID"],
            "variable": variables,
        }
    )


def report_of(
    engine: Engine, catalogue: Catalogue, approved: tuple[str, ...]
) -> ContractReport:
    """A report on a table of each kind, with most rules broken."""
    whole_catalogue = catalogue.model_copy(
        update={
            "frames": {**catalogue.frames, "grades": {"A": "Best"}, **shipped().frames},
            "datasets": {**_yearly(catalogue), "leo": shipped().datasets["leo"]},
        }
    )
    tables = {name: engine.from_arrow(parse(text)) for name, text in WORLDS.items()}
    return check(
        engine,
        whole_catalogue,
        {"npd": tables["npd"]},
        sources=SOURCES,
        attributes={"school_marks": tables["school_marks"]},
        published={"benefits": tables["leo_benefits"], "spine": tables["spine"]},
        delivered={
            "study: taken": Delivered(
                tables["study: taken"],
                study(*approved),
                ("AE_ID", "School"),
                "^[a-z2-7]{26}$",
            )
        },
    )


def _yearly(catalogue: Catalogue) -> dict[str, Any]:
    marks = catalogue.datasets["school"].table["marks"]
    tables = {
        **catalogue.datasets["school"].table,
        "marks": marks.model_copy(update={"year": ("Mark",)}),
    }
    return {
        **catalogue.datasets,
        "school": catalogue.datasets["school"].model_copy(update={"table": tables}),
    }


WORLDS = {
    "npd": PEOPLE,
    "school_marks": MARKS,
    "leo_benefits": SPELLS,
    "spine": SPINE,
    "study: taken": EXTRACT,
}
APPROVED = ("AE_ID", "School", "Mark", "Grade")

Verdicts = dict[tuple[str, str, str | None, str], bool]


def own_verdicts(report: ContractReport) -> Verdicts:
    return {(r.source, r.rule, r.column, r.severity): r.success for r in report.results}


def gx_verdicts(
    gx: Any, report: ContractReport, source: Any, frame_of: Any
) -> Verdicts:
    """What Great Expectations finds with the suites as JSON, each on its own table."""
    verdicts = {}
    for name, body in report.suites.items():
        expectations = gx.ExpectationSuite(**json.loads(json.dumps(body)))
        batch = source.add_batch_definition_whole_dataframe(name).get_batch(
            {"dataframe": frame_of(WORLDS[name])}
        )
        results = batch.validate(
            expectations,
            result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
        ).results
        assert len(results) == len(body["expectations"])
        for outcome in results:
            assert not outcome.exception_info.get("raised_exception"), (
                name,
                outcome.expectation_config.meta,
                outcome.exception_info,
            )
            meta, severity = (
                outcome.expectation_config.meta,
                outcome.expectation_config.severity,
            )
            verdicts[
                name, meta["rule"], meta["column"], getattr(severity, "value", severity)
            ] = bool(outcome.success)
    return verdicts


def test_every_suite_of_the_catalogue_is_loaded_whole(gx):
    """Great Expectations logs and leaves out what it cannot build."""
    catalogue = shipped()
    schema = gx.core.expectation_suite.expectationSuiteSchema
    for dataset in ("npd", "hesa", "cis", "hmrc", "dwp", "leo"):
        for name, table in catalogue.datasets[dataset].table.items():
            rules = [
                *record_rules(table),
                *attribute_rules(catalogue, table),
                *published_rules(catalogue, table),
            ]
            body = suite(f"{dataset}_{name}", name, table, rules)
            suite_read = gx.ExpectationSuite(
                **schema.load(json.loads(json.dumps(body)))
            )
            expectations = suite_read.to_json_dict()["expectations"]
            assert [
                (row["type"], row["severity"], row["meta"]) for row in expectations
            ] == [
                (row["type"], row["severity"], row["meta"])
                for row in body["expectations"]
            ]
            assert [row.get("notes") for row in expectations] == [
                row.get("notes") for row in body["expectations"]
            ]


def test_a_suite_has_each_rule_with_its_severity_and_its_column(
    duckdb_engine, catalogue
):
    body = report_of(duckdb_engine, catalogue, APPROVED).suites["npd"]
    assert body["meta"]["table"] == "records/npd"
    dob = [
        row
        for row in body["expectations"]
        if row["meta"]["column"] == "dob" and row["meta"]["rule"] == "is given"
    ]
    assert dob == [
        {
            "type": "expect_column_values_to_not_be_null",
            "kwargs": {"column": "dob", "mostly": mostly},
            "meta": {
                "rule": "is given",
                "column": "dob",
                "source_columns": ["Born"],
                "may_fail": limit,
            },
            "description": "dob: is given",
            "severity": severity,
            "notes": ["Born"],
        }
        for severity, limit, mostly in (("warning", 0.02, 0.98), ("critical", 0.5, 0.5))
    ]


@pytest.mark.parametrize("approved", [APPROVED, APPROVED[:3]])
def test_great_expectations_finds_the_same_by_pandas(
    gx, duckdb_engine, catalogue, approved
):
    report = report_of(duckdb_engine, catalogue, approved)
    asset = (
        gx.get_context(mode="ephemeral")
        .data_sources.add_pandas("p")
        .add_dataframe_asset("a")
    )
    verdicts = gx_verdicts(gx, report, asset, lambda text: parse(text).to_pandas())
    assert verdicts == own_verdicts(report)
    assert set(verdicts.values()) == {True, False}


@pytest.mark.spark
def test_great_expectations_finds_the_same_by_spark_on_spark(
    gx, duckdb_engine, spark_engine, catalogue
):
    report = report_of(spark_engine, catalogue, APPROVED)
    assert report.as_dict() == report_of(duckdb_engine, catalogue, APPROVED).as_dict()
    asset = (
        gx.get_context(mode="ephemeral")
        .data_sources.add_spark("s")
        .add_dataframe_asset("a")
    )
    verdicts = gx_verdicts(
        gx,
        report,
        asset,
        lambda x: spark_engine.data_frame(spark_engine.from_arrow(parse(x))),
    )
    assert verdicts == own_verdicts(report)


FAILURES = """
    source       | rule                                    | column                          | checked | failed
    school_marks | is in its code frame                    | Subject                         | 2       | 1
    school_marks | is a year of six digits, such as 201112 | Mark                            | 2       | 1
    leo_benefits | is given                                | EDUKEY                          | 3       | 1
    leo_benefits | is unique                               | EDUKEY, Benefit_type, StartDate | 3       | 1
    leo_benefits | is not before its start                 | EndDate                         | 3       | 1
    leo_benefits | is in its code frame                    | Benefit_type                    | 3       | 3
    spine        | is given                                | person_id                       | 3       | 1
    spine        | is unique                               | entity_id                       | 3       | 1
    spine        | lies in its range                       | match_probability               | 2       | 1
    spine        | is in its code frame                    | link_method                     | 2       | 1
    study: taken | is given                                | AE_ID                           | 3       | 1
    study: taken | is a pseudonym                          | School                          | 2       | 1
    study: taken | is in its code frame                    | Grade                           | 2       | 1
"""


def test_rows_that_break_rules_are_counted(duckdb_engine, catalogue):
    """Of an extract: a school's own number where a pseudonym belongs, a row of nobody;
    an unknown code only warns.
    """
    report = report_of(duckdb_engine, catalogue, APPROVED)
    own = [r for r in report.results if r.source != "npd"]
    expected = {tuple(row.values()) for row in parse(FAILURES).to_pylist()}
    assert {
        (r.source, r.rule, r.column, r.checked, r.failed) for r in own if r.failed
    } == expected
    in_frames = {
        (r.source, r.severity)
        for r in own
        if r.rule == "is in its code frame" and r.failed
    }
    assert ("school_marks", "critical") in in_frames
    assert ("study: taken", "critical") not in in_frames
    assert (
        "spine.entity_id: is unique: fails in 1 of 3 (33.33%), at most 0.00% allowed"
        in report.critical
    )


def test_columns_are_checked_against_those_approved_not_by_row(
    duckdb_engine, catalogue
):
    extract = [
        r
        for r in report_of(duckdb_engine, catalogue, APPROVED[:3]).results
        if r.source == "study: taken"
    ]
    assert [
        (r.rule, r.column, r.checked, r.failed, r.severity, r.success) for r in extract
    ] == [("the columns are those approved", None, 4, 1, "critical", False)]
