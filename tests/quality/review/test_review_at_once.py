"""Two reviewers who begin a step at the same time, or one who draws a sample while the
other reads.
"""

import errno
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from linkage.pipeline.lock import turn
from quality.review import sample, session
from quality.review.sample import sample_of
from quality.review.session import ReviewSession

STEP = "npd-cis"


def _size(folder: Path) -> int:
    return len((folder / "review" / STEP / "sample.csv").read_text().splitlines()) - 1


def test_two_who_begin_with_other_sizes_review_the_sample_of_the_first(
    village: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pairs of one were saved with strata of the other, and answers about the first's
    pairs were in no estimate.
    """
    folder = village.root
    start = threading.Event()
    draw = sample.draw

    def draw_slowly(*arguments: Any, **options: Any) -> Any:
        start.set()
        time.sleep(0.5)
        return draw(*arguments, **options)

    monkeypatch.setattr(sample, "draw", draw_slowly)
    first = threading.Thread(target=sample.step_to_review, args=(folder, STEP, 20))
    first.start()
    assert start.wait(600)
    assert sample.step_to_review(folder, STEP, 90) == STEP
    first.join()
    number = len(sample_of(folder, STEP).pairs)
    assert number == _size(folder) < 60
    sample.draw_sample(folder, STEP, 90)  # another sample on request
    assert len(sample_of(folder, STEP).pairs) == _size(folder) > number


def test_an_answer_of_another_just_before_ones_own_is_seen(
    village: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two reviewers in two browsers had answered a pair, and one application always
    showed one answer only.
    """
    folder = village.root
    sample.draw_sample(folder, STEP, 20)
    with ReviewSession(folder, STEP) as ann, ReviewSession(folder, STEP) as bob:
        ann.add(2, "match", "ann", "reviewer")
        add_labels = session.add_labels

        def add_after_bob(*arguments: Any) -> None:
            monkeypatch.setattr(session, "add_labels", add_labels)
            bob.add(1, "no match", "bob", "reviewer")
            add_labels(*arguments)

        monkeypatch.setattr(session, "add_labels", add_after_bob)
        ann.add(1, "match", "ann", "reviewer")
        for reviewer in (ann, bob):
            answers = sorted(
                (row["reviewer"], row["answer"]) for row in reviewer.labels()
            )
            assert answers == [("ann", "match"), ("ann", "match"), ("bob", "no match")]


def test_a_file_system_without_locks_can_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_lock(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("linkage.pipeline.lock.fcntl.flock", refuse_lock)
    for is_shared in (False, True):
        with turn(tmp_path / ".step.lock", shared=is_shared):
            assert (tmp_path / ".step.lock").is_file()
