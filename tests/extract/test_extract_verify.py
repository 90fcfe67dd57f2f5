"""`leo extract verify`: any byte changed is found and its file named; wrong keys, rows
and signs of identifiers too.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from linkage.catalogue import Catalogue
from linkage.cli.app import app
from linkage.engine import Engine
from linkage.errors import ConfigError, GateError
from linkage.extract import ExtractSummary, MasterKey, Project
from linkage.extract.seal import SUMS, broken, write_seal
from linkage.extract.verify import verify
from tests.extract.conftest import PublishOnce

FORMATS = ["parquet", "csv"]


@pytest.fixture
def extract(
    publish_once: PublishOnce,
    make_project: Callable[..., Project],
    request: pytest.FixtureRequest,
) -> ExtractSummary:
    project = make_project(formats=["parquet", "csv"])
    return publish_once(
        "two formats", lambda out: request.getfixturevalue("publish")(project, out=out)
    )


@pytest.fixture
def faults(engine: Engine, catalogue: Catalogue) -> Callable[..., str]:
    """The message of verify about a folder with a fault."""

    def message(folder: Path, **options: Any) -> str:
        with pytest.raises(GateError) as error:
            verify(engine, catalogue, folder, **options)
        assert int(error.value.exit_code) == 3
        return str(error.value)

    return message


def replace_table(extract: ExtractSummary, table: str, rows: pa.Table) -> None:
    """Another table in the place of a Parquet file, with the new hashes and sizes."""
    path = extract.folder / "parquet" / f"{table}.parquet"
    pq.write_table(rows, path)
    package = json.loads((extract.folder / "datapackage.json").read_text())
    for resource in package["resources"]:
        if resource["path"] == f"parquet/{table}.parquet":
            resource["hash"] = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
            resource["bytes"] = path.stat().st_size
    (extract.folder / "datapackage.json").write_text(json.dumps(package))
    write_seal(extract.folder, {})


def read(extract: ExtractSummary, table: str) -> pa.Table:
    return pq.read_table(extract.folder / "parquet" / f"{table}.parquet")


def test_an_unchanged_extract_has_no_fault(
    publish: Callable[..., ExtractSummary],
    make_project: Callable[..., Project],
    engine: Engine,
    catalogue: Catalogue,
    key: MasterKey,
) -> None:
    summary = publish(make_project(formats=FORMATS))
    result = verify(engine, catalogue, summary.folder, key=key, seal=summary.seal[:12])
    assert (result.project, result.tables, result.rows) == ("study", 4 * 2, 13 * 2)
    assert (
        result.files
        == len(summary.files)
        == sum(path.is_file() for path in summary.folder.rglob("*"))
    )
    assert (
        result.seal
        == summary.seal
        == hashlib.sha256((summary.folder / SUMS).read_bytes()).hexdigest()
    )


@given(data=st.data())
def test_a_byte_changed_is_found_and_its_file_named(
    extract: ExtractSummary, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(extract.files)))
    file = extract.folder / name
    content = file.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    new_content = bytearray(content)
    new_content[place] ^= data.draw(st.integers(1, 255))
    try:
        file.write_bytes(bytes(new_content))
        fault = broken(extract.folder)
        # A change to the list of hashes is reported for the file of the changed line.
        assert name in fault if name != SUMS else fault
    finally:
        file.write_bytes(content)
    assert not broken(extract.folder)


def test_removed_or_added_files_are_named(
    extract: ExtractSummary, faults: Callable[..., str]
) -> None:
    (extract.folder / "csv" / "people.csv").unlink()
    (extract.folder / "csv" / "more.csv").write_text("a\n1\n")
    message = faults(extract.folder)
    assert "csv/people.csv: is missing" in message
    assert "csv/more.csv: is not in SHA256SUMS" in message


def test_a_rewritten_folder_does_not_match_the_seal(
    extract: ExtractSummary, faults: Callable[..., str]
) -> None:
    (extract.folder / "README.md").write_text("Something else.")
    assert write_seal(extract.folder, {}) != extract.seal
    assert f"{SUMS}: is not that of the seal" in faults(
        extract.folder, seal=extract.seal
    )


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda t: t.slice(1), "has 2 rows, and 3 are described"),
        (lambda t: t.drop_columns(["Grade"]), "lacks Grade"),
        (
            lambda t: t.append_column("More", pa.array([1, 2, 3])),
            "has More, which datapackage.json does not describe",
        ),
        (
            lambda t: t.set_column(2, "ACADYR", t["ACADYR"].cast(pa.string())),
            "ACADYR is string and not integer",
        ),
        (
            lambda t: t.set_column(0, "AE_ID", pa.array(["a" * 26] * 3)),
            "3 rows are of people who are not in people (foreign key AE_ID)",
        ),
        (
            lambda t: t.set_column(3, "URN", pa.array(["500", None, None])),
            "npd_ks4.URN: 1 value looks like no pseudonym",
        ),
    ],
)
def test_wrong_tables_are_reported_with_their_file(
    extract: ExtractSummary,
    faults: Callable[..., str],
    change: Callable[[pa.Table], pa.Table],
    fault: str,
) -> None:
    replace_table(extract, "npd_ks4", change(read(extract, "npd_ks4")))
    assert f"parquet/npd_ks4.parquet: {fault}" in faults(extract.folder)


def test_a_person_in_two_rows_breaks_the_key(
    extract: ExtractSummary, faults: Callable[..., str]
) -> None:
    people = read(extract, "people")
    replace_table(
        extract, "people", pa.concat_tables([people.slice(0, 2), people.slice(0, 1)])
    )
    assert "1 values of its primary key (AE_ID) stand in more than one row" in faults(
        extract.folder
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AB123456C", "NINO"),
        ("a1" * 32, "key or a hash"),
        ("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=", "key or a hash"),
    ],
)
def test_signs_of_identifiers_are_found_in_any_column_and_never_shown(
    extract: ExtractSummary, faults: Callable[..., str], text: str, kind: str
) -> None:
    ks4 = read(extract, "npd_ks4")
    replace_table(
        extract, "npd_ks4", ks4.set_column(5, "Note", pa.array([text, None, None]))
    )
    message = faults(extract.folder)
    assert (
        f"parquet/npd_ks4.parquet: npd_ks4.Note: 1 value looks like {kind}" in message
    )
    assert text.lower() not in message.lower()


@pytest.mark.parametrize(
    "form",
    [lambda s: s, lambda s: s.hex().encode(), lambda s: s.hex().upper().encode()],
)
def test_key_material_is_found(
    extract: ExtractSummary,
    faults: Callable[..., str],
    key: MasterKey,
    form: Callable[[bytes], bytes],
) -> None:
    (extract.folder / "notes.txt").write_bytes(b"x" * 2_000_000 + form(key.secret))
    write_seal(extract.folder, {})
    assert "notes.txt: holds the master key" in faults(extract.folder, key=key)


def test_a_folder_that_is_no_extract_is_a_usage_error(
    engine: Engine, catalogue: Catalogue, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="is not an extract"):
        verify(engine, catalogue, tmp_path)


def test_another_key_than_that_of_the_extract_is_reported(
    extract: ExtractSummary, faults: Callable[..., str]
) -> None:
    other = MasterKey(b"another key of the right length.")
    assert f"this one has {other.fingerprint}" in faults(extract.folder, key=other)


def test_extract_verify_as_a_command(extract: ExtractSummary) -> None:
    outcome = CliRunner().invoke(
        app, ["extract", "verify", str(extract.folder), "--seal", extract.seal[:8]]
    )
    assert (outcome.exit_code, "no fault in study" in outcome.output) == (0, True)
    (extract.folder / "README.md").write_text("x")
    failure = CliRunner().invoke(app, ["extract", "verify", str(extract.folder)])
    assert isinstance(failure.exception, GateError)
    assert "README.md" in str(failure.exception)
