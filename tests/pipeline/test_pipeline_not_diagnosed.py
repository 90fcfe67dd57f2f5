"""A run whose step is not diagnosed: the same people, and no estimate of what was
missed.
"""

import json
import shutil
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from linkage.engine import connect
from linkage.errors import ConfigError
from linkage.pipeline.opened import OpenRun
from tests.pipeline.toy_pipeline import tables

_COLUMNS = ("pattern", "match_probability", "runner_up_weight", "reason")


CHANGE = ("train = false", "train = false\ndiagnose = false")


@pytest.fixture
def links_only(village):
    """The village, whose step asks for its links alone, before its run."""
    village.change(*CHANGE)
    return village


@pytest.fixture(scope="module")
def links_only_run(linked_village, tmp_path_factory):
    """The village after a run that asked for its links alone; to be looked at only."""
    base = tmp_path_factory.mktemp("only-links")
    shutil.copytree(linked_village.folder, base / "in")
    shutil.copytree(linked_village.root, base / "run")
    village = replace(linked_village, folder=base / "in", root=base / "run")
    village.change(*CHANGE)
    village.runner().run()
    return village


def test_the_same_people_are_linked(linked_village, links_only_run):
    link_tables = [
        pq.read_table(
            run.root / "stages" / "link-npd-cis" / "links" / "npd-cis.parquet"
        )
        for run in (linked_village, links_only_run)
    ]
    assert [(f.name, f.type) for f in link_tables[0].schema] == [
        (f.name, f.type) for f in link_tables[1].schema
    ]
    link_rows = [
        table.filter(table["decision"].to_numpy(zero_copy_only=False) == "accepted")
        .drop_columns(_COLUMNS)
        .to_pylist()
        for table in link_tables
    ]
    assert len(link_rows[1]) == 100
    full_rows, short_rows = (
        sorted(rows, key=lambda row: row["left_id"]) for rows in link_rows
    )
    weights = [
        [row.pop("match_weight") for row in rows] for rows in (full_rows, short_rows)
    ]
    assert short_rows == full_rows
    assert weights[1] == pytest.approx(weights[0])
    prints = [
        tables(json.loads((run.root / "manifest.json").read_text()))
        for run in (linked_village, links_only_run)
    ]
    changed_tables = {name for name in prints[0] if prints[0][name] != prints[1][name]}
    assert changed_tables == {"links/npd-cis", "unlinked/npd-cis"}


def test_everybody_without_a_link_is_counted_with_one_reason(links_only_run):
    counts = next(
        stage["counts"]
        for stage in json.loads((links_only_run.root / "manifest.json").read_text())[
            "stages"
        ]
        if stage["name"] == "link-npd-cis"
    )
    assert counts["unlinked"] == {"no accepted link": 20 + 15}
    assert counts["decisions"] == {"accepted": 100}
    assert sum(row["links"] for row in counts["passes"]) == 80


def test_recall_is_not_estimated_and_the_page_says_so(links_only):
    links_only.change('truth = "truth"', "")
    links_only.change("min_precision = 0.98", "precision_lower_bound = 0.5")
    links_only.runner().run()
    step = json.loads((links_only.root / "quality" / "evaluation.json").read_text())[
        "steps"
    ][0]
    assert step["estimated_error"]["precision"]["value"] > 0.98
    assert step["estimated_error"]["recall"]["value"] is None
    page = (links_only.root / "report" / "index.html").read_text()
    assert "None%" not in page


def test_a_run_without_diagnosis_has_no_pairs_to_open(links_only_run):
    with (
        connect("duckdb", threads=1) as engine,
        pytest.raises(ConfigError, match="take diagnose = false from the step"),
    ):
        OpenRun(engine, links_only_run.root).open("npd-cis")
