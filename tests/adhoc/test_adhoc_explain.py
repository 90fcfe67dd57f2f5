"""`leo explain` on a folder of `leo link`: its files are read again, and must be the files that were linked."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkage.errors import ConfigError, InputError
from quality.explain import Explainer


@pytest.fixture(scope="module")
def root(done: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the link, to be added to."""
    return Path(shutil.copytree(done.request.out, tmp_path_factory.mktemp("explain") / "linked"))


def test_every_kind_of_pair_weighs_what_the_link_weighed(root: Path) -> None:
    links = pq.read_table(root / "links.parquet").to_pylist()
    one_of_each = {(link["method"], link["decision"], link["reason"]): link for link in links}
    with Explainer(root) as explainer:
        for link in one_of_each.values():
            found = explainer.pair(link["left_id"], link["right_id"]).found
            parts = [row["bits"] + row["adjustment"] for row in found["weight"]["comparisons"]]
            assert found["weight"]["match_weight"] == pytest.approx(link["match_weight"], abs=1e-9)
            assert found["weight"]["prior"] + sum(parts) == pytest.approx(link["match_weight"], abs=1e-9)
            assert (found["outcome"]["decision"], found["outcome"]["reason"]) == (link["decision"], link["reason"])


def test_a_row_is_asked_about_by_its_side_and_id(root: Path) -> None:
    link = next(row for row in pq.read_table(root / "links.parquet").to_pylist() if row["decision"] == "accepted")
    with Explainer(root) as explainer:
        (step,) = explainer.record(f"right:{link['right_id']}").found["steps"]
        assert (step["side"], step["unlinked"]) == ("right", None)
        assert step["candidates"][0]["match_weight"] == pytest.approx(link["match_weight"])
        with pytest.raises(ConfigError, match="give left:ID or right:ID"):
            explainer.record(link["right_id"])
        with pytest.raises(ConfigError, match="the left file has no row with this id"):
            explainer.pair("nobody", link["right_id"])
        with pytest.raises(ConfigError, match="two files make no spine"):
            explainer.person(1)
        for ask in (
            lambda: explainer.pair("A0003", "B0003", step="lnk"),
            lambda: explainer.record("left:A0003", step="lnk"),
        ):
            with pytest.raises(ConfigError, match="--step lnk: the folder has no such step; it has link"):
                ask()


def test_files_that_have_moved_are_named_and_others_refused(root: Path, files: Any, tmp_path: Path) -> None:
    moved = shutil.copy(files.right, tmp_path / "moved.csv")
    with Explainer(root, (files.left, Path(moved))) as explainer:
        assert explainer.pair("A0003", "B0003").found["kind"] == "pair"
    Path(moved).write_text(Path(moved).read_text() + "\n")
    with pytest.raises(InputError, match="is not the right file that was linked"):
        Explainer(root, (files.left, Path(moved)))
    with pytest.raises(InputError, match="say where both are: --files LEFT --files RIGHT"):
        Explainer(root, (files.left, tmp_path / "nowhere.csv"))


def test_a_folder_of_links_alone_is_refused_with_what_to_do(root: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copytree(root, tmp_path / "alone"))
    manifest = json.loads((alone / "manifest.json").read_text())
    (alone / "manifest.json").write_text(json.dumps({**manifest, "links_only": True}))
    with pytest.raises(ConfigError, match="link again without --links-only"):
        Explainer(alone)
