"""Clerical review of the village's links through the application's forms, without a
browser.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped
from quality.report.names import Names
from quality.review.labels import labels_store
from quality.review.results import estimate_step
from quality.review.sample import draw_sample
from quality.review.session import ReviewSession
from tests.quality.clients import client_of, review_client

pytest.importorskip("fastapi", reason="no fastapi: pip install 'leo-linkage[apps]'")

STEP = "npd-cis"


@pytest.fixture(scope="module")
def run(linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The village's run with a sample of its links."""
    folder = tmp_path_factory.mktemp("reviewed") / "run"
    shutil.copytree(linked_village.root, folder)
    draw_sample(folder, STEP, 60)
    return folder


def test_two_processes_may_draw_a_sample_at_once(village: Any) -> None:
    """The second removed the unfinished sample of the first, which ended because of the
    missing file.
    """
    folder = village.root
    part_file = folder / "review" / STEP / ".sample.json.part"
    part_file.parent.mkdir(parents=True)
    part_file.write_text("of another process")
    sample = draw_sample(folder, STEP, 60)
    assert part_file.read_text() == "of another process"
    assert sample.form.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in part_file.parent.iterdir()} == {
        part_file.name,
        "sample.json",
        "sample.csv",
    }


@pytest.fixture(scope="module")
def open_desk(run: Path) -> Iterator[Any]:
    with ReviewSession(run, STEP) as desk_of_run:
        yield desk_of_run


@pytest.fixture
def desk(run: Path, open_desk: Any) -> Iterator[Any]:
    """The desk before any answer."""
    yield open_desk
    labels_store(run).path.unlink(missing_ok=True)


def place_of(answer: Any) -> int:
    return int(re.fullmatch(r".*/pairs/(\d+)", str(answer.url))[1])  # type: ignore[index]


def answers_of(desk: Any) -> list[tuple[str, str]]:
    return [(label["reviewer"], label["answer"]) for label in desk.labels()]


def test_a_scripted_reviewer_answers_every_pair(desk: Any, run: Path) -> None:
    ann = review_client(desk, "Ann")
    page = ann.get("/next")
    for turn in range(len(desk.pairs)):
        place = place_of(page)
        left, right = desk.records(place)
        is_alike = left["dob"][0].value == right["dob"][0].value
        assert place == turn + 1
        page = ann.post(
            f"/pairs/{place}", data={"answer": "match" if is_alike else "no match"}
        )
        assert page.status_code == 200
    assert "No pair waits for you" in page.text
    estimate = estimate_step(run, STEP)
    assert estimate["reviewed"] == len(desk.pairs) >= 50
    assert estimate["precision"]["middle"]["value"] == 1.0
    text = re.sub(r"<[^>]*>", " ", ann.post("/estimate").text)
    links = sum(row["reviewed"] for row in estimate["strata"] if row["accepted"])
    assert re.search(
        rf"Precision, uncertain [a-z ]+ 100\.00 +[\d.]+ +100\.00 +{links} ", text
    )
    assert re.search(
        rf"Recall, uncertain [a-z ]+ +[\d.]+ +[\d.]+ +[\d.]+ +{len(desk.pairs)} ", text
    )
    labels = labels_store(run).rows().to_pylist()
    assert {
        (row["reviewer"], row["role"], row["run"], row["step"]) for row in labels
    } == {("Ann", "reviewer", "village", STEP)}
    assert all(re.fullmatch("[0-9a-f]{16}", row["model"]) for row in labels)


def test_nobody_sees_the_verdict_before_an_answer(desk: Any) -> None:
    ann = review_client(desk, "Ann")
    pattern = re.compile("match weight|linkage |probability", re.IGNORECASE)
    assert not pattern.search(
        re.sub("<header.*</header>", "", ann.get("/pairs/1").text, flags=re.DOTALL)
    )
    page = ann.post("/pairs/1", data={"answer": "match"})
    assert not pattern.search(page.text.split("<main")[1]), (
        "the verdict on one pair would influence the next answer"
    )
    page_after = ann.get("/pairs/1").text
    assert "match weight" in page_after
    assert "Match weight by comparison" in page_after


def test_reviewers_do_not_see_each_other_and_an_adjudicator_sees_no_names(
    desk: Any,
) -> None:
    ann, bob = (
        review_client(desk, "Ann", doubled=1.0),
        review_client(desk, "Bob", doubled=1.0),
    )
    ann.post("/pairs/1", data={"answer": "uncertain"})
    assert "Ann" not in bob.get("/pairs/1").text
    bob.post("/pairs/1", data={"answer": "no match"})
    judge = review_client(desk, "Judy", role="adjudicator", doubled=1.0)
    page = judge.get("/next")
    assert place_of(page) == 1
    assert "Reviewers answered: no match, uncertain." in page.text
    assert not re.search("Ann|Bob", page.text)
    assert (
        "No pair waits for you"
        in judge.post("/pairs/1", data={"answer": "no match"}).text
    )
    assert "and agreed on 0" in judge.get("/progress").text


def test_an_answer_is_withdrawn(desk: Any) -> None:
    ann = review_client(desk, "Ann")
    ann.post("/pairs/1", data={"answer": "match"})
    assert place_of(ann.post("/pairs/1/withdraw")) == 1
    assert place_of(ann.get("/next")) == 1
    ann.post("/pairs/1", data={"answer": "no match"})
    assert answers_of(desk) == [
        ("Ann", "match"),
        ("Ann", "withdrawn"),
        ("Ann", "no match"),
    ]


def test_two_reviewers_at_once_get_different_pairs(desk: Any) -> None:
    """Both got the same pair, and the work of whoever answered last was lost."""
    from quality.review.app import application

    web = application(desk, Names(shipped()), "secret", doubled=0.0)
    ann, bob = client_of(web, "Ann"), client_of(web, "Bob")
    assert (place_of(ann.get("/next")), place_of(bob.get("/next"))) == (1, 2)
    assert place_of(ann.post("/pairs/1", data={"answer": "match"})) == 3
    assert place_of(bob.post("/pairs/2", data={"answer": "match"})) == 4
    assert "Next pair" in bob.get("/progress").text
    assert place_of(ann.get("/next")) == 3


def test_an_estimate_below_100_per_cent_is_not_rounded_to_it() -> None:
    from quality.review.estimate import estimate_rows

    share = {"value": 0.99997, "low": 0.99985, "high": 1.0}
    result = dict.fromkeys(
        ("precision", "recall", "f1"), dict.fromkeys(("low", "middle", "high"), share)
    )
    assert estimate_rows({**result, "strata": []})[0][1:4] == [
        "99.99",
        "99.98",
        "100.00",
    ]


@pytest.mark.parametrize(
    ("form", "status"),
    [({"answer": "perhaps"}, 400), ({}, 400), ({"answer": "SMITH <b>"}, 400)],
    ids=str,
)
def test_a_form_with_another_answer_is_refused_and_not_repeated(
    desk: Any, form: dict[str, str], status: int
) -> None:
    answer = review_client(desk, "Ann").post("/pairs/1", data=form)
    assert answer.status_code == status
    assert "SMITH" not in answer.text
    assert answers_of(desk) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\x07b"])
def test_a_name_is_needed(desk: Any, name: str) -> None:
    answer = review_client(desk).post("/who", data={"name": name, "role": "reviewer"})
    assert answer.status_code == 400
    assert "There is a problem" in answer.text
    assert place_of(review_client(desk, "<b>Ann</b>").get("/next")) == 1


def test_a_form_with_a_fault_keeps_its_values(desk: Any) -> None:
    """An adjudicator whose name was too long became a reviewer at the next press of the
    button.
    """
    page = (
        review_client(desk)
        .post("/who", data={"name": "x" * 41, "role": "adjudicator"})
        .text
    )
    assert f'value="{"x" * 41}"' in page
    assert re.search('value="adjudicator" checked', page)
    assert not re.search('value="reviewer" checked', page)


def test_an_answer_that_is_withdrawn_twice_is_no_error(desk: Any) -> None:
    """The button is in two tabs; the second press had the message that the pair waits
    for others.
    """
    ann = review_client(desk, "Ann")
    ann.post("/pairs/1", data={"answer": "match"})
    first, second = (ann.post("/pairs/1/withdraw") for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert "are they one person?" in second.text
    assert answers_of(desk) == [("Ann", "match"), ("Ann", "withdrawn")]


def test_unknown_pairs_and_pairs_of_others_are_refused(desk: Any) -> None:
    ann, bob = review_client(desk, "Ann"), review_client(desk, "Bob")
    assert [ann.get(f"/pairs/{place}").status_code for place in (0, 9999, "x")] == [
        404,
        404,
        400,
    ]
    ann.post("/pairs/2", data={"answer": "match"})
    assert bob.get("/pairs/2").status_code == 403
    assert bob.post("/pairs/2", data={"answer": "no match"}).status_code == 403
    assert bob.post("/pairs/2/withdraw").status_code == 403
    assert re.fullmatch("/[^/]+/", review_client(desk).get("/pairs/1").url.path)


def test_an_answer_counts_although_another_reviewer_was_faster(desk: Any) -> None:
    ann, bob = review_client(desk, "Ann"), review_client(desk, "Bob")
    assert [place_of(client.get("/next")) for client in (ann, bob)] == [1, 1]
    for client, answer in ((ann, "match"), (bob, "no match")):
        assert client.post("/pairs/1", data={"answer": answer}).status_code == 200
    assert answers_of(desk) == [("Ann", "match"), ("Bob", "no match")]


def test_an_answer_to_a_run_that_has_moved_is_not_saved_elsewhere(run: Path) -> None:
    new_folder = run.with_name("moved")
    with ReviewSession(run, STEP) as desk:
        ann = review_client(desk, "Ann")
        run.rename(new_folder)
        try:
            page = ann.post("/pairs/1", data={"answer": "match"})
            assert page.status_code == 500
            assert "the run&#39;s folder is not there any more" in page.text
            assert "Your last action was not saved." in page.text
            assert not run.exists()
        finally:
            new_folder.rename(run)
        assert place_of(ann.get("/next")) == 1


def test_a_killed_application_loses_no_answer(run: Path, tmp_path: Path) -> None:
    """Answers are on the disk before the next page is shown, and neither logs nor files
    hold a person's value.
    """
    code = "from linkage.cli import main; main()"
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", code, "review", str(run), "--double", "0"],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=os.environ,
        )
    try:
        address = _address(process, tmp_path / "out")
        browser = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(CookieJar()),
        )
        home = browser.open(address, timeout=600).url.rstrip("/")
        browser.open(
            f"{home}/who", urllib.parse.urlencode({"name": "Ann"}).encode(), timeout=600
        ).read()
        for place in range(1, 4):
            page = browser.open(
                f"{home}/pairs/{place}", b"answer=uncertain", timeout=600
            )
            assert page.url.endswith(f"/pairs/{place + 1}")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    labels = labels_store(run).rows().to_pylist()
    assert [row["answer"] for row in labels] == ["uncertain"] * 3
    content = (tmp_path / "out").read_bytes()
    assert b"token" not in content
    content += b"".join(
        path.read_bytes() for path in (run / "review").rglob("*") if path.is_file()
    )
    assert not re.search(
        rb"AB1 ?\d[A-Z]{2}|AB\d{6}C|PMR\d{6}|[A-Z]A(LL|NN|RT|SS)(OR|EY|AN)\b", content
    )


def _address(process: "subprocess.Popen[bytes]", out: Path) -> str:
    """The address of the application, once it is printed."""
    while process.poll() is None:
        if address := re.search(r"open  the address in (\S+)\n", out.read_text()):
            return Path(address[1]).read_text().strip()
        time.sleep(0.02)
    raise AssertionError(out.read_text())
