"""`leo review` on folders of `leo link` and `leo dedupe`: the same sample, pages,
labels and estimates as of a run.
"""

import csv
import json
import re
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from linkage.cli.app import app
from linkage.errors import ConfigError, InputError
from linkage.files.link import DedupeRequest, LinkRequest, dedupe_file, link_files
from linkage.model import load
from linkage.pipeline.reviewing import estimates
from quality.review.carry import Carried
from quality.review.labels import labels_store
from quality.review.results import estimate_step
from quality.review.sample import draw_sample, sample_of
from quality.review.session import ReviewSession
from tests.files.conftest import CANARY, make_files, write_csv
from tests.quality.clients import answer, review_client

Judge = Callable[[str, str], bool]


def leo(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def one_person(left: str, right: str) -> bool:
    """Ids of the two files end in the number of a person."""
    return left[1:] == right[1:]


def fill_in(
    form: Path, judge: Judge = one_person, reviewer: str = "Ann"
) -> list[dict[str, str]]:
    with form.open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row |= {
            "answer": "match" if judge(row["left_id"], row["right_id"]) else "no match",
            "reviewer": reviewer,
        }
    return rows


@pytest.fixture
def root(linking: Any, tmp_path: Path) -> Path:
    """A folder of `leo link`, to be reviewed."""
    return Path(shutil.copytree(linking.request.out, tmp_path / "linked"))


@pytest.fixture
def review_root(root: Path) -> Path:
    """The same, after Ann has reviewed every pair of it."""
    sample = draw_sample(root, "link", 100_000)
    write_csv(sample.form, fill_in(sample.form))
    assert leo("review", "add", root, sample.form, "--step", "link").exit_code == 0
    return root


def test_a_form_names_pairs_by_the_ids_of_the_files_and_can_be_added(
    root: Path,
) -> None:
    outcome = leo("review", "sample", root, "--step", "link", "--size", 100_000)
    assert outcome.exit_code == 0, outcome.output
    form = root / "review" / "link" / "sample.csv"
    assert stat.S_IMODE(form.stat().st_mode) == 0o600
    links = pq.read_table(root / "links.parquet").to_pylist()
    rows = fill_in(form)
    assert {(row["left_id"], row["right_id"]) for row in rows} == {
        (row["left_id"], row["right_id"]) for row in links
    }
    write_csv(form, rows)
    assert (
        f"{len(links)} answers taken in"
        in leo("review", "add", root, form, "--step", "link").output
    )
    accepted_links = [row for row in links if row["decision"] == "accepted"]
    number_right = sum(
        one_person(row["left_id"], row["right_id"]) for row in accepted_links
    )
    result = estimate_step(root, "link")
    assert result["precision"]["middle"]["value"] == pytest.approx(
        number_right / len(accepted_links)
    )
    assert (
        "reviewed, 0 uncertain"
        in leo("review", "estimate", root, "--step", "link").output
    )


def test_a_row_that_is_no_pair_of_the_sample_is_refused_and_not_repeated(
    root: Path,
) -> None:
    form = draw_sample(root, "link", 20).form
    rows = fill_in(form)
    rows[1] |= {"left_id": CANARY}
    write_csv(form, rows)
    outcome = leo("review", "add", root, form, "--step", "link")
    assert isinstance(outcome.exception, InputError)
    assert "line 3: this pair is not in the sample" in str(outcome.exception)
    assert CANARY not in str(outcome.exception)
    assert not labels_store(root).path.exists()


def test_the_report_has_the_estimates_of_the_review_and_no_value(
    review_root: Path,
) -> None:
    estimate_step(review_root, "link")
    assert leo("report", review_root).exit_code == 0
    page = (review_root / "report" / "index.html").read_text()
    assert "Error by clerical review" in page
    paths = (path for path in (review_root / "review").rglob("*") if path.is_file())
    content = b"".join(path.read_bytes() for path in paths) + page.encode()
    assert CANARY.upper().encode() not in content.upper()


def test_the_application_shows_values_of_the_files(root: Path) -> None:
    form = draw_sample(root, "link", 100_000).form
    rows = fill_in(form)
    at = next(
        place
        for place, row in enumerate(rows, 1)
        if one_person(row["left_id"], row["right_id"])
    )
    with ReviewSession(root, "link") as desk:
        left, right = desk.records(at)
        assert left["dob"][0].value == right["dob"][0].value
        ann = review_client(desk)
        assert "drawn from pupils.csv to customers.csv." in ann.get("/").text
        ann.post("/who", data={"name": "Ann", "role": "reviewer"})
        page = ann.get(f"/pairs/{at}").text
        assert left["surname"][0].value in page
        assert "customers.csv" in page
        ann.post(f"/pairs/{at}", data={"answer": "match"})
        assert "match weight" in ann.get(f"/pairs/{at}").text
        assert "Match weight by comparison" in ann.get(f"/pairs/{at}").text
    assert [row["answer"] for row in labels_store(root).rows().to_pylist()] == ["match"]


def test_labels_are_kept_when_the_files_are_linked_again(tmp_path: Path) -> None:
    """One customer has moved, one is gone; a new, unlinked one shifts the numbers of
    all others.
    """
    files = make_files(tmp_path / "files")
    request = LinkRequest(files.left, files.right, tmp_path / "linked", threads=2)
    link_files(request)
    draw_sample(request.out, "link", 100_000)
    answer(
        request.out,
        "link",
        dict.fromkeys(sample_of(request.out, "link").pairs, "match"),
    )
    links = pq.read_table(request.out / "links.parquet").to_pylist()
    accepted_links = [row for row in links if row["decision"] == "accepted"]
    moved_id, removed_id = (row["right_id"] for row in accepted_links[:2])
    with files.right.open() as file:
        rows = [row for row in csv.DictReader(file) if row["id"] != removed_id]
    next(row for row in rows if row["id"] == moved_id)["SEX"] = ""
    rows.append(
        {
            **dict.fromkeys(rows[0], ""),
            "id": "A0000",
            "SURNAME": "ZZYZX",
            "FORENAME": "Q",
            "DOB": "01/01/1901",
        }
    )
    write_csv(files.right, rows)
    link_files(replace(request, force=True))
    with pytest.raises(ConfigError, match="have changed since its sample was drawn"):
        sample_of(request.out, "link")
    sample = draw_sample(request.out, "link", 100_000)
    removals = sum(removed_id == row["right_id"] for row in links)
    changes = sum(moved_id == row["right_id"] for row in links)
    assert sample.carried == Carried(
        unchanged=len(links) - removals - changes, changed=changes, gone=removals
    )


def test_m_is_trained_on_labels_and_the_files_are_linked_with_it(
    review_root: Path, files: Any, tmp_path: Path
) -> None:
    out = tmp_path / "reviewed.json"
    outcome = leo("model", "train", review_root, "--out", out)
    assert outcome.exit_code == 0, outcome.output
    assert "labels: " in outcome.output
    assert (
        load(out).raw["comparisons"]
        != load(review_root / "model.json").raw["comparisons"]
    )
    result = link_files(
        LinkRequest(
            files.left,
            files.right,
            tmp_path / "again",
            model=out,
            truth=files.truth,
            threads=2,
        )
    )
    assert result.truth
    assert result.truth["precision"] > 0.97


def test_errors_of_review_say_what_to_do(
    root: Path, files: Any, tmp_path: Path
) -> None:
    draw_sample(root, "link", 10)
    error = leo("review", "overrides", root).exception
    assert isinstance(error, ConfigError)
    assert f"leo model train {root}" in str(error)
    with pytest.raises(
        ConfigError, match="has no link step 'npd-cis'\n  there are: link"
    ):
        draw_sample(root, "npd-cis", 10)
    manifest = json.loads((root / "manifest.json").read_text())
    manifest["configuration"]["step"][0]["diagnose"] = False
    (root / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ConfigError, match="link again without --links-only"):
        draw_sample(root, "link", 10)


def test_pairs_of_one_file_are_reviewed_and_recognised(register: DedupeRequest) -> None:
    """The order of two records means nothing: a label is recognised in either order of
    its ids.
    """
    sample = draw_sample(register.out, "dedupe", 100_000)
    write_csv(sample.form, fill_in(sample.form))
    assert (
        leo("review", "add", register.out, sample.form, "--step", "dedupe").exit_code
        == 0
    )
    result = estimate_step(register.out, "dedupe")
    assert result["precision"]["middle"]["value"] > 0.97
    assert [row["step"] for row in estimates(register.out)] == ["dedupe"]
    with ReviewSession(register.out, "dedupe") as desk:
        assert desk.side_names == ("register.csv", "register.csv")
        assert desk.verdict(1)["weight"]["comparisons"]
    with register.file.open() as file:
        rows = list(csv.DictReader(file))
    write_csv(
        register.file,
        [
            *rows,
            {**rows[0], "id": "0000", "SURNAME": "ZZYZX", "FORENAME": "Q", "DOB": ""},
        ],
    )
    dedupe_file(replace(register, force=True))
    new_sample = draw_sample(register.out, "dedupe", 100_000)
    assert (new_sample.carried.changed, new_sample.carried.gone) == (0, 0)
    assert new_sample.carried.unchanged == sample.pairs
    assert new_sample.answered >= sample.pairs - 5


def test_the_pages_name_two_records_of_one_file(register: DedupeRequest) -> None:
    draw_sample(register.out, "dedupe", 20)
    with ReviewSession(register.out, "dedupe") as desk:
        ann = review_client(desk)
        assert "drawn from register.csv with itself." in ann.get("/").text
        page = ann.post("/who", data={"name": "Ann", "role": "reviewer"}).text
        assert re.search(r"One record</th>\s*<th[^>]*>The other</th>", page)
