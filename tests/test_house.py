"""The house rules that a reader relies on: doors, sizes, names, no network, no values in text, a wheel that works alone.

A rule is one test over all files, which names each file that breaks it and where: a test for each rule and file were
four of nine thousand tests, which every process of a run collects.
"""

import ast
import functools
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkage.pipeline.running.fingerprint import LIBRARIES

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("linkage", "quality", "synthetic", "spark_jobs")
GROUND = {
    *("linkage.engine", "linkage.catalogue", "linkage.config", "linkage.toml_file"),
    *("linkage.errors", "linkage.resources"),
}

DOORS: dict[str, set[str]] = {
    "linkage": {"linkage.api"},
    "linkage.errors": set(),
    "linkage.resources": {"linkage.errors"},
    "linkage.process": set(),
    "linkage.engine": {"linkage.errors"},
    "linkage.catalogue": {"linkage.errors", "linkage.resources"},
    "linkage.toml_file": {"linkage.errors"},
    "linkage.config": {"linkage.errors", "linkage.resources", "linkage.catalogue", "linkage.toml_file"},
    "linkage.records": GROUND,
    "linkage.model": GROUND,
    "linkage.spine": GROUND,
    "linkage.longitudinal": GROUND,
    "linkage.extract": GROUND,
    "linkage.requests": {*GROUND, "linkage.extract"},
    "linkage.match": {*GROUND, "linkage.model"},
    "linkage.adhoc": {
        *GROUND,
        "linkage.pipeline",
        "linkage.records",
        "linkage.model",
        "linkage.match",
        "linkage.spine",
        "quality",
    },
    "quality.explain": {
        *GROUND,
        *("linkage.pipeline", "linkage.adhoc", "linkage.model", "linkage.match", "linkage.spine"),
    },
    "quality.review": {
        *GROUND,
        *("linkage.pipeline", "quality.explain", "linkage.match", "linkage.model", "quality"),
    },
    "quality.tune": {
        *GROUND,
        *("quality.explain", "linkage.match", "linkage.model", "quality.review", "quality"),
    },
    "linkage.api": {*GROUND, *("linkage.adhoc", "quality.explain")},
    "linkage.explore": {
        *GROUND,
        *("linkage.extract", "linkage.requests", "linkage.pipeline", "quality"),
    },
    "linkage.pipeline": {
        *GROUND,
        *("linkage.records", "linkage.model", "linkage.match", "linkage.spine", "linkage.longitudinal"),
        *("linkage.extract", "linkage.requests", "quality", "synthetic"),
    },
    "linkage.cli": {
        *GROUND,
        "linkage.process",
        *("linkage.pipeline", "linkage.adhoc", "linkage.records", "linkage.model", "linkage.extract"),
        *("quality.explain", "linkage.explore", "linkage.requests", "quality.review", "quality.tune"),
        *("quality", "synthetic"),
    },
    "quality": GROUND,
    "synthetic": {"linkage.process", "linkage.catalogue", "linkage.errors", "linkage.resources", "linkage.engine"},
    "spark_jobs": {*GROUND, "linkage.process", "linkage.pipeline", "linkage.extract"},
}
"""Room to the rooms that it may import."""

WITHIN: dict[str, set[str]] = {"quality.disclosure": {*GROUND, "quality.measures.intervals"}}
"""Room within a room to what it may import of ours; the others enter it by what its __init__ offers."""

FLOORS: dict[str, tuple[str, ...]] = {
    "linkage.adhoc": ("headers", "files", "names", "places", "dates", "codes", "fields", "columns"),
    "linkage.extract": ("secrets", "approved", "people", "files", "analysis", "earlier", "documents"),
    "linkage.match": ("candidates", "two_people", "resolution", "further", "likelihood"),
    "linkage.model.training": ("counts", "em", "strangers", "estimates", "together"),
    "linkage.pipeline": ("running", "given", "stages", "ended"),
    "synthetic": (
        *("reference", "drawn", "rules", "files", "figures", "people", "education", "work", "mistakes", "world"),
        *("sources", "calibration", "fitting"),
    ),
}
"""Large rooms are parted into floors, the lowest first; what stands beside the floors is above them all."""

ENGINES = {"duckdb", "pyspark", "py4j"}


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of ours by its dotted name."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def room_of(module: str) -> str | None:
    """The room that a module is in, or None where it is not ours."""
    top, *rest = module.split(".")
    if top == "linkage":
        return f"linkage.{rest[0]}" if rest and not rest[0].startswith("_") else "linkage"
    return top if top in PACKAGES else None


@functools.cache
def imports(path: Path) -> list[tuple[int, str]]:
    """Line and full name of everything that a module imports, wherever in it."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: import by the full name"
            # `from linkage import catalogue` imports linkage.catalogue.
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


MODULES = list(modules())


def test_a_room_is_entered_by_its_doors():
    wrong = []
    for module, path in MODULES:
        here = room_of(module)
        allowed = DOORS.get(here or "", GROUND) | {here, "linkage"}
        told = f"{here} may import {', '.join(sorted(map(str, allowed)))}"
        strange = [at for at in imports(path) if room_of(at[1]) and room_of(at[1]) not in allowed]
        wrong += [f"{module} line {line}: {name}; {told}" for line, name in strange]
    assert not wrong


@pytest.mark.parametrize("inner", WITHIN)
def test_a_room_within_a_room_has_one_door(inner):
    parts = {name for name, _ in MODULES if name.startswith(f"{inner}.")}
    wrong = []
    for module, path in MODULES:
        named = [name for _, name in imports(path) if room_of(name)]
        if module == inner or module in parts:
            mine = {inner, *parts, *WITHIN[inner]}
            wrong += [f"{module}: {name}" for name in named if not any(f"{name}.".startswith(f"{m}.") for m in mine)]
        else:
            wrong += [f"{module}: {name}" for name in named if any(f"{name}.".startswith(f"{part}.") for part in parts)]
    assert not wrong


@pytest.mark.parametrize("room", FLOORS)
def test_a_floor_imports_what_is_below_it(room):
    def floor(name: str) -> int:
        part = name.removeprefix(f"{room}.").split(".")[0]
        return FLOORS[room].index(part) if part in FLOORS[room] else len(FLOORS[room])

    assert {path.name for path in (ROOT / room.replace(".", "/")).iterdir() if path.is_dir()} - {"__pycache__"} == set(
        FLOORS[room]
    )
    inside = [(module, path) for module, path in MODULES if module.startswith(f"{room}.")]
    upward = [
        f"{module} line {line}: {name}"
        for module, path in inside
        for line, name in imports(path)
        if name.startswith(f"{room}.") and floor(name) > floor(module)
    ]
    assert not upward


def test_only_the_engine_knows_an_engine():
    others = [(module, path) for module, path in MODULES if room_of(module) != "linkage.engine"]
    found = [(module, line, name) for module, path in others for line, name in imports(path)]
    assert not [f"{module} line {line}: {name}" for module, line, name in found if name.split(".")[0] in ENGINES]


def test_every_room_has_its_doors_written_down():
    rooms = {room_of(module) for module, _ in MODULES} - {"linkage"}
    assert rooms <= set(DOORS), "a new room: say in DOORS what it may import"
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    ground = {"linkage.errors", "linkage.resources", "linkage.process"}
    files = {"linkage.config", "linkage.toml_file", "linkage.api"}
    told = {room: room.replace(".", "/") + (".py" if room in files else "") for room in rooms - ground}
    assert not [room for room, path in told.items() if f"| `{path}` |" not in table], "and in CONTRIBUTING.md"


OURS = [
    path
    for folder in (*PACKAGES, "tests", "benchmarks", "configs", "assets", ".ci")
    for path in sorted((ROOT / folder).rglob("*"))
    if "built" not in path.parts  # scripts of other makers
    if path.is_file() and path.suffix in {".py", ".toml", ".html", ".j2", ".css", ".js", ".sql", ".sh", ""}
]  # fmt: skip
CODE = [path for path in OURS if path.suffix == ".py"]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_a_file_can_be_read_at_one_sitting():
    lines = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert {path: count for path, count in lines.items() if count > 400} == {}


def test_a_file_is_named_for_what_it_is():
    nothing = {"utils", "helpers", "common", "misc"}
    assert not [named(path) for path in OURS if nothing & {*path.with_suffix("").parts}]


def test_a_file_is_finished():
    unfinished = ("TO" + "DO", "FIX" + "ME", "XX" + "X ", "NotImplemented" + "Error")
    said = {named(path): path.read_text(encoding="utf-8", errors="replace") for path in OURS}
    found = {path: [word for word in unfinished if re.search(rf"\b{word}\b", text)] for path, text in said.items()}
    assert {path: words for path, words in found.items() if words} == {}


def test_packages_log_and_do_not_print():
    printing = []
    for path in (path for path in CODE if room_of(path.relative_to(ROOT).parts[0])):
        text = path.read_text(encoding="utf-8")
        calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)) if "print" in text else ()
        names = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
        printing += [f"{named(path)} line {call.lineno}" for call in names]
    assert not printing


PAGES = [path for path in OURS if path.suffix in {".html", ".j2", ".css", ".js"}]
_FETCH = re.compile(
    r"""<(?:script|img|iframe|link|source|video|audio|object|embed)\b[^>]*?\b(?:src|href|data)\s*=\s*["']?(?:https?:)?//"""
    r"""|@import\s+["']?(?:url\(["']?)?(?:https?:)?//|url\(\s*["']?(?:https?:)?//|\bfetch\(|XMLHttpRequest""",
    re.IGNORECASE,
)


def test_a_page_fetches_nothing():
    found = {path: _FETCH.search(path.read_text(encoding="utf-8")) for path in PAGES}
    assert not [f"{named(path)}: {fetch.group()}" for path, fetch in found.items() if fetch]


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/x.js">',
        "<link rel=stylesheet href='//cdn.example/x.css'>",
        "a { background: url(http://x.example/a.png) }",
        "fetch('/data')",
    ],
)
def test_what_a_page_may_not_fetch_is_seen(text):
    assert _FETCH.search(text)


NOT_IN_STAGES = {
    "cryptography",  # hashes and ciphers, whose results their standards say
    *("jinja2", "vl-convert-python", "rich", "typer"),  # what is shown, and not what is counted
    *("charset-normalizer", "openpyxl", "pyreadstat"),  # files of leo link, and requests
    *("pandas", "pydantic"),  # in the hands of others; what a file says
    "splink",  # opens our models; no stage imports it
}
"""Libraries of which a new version changes no table of a run."""


def test_a_new_version_of_what_computes_makes_stages_run_again():
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.match(r"[\w-]+", line).group() for line in needed}
    assert names - NOT_IN_STAGES == set(LIBRARIES) - {"pyspark"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `make wheel` builds it, from this checkout."""
    pytest.importorskip("hatchling", reason="no hatchling: pip install 'leo-linkage[dev]'")
    folder = tmp_path_factory.mktemp("dist")
    build = "from hatchling.build import build_wheel; import sys; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=ROOT, check=True, capture_output=True, timeout=600)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_what_a_run_needs_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for source in (*(ROOT / "configs").rglob("*"), *(ROOT / "quality").rglob("*"), *(ROOT / "synthetic").rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            place = source.relative_to(ROOT).as_posix()
            assert (f"linkage/{place}" if place.startswith("configs/") else place) in names
    assert "linkage/engine/log4j2.properties" in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]
    others = re.compile(r"(vega|govuk-frontend|htmx)[^/]*\.(min\.)?(js|css)$")
    assert not [name for name in names if others.search(name) and not name.startswith("linkage/assets/")]


@pytest.mark.slow
def test_the_wheel_works_away_from_the_checkout(wheel, tmp_path):
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    zipfile.ZipFile(wheel).extractall(site)
    script = (
        f"import sys; sys.path[:] = [p for p in sys.path if p not in ('', {str(ROOT)!r})]; sys.path.insert(0, {str(site)!r})\n"
        "import linkage, linkage.catalogue, linkage.config\n"
        "from linkage.resources import config_file\n"
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


SAID_ALREADY = ("no such file", "not TOML", "write it as ", "give ", "one of ", "no folder of", "is no run's folder")
"""What tells by itself what is to be done, or is followed by no other thing than to look at the name."""
OF_USERS = {"ConfigError", "InputError", "GateError"}


def told_without_remedy(path: Path) -> list[str]:
    """Errors for users whose message is one line that says what is wrong, and not what to do."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args):
            continue
        said, kind = node.exc.args[0], ast.unparse(node.exc.func).rpartition(".")[2]
        if kind not in OF_USERS or not isinstance(said, ast.Constant | ast.JoinedStr):
            continue
        text = "".join(str(part.value) for part in ast.walk(said) if isinstance(part, ast.Constant))
        if (
            text.strip(" :")
            and "\n" not in text
            and ";" not in text
            and not any(words in text for words in SAID_ALREADY)
        ):
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {text}")
    return found


def test_an_error_says_what_to_do():
    assert not [told for _, path in MODULES for told in told_without_remedy(path)]


MOST_BY_ORDER = 9
"""Things that a function is handed by their order; what belongs together is one thing with a name."""
MORE_BY_ORDER = {"not_kept"}  # to be mended, and none beside it


def test_a_function_is_handed_few_things_by_their_order():
    verbs = [(module, path) for module, path in MODULES if room_of(module) != "linkage.cli"]  # theirs are options
    found = [
        f"{module}.{node.name}"
        for module, path in verbs
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name not in MORE_BY_ORDER
        if sum(each.arg not in ("self", "cls") for each in [*node.args.posonlyargs, *node.args.args]) > MOST_BY_ORDER
    ]
    assert not found
