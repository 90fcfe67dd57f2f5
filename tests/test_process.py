"""What a process of ours does with garbage, shown by one that is not this one; and how it is stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from linkage import cli
from linkage.adhoc.workplace import workplace


def test_garbage_is_collected_seldom_and_what_lives_at_the_end_is_not_walked():
    script = """
import atexit, gc
from linkage import process
atexit.register(lambda: print(gc.get_freeze_count() > 1000))  # after what begin registers: the last comes first
process.begin()
print(gc.isenabled(), gc.get_threshold()[0] > 10_000)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True", "True", "True"]


def test_a_signal_to_end_stops_every_verb_and_leaves_nothing_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """timeout 600 leo link: what had been read of people stayed in a hidden folder."""

    def work() -> None:
        with workplace(tmp_path / "linked", "files", force=False) as place:
            (place.part / "people.csv").touch()
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)

    monkeypatch.setattr(cli, "app", work)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert "leo: stopped" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
