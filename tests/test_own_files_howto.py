"""What docs/own-files.md shows can be run as it stands, and the messages that it explains are ones that there are."""

import ast
import re
import shutil
from pathlib import Path

import pytest

from linkage.catalogue import IDENTIFIERS, load
from linkage.match.candidates.units import DERIVED
from linkage.model import load as load_model
from linkage.pipeline.given import job
from linkage.resources import shipped_dir

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "own-files.md").read_text(encoding="utf-8")
HEADERS = {
    "pupils.csv": "id,first_name,middle_names,last_name,date_of_birth,sex,postcode",
    "customers.csv": "record_id,given_names,surname,dob,gender,post_code",
}


def fences(kind: str) -> list[str]:
    """What stands within the fences of a kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files of the page, each where its first line says, and two files to link, of which it needs the columns."""
    for text in fences("toml"):
        path = tmp_path / text.partition("\n")[0].removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name, header in HEADERS.items():
        (tmp_path / name).write_text(f"{header}\n", encoding="utf-8")
    monkeypatch.setenv("LEO_DEFINITIONS", str(tmp_path / "mine"))
    monkeypatch.setattr(job, "shipped", load)  # the one in use has been read, and is kept
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_run_of_two_files_has_no_fault(folder):
    made = job.load_job(folder / "own.toml")
    job.check_job(made, damaged=True)
    assert list(made.models) == ["school-customers"]


def test_the_level_that_is_added_is_asked_before_likeness(folder):
    (folder / "mine" / "models").mkdir()
    shutil.copy(shipped_dir() / "models" / "education.json", folder / "mine" / "models")
    (code,) = (text for text in fences("python") if "comparison_levels" in text)
    exec(compile(code, "docs/own-files.md", "exec"), {})
    run = folder / "own.toml"
    run.write_text(run.read_text().replace("models/education.json", "models/own.json"))
    found = job.load_job(run).models["school-customers"]
    before = load_model(shipped_dir() / "models" / "education.json")
    labels, earlier = ([level.label for c in m.comparisons for level in c.levels] for m in (found, before))
    assert [label for label in labels if label not in earlier] == ["surname: a word in common"]
    assert "Jaro-Winkler" in labels[labels.index("surname: a word in common") + 1]


def test_columns_that_a_condition_may_read_are_all_named():
    assert not [name for name in (*IDENTIFIERS, *DERIVED) if f"`{name}`" not in PAGE]


def said_by(*places: str) -> str:
    """All texts in the code of files and folders."""
    files = [
        file for place in places for file in ((ROOT / place).rglob("*.py") if "." not in place else [ROOT / place])
    ]
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in files)
    texts = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return "\n".join(text for text in texts if isinstance(text, str))


def test_messages_that_are_explained_are_ones_that_there_are():
    table = PAGE.partition("| message |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ") and "---" not in line]
    parts = [part.strip(" ,") for cell in cells for part in re.split(r"[.]{3}|;|, or ", cell)]
    adhoc = [f"linkage/adhoc/{name}.py" for name in ("families", "given", "happened", "notes", "fields/translated")]
    said = said_by("linkage/model/training", *adhoc)
    assert len(parts) > len(cells) > 5
    assert not [part for part in parts if part and part not in said]
