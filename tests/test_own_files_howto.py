"""What draft-a-run.md and add-a-comparison.md show can be run as it stands, and
messages that notes.md explains exist.
"""

import ast
import re
import shutil
from pathlib import Path

import pytest

from linkage.catalogue import load
from linkage.config.identifiers import IDENTIFIERS
from linkage.config.resources import shipped_dir
from linkage.datasets import CUSTOMERS, PUPILS
from linkage.files.draft import Draft, draft
from linkage.match.units import DERIVED
from linkage.model import load as load_model
from linkage.pipeline import job

ROOT = Path(__file__).resolve().parent.parent
HOW_TO = ROOT / "docs" / "how-to"
PAGE = "\n".join(
    (HOW_TO / f"{name}.md").read_text(encoding="utf-8")
    for name in ("draft-a-run", "add-a-comparison")
)


def fences(kind: str) -> list[str]:
    """What stands within the fences of a kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two files, and what the page has drafted from them."""
    monkeypatch.setenv("LEO_DEFINITIONS", str(tmp_path / "mine"))
    monkeypatch.setattr(
        job, "shipped", load
    )  # the one in use has been read, and is kept
    monkeypatch.chdir(tmp_path)
    files = [Path(shutil.copy(file, tmp_path)) for file in (PUPILS, CUSTOMERS)]
    draft(Draft(files, Path("own.toml"), Path("mine")))
    return tmp_path


def test_the_page_shows_the_drafted_files(folder):
    run, catalogue, *_ = fences("toml")
    assert (folder / "own.toml").read_text() == run
    assert (folder / "mine" / "catalogue" / "customers.toml").read_text() == catalogue


def test_the_run_of_two_files_has_no_fault(folder):
    run_job = job.load_job(folder / "own.toml")
    job.check_job(run_job, damaged=True)
    assert list(run_job.models) == ["pupils-customers"]


def test_the_added_level_comes_before_similarity(folder):
    (folder / "mine" / "models").mkdir()
    shutil.copy(shipped_dir() / "models" / "education.json", folder / "mine" / "models")
    (code,) = (text for text in fences("python") if "comparison_levels" in text)
    exec(compile(code, "docs/how-to/add-a-comparison.md", "exec"), {})
    run = folder / "own.toml"
    run.write_text(run.read_text().replace("models/education.json", "models/own.json"))
    model = job.load_job(run).models["pupils-customers"]
    shipped_model = load_model(shipped_dir() / "models" / "education.json")
    labels, old_labels = (
        [level.label for c in m.comparisons for level in c.levels]
        for m in (model, shipped_model)
    )
    assert [label for label in labels if label not in old_labels] == [
        "surname: a word in common"
    ]
    assert "Jaro-Winkler" in labels[labels.index("surname: a word in common") + 1]


def test_columns_that_a_condition_may_read_are_all_named():
    assert not [name for name in (*IDENTIFIERS, *DERIVED) if f"`{name}`" not in PAGE]


def texts_of(*places: str) -> str:
    """All texts in the code of files and folders."""
    files = [
        file
        for place in places
        for file in (
            (ROOT / place).rglob("*.py") if "." not in place else [ROOT / place]
        )
    ]
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in files)
    texts = (
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
    )
    return "\n".join(text for text in texts if isinstance(text, str))


def test_every_explained_message_exists():
    notes = (ROOT / "docs" / "reference" / "notes.md").read_text(encoding="utf-8")
    table = notes.partition("| message |")[2].partition("\n\n")[0]
    cells = [
        line.split("|")[1]
        for line in table.splitlines()
        if line.startswith("| ") and "---" not in line
    ]
    parts = [
        part.strip(" ,") for cell in cells for part in re.split(r"[.]{3}|;|, or ", cell)
    ]
    texts = texts_of("linkage/model", "linkage/files")
    assert len(parts) > len(cells) > 5
    assert not [part for part in parts if part and part not in texts]
