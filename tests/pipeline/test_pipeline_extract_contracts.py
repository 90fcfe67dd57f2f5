"""What a run holds its spine and its extracts to, and where that is told."""

import json

import pytest

from linkage.extract import build


def results(root, name):
    return json.loads((root / "quality" / name).read_text())["results"]


def test_each_table_has_a_suite_and_its_results_stand_in_the_report(linked_village):
    root = linked_village.root
    suites = {path.relative_to(root / "quality/suites").as_posix() for path in root.glob("quality/suites/*/*.json")}
    assert suites >= {
        "sources/npd.json",
        "sources/hmrc_earnings.json",
        "published/spine.json",
        "published/leo_outcomes.json",
        "extract-village-study/people.json",
        "extract-village-study/leo_earnings.json",
    }
    held = json.loads((root / "quality/suites/extract-village-study/people.json").read_text())
    of_extract = results(root, "contracts-extract-village-study.json")
    of_people = [row for row in of_extract if row["source"] == "village-study: people"]
    assert [one["meta"]["rule"] for one in held["expectations"]] == [row["rule"] for row in of_people]
    assert {row["success"] for row in of_extract} == {True}
    spine = [row for row in results(root, "contracts-published.json") if row["source"] == "spine"]
    assert max(row["checked"] for row in spine) == 220
    page = (root / "report/index.html").read_text()
    assert "village-study: people" in page
    assert "quality/suites/extract-village-study/" in page


def repeated(made):
    """Every person of an extract stands in its table twice."""

    def twice(engine, *arguments):
        rows = made(engine, *arguments)
        return engine.sql("select * from {t} union all select * from {t}", t=rows, store=True)

    return twice


@pytest.mark.parametrize("verb", ["run", "extract"])
def test_an_extract_that_is_not_as_it_should_be_is_refused(village, ended, monkeypatch, verb):
    monkeypatch.setattr(build, "link_rows", repeated(build.link_rows))
    asked = {
        "run": ("run", village.config, "--out", village.root, "--no-progress", "--rerun"),
        "extract": ("extract", village.root, village.folder / "project.toml", "--out", village.folder / "given"),
    }[verb]
    said = ended(3, *asked, "--key", village.key)
    assert "village-study: people.AE_ID: is unique: fails in " in said
    assert "the extract was not published" in said
    assert not (village.folder / "given").exists()


def test_what_an_extract_was_held_to_stays_in_a_report_that_is_made_anew(village, leo):
    (village.root / "report/index.html").unlink()
    assert leo("report", village.root)[0] == 0
    assert "village-study: people" in (village.root / "report/index.html").read_text()
