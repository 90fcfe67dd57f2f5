"""What a share is of: a small one among per cents is no fraction, and the counts that give it are the nearest.

And averages that are no money, and codes that are no numbers, are written as they are.
"""

from pathlib import Path

from quality.outputs import Said, check_table, read_tables, write_safe
from tests.quality.test_outputs import LEO, checked, told


def test_a_per_cent_under_one_is_no_fraction(tmp_path: Path) -> None:
    """0.8 % of 300 graduates are two of them, not 240."""
    found = checked(
        """
        Region | Graduates | On benefits %
        North  | 300       | 0.8
        Middle | 400       | 30.0
        """,
        tmp_path,
    )
    assert ("C2", "share") in told(found)
    assert found.safe == [["North", "300", "c"], ["Middle", "400", "30.0"]]


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


def test_counts_that_give_another_fraction_are_not_what_a_share_is_of(tmp_path: Path) -> None:
    """Two fractions are never half apart: 120 of 300 are no 0.01."""
    found = checked(
        """
        Region | Graduates | In work | Rate of benefits | Rate of work
        North  | 300       | 120     | 0.01             | 0.40
        Middle | 400       | 210     | 0.30             | 0.525
        """,
        tmp_path,
    )
    assert found.layout.of[3] == (None, None)
    assert found.layout.of[4] == (2, 1)
    assert ("D2", "unknown base") in told(found)


def test_a_fraction_of_one_place_is_known_by_its_counts(tmp_path: Path) -> None:
    """120 of 290 are 0.41."""
    found = checked(
        """
        Region | Graduates | In work | Share in work
        North  | 290       | 120     | 0.4
        Middle | 400       | 210     | 0.5
        """,
        tmp_path,
    )
    assert found.layout.of[3] == (2, 1)
    assert found.layout.part_of == {2: 1}


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


def test_fractions_under_a_name_that_says_per_cent_are_known_by_their_counts(tmp_path: Path) -> None:
    found = checked(
        """
        Region | Graduates | In work | In work %
        North  | 300       | 120     | 0.40
        Middle | 400       | 210     | 0.525
        """,
        tmp_path,
    )
    assert found.layout.fractions == {3}
    assert ("D2", "share") not in told(found)


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
        [check_table(sheet, Said(), LEO) for sheet in read_tables(tmp_path / "t.xlsx")], tmp_path / "s"
    )
    rows = list(load_workbook(path).active.values)
    assert rows == [("Industry", "People"), ("01110", 1200), ("02200", 400), ("nan", 30), (2012, 35)]
