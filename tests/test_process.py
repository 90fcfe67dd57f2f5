"""Garbage collection, signals and standard streams of a process of leo, tested in other
processes.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from linkage import cli
from linkage.cli import app as commands
from linkage.pipeline.lock import in_the_making


def test_garbage_is_collected_seldom_and_not_at_the_end():
    script = """
import atexit, gc
from linkage import process
atexit.register(lambda: print(gc.get_freeze_count() > 1000))  # after what begin registers: the last comes first
process.begin()
print(gc.isenabled(), gc.get_threshold()[0] > 10_000)
"""
    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert process.stdout.split() == ["True", "True", "True"]


def test_a_command_begins_without_libraries_that_it_may_never_need() -> None:
    """Reading two files needs none of them; where pandas is not hidden from Arrow, the
    first array imports it.
    """
    code = """
import sys
sys.argv = ["leo", "--version"]
from linkage.cli import main
try:
    main()
except SystemExit:
    pass
import linkage.cli.link, linkage.files.link, pyarrow
pyarrow.array(["a"])
late = "altair great_expectations jinja2 pandas rich scipy splink vl_convert"
print([name for name in late.split() if name in sys.modules])
"""
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.splitlines()[-1] == "[]"


def test_a_signal_to_end_stops_every_verb_and_leaves_nothing_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """timeout 600 leo link: what had been read of people stayed in a hidden folder."""

    def work(**_: str) -> None:
        with in_the_making(tmp_path / "linked") as part:
            (part / "people.csv").touch()
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)

    monkeypatch.setattr(commands, "app", work)
    with pytest.raises(SystemExit) as exit_info:
        cli.main()
    assert exit_info.value.code == 130
    assert "leo: stopped" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_a_character_shows_its_code(encoding: str) -> None:
    """leo explain ended with an unexpected UnicodeEncodeError, at the first minus."""
    script = (
        "from linkage import process; process.begin(); print('weight', "
        "chr(0x2212) + '3.73')"
    )
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, env=environment
    )
    assert process.stdout == b"weight \\u22123.73\n"


def test_without_standard_streams_no_output_goes_into_a_file(tmp_path: Path) -> None:
    """The first file that a process without an output opens is its output: a library's
    word would stand in it.
    """
    script = """
import os, sys
from linkage import process
process.begin()
file = open(sys.argv[1], "w")
os.write(1, b"a library says something")
print("and so do we", file=sys.stderr)
file.write(f"{file.fileno() > 2} {sys.stdin.read()!r}")
"""
    redirection = 'exec 0<&- 1>&- 2>&-; exec "$@"'
    command = [
        "sh",
        "-c",
        redirection,
        "sh",
        sys.executable,
        "-c",
        script,
        str(tmp_path / "file"),
    ]
    assert subprocess.run(command, check=False).returncode == 0
    assert (tmp_path / "file").read_text() == "True ''"


def test_a_misspelt_environment_variable_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEO_DEFINITION", "somewhere")
    monkeypatch.setenv("LEO_MASTERKEY", "not told")
    monkeypatch.setenv("LEONORA", "somebody else's")
    monkeypatch.setattr(sys, "argv", ["leo", "disclosure", "profiles"])
    with pytest.raises(SystemExit):
        cli.main()
    assert capsys.readouterr().err.splitlines() == [
        "leo: nothing reads the environment variable LEO_DEFINITION; is "
        "LEO_DEFINITIONS meant?",
        "leo: nothing reads the environment variable LEO_MASTERKEY; is LEO_MASTER_KEY "
        "meant?",
    ]
