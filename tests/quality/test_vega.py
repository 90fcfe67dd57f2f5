"""The script that draws charts again: bundled once for each version, and never taken on trust."""

import base64
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

vl_convert = pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")

from quality.report import vega  # noqa: E402


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What was bundled, by a bundler that takes no time; nothing is kept yet."""
    calls: list[str] = []

    def bundle() -> str:
        calls.append("bundled")
        return f"window.vega = {len(calls)};"

    monkeypatch.setattr(vl_convert, "javascript_bundle", bundle)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return calls


def _script() -> str:
    """As another process would have it."""
    vega.script.cache_clear()
    try:
        return gzip.decompress(base64.b64decode(vega.script())).decode()
    finally:
        vega.script.cache_clear()


def _kept(tmp_path: Path) -> Path:
    (kept,) = (tmp_path / "caches").rglob("*.*")
    return kept


def test_it_is_bundled_once(made: list[str], tmp_path: Path) -> None:
    assert _script() == _script() == "(() => {window.vega = 1;})()"
    assert len(made) == 1
    assert oct(_kept(tmp_path).parent.stat().st_mode)[-3:] == "700"


def test_it_is_bundled_anew_by_another_version(made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    _script()
    monkeypatch.setattr(vega, "_VERSION", "0.0.1")
    assert _script() == "(() => {window.vega = 2;})()"


@pytest.mark.parametrize("fault", [lambda text: text[:-9], lambda text: text.replace("\n", "\nA"), lambda _: "ü"])
def test_what_is_not_whole_is_made_again(made: list[str], tmp_path: Path, fault: Callable[[str], str]) -> None:
    _script()
    kept = _kept(tmp_path)
    kept.write_text(fault(kept.read_text()))
    assert _script() == "(() => {window.vega = 2;})()"
    assert _script() == "(() => {window.vega = 2;})()"


def test_what_somebody_else_put_there_is_not_taken(
    made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _script()
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    assert _script() == "(() => {window.vega = 2;})()"


def test_where_nothing_can_be_kept_it_is_made_each_time(
    made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "caches").write_text("a file, where a folder should be")
    assert [_script(), _script()] == ["(() => {window.vega = 1;})()", "(() => {window.vega = 2;})()"]
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert _script() == "(() => {window.vega = 3;})()"


def test_a_full_disk_leaves_nothing_half_written(
    made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert _script() == "(() => {window.vega = 1;})()"
    assert not [path for path in (tmp_path / "caches").rglob("*") if path.is_file()]
