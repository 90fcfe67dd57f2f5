"""Rules of the code that ruff does not check: import layers, pages without a network, a wheel that works by itself."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from linkage.pipeline.fingerprint import LIBRARIES

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("linkage", "quality", "synthetic", "spark_jobs")


def test_a_module_imports_from_the_layers_below_its_own():
    pytest.importorskip("importlinter", reason="no import-linter: pip install 'leo-linkage[dev]'")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[done.stdout.find("Broken contracts") :]


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


NOT_IN_STAGES = {
    *("cryptography",),  # hashes, whose results their standards say
    *("altair", "jinja2", "vl-convert-python", "rich", "typer"),  # what is shown, and not what is counted
    *("pyreadstat",),  # files of leo link
    *("pandas", "pydantic"),  # in the hands of others; what a file says
}
"""Libraries of which a new version changes no table of a run."""


def test_a_new_version_of_a_library_that_computes_makes_stages_run_again():
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.match(r"[\w-]+", line).group() for line in needed}
    assert names - NOT_IN_STAGES <= set(LIBRARIES)


def test_the_lock_has_hashes_and_the_versions_of_the_constraints():
    blocks = re.findall(
        r"^(\S+==\S+).*\n((?: {4}.*\n)+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.M
    )
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert {pin for pin, _ in blocks} - set(constraints) <= {"colorama==0.4.6"}  # of Windows
    assert all("--hash=sha256:" in hashes for _, hashes in blocks)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["apps"]]
    assert {re.match(r"[\w-]+", line).group() for line in needed} <= {pin.split("==")[0] for pin, _ in blocks}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `make wheel` builds it, from this checkout."""
    pytest.importorskip("hatchling", reason="no hatchling: pip install 'leo-linkage[dev]'")
    folder = tmp_path_factory.mktemp("dist")
    build = "from hatchling.build import build_wheel; import sys; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=ROOT, check=True, capture_output=True, timeout=600)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_what_a_run_needs_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for source in (*(ROOT / "configs").rglob("*"), *(ROOT / "quality").rglob("*"), *(ROOT / "synthetic").rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            place = source.relative_to(ROOT).as_posix()
            assert (f"linkage/{place}" if place.startswith("configs/") else place) in names
    assert "linkage/engine/log4j2.properties" in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]


@pytest.mark.slow
def test_the_wheel_works_away_from_the_checkout(wheel, tmp_path):
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    zipfile.ZipFile(wheel).extractall(site)
    script = (
        f"import sys; sys.path[:] = [p for p in sys.path if p not in ('', {str(ROOT)!r})]; sys.path.insert(0, {str(site)!r})\n"
        "import linkage, linkage.catalogue, linkage.config\n"
        "from linkage.config.resources import config_file\n"
        f"assert linkage.__file__.startswith({str(site)!r}), linkage.__file__\n"
        "assert len(linkage.catalogue.shipped().datasets) >= 6\n"
        "linkage.config.load(config_file('demo.toml'))\n"
        "from linkage.cli import main\n"
        "sys.argv = ['leo', '--version']\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=empty, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"\d+\.\d+", done.stdout)
    assert list(empty.iterdir()) == []


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
    """Errors for users whose message is one line that says what is wrong, and not what to do."""
    faults = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args):
            continue
        message, kind = node.exc.args[0], ast.unparse(node.exc.func).rpartition(".")[2]
        if kind not in {"ConfigError", "InputError", "GateError"} or not isinstance(
            message, ast.Constant | ast.JoinedStr
        ):
            continue
        text = "".join(str(part.value) for part in ast.walk(message) if isinstance(part, ast.Constant))
        if text.strip(" :") and not any(words in text for words in ("\n", ";", *SELF_EXPLANATORY)):
            faults.append(f"{path.relative_to(ROOT)}:{node.lineno}: {text}")
    return faults


def test_an_error_says_what_to_do():
    modules = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    assert not [fault for path in modules for fault in messages_without_remedy(path)]
