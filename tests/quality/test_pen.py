"""Charts are the same wherever they are drawn, and are drawn whatever becomes of the process that was to do it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")

from quality.report import charts, pen

_ROWS = [{"label": label, "value": n / 7, "low": n / 9, "high": n / 3, "shown": "–"} for n, label in enumerate("abcé")]
_CHART = charts.dots(_ROWS, charts.WIDE, x="Per cent")


@pytest.fixture(scope="module", autouse=True)
def charts_drawn_once() -> None:
    """Here none is taken from what was drawn before."""


@pytest.fixture
def at_work() -> Iterator[Any]:
    """The process that draws."""
    pen.ready()
    assert pen._pen is not None
    process = pen._pen.process
    yield process
    pen.put_away()
    assert process.poll() is not None


def _svg(spec: dict[str, Any]) -> str:
    """A chart, once it is there."""
    svg = pen.drawn(spec, lambda drawn: drawn + "<!-- finished -->")
    return svg if isinstance(svg, str) else svg.result(600)


def test_charts_are_the_same_wherever_they_are_drawn(at_work: Any) -> None:
    there = [_svg(_CHART), _svg(_CHART)]
    assert at_work.poll() is None
    pen.put_away()
    assert there == [_svg(_CHART)] * 2
    assert "é</text>" in there[0]


def test_it_is_started_once(at_work: Any) -> None:
    pen.ready()
    assert pen._pen is not None
    assert pen._pen.process is at_work


def test_where_it_has_died_charts_are_drawn_here(at_work: Any) -> None:
    expected = _svg(_CHART)
    at_work.kill()
    at_work.wait()
    assert [_svg(_CHART), _svg(_CHART)] == [expected] * 2


def test_where_it_cannot_be_started_charts_are_drawn_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(subprocess, "Popen", refused)
    pen.ready()
    assert pen._pen is None
    assert _svg(_CHART).startswith("<svg")


def test_what_is_no_chart_is_said_where_it_was_asked(at_work: Any) -> None:
    with pytest.raises(ValueError, match="Vega"):
        _svg({"mark": {"type": "nosuch"}, "data": {"values": [{}]}})


def test_modules_of_the_folder_that_somebody_works_in_are_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text(f"open({str(tmp_path / 'was-run')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    pen.ready()
    try:
        assert _svg(_CHART).startswith("<svg")
        assert pen._pen is not None
    finally:
        pen.put_away()
    assert os.listdir(tmp_path) == ["json.py"]
