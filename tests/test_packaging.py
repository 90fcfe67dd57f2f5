"""What pip installs: a base that links files, extras whose absence is named, the lock,
the wheel and the citation.
"""

import importlib.metadata as metadata
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from linkage.extras import EXTRAS

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
OPTIONAL = PROJECT["optional-dependencies"]


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def modules_outside_the_base() -> list[str]:
    """Top-level modules of installed packages that `pip install leo-linkage` would not
    bring.
    """
    base, waiting = set(), names(PROJECT["dependencies"])
    while waiting:
        base.add(name := waiting.pop())
        requirements = map(Requirement, metadata.requires(name) or [])
        waiting |= {
            canonicalize_name(r.name)
            for r in requirements
            if not r.marker or r.marker.evaluate({"extra": ""})
        } - base
    dev = {"leo-linkage", "coverage", "setuptools"}
    packages = metadata.packages_distributions().items()
    return sorted(
        module
        for module, dists in packages
        if not {canonicalize_name(n) for n in dists} & (base | dev)
    )


BASE = """
import contextlib, io, json, sys
from importlib.machinery import PathFinder

class Base(PathFinder):
    missing = set(json.loads(sys.argv[1]))
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in cls.missing else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Base

import linkage.api
from linkage import cli
from linkage.engine import connect
from linkage.model.splink_linker import splink_linker

def leo(*arguments):
    sys.argv = ["leo", *map(str, arguments)]
    with contextlib.redirect_stderr(io.StringIO()) as errors, contextlib.redirect_stdout(io.StringIO()):
        try:
            cli.main()
        except SystemExit as error:
            return [error.code, errors.getvalue()]

def python(call, *arguments):
    try:
        call(*arguments)
    except linkage.errors.LeoError as error:
        return [int(error.exit_code), str(error)]

data = linkage.api.Path(linkage.__file__).parent / "datasets"
open("survey.sav", "w").close()
open("table.csv", "w").write("region,count\\nnorth,3\\nsouth,20\\n")
print(json.dumps({
    "link": leo("link", data / "pupils.csv", data / "customers.csv", "--out", "linked"),
    "review": leo("review", "linked"),
    "tune": leo("model", "tune", "linked"),
    "demo": leo("demo"),
    "statistical file": leo("link", "survey.sav", data / "pupils.csv", "--out", "other"),
    "disclosure": leo("disclosure", "check", "table.csv"),
    "linker": python(lambda: linkage.open_run("linked").linker()),
    "spark": python(connect, "spark"),
}))
"""


def test_a_base_install_links_files_and_names_the_extra_that_is_missing(tmp_path):
    command = [sys.executable, "-c", BASE, json.dumps(modules_outside_the_base())]
    process = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
    )
    assert process.returncode == 0, process.stderr[-2000:]
    results = json.loads(process.stdout)
    assert results.pop("link")[0] in (0, None)
    assert (tmp_path / "linked" / "report" / "index.html").is_file()
    extra = r"install: pip install 'leo-linkage\[(.*)\]'"
    assert {code for code, _ in results.values()} == {2}
    assert {
        kind: re.findall(extra, message) for kind, (_, message) in results.items()
    } == {
        "review": ["apps"],
        "tune": ["apps"],
        "demo": ["contracts,disclosure"],
        "statistical file": ["readers"],
        "disclosure": ["disclosure"],
        "linker": ["splink"],
        "spark": ["spark"],
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "linked",
        "survey.sav",
        "table.csv",
    ]


def test_the_base_is_eleven_packages_and_each_module_is_of_its_extra():
    assert len(PROJECT["dependencies"]) <= 11
    assert Requirement(OPTIONAL["all"][0]).extras == set(EXTRAS)
    distributions = metadata.packages_distributions()
    for extra, modules in EXTRAS.items():
        assert names(OPTIONAL[extra]) == {
            canonicalize_name(distributions[module][0]) for module in modules
        }


def test_the_citation_and_the_changelog_have_the_version_of_the_package():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    release = [
        re.search(rf"^{key}: (.+)$", citation, re.M).group(1)
        for key in ("version", "date-released")
    ]
    headings = re.findall(
        r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M
    )
    if headings[0] == "[Unreleased]":  # what main holds since the last release
        headings = headings[1:]
    assert headings[0] == "[{}] - {}".format(*release)
    assert release[0] == PROJECT["version"]
    assert all(
        re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", heading)
        for heading in headings
    )


def test_the_lock_has_hashes_and_the_versions_of_the_constraints():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.findall(r"^(\S+==\S+).*\n((?: {4}.*\n)+)", lock, re.M)
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert {pin for pin, _ in blocks} - set(constraints) <= {
        "colorama==0.4.6"
    }  # of Windows
    assert all("--hash=sha256:" in hashes for _, hashes in blocks)
    lines = [
        *PROJECT["dependencies"],
        *(line for extra in EXTRAS.keys() - {"spark"} for line in OPTIONAL[extra]),
    ]
    assert names(lines) <= {pin.split("==")[0] for pin, _ in blocks}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `make wheel` builds it, from this checkout."""
    pytest.importorskip(
        "hatchling", reason="no hatchling: pip install 'leo-linkage[dev]'"
    )
    folder = tmp_path_factory.mktemp("dist")
    build = (
        "from hatchling.build import build_wheel; import sys; build_wheel(sys.argv[1])"
    )
    subprocess.run(
        [sys.executable, "-c", build, str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=600,
    )
    (file,) = folder.glob("*.whl")
    return file


@pytest.mark.slow
def test_the_wheel_holds_what_a_run_needs_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for source in (
        *(ROOT / "configs").rglob("*"),
        *(ROOT / "quality").rglob("*"),
        *(ROOT / "synthetic").rglob("*"),
    ):
        if source.is_file() and "__pycache__" not in source.parts:
            place = source.relative_to(ROOT).as_posix()
            assert (
                f"linkage/{place}" if place.startswith("configs/") else place
            ) in names
    assert "linkage/engine/log4j2.properties" in names
    assert not [
        name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))
    ]


@pytest.mark.slow
def test_the_wheel_works_away_from_the_checkout(wheel, tmp_path):
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    zipfile.ZipFile(wheel).extractall(site)
    script = (
        "import sys; sys.path[:] = [p for p in sys.path if p not in ('', "
        f"{str(ROOT)!r})]; sys.path.insert(0, {str(site)!r})\n"
        "import linkage, linkage.catalogue, linkage.config\n"
        "from linkage.config.resources import config_file\n"
        f"assert linkage.__file__.startswith({str(site)!r}), linkage.__file__\n"
        "assert len(linkage.catalogue.shipped().datasets) >= 6\n"
        "linkage.config.load(config_file('demo.toml'))\n"
        "from linkage.cli import main\n"
        "sys.argv = ['leo', '--version']\n"
        "main()\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", script],
        cwd=empty,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    assert re.search(r"\d+\.\d+", process.stdout)
    assert list(empty.iterdir()) == []
