"""What would leave a table without a look: cells beyond its names, rows of one label, counts that look like none."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from quality.disclosure import load
from quality.disclosure.outputs import Declared, check_table, read_tables
from tests.quality.disclosure.test_outputs import LEO, checked, told

SRS = load("ons_srs")


def book_of(folder: Path, **sheets: list[list[object]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def test_a_rounded_count_that_can_only_be_small_is_one(tmp_path: Path) -> None:
    """A 5 among multiples of five stands for three to seven people, and 190 less 185 for one to nine."""
    found = checked("Region | People\nNorth | 5\nMiddle | 40\nSouth | 60", tmp_path)
    assert told(found) == {("B2", "threshold")}
    assert found.safe == [["North", "c"], ["Middle", "40"], ["South", "60"]]
    found = checked("Region | In work | Total\nNorth | 185 | 190\nSouth | 100 | 120", tmp_path)
    assert ("C2", "remainder") in told(found)
    assert told(checked("Region | People\nNorth | 0\nMiddle | 10\nSouth | 60", tmp_path)) == set()
    assert told(checked("Region | People\nNorth | 5\nMiddle | 40", tmp_path, load("hesa"))) == set()


@pytest.mark.parametrize("symbol", ["low", "k", "fewer than 5"])
def test_a_symbol_for_small_tells_where_small_counts_are_hidden(tmp_path: Path, symbol: str) -> None:
    world = f"Region | People\nNorth | {symbol}\nMiddle | c\nSouth | 40\nTotal | 70"
    found = checked(world, tmp_path)
    assert told(found) == {("B2", "discloses small")}
    assert found.safe == [["North", "c"], ["Middle", "c"], ["South", "40"], ["Total", "70"]]
    assert told(checked(world, tmp_path, load("ofqual"))) == set()


def test_a_count_below_nought_is_none(tmp_path: Path) -> None:
    """What a count fell by tells this year's from last year's."""
    found = checked("Region | People | Change in people\nNorth | 40 | -3\nSouth | 60 | 12", tmp_path, SRS)
    assert told(found) == {("C2", "below zero")}
    assert (found.passes, found.safe) == (False, None)


def test_cells_beyond_the_last_name_are_a_fault(tmp_path: Path) -> None:
    found = checked("Region | People\nNorth | 40 | 3\nSouth | 60\nWest | 30 | 10", tmp_path, SRS)
    assert told(found) == {("C2", "unread")}
    assert found.findings[0].message.startswith("2 rows have cells to the right of the last column")
    assert found.safe is None
    assert told(checked("Region | People | \nNorth | 40 | \nSouth | 60 | ", tmp_path, SRS)) == set()


@pytest.mark.parametrize(
    ("world", "place"),
    [
        (
            "Region | Sex | People\nNorth | F | 23\n | M | 4\n | Total | 27\nSouth | F | 40\n | M | 30\n | Total | 70",
            "C3",
        ),
        ("Group | People\nF | 23\nM | 31\nTotal | 54\nYoung | 14\nOld | 40\nTotal | 54", "B4"),
    ],
    ids=["merged cells", "two tables in one"],
)
def test_rows_of_the_same_labels_cannot_be_told_apart(tmp_path: Path, world: str, place: str) -> None:
    """The 4 would be hidden, and the 27 beside it, of whom nobody knows whose it is, would tell it."""
    found = checked(world, tmp_path, SRS)
    assert (place, "duplicate labels") in told(found)
    assert (found.passes, found.safe) == (False, None)


def test_a_part_beside_all_tells_the_rest(tmp_path: Path) -> None:
    found = checked("Region | In work | Total\nNorth | 187 | 190\nSouth | 100 | 120", tmp_path, SRS)
    assert ("C2", "remainder") in told(found)
    world = "Region | In work | Studying | All pupils\nNorth | 187 | 90 | 190\nSouth | 100 | 60 | 120"
    assert ("D2", "remainder") in told(checked(world, tmp_path, SRS))
    assert told(checked("Region | Schools | Total\nNorth | 130 | 90\nSouth | 20 | 120", tmp_path, SRS)) == set()


@pytest.mark.parametrize(
    ("world", "place"),
    [
        ("Pupils | Region | Passed\n4 | North | 40\n60 | South | 50", "A2"),
        ("Total | Region | Passed\n4 | North | 40\n60 | South | 50", "A2"),
        ("Region | Pupils in lowest quartile | All\nNorth | 4 | 140\nSouth | 60 | 150", "B2"),
        ("Region | Number at or above average | All\nNorth | 4 | 140\nSouth | 60 | 150", "B2"),
        ("Region | People on reduced rate | All\nNorth | 4 | 140\nSouth | 60 | 150", "B2"),
    ],
)
def test_a_count_of_people_is_one_wherever_it_stands_and_whatever_it_is_called(
    tmp_path: Path, world: str, place: str
) -> None:
    assert (place, "threshold") in told(checked(world, tmp_path, SRS))


def test_the_pay_of_whoever_has_most_is_told_of(tmp_path: Path) -> None:
    world = "Region | People | Median pay | Highest pay | Lowest quartile of pay\nN | 40 | 21000 | 90300 | 9000"
    found = checked(world, tmp_path, SRS)
    assert {(place, rule) for place, rule in told(found) if rule == "extreme"} == {("D2", "extreme")}
    assert found.safe is None
    assert "extreme" not in {rule for _, rule in told(checked(world, tmp_path, SRS, averages=["Highest pay"]))}


def test_a_sheet_of_numbers_that_is_no_table_would_leave_unseen(tmp_path: Path) -> None:
    table = [["Region", "People"], ["North", 40], ["South", 60]]
    (sheet,) = read_tables(book_of(tmp_path, t=table, notes=[["Made by the unit"], ["of earnings"]]))
    assert told(check_table(sheet, Declared(), LEO)) == set()
    (sheet,) = read_tables(book_of(tmp_path, t=table, data=[[3], [5], [41]]))
    assert told(check_table(sheet, Declared(), LEO)) == {("workbook", "hidden content")}


@pytest.mark.parametrize("largest", [["First", "Second"], ["First"]], ids=["left blank", "not named"])
def test_a_contribution_that_is_not_given_may_be_as_large_as_the_one_before(tmp_path: Path, largest: list[str]) -> None:
    """Of 16,500 one has 10,000; of the rest nobody knows whether one more has it all."""
    world = """
    Industry | Pay   | First | Second
    Mining   | 16500 | 10000 |
    Farming  | 40000 | 3000  | 2000
    Shops    | 90000 |       |
    """
    world = world if len(largest) > 1 else world.replace("| 2000", "|")
    found = checked(world, tmp_path, load("acro"), largest={"Pay": largest})
    assert {place for place, rule in told(found) if rule == "dominance"} == {"B2", "B4"}


def test_rounded_parts_show_that_the_hidden_one_is_small(tmp_path: Path) -> None:
    """Two tens are 22 at least where counts under 11 are hidden, and of 32 at most they leave ten."""
    world = "Region | People\nNorth | 10\nMiddle | 10\nSouth | c\nTotal | 30"
    assert ("B4", "known small") in told(checked(world, tmp_path, load("scotland"), rounded_to=5))
    assert (
        told(checked(world.replace("10", "15").replace("30", "40"), tmp_path, load("scotland"), rounded_to=5)) == set()
    )
