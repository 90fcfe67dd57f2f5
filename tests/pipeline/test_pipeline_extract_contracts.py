"""The contracts of a run's spine and extracts, and where their results stand."""

import json

import pytest

from linkage.extract import build


def results(root, name):
    return json.loads((root / "quality" / name).read_text())["results"]


def test_each_table_has_a_suite_and_its_results_stand_in_the_report(linked_village):
    root = linked_village.root
    suites = {
        path.relative_to(root / "quality/suites").as_posix()
        for path in root.glob("quality/suites/*/*.json")
    }
    assert suites >= {
        "sources/npd.json",
        "sources/hmrc_earnings.json",
        "published/spine.json",
        "published/leo_outcomes.json",
        "extract-village-study/people.json",
        "extract-village-study/leo_earnings.json",
    }
    suite = json.loads(
        (root / "quality/suites/extract-village-study/people.json").read_text()
    )
    extract_results = results(root, "contracts-extract-village-study.json")
    people_results = [
        row for row in extract_results if row["source"] == "village-study: people"
    ]
    assert [entry["meta"]["rule"] for entry in suite["expectations"]] == [
        row["rule"] for row in people_results
    ]
    assert {row["success"] for row in extract_results} == {True}
    spine = [
        row
        for row in results(root, "contracts-published.json")
        if row["source"] == "spine"
    ]
    assert max(row["checked"] for row in spine) == 220
    page = (root / "report/index.html").read_text()
    assert "village-study: people" in page
    assert "quality/suites/extract-village-study/" in page


def with_duplicates(link_rows):
    """A builder of link rows in which every person stands twice."""

    def twice(engine, *arguments):
        rows = link_rows(engine, *arguments)
        return engine.sql(
            "select * from {t} union all select * from {t}", t=rows, store=True
        )

    return twice


@pytest.mark.parametrize("verb", ["run", "extract"])
def test_an_extract_that_breaks_a_contract_is_refused(
    village, output, monkeypatch, verb
):
    monkeypatch.setattr(build, "link_rows", with_duplicates(build.link_rows))
    arguments = {
        "run": (
            "run",
            village.config,
            "--out",
            village.root,
            "--no-progress",
            "--rerun",
        ),
        "extract": (
            "extract",
            village.root,
            village.folder / "project.toml",
            "--out",
            village.folder / "given",
        ),
    }[verb]
    message = output(3, *arguments, "--key", village.key)
    assert "village-study: people.AE_ID: is unique: fails in " in message
    assert "the extract was not published" in message
    assert not (village.folder / "given").exists()


def test_contracts_of_an_extract_stay_in_a_report_made_again(village, leo):
    (village.root / "report/index.html").unlink()
    assert leo("report", village.root)[0] == 0
    assert "village-study: people" in (village.root / "report/index.html").read_text()
