"""The site: pages from templates, the catalogue as a script for search, and what they look like."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage import __version__
from linkage.catalogue import PHASES, Variable, years_of
from linkage.catalogue.years import Years
from linkage.config.resources import assets_dir
from linkage.engine import LockedTempdir
from linkage.errors import ConfigError
from linkage.explore.entries import Entry, Explored
from linkage.explore.release import ReleaseFacts
from linkage.pipeline.atomic import put
from linkage.requests.packages import Package
from quality.report.document import environment, report_style, template_text

SCRIPTS = ("minisearch.js", "fflate.js")
LICENCES = ("minisearch.LICENSE.txt", "fflate.LICENSE.txt")
MARK = "catalogue.js"
_Page = tuple[str, Callable[[], str]]
ROWS = 200  # of a list on a page: of thousands, a phone and a screen reader make nothing
"""The file by which a folder is known to be such a site, so that nothing else is ever replaced by one."""

IDENTIFIABILITY = {
    1: "names a person",
    2: "singles a person out with little else",
    3: "follows one person without naming them",
    4: "singles some people out, with other things known",
    5: "shared by many people",
}
SENSITIVITY = {
    "A": "most sensitive",
    "B": "treated like special categories of data",
    "C": "sensitive for some",
    "D": "of a protected characteristic",
    "E": "least sensitive",
}
TYPES = {
    "string": "text or code",
    "integer": "whole number",
    "number": "number",
    "date": "date",
    "boolean": "yes or no",
}


@dataclass(frozen=True)
class SiteSummary:
    """What was written."""

    folder: Path
    pages: int
    variables: int
    size: int  # bytes


def write_site(
    found: Explored,
    release: ReleaseFacts,
    out: Path,
    *,
    search: bool = True,
    advance: Callable[[int], None] = lambda more: None,
) -> SiteSummary:
    """Write the site whole or not at all, in the stead of an earlier one.

    Args:
        search: with search and "my list", which need the scripts of `make assets`; without, A to Z pages alone.
        advance: is told, on the way, how many more variables have their page.

    Raises:
        ConfigError: the folder holds something else, or the scripts are not built.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out}: is a file\n  give an empty or a new folder with --out")
    if out.is_dir() and not (out / MARK).is_file() and any(out.iterdir()):
        raise ConfigError(
            f"{out}: holds other things, and would be replaced\n  give an empty or a new folder with --out"
        )
    scripts = _scripts() if search else {}
    with LockedTempdir(out.parent, f".{out.name}.", ".part") as made:
        work = made / "site"
        pages = list(_pages(found, release, search=search))
        for folder in ("", "variable", "table", "concept", "package", "a-to-z"):
            (work / folder).mkdir(parents=True, exist_ok=True)
        for file, page in pages:
            (work / file).write_text(page(), encoding="utf-8")
            advance(file.startswith("variable/"))
        for file, text in {**scripts, **_own_files(), MARK: _as_script(found)}.items():
            (work / file).write_text(text, encoding="utf-8")
        size = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
        put(work, out)
    return SiteSummary(out, len(pages), len(found.entries), size)


def _pages(found: Explored, release: ReleaseFacts, *, search: bool) -> Iterator[_Page]:
    """File and maker of each page: a page is made when it is written, so that they are not all in memory."""
    templates = environment("linkage.explore")
    shared = {
        "found": found,
        "release": release,
        "search": search,
        "identifiability": IDENTIFIABILITY,
        "sensitivity": SENSITIVITY,
        "types": TYPES,
        "phases": PHASES,
        "letters": list(found.letters()),
        "version": __version__,
    }

    def page(template: str, base: str, **values: Any) -> Callable[[], str]:
        return lambda: templates.get_template(template).render(**shared, base=base, **values)

    years = sorted({year for entry in found.entries for year in years_of(entry.variable.years)})
    yield "index.html", page("index.html.j2", "", here="index", years=years)
    yield "datasets.html", page("datasets.html.j2", "", here="datasets")
    yield "concepts.html", page("concepts.html.j2", "", here="concepts", concepts=found.concepts())
    yield "packages.html", page("packages.html.j2", "", here="packages")
    yield "a-to-z.html", page("letters.html.j2", "", here="a-to-z", counts=found.letters())
    if search:
        yield "list.html", page("list.html.j2", "", here="list")

    def listing(
        template: str, file: str, rows: Sequence[Any], **values: Any
    ) -> Iterator[tuple[str, Callable[[], str]]]:
        parts = in_parts(file, rows)
        names = [name.rpartition("/")[2] for name, _ in parts]
        for number, (name, shown) in enumerate(parts, 1):
            about = {"rows": shown, "part": number, "parts": names, "in_all": len(rows)}
            yield name, page(template, "../", here="", **about, **values)

    for table in found.tables:
        yield from listing("table.html.j2", table.page, table.entries, table=table)
    for concept, entries in found.concepts().items():
        file = f"concept/{concept.replace(' ', '-')}.html"
        yield from listing("listing.html.j2", file, entries, title=concept.capitalize(), kind="Concept")
    for package in found.packages.values():
        held = [(True, holding.name, variable) for holding, variable in package.variables()]
        rows = [*held, *((False, table.name, variable) for table, variable in package.listed)]
        yield from listing("package.html.j2", f"package/{package.name}.html", rows, package=package)
    for letter, entries in found.letters().items():
        title = "Variables that begin with " + ("a digit" if letter == "0" else letter.upper())
        yield from listing("listing.html.j2", f"a-to-z/{letter}.html", entries, title=title, kind="A to Z")
    for entry in found.entries:
        yield entry.page, page("variable.html.j2", "../", here="", entry=entry, others=found.others(entry))


def in_parts(file: str, rows: Sequence[Any]) -> list[tuple[str, Sequence[Any]]]:
    """A list as files of about the same number of rows: x.html, x-2.html and so on."""
    count = max(1, math.ceil(len(rows) / ROWS))
    size = math.ceil(len(rows) / count)
    stem = file.removesuffix(".html")
    names = [file, *(f"{stem}-{number}.html" for number in range(2, count + 1))]
    return [(name, rows[size * at : size * (at + 1)]) for at, name in enumerate(names)]


def _as_script(found: Explored) -> str:
    """The catalogue for search and lists, as a script: a page opened from a file may load one, and fetch nothing."""
    packages = list(found.packages)
    rows = [_row(entry, packages) for entry in found.entries]
    tables = {table.name: table.title for table in found.tables}
    bundles = {package.name: _bundle(package) for package in found.packages.values()}
    content = {"packages": packages, "phases": list(PHASES), "tables": tables, "bundles": bundles, "rows": rows}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f'"use strict";\nwindow.catalogue = {text};\n'


def _bundle(package: Package) -> list[Any]:
    """A package as list.js has it: title, phases, years held, items that need a reason each."""
    held = [span for phase in package.parts if (span := package.years(phase))]
    years = str(Years(min(span.first for span in held), max(span.last for span in held))) if held else ""
    reasoned = dict.fromkeys(variable.name for _, variable in package.variables() if _needs_reason(variable))
    return [package.title, list(package.phases), years, list(reasoned)]


def _needs_reason(variable: Variable) -> bool:
    return variable.role == "sex" or variable.sensitivity in ("A", "B")


def _row(entry: Entry, packages: list[str]) -> list[Any]:
    """As catalogue.js has it; site.js names the places in the same order."""
    variable = entry.variable
    return [
        entry.table,
        entry.name,
        variable.description,
        variable.concept,
        [PHASES.index(phase) for phase in entry.phases],
        variable.identifiability,
        variable.sensitivity,
        variable.years,
        int(entry.is_held),
        entry.written or "",
        [packages.index(name) for name in entry.packages],
        0 if entry.refused else 2 if _needs_reason(variable) else 1,
    ]


def _scripts() -> dict[str, str]:
    folder = assets_dir()
    missing = [name for name in (*SCRIPTS, *LICENCES) if not (folder / name).is_file()]
    if missing:
        raise ConfigError(
            f"the scripts for search are not built: {', '.join(missing)}\n"
            "  make assets builds them; --no-search writes the pages without search and lists"
        )
    return {name: (folder / name).read_text(encoding="utf-8") for name in (*SCRIPTS, *LICENCES)}


def _own_files() -> dict[str, str]:
    files = {name: template_text("linkage.explore", name) for name in ("site.js", "find.js", "list.js")}
    style = report_style() + template_text("quality.web", "application.css")
    return {**files, "site.css": style + template_text("linkage.explore", "site.css")}
