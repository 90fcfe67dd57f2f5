"""What a run shows: lines in a log, a bar on a terminal, nothing personal in either."""

import io
import re

import pytest

from linkage.pipeline.progress import Bar, Lines, counter_for, progress_for
from tests.pipeline import toy_pipeline
from tests.pipeline.toy_pipeline import runner


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")


def test_lines_name_each_stage_once_with_its_rows_or_why_it_is_not_run(root, source):
    def telling(space):
        space.note("halfway")
        space.tell("2 of 5 rows quarantined")
        return toy_pipeline.numbers(space)

    stream = io.StringIO()
    runner(root, source, progress=Lines(stream), numbers=telling).run()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "2 of 5 rows quarantined"
    assert re.fullmatch(r"\[ 1/4\] numbers +5 rows +\d+\.\d s", lines[1])
    assert [line.split()[2] for line in lines[1:]] == ["numbers", "squares", "parcel", "pages"]
    assert '"text": "2 of 5 rows quarantined"' in (root / "log.jsonl").read_text()
    again = io.StringIO()
    runner(root, source, progress=Lines(again)).run()
    assert again.getvalue().splitlines()[0] == f"[ 1/4] {'numbers':<31} up to date"


def test_a_bar_counts_stages_and_leaves_what_was_told(root, source):
    def telling(space):
        space.note("halfway")
        space.tell("2 of 5 rows quarantined [sic]")
        return toy_pipeline.numbers(space)

    stream = Terminal()
    runner(root, source, progress=Bar(stream), numbers=telling).run()
    runner(root, source, progress=Bar(stream)).run()
    assert "2 of 5 rows quarantined [sic]" in stream.getvalue()


@pytest.mark.parametrize(
    ("stream", "wanted", "kind"),
    [(Terminal(), True, Bar), (Terminal(), False, Lines), (io.StringIO(), True, Lines)],
)
def test_a_bar_is_for_terminals_that_want_one(stream, wanted, kind):
    assert isinstance(progress_for(stream, show_bar=wanted), kind)


def test_a_counter_shows_rate_and_time_left_on_a_terminal():
    stream = Terminal()
    with counter_for(stream, "people", 10) as advance:
        advance(5)
        advance(5)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert "10/10 people" in shown
    assert re.search(r"[\d,]+/s", shown)
    assert "left" in shown


def test_a_counter_writes_a_line_at_each_tenth_on_the_way_elsewhere():
    stream = io.StringIO()
    with counter_for(stream, "people", 40) as advance:
        for more in (3, 1, 1, 15, 19, 1):
            advance(more)
    assert [re.sub(r"\d+ s", "0 s", line) for line in stream.getvalue().splitlines()] == [
        "4 of 40 people, 0 s",
        "20 of 40 people, 0 s",
        "39 of 40 people, 0 s",
    ]
    stream = io.StringIO()
    with counter_for(stream, "people", 40) as advance:
        advance(40)
    assert stream.getvalue() == ""
