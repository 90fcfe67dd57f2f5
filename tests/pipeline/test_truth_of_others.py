"""A truth that a user made: names of persons of any kind, people whom it lacks, and
people of whom it says two things.
"""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.engine import connect, rows
from linkage.errors import InputError
from linkage.pipeline.truth import true_entities, unknown_to_truth


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_persons_may_be_named_by_any_text(tmp_path, suffix):
    """In Parquet keys may be numbers, and persons stand for themselves where
    they are.
    """
    path = tmp_path / f"entities.{suffix}"
    columns = {
        "source": ["a", "b", "a"],
        "entity_key": [7, 8, 9],
        "person_id": ["P-1", "P-1", "p2"],
    }
    if suffix == "csv":
        path.write_text("entity_key,person_id,source\n7,P-1,a\n8,P-1,b\n9,p2,a\n")
    else:
        pq.write_table(pa.table(columns), path)
    with connect("duckdb") as engine:
        persons = {
            (r["source"], r["entity_key"]): r["person_id"]
            for r in rows(engine, true_entities(engine, path))
        }
    assert persons["a", "7"] == persons["b", "8"] != persons["a", "9"]
    assert all(isinstance(number, int) for number in persons.values())


def test_numbers_of_persons_stay_as_they_are(tmp_path):
    path = tmp_path / "entities.csv"
    path.write_text("source,entity_key,person_id\na,0007,41\na,8,42\n")
    with connect("duckdb") as engine:
        persons = {
            (r["entity_key"], r["person_id"])
            for r in rows(engine, true_entities(engine, path))
        }
    assert persons == {("0007", 41), ("8", 42)}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_entities_without_a_person_in_the_truth_are_left_out(tmp_path, suffix):
    """Two of them are not two records of one."""
    path = tmp_path / f"entities.{suffix}"
    if suffix == "csv":
        path.write_text("source,entity_key,person_id\na,7,\nb,8, \na,9,P1\n")
    else:
        columns = {
            "source": ["a", "b", "a"],
            "entity_key": ["7", "8", "9"],
            "person_id": ["", None, "P1"],
        }
        pq.write_table(pa.table(columns), path)
    with connect("duckdb") as engine:
        assert [r["entity_key"] for r in rows(engine, true_entities(engine, path))] == [
            "9"
        ]


def test_entities_with_two_persons_are_refused_with_their_number(tmp_path):
    path = tmp_path / "entities.csv"
    path.write_text(
        "source,entity_key,person_id\na,Anwen,1\na,Anwen,2\na,Bryn,3\na,Bryn,3\n"
    )
    with connect("duckdb") as engine, pytest.raises(InputError) as error:
        true_entities(engine, path)
    assert (
        str(error.value)
        == f"{path}: 1 entity keys have several person_ids\n  give each one person_id"
    )


def test_people_whom_the_truth_lacks_are_counted_by_source(engine, world):
    truth = world(
        "source | entity_key:text | person_id\na | 1 | 1\nb | 1 | 1\nb | 2 | 2"
    )
    entities = world("""
        entity_id | source | entity_key:text
        1         | a      | 1
        2         | a      | 2
        3         | a      | 3
        4         | b      | 1
        5         | b      | 2
        6         | c      | 1
    """)
    notes = unknown_to_truth(engine, truth, entities, ["a", "b", "c"])
    assert len(notes) == 2
    assert notes[0].startswith("truth: says who is behind 1 of 3 people of a;")
    assert notes[1].startswith(
        "truth: has no key of c, and nothing of its links is measured;"
    )


def test_precision_counts_links_of_known_people_only(village, leo):
    """Of half of the pupils nobody knows who they are."""
    file = village.folder / "truth/entities.parquet"
    data = pq.read_table(file)
    mask = [
        not (s == "npd" and p % 2)
        for s, p in zip(
            *(data[c].to_pylist() for c in ("source", "person_id")), strict=True
        )
    ]
    pq.write_table(data.filter(pa.array(mask)), file)
    code, stdout, stderr = leo(
        "run",
        village.config,
        "--out",
        village.root,
        "--key",
        village.key,
        "--no-progress",
    )
    assert code == 0, stderr
    assert "truth: says who is behind 60 of 120 people of npd" in stdout + stderr
    accuracy = json.loads((village.root / "quality/evaluation.json").read_text())[
        "steps"
    ][0]["accuracy"]
    assert accuracy["assessed"] < accuracy["accepted"]
