"""The whole pipeline on a village: what it leaves, what it keeps, what stops it."""

import datetime
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.config.resources import shipped_dir
from linkage.errors import ConfigError, GateError, InputError
from linkage.pipeline.lock import place_locked
from linkage.pipeline.plan import Scope
from tests.pipeline import village as village_files
from tests.pipeline import village_killed
from tests.pipeline.toy_pipeline import tables


def manifest_of(root: Path) -> dict[str, Any]:
    return json.loads((root / "manifest.json").read_text())


def counts(root: Path, stage: str) -> dict[str, Any]:
    return next(
        entry["counts"]
        for entry in manifest_of(root)["stages"]
        if entry["name"] == stage
    )


def statuses(root: Path) -> dict[str, str]:
    return {stage["name"]: stage["status"] for stage in manifest_of(root)["stages"]}


def reasons(village) -> dict[str, str]:
    return {
        decision.stage.name: decision.reason
        for decision in village.runner().plan()
        if decision.action == "run"
    }


def rewrite(path: Path, column: str, values: list[Any]) -> None:
    table = pq.read_table(path)
    index = table.schema.get_field_index(column)
    pq.write_table(
        table.set_column(
            index, column, pa.array(values, table.schema.field(column).type)
        ),
        path,
    )


def test_the_village_is_linked_and_every_file_is_in_its_place(linked_village):
    root = linked_village.root
    manifest = manifest_of(root)
    assert manifest["status"] == "done"
    assert manifest["headline"] == {
        "people": 120,
        "last_step": "npd-cis",
        "links": 100,
        "linked_of_smaller_side": round(100 / 115, 5),
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
    }
    for place in (
        "quality/contracts.json",
        "quality/contracts-published.json",
        "quality/evaluation.json",
        "models/npd-cis.json",
        "report/index.html",
        "extracts/village-study/datapackage.json",
        "stages/link-npd-cis/links/npd-cis.parquet",
        "stages/longitudinal/outcomes.parquet",
    ):
        assert (root / place).is_file(), place
    assert not (root / ".scratch").exists()


def test_rows_reconcile(linked_village):
    root = linked_village.root
    for name in ("npd", "cis"):
        row_counts = counts(root, f"records-{name}")
        assert (
            row_counts["records"] + row_counts["quarantined"] == row_counts["rows_read"]
        )
    for name in ("npd_census", "npd_ks4", "hmrc_employment", "hmrc_earnings"):
        row_counts = counts(root, f"attributes-{name}")
        assert (
            row_counts["rows"] + row_counts["orphans"] + row_counts["quarantined"]
            == row_counts["rows_read"]
        )
    inputs = manifest_of(root)["inputs"]
    assert {path: entry["rows"] for path, entry in inputs.items()} == {
        "sources/npd/census/part-00000.parquet": 240,
        "sources/npd/ks4/part-00000.parquet": 120,
        "sources/cis/customers/part-00000.parquet": 115,
        "sources/hmrc/employment/part-00000.parquet": 115,
        "sources/hmrc/earnings/part-00000.parquet": 230,
    }


def test_blocking_recall_is_measured_on_histories_read_again(linked_village):
    evaluation = json.loads(
        (linked_village.root / "quality/evaluation.json").read_text()
    )
    blockings = [step["blocking"] for step in evaluation["steps"]]
    assert all(blocking["true_pairs"] > 0 for blocking in blockings)
    for blocking in blockings:
        assert (
            sum(rule["added_recall"]["count"] for rule in blocking["rules"])
            == blocking["recall"]["count"]
        )
    assert max(blocking["recall"]["value"] for blocking in blockings) > 0.8


def test_ids_are_dense_over_the_sources(linked_village):
    assert counts(linked_village.root, "entities-npd") == {
        "entities": 120,
        "next_entity_id": 121,
    }
    assert counts(linked_village.root, "entities-cis") == {
        "entities": 115,
        "next_entity_id": 236,
    }


def test_no_personal_value_and_no_key_leaves_the_tables(linked_village):
    people = [village_files._person(index) for index in range(village_files.PUPILS)]
    secret = linked_village.key.read_text().strip()
    values = (
        {p["nino"] for p in people}
        | {p["pmr"] for p in people}
        | {p["postcode"] for p in people}
    )
    # The village's short names occur in English words and in encoded data; whole words
    # are looked for.
    names = {f'"{p[field]}"' for p in people for field in ("forename", "surname")}
    files = [
        path
        for path in linked_village.root.rglob("*")
        if path.suffix in (".json", ".jsonl", ".html", ".md", ".csv")
    ]
    assert len(files) > 20
    for path in files:
        text = path.read_text(errors="replace")
        assert not [value for value in values | names if value in text], path
    for path in linked_village.root.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes()
            assert bytes.fromhex(secret) not in path.read_bytes()


def test_a_second_run_keeps_all_and_other_threads_give_the_same_rows(village):
    first = tables(manifest_of(village.root))
    village.runner().run()
    assert set(statuses(village.root).values()) == {"kept"}
    village.change("threads = 1", "threads = 2")
    assert reasons(village) == {}
    village.runner().run(Scope(rerun=True))
    assert set(statuses(village.root).values()) == {"done"}
    assert tables(manifest_of(village.root)) == first


def test_a_changed_threshold_runs_the_link_and_what_follows(village):
    village.change("train = false", "train = false\naccept_probability = 0.9")
    assert reasons(village) == {
        "link-npd-cis": "configuration changed",
        "spine": "follows link-npd-cis",
        "longitudinal": "follows spine",
        "evaluate": "follows link-npd-cis",
        "contracts-published": "follows spine",
        "extract-village-study": "follows spine",
        "report": "follows contracts-published",
    }


def test_a_changed_model_file_runs_the_link(village):
    model = json.loads((village.folder / "model.json").read_text())
    (village.folder / "model.json").write_text(
        json.dumps(model | {"probability_two_random_records_match": 0.007})
    )
    assert reasons(village)["link-npd-cis"] == "configuration changed"


def test_the_catalogue_of_leo_tables_is_an_input_of_extracts(
    village, tmp_path, monkeypatch
):
    text = (shipped_dir() / "catalogue/leo.toml").read_text()
    (tmp_path / "own/catalogue").mkdir(parents=True)
    (tmp_path / "own/catalogue/leo.toml").write_text(
        text.replace("identifiability = 4", "identifiability = 2")
    )
    monkeypatch.setenv("LEO_DEFINITIONS", str(tmp_path / "own"))
    assert reasons(village) == dict.fromkeys(
        ["contracts-published", "extract-village-study", "report"], "input changed"
    )


def test_the_truth_of_persons_is_an_input(village):
    (village.folder / "truth/persons").mkdir()
    pq.write_table(
        pa.table({"person_id": [1], "foreign_born": [False]}),
        village.folder / "truth/persons/0.parquet",
    )
    assert reasons(village)["evaluate"] == "input changed"


def test_a_new_delivery_of_one_body_leaves_the_files_of_others_alone(village):
    path = village.folder / "sources/hmrc/earnings/part-00000.parquet"
    rewrite(path, "Earnings", [1 for _ in range(230)])
    assert reasons(village) == {
        "attributes-hmrc_earnings": "input changed",
        "contracts": "follows attributes-hmrc_earnings",
        "longitudinal": "follows attributes-hmrc_earnings",
        "evaluate": "follows attributes-hmrc_earnings",
        "contracts-published": "follows longitudinal",
        "extract-village-study": "follows attributes-hmrc_earnings",
        "report": "follows contracts",
    }


def test_a_failed_precision_gate_withholds_the_extract_and_still_reports(
    village, leo, output
):
    truth = village.folder / "truth/entities.parquet"
    people = pq.read_table(truth).column("person_id").to_pylist()
    rewrite(truth, "person_id", [*people[:120], *reversed(people[120:])])
    text = output(
        3,
        "run",
        village.config,
        "--out",
        village.root,
        "--key",
        village.key,
        "--no-progress",
    )
    assert "gate min_precision: step 'npd-cis' has precision" in text
    assert "see quality/evaluation.json and the report" in text
    assert statuses(village.root)["extract-village-study"] == "withheld"
    assert statuses(village.root)["report"] == "done"
    page = (village.root / "report/index.html").read_text()
    assert "Do not publish or use this run" in page
    assert "(min_precision)" in page
    leo("report", village.root)
    assert (
        "Do not publish or use this run"
        in (village.root / "report/index.html").read_text()
    )
    assert not (village.root / "extracts/village-study").exists()


def test_a_failed_critical_contract_stops_before_any_link(village, output):
    customers = village.folder / "sources/cis/customers/part-00000.parquet"
    rewrite(
        customers,
        "DateOfBirth",
        [None if n < 80 else datetime.date(1996, 1, 1) for n in range(115)],
    )
    text = output(
        3,
        "run",
        village.config,
        "--out",
        village.root,
        "--key",
        village.key,
        "--no-progress",
    )
    assert "gate critical_contracts" in text
    assert "cis.dob: is given: fails in 80 of 115" in text
    assert (
        "see quality/contracts.json; nothing was linked" in text
    )  # there is no report of it
    assert {
        name: status
        for name, status in statuses(village.root).items()
        if status == "withheld"
    }.keys() == {
        "link-npd-cis",
        "spine",
        "longitudinal",
        "evaluate",
        "contracts-published",
        "extract-village-study",
        "report",
    }
    assert not (village.root / "extracts/village-study").exists()


def test_a_table_that_breaks_its_contract_stops_extracts(village, output, monkeypatch):
    """Spells that end before they start: a fault of ours, which no source shows."""
    from linkage.pipeline.stages import outputs

    build = outputs.build

    def build_with_fault(*arguments, **options):
        tables = build(*arguments, **options)
        query = "select * replace (cast('1900-01-01' as date) as \"EndDate\") from {t}"
        engine = arguments[0]
        return {
            **tables,
            "employment": engine.sql(query, t=tables["employment"], store=True),
        }

    monkeypatch.setattr(outputs, "build", build_with_fault)
    text = output(
        3,
        "run",
        village.config,
        "--out",
        village.root,
        "--key",
        village.key,
        "--no-progress",
        "--rerun",
    )
    assert "gate critical_contracts" in text
    assert "leo_employment.EndDate: is not before its start: " in text
    assert "nothing was published" in text
    assert statuses(village.root)["extract-village-study"] == "withheld"
    assert not (village.root / "extracts/village-study").exists()
    assert (
        "is not before its start"
        in (village.root / "report/index.html").read_text().lower()
    )


def test_the_unlinked_gate_names_the_step(village):
    village.change("min_precision = 0.98", "max_unlinked = 0.1")
    with pytest.raises(
        GateError,
        match=r"gate max_unlinked: step 'npd-cis' leaves 0\.1304 of its smaller side "
        r"unlinked",
    ):
        village.runner().run()


def test_a_column_that_no_file_has_is_reported(village, leo):
    """Names can be had from elsewhere, so the run goes on; whoever watches it is to
    know.
    """
    path = village.folder / "sources/cis/customers/part-00000.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["Postcode"]), path)
    _, _, text = leo(
        "run",
        village.config,
        "--out",
        village.root,
        "--key",
        village.key,
        "--no-progress",
    )
    assert "cis: no file has the column Postcode" in text


def test_a_truncated_source_is_named_with_rows_quarantined_before_it(village, output):
    keys = [None, "NOBODY", *(f"PMR{index:06d}" for index in range(2, 120))]
    rewrite(
        village.folder / "sources/npd/ks4/part-00000.parquet",
        "PupilMatchingRefAnonymous",
        keys,
    )
    path = village.folder / "sources/hmrc/earnings/part-00000.parquet"
    path.write_bytes(path.read_bytes()[:-200])
    text = output(
        1,
        "run",
        village.config,
        "--out",
        village.root,
        "--key",
        village.key,
        "--no-progress",
    )
    assert "sources/npd/ks4/part-00000.parquet: 1 of 120 rows quarantined" in text
    assert "npd_ks4: 1 of 120 rows belong to no entity" in text
    assert re.search(r"leo: .*hmrc/earnings/part-00000\.parquet", text)
    assert statuses(village.root)["attributes-hmrc_employment"] == "kept"
    assert statuses(village.root)["attributes-hmrc_earnings"] == "failed"


def test_an_expired_decision_is_refused_although_the_extract_is_up_to_date(village):
    (village.folder / "register.jsonl").unlink()
    village_files.approve(village.folder, expires=datetime.date(2021, 1, 1))
    with pytest.raises(ConfigError, match="ended on 2021-01-01"):
        village.runner()


def test_nothing_is_extracted_that_no_decision_covers(village, output):
    project, register = (
        village.folder / "project.toml",
        village.folder / "register.jsonl",
    )
    extract = (
        "extract",
        village.root,
        project,
        "--key",
        village.key,
        "--out",
        village.root.parent / "given",
    )
    request = project.read_text()
    project.write_text(request.replace('"LEVEL2"', '"LEVEL2", "FSM"'))
    assert (
        "npd.ks4: FSM: not approved; leave it out, or have the panel decide"
        in output(2, *extract)
    )
    project.write_text(request)
    register.write_bytes(register.read_bytes().replace(b"2199-01-01", b"2198-01-01"))
    assert "register.jsonl: line 1 was changed" in output(3, *extract)
    with pytest.raises(GateError, match="line 1 was changed"):
        village.runner()
    register.unlink()
    assert "no such register" in output(2, *extract)


def test_a_run_needs_a_key_before_any_work(village, output, monkeypatch, tmp_path):
    monkeypatch.delenv("LEO_MASTER_KEY", raising=False)
    assert "there is no master key" in output(
        2, "run", village.config, "--out", tmp_path / "new"
    )
    assert not (tmp_path / "new").exists()


def test_opt_outs_of_an_unknown_source_are_refused_before_any_work(village):
    village.change("[gates]", 'opt_outs = "opt-outs.csv"\n\n[gates]')
    (village.folder / "opt-outs.csv").write_text("source,entity_key\nndp,SECRET\n")
    with pytest.raises(
        InputError,
        match="1 row of the list of people who opted out: the source is none of",
    ) as error:
        village.runner()
    assert "SECRET" not in str(error.value)


@pytest.mark.slow
def test_after_a_kill_in_any_stage_the_same_command_gives_the_same_rows(
    linked_village, tmp_path
):
    process = subprocess.run(
        [
            sys.executable,
            "-m",
            village_killed.__name__,
            linked_village.config,
            linked_village.key,
            tmp_path / "run",
        ],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
    )
    ends = json.loads(process.stdout)
    assert [stage for stage, _ in ends] == [*statuses(linked_village.root), "none"]
    assert [end for _, end in ends] == [-9] * (len(ends) - 1) + [0], process.stderr
    manifest = manifest_of(tmp_path / "run")
    assert manifest["status"] == "done"
    assert tables(manifest) == tables(manifest_of(linked_village.root))


def test_the_command_plans_runs_reports_and_extracts(village, leo, output):
    stdout = output(
        0, "plan", village.config, "--out", village.root, "--key", village.key
    )
    assert stdout.startswith(f"{village.root}: 0 of 16 stages would run")
    code, stdout, stderr = leo(
        "run",
        village.config,
        "--out",
        village.root,
        "--key",
        village.key,
        "--no-progress",
    )
    assert code == 0
    assert stderr.count("up to date") == 16
    assert str(village.root / "report/index.html") in stdout
    assert str(village.root / "extracts/village-study") in stdout
    (village.root / "report/index.html").unlink()
    assert leo("report", village.root)[0] == 0
    assert (village.root / "report/index.html").stat().st_size > 10_000
    out = village.root.parent / "given"
    stdout = output(
        0,
        "extract",
        village.root,
        village.folder / "project.toml",
        "--key",
        village.key,
        "--out",
        out,
    )
    assert "120 people" in stdout
    assert (out / "datapackage.json").is_file()
    with place_locked(out):  # as another run's extract into the same folder has it
        stderr = output(
            1,
            "extract",
            village.root,
            village.folder / "project.toml",
            "--key",
            village.key,
            "--out",
            out,
        )
    assert f"{out}: another run is at work in this folder" in stderr


def test_an_extract_of_a_run_needs_the_runs_own_key(village, leo, output, tmp_path):
    leo("extract", "key", "new", tmp_path / "other.key")
    text = output(
        2,
        "extract",
        village.root,
        village.folder / "project.toml",
        "--key",
        tmp_path / "other.key",
    )
    assert "the run was made with the key of fingerprint" in text
    manifest = json.loads((village.root / "manifest.json").read_text())
    del manifest[
        "key_fingerprint"
    ]  # as of a run that was asked for no extract, and has had one since
    (village.root / "manifest.json").write_text(json.dumps(manifest))
    assert text == output(
        2,
        "extract",
        village.root,
        village.folder / "project.toml",
        "--key",
        tmp_path / "other.key",
    )
