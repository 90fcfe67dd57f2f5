"""Files without birth dates, whose families bear one name in one town: links that may be of two people are told of."""

import random
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from linkage.adhoc import families
from linkage.adhoc.link import Request, link_files
from linkage.adhoc.linked import Linked
from linkage.cli.app import app
from linkage.match.likelihood.strangers import AS_WITHIN
from tests.adhoc.conftest import write_csv

FAMILIES, IN_BOTH = 600, 150
_PARTS = ("bar", "col", "dun", "fen", "gar", "hol", "kel", "mar", "nor", "pen", "ros", "tam", "vik", "wel")
_FORENAMES = tuple(
    f"{a}{b}" for a in ("Kar", "Ot", "Hu", "Em", "Pau", "An", "Id", "Ros") for b in ("lo", "ta", "go", "il")
)


@dataclass(frozen=True)
class World:
    """Two files, and what `leo link` made of them."""

    left: Path
    right: Path
    truth: Path
    out: Path
    linked: Linked


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Families of eight, of whom half are named for the father, drawn into one file or the other."""
    folder, draw = tmp_path_factory.mktemp("families"), random.Random(7)
    people = []
    for _ in range(FAMILIES):
        surname, town = (
            "".join(draw.choices(_PARTS, k=3)).capitalize(),
            f"{draw.choice(_PARTS)}{draw.choice(_PARTS)}stead",
        )
        father = draw.choice(_FORENAMES)
        people += [
            {"first_name": name, "last_name": surname, "town": town, "birth_year": draw.randrange(1920, 2005)}
            for name in (father, *(father if draw.random() < 0.5 else draw.choice(_FORENAMES) for _ in range(7)))
        ]
    draw.shuffle(people)
    half = len(people) // 2
    left = [{"id": f"L{n}", **one} for n, one in enumerate(people[:half])]
    right = [{"id": f"R{n}", **one} for n, one in enumerate([*people[:IN_BOTH], *people[half:]])]
    draw.shuffle(right)
    files = write_csv(folder / "left.csv", left), write_csv(folder / "right.csv", right)
    truth = write_csv(folder / "truth.csv", [{"left_id": f"L{n}", "right_id": f"R{n}"} for n in range(IN_BOTH)])
    linked = link_files(Request(*files, folder / "out", truth=truth, threads=2))
    return World(*files, truth, folder / "out", linked)


def test_who_links_such_files_is_told_how_many_links_may_be_of_two_people(world: World) -> None:
    found = world.linked.summary["strangers"]
    assert world.linked.truth is not None
    wrong = found["links"] * (1 - world.linked.truth["precision"])
    assert wrong > 0.15 * found["links"], "what this world is for"
    assert wrong * 0.6 < found["strangers"] < wrong * 1.5
    assert any("unless people are in a file twice, as many as" in note for note in world.linked.notes)


def test_the_report_says_so_among_what_is_not_known(world: World) -> None:
    page = (world.out / "report" / "index.html").read_text(encoding="utf-8")
    said = page.split("What is not known", 1)[1]
    assert "Unless people are in a file twice" in said
    assert "which their probabilities do not say" in said


def test_each_once_sends_to_review_what_strangers_may_explain(world: World, tmp_path: Path) -> None:
    out = tmp_path / "once"
    files = [str(path) for path in (world.left, world.right)]
    said = CliRunner().invoke(app, ["link", *files, "--out", str(out), "--threshold", "0.9", "--each-once"])
    assert said.exit_code == 0, said.output
    assert "unless people are in a file twice" not in said.output
    rows = pq.read_table(out / "links.parquet").to_pylist()
    sent = [row for row in rows if row["reason"] == AS_WITHIN]
    assert sent
    assert {row["decision"] for row in sent} == {"review"}
    assert max(row["match_probability"] for row in sent) < 0.9
    accepted = sum(row["decision"] == "accepted" for row in rows)
    assert accepted < world.linked.summary["decisions"]["accepted"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("--second-records", "--each-once says that nobody"),
        ("--links-only", "leaves out what --each-once"),
        ("--samples=5", "drawn from weights, which --each-once corrects"),
    ],
)
def test_what_contradicts_it_is_refused(world: World, tmp_path: Path, other: str, said: str) -> None:
    found = CliRunner().invoke(
        app, ["link", str(world.left), str(world.right), "--out", str(tmp_path / "o"), "--each-once", other]
    )
    assert found.exit_code != 0
    assert said in str(found.exception)


def test_of_files_that_name_nobody_no_father_and_son_is_spoken() -> None:
    found = {"strangers": {"many": True, "strangers": 12.0, "links": 1_234}}
    (of_songs,) = families.notes(found, ["title", "artist"])
    assert "unless things are in a file twice, as many as 12 of the 1,234 links are of two things, such as" in of_songs
    assert "nothing is in a file twice" in of_songs
    (of_persons,) = families.notes(found, ["forename", "town"])
    assert "are of two people, such as father and son of one name" in of_persons
