"""What is said of a folder of `leo link` whose tables are gone or are others."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.cli.folders import both
from linkage.engine import connect
from linkage.errors import InputError


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    root = tmp_path / "linked"
    root.mkdir()
    (root / "manifest.json").write_text(
        '{"format": 1, "run": "a to b", "status": "done", "exit": 0, "tables": {"links": {"rows": 1}}, "counts": {},'
        ' "recognised": {"left": {}, "right": {}, "compared": {}}, "inputs": {}}'
    )
    (root / "model.json").write_text("{}")
    pq.write_table(
        pa.table({"left_id": ["a"], "right_id": ["b"], "match_weight": [1.0], "decision": ["accepted"]}),
        root / "links.parquet",
    )
    return root


def test_a_folder_whose_links_are_gone_is_no_folder_of_a_run(linked: Path, tmp_path: Path) -> None:
    other = shutil.copytree(linked, tmp_path / "other")
    (other / "links.parquet").unlink()
    with connect("duckdb") as engine, pytest.raises(InputError, match=r"other/links\.parquet: no such file\n  what"):
        both(engine, linked, other)


def test_links_without_a_column_are_named_with_it(linked: Path, tmp_path: Path) -> None:
    other = shutil.copytree(linked, tmp_path / "other")
    pq.write_table(pa.table({"left_id": ["a"], "right": ["b"]}), other / "links.parquet")
    with connect("duckdb") as engine:
        both(engine, linked, linked)
        with pytest.raises(InputError, match=r"links\.parquet: lacks right_id, match_weight, decision\n  take it from"):
            both(engine, linked, other)
