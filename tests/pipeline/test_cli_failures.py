"""What a command says when the system refuses it: which file, what was refused, and what to do."""

import errno
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

from linkage.cli.failures import failing_clearly


def said(error: BaseException, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as left, failing_clearly():
        raise error
    assert left.value.code == 1
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "what", "remedy"),
    [
        (errno.EROFS, "Read-only file system", "this user the right to it"),
        (errno.EACCES, "Permission denied", "this user the right to it"),
        (errno.ENOSPC, "No space left on device", "free space there"),
        (errno.EFBIG, "File too large", "free space there"),
        (errno.EISDIR, "Is a directory", "another file or folder"),
        (errno.EMFILE, "Too many open files", "ulimit -n 1024"),
    ],
)
def test_what_the_system_refuses_is_named_with_what_to_do(
    number: int, what: str, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = said(OSError(number, "SMITH 1970-01-01", "out/page.html"), capsys)
    assert shown.startswith(f"leo: out/page.html: {what}\n")
    assert remedy in shown
    assert "SMITH" not in shown


def test_an_error_without_a_place_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(OSError(errno.ENOSPC, "SMITH"), capsys).startswith("leo: No space left on device\n")
    for error in (OSError("SMITH"), OSError(errno.EIO, "SMITH"), ValueError("SMITH")):
        shown = said(error, capsys)
        assert shown.startswith(f"leo: unexpected {type(error).__name__} at ")
        assert "SMITH" not in shown


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit), failing_clearly():
        (tmp_path / "file" / "report").mkdir()
    assert f"{tmp_path}/file/report: Not a directory" in capsys.readouterr().err


def test_a_full_disk_that_has_no_name_is_looked_for_where_verbs_write(capsys: pytest.CaptureFixture[str]) -> None:
    """Space was to be freed "there", and no place had been named."""
    shown = said(OSError(errno.ENOSPC, "SMITH"), capsys)
    assert f"free space in the output folder and in {tempfile.gettempdir()}, then run the same command" in shown


def test_a_system_without_memory_is_no_unforeseen_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A limit on the process (ulimit -v, a container's) was an unexpected MemoryError."""
    for error in (MemoryError("SMITH"), pa.ArrowMemoryError("SMITH")):
        shown = said(error, capsys)
        assert shown.startswith("leo: the system gave no more memory\n  close other programs, or give --memory-limit")
        assert "SMITH" not in shown


def test_a_library_that_panics_quotes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """What pyo3 raises is no Exception: it went through with its traceback, and with what it quoted."""
    panic = type("PanicException", (BaseException,), {})
    shown = said(panic("called on SMITH 1970-01-01"), capsys)
    assert shown.startswith("leo: unexpected PanicException at ")
    assert "SMITH" not in shown
    with pytest.raises(SystemExit) as left, failing_clearly():
        raise SystemExit(3)
    assert left.value.code == 3
