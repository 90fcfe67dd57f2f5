"""The harness that compares systems: its files, precision, recall, time, memory, and
the page of results.
"""

import sys
import time

import duckdb
import pytest

from benchmarks import ablation, files, measure, results
from benchmarks.ablation import techniques
from benchmarks.compare import SYSTEMS, judged
from benchmarks.files import TYPOS, DataSet, data_set
from linkage.match import thresholds


@pytest.fixture(scope="module")
def typos(tmp_path_factory):
    return files.make("typos", tmp_path_factory.mktemp("sets"), people=20_000)


def query(text):
    return duckdb.sql(text).fetchall()


def test_typos_have_their_shares_and_are_independent(typos):
    rows = typos.rows()
    assert rows == {
        "left": pytest.approx(12_000, rel=0.03),
        "right": pytest.approx(18_800, rel=0.02),
    }
    left, right = typos.files
    pairs = (
        f"'{typos.truth}' as t join '{left}' as l on l.id = t.left_id join "
        f"'{right}' as r on r.id = t.right_id"
    )
    for field, share in TYPOS.items():  # in either file
        ((share_different, count),) = query(
            f"select avg((l.{field} <> r.{field})::int), count(*) from {pairs}"
        )
        assert count > 11_000
        assert share_different == pytest.approx(2 * share, rel=0.2)
    ((share_of_both,),) = query(
        f"select avg((l.dob <> r.dob and l.surname <> r.surname)::int) from {pairs}"
    )
    assert share_of_both == pytest.approx(
        4 * TYPOS["dob"] * TYPOS["surname"], abs=0.002
    )


def test_copies_are_other_people(typos):
    tenfold = files.make("typos", typos.truth.parents[1], people=20_000, copies=3)
    assert tenfold.rows() == {side: 3 * count for side, count in typos.rows().items()}
    ((number_shared,),) = query(
        f"select count(*) from '{tenfold.files[0]}' as a join '{tenfold.files[0]}' as "
        "b using (dob, postcode) "
        "where split_part(a.id, '-', 2) < split_part(b.id, '-', 2)"
    )
    assert number_shared == 0


@pytest.fixture
def write(tmp_path):
    """A Parquet file of rows."""

    def write(name, columns, *rows):
        values = ", ".join(f"({', '.join(map(repr, row))})" for row in rows)
        duckdb.sql(
            f"copy (select * from (values {values}) as t({columns})) to "
            f"'{tmp_path / name}' (format parquet)"
        )
        return tmp_path / name

    return write


def test_links_are_judged_one_to_one_against_the_pairs_that_can_be_linked(write):
    truth = write(
        "truth.parquet",
        "left_id, right_id",
        ("a", "x"),
        ("b", "y"),
        ("b", "z"),
        ("c", "w"),
    )
    data = DataSet("d", (truth, truth), (truth, truth), truth)
    links = write(
        "out.parquet",
        "left_id, right_id, match_weight",
        ("a", "x", 9.0),
        ("a", "y", 5.0),
        ("b", "z", 3.0),
        ("c", "v", 1.0),
    )
    assert judged(data, links) == {
        "links": 3,
        "true_pairs": 3,
        "precision": pytest.approx(2 / 3),
        "recall": pytest.approx(2 / 3),
        "f1": pytest.approx(2 / 3),
    }


def test_clusters_are_judged_by_their_pairs(write):
    truth = write("truth.parquet", "left_id, right_id", ("b", "a"), ("c", "d"))
    clusters = write(
        "out.parquet", "id, person_id", ("a", 1), ("b", 1), ("c", 1), ("d", 2)
    )
    scores = judged(DataSet("d", (truth,), (truth,), truth), clusters)
    assert (scores["links"], scores["precision"], scores["recall"]) == (
        3,
        pytest.approx(1 / 3),
        0.5,
    )


def test_a_folder_without_truth_is_no_data_set(tmp_path):
    (tmp_path / "left.csv").write_text("id\n1\n")
    with pytest.raises(SystemExit, match="no data set"):
        data_set(tmp_path)


def test_every_system_links_a_small_set(typos, tmp_path):
    small = files.make("typos", tmp_path, people=1_500)
    for number, (name, system) in enumerate(SYSTEMS.items()):
        out = tmp_path / (f"{number}.parquet" if system.prepared else str(number))
        outcome = measure.run(system.on(small, 0.5, out), timeout=300)
        assert outcome.exit_code == 0, outcome.failure()
        assert outcome.peak_bytes > 50e6
        assert judged(small, out)["f1"] > 0.95, name


@pytest.mark.parametrize(
    "settings", [t["without"] for t in techniques() if "without" in t], ids=str
)
def test_a_technique_that_is_left_out_exists(settings):
    with ablation.without(settings):
        pass
    with (
        pytest.raises(AttributeError),
        ablation.without({"linkage.match.resolve.NONE_SUCH": 1}),
    ):
        pass


def test_a_technique_left_out_is_restored():
    before = thresholds.MOST_MATCHED
    with ablation.without({"linkage.match.thresholds.MOST_MATCHED": 0.0}):
        assert thresholds.cardinality_adjustment([0.5, 0.5]) == 0
    with ablation.without({"linkage.match.thresholds.weight_of": {"argument": 0}}):
        assert thresholds.weight_of(0.9) == 0.9
    assert before == thresholds.MOST_MATCHED


def test_a_files_columns_are_left_out(typos):
    left, right = files.with_less(typos, "initials").files
    (((with_initials, whole),),) = [
        query(
            f"select max(length(r.forename)), max(length(l.forename)) from '{left}' as "
            f"l, '{right}' as r"
        )
    ]
    assert with_initials == 1 < whole


def test_a_process_is_ended_with_its_children_at_its_time_limit(tmp_path):
    child = f"import time; time.sleep(3); open({str(tmp_path / 'late')!r}, 'w')"
    parent = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    )
    outcome = measure.run([sys.executable, "-c", parent], timeout=1)
    assert outcome.exit_code == measure.OUT_OF_TIME
    time.sleep(3)
    assert not list(tmp_path.iterdir())


def test_the_page_shows_the_stored_results():
    assert results.PAGE.read_text(encoding="utf-8") == results.page()
    for benchmark in (b for b in results.BENCHMARKS if b.name in results.SHOWN):
        assert results.SHOWN[benchmark.name].read_text(
            encoding="utf-8"
        ) == results.shown(benchmark)
    assert {path.stem for path in results.FOLDER.iterdir()} <= {
        benchmark.name for benchmark in results.BENCHMARKS
    }
