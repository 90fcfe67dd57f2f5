"""What a command says when the system refuses it: which file, what was refused, and
what to do.
"""

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

from linkage.cli import main
from linkage.cli.failures import failing_clearly
from linkage.errors import InputError
from linkage.records.source_files import find


def message_of(error: BaseException, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as exit_info, failing_clearly():
        raise error
    assert exit_info.value.code == 1
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "reason", "remedy"),
    [
        (errno.EROFS, "Read-only file system", "this user the right to it"),
        (errno.EACCES, "Permission denied", "this user the right to it"),
        (errno.ENOSPC, "No space left on device", "free space there"),
        (errno.EFBIG, "File too large", "free space there"),
        (errno.EISDIR, "Is a directory", "another file or folder"),
        (errno.EMFILE, "Too many open files", "ulimit -n 1024"),
    ],
)
def test_system_errors_are_named_with_a_remedy(
    number: int, reason: str, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = message_of(OSError(number, "SMITH 1970-01-01", "out/page.html"), capsys)
    assert text.startswith(f"leo: out/page.html: {reason}\n")
    assert remedy in text
    assert "SMITH" not in text


def test_an_error_without_a_place_is_not_repeated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert message_of(OSError(errno.ENOSPC, "SMITH"), capsys).startswith(
        "leo: No space left on device\n"
    )
    for error in (OSError("SMITH"), OSError(errno.EIO, "SMITH"), ValueError("SMITH")):
        text = message_of(error, capsys)
        assert text.startswith(f"leo: unexpected {type(error).__name__} at ")
        assert "SMITH" not in text


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit), failing_clearly():
        (tmp_path / "file" / "report").mkdir()
    assert f"{tmp_path}/file/report: Not a directory" in capsys.readouterr().err


def test_a_full_disk_without_a_path_names_the_folders_that_verbs_write_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Space was to be freed "there", and no place had been named."""
    text = message_of(OSError(errno.ENOSPC, "SMITH"), capsys)
    assert (
        f"free space in the output folder and in {tempfile.gettempdir()}, then run the "
        "same command" in text
    )


def test_ctrl_c_during_imports_gives_one_message(tmp_path: Path) -> None:
    """Ctrl-C in the first third of a second showed where Python was."""
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from linkage.cli "
        "import main; main()"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    message = "leo: stopped\n  the same command can be given again\n"
    assert (process.returncode, process.stdout, process.stderr) == (130, "", message)


def test_lack_of_memory_is_no_unexpected_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A limit on the process (ulimit -v, a container's) was an unexpected
    MemoryError.
    """
    for error in (MemoryError("SMITH"), pa.ArrowMemoryError("SMITH")):
        text = message_of(error, capsys)
        assert text.startswith(
            "leo: the system gave no more memory\n  close other programs, or give "
            "--memory-limit"
        )
        assert "SMITH" not in text


def test_a_library_that_panics_quotes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What pyo3 raises is no Exception: it went through with its traceback, and with
    what it quoted.
    """
    panic = type("PanicException", (BaseException,), {})
    text = message_of(panic("called on SMITH 1970-01-01"), capsys)
    assert text.startswith("leo: unexpected PanicException at ")
    assert "SMITH" not in text
    with pytest.raises(SystemExit) as exit_info, failing_clearly():
        raise SystemExit(3)
    assert exit_info.value.code == 3


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["leo", *arguments])
    with pytest.raises(SystemExit) as exit_info:
        main()
    return int(str(exit_info.value.code))


def test_names_that_are_not_in_utf_8_are_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files of an old share: all was linked, and then the manifest could not be
    written.
    """
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"m\xfcller.csv")
    Path(name).touch()
    remedy = (
        "the name is not in UTF-8\n  rename it; where it is in UTF-8, say so: "
        "export LC_ALL=C.UTF-8\n"
    )
    assert command(monkeypatch, "dedupe", name, "--out", "out") == 1
    assert capsys.readouterr().err == f"leo: m\\xfcller.csv: {remedy}"
    assert (
        command(monkeypatch, "explain", "out", "--pair", name.removesuffix(".csv"), "2")
        == 1
    )
    assert capsys.readouterr().err == f"leo: argument 4: {remedy}"
    with pytest.raises(InputError, match=r"m\\xfcller\.csv: the name is not in UTF-8"):
        find("source.npd", ["*.csv"], tmp_path)


def test_a_lost_working_folder_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here").rmdir()
    assert command(monkeypatch, "dedupe", "a.csv", "--out", "out") == 1
    assert (
        capsys.readouterr().err
        == "leo: the folder that the command is given in is gone\n  go to another one\n"
    )
