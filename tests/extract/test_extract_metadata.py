"""The package describes the files, and a reader of packages agrees; the guide says how
to use it.
"""

import datetime
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import Catalogue
from linkage.engine import Engine, Table
from linkage.extract import ExtractSummary, MasterKey, Project, extract
from tests.extract.conftest import PublishOnce

TODAY = datetime.date(2026, 6, 1)
frictionless = pytest.importorskip("frictionless")


@pytest.fixture
def publication(
    engine: Engine,
    catalogue: Catalogue,
    key: MasterKey,
    make_project: Callable[..., Project],
    publish_once: PublishOnce,
    request: pytest.FixtureRequest,
) -> ExtractSummary:
    def make(out: Path) -> ExtractSummary:
        tables, info = (
            request.getfixturevalue("run_tables"),
            {"name": "release-1", "version": "0.1.0"},
        )
        return extract(
            engine,
            make_project(),
            catalogue,
            tables,
            key,
            out,
            run_info=info,
            today=TODAY,
        )

    return publish_once("with metadata", make)


def descriptor(summary: ExtractSummary) -> dict[str, Any]:
    package: dict[str, Any] = json.loads(
        (summary.folder / "datapackage.json").read_text()
    )
    return package


def test_frictionless_finds_no_fault(publication: ExtractSummary) -> None:
    report = frictionless.validate(str(publication.folder / "datapackage.json"))
    assert report.valid, report.flatten(["name", "title", "message"])


@pytest.mark.parametrize("path", ["csv/npd_ks4.csv", "parquet/npd_ks4.parquet"])
def test_a_changed_byte_is_found(publication: ExtractSummary, path: str) -> None:
    file = publication.folder / path
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    assert not frictionless.validate(str(publication.folder / "datapackage.json")).valid


def test_fields_carry_types_codes_and_sensitivity(publication: ExtractSummary) -> None:
    package = descriptor(publication)
    ks4 = next(
        resource for resource in package["resources"] if resource["name"] == "npd_ks4"
    )
    fields = {field["name"]: field for field in ks4["schema"]["fields"]}
    assert (ks4["leo:rows"], ks4["leo:years"]) == (3, "2011/12-2012/13")
    assert list(fields) == [
        "AE_ID",
        "PUPILMATCHINGREFANONYMOUS",
        "ACADYR",
        "URN",
        "Grade",
        "Note",
    ]
    assert fields["Grade"]["constraints"]["enum"] == ["A", "B"]
    assert fields["Grade"]["categories"] == [
        {"value": "A", "label": "Best"},
        {"value": "B", "label": "Good"},
    ]
    assert (fields["ACADYR"]["type"], fields["URN"]["type"]) == ("integer", "string")
    assert fields["URN"]["leo:pseudonym"] == "URN"
    assert (fields["URN"]["leo:sensitivity"], fields["URN"]["leo:identifiability"]) == (
        "E",
        4,
    )
    assert package["leo:decision"]["reference"] == "D-1"
    assert package["leo:key_fingerprint"] == publication.key_fingerprint
    documents = {f"examples/weights.{kind}" for kind in ("py", "R", "do")}
    documents |= {
        "datapackage.json",
        "README.md",
        "SHA256SUMS",
        "ro-crate-metadata.json",
    }
    assert {r["path"] for r in package["resources"]} | documents == set(
        publication.files
    )


def test_values_off_the_frame_are_reported_and_not_constrained(
    engine: Engine,
    catalogue: Catalogue,
    key: MasterKey,
    run_tables: dict[str, Table],
    make_project: Callable[..., Project],
    tmp_path: Path,
) -> None:
    wrong_grades = engine.sql(
        """select entity_id, "ACADYR", "URN", 'Z' as "Grade", "Note" from {t}""",
        t=run_tables["attributes/npd_ks4"],
    )
    tables = {**run_tables, "attributes/npd_ks4": wrong_grades}
    summary = extract(
        engine,
        make_project(),
        catalogue,
        tables,
        key,
        tmp_path / "o",
        run_info={},
        today=TODAY,
    )
    assert summary.off_frame == ("npd_ks4.Grade",)
    assert frictionless.validate(str(summary.folder / "datapackage.json")).valid


def test_the_guide_explains_contents_joins_links_and_codes(
    publication: ExtractSummary,
) -> None:
    guide = (publication.folder / "README.md").read_text()
    for part in (
        "| `npd_ks4` | pupil | 2011/12-2012/13 | 3 |",
        "semi join 'parquet/npd_ks4.parquet' as first using (AE_ID)",
        'semi_join(first, by = "AE_ID")',
        "`match_probability`",
        "| `A` | Best |",
        "one that began before 2012-04-06 starts on that day",
        "release release-1, D-1",
        "destroy it then",
    ):
        assert part in guide


def test_the_guides_join_runs(
    publication: ExtractSummary, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = (publication.folder / "README.md").read_text()
    query = guide.split("```sql\n")[1].split("```")[0]
    monkeypatch.chdir(publication.folder)
    counts_joined = dict(engine.connection.execute(query).fetchall())
    assert (
        len(counts_joined) == 2
    )  # two of three people have a key stage 4 row, one of them several
    first, second = re.findall(r"join ('parquet/\w+[.]parquet')", query)
    rows = engine.connection.execute(f"select AE_ID from {first}").fetchall()
    assert len(rows) > len(counts_joined)
    counts = Counter(
        person
        for (person,) in engine.connection.execute(
            f"select AE_ID from {second}"
        ).fetchall()
    )
    assert counts_joined == {person: counts[person] for (person,) in rows}, (
        "a person's rows are counted once, as in R"
    )


def test_no_key_or_raw_value_is_in_the_documents(
    publication: ExtractSummary, key: MasterKey
) -> None:
    text = "".join(
        (publication.folder / name).read_text()
        for name in ("README.md", "datapackage.json")
    )
    for secret in (key.secret, key.project("study", "a university", "").secret):
        assert secret.hex() not in text
    assert "SECRET" not in text


def test_the_crate_is_read_by_rocrate(publication: ExtractSummary) -> None:
    rocrate = pytest.importorskip(
        "rocrate.rocrate", reason="no rocrate: pip install 'leo-linkage[dev]'"
    )
    crate = rocrate.ROCrate(publication.folder)
    files = {entity.id for entity in crate.get_entities() if entity.type == "File"}
    assert files == set(publication.files) - {"SHA256SUMS", "ro-crate-metadata.json"}
    root = crate.root_dataset
    assert root["conformsTo"].id == "https://w3id.org/5s-crate/0.4"
    assert (root["sourceOrganization"].type, root["mainEntity"]["name"]) == (
        "Project",
        "leo-linkage",
    )
    actions = {action.type: action for action in root["mentions"]}
    assert set(actions) == {"CreateAction", "AssessAction"}
    assert (
        actions["CreateAction"]["actionStatus"]
        == "http://schema.org/CompletedActionStatus"
    )
    assert "until 2027-01-01" in crate.get("#licence")["description"]


def test_an_extract_names_its_register_definitions_and_conditions(
    engine: Engine,
    make_project: Callable[..., Project],
    catalogue: Catalogue,
    run_tables: dict[str, Table],
    key: MasterKey,
    tmp_path: Path,
) -> None:
    decision = {
        "reference": "D-1",
        "date": "2026-01-01",
        "expires": "2027-01-01",
        "conditions": ["Ask first."],
    }
    project = make_project(
        decision={**decision, "register_hash": "a1" * 32, "same_user": True}
    )
    info = {"definitions": ["requests/data.toml"], "definitions_hash": "b2" * 32}
    summary = extract(
        engine,
        project,
        catalogue,
        run_tables,
        key,
        tmp_path / "o",
        run_info=info,
        today=TODAY,
    )
    guide = (summary.folder / "README.md").read_text()
    package = json.loads((summary.folder / "datapackage.json").read_text())
    assert summary.same_user
    assert package["leo:decision"]["register_hash"] == "a1" * 32
    assert package["leo:run"]["definitions_hash"] == "b2" * 32
    assert package["leo:decision"]["conditions"] == ["Ask first."]
    for part in (
        "a1" * 32,
        "b2" * 32,
        "`requests/data.toml`",
        "duties were not separate",
        "Condition: Ask first.",
    ):
        assert part in guide
