"""Codes of a table within others: each adds up to what it is part of, and one that stands for all is known as such."""

from pathlib import Path

import pytest

from quality import disclosure
from quality.disclosure.outputs import Checked, Said, Sheet, check_table
from quality.disclosure.outputs.reading import value

Tree = dict[tuple[str, str], str]


def checked(world: str, tree: Tree) -> Checked:
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in world.strip().splitlines()]
    sheet = Sheet(Path("t.csv"), "", 0, header, [[value(cell) for cell in line] for line in lines])
    return check_table(sheet, Said(parents=tree), disclosure.load("ons_srs"))


def told(found: Checked) -> set[tuple[str, str]]:
    return {(finding.place, finding.rule) for finding in found.findings}


def test_a_hierarchy_within_a_column() -> None:
    world = """
    Area  | People
    n1    | 4
    n2    | 50
    s1    | 30
    s2    | 60
    North | 54
    South | 90
    Total | 144
    """
    tree = {("Area", a): r for a, r in (("n1", "North"), ("n2", "North"), ("s1", "South"), ("s2", "South"))}
    found = checked(world, tree)
    assert {place for place, rule in told(found) if rule == "complement"} == {"B3"}
    assert not [finding for finding in found.findings if finding.rule == "sums"]


@pytest.mark.parametrize("all_of_it", ["England", "All areas"])
@pytest.mark.parametrize("is_said", [False, True], ids=["beside the tree", "its root"])
def test_what_stands_for_all_of_a_hierarchy_tells_a_hidden_part(all_of_it: str, is_said: bool) -> None:
    """South is 200 less North, and s1 what South leaves."""
    world = f"""
    Area  | People
    n1    | 40
    n2    | 70
    s1    | c
    s2    | 60
    North | 110
    South | c
    {all_of_it} | 200
    """
    tree = {("Area", a): r for a, r in (("n1", "North"), ("n2", "North"), ("s1", "South"), ("s2", "South"))}
    if is_said:
        tree |= {("Area", "North"): all_of_it, ("Area", "South"): all_of_it}
    found = checked(world, tree)
    assert {("B4", "recovered"), ("B7", "recovered")} <= set(told(found))


def test_a_total_that_a_tree_names_as_a_parent_is_one_still() -> None:
    world = "Area | People\nNorth | 110\nSouth | c\nTotal | 200"
    found = checked(world, {("Area", "North"): "Total", ("Area", "South"): "Total"})
    assert ("B3", "recovered") in told(found)
