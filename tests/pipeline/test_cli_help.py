"""Help texts as a reader meets them: whole paragraphs, arguments by the names that the text gives them."""

import itertools

import pytest
from typer.testing import CliRunner

from linkage.cli.app import app


def shown(monkeypatch: pytest.MonkeyPatch, *verb: str) -> str:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 100)
    return CliRunner().invoke(app, [*verb, "--help"]).output


@pytest.mark.parametrize(
    "verb", ["compare", "report outcomes", "report all", "explain", "disclosure check", "extract verify"]
)
def test_no_line_of_a_paragraph_ends_before_it_is_full(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ends of a docstring's lines were kept: "Counts are exact: they" stood in a line of two words and a half."""
    text = shown(monkeypatch, *verb.split()).partition("╭")[0]
    for paragraph in text.split("\n" + " " * 100 + "\n"):
        lines = [line.strip() for line in paragraph.splitlines() if line.strip()]
        for line, after in itertools.pairwise(lines):
            if not after.startswith(("Example:", "Usage:")):
                assert len(line) + 1 + len(after.split()[0]) > 98, line


def test_arguments_are_called_as_the_text_calls_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Link the sources that CONFIG names, of leo run {config}."""
    assert "leo run [OPTIONS] {CONFIG}" in shown(monkeypatch, "run")
    assert "leo link [OPTIONS] {LEFT} {RIGHT}" in shown(monkeypatch, "link")
    assert "leo key new [OPTIONS] {FILE}" in shown(monkeypatch, "key", "new")
