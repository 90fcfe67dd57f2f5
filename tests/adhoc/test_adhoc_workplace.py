"""The folder that results are made in: one process at a time, and nothing left of one that failed."""

from pathlib import Path

import pytest

from linkage.adhoc.workplace import workplace
from linkage.errors import ConfigError, LeoError
from linkage.pipeline.lock import LOCK


def test_a_second_process_is_turned_away_and_the_first_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "linked"
    with workplace(out, "first", force=False) as place:
        (place.part / "links.parquet").write_text("first")
        with pytest.raises(LeoError, match=rf"{out}: another run is at work .*\n  wait") as refused:  # noqa: SIM117
            with workplace(out, "second", force=False):
                pass
        assert not isinstance(refused.value, ConfigError)
    assert [path.name for path in out.iterdir()] == ["links.parquet"]
    assert not list(tmp_path.glob(".*"))


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    part = tmp_path / ".linked.part"
    (part / "scratch").mkdir(parents=True)
    (part / "links.parquet").write_text("half")
    (part / LOCK).write_text("1\n")
    with workplace(tmp_path / "linked", "again", force=False) as place:
        assert [path.name for path in place.part.iterdir()] == [LOCK]
        (place.part / "model.json").write_text("{}")
    assert [path.name for path in (tmp_path / "linked").iterdir()] == ["model.json"]


def fails_halfway(out: Path) -> None:
    with workplace(out, "fails", force=False) as place:
        (place.part / "half").touch()
        raise ZeroDivisionError


def test_nothing_is_left_of_what_failed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fails_halfway(tmp_path / "linked")
    assert list(tmp_path.iterdir()) == []
