"""The rules of the catalogue are counted on all rows, and no value is shown."""

import contextlib
import io
import json
import subprocess
import sys

import pytest

from linkage.catalogue import Catalogue, Dataset
from linkage.config import Source
from linkage.errors import ConfigError
from linkage.records import read_source
from quality.contracts import check
from quality.contracts.expectations import judge
from tests.conftest import parse
from tests.quality.contracts.test_rules import PEOPLE
from tests.records.conftest import PUPILS

SOURCES = {"npd": Source(dataset="school", table="pupils", files=("*.parquet",))}


def result(report, rule, column, severity):
    (match,) = [
        r
        for r in report.results
        if (r.rule, r.column, r.severity) == (rule, column, severity)
    ]
    return match


@pytest.fixture
def records(engine, catalogue, write, tmp_path):
    write("a.parquet", PUPILS)
    return read_source(engine, catalogue, "npd", SOURCES["npd"], tmp_path).records


def test_each_rule_with_its_counts_and_limit(engine, catalogue, records):
    report = check(engine, catalogue, {"npd": records}, sources=SOURCES)
    dob = result(report, "is a valid value", "dob", "warning")
    assert (
        dob.source,
        dob.checked,
        dob.failed,
        round(dob.share, 4),
        dob.limit,
        dob.success,
    ) == (*("npd", 3, 2, 0.6667, 0.03, False),)
    assert result(report, "is given", "surname", "critical").success
    assert result(report, "is unique", "source_key", "critical").checked == 3
    postcode = result(report, "is given", "postcode", "warning")
    assert (postcode.checked, postcode.failed, postcode.success) == (3, 1, False)
    assert not [r for r in report.results if r.column in ("nino", "uln")]
    assert report.failed == sum(not r.success for r in report.results)


def test_a_critical_rule_is_given_in_words(engine, catalogue, world):
    table = world("""
        source_key | entity_key | valid_from | valid_to:date | forename | surname:text | dob        | sex | postcode | problems
        1          | A          | 2010-01-01 | -             | ANN      | -            | 2011-01-02 | F   | AB1 2CD  | 1
        1          | B          | 2010-01-01 | -             | ANN      | -            | 2001-01-02 | F   | AB1 2CD  | 1
    """)
    table = engine.sql(
        "select * exclude (source_key), cast(source_key as varchar) as source_key from "
        "{t}",
        t=table,
    )
    report = check(engine, catalogue, {"npd": table}, sources=SOURCES)
    assert report.critical == [
        "npd.source_key: is unique: fails in 1 of 2 (50.00%), at most 0.00% allowed",
        "npd.surname: is given: fails in 2 of 2 (100.00%), at most 50.00% allowed",
        "npd.dob: is not after the record: fails in 1 of 2 (50.00%), at most 5.00% "
        "allowed",
    ]


def test_the_names_of_dataset_and_table_may_hold_underscores(engine, catalogue, world):
    """state_school.exam_marks: cut at its first underscore, the name was that of no
    dataset.
    """
    marks = catalogue.datasets["school"].table["marks"]
    state = Dataset(
        dataset="state_school", title="t", owner="o", table={"exam_marks": marks}
    )
    catalogue_of_both = Catalogue(
        datasets={**catalogue.datasets, "state_school": state}, frames=catalogue.frames
    )
    table = world("entity_id | Subject | Mark | Sat:date\n1 | Z | 4 | -")
    report = check(
        engine, catalogue_of_both, {}, attributes={"state_school_exam_marks": table}
    )
    assert result(report, "is in its code frame", "Subject", "critical").failed == 1
    with pytest.raises(ConfigError, match=r"no table 'state_marks' \(dataset_table\)"):
        catalogue_of_both.table_called("state_marks")


def test_no_rule_and_no_row(engine, catalogue, records):
    assert check(engine, catalogue, {}).results == ()
    nobody = engine.sql("select * from {r} where false", r=records)
    assert check(engine, catalogue, {"npd": nobody}, sources=SOURCES).failed == 0


def test_a_value_of_a_person_is_in_no_report(engine, catalogue, write, tmp_path):
    write(
        "a.parquet",
        PUPILS.replace("Ann", "Xanthippe")
        .replace("O'Neil", "Quartermaine")
        .replace("ab1 2cd", "QQ9 9QQ"),
    )
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        records = read_source(
            engine, catalogue, "npd", SOURCES["npd"], tmp_path
        ).records
        report = check(engine, catalogue, {"npd": records}, sources=SOURCES)
    text = (
        json.dumps(report.as_dict()) + repr(report)
    ).upper() + output.getvalue().upper()
    assert not [
        secret for secret in ("XANTHIPPE", "QUARTERMAINE", "QQ9") if secret in text
    ]
    assert output.getvalue() == ""


def test_a_source_is_taken_for_the_dataset_of_its_name(engine, catalogue, world):
    payers = world("""
        source_key:text | entity_key | valid_from | valid_to   | surname | nino     | problems
        1               | AB123456C  | 2010-01-01 | 2009-01-01 | SMITH   | AB123456 | 0
        2               | AB123456C  | 2010-01-01 | 2010-01-01 | SMITH   | -        | 8
    """)
    report = check(engine, catalogue, {"tax": payers})
    ends = result(report, "is not before its start", "valid_to", "critical")
    assert (ends.checked, ends.failed, ends.success) == (2, 1, False)
    nino = result(report, "is a valid value", "nino", "warning")
    assert (nino.checked, nino.failed) == (2, 1)
    with pytest.raises(ConfigError, match="no dataset 'customs'"):
        check(engine, catalogue, {"customs": payers})


@pytest.mark.spark
def test_no_row_on_spark(spark_engine, catalogue):
    records = spark_engine.from_arrow(parse(PEOPLE))
    nobody = spark_engine.sql("select * from {r} where false", r=records)
    report = check(spark_engine, catalogue, {"npd": nobody}, sources=SOURCES)
    assert report.failed == 0
    assert {result.failed for result in report.results} == {0}


def test_a_share_may_be_its_limit_and_no_more():
    assert judge([(0.25, 0.25), (0.5, 0.25), (0.0, 0.0), (0.000001, 0.0)]) == [
        True,
        False,
        True,
        False,
    ]
    assert judge([]) == []


def test_the_contracts_are_checked_where_the_main_module_has_no_file():
    """In a notebook and under python -c pyspark ended the process, with exit code 0."""
    script = (
        "from quality.contracts.expectations import judge\nprint(judge([(0.25, 0.5)]))"
    )
    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (process.returncode, process.stdout) == (0, "[True]\n"), process.stderr
