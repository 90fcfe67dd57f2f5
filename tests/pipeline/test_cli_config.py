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


def test_a_right_run_is_confirmed(output, tmp_path):
    file = tmp_path / "run.toml"
    file.write_text(RUN)
    text = output(0, "check", file)
    assert text.startswith(
        f"{file}: no fault in run 'small'\n  2 sources, 0 tables of attributes, 1 "
        "step, 0 projects"
    )


def test_files_without_a_column_are_named_before_any_work(leo, output, tmp_path):
    """One part of two lacks a column: in both tables, and at once."""
    file, data = tmp_path / "run.toml", tmp_path / "data"
    file.write_text(
        RUN.replace("[source.pupils]", '[source.pupils]\nkeep = ["House"]')
        + '[attributes.marks]\ndataset = "npd"\ntable = "ks4"\nsource = '
        '"pupils"\nfiles = ["marks.csv"]\n'
        + '[attributes.marks.format]\ntype = "csv"\n'
    )
    (data / "pupils").mkdir(parents=True)
    variables = [
        variable.name for variable in shipped().table("npd", "census").variable
    ]
    for part, names in (("a", [*variables, "House"]), ("b", variables)):
        columns = {name: pa.array(["Anwen"], pa.string()) for name in names}
        pq.write_table(pa.table(columns), data / "pupils" / f"{part}.parquet")
    (data / "marks.csv").write_text("Anwen,2004-03-05\n")
    for arguments in (
        ("check", file, "--data", data),
        ("run", file, "--data", data, "--out", tmp_path / "out"),
    ):
        code, _, message = leo(*arguments)
        assert code == (3 if arguments[0] == "check" else 1)
        assert f"{file}: 2 faults" in message
        assert "source.pupils.keep: pupils/b.parquet has no column 'House'" in message
        assert (
            "attributes.marks: the catalogue's table ks4: marks.csv has no column"
            in message
        )
        assert "Anwen" not in message
        assert "Traceback" not in message
    (data / "pupils" / "b.parquet").write_bytes(b"PAR1 and no end")
    message = output(3, "check", file, "--data", data)
    assert (
        "b.parquet: not a whole Parquet file; its end is missing or damaged" in message
    )


def test_a_schema_is_printed(leo):
    code, stdout, _ = leo("config", "schema")
    assert (code, json.loads(stdout)["title"]) == (0, "Run file")
    code, _, stderr = leo("config", "schema", "pases")
    assert (code, "outcomes, passes, request" in stderr) == (2, True)


def test_a_byte_order_mark_is_read_and_another_encoding_is_named(leo, output, tmp_path):
    """Editors of Windows put a mark before UTF-8, which was no TOML."""
    file = tmp_path / "run.toml"
    file.write_text(RUN, encoding="utf-8-sig")
    assert "no fault in run 'small'" in output(0, "check", file)
    file.write_text(RUN, encoding="utf-16")
    code, _, message = leo("check", file)
    assert (code, message) == (
        3,
        f"leo: {file}: not TOML: it is not in UTF-8\n  save it again with UTF-8 as its "
        "encoding\n",
    )


def test_a_named_key_is_checked_though_no_project_needs_it(leo, output, tmp_path):
    """Whoever mistypes --key learns so before the run, and not when an extract
    is made.
    """
    file, data = tmp_path / "run.toml", tmp_path / "data" / "pupils"
    file.write_text(RUN)
    data.mkdir(parents=True)
    pq.write_table(
        pa.table(
            {v.name: pa.array(["x"]) for v in shipped().table("npd", "census").variable}
        ),
        data / "a.parquet",
    )
    code, _, text = leo(
        "run",
        file,
        "--data",
        data.parent,
        "--out",
        tmp_path / "out",
        "--key",
        tmp_path / "none.key",
    )
    assert (code, f"{tmp_path / 'none.key'}: no such file" in text) == (2, True)
    file.write_text(RUN + '[outputs]\nkey_file = "none.key"\n')
    text = output(2, "run", file, "--data", data.parent, "--out", tmp_path / "out")
    assert f"{tmp_path / 'none.key'}: no such file" in text


@pytest.mark.skipif(find_spec("pyspark") is None, reason="no pyspark")
def test_a_run_is_submitted_to_spark_with_the_code_of_its_executors(output, tmp_path):
    file, code_zip = tmp_path / "run.toml", tmp_path / "leo-linkage.zip"
    file.write_text(RUN)
    options = [
        "--out",
        tmp_path / "out",
        "--set",
        "run.threads=2",
        "--package",
        code_zip,
        "--print",
    ]
    text = output(
        0, "spark", "submit", file, *options, "--", "--master", "spark://host:7077"
    )
    _, log, *command = shlex.split(text)
    assert log.startswith("SPARK_SUBMIT_OPTS=-Dlog4j2.configurationFile=")
    assert command[0].endswith("spark-submit")
    assert command[1:5] == [
        "--master",
        "spark://host:7077",
        "--py-files",
        str(code_zip),
    ]
    assert command[5].endswith("spark_jobs/run.py")
    assert command[6:] == [
        str(file),
        "--set",
        "run.threads=2",
        "--out",
        str(tmp_path / "out"),
    ]
    code = "import linkage.match, quality; print(linkage.__file__)"
    process = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(code_zip)},
        cwd=tmp_path,
        text=True,
        capture_output=True,
    )
    assert process.stdout.startswith(str(code_zip)), process.stderr
