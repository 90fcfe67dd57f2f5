"""Rules of the code that ruff does not check: import layers, pages without a
network.
"""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from linkage.extras import EXTRAS
from linkage.pipeline.fingerprint import LIBRARIES

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("linkage", "quality", "synthetic", "spark_jobs")


def test_a_module_imports_from_the_layers_below_its_own():
    pytest.importorskip(
        "importlinter", reason="no import-linter: pip install 'leo-linkage[dev]'"
    )
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as run; run()",
        "--no-cache",
    ]
    process = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert process.returncode == 0, process.stdout[
        process.stdout.find("Broken contracts") :
    ]


_FETCH = re.compile(
    r"""<(?:script|img|iframe|link|source|video|audio|object|embed)\b[^>]*?\b(?:src|href|data)\s*=\s*["']?(?:https?:)?//"""
    r"""|@import\s+["']?(?:url\(["']?)?(?:https?:)?//|url\(\s*["']?(?:https?:)?//|\bfetch\(|XMLHttpRequest""",
    re.IGNORECASE,
)


def test_a_page_fetches_nothing():
    pages = [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*"))
        if path.suffix in {".html", ".j2", ".css", ".js"}
    ]
    assert pages
    fetches = {path: _FETCH.search(path.read_text(encoding="utf-8")) for path in pages}
    assert not [f"{path}: {fetch.group()}" for path, fetch in fetches.items() if fetch]


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/x.js">',
        "<link rel=stylesheet href='//cdn.example/x.css'>",
        "a { background: url(http://x.example/a.png) }",
        "fetch('/data')",
    ],
)
def test_a_fetch_is_recognised(text):
    assert _FETCH.search(text)


def test_every_engine_is_limited_to_folders():
    """The SQL of a foreign model, definition or extract reads no other file."""
    calls = [
        (path, call)
        for package in ("linkage", "quality")
        for path in (ROOT / package).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "connect"
    ]
    assert len(calls) > 10
    assert not [
        path
        for path, call in calls
        if "within" not in {keyword.arg for keyword in call.keywords}
    ]


NOT_IN_STAGES = {
    *(
        "altair",
        "jinja2",
        "vl-convert-python",
        "rich",
        "typer",
    ),  # what is shown, not what is counted
    *("fastapi", "python-multipart", "uvicorn"),  # apps
    *("pyreadstat",),  # files of leo link
    *("pandas", "pydantic"),  # tables of callers; checks of files
}
"""Libraries of which a new version changes no table of a run."""


def test_a_new_version_of_a_library_that_computes_makes_stages_run_again():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    lines = [
        *project["dependencies"],
        *(line for extra in EXTRAS for line in project["optional-dependencies"][extra]),
    ]
    names = {re.match(r"[\w-]+", line).group() for line in lines}
    assert names - NOT_IN_STAGES <= set(LIBRARIES)


SELF_EXPLANATORY = (
    "no such file",
    "enter the ",
    "not TOML",
    "write it as ",
    "give ",
    "one of ",
    "not a run",
    "no run's folder",
)
"""Words of a message that say by themselves what to do."""


def messages_without_remedy(path: Path) -> list[str]:
    """Errors for users whose message is one line that says what is wrong, and not what
    to do.
    """
    faults = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (
            isinstance(node, ast.Raise)
            and isinstance(node.exc, ast.Call)
            and node.exc.args
        ):
            continue
        message, kind = node.exc.args[0], ast.unparse(node.exc.func).rpartition(".")[2]
        if kind not in {"ConfigError", "InputError", "GateError"} or not isinstance(
            message, ast.Constant | ast.JoinedStr
        ):
            continue
        text = "".join(
            str(part.value)
            for part in ast.walk(message)
            if isinstance(part, ast.Constant)
        )
        if text.strip(" :") and not any(
            words in text for words in ("\n", ";", *SELF_EXPLANATORY)
        ):
            faults.append(f"{path.relative_to(ROOT)}:{node.lineno}: {text}")
    return faults


def test_an_error_says_what_to_do():
    modules = [
        path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))
    ]
    assert not [fault for path in modules for fault in messages_without_remedy(path)]
