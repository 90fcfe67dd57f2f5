"""Tables approved when England was a code among its regions meet new ones, which take it for all of them."""

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from quality import disclosure
from quality.disclosure.outputs import Said, Sheet, check_table
from quality.disclosure.outputs.approved import Approved, Context, approve, load_approved
from quality.disclosure.outputs.reading import value
from quality.disclosure.outputs.totals import TOTALS

EXACT = disclosure.load("leo_publication").model_copy(update={"round_to": 1, "low_below": 0})
PEOPLE = "all graduates"


def sheet(text: str) -> Sheet:
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return Sheet(Path("t.csv"), "", 0, header, [[value(cell) for cell in line] for line in lines])


def approved_earlier(text: str, folder: Path) -> Approved:
    """As it was kept: no word but those for a total was a total."""
    found = check_table(sheet(text), Said(), EXACT)
    found.layout = replace(found.layout, totals=TOTALS)
    found.sums = [line for line in found.sums if found.layout.is_total(found.sheet.rows[line.total[0]][0].text)]
    approve(found, folder, "first", Context(PEOPLE, "people", ()), "exact", datetime.date(2026, 1, 1))
    (kept,) = load_approved(folder)
    return kept


def test_its_england_is_everybody(tmp_path: Path) -> None:
    kept = approved_earlier("Region | People\nEngland | 100\nNorth | c\nSouth | c\nEast | 50", tmp_path)
    assert kept.cells == {
        "people": (100, 100),
        "people; region=north": None,
        "people; region=south": None,
        "people; region=east": (50, 50),
    }
    parts = ["people; region=east", "people; region=north", "people; region=south"]
    assert [(total, sorted(those), rest) for total, those, rest in kept.sums] == [("people", parts, False)]
    assert sorted(kept.ways["region"]) == ["east", "north", "south"]


def test_a_new_table_may_not_tell_what_it_hides(tmp_path: Path) -> None:
    """A hundred less fifty less the north's twenty are the south's thirty."""
    kept = approved_earlier("Region | People\nEngland | 100\nNorth | c\nSouth | c\nEast | 50", tmp_path)
    new = sheet("Region | People\nEngland | c\nNorth | 20\nEast | 50")
    found = check_table(new, Said(), EXACT, Context(PEOPLE, "people", [kept]))
    assert {("B2", "approved"), ("B3", "approved")} <= {(one.place, one.rule) for one in found.findings}


@pytest.mark.parametrize(
    "text",
    [
        "Country | People\nEngland | 100\nWales | 60",
        "Country | People\nEngland | 100\nAbroad | 60",
        "Country | People\nEngland | 100\nAbroad | c\nElsewhere | c\nTotal | 200",
    ],
    ids=["another country", "less than it", "part of a total"],
)
def test_a_country_among_others_stays_one(tmp_path: Path, text: str) -> None:
    kept = approved_earlier(text, tmp_path)
    assert "people; country=england" in kept.cells
    assert "england" in kept.ways["country"]
