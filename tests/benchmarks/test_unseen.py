"""What `benchmarks unseen` adds: F1 at the best threshold, stated intervals against the
truth, and files that linkage finds hard.
"""

import importlib
import json
import random
import sys
import types

import duckdb
import pytest

from benchmarks import files, stated
from benchmarks.best_threshold import best_threshold
from benchmarks.compare import judged
from benchmarks.files import DataSet
from benchmarks.stated import StatedShare


def write(path, columns, rows):
    text = [columns] + [",".join(map(str, row)) for row in rows]
    csv = path.with_suffix(".csv")
    csv.write_text("\n".join(text) + "\n")
    duckdb.sql(f"copy (from read_csv('{csv}')) to '{path}' (format parquet)")
    return path


@pytest.fixture
def two_files(tmp_path):
    truth = write(
        tmp_path / "truth.parquet", "left_id,right_id", [("a", "w"), ("b", "x")]
    )
    return DataSet("two", (truth, truth), (truth, truth), truth)


@pytest.fixture
def one_file(tmp_path):
    truth = write(
        tmp_path / "truth.parquet",
        "left_id,right_id",
        [("a", "b"), ("a", "c"), ("b", "c"), ("d", "e")],
    )
    return DataSet("one", (truth,), (truth,), truth)


def test_the_best_threshold_of_two_files_lies_above_the_first_error(
    two_files, tmp_path
):
    scored = write(
        tmp_path / "scored.parquet",
        "left_id,right_id,match_probability",
        [("a", "w", 0.9), ("b", "x", 0.2), ("c", "y", 0.1)],
    )
    best = best_threshold(two_files, scored)
    assert (best.threshold, best.f1) == (0.2, 1.0)


def test_pairs_of_one_file_count_by_their_clusters(one_file, tmp_path):
    """Two links make three pairs of one person; the false one would join two people."""
    scored = write(
        tmp_path / "scored.parquet",
        "left_id,right_id,match_probability",
        [("a", "b", 0.9), ("c", "b", 0.8), ("c", "d", 0.7), ("e", "f", 0.6)],
    )
    best = best_threshold(one_file, scored)
    assert best.threshold == 0.8
    assert best.f1 == pytest.approx(2 * 0.75 / 1.75)


def test_the_best_threshold_is_the_best_of_all_clusterings(one_file, tmp_path):
    random.seed(5)
    records = "abcdef"
    pairs = [
        (one, other, round(random.random(), 4))
        for place, one in enumerate(records)
        for other in records[place + 1 :]
    ]
    best = best_threshold(
        one_file,
        write(tmp_path / "scored.parquet", "left_id,right_id,match_probability", pairs),
    )
    scores = []
    for threshold in sorted(pair[2] for pair in pairs):
        people = {record: record for record in records}
        for one, other, share in pairs:
            if share >= threshold:
                joined = people[other]
                people = {
                    record: people[one] if person == joined else person
                    for record, person in people.items()
                }
        out = write(tmp_path / "out.parquet", "id,person_id", people.items())
        scores.append(judged(one_file, out)["f1"])
    assert best.f1 == pytest.approx(max(scores))


@pytest.fixture
def output(tmp_path):
    """An output folder that states precision and recall."""

    def output(recall, links):
        out = tmp_path / "out"
        (out / "quality").mkdir(parents=True)
        precision = {"value": 0.9, "low": 0.6, "high": 1.0}
        estimate = {"precision": precision, "recall": recall}
        evaluation = {"steps": [{"estimated_error": estimate}]}
        (out / "quality" / "evaluation.json").write_text(json.dumps(evaluation))
        write(out / "links.parquet", "left_id,right_id,decision", links)
        return out

    return output


def test_a_stated_interval_is_held_against_the_accepted_links(one_file, output):
    out = output(
        {"value": 0.9, "low": 0.8, "high": 1.0},
        [("b", "a", "accepted"), ("a", "f", "accepted"), ("d", "e", "rejected")],
    )
    shares = stated.stated_shares(one_file, out)
    assert shares["precision"].true == 0.5
    assert shares["recall"] == StatedShare(0.9, 0.8, 1.0, true=0.25)
    assert shares["recall"].covered == stated.MISSED
    row = stated.as_columns(shares)
    assert stated.summary([row]) == [
        "precision: the 95 % interval covers the truth on 0 of 1 sets (0 not known); "
        "mean width 0.4000",
        "recall: the 95 % interval covers the truth on 0 of 1 sets (0 not known); "
        "mean width 0.2000",
    ]


def test_what_is_not_known_is_neither_covered_nor_missed(two_files, output):
    out = output({"value": None, "low": None, "high": None}, [("a", "w", "accepted")])
    share = stated.stated_shares(two_files, out)["recall"]
    assert (share.true, share.covered) == (0.5, stated.NOT_KNOWN)
    assert stated.stated_shares(two_files, out / "quality") == {}


FEW_NAMES = types.SimpleNamespace(
    given={sex: (["Ann", "Ben", "Cat"], [1, 2, 3]) for sex in "MF"},
    family=(["Ash", "Birch", "Cedar", "Dogwood"], [1, 2, 3, 4]),
    towns=(["Leeds", "York"], [1, 2]),
    streets=["High Street", "Low Street"],
    codes={"Leeds": ["LS1 1AA"], "York": ["YO1 1AA"]},
    state={"Leeds": "W", "York": "N"},
)
"""The names and places that Faker would give, few of them."""


@pytest.fixture
def hard(tmp_path, monkeypatch):
    """A set of unseen.toml, written without Faker."""
    monkeypatch.setitem(sys.modules, "faker", types.SimpleNamespace(Faker=None))
    generator = importlib.import_module("benchmarks.generators.person_files")
    monkeypatch.setattr(generator, "Country", lambda *_: FEW_NAMES)

    def hard(name, rows):
        generator.make(files.unseen()[name], rows, rows, tmp_path / name)
        return files.data_set(tmp_path / name)

    return hard


def test_one_file_holds_a_tenth_of_duplicates(hard):
    data = hard("dedupe-ten-thousand", 450)
    assert [path.name for path in data.files] == ["file.csv"]
    assert data.rows() == {"left": 500}
    ((pairs, without_a_record),) = duckdb.sql(
        f"select count(*), count(*) filter (where one.id is null or other.id is null) "
        f"from read_csv('{data.truth}') "
        f"left join '{data.ready[0]}' as one on one.id = left_id "
        f"left join '{data.ready[0]}' as other on other.id = right_id"
    ).fetchall()
    assert without_a_record == 0
    assert 50 <= pairs <= 60  # a person who is chosen twice has three pairs


def test_swapped_names_stand_in_the_other_column(hard):
    data = hard("swapped-names", 1_000)
    left, right = data.ready
    ((share,),) = duckdb.sql(
        f"select avg((l.forename = r.surname and l.surname = r.forename)::int) "
        f"from read_csv('{data.truth}') "
        f"join '{left}' as l on l.id = left_id join '{right}' as r on r.id = right_id"
    ).fetchall()
    assert 0.08 < share < 0.2


def test_splink_does_without_a_constant_column(hard, tmp_path):
    """As an analyst leaves out what says nothing; its pairs are ranked."""
    data = hard("constant-town", 600)
    assert duckdb.sql(f"select distinct town from '{data.ready[0]}'").fetchall() in (
        [("GEELONG",), (None,)],
        [(None,), ("GEELONG",)],
    )
    from benchmarks.systems import splink

    out, scored = tmp_path / "links.parquet", tmp_path / "scored.parquet"
    splink.main([*map(str, data.ready), str(out), "0.5", "--scored", str(scored)])
    assert best_threshold(data, scored).f1 >= judged(data, out)["f1"] > 0.8
