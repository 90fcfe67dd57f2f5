"""A run reads one delivery of a population of several; their truth, which lies beside
them, is found.
"""

from pathlib import Path

import pytest

from linkage.engine import connect
from linkage.pipeline.job import load_job
from linkage.pipeline.truth import true_entities, true_entities_file
from synthetic import synthesise


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deliveries") / "population"
    synthesise(folder, 300, releases=2, workers=1)
    return folder


@pytest.mark.parametrize("release", ["release-1", "release-2"])
def test_a_delivery_is_read_with_the_truth_of_all(deliveries, release):
    job = load_job(Path("demo.toml"), data=deliveries / release, need_key=False)
    assert job.truth == deliveries / "truth"
    assert all(
        deliveries / release in path.parents
        for paths in job.files.values()
        for path in paths
    )
    with connect("duckdb") as engine:
        assert engine.count(true_entities(engine, true_entities_file(job.truth))) > 300


def test_a_delivery_with_a_truth_of_its_own_is_judged_by_it(deliveries, tmp_path):
    delivery = tmp_path / "release-1"
    delivery.mkdir()
    (delivery / "sources").symlink_to(deliveries / "release-1" / "sources")
    (delivery / "truth").symlink_to(deliveries / "truth")
    (tmp_path / "truth").mkdir()
    assert (
        load_job(Path("demo.toml"), data=delivery, need_key=False).truth
        == delivery / "truth"
    )
