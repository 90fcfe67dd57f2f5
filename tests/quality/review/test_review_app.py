"""Clerical review of the village's links through the application's forms, without a browser."""

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
from tests.quality.clients import entered, reviewing

pytest.importorskip("fastapi", reason="no fastapi: pip install 'leo-linkage[apps]'")

STEP = "npd-cis"


@pytest.fixture(scope="module")
def run(linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The village's run with a sample of its links."""
    folder = tmp_path_factory.mktemp("reviewed") / "run"
    shutil.copytree(linked_village.root, folder)
    draw_sample(folder, STEP, 60)
    return folder


def test_two_may_begin_to_review_a_step_at_once(village: Any) -> None:
    """The second took the half of the first's sample away, and the first ended with a file that was not there."""
    folder = village.root
    half = folder / "review" / STEP / ".sample.json.part"
    half.parent.mkdir(parents=True)
    half.write_text("of another process")
    drawn = draw_sample(folder, STEP, 60)
    assert half.read_text() == "of another process"
    assert drawn.form.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in half.parent.iterdir()} == {half.name, "sample.json", "sample.csv"}


@pytest.fixture(scope="module")
def open_desk(run: Path) -> Iterator[Any]:
    with ReviewSession(run, STEP) as opened:
        yield opened


@pytest.fixture
def desk(run: Path, open_desk: Any) -> Iterator[Any]:
    """The desk before any answer."""
    yield open_desk
    labels_store(run).path.unlink(missing_ok=True)


def place_of(answer: Any) -> int:
    return int(re.fullmatch(r".*/pairs/(\d+)", str(answer.url))[1])  # type: ignore[index]


def given(desk: Any) -> list[tuple[str, str]]:
    return [(label["reviewer"], label["answer"]) for label in desk.labels()]


def test_a_scripted_reviewer_answers_every_pair(desk: Any, run: Path) -> None:
    ann = reviewing(desk, "Ann")
    page = ann.get("/next")
    for turn in range(len(desk.pairs)):
        place = place_of(page)
        left, right = desk.records(place)
        alike = left["dob"][0].value == right["dob"][0].value
        assert place == turn + 1
        page = ann.post(f"/pairs/{place}", data={"answer": "match" if alike else "no match"})
        assert page.status_code == 200
    assert "No pair waits for you" in page.text
    estimated = estimate_step(run, STEP)
    assert estimated["reviewed"] == len(desk.pairs) >= 50
    assert estimated["precision"]["middle"]["value"] == 1.0
    said = re.sub(r"<[^>]*>", " ", ann.post("/estimate").text)
    links = sum(row["reviewed"] for row in estimated["strata"] if row["accepted"])
    assert re.search(rf"Precision, uncertain [a-z ]+ 100\.00 +[\d.]+ +100\.00 +{links} ", said)
    assert re.search(rf"Recall, uncertain [a-z ]+ +[\d.]+ +[\d.]+ +[\d.]+ +{len(desk.pairs)} ", said)
    labels = labels_store(run).rows().to_pylist()
    assert {(row["reviewer"], row["role"], row["run"], row["step"]) for row in labels} == {
        ("Ann", "reviewer", "village", STEP)
    }
    assert all(re.fullmatch("[0-9a-f]{16}", row["model"]) for row in labels)


def test_nobody_sees_the_verdict_before_an_answer(desk: Any) -> None:
    ann = reviewing(desk, "Ann")
    told = re.compile("match weight|linkage |probability", re.IGNORECASE)
    assert not told.search(re.sub("<header.*</header>", "", ann.get("/pairs/1").text, flags=re.DOTALL))
    page = ann.post("/pairs/1", data={"answer": "match"})
    assert not told.search(page.text.split("<main")[1]), "the verdict on the last pair would influence the next answer"
    decided = ann.get("/pairs/1").text
    assert "match weight" in decided
    assert "Match weight by comparison" in decided


def test_reviewers_do_not_see_each_other_and_an_adjudicator_sees_no_names(desk: Any) -> None:
    ann, bob = reviewing(desk, "Ann", doubled=1.0), reviewing(desk, "Bob", doubled=1.0)
    ann.post("/pairs/1", data={"answer": "uncertain"})
    assert "Ann" not in bob.get("/pairs/1").text
    bob.post("/pairs/1", data={"answer": "no match"})
    judge = reviewing(desk, "Judy", role="adjudicator", doubled=1.0)
    page = judge.get("/next")
    assert place_of(page) == 1
    assert "Reviewers answered: no match, uncertain." in page.text
    assert not re.search("Ann|Bob", page.text)
    assert "No pair waits for you" in judge.post("/pairs/1", data={"answer": "no match"}).text
    assert "and agreed on 0" in judge.get("/progress").text


def test_an_answer_is_taken_back(desk: Any) -> None:
    ann = reviewing(desk, "Ann")
    ann.post("/pairs/1", data={"answer": "match"})
    assert place_of(ann.post("/pairs/1/withdraw")) == 1
    assert place_of(ann.get("/next")) == 1
    ann.post("/pairs/1", data={"answer": "no match"})
    assert given(desk) == [("Ann", "match"), ("Ann", "withdrawn"), ("Ann", "no match")]


def test_two_reviewers_at_once_are_led_to_different_pairs(desk: Any) -> None:
    """Both got the same pair, and whoever answered last had looked at it for nothing."""
    from quality.review.app import application

    shared = application(desk, Names(shipped()), "secret", doubled=0.0)
    ann, bob = entered(shared, "Ann"), entered(shared, "Bob")
    assert (place_of(ann.get("/next")), place_of(bob.get("/next"))) == (1, 2)
    assert place_of(ann.post("/pairs/1", data={"answer": "match"})) == 3
    assert place_of(bob.post("/pairs/2", data={"answer": "match"})) == 4
    assert "Next pair" in bob.get("/progress").text
    assert place_of(ann.get("/next")) == 3


def test_an_estimate_short_of_all_is_not_rounded_up_to_it() -> None:
    from quality.review.estimate import estimate_rows

    share = {"value": 0.99997, "low": 0.99985, "high": 1.0}
    result = dict.fromkeys(("precision", "recall", "f1"), dict.fromkeys(("low", "middle", "high"), share))
    assert estimate_rows({**result, "strata": []})[0][1:4] == ["99.99", "99.98", "100.00"]


@pytest.mark.parametrize(
    ("form", "status"), [({"answer": "perhaps"}, 400), ({}, 400), ({"answer": "SMITH <b>"}, 400)], ids=str
)
def test_a_form_with_another_answer_is_refused_and_not_repeated(desk: Any, form: dict[str, str], status: int) -> None:
    answer = reviewing(desk, "Ann").post("/pairs/1", data=form)
    assert answer.status_code == status
    assert "SMITH" not in answer.text
    assert given(desk) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\x07b"])
def test_a_name_is_needed(desk: Any, name: str) -> None:
    answer = reviewing(desk).post("/who", data={"name": name, "role": "reviewer"})
    assert answer.status_code == 400
    assert "There is a problem" in answer.text
    assert place_of(reviewing(desk, "<b>Ann</b>").get("/next")) == 1


def test_what_was_entered_stands_beside_what_was_wrong(desk: Any) -> None:
    """An adjudicator whose name was too long was a reviewer by the next press of the button."""
    page = reviewing(desk).post("/who", data={"name": "x" * 41, "role": "adjudicator"}).text
    assert f'value="{"x" * 41}"' in page
    assert re.search('value="adjudicator" checked', page)
    assert not re.search('value="reviewer" checked', page)


def test_an_answer_that_was_taken_back_is_taken_back_again_without_blame(desk: Any) -> None:
    """The button stands in two tabs; the second press told that the pair waits for others."""
    ann = reviewing(desk, "Ann")
    ann.post("/pairs/1", data={"answer": "match"})
    first, second = (ann.post("/pairs/1/withdraw") for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert "are they one person?" in second.text
    assert given(desk) == [("Ann", "match"), ("Ann", "withdrawn")]


def test_pairs_that_are_not_there_or_do_not_wait(desk: Any) -> None:
    ann, bob = reviewing(desk, "Ann"), reviewing(desk, "Bob")
    assert [ann.get(f"/pairs/{place}").status_code for place in (0, 9999, "x")] == [404, 404, 400]
    ann.post("/pairs/2", data={"answer": "match"})
    assert bob.get("/pairs/2").status_code == 403
    assert bob.post("/pairs/2", data={"answer": "no match"}).status_code == 403
    assert bob.post("/pairs/2/withdraw").status_code == 403
    assert re.fullmatch("/[^/]+/", reviewing(desk).get("/pairs/1").url.path)


def test_an_answer_about_the_pair_on_the_screen_counts_also_after_another_reviewers(desk: Any) -> None:
    ann, bob = reviewing(desk, "Ann"), reviewing(desk, "Bob")
    assert [place_of(who.get("/next")) for who in (ann, bob)] == [1, 1]
    for who, answer in ((ann, "match"), (bob, "no match")):
        assert who.post("/pairs/1", data={"answer": answer}).status_code == 200
    assert given(desk) == [("Ann", "match"), ("Bob", "no match")]


def test_an_answer_to_a_run_that_has_moved_is_not_taken_in_elsewhere(run: Path) -> None:
    moved = run.with_name("moved")
    with ReviewSession(run, STEP) as opened:
        ann = reviewing(opened, "Ann")
        run.rename(moved)
        try:
            page = ann.post("/pairs/1", data={"answer": "match"})
            assert page.status_code == 500
            assert "the run&#39;s folder is not there any more" in page.text
            assert "Your last action was not saved." in page.text
            assert not run.exists()
        finally:
            moved.rename(run)
        assert place_of(ann.get("/next")) == 1


def test_a_killed_application_loses_no_answer(run: Path, tmp_path: Path) -> None:
    """Answers are on the disk before the next page is shown, and neither logs nor files hold a person's value."""
    code = "from linkage.cli import main; main()"
    with (tmp_path / "out").open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, "-u", "-c", code, "review", str(run), "--double", "0"],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=os.environ,
        )
    try:
        address = _address(running, tmp_path / "out")
        browser = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        home = browser.open(address, timeout=600).url.rstrip("/")
        browser.open(f"{home}/who", urllib.parse.urlencode({"name": "Ann"}).encode(), timeout=600).read()
        for place in range(1, 4):
            shown = browser.open(f"{home}/pairs/{place}", b"answer=uncertain", timeout=600)
            assert shown.url.endswith(f"/pairs/{place + 1}")
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    kept = labels_store(run).rows().to_pylist()
    assert [row["answer"] for row in kept] == ["uncertain"] * 3
    written = (tmp_path / "out").read_bytes()
    assert b"token" not in written
    written += b"".join(path.read_bytes() for path in (run / "review").rglob("*") if path.is_file())
    assert not re.search(rb"AB1 ?\d[A-Z]{2}|AB\d{6}C|PMR\d{6}|[A-Z]A(LL|NN|RT|SS)(OR|EY|AN)\b", written)


def _address(running: "subprocess.Popen[bytes]", out: Path) -> str:
    """Where the application answers, once it says so."""
    while running.poll() is None:
        if found := re.search(r"open  the address in (\S+)\n", out.read_text()):
            return Path(found[1]).read_text().strip()
        time.sleep(0.02)
    raise AssertionError(out.read_text())
