"""A run whose step is not diagnosed: the same people, and no estimate of what was missed."""

import json
import shutil
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from linkage.engine import connect
from linkage.errors import ConfigError
from linkage.pipeline.opened import OpenRun
from tests.pipeline.toy_pipeline import tables

_TOLD = ("pattern", "match_probability", "runner_up_weight", "reason")


ASKED = ("train = false", "train = false\ndiagnose = false")


@pytest.fixture
def only_links(village):
    """The village, whose step asks for its links alone, before its run."""
    village.change(*ASKED)
    return village


@pytest.fixture(scope="module")
def with_links(linked_village, tmp_path_factory):
    """The village after a run that asked for its links alone; to be looked at only."""
    base = tmp_path_factory.mktemp("only-links")
    shutil.copytree(linked_village.folder, base / "in")
    shutil.copytree(linked_village.root, base / "run")
    made = replace(linked_village, folder=base / "in", root=base / "run")
    made.change(*ASKED)
    made.runner().run()
    return made


def test_the_same_people_come_of_it(linked_village, with_links):
    both = [
        pq.read_table(made.root / "stages" / "link-npd-cis" / "links" / "npd-cis.parquet")
        for made in (linked_village, with_links)
    ]
    assert [(f.name, f.type) for f in both[0].schema] == [(f.name, f.type) for f in both[1].schema]
    accepted = [
        table.filter(table["decision"].to_numpy(zero_copy_only=False) == "accepted").drop_columns(_TOLD).to_pylist()
        for table in both
    ]
    assert len(accepted[1]) == 100
    whole, alone = (sorted(found, key=lambda row: row["left_id"]) for found in accepted)
    weights = [[row.pop("match_weight") for row in found] for found in (whole, alone)]
    assert alone == whole
    assert weights[1] == pytest.approx(weights[0])
    made = [tables(json.loads((run.root / "manifest.json").read_text())) for run in (linked_village, with_links)]
    told_of_links = {name for name in made[0] if made[0][name] != made[1][name]}
    assert told_of_links == {"links/npd-cis", "unlinked/npd-cis"}


def test_everybody_without_a_link_is_counted_with_one_reason(with_links):
    counted = next(
        stage["counts"]
        for stage in json.loads((with_links.root / "manifest.json").read_text())["stages"]
        if stage["name"] == "link-npd-cis"
    )
    assert counted["unlinked"] == {"no accepted link": 20 + 15}
    assert counted["decisions"] == {"accepted": 100}
    assert sum(row["links"] for row in counted["passes"]) == 80


def test_what_was_missed_is_not_estimated_and_the_page_says_so(only_links):
    only_links.change('truth = "truth"', "")
    only_links.change("min_precision = 0.98", "precision_lower_bound = 0.5")
    only_links.runner().run()
    step = json.loads((only_links.root / "quality" / "evaluation.json").read_text())["steps"][0]
    assert step["estimated_error"]["precision"]["value"] > 0.98
    assert step["estimated_error"]["recall"]["value"] is None
    page = (only_links.root / "report" / "index.html").read_text()
    assert "None%" not in page


def test_nobody_is_asked_about_pairs_that_were_not_made(with_links):
    with (
        connect("duckdb", threads=1) as engine,
        pytest.raises(ConfigError, match="take diagnose = false from the step"),
    ):
        OpenRun(engine, with_links.root).open("npd-cis")
