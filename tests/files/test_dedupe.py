"""One file linked with itself."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkage.engine import Engine
from linkage.errors import InputError
from linkage.files.link import DedupeRequest, dedupe_file
from linkage.pipeline.linked_files import open_linked_files


def test_people_who_are_twice_in_a_file_are_found(register: DedupeRequest) -> None:
    clusters = pq.read_table(register.out / "clusters.parquet").to_pylist()
    assert len(clusters) == 440
    assert 225 <= len({row["person_id"] for row in clusters}) <= 260
    manifest = json.loads((register.out / "manifest.json").read_text())
    assert manifest["counts"]["records"] == 440


def test_the_folder_opens_without_the_file(register: DedupeRequest, engine: Engine) -> None:
    register.file.unlink()
    opened = open_linked_files(engine, register.out)
    assert opened.of_one_file
    assert engine.count(opened.records["left"]) == 440
    assert opened.clusters is not None


def test_the_truth_may_be_a_column_which_is_not_compared(register: DedupeRequest, tmp_path: Path) -> None:
    lines = register.file.read_text().splitlines()
    path = tmp_path / "with_truth.csv"
    who = [line.split(",")[0][1:] for line in lines]
    path.write_text("\n".join(f"{line},{'who' if n == 0 else who[n]}" for n, line in enumerate(lines)))
    linked = dedupe_file(replace(register, file=path, out=tmp_path / "again", truth="who"))
    assert linked.truth is not None
    assert linked.truth["f1"] > 0.9
    assert "who" not in linked.kinds


def test_one_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("id,forename,surname,dob\n1,Ann,Ash,1990-05-03\n")
    with pytest.raises(InputError, match=r"two or more|say anything"):
        dedupe_file(DedupeRequest(path, tmp_path / "out"))
