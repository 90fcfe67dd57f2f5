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
    def numbers_with_notes(space):
        space.note("halfway")
        space.tell("2 of 5 rows quarantined")
        return toy_pipeline.numbers(space)

    stream = io.StringIO()
    runner(root, source, progress=Lines(stream), numbers=numbers_with_notes).run()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "2 of 5 rows quarantined"
    assert re.fullmatch(r"\[ 1/4\] numbers +5 rows +\d+\.\d s", lines[1])
    assert [line.split()[2] for line in lines[1:]] == [
        "numbers",
        "squares",
        "parcel",
        "pages",
    ]
    assert '"text": "2 of 5 rows quarantined"' in (root / "log.jsonl").read_text()
    second_stream = io.StringIO()
    runner(root, source, progress=Lines(second_stream)).run()
    assert (
        second_stream.getvalue().splitlines()[0] == f"[ 1/4] {'numbers':<31} up to date"
    )


def test_a_bar_counts_stages_and_keeps_messages(root, source):
    def numbers_with_notes(space):
        space.note("halfway")
        space.tell("2 of 5 rows quarantined [sic]")
        return toy_pipeline.numbers(space)

    stream = Terminal()
    runner(root, source, progress=Bar(stream), numbers=numbers_with_notes).run()
    runner(root, source, progress=Bar(stream)).run()
    assert "2 of 5 rows quarantined [sic]" in stream.getvalue()


@pytest.mark.parametrize(
    ("stream", "show_bar", "kind"),
    [(Terminal(), True, Bar), (Terminal(), False, Lines), (io.StringIO(), True, Lines)],
)
def test_a_bar_is_for_terminals_that_want_one(stream, show_bar, kind):
    assert isinstance(progress_for(stream, show_bar=show_bar), kind)


def test_a_counter_shows_rate_and_time_left_on_a_terminal():
    stream = Terminal()
    with counter_for(stream, "people", 10) as advance:
        advance(5)
        advance(5)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert "10/10 people" in text
    assert re.search(r"[\d,]+/s", text)
    assert "left" in text


def test_a_counter_writes_a_line_at_each_tenth_without_a_terminal():
    stream = io.StringIO()
    with counter_for(stream, "people", 40) as advance:
        for count in (3, 1, 1, 15, 19, 1):
            advance(count)
    assert [
        re.sub(r"\d+ s", "0 s", line) for line in stream.getvalue().splitlines()
    ] == [
        "4 of 40 people, 0 s",
        "20 of 40 people, 0 s",
        "39 of 40 people, 0 s",
    ]
    stream = io.StringIO()
    with counter_for(stream, "people", 40) as advance:
        advance(40)
    assert stream.getvalue() == ""
