"""Branches and sisters of nearly one name at one address are two companies, where the files show that there are such."""

import csv
import random
from pathlib import Path

import pytest

from linkage.adhoc.dedupe import DedupeRequest, dedupe_file
from linkage.adhoc.link import Request, link_files
from linkage.engine import Engine, rows
from linkage.match.candidates.units import Units
from linkage.match.two_people.apart import two_people
from linkage.match.two_people.sisters import Words, difference
from tests.conftest import parse

HOMES = range(12)
KNOWN = Words(
    {"CROWN": 4, "KELVEN": 2, "BELL": 40, "FOODS": 90, "FOOD": 5, "DESIGN": 60, "FOODDS": 1, "ENG": 3, "ENGINEERING": 50}
    | dict.fromkeys(["NORTH", "SOUTH", "EASTERN", "WESTERN", "HOLDINGS", "I", "II"], 9),
    1_000,
)  # fmt: skip
Pair = tuple[int, int]


@pytest.mark.parametrize(
    ("first", "second", "how"),
    [
        ("CROWN FOODS NORTH", "CROWN FOODS SOUTH", "each"),
        ("CROWN EASTERN FOODS", "FOODS CROWN WESTERN", "each"),
        ("BELL FOODS NORTH", "BELL FOODS SOUTH", "each"),  # each word is common, both together are not
        ("CROWN FOODS I", "CROWN FOODS II", "each"),
        ("KELVEN 17", "KELVEN 23", "each"),  # a number is no slip, however few have it
        ("CROWN FOODS", "CROWN FOODS HOLDINGS", "more"),
        ("KELVEN", "KELVEN II", "more"),
        ("CROWN FOODS", "CROWN FOODDS", None),  # a slip, and a word cut short
        ("CROWN FOODS", "CROWN FOOD", None),
        ("KELVEN ENG", "KELVEN ENGINEERING", None),
        ("BELL FOODS", "CROWN FOODS", None),  # what they share is commoner than what they do not
        ("CROWN", "CROWN FOODS DESIGN NORTH", None),  # most of the words are no ones in common
        ("CROWN FOODS", "KELVEN DESIGN", None),
    ],
)
def test_how_two_names_differ(first: str, second: str, how: str | None) -> None:
    assert difference(first, second, KNOWN, 0.92) == difference(second, first, KNOWN, 0.92) == how


def _units(engine: Engine, lines: list[str]) -> Units:
    table = engine.from_arrow(parse("\n".join(["unit_id | organisation | postcode", *lines])))
    return Units("side", table, table, engine.sql("select unit_id, unit_id as entity_id from {t}", t=table))


def _at(home: int, first: int, name: str) -> str:
    """A company's own word at each home."""
    return f"{first + home} | {'KLMNPQRSTVWX'[home]}OVEN FOODS {name} | P{home}"


def _sisters(engine: Engine, left: list[str], right: list[str], pairs: list[Pair]) -> set[Pair]:
    weighed = engine.from_arrow(
        parse("\n".join(["left_id | right_id | match_weight:float", *(f"{a} | {b} | 9" for a, b in pairs)]))
    )
    sides = _units(engine, left), _units(engine, right)
    found = rows(engine, two_people(engine, weighed, *sides, 0.0))
    assert {row["reason"] for row in found} <= {"sister"}
    return {(row["left_id"], row["right_id"]) for row in found}


ACROSS = [(home, 100 + home) for home in HOMES[:6]]


@pytest.mark.parametrize("other", ["SOUTH", ""], ids=["each has a word", "one has a word more"])
def test_sisters_within_files_explain_those_across(other: str, engine: Engine) -> None:
    """Six have a branch in either file; of six more companies both branches are in one file, or they are in none."""
    left = [_at(home, 0, "NORTH") for home in HOMES[:6]]
    right = [_at(home, 100, other) for home in HOMES[:6]]
    within = [_at(home, first, name) for home in HOMES[6:] for first, name in ((200, "NORTH"), (300, other))]
    usual = ["400 | NORTH | X", "401 | SOUTH | X", "402 | SOUTH | X", "403 | SOUTH | X"]
    assert _sisters(engine, [*left, *within, *usual], right, ACROSS) == set(ACROSS)
    assert _sisters(engine, [*left, *usual], right, ACROSS) == set(), "the files write the names otherwise"


def test_a_company_elsewhere_is_left_to_the_model(engine: Engine) -> None:
    left = [_at(home, 0, "NORTH") for home in HOMES]
    moved = [line.rpartition("|")[0] + "| ELSEWHERE" for line in (_at(home, 100, "SOUTH") for home in HOMES)]
    within = [_at(home, 200, "SOUTH") for home in HOMES]
    assert _sisters(engine, [*left, *within], moved, ACROSS) == set()


@pytest.mark.parametrize(("twice", "sure"), [(0, True), (1, False)], ids=["nobody twice", "as many as are in both"])
def test_what_a_word_more_is_stays_open_where_files_hold_companies_twice(
    twice: int, sure: bool, engine: Engine
) -> None:
    """Who is written twice is written once with a word less, as often as a match is."""
    left = [_at(home, 0, "NORTH") for home in HOMES[:6]]
    right = [_at(home, 100, "") for home in HOMES[:6]]
    within = [_at(home, first, name) for home in HOMES[6:] for first, name in ((200, "NORTH"), (300, ""))]
    both = [_at(home, 400, "WEST") for home in HOMES]
    again = [_at(home, 500, "WEST") for home in HOMES] * twice
    found = _sisters(engine, [*left, *within, *both, *again], [*right, *both], ACROSS)
    assert found == (set(ACROSS) if sure else set())


TRADES = ["Foods", "Builders", "Motors", "Software", "Textiles", "Energy", "Design", "Travel"]
BRANCHES = ["North", "South", "East", "West", "Retail", "Holdings"]


def _companies(draw: random.Random, number: int) -> list[list[str]]:
    """Names, streets, towns and postcodes; one in eight has branches at its address."""
    made: list[list[str]] = []
    while len(made) < number:
        own = "".join(draw.choice(["ka", "lo", "mi", "ren", "sta", "vel", "dor", "bri", "gor"]) for _ in range(3))
        place = [f"{draw.randrange(200)} {draw.choice(['Mill', 'Kirk', 'Dock', 'Moor', 'Vine'])} Road"]
        place += [draw.choice(["Ayton", "Byford", "Ceeby"]), f"AB{draw.randrange(1, 30)} {draw.randrange(1, 9)}"]
        place[-1] += draw.choice("ABDEF") + draw.choice("HJLNP")
        parts = draw.sample(BRANCHES, draw.choice([2, 3])) if draw.random() < 0.125 else [""]
        made += [[f"{own.capitalize()} {draw.choice(TRADES)} {part}".strip(), *place] for part in parts[:1]]
        made += [[" ".join([*made[-1][0].split()[:2], part]), *place] for part in parts[1:]]
    return made


def _write(path: Path, rows_of: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "company", "address", "town", "postcode"], *rows_of])


def _otherwise(draw: random.Random, company: list[str]) -> list[str]:
    name, street, *rest = company
    name += draw.choice(["", " Ltd", " Limited", " PLC"])
    if draw.random() < 0.06:
        name = name[:3] + draw.choice("aeio") + name[4:]
    return [name, street.replace("Road", "Rd") if draw.random() < 0.5 else street, *rest]


def test_branches_are_not_linked_where_few_companies_are_in_both_files(tmp_path: Path) -> None:
    """They weighed what matches weigh."""
    draw = random.Random(3)
    files: dict[str, list[list[str]]] = {"left": [], "right": []}
    pairs = [["left_id", "right_id"]]
    for number, company in enumerate(_companies(draw, 1_300)):
        where = draw.random()
        if where < 0.55:
            files["left"].append([f"L{number}", *company])
        if where < 0.1 or where >= 0.55:
            files["right"].append([f"R{number}", *_otherwise(draw, company)])
        if where < 0.1:
            pairs.append([f"L{number}", f"R{number}"])
    for side, held in files.items():
        _write(tmp_path / f"{side}.csv", held)
    (tmp_path / "truth.csv").write_text("\n".join(map(",".join, pairs)), encoding="utf-8")
    done = link_files(
        Request(tmp_path / "left.csv", tmp_path / "right.csv", tmp_path / "out", truth=tmp_path / "truth.csv")
    )
    assert done.truth is not None
    assert done.truth["precision"] > 0.93
    assert done.truth["recall"] > 0.8


def test_branches_in_one_file_are_two_companies(tmp_path: Path) -> None:
    draw = random.Random(4)
    held, pairs = [], [["left_id", "right_id"]]
    for number, company in enumerate(_companies(draw, 500)):
        held.append([f"A{number}", *company])
        if draw.random() < 0.3:
            held.append([f"B{number}", *_otherwise(draw, company)])
            pairs.append([f"A{number}", f"B{number}"])
    _write(tmp_path / "file.csv", held)
    (tmp_path / "truth.csv").write_text("\n".join(map(",".join, pairs)), encoding="utf-8")
    done = dedupe_file(DedupeRequest(tmp_path / "file.csv", tmp_path / "out", truth=tmp_path / "truth.csv"))
    assert done.truth is not None
    assert done.truth["precision"] > 0.9
    assert done.truth["recall"] > 0.85
