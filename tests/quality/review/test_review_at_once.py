"""Two who begin to review a step's links at the same time, or of whom one draws while the other reads."""

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


def test_of_two_who_begin_with_other_sizes_both_look_at_the_pairs_of_the_first(
    village: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pairs of the one stood beside strata of the other, and answers about the first's pairs went into no estimate."""
    folder = village.root
    drawing = threading.Event()
    taken = sample.draw

    def slowly(*given: Any, **how: Any) -> Any:
        drawing.set()
        time.sleep(0.5)
        return taken(*given, **how)

    monkeypatch.setattr(sample, "draw", slowly)
    first = threading.Thread(target=sample.step_to_review, args=(folder, STEP, 20))
    first.start()
    assert drawing.wait(600)
    assert sample.step_to_review(folder, STEP, 90) == STEP
    first.join()
    held = len(sample_of(folder, STEP).pairs)
    assert held == _size(folder) < 60
    sample.draw_sample(folder, STEP, 90)  # who asks for another sample is given one
    assert len(sample_of(folder, STEP).pairs) == _size(folder) > held


def test_an_answer_that_another_gives_just_before_ones_own_is_seen(
    village: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a pair that two reviewers in two browsers had answered, one application said for good that nobody else had."""
    folder = village.root
    sample.draw_sample(folder, STEP, 20)
    with ReviewSession(folder, STEP) as ann, ReviewSession(folder, STEP) as bob:
        ann.add(2, "match", "ann", "reviewer")
        keep = session.add_labels

        def after_bob(*given: Any) -> None:
            monkeypatch.setattr(session, "add_labels", keep)
            bob.add(1, "no match", "bob", "reviewer")
            keep(*given)

        monkeypatch.setattr(session, "add_labels", after_bob)
        ann.add(1, "match", "ann", "reviewer")
        for one in (ann, bob):
            answers = sorted((row["reviewer"], row["answer"]) for row in one.labels())
            assert answers == [("ann", "match"), ("ann", "match"), ("bob", "no match")]


def test_a_file_system_without_locks_is_no_reason_not_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("linkage.pipeline.lock.fcntl.flock", refused)
    for looking in (False, True):
        with turn(tmp_path / ".step.lock", shared=looking):
            assert (tmp_path / ".step.lock").is_file()
