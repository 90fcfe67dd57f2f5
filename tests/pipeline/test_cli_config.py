"""`leo check`: a run's file that is right, and files that lack a column."""

import json
import shlex
import subprocess
import sys
from importlib.util import find_spec

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.catalogue import shipped
from tests.pipeline.test_cli import RUN as SMALL

RUN = f"""{SMALL}
[source.others]
dataset = "npd"
table = "census"
files = ["pupils/a.parquet"]

[[step]]
name = "one"
left = "pupils"
right = "others"
model = "models/education.json"
"""


def test_a_right_run_is_confirmed(ended, tmp_path):
    file = tmp_path / "run.toml"
    file.write_text(RUN)
    shown = ended(0, "check", file)
    assert shown.startswith(f"{file}: no fault in run 'small'\n  2 sources, 0 tables of attributes, 1 step, 0 projects")


def test_files_without_a_column_are_named_before_any_work(leo, ended, tmp_path):
    """One part of two lacks a column: in both tables, and at once."""
    file, data = tmp_path / "run.toml", tmp_path / "data"
    file.write_text(
        RUN.replace("[source.pupils]", '[source.pupils]\nkeep = ["House"]')
        + '[attributes.marks]\ndataset = "npd"\ntable = "ks4"\nsource = "pupils"\nfiles = ["marks.csv"]\n'
        + '[attributes.marks.format]\ntype = "csv"\n'
    )
    (data / "pupils").mkdir(parents=True)
    variables = [variable.name for variable in shipped().table("npd", "census").variable]
    for part, names in (("a", [*variables, "House"]), ("b", variables)):
        held = {name: pa.array(["Anwen"], pa.string()) for name in names}
        pq.write_table(pa.table(held), data / "pupils" / f"{part}.parquet")
    (data / "marks.csv").write_text("Anwen,2004-03-05\n")
    for arguments in (
        ("check", file, "--data", data),
        ("run", file, "--data", data, "--out", tmp_path / "out"),
    ):
        code, _, said = leo(*arguments)
        assert code == (3 if arguments[0] == "check" else 1)
        assert f"{file}: 2 faults" in said
        assert "source.pupils.keep: pupils/b.parquet has no column 'House'" in said
        assert "attributes.marks: the catalogue's table ks4: marks.csv has no column" in said
        assert "Anwen" not in said
        assert "Traceback" not in said
    (data / "pupils" / "b.parquet").write_bytes(b"PAR1 and no end")
    said = ended(3, "check", file, "--data", data)
    assert "b.parquet: not a whole Parquet file; its end is missing or damaged" in said


def test_a_schema_is_printed(leo):
    code, shown, _ = leo("config", "schema")
    assert (code, json.loads(shown)["title"]) == (0, "Run file")
    code, _, said = leo("config", "schema", "pases")
    assert (code, "outcomes, passes, request" in said) == (2, True)


def test_a_file_with_the_mark_of_windows_is_read_and_another_encoding_is_told(leo, ended, tmp_path):
    """Editors of Windows put a mark before UTF-8, which was no TOML."""
    file = tmp_path / "run.toml"
    file.write_text(RUN, encoding="utf-8-sig")
    assert "no fault in run 'small'" in ended(0, "check", file)
    file.write_text(RUN, encoding="utf-16")
    code, _, said = leo("check", file)
    assert (code, said) == (
        3,
        f"leo: {file}: not TOML: it is not in UTF-8\n  save it again with UTF-8 as its encoding\n",
    )


def test_a_key_that_is_named_is_looked_at_though_no_project_needs_it(leo, ended, tmp_path):
    """Whoever mistypes --key learns so before the run, and not when an extract is made."""
    file, data = tmp_path / "run.toml", tmp_path / "data" / "pupils"
    file.write_text(RUN)
    data.mkdir(parents=True)
    pq.write_table(
        pa.table({v.name: pa.array(["x"]) for v in shipped().table("npd", "census").variable}), data / "a.parquet"
    )
    code, _, said = leo("run", file, "--data", data.parent, "--out", tmp_path / "out", "--key", tmp_path / "none.key")
    assert (code, f"{tmp_path / 'none.key'}: no such file" in said) == (2, True)
    file.write_text(RUN + '[outputs]\nkey_file = "none.key"\n')
    said = ended(2, "run", file, "--data", data.parent, "--out", tmp_path / "out")
    assert f"{tmp_path / 'none.key'}: no such file" in said


@pytest.mark.skipif(find_spec("pyspark") is None, reason="no pyspark")
def test_a_run_is_submitted_to_spark_with_the_code_of_its_executors(ended, tmp_path):
    file, code_zip = tmp_path / "run.toml", tmp_path / "leo-linkage.zip"
    file.write_text(RUN)
    given = ["--out", tmp_path / "out", "--set", "run.threads=2", "--package", code_zip, "--print"]
    shown = ended(0, "spark", "submit", file, *given, "--", "--master", "spark://host:7077")
    _, log, *command = shlex.split(shown)
    assert log.startswith("SPARK_SUBMIT_OPTS=-Dlog4j2.configurationFile=")
    assert command[0].endswith("spark-submit")
    assert command[1:5] == ["--master", "spark://host:7077", "--py-files", str(code_zip)]
    assert command[5].endswith("spark_jobs/run.py")
    assert command[6:] == [str(file), "--set", "run.threads=2", "--out", str(tmp_path / "out")]
    imported = "import linkage.match, quality; print(linkage.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", imported],
        env={"PYTHONPATH": str(code_zip)},
        cwd=tmp_path,
        text=True,
        capture_output=True,
    )
    assert done.stdout.startswith(str(code_zip)), done.stderr
