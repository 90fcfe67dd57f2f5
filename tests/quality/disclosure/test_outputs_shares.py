"""What a share is of: a small one among per cents is no fraction, and the counts that give it are the nearest.

And averages that are no money, and codes that are no numbers, are written as they are.
"""

from pathlib import Path

import pytest

from quality.disclosure import load
from quality.disclosure.outputs import Checked, Declared, check_table, check_tables, read_tables, write_safe
from tests.quality.disclosure.test_linked import sheet
from tests.quality.disclosure.test_outputs import LEO, checked, told


def test_fractions_are_taken_as_such(tmp_path: Path) -> None:
    found = checked(
        """
        Region | Graduates | Share on benefits
        North  | 300       | 0.01
        Middle | 400       | 0.30
        """,
        tmp_path,
    )
    assert found.safe == [["North", "300", "c"], ["Middle", "400", "0.30"]]


def test_of_counts_that_are_near_a_share_the_nearest_gives_it(tmp_path: Path) -> None:
    """12 and 4 of 2,000 are both within half a per cent of 0.2: the share tells of the four."""
    found = checked(
        """
        Region | Graduates | Studying | On benefits | Benefits %
        North  | 2000      | 12       | 4           | 0.2
        Middle | 4000      | 36       | 28          | 0.7
        """,
        tmp_path,
    )
    assert found.layout.of[4] == (3, 1)
    assert ("E2", "share of hidden") in told(found)
    assert found.safe is not None
    assert found.safe[0] == ["North", "2,000", "10", "c", "c"]


def test_an_average_that_is_no_money_is_not_rounded_to_hundreds(tmp_path: Path) -> None:
    found = checked("Region | Graduates | Mean age\nNorth | 300 | 23.4\nMiddle | 400 | 24.1", tmp_path)
    assert found.passes
    assert found.safe == [["North", "300", "23.4"], ["Middle", "400", "24.1"]]
    found = checked("Region | Graduates | Mean pay\nNorth | 300 | 21340\nMiddle | 400 | 80", tmp_path)
    assert found.safe == [["North", "300", "21,300"], ["Middle", "400", "100"]]


def test_a_code_keeps_its_noughts_in_a_workbook(tmp_path: Path) -> None:
    from openpyxl import Workbook, load_workbook

    book = Workbook()
    for line in (["Industry", "People"], ["01110", 1200], ["02200", 400], ["nan", 30], ["2012", 35]):
        book.active.append(line)
    book.save(tmp_path / "t.xlsx")
    path, _ = write_safe(
        [check_table(sheet, Declared(), LEO) for sheet in read_tables(tmp_path / "t.xlsx")], tmp_path / "s"
    )
    rows = list(load_workbook(path).active.values)
    assert rows == [("Industry", "People"), ("01110", 1200), ("02200", 400), ("nan", 30), (2012, 35)]


def test_a_share_that_may_be_in_per_cent_is_judged_as_one_too(tmp_path: Path) -> None:
    """0.5 of 1,000 are five people in per cent, and 500 as a fraction: nothing says which."""
    world = """
        Region | Graduates | Rate
        North  | 1000      | 0.5
        Middle | 4000      | 0.8
        """
    found = checked(world, tmp_path)
    assert ("C2", "share") in told(found)
    assert found.safe == [["North", "1,000", "c"], ["Middle", "4,000", "0.8"]]
    assert told(checked(world.replace("| Rate", "| Proportion"), tmp_path)) == set()


@pytest.mark.parametrize("base", ["", "x", "z", "low"])
def test_what_is_of_nobody_knows_how_many_does_not_leave(tmp_path: Path, base: str) -> None:
    world = f"Region | Graduates | In work % | Mean pay\nNorth | {base} | 40.0 | 21300\nMiddle | 400 | 30.0 | 22100"
    found = checked(world, tmp_path, load("ofqual"))
    assert {("C2", "share"), ("D2", "average")} <= told(found)
    assert found.safe == [["North", base, "c", "c"], ["Middle", "400", "30.0", "22,100"]]


def test_shares_that_come_to_the_whole_tell_a_lone_one_that_is_hidden(tmp_path: Path) -> None:
    """100 less 50 less 47 are three of a hundred people."""
    world = """
        Region | People | In work % | Studying % | Neither %
        North  | 100    | 50.0      | 47.0       | 3.0
        Middle | 400    | 30.0      | 45.0       | 25.0
        """
    found = checked(world, tmp_path, load("ons_srs"))
    assert told(found) == {("E2", "share"), ("D2", "complement")}
    assert found.safe == [["North", "100", "50.0", "c", "c"], ["Middle", "400", "30.0", "45.0", "25.0"]]
    apart = world.replace("| 25.0", "| 55.0")
    assert told(checked(apart, tmp_path, load("ons_srs"))) == {("E2", "share")}


def test_a_share_with_all_its_places_undoes_the_rounding(tmp_path: Path) -> None:
    """4.1667 % of some 25 people are one of 24."""
    world = "Region | People | Passed %\nNorth | 25 | 4.1667\nMiddle | 400 | 30"
    found = checked(world, tmp_path, load("hesa"))
    assert told(found) == {("C2", "rounding")}
    assert found.safe == [["North", "25", "4"], ["Middle", "400", "30"]]
    assert told(checked(world, tmp_path, load("acro"))) == {("C2", "share")}


def column(found: Checked, place: int) -> list[str]:
    return [row[place] for row in found.safe or []]


def test_the_share_of_all_and_those_of_the_others_tell_a_hidden_one() -> None:
    """40 % of all 50, 43 % of the 30 in the south: seven of the 20 in the north, whose share alone was hidden."""
    text = """
        Region | People | In work %
        North  | 20     | 35
        South  | 30     | 43
        Total  | 50     | 40
    """
    found = check_table(sheet("t", text), Declared(), LEO)
    assert {("C2", "share"), ("C3", "complement")} <= told(found)
    assert column(found, 2) == ["c", "c", "40"]
    assert found.passes is False
    alone = check_table(sheet("t", text.replace("| 35", "| c")), Declared(), LEO)
    assert ("C2", "recovered") in told(alone) or ("C2", "known small") in told(alone)


def test_a_count_that_one_table_hides_is_told_by_the_share_of_another() -> None:
    counts = """
        Region | People | In work
        North  | 33     | 15
        South  | 64     | 30
        West   | 19     | 11
        Total  | 116    | 56
    """
    shares = """
        Region | People | In work %
        North  | 33     | 45.5
        South  | 64     | 46.9
        West   | 19     | 57.9
        Total  | 116    | 48.3
    """
    first, second = check_tables([sheet("a", counts), sheet("b", shares)], Declared(), LEO)
    hidden = [row for row, (one, other) in enumerate(zip(column(first, 2), column(second, 2), strict=True)) if
              "c" in (one, other)]  # fmt: skip
    assert column(first, 2).count("c") >= 2
    assert all(column(second, 2)[row] == "c" for row in hidden), "what is hidden as a count is no share either"


def test_a_share_that_does_not_add_up_is_judged_by_itself() -> None:
    """A rate of change, beside the people that it is taken for a part of."""
    text = """
        Region | People | Change %
        North  | 120    | 60.0
        South  | 130    | 70.0
        West   | 15     | 20.0
        Total  | 265    | 1.0
    """
    found = check_table(sheet("t", text), Declared(), LEO)
    assert "contradiction" not in {rule for _, rule in told(found)}
    assert column(found, 2)[:2] == ["60.0", "70.0"]


def test_few_people_hidden_in_two_shares(tmp_path: Path) -> None:
    """3 and 4 are each under ten, and so is what they come to."""
    world = """
        Region | People | A %  | B %  | C %  | D %
        North  | 100    | 53.0 | 40.0 | 3.0  | 4.0
        Middle | 400    | 30.0 | 20.0 | 25.0 | 25.0
        """
    found = checked(world, tmp_path, load("ons_srs"))
    assert told(found) == {("E2", "share"), ("F2", "share"), ("D2", "complement")}
