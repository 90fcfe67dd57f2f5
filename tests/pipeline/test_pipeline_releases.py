"""A run after another: people keep their ids, and the concordance tells what
changed.
"""

import shutil
from pathlib import Path

import pyarrow.parquet as pq


def spine(root: Path) -> dict[tuple[str, str], int]:
    table = pq.read_table((root / "stages/spine") / "spine.parquet").to_pylist()
    return {(row["source"], row["entity_key"]): row["person_id"] for row in table}


def changes(root: Path) -> dict[str, int]:
    table = pq.read_table((root / "stages/spine") / "concordance.parquet").to_pylist()
    kinds = [row["change"] for row in table]
    return {change: kinds.count(change) for change in sorted(set(kinds))}


def drop_first_pupil(folder: Path) -> None:
    """Take the first pupil out of the next delivery, so that every entity has another
    number.
    """
    for path in folder.glob("sources/**/*.parquet"):
        if "npd" in path.as_posix():
            table = pq.read_table(path)
            keys = table.column("PupilMatchingRefAnonymous").to_pylist()
            pq.write_table(
                table.filter([reference != "PMR000000" for reference in keys]), path
            )


def test_people_keep_their_ids_in_the_next_release(village, leo, tmp_path):
    last = tmp_path / "last"
    shutil.copytree(village.root, last)
    for stage in last.glob("stages/*"):
        if (
            stage.name != "spine"
        ):  # a final release keeps no other (docs/tutorials/operator.md)
            shutil.rmtree(stage)
    drop_first_pupil(village.folder)
    out = tmp_path / "next"
    code, _, text = leo(
        "run",
        village.config,
        "--out",
        out,
        "--key",
        village.key,
        "--previous",
        last,
        "--no-progress",
    )
    assert code == 0, text
    before, after = spine(last), spine(out)
    person = before[("npd", "PMR000000")]
    assert set(before.values()) - set(after.values()) == {person}
    assert all(after[entity] == before[entity] for entity in after)
    assert changes(out) == {"kept": 119, "retired": 1}


def test_the_same_delivery_again_changes_nothing(village, leo, tmp_path):
    last = tmp_path / "last"
    shutil.copytree(village.root, last)
    village.change("[run]", f'[run]\nprevious = "{last}"')
    assert [d.stage.name for d in village.runner().plan() if d.action == "run"][:2] == [
        "link-npd-cis",
        "spine",
    ]
    village.runner().run()
    assert spine(village.root) == spine(last)
    assert changes(village.root) == {"kept": 120}
    guide = (village.root / "extracts" / "village-study" / "README.md").read_text(
        encoding="utf-8"
    )
    assert "## What has changed since the last extract" in guide
    assert "None does." in guide


def test_a_folder_that_is_no_run_is_named(village, output, tmp_path):
    text = output(
        2,
        "run",
        village.config,
        "--out",
        tmp_path / "next",
        "--key",
        village.key,
        "--previous",
        tmp_path / "none",
    )
    assert "--previous" in text
    assert "is not a run folder" in text


def test_an_unfinished_release_is_no_base_for_the_next(village, output, tmp_path):
    shutil.rmtree(village.root / "stages/spine")
    text = output(
        2,
        "run",
        village.config,
        "--out",
        tmp_path / "new",
        "--key",
        village.key,
        "--previous",
        village.root,
    )
    assert "holds no whole spine" in text


def test_a_release_does_not_follow_itself(village, output):
    text = output(
        2,
        "run",
        village.config,
        "--out",
        village.root,
        "--key",
        village.key,
        "--previous",
        village.root / ".",
    )
    assert "the last release lies here, and this one would take its place" in text


def test_a_folder_of_leo_link_is_no_release(village, output, tmp_path):
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "manifest.json").write_text(
        '{"format": "1.0", "run": "linked"}'
    )
    text = output(
        2,
        "run",
        village.config,
        "--out",
        tmp_path / "next",
        "--key",
        village.key,
        "--previous",
        tmp_path / "linked",
    )
    assert "is not a folder of leo run, and has no ids of people" in text


def test_a_release_of_an_earlier_version_is_refused(village, output, tmp_path):
    last = tmp_path / "last"
    (last / "stages").mkdir(parents=True)
    (last / "manifest.json").write_text(
        '{"format": 1, "run": "village", "versions": {"leo-linkage": "0.2.0"}}'
    )
    text = output(
        1,
        "run",
        village.config,
        "--out",
        tmp_path / "next",
        "--key",
        village.key,
        "--previous",
        last,
    )
    assert f"{last}: was made by leo-linkage 0.2.0, whose format" in text
    assert not (tmp_path / "next").exists()


def test_decisions_of_a_panel_outweigh_the_model(village, leo):
    """Pupil 4 is not customer 4, but customer 121, who had no link."""
    lines = ["left_source,left_key,right_source,right_key,decision,by"]
    lines += [
        "npd,PMR000003,cis,AB100111C,never,panel",
        "cis,AB104440C,npd,PMR000003,link,panel",
    ]
    (village.folder / "decisions.csv").write_text("\n".join(lines) + "\n")
    village.change("[[step]]", '[[step]]\noverrides = "decisions.csv"')
    code, _, text = leo(
        "run",
        village.config,
        "--out",
        village.root,
        "--key",
        village.key,
        "--no-progress",
    )
    assert code == 0, text
    people = spine(village.root)
    assert people[("cis", "AB104440C")] == people[("npd", "PMR000003")]
    assert ("cis", "AB100111C") not in people
    assert "AB104440C" not in text + (village.root / "manifest.json").read_text()
