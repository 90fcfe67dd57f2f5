"""Shares of groups and of all of them: what one hides may be told by the others, in its own table and in another."""

from quality.disclosure import load
from quality.disclosure.outputs import Said, check_table, check_tables
from quality.disclosure.outputs.findings import Checked
from tests.quality.test_outputs_together import sheet

LEO = load("leo_publication")


def told(found: Checked) -> set[tuple[str, str]]:
    return {(finding.place, finding.rule) for finding in found.findings if not finding.is_note}


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
    found = check_table(sheet("t", text), Said(), LEO)
    assert {("C2", "share"), ("C3", "complement")} <= told(found)
    assert column(found, 2) == ["c", "c", "40"]
    assert found.passes is False
    alone = check_table(sheet("t", text.replace("| 35", "| c")), Said(), LEO)
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
    first, second = check_tables([sheet("a", counts), sheet("b", shares)], Said(), LEO)
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
    found = check_table(sheet("t", text), Said(), LEO)
    assert "contradiction" not in {rule for _, rule in told(found)}
    assert column(found, 2)[:2] == ["60.0", "70.0"]


def test_where_nothing_is_hidden_nothing_more_is() -> None:
    text = """
        Region | People | In work %
        North  | 200    | 35.0
        South  | 300    | 43.0
        Total  | 500    | 39.8
    """
    found = check_table(sheet("t", text), Said(), LEO)
    assert column(found, 2) == ["35.0", "43.0", "39.8"]
    assert told(found) == set()
