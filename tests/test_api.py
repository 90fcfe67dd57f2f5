"""Tables of a notebook are linked as files of the same rows."""

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

import linkage
from linkage.errors import ConfigError, InputError
from tests.files.conftest import CANARY, SHARED, Files, make_files, person


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("frames"))


@pytest.fixture(scope="module")
def run(files: Files) -> linkage.Run:
    """Two tables of two libraries, with a truth of a third."""
    right = pa_csv.read_csv(
        files.right,
        convert_options=pa_csv.ConvertOptions(column_types={"DOB": pa.string()}),
    )
    return linkage.link(
        pd.read_csv(files.left), right, truth=duckdb.read_csv(str(files.truth))
    )


def _pairs(run: linkage.Run) -> set[tuple[Any, ...]]:
    return {
        (row["left_id"], row["right_id"], row["decision"])
        for row in run.links().to_arrow_table().to_pylist()
    }


def test_tables_are_linked_as_files_of_the_same_rows(
    run: linkage.Run, files: Files
) -> None:
    file_run = linkage.link(files.left, str(files.right), truth=files.truth)
    assert _pairs(run) == _pairs(file_run)
    assert run.truth == file_run.truth
    assert run.columns == file_run.columns
    assert run.columns["surname"] == ("last_name", "SURNAME")
    assert run.counts["left_units"] == run.counts["right_units"] == 240
    assert {row["side"] for row in run.unlinked().to_arrow_table().to_pylist()} == {
        "left",
        "right",
    }
    assert run.model()["link_type"] == "link_only"
    assert run.report.read_text().startswith("<!doctype html>")


def test_a_result_shows_the_lines_of_the_command_and_no_value(run: linkage.Run) -> None:
    links_line, truth_line, *_ = repr(run).splitlines()
    link_count = sum(row[2] == "accepted" for row in _pairs(run))
    assert links_line.startswith(f"{link_count} links accepted, ")
    assert links_line.endswith(" for review, of 240 and 240 records")
    assert truth_line.startswith(f"against {SHARED} true pairs: precision ")
    assert CANARY.lower() not in repr(run).lower()


def test_a_relation_reads_no_file_outside_the_folder(
    run: linkage.Run, files: Files
) -> None:
    with pytest.raises(duckdb.PermissionException):
        run.links().query(
            "links", f"select content from read_text('{files.left}')"
        ).fetchall()


def test_a_pair_is_explained_by_its_ids(run: linkage.Run) -> None:
    link = max(
        run.links().to_arrow_table().to_pylist(), key=lambda row: row["match_weight"]
    )
    evidence = run.explain(link["left_id"], link["right_id"])
    assert evidence["weight"]["match_weight"] == pytest.approx(link["match_weight"])
    assert repr(evidence).startswith("Step link, left record ")
    assert evidence._repr_html_().startswith("<iframe srcdoc=")
    assert not (run.folder / "explained").exists(), (
        "what the tables hold is left nowhere"
    )
    with pytest.raises(ConfigError, match="no record with this id"):
        run.explain("nobody", link["right_id"])


def test_a_temporary_folder_is_removed_with_the_run(
    files: Files, tmp_path: Path
) -> None:
    left, right = pa_csv.read_csv(files.left), pa_csv.read_csv(files.right)
    run = linkage.link(left, right, links_only=True)
    folder = run.folder
    assert folder.parent.stat().st_mode & 0o077 == 0, (
        "rows of persons are for the owner alone"
    )
    assert (folder.parent / "left.parquet").is_file()
    with pytest.raises(ConfigError, match=r"index\.html: this result has none"):
        run.report  # noqa: B018
    del run
    assert not folder.parent.exists()

    linked = linkage.link(left, right, out=tmp_path / "linked", links_only=True)
    assert linked.links().fetchall()
    del linked
    assert (tmp_path / "linked" / "links.parquet").is_file()
    with pytest.raises(ConfigError, match="give --force to replace it"):
        linkage.link(files.left, files.right, out=tmp_path / "linked", links_only=True)


def test_a_relation_outlives_its_result(files: Files) -> None:
    links = linkage.link(files.left, files.right, links_only=True).links()
    assert len(links.filter("decision = 'accepted'").df())


def test_a_result_can_be_opened_from_its_folder(run: linkage.Run) -> None:
    result = linkage.open_run(run.folder)
    assert result.links().fetchall() == run.links().fetchall()
    assert (result.steps, result.tables) == (["link"], ["links", "unlinked"])
    assert result.quality()["step"] == "link"
    with pytest.raises(ConfigError, match="spine: this result has no such table"):
        result.table("spine")
    with pytest.raises(ConfigError, match="people: no such step"):
        result.links("people")
    assert "<li>" in run._repr_html_()


def test_splink_opens_the_step_and_has_its_match_weights(run: linkage.Run) -> None:
    linker = run.linker()
    predictions = linker.inference.predict().as_duckdbpyrelation()
    paths = (run.folder / "records" / f"{side}.parquet" for side in ("left", "right"))
    left, right = (
        dict(duckdb.sql(f"select unit_id, source_key from '{path}'").fetchall())
        for path in paths
    )
    splink_weights = {
        (left[left_id], right[right_id]): weight
        for left_id, right_id, weight in predictions.select(
            "unit_id_l, unit_id_r, match_weight"
        ).fetchall()
    }
    links = (
        run.links()
        .filter("method = 'probabilistic'")
        .select("left_id, right_id, match_weight")
        .fetchall()
    )
    weights = {(left_id, right_id): weight for left_id, right_id, weight in links}
    assert weights
    assert {pair: splink_weights[pair] for pair in weights} == pytest.approx(
        weights, abs=1e-6
    )
    assert linker.visualisations.match_weights_chart() is not None


def test_a_model_is_trained_and_used(files: Files, tmp_path: Path) -> None:
    model = linkage.train(files.left, files.right, out=tmp_path / "model.json")
    linked = linkage.link(
        files.left, files.right, model=tmp_path / "model.json", links_only=True
    )
    assert linked.links().fetchall()
    assert model["link_type"] == "link_only"


def test_a_model_of_splinks_comparisons_is_trained_on_the_tables(files: Files) -> None:
    library = pytest.importorskip("splink.comparison_library")
    comparisons = [
        library.NameComparison("forename"),
        library.NameComparison("surname"),
    ]
    comparisons += [
        library.DateOfBirthComparison("dob", input_is_string=True),
        library.ExactMatch("sex"),
    ]
    settings = pytest.importorskip("splink").SettingsCreator(
        link_type="link_only", comparisons=comparisons
    )
    runs = [
        linkage.link(
            files.left, files.right, model=model, truth=files.truth, links_only=True
        )
        for model in (settings, settings.create_settings_dict("duckdb"))
    ]
    assert _pairs(runs[0]) == _pairs(runs[1])
    assert runs[0].truth is not None
    assert min(runs[0].truth["precision"], runs[0].truth["recall"]) > 0.95
    assert (
        runs[0].notes[0]
        == "model.json: the model had levels without m or u, and was trained on these "
        "files"
    )
    levels = [
        level
        for entry in runs[0].model()["comparisons"]
        for level in entry["comparison_levels"]
    ]
    assert all(
        "m_probability" in level for level in levels if not level.get("is_null_level")
    )
    with pytest.raises(
        ConfigError, match="model: neither a path nor Splink's settings, but a int"
    ):
        linkage.link(files.left, files.right, model=3)  # type: ignore[arg-type]


def test_labels_of_rows_are_ids_where_they_have_a_name(files: Files) -> None:
    left, right = pd.read_csv(files.left), pd.read_csv(files.right)
    women = linkage.link(left[left["gender"] == "F"], right, links_only=True)
    assert all("__index" not in note for note in women.notes)
    label_run = linkage.link(
        left.set_index("person_id"), right.set_index("id"), links_only=True
    )
    assert {row[0][0] + row[1][0] for row in _pairs(label_run)} == {"AB"}
    number_run = linkage.link(left, right, id=("none", None), links_only=True)
    assert {(f"A{row[0] - 1:04}", *row[1:]) for row in _pairs(number_run)} == _pairs(
        label_run
    )


def _duplicates() -> pd.DataFrame:
    """240 people, 200 of whom stand in the table twice, the second time with another
    postcode or with a slip.
    """
    draw, rows = random.Random(7), []
    for number in range(240):
        record = {**person(number, draw), "who": number}
        second = (
            {**record, "postcode": person(0, draw)["postcode"]}
            if number % 3
            else record | {"last_name": record["last_name"][:-1]}
        )
        rows += [record, second] if number < 200 else [record]
    draw.shuffle(rows)
    return (
        pd.DataFrame(rows)
        .drop(columns="person_id")
        .assign(key=[f"K{number}" for number in range(len(rows))])
    )


def test_duplicates_in_one_table_are_found() -> None:
    people = _duplicates()
    column_run = linkage.dedupe(people, truth="who", id="key")
    assert column_run.truth is not None
    assert column_run.truth["recall"] > 0.9
    clusters = column_run.people.to_arrow_table().to_pylist()
    assert {row["id"] for row in clusters} == set(people["key"])
    assert (
        column_run.summary.splitlines()[0]
        == f"{len(people)} records are {len({r['person_id'] for r in clusters})} people"
    )
    pairs = people.groupby("who")["key"].agg(list)
    truth = pd.DataFrame(
        [keys for keys in pairs if len(keys) == 2], columns=["left_id", "right_id"]
    )
    pairs_run = linkage.dedupe(people.drop(columns="who"), truth=truth, id="key")
    assert pairs_run.truth == column_run.truth
    with pytest.raises(ConfigError, match="unlinked: this result has no such table"):
        pairs_run.unlinked()


MIXED = pd.DataFrame({"id": [1, 2], "surname": [CANARY, 7]})


@pytest.mark.parametrize(
    ("left", "options", "error", "message"),
    [
        ([1, 2], {}, InputError, "left: neither a path nor a table, but a list"),
        (MIXED, {}, InputError, "left: column surname holds values of several kinds"),
        (
            MIXED,
            {"threshold": 2},
            ConfigError,
            "threshold=2: out of range\n  give a number from 0 to 1",
        ),
        ("nowhere.csv", {}, InputError, "nowhere.csv"),
    ],
)
def test_unlinkable_tables_are_refused(
    left: Any, options: Any, error: type, message: str, files: Files
) -> None:
    with pytest.raises(error) as error_info:
        linkage.link(left, files.right, **options)
    assert message in str(error_info.value)
    assert CANARY not in str(error_info.value)
    assert error_info.value.__suppress_context__ or error_info.value.__context__ is None


def test_importing_the_package_loads_no_large_library() -> None:
    script = (
        "import sys, linkage; print({'duckdb', 'pyarrow', 'pandas'} & "
        "set(sys.modules)); linkage.nothing"
    )
    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert process.stdout == "set()\n"
    assert "module 'linkage' has no attribute 'nothing'" in process.stderr
