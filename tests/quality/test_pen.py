"""Charts are the same wherever they are drawn, and are drawn whatever becomes of the process that was to do it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")

from quality import pen
from quality.report import charts

_ROWS = [{"label": label, "value": n / 7, "low": n / 9, "high": n / 3, "shown": "–"} for n, label in enumerate("abcé")]
_CHART = charts.dots(_ROWS, charts.WIDE, x="Per cent")


@pytest.fixture
def at_work() -> Iterator[Any]:
    """The process that draws."""
    pen.ready()
    process = pen._process
    assert process is not None
    yield process
    pen.put_away()
    assert process.poll() is not None


def test_charts_are_the_same_wherever_they_are_drawn(at_work: Any) -> None:
    there = [pen.svg(_CHART), pen.svg(_CHART)]
    assert pen._process is at_work
    pen.put_away()
    assert there == [pen.svg(_CHART)] * 2
    assert "é</text>" in there[0]


def test_it_is_started_once(at_work: Any) -> None:
    pen.ready()
    assert pen._process is at_work


def test_where_it_has_died_charts_are_drawn_here(at_work: Any) -> None:
    expected = pen.svg(_CHART)
    at_work.kill()
    at_work.wait()
    assert pen.svg(_CHART) == expected
    assert pen._process is None


def test_where_it_cannot_be_started_charts_are_drawn_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(subprocess, "Popen", refused)
    pen.ready()
    assert pen._process is None
    assert pen.svg(_CHART).startswith("<svg")


def test_what_is_no_chart_is_said_where_it_was_asked(at_work: Any) -> None:
    with pytest.raises(ValueError, match="Vega"):
        pen.svg({"mark": {"type": "nosuch"}, "data": {"values": [{}]}})


def test_modules_of_the_folder_that_somebody_works_in_are_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text(f"open({str(tmp_path / 'was-run')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    pen.ready()
    try:
        assert pen.svg(_CHART).startswith("<svg")
        assert pen._process is not None
    finally:
        pen.put_away()
    assert os.listdir(tmp_path) == ["json.py"]
