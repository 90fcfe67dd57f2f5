"""All that the documents refer to exists: pages, headings, files, verbs, options, keys
and programs.
"""

import functools
import inspect
import re
import runpy
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import ValidationError

from linkage.catalogue import Dataset
from linkage.cli.app import app
from linkage.config import RunConfig, Step
from linkage.match.passes import PassFile
from linkage.pipeline import leo, runner
from linkage.pipeline.manifest import Manifest
from linkage.requests.request import Request
from quality.disclosure.outputs.schema import Schema

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
CHANGES = ROOT / "CHANGELOG.md"
HOOKS = runpy.run_path(str(ROOT / "docs" / "hooks.py"), run_name="hooks")


def page_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def without_code(text: str) -> str:
    """A page's prose, without the code between fences, which may hold other
    brackets.
    """
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def headings(page: Path) -> set[str]:
    """Anchors that GitHub makes of a page's headings."""
    titles = re.findall(
        r"^#+ (.+)$", without_code(page.read_text(encoding="utf-8")), flags=re.MULTILINE
    )
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles
    }


@pytest.mark.parametrize("page", [*PAGES, CHANGES], ids=page_name)
def test_links_lead_somewhere(page):
    dead_links = []
    for link in re.findall(
        r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8"))
    ):
        place, _, heading = link.partition("#")
        if re.match(r"\w+:", link):
            continue
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (heading and heading not in headings(target)):
            dead_links.append(link)
    assert not dead_links


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_file_in_the_documents_exists(page):
    # quality/ is a folder of runs too
    rooms = "benchmarks|configs|docs|linkage|spark_jobs|synthetic|tests"
    paths = re.findall(rf"`((?:{rooms})/[\w./-]+)`", page.read_text(encoding="utf-8"))
    assert not [
        name for name in paths if "NNNN" not in name and not (ROOT / name).exists()
    ]


_FOR_SHORT = {"extract": "make", "report": "run", "review": "open", "synth": "make"}
"""Groups in which a word that is no verb is the first of this verb's: leo extract RUN
REQUEST.
"""


def faults_of(words: list[str]) -> Iterator[str]:
    """Unknown verbs and options of a command line; `words` follow `leo`."""
    group: Any = typer.main.get_command(app)
    words = (
        words[: words.index("--")] if "--" in words else words
    )  # what follows is for another program
    while words and words[0] == "--definitions":
        words = words[2:]
    verb = words[0] if words else ""
    while (
        (verbs_of := getattr(group, "commands", None)) is not None
        and words
        and words[0] not in ("-h", "--help")
    ):
        if words[0].startswith("-") and verb not in _FOR_SHORT:
            break
        if words[0] in verbs_of:
            group, words = verbs_of[words[0]], words[1:]
        elif verb in _FOR_SHORT:
            group = verbs_of[_FOR_SHORT[verb]]
        else:
            yield f"no verb {words[0]}"
            return
    options = {
        "--help",
        "-h",
        *(
            name
            for param in group.params
            for name in (*param.opts, *param.secondary_opts)
        ),
    }
    yield from (
        word
        for word in words
        if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in options
    )


def commands_in(text: str) -> Iterator[str]:
    """Command lines of `leo` within fences, and those of the prose between
    backticks.
    """
    flat_text = text.replace("\\\n", " ")
    blocks = "\n".join(
        re.findall(r"^```.*?^```", flat_text, flags=re.MULTILINE | re.DOTALL)
    )
    yield from re.findall(
        r"^(?:\$ )?(?:\.venv/bin/)?leo (.+?)(?:\s+#.*)?$", blocks, flags=re.MULTILINE
    )
    yield from (
        " ".join(words.split())
        for words in re.findall(r"`leo ([^`]+)`", without_code(flat_text))
    )


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_commands_of_the_pages_have_existing_verbs_and_options(page):
    lines = list(commands_in(page.read_text(encoding="utf-8")))
    assert not [
        f"leo {line}: {fault}"
        for line in lines
        for fault in faults_of(shlex.split(line))
    ]


def verbs(command: Any, name: str = "leo") -> Iterator[tuple[str, str]]:
    """Every verb, the groups among them, with its help text."""
    yield name, " ".join([command.help or "", command.epilog or ""])
    for inner, verb in dict(getattr(command, "commands", {})).items():
        yield from verbs(verb, f"{name} {inner}")


def test_every_verb_shows_an_example_that_can_be_given():
    helps = dict(verbs(typer.main.get_command(app)))
    examples = {
        name: re.findall(r"Example: leo (.+)", text) for name, text in helps.items()
    }
    groups = {name.rpartition(" ")[0] for name in helps}
    assert not [
        name
        for name, commands in examples.items()
        if not commands and name not in groups
    ]
    lines = [line for commands in examples.values() for line in commands]
    assert not [
        f"leo {line}: {fault}"
        for line in lines
        for fault in faults_of(shlex.split(line.partition(" > ")[0]))
    ]


def fences(page: Path, kind: str) -> list[str]:
    """What stands within a page's fences of a kind."""
    blocks = re.findall(
        r"^```(\w*)\n(.*?)^```$",
        page.read_text(encoding="utf-8"),
        flags=re.MULTILINE | re.DOTALL,
    )
    return [text for name, text in blocks if name == kind]


def unknown_in(table: dict[str, Any]) -> list[str]:
    """Keys and fixed words that are unknown to the model of this part of a file."""
    for model in (RunConfig, Step, Request, Dataset, Schema, PassFile):
        if table.keys() <= {
            field.alias or name for name, field in model.model_fields.items()
        }:
            try:
                model.model_validate(table)
            except ValidationError as error:
                kinds = ("extra_forbidden", "literal_error")
                return [
                    ".".join(map(str, fault["loc"]))
                    for fault in error.errors()
                    if fault["type"] in kinds
                ]
            return []
    labels = [
        dict(value).values() if isinstance(value, dict) else [value]
        for value in table.values()
    ]
    return (
        []
        if all(isinstance(label, str) for group in labels for label in group)
        else sorted(table)
    )


def test_code_of_the_pages_is_valid_and_has_existing_keys():
    keys = [
        (page, key)
        for page in PAGES
        for text in fences(page, "toml")
        for key in unknown_in(tomllib.loads(text))
    ]
    assert not [f"{page_name(page)}: {key}" for page, key in keys]
    for page in PAGES:
        for text in fences(page, "python"):
            compile(text, page_name(page), "exec")


@functools.cache
def options() -> set[str]:
    """Options of every verb, of our other programs, and those of spark-submit and pip
    that pages show.
    """

    def names_of(command: Any) -> Iterator[str]:
        yield from (
            name
            for param in command.params
            for name in (*param.opts, *param.secondary_opts)
        )
        for inner in dict(getattr(command, "commands", {})).values():
            yield from names_of(inner)

    code = [
        *(ROOT / "spark_jobs").glob("*.py"),
        *(ROOT / "benchmarks").rglob("*.py"),
        ROOT / "tests" / "conftest.py",
    ]
    others = {
        name
        for path in code
        for name in re.findall(r'"(--[a-z-]+)"', path.read_text(encoding="utf-8"))
    }
    spark = {
        "--master",
        "--driver-memory",
        "--executor-memory",
        "--driver-java-options",
        "--conf",
    }
    pip = {
        "--require-hashes",
        "--requirement",
        "--dest",
        "--no-index",
        "--no-deps",
        "--find-links",
    }
    return {*names_of(typer.main.get_command(app)), *others, *spark, *pip, "--help"}


def test_every_option_in_the_documents_exists():
    texts = {
        page_name(page): page.read_text(encoding="utf-8") for page in (*PAGES, CHANGES)
    }
    named_options = [
        (page, option)
        for page, text in texts.items()
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)
    ]
    assert not [
        f"{page}: {option}" for page, option in named_options if option not in options()
    ]


MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
BENCHMARKS = (ROOT / "benchmarks" / "__main__.py").read_text(encoding="utf-8")


def is_program(module: str, word: str) -> bool:
    """Whether `python -m MODULE WORD` can be given."""
    path = ROOT / module.replace(".", "/")
    if module == "benchmarks" and word:
        return f'"{word}": ' in BENCHMARKS
    return (
        module == "pytest"
        or path.with_suffix(".py").is_file()
        or (path / "__main__.py").is_file()
    )


def test_every_program_in_the_documents_exists():
    faults = []
    for page in (page for page in PAGES if "decisions" not in page.parts):
        text = page.read_text(encoding="utf-8")
        programs = re.findall(r"python -m ([\w.]*\w)(?: +([a-z][a-z-]*))?", text)
        faults += [
            f"{page_name(page)}: {module} {word}"
            for module, word in programs
            if not is_program(module, word)
        ]
        make_targets = re.findall(
            r"^(?:\$ )?make ([a-z-]+)", "\n".join(fences(page, "")), flags=re.MULTILINE
        )
        targets = [*make_targets, *re.findall(r"`make ([a-z-]+)", text)]
        faults += [
            f"{page_name(page)}: make {target}"
            for target in targets
            if f"\n{target}: " not in MAKEFILE
        ]
    assert not faults


RECORDS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
PARTS = ("Context", "Decision", "Consequences", "Rejected options")


def test_a_decision_record_has_number_status_date_and_parts_on_one_page():
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    faults = []
    for number, page in enumerate(RECORDS, start=1):
        text = page.read_text(encoding="utf-8")
        head = (
            rf"# {number:04d}\. .+\n\n- Status: \w+\n- Date: \d{{4}}-\d\d-\d\d\n- "
            r"Module: .+\n"
        )
        is_ok = (
            page.name.startswith(f"{number:04d}-")
            and re.match(head, text)
            and len(text.split()) <= 500
        )
        has_parts = re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == list(PARTS)
        if not (is_ok and has_parts and f"({page.name})" in index):
            faults.append(page.name)
    assert RECORDS
    assert not faults


def test_unknown_options_verbs_and_keys_are_found():
    assert list(faults_of(["link", "a.csv", "b.csv", "--oot", "x"])) == ["--oot"]
    assert list(faults_of(["linc", "a.csv"])) == ["no verb linc"]
    assert (
        list(
            faults_of(["--definitions", "mine", "review", "runs/demo", "--double", "1"])
        )
        == []
    )
    assert unknown_in(
        {"step": [{"name": "a", "left": "x", "right": "y", "margn": 1.0}]}
    ) == ["step.0.margn"]
    assert unknown_in({"npd_sex": {"M": "Male"}}) == []
    assert not is_program("benchmarks", "generation")


AVOID = re.compile(
    r"\b(strangers?|let go|beside|anew|noughts?|mend(ed)?|in the stead|parted|those "
    r"who|reckoned|alone|rivals?|weighs?"
    r"|slips?|sisters|appearances?|powers? of two|link sets|goes by|came to no "
    r"end|rooms|had of|no persons|nobody|two people|those who)\b",
    re.I,
)
"""Words in texts for users for which the field has others."""
OLD_NAMES = {"CHANGELOG.md": "it lists what was renamed"}


TEMPLATES = [
    path
    for package in ("linkage", "quality", "synthetic")
    for path in (ROOT / package).rglob("*.j2")
]


def test_texts_use_the_words_of_the_field():
    texts = {
        page_name(page): page.read_text(encoding="utf-8")
        for page in (*PAGES, CHANGES)
        if page_name(page) not in OLD_NAMES
    }
    texts |= {
        name: HOOKS[name]() for name in ("command_line", "messages", "shipped_models")
    }
    texts |= {page_name(path): path.read_text(encoding="utf-8") for path in TEMPLATES}
    assert not [
        f"{page}: {match.group()}"
        for page, text in texts.items()
        for match in AVOID.finditer(text)
    ]


GUIDES = [
    page
    for page in PAGES
    if page.parent.name not in ("reference", "adr") and page.name != "CONTRIBUTING.md"
]


def sentences(page: Path) -> list[list[str]]:
    """Words of each sentence of a page's prose: no code, tables or headings; code
    between backticks is a word.
    """
    text = re.sub(
        r"`[^`]*`|\]\([^)]*\)", "x", without_code(page.read_text(encoding="utf-8"))
    )
    blocks = re.split(r"\n\s*\n|\n(?=[-|#>]|\d+\. )", text)
    prose = [
        " ".join(block.split())
        for block in blocks
        if not block.lstrip().startswith(("|", "#", "!"))
    ]
    return [
        words
        for block in prose
        for s in re.split(r"(?<=[.!?:])\s+", block)
        if len(words := s.split()) > 1
    ]


def test_pages_are_short_and_easy_to_read():
    """At most 18,000 words and 5 % of sentences over 25 words; Flesch's reading ease of
    each page is 50 or more.
    """
    assert (
        sum(
            len(without_code(page.read_text(encoding="utf-8")).split())
            for page in GUIDES
        )
        <= 18_000
    )
    lengths = [len(words) for page in GUIDES for words in sentences(page)]
    assert sum(length > 25 for length in lengths) <= 0.05 * len(lengths)
    for page in GUIDES:
        words = [word for sentence in sentences(page) for word in sentence]
        syllables = sum(
            max(1, len(re.findall("[aeiouy]+(?!$)|[aiouy]+$", word.lower())))
            for word in words
        )
        ease = (
            206.835
            - 1.015 * len(words) / len(sentences(page))
            - 84.6 * syllables / len(words)
        )
        assert ease >= 50, f"{page_name(page)}: {ease:.0f}"


def test_the_threat_model_names_existing_tests():
    page = (ROOT / "docs" / "explanation" / "threat-model.md").read_text(
        encoding="utf-8"
    )
    named_tests = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", page)
    rows = re.findall(r"^\| [A-Z].*\|$", page, flags=re.MULTILINE)
    assert len(named_tests) >= len(rows) >= 20
    assert all("::test_" in row for row in rows)
    assert not [
        (path, test)
        for path, test in named_tests
        if f"\ndef {test}(" not in (ROOT / path).read_text("utf-8")
    ]


def test_the_manifest_and_the_log_are_described_completely():
    page = (ROOT / "docs" / "reference" / "manifest-and-log.md").read_text(
        encoding="utf-8"
    )
    code = "".join(
        inspect.getsource(part)
        for part in (Manifest.__init__, Manifest.stage, Manifest.end, leo.facts)
    )
    names = re.findall(r'"(\w+)":|\["(\w+)"\] =', code) + re.findall(
        r'event\(()"([\w ]+)"', inspect.getsource(runner)
    )
    assert not [
        key
        for key in {left or right for left, right in names}
        if f"`{key}`" not in page and key not in ("python", "outputs")
    ]
