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
    return next(found["counts"] for found in manifest_of(root)["stages"] if found["name"] == stage)


def statuses(root: Path) -> dict[str, str]:
    return {stage["name"]: stage["status"] for stage in manifest_of(root)["stages"]}


def reasons(village) -> dict[str, str]:
    return {decision.stage.name: decision.reason for decision in village.runner().plan() if decision.action == "run"}


def rewrite(path: Path, column: str, values: list[Any]) -> None:
    table = pq.read_table(path)
    index = table.schema.get_field_index(column)
    pq.write_table(table.set_column(index, column, pa.array(values, table.schema.field(column).type)), path)


def test_the_village_is_linked_and_all_is_in_its_place(linked_village):
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
        read = counts(root, f"records-{name}")
        assert read["records"] + read["quarantined"] == read["rows_read"]
    for name in ("npd_census", "npd_ks4", "hmrc_employment", "hmrc_earnings"):
        read = counts(root, f"attributes-{name}")
        assert read["rows"] + read["orphans"] + read["quarantined"] == read["rows_read"]
    inputs = manifest_of(root)["inputs"]
    assert {path: about["rows"] for path, about in inputs.items()} == {
        "sources/npd/census/part-00000.parquet": 240,
        "sources/npd/ks4/part-00000.parquet": 120,
        "sources/cis/customers/part-00000.parquet": 115,
        "sources/hmrc/employment/part-00000.parquet": 115,
        "sources/hmrc/earnings/part-00000.parquet": 230,
    }


def test_what_the_rules_reach_is_measured_on_histories_read_again(linked_village):
    evaluation = json.loads((linked_village.root / "quality/evaluation.json").read_text())
    blockings = [step["blocking"] for step in evaluation["steps"]]
    assert all(blocking["true_pairs"] > 0 for blocking in blockings)
    for blocking in blockings:
        assert sum(rule["added_recall"]["count"] for rule in blocking["rules"]) == blocking["recall"]["count"]
    assert max(blocking["recall"]["value"] for blocking in blockings) > 0.8


def test_ids_are_dense_over_the_sources(linked_village):
    assert counts(linked_village.root, "entities-npd") == {"entities": 120, "next_entity_id": 121}
    assert counts(linked_village.root, "entities-cis") == {"entities": 115, "next_entity_id": 236}


def test_no_personal_value_and_no_key_leaves_the_tables(linked_village):
    people = [village_files._person(index) for index in range(village_files.PUPILS)]
    secret = linked_village.key.read_text().strip()
    values = {p["nino"] for p in people} | {p["pmr"] for p in people} | {p["postcode"] for p in people}
    # The village's short names occur in English words and in encoded data; whole words are looked for.
    names = {f'"{p[field]}"' for p in people for field in ("forename", "surname")}
    searched = [
        path for path in linked_village.root.rglob("*") if path.suffix in (".json", ".jsonl", ".html", ".md", ".csv")
    ]
    assert len(searched) > 20
    for path in searched:
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
    (village.folder / "model.json").write_text(json.dumps(model | {"probability_two_random_records_match": 0.007}))
    assert reasons(village)["link-npd-cis"] == "configuration changed"


def test_what_the_catalogue_says_of_leos_own_tables_is_in_what_leaves(village, tmp_path, monkeypatch):
    told = (shipped_dir() / "catalogue/leo.toml").read_text()
    (tmp_path / "own/catalogue").mkdir(parents=True)
    (tmp_path / "own/catalogue/leo.toml").write_text(told.replace("identifiability = 4", "identifiability = 2"))
    monkeypatch.setenv("LEO_DEFINITIONS", str(tmp_path / "own"))
    assert reasons(village) == dict.fromkeys(
        ["contracts-published", "extract-village-study", "report"], "input changed"
    )


def test_what_the_truth_says_of_persons_is_an_input(village):
    (village.folder / "truth/persons").mkdir()
    pq.write_table(pa.table({"person_id": [1], "foreign_born": [False]}), village.folder / "truth/persons/0.parquet")
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


def test_a_failed_precision_gate_withholds_the_extract_and_still_reports(village, leo, ended):
    truth = village.folder / "truth/entities.parquet"
    people = pq.read_table(truth).column("person_id").to_pylist()
    rewrite(truth, "person_id", [*people[:120], *reversed(people[120:])])
    said = ended(3, "run", village.config, "--out", village.root, "--key", village.key, "--no-progress")
    assert "gate min_precision: step 'npd-cis' has precision" in said
    assert "see quality/evaluation.json and the report" in said
    assert statuses(village.root)["extract-village-study"] == "withheld"
    assert statuses(village.root)["report"] == "done"
    page = (village.root / "report/index.html").read_text()
    assert "Do not publish or use this run" in page
    assert "(min_precision)" in page
    leo("report", village.root)
    assert "Do not publish or use this run" in (village.root / "report/index.html").read_text()
    assert not (village.root / "extracts/village-study").exists()


def test_a_failed_critical_contract_stops_before_any_link(village, ended):
    customers = village.folder / "sources/cis/customers/part-00000.parquet"
    rewrite(customers, "DateOfBirth", [None if n < 80 else datetime.date(1996, 1, 1) for n in range(115)])
    said = ended(3, "run", village.config, "--out", village.root, "--key", village.key, "--no-progress")
    assert "gate critical_contracts" in said
    assert "cis.dob: is given: fails in 80 of 115" in said
    assert "see quality/contracts.json; nothing was linked" in said  # there is no report of it
    assert {name: status for name, status in statuses(village.root).items() if status == "withheld"}.keys() == {
        "link-npd-cis",
        "spine",
        "longitudinal",
        "evaluate",
        "contracts-published",
        "extract-village-study",
        "report",
    }
    assert not (village.root / "extracts/village-study").exists()


def test_a_table_that_breaks_its_promise_keeps_extracts_in(village, ended, monkeypatch):
    """Spells that end before they start: a fault of ours, which no source shows."""
    from linkage.pipeline.stages import outputs

    made = outputs.build

    def turned(*arguments, **named):
        tables = made(*arguments, **named)
        broken = "select * replace (cast('1900-01-01' as date) as \"EndDate\") from {t}"
        engine = arguments[0]
        return {**tables, "employment": engine.sql(broken, t=tables["employment"], store=True)}

    monkeypatch.setattr(outputs, "build", turned)
    said = ended(3, "run", village.config, "--out", village.root, "--key", village.key, "--no-progress", "--rerun")
    assert "gate critical_contracts" in said
    assert "leo_employment.EndDate: is not before its start: " in said
    assert "nothing was published" in said
    assert statuses(village.root)["extract-village-study"] == "withheld"
    assert not (village.root / "extracts/village-study").exists()
    assert "is not before its start" in (village.root / "report/index.html").read_text().lower()


def test_the_unlinked_gate_names_the_step(village):
    village.change("min_precision = 0.98", "max_unlinked = 0.1")
    with pytest.raises(
        GateError, match=r"gate max_unlinked: step 'npd-cis' leaves 0\.1304 of its smaller side unlinked"
    ):
        village.runner().run()


def test_a_column_that_no_file_has_is_told(village, leo):
    """Names can be had from elsewhere, so the run goes on; whoever watches it is to know."""
    path = village.folder / "sources/cis/customers/part-00000.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["Postcode"]), path)
    _, _, said = leo("run", village.config, "--out", village.root, "--key", village.key, "--no-progress")
    assert "cis: no file has the column Postcode" in said


def test_a_truncated_source_is_named_and_rows_set_aside_before_it_are_told(village, ended):
    keys = [None, "NOBODY", *(f"PMR{index:06d}" for index in range(2, 120))]
    rewrite(village.folder / "sources/npd/ks4/part-00000.parquet", "PupilMatchingRefAnonymous", keys)
    path = village.folder / "sources/hmrc/earnings/part-00000.parquet"
    path.write_bytes(path.read_bytes()[:-200])
    said = ended(1, "run", village.config, "--out", village.root, "--key", village.key, "--no-progress")
    assert "sources/npd/ks4/part-00000.parquet: 1 of 120 rows quarantined" in said
    assert "npd_ks4: 1 of 120 rows belong to no entity" in said
    assert re.search(r"leo: .*hmrc/earnings/part-00000\.parquet", said)
    assert statuses(village.root)["attributes-hmrc_employment"] == "kept"
    assert statuses(village.root)["attributes-hmrc_earnings"] == "failed"


def test_an_expired_decision_is_refused_although_the_extract_is_up_to_date(village):
    (village.folder / "register.jsonl").unlink()
    village_files.approve(village.folder, expires=datetime.date(2021, 1, 1))
    with pytest.raises(ConfigError, match="ended on 2021-01-01"):
        village.runner()


def test_nothing_is_extracted_that_no_decision_covers(village, ended):
    project, register = village.folder / "project.toml", village.folder / "register.jsonl"
    extract = ("extract", village.root, project, "--key", village.key, "--out", village.root.parent / "given")
    asked = project.read_text()
    project.write_text(asked.replace('"LEVEL2"', '"LEVEL2", "FSM"'))
    assert "npd.ks4: FSM: not approved; leave it out, or have the panel decide" in ended(2, *extract)
    project.write_text(asked)
    register.write_bytes(register.read_bytes().replace(b"2199-01-01", b"2198-01-01"))
    assert "register.jsonl: line 1 was changed" in ended(3, *extract)
    with pytest.raises(GateError, match="line 1 was changed"):
        village.runner()
    register.unlink()
    assert "no such register" in ended(2, *extract)


def test_a_run_needs_a_key_before_any_work(village, ended, monkeypatch, tmp_path):
    monkeypatch.delenv("LEO_MASTER_KEY", raising=False)
    assert "there is no master key" in ended(2, "run", village.config, "--out", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_list_of_opt_outs_that_leaves_nobody_out_is_told_before_any_work(village):
    village.change("[gates]", 'opt_outs = "opt-outs.csv"\n\n[gates]')
    (village.folder / "opt-outs.csv").write_text("source,entity_key\nndp,SECRET\n")
    with pytest.raises(InputError, match="1 row of the list of people who opted out: the source is none of") as refused:
        village.runner()
    assert "SECRET" not in str(refused.value)


@pytest.mark.slow
def test_killed_in_every_stage_the_same_command_finishes_with_the_same_rows(linked_village, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", village_killed.__name__, linked_village.config, linked_village.key, tmp_path / "run"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
    )
    ends = json.loads(done.stdout)
    assert [stage for stage, _ in ends] == [*statuses(linked_village.root), "none"]
    assert [end for _, end in ends] == [-9] * (len(ends) - 1) + [0], done.stderr
    killed = manifest_of(tmp_path / "run")
    assert killed["status"] == "done"
    assert tables(killed) == tables(manifest_of(linked_village.root))


def test_the_command_plans_runs_reports_and_extracts(village, leo, ended):
    shown = ended(0, "plan", village.config, "--out", village.root, "--key", village.key)
    assert shown.startswith(f"{village.root}: 0 of 16 stages would run")
    code, shown, said = leo("run", village.config, "--out", village.root, "--key", village.key, "--no-progress")
    assert code == 0
    assert said.count("up to date") == 16
    assert str(village.root / "report/index.html") in shown
    assert str(village.root / "extracts/village-study") in shown
    (village.root / "report/index.html").unlink()
    assert leo("report", village.root)[0] == 0
    assert (village.root / "report/index.html").stat().st_size > 10_000
    place = village.root.parent / "given"
    shown = ended(0, "extract", village.root, village.folder / "project.toml", "--key", village.key, "--out", place)
    assert "120 people" in shown
    assert (place / "datapackage.json").is_file()
    with place_locked(place):  # as another run's extract into the same folder has it
        said = ended(1, "extract", village.root, village.folder / "project.toml", "--key", village.key, "--out", place)
    assert f"{place}: another run is at work in this folder" in said


def test_an_extract_of_a_run_needs_the_runs_own_key(village, leo, ended, tmp_path):
    leo("extract", "key", "new", tmp_path / "other.key")
    said = ended(2, "extract", village.root, village.folder / "project.toml", "--key", tmp_path / "other.key")
    assert "the run was made with the key of fingerprint" in said
    manifest = json.loads((village.root / "manifest.json").read_text())
    del manifest["key_fingerprint"]  # as of a run that was asked for no extract, and has had one since
    (village.root / "manifest.json").write_text(json.dumps(manifest))
    assert said == ended(2, "extract", village.root, village.folder / "project.toml", "--key", tmp_path / "other.key")
