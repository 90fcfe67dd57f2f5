"""`leo explain` on folders of `leo link` and `leo dedupe`: pairs, records and people,
each for the right reason.
"""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkage.errors import ConfigError
from linkage.files.link import DedupeRequest, dedupe_file
from quality.explain import Explainer
from quality.explain.page import render_explanation
from tests.files.conftest import CANARY, make_register


@pytest.fixture(scope="module")
def two_files(linking: Any) -> Any:
    with Explainer(linking.request.out) as explainer:
        yield explainer


@pytest.fixture(scope="module")
def dedupe_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one-file")
    dedupe_file(DedupeRequest(make_register(folder), folder / "out", threads=2))
    return folder / "out"


@pytest.fixture(scope="module")
def one_file(dedupe_folder: Path) -> Any:
    with Explainer(dedupe_folder) as explainer:
        yield explainer


def check_weights(explainer: Explainer, folder: Path) -> None:
    links = pq.read_table(folder / "links.parquet").to_pylist()
    links_by_kind = {
        (link["method"], link["decision"], link["reason"]): link for link in links
    }
    assert len(links_by_kind) >= 2
    for link in links_by_kind.values():
        content = explainer.pair(link["left_id"], link["right_id"]).content
        parts = [
            row["weight"] + row["adjustment"]
            for row in content["weight"]["comparisons"]
        ]
        assert content["weight"]["match_weight"] == pytest.approx(
            link["match_weight"], abs=1e-9
        )
        assert content["weight"]["prior"] + sum(parts) == pytest.approx(
            link["match_weight"], abs=1e-9
        )
        assert (content["outcome"]["decision"], content["outcome"]["reason"]) == (
            link["decision"],
            link["reason"],
        )


def test_every_kind_of_pair_has_the_weight_of_the_link(
    two_files: Explainer, linking: Any
) -> None:
    check_weights(two_files, linking.request.out)


def test_every_kind_of_pair_of_one_file_has_the_weight_of_the_link(
    one_file: Explainer, dedupe_folder: Path
) -> None:
    check_weights(one_file, dedupe_folder)


def test_a_record_of_two_files_is_named_by_side_and_id(
    two_files: Explainer, linking: Any
) -> None:
    links = pq.read_table(linking.request.out / "links.parquet").to_pylist()
    link = next(row for row in links if row["decision"] == "accepted")
    (step,) = two_files.record(f"right:{link['right_id']}").content["steps"]
    assert (step["side"], step["unlinked"]) == ("right", None)
    assert step["candidates"][0]["match_weight"] == pytest.approx(link["match_weight"])
    for question, message in (
        (lambda: two_files.record(link["right_id"]), "give left:ID or right:ID"),
        (
            lambda: two_files.pair("nobody", link["right_id"]),
            "the left file has no record with this id",
        ),
        (lambda: two_files.person(1), "two files make no spine"),
        (
            lambda: two_files.pair("A0003", "B0003", step="lnk"),
            "--step lnk: the folder has no such step; it has link",
        ),
    ):
        with pytest.raises(ConfigError, match=message):
            question()


def test_a_person_of_one_file_and_its_records(
    one_file: Explainer, dedupe_folder: Path
) -> None:
    clusters = pq.read_table(dedupe_folder / "clusters.parquet").to_pylist()
    person = next(row["person_id"] for row in clusters if row["records"] == 2)
    ids = sorted(row["id"] for row in clusters if row["person_id"] == person)
    explanation = one_file.person(person, with_values=True)
    assert sorted(explanation.ids.values()) == ids
    (link,) = explanation.content["links"]
    assert link["splits"] == [link["left"], link["right"]]
    pair = one_file.pair(*ids).content
    assert (pair["outcome"]["decision"], pair["competing"]) == ("accepted", [])
    (step,) = one_file.record(ids[0]).content["steps"]
    assert (step["links"], step["unlinked"], step["candidates"][0]["decision"]) == (
        1,
        None,
        "accepted",
    )
    with pytest.raises(ConfigError, match="the two are the same record"):
        one_file.pair(ids[0], ids[0])
    with pytest.raises(ConfigError, match="no person of this number"):
        one_file.person(99_999)


def test_no_value_or_id_is_in_an_answer_or_a_page(
    one_file: Explainer, tmp_path: Path
) -> None:
    for name, explanation in (
        ("pair", one_file.pair("A0007", "B0007", with_values=True)),
        ("record", one_file.record("A0007", with_values=True)),
        ("person", one_file.person(1, with_values=True)),
    ):
        page = render_explanation(
            explanation.content, tmp_path / f"{name}.html"
        ).read_text()
        texts = json.dumps(explanation.content) + page
        assert not [
            word for word in (CANARY.upper(), CANARY, "A0007", "B0007") if word in texts
        ]


def test_a_folder_of_links_only_is_refused(linking: Any, tmp_path: Path) -> None:
    manifest = json.loads((linking.request.out / "manifest.json").read_text())
    manifest["configuration"]["step"][0]["diagnose"] = False
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ConfigError, match="link again without --links-only"):
        Explainer(tmp_path)
