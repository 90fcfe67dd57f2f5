"""What the documents tell a reader to follow is there: pages, headings, files, verbs and their options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from linkage.cli import app

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TODAY = [page for page in PAGES if page.parent.name != "decisions"]  # a decision tells of its day


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def without_code(text: str) -> str:
    """A page's prose: what stands within fences may hold brackets of its own."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def headings(page: Path) -> set[str]:
    """Anchors that GitHub makes of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", without_code(page.read_text(encoding="utf-8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=named)
def test_links_lead_somewhere(page):
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8"))):
        place, _, heading = link.partition("#")
        if re.match(r"\w+:", link):
            continue
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (heading and heading not in headings(target)):
            dead.append(link)
    assert not dead


@pytest.mark.parametrize("page", TODAY, ids=named)
def test_files_of_the_project_that_are_named_are_there(page):
    rooms = "benchmarks|configs|docs|linkage|spark_jobs|synthetic|tests"  # quality/ is a folder of runs too
    told = re.findall(rf"`((?:{rooms})/[\w./-]+)`", page.read_text(encoding="utf-8"))
    assert not [name for name in told if "NNNN" not in name and not (ROOT / name).exists()]


_FOR_SHORT = {"extract": "make", "review": "open"}
"""Groups in which a word that is no verb is the first of this verb's: leo extract RUN REQUEST."""


def faults_of(words: list[str]) -> Iterator[str]:
    """Verbs and options of a command line that there are not; `words` follow `leo`."""
    group: Any = typer.main.get_command(app)
    while words and words[0] == "--definitions":
        words = words[2:]
    verb = words[0] if words else ""
    while (verbs_of := getattr(group, "commands", None)) is not None and words and not words[0].startswith("-"):
        if words[0] in verbs_of:
            group, words = verbs_of[words[0]], words[1:]
        elif verb in _FOR_SHORT:
            group = verbs_of[_FOR_SHORT[verb]]
        else:
            yield f"no verb {words[0]}"
            return
    options = {"--help", "-h", *(name for each in group.params for name in (*each.opts, *each.secondary_opts))}
    yield from (word for word in words if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in options)


def commands_in(text: str) -> Iterator[str]:
    """Command lines of `leo` within fences, and those of the prose between backticks."""
    joined = text.replace("\\\n", " ")
    yield from re.findall(r"^(?:\$ )?(?:\.venv/bin/)?leo (.+?)(?:\s+#.*)?$", joined, flags=re.MULTILINE)
    yield from (" ".join(told.split()) for told in re.findall(r"`leo ([^`]+)`", without_code(joined)))


@pytest.mark.parametrize("page", TODAY, ids=named)
def test_commands_of_the_pages_have_verbs_and_options_that_there_are(page):
    lines = list(commands_in(page.read_text(encoding="utf-8")))
    assert not [f"leo {line}: {fault}" for line in lines for fault in faults_of(shlex.split(line))]


def verbs(command: Any, name: str = "leo") -> Iterator[tuple[str, str]]:
    """Every verb, the groups among them, with its help text."""
    yield name, " ".join([command.help or "", command.epilog or ""])
    for inner, found in dict(getattr(command, "commands", {})).items():
        yield from verbs(found, f"{name} {inner}")


def test_every_verb_shows_an_example_that_can_be_given():
    told = dict(verbs(typer.main.get_command(app)))
    examples = {name: re.findall(r"Example: leo (.+)", text) for name, text in told.items()}
    groups = {name.rpartition(" ")[0] for name in told}
    assert not [name for name, found in examples.items() if not found and name not in groups]
    lines = [line for found in examples.values() for line in found]
    assert not [f"leo {line}: {fault}" for line in lines for fault in faults_of(shlex.split(line.partition(" > ")[0]))]


def test_what_there_is_not_is_seen():
    assert list(faults_of(["link", "a.csv", "b.csv", "--oot", "x"])) == ["--oot"]
    assert list(faults_of(["linc", "a.csv"])) == ["no verb linc"]
    assert list(faults_of(["extract", "runs/demo", "request.toml", "--kee", "k"])) == ["--kee"]
    assert list(faults_of(["--definitions", "mine", "review", "runs/demo", "--write-overrides"])) == []
    assert list(commands_in("```\n$ leo run x.toml --plan   # what would run\n```\nor `leo demo`\n")) == [
        "run x.toml --plan",
        "demo",
    ]
