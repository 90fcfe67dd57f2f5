"""`leo synth`: what its options make, and what it says of faults."""

import json

import pytest


def test_options_set_what_is_made(output, tmp_path):
    out = tmp_path / "out"
    options = [
        "--people=300",
        "--releases=2",
        "--format=csv",
        "--tables=identifiers",
        "--preset=hard",
    ]
    text = output(0, "synth", *options, "--out", out)
    assert text.startswith(f"300 people in {out}: release-1/ to release-2/")
    manifest = json.loads((out / "manifest.json").read_text())
    settings = {
        "people": 300,
        "releases": 2,
        "format": "csv",
        "tables": "identifiers",
        "preset": "hard",
        "seed": 2026,
    }
    assert {name: manifest[name] for name in settings} == settings
    assert list((out / "release-2/sources/npd/census").glob("*.csv"))
    assert not (out / "release-2/sources/hmrc").exists()


def test_all_faults_are_reported_at_once(output, tmp_path):
    message = output(
        2,
        "synth",
        "--releases=0",
        "--format=xml",
        "--tables=some",
        "--seed=-1",
        "--out",
        tmp_path / "o",
    )
    for fault in (
        "releases: a whole number from 1 to",
        "format: parquet or csv",
        "tables: all or",
        "seed: a whole",
    ):
        assert fault in message
    assert not (tmp_path / "o").exists()


def test_a_folder_with_files_stays_as_it_is(output, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    assert "is there and not an empty folder" in output(
        2, "synth", "--people=10", "--out", tmp_path
    )
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (
            '{"status": "done", "seed": 2026, "stages": []}',
            "does not hold a population",
        ),
        (
            '{"people": 9, "seed": 1, "rows": {}, "chunk": 9, "format": "csv"}',
            "make one with --format parquet",
        ),
    ],
)
def test_a_folder_without_a_population_in_parquet_is_refused(
    output, tmp_path, manifest, message
):
    (tmp_path / "manifest.json").write_text(manifest)
    assert message in output(2, "synth", "check", tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["manifest.json"]


def test_a_demo_of_too_few_people_says_so(output, tmp_path):
    """Its sources were to be fetched again: "the files hold a header and no rows"."""
    message = output(
        2, "demo", "--people=3", "--no-progress", "--out", tmp_path / "demo"
    )
    first, remedy = message.strip().splitlines()[-2:]
    assert first.startswith("leo: --people 3: so few that none is in ")
    assert "wales/plasc" in first
    assert remedy == "  make more, for example --people 800"
    assert not (tmp_path / "demo").exists()
