"""True pairs by the ids of the files; what names nobody is refused with a remedy."""

from pathlib import Path

import pytest

from linkage.engine import Engine
from linkage.errors import InputError
from linkage.files.truth import error, true_pairs, truth_of_file
from tests.conftest import World, parse

IDS = "unit_id | source_id:text\n1 | {0}1\n2 | {0}2\n3 | {0}3"


@pytest.fixture
def sides(engine: Engine):
    return [engine.from_arrow(parse(IDS.format(letter))) for letter in "AB"]


def write(folder: Path, text: str) -> Path:
    path = folder / "truth.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_pair_that_names_no_record_is_left_out_with_a_note(
    sides, engine: Engine, tmp_path: Path
) -> None:
    truth = true_pairs(
        engine, write(tmp_path, "left_id,right_id\nA1,B1\nA2,B9\n"), *sides
    )
    assert engine.count(truth.table) == 1
    assert "1 of its true pairs" in truth.notes[0]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("left_id,right_id\nB1,A1\n", "the other way round 1"),
        ("left_id,right_id\nX1,Y1\n", "--id LEFT --id RIGHT"),
        ("A1,B1\nA2,B2\n", "first line must name left_id, right_id"),
        ("left_id,weight,extra\nA1,2,3\n", "lacks columns"),
        ("left_id,right_id\n", "no lines"),
        ("", "is empty"),
    ],
)
def test_a_faulty_truth_has_a_remedy(
    text: str, part: str, sides, engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=part):
        true_pairs(engine, write(tmp_path, text), *sides)


def test_ids_as_numbers_are_explained(engine: Engine, tmp_path: Path) -> None:
    sides = [
        engine.from_arrow(parse("unit_id | source_id:text\n1 | 007")) for _ in range(2)
    ]
    with pytest.raises(InputError, match="007 is not 7"):
        true_pairs(engine, write(tmp_path, "left_id,right_id\n7,7\n"), *sides)


def test_clusters_and_pairs_of_one_file(sides, engine: Engine, tmp_path: Path) -> None:
    ids = sides[0]
    clusters = truth_of_file(
        engine, str(write(tmp_path, "id,cluster\nA1,x\nA2,x\nA3,y\n")), ["id"]
    )
    assert engine.count(clusters.in_units(engine, ids).table) == 1
    pairs = truth_of_file(
        engine, str(write(tmp_path, "left_id,right_id\nA2,A1\nA1,A2\n")), ["id"]
    )
    assert engine.arrow(pairs.in_units(engine, ids).table).to_pylist() == [
        {"left_id": 1, "right_id": 2}
    ]
    assert truth_of_file(engine, "who", ["id", "who"]).column == "who"
    with pytest.raises(InputError, match="neither a column of the file nor a file"):
        truth_of_file(engine, "whom", ["id", "who"])


def test_precision_and_recall(engine: Engine, world: World) -> None:
    links = world(
        "left_id | right_id | decision\n1 | 1 | accepted\n2 | 3 | accepted\n3 | 3 | "
        "review"
    )
    rates = error(
        engine, links, world("left_id | right_id\n1 | 1\n2 | 2\n3 | 3\n4 | 4")
    )
    assert (rates["precision"], rates["recall"]) == (0.5, 0.25)
