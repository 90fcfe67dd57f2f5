"""What docs/how-to/link-your-own-files.md shows can be run as it stands, and the messages that it explains exist."""

import ast
import datetime
import random
import re
import shutil
from pathlib import Path

import pytest

from linkage.catalogue import load
from linkage.config.identifiers import IDENTIFIERS
from linkage.config.resources import shipped_dir
from linkage.files.draft import Draft, draft
from linkage.match.units import DERIVED
from linkage.model import load as load_model
from linkage.pipeline import job

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "how-to" / "link-your-own-files.md").read_text(encoding="utf-8")
PUPILS = "id,first_name,middle_names,last_name,date_of_birth,sex,postcode"
CUSTOMERS = "record_id,given_names,surname,dob,gender,post_code"


def fences(kind: str) -> list[str]:
    """What stands within the fences of a kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def two_files(folder: Path) -> list[Path]:
    """Files with the columns of the page's, whose dates are written as those are."""
    draw = random.Random(5)
    pupils, customers = [PUPILS], [CUSTOMERS]
    for number in range(60):
        forename, surname = (
            draw.choice(["Ada", "Ben", "Cleo", "Dan", "Eve"]),
            draw.choice(["Ash", "Bird", "Cook", "Dale"]),
        )
        day = datetime.date(1996, 9, 1) + datetime.timedelta(days=draw.randrange(1_000))
        postcode, sex = f"AB{draw.randrange(1, 30)} {draw.randrange(1, 10)}XY", draw.choice("FM")
        pupils.append(f"{number},{forename},Kim,{surname},{day},{sex},{postcode}")
        customers.append(f"{number + 500},{forename} Kim,{surname},{day:%d/%m/%Y},{sex},{postcode}")
    written = {"pupils.csv": pupils, "customers.csv": customers}
    for name, lines in written.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [folder / name for name in written]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two files, and what the page has drafted from them."""
    monkeypatch.setenv("LEO_DEFINITIONS", str(tmp_path / "mine"))
    monkeypatch.setattr(job, "shipped", load)  # the one in use has been read, and is kept
    monkeypatch.chdir(tmp_path)
    draft(Draft(two_files(tmp_path), Path("own.toml"), Path("mine")))
    return tmp_path


def test_what_the_page_shows_is_what_is_drafted(folder):
    run, catalogue, *_ = fences("toml")
    assert (folder / "own.toml").read_text() == run
    assert (folder / "mine" / "catalogue" / "customers.toml").read_text() == catalogue


def test_the_run_of_two_files_has_no_fault(folder):
    made = job.load_job(folder / "own.toml")
    job.check_job(made, damaged=True)
    assert list(made.models) == ["pupils-customers"]


def test_the_level_that_is_added_is_asked_before_likeness(folder):
    (folder / "mine" / "models").mkdir()
    shutil.copy(shipped_dir() / "models" / "education.json", folder / "mine" / "models")
    (code,) = (text for text in fences("python") if "comparison_levels" in text)
    exec(compile(code, "docs/how-to/link-your-own-files.md", "exec"), {})
    run = folder / "own.toml"
    run.write_text(run.read_text().replace("models/education.json", "models/own.json"))
    found = job.load_job(run).models["pupils-customers"]
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
    said = said_by("linkage/model", "linkage/files")
    assert len(parts) > len(cells) > 5
    assert not [part for part in parts if part and part not in said]
