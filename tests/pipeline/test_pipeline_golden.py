"""`leo demo` on 800 synthetic people, from nothing to report and extract."""

import base64
import itertools
import json
import re
import shutil
import stat
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkage.cli import main
from linkage.extract import master_key
from tests.pipeline.toy_pipeline import tables

PEOPLE = 800


@dataclass(frozen=True)
class Demo:
    """What `leo demo` left, and what it printed."""

    root: Path
    data: Path
    key: Path
    output: str

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self.root / "manifest.json").read_text())

    def stage(self, name: str) -> dict[str, Any]:
        return next(stage for stage in self.manifest["stages"] if stage["name"] == name)

    @property
    def delivered(self) -> list[Path]:
        """Every text file of the run outside its tables."""
        texts = (".json", ".jsonl", ".jsonld", ".html", ".md", ".csv")
        return [path for path in self.root.rglob("*") if path.suffix in texts]


pytestmark = pytest.mark.slow  # a demo of 20,000 people


def leo(*arguments: str | Path) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["leo", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_info:
            main()
    return int(exit_info.value.code or 0)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    base = tmp_path_factory.mktemp("demo")
    output_file = base / "printed.txt"
    with pytest.MonkeyPatch.context() as patch, output_file.open("w") as stream:
        patch.setattr(sys, "stdout", stream)
        assert (
            leo("demo", "--people", PEOPLE, "--out", base / "run", "--no-progress") == 0
        )
    return Demo(
        base / "run", base / "run-data", base / "run-key", output_file.read_text()
    )


def test_the_demo_prints_paths_and_five_figures(demo):
    lines = demo.output.splitlines()
    assert [line.split("  ")[0] for line in lines[:5]] == [
        "People",
        "Linked",
        "Precision",
        "Recall",
        "In review",
    ]
    assert f"report   {demo.root}/report/index.html" in lines
    assert f"extract  {demo.root}/extracts/graduate-earnings" in lines
    assert re.search(r"manifest .*manifest\.json   \d+\.\d s", demo.output)
    assert f"key      {demo.key}" in demo.output


def test_the_report_shows_the_uncertainty_of_link_draws(demo):
    *others, step = json.loads((demo.root / "quality" / "evaluation.json").read_text())[
        "steps"
    ]
    assert not any(other["link_draws"] for other in others)
    stage = demo.root / "stages/link-education-cis"
    drawn_links, links = (
        pq.read_table(stage / name / "education-cis.parquet").to_pylist()
        for name in ("link_draws", "links")
    )
    summary = step["link_draws"]
    assert (summary["draws"], summary["links"]["mean"]) == (
        20,
        pytest.approx(len(drawn_links) / 20),
    )
    times = Counter((row["left_id"], row["right_id"]) for row in drawn_links)
    assert (summary["pairs"], summary["in_all"]) == (
        len(times),
        list(times.values()).count(20),
    )
    link_count = sum(row["decision"] == "accepted" for row in links)
    assert abs(summary["links"]["mean"] - link_count) < 0.01 * summary["links"]["mean"]
    for row in summary["characteristics"]:
        for measure in ("eligible", "linked", "mean"):
            total = sum(group[measure] for group in row["groups"])
            assert total == pytest.approx(summary["linked"][measure])
    page = (demo.root / "report" / "index.html").read_text()
    assert "A link draw is a set of links" in page


def test_the_key_lies_outside_the_run_for_its_owner_only(demo):
    assert stat.S_IMODE(demo.key.stat().st_mode) == 0o600
    secret = demo.key.read_text().strip()
    assert len(secret) == 64
    for path in demo.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert secret.encode() not in content, path
            assert bytes.fromhex(secret) not in content, path


def test_the_links_are_right(demo):
    headline = demo.manifest["headline"]
    assert headline["precision"] >= 0.98
    assert headline["recall"] >= 0.9


def test_no_name_birth_date_or_key_stands_outside_the_tables(demo):
    """Forename and surname beside each other in either order; birth dates where text is
    not of spells; the master key.
    """
    names, births = set(), set()
    for table, columns in (
        ("npd/census", ("Forename", "Surname", "DateOfBirth")),
        ("ilr/learners", ("GivenNames", "FamilyName", "DateOfBirth")),
        ("hesa/students", ("FNAMES", "SURNAME", "BIRTHDTE")),
    ):
        people = pq.read_table(demo.data / "sources" / table, columns=list(columns))
        for forename, surname, dob in zip(
            *(people.column(name).to_pylist() for name in columns), strict=True
        ):
            first, last = (
                re.findall(r"[A-Z0-9]+", str(text or "").upper())
                for text in (forename, surname)
            )
            if first and last:
                names |= {f"{first[0]} {last[0]}", f"{last[0]} {first[0]}"}
            if dob and (dob.month, dob.day) not in (
                (4, 5),
                (4, 6),
            ):  # tax years end and begin then
                births.add(dob.isoformat())
    assert min(len(names), len(births)) > 300
    secret = master_key(demo.key).secret
    for path in demo.delivered:
        text = path.read_text(errors="replace")
        words = re.findall(r"[A-Z0-9]+", text.upper())
        assert not names & {f"{a} {b}" for a, b in itertools.pairwise(words)}, path.name
        if path.suffix != ".csv":
            assert not births & set(re.findall(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)), (
                path.name
            )
    for path in (path for path in demo.root.rglob("*") if path.is_file()):
        content = path.read_bytes()
        forms = (
            secret,
            secret.hex().encode(),
            secret.hex().upper().encode(),
            base64.b64encode(secret),
        )
        assert not any(form in content for form in forms), path.name


@pytest.mark.parametrize(
    "manifest", [None, '{"run": "x"}', '{"people": 5, "seed": 1, "preset": "hard"}']
)
def test_the_demo_does_not_touch_data_that_it_did_not_make(manifest, tmp_path, capsys):
    (tmp_path / "run-data").mkdir()
    (tmp_path / "run-data" / "mine.csv").write_text("a")
    if manifest:
        (tmp_path / "run-data" / "manifest.json").write_text(manifest)
    assert leo("demo", "--people", PEOPLE, "--out", tmp_path / "run") == 2
    assert "is not a demo's population" in capsys.readouterr().err
    assert (tmp_path / "run-data" / "mine.csv").exists()


def test_links_trained_and_made_again_on_one_thread_are_the_same_rows(demo, tmp_path):
    shutil.copytree(demo.root, tmp_path / "demo")
    shutil.rmtree(tmp_path / "demo/stages/link-education-cis")
    config = Path(str(demo.manifest["configuration"]["run"]["name"]) + ".toml")
    file = tmp_path / config
    shipped = Path(__file__).parents[2] / "configs" / config
    file.write_text(shipped.read_text().replace("[run]\n", "[run]\nthreads = 1\n"))
    assert (
        leo(
            "run",
            file,
            "--data",
            demo.data,
            "--out",
            tmp_path / "demo",
            "--key",
            demo.key,
            "--no-progress",
        )
        == 0
    )
    manifest = json.loads((tmp_path / "demo/manifest.json").read_text())
    names = [stage["name"] for stage in manifest["stages"] if stage["status"] == "done"]
    assert names == ["link-education-cis"]
    assert tables(manifest) == tables(demo.manifest)


def test_a_review_of_links_stands_in_the_report(demo, tmp_path, capsys):
    """Every pair of the sample is a match; the labels outlive another draw, but not a
    change of the links.
    """
    run = tmp_path / "demo"
    shutil.copytree(demo.root, run)
    assert (
        leo("review", "add", run, tmp_path / "none.csv", "--step", "education-cis") == 2
    )
    assert "draw one: leo review sample" in capsys.readouterr().err
    assert leo("review", "sample", run, "--step", "education-cis", "--size", 60) == 0
    form = run / "review/education-cis/sample.csv"
    lines = form.read_text().splitlines()
    assert lines[0] == "left_id,right_id,answer,reviewer"
    assert len(lines) > 60
    form.write_text(
        "\n".join(
            [lines[0], *(line.removesuffix(",,") + ",match,ann" for line in lines[1:])]
        )
        + "\n"
    )
    assert leo("review", "estimate", run, "--step", "education-cis") == 1
    assert "there are no answers about step" in capsys.readouterr().err
    assert leo("review", "add", run, form, "--step", "education-cis") == 0
    assert leo("review", "estimate", run, "--step", "education-cis") == 0
    assert re.search(
        r"^Precision, .*for the linkage +100\.00 ",
        capsys.readouterr().out,
        re.MULTILINE,
    )
    assert leo("report", run) == 0
    page = (run / "report/index.html").read_text()
    assert "Error by clerical review" in page
    manifest = json.loads((run / "manifest.json").read_text())
    links = next(
        s["made"] for s in manifest["stages"] if s["name"] == "link-education-cis"
    )["links/education-cis"]
    links["fingerprint"] = "1-other"
    (run / "manifest.json").write_text(json.dumps(manifest))
    assert leo("review", "estimate", run, "--step", "education-cis") == 2
    assert "have changed since its sample was drawn" in capsys.readouterr().err
    assert leo("report", run) == 0
    assert "Error by clerical review" not in (run / "report/index.html").read_text()


def test_a_step_takes_its_prior_from_the_earlier_step_with_most_matches(demo):
    """Of 800 people some steps have too few to learn from: they take the prior of a
    step that has enough.
    """
    training = {
        stage["name"].removeprefix("link-"): stage["counts"]["training"]
        for stage in demo.manifest["stages"]
        if stage["name"].startswith("link-")
    }
    steps = [
        "npd-ilr",
        "people-wales",
        "people-scotland",
        "people-hesa",
    ]  # configs/demo.toml: models/education.json
    step_matches: dict[str, int] = {}
    for step in steps:
        teacher = max(step_matches, key=lambda name: step_matches[name], default=None)
        assert training[step].get("prior_from_step") == teacher
        if "rules" in training[step]:
            step_matches[step] = min(
                rule["matches"] for rule in training[step]["rules"]
            )
    assert step_matches
    assert "prior_from_step" not in training["education-cis"]
