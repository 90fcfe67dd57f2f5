"""ACRO's verdict beside ours: what each finds alone, and what is said where there is no ACRO."""

import logging
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkage.cli.app import app
from quality.disclosure import load
from quality.disclosure.outputs import Declared, check_table, read_tables
from quality.disclosure.outputs.second_opinion import INSTALL, disagreements, is_installed, second_opinion

needs_acro = pytest.mark.skipif(not is_installed(), reason=f"no acro: {INSTALL}")
ACRO = load("acro")

PAY = """Region,Female,Male,Total
North,23,4,27
Middle,0,30,30
South,40,55,95
Total,63,89,152
"""


@pytest.fixture
def pay(tmp_path: Path) -> Path:
    path = tmp_path / "pay.csv"
    path.write_text(PAY, encoding="utf-8")
    return path


@needs_acro
def test_what_each_finds_alone(pay: Path) -> None:
    """Both find the 4; ACRO refuses the nought by name, and looks for no cell that tells another."""
    checked = check_table(read_tables(pay)[0], Declared(), load("leo_publication").model_copy(update={"round_to": 1}))
    opinion = second_opinion(checked)
    assert opinion is not None
    assert {checked.sheet.place(row, column) for row, column, _ in opinion.seen} == {"B2", "C2", "B3", "C3", "B4", "C4"}
    assert {checked.sheet.place(row, column) for row, column, _ in opinion.faults} == {"C2", "B3"}
    found = [(one.place, one.checker, one.faults) for one in disagreements(checked, opinion)]
    assert found == [
        ("B2", "leo", "complement"),
        ("B3", "acro", "PresenceOfZeroCheck, MinimumThresholdCheck"),
        ("B4", "leo", "complement"),
        ("C4", "leo", "complement"),
    ]


@needs_acro
def test_several_labels_and_what_is_hidden_already(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("area,sex,people\nn,f,40\nn,m,22\ns,f,c\ns,m,30\ns,total,41\n", encoding="utf-8")
    opinion = second_opinion(check_table(read_tables(path)[0], Declared(), ACRO))
    assert opinion is not None
    assert opinion.passes
    assert sorted(row for row, _, _ in opinion.seen) == [0, 1, 3]


@needs_acro
def test_it_leaves_the_log_as_it_was_and_prints_no_table(pay: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = (logging.root.level, list(logging.root.handlers), logging.root.manager.disable)
    second_opinion(check_table(read_tables(pay)[0], Declared(), ACRO))
    assert (logging.root.level, list(logging.root.handlers), logging.root.manager.disable) == before
    assert capfd.readouterr() == ("", "")


def test_the_command_says_it_or_how_to_install_it(pay: Path) -> None:
    said = CliRunner().invoke(app, ["disclosure", "check", str(pay)]).output
    if is_installed():
        assert "by its own rules: does not pass, 2 of 6 cells" in said
        assert "B3 (Female): only acro finds fault" in said
    else:
        assert f"acro      not installed; for its second opinion: {INSTALL}" in said
