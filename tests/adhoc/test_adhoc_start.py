"""What a verb imports: each library of these takes from a twentieth to two seconds of every run."""

import subprocess
import sys
from pathlib import Path

from tests.adhoc.conftest import make_files

_LOADED = """
import sys
from linkage.cli import main
try:
    main()
finally:
    sys.stderr.write("LOADED " + " ".join({name.partition(".")[0] for name in sys.modules}))
"""


def _loaded(*words: object) -> set[str]:
    """The packages that a verb imports, in a process of its own."""
    command = [sys.executable, "-c", _LOADED, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    return set(done.stderr.rpartition("LOADED ")[2].split())


def test_a_verb_that_is_not_asked_for_is_not_imported() -> None:
    assert not {"duckdb", "numpy", "pyarrow", "pydantic", "rich", "sqlglot"} & _loaded("--version")


def test_two_files_need_neither_pandas_nor_what_runs_and_extracts_need(tmp_path: Path) -> None:
    files, out = make_files(tmp_path), tmp_path / "out"
    needed = _loaded("link", files.left, files.right, "--out", out)
    assert (out / "report" / "index.html").is_file()
    assert not {"altair", "cryptography", "great_expectations", "openpyxl", "pandas", "pyspark", "rich"} & needed
