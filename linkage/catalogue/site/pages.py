"""Write the site: pages from templates, and the catalogue as a script for search and
lists.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from linkage.catalogue.definitions import PHASES
from linkage.catalogue.packages import Package
from linkage.catalogue.site.entries import Entry, Everything
from linkage.catalogue.years import Years
from linkage.engine.files import whole
from linkage.errors import ConfigError

MARK = "catalogue.js"  # the file by which a folder is known to be such a site
_OWN = ("site.js", "search.js", "list.js", "site.css")
_Page = tuple[str, Callable[[], str]]

_IDENTIFIABILITY = {
    1: "names a person",
    2: "singles a person out with little else",
    3: "follows one person without naming them",
    4: "singles some people out, with other things known",
    5: "shared by many people",
}
_SENSITIVITY = {
    "A": "most sensitive",
    "B": "treated like special categories of data",
    "C": "sensitive for some",
    "D": "of a protected characteristic",
    "E": "least sensitive",
}
_TYPES = {
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
    site: Everything, out: Path, *, advance: Callable[[int], None] = lambda more: None
) -> SiteSummary:
    """Write the site, whole or not at all; an earlier one is replaced.

    Args:
        advance: is given the number of variables whose page was written since the last
            call.

    Raises:
        ConfigError: the folder holds something other than a site.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(
            f"{out}: is a file\n  give an empty or a new folder with --out"
        )
    if out.is_dir() and not (out / MARK).is_file() and any(out.iterdir()):
        raise ConfigError(
            f"{out}: holds other things, and would be replaced\n  give an empty or a "
            "new folder with --out"
        )
    templates = _environment()
    with whole(out) as work:
        pages = list(_pages(site, templates))
        for folder in ("variable", "table", "package"):
            (work / folder).mkdir(parents=True, exist_ok=True)
        for file, page in pages:
            (work / file).write_text(page(), encoding="utf-8")
            advance(file.startswith("variable/"))
        for name in _OWN:
            (work / name).write_text(
                templates.loader.get_source(templates, name)[0],  # type: ignore[union-attr]
                encoding="utf-8",
            )
        (work / MARK).write_text(_script(site), encoding="utf-8")
        size = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    return SiteSummary(out, len(pages), len(site.entries), size)


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("linkage.catalogue.site"),
        autoescape=lambda name: bool(name and name.endswith(".html.j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _pages(site: Everything, templates: Environment) -> Iterator[_Page]:
    """File and text of each page."""
    known: dict[str, Any] = {
        "site": site,
        "phases": PHASES,
        "identifiability": _IDENTIFIABILITY,
        "sensitivity": _SENSITIVITY,
        "types": _TYPES,
        "concepts": sorted({entry.variable.concept for entry in site.entries}),
    }

    def page(template: str, base: str = "", **context: Any) -> Callable[[], str]:
        return lambda: templates.get_template(template).render(
            known, base=base, **context
        )

    for name in ("index", "datasets", "packages", "list"):
        yield f"{name}.html", page(f"{name}.html.j2", here=name)
    for table in site.tables:
        yield (
            f"table/{table.name}.html",
            page("table.html.j2", "../", here="", table=table),
        )
    for package in site.packages.values():
        yield (
            f"package/{package.name}.html",
            page("package.html.j2", "../", here="", package=package),
        )
    for entry in site.entries:
        yield (
            entry.page,
            page(
                "variable.html.j2",
                "../",
                here="",
                entry=entry,
                others=site.others(entry),
            ),
        )


def _script(site: Everything) -> str:
    """The catalogue for search and lists, as a script: a page opened from a file may
    load one, and fetch nothing.
    """
    packages = {name: _package(package) for name, package in site.packages.items()}
    rows = [_row(entry) for entry in site.entries]
    content = {
        "tables": {table.name: table.title for table in site.tables},
        "packages": packages,
        "rows": rows,
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f'"use strict";\nwindow.catalogue = {text};\n'


def _package(package: Package) -> dict[str, Any]:
    """A package as list.js has it: title, phases, and the years it is held for."""
    years = Years.around(map(package.years, package.parts))
    return {
        "title": package.title,
        "phases": list(package.phases),
        "years": str(years or ""),
    }


def _row(entry: Entry) -> list[Any]:
    """A variable as search.js and list.js have it."""
    variable = entry.variable
    return [
        entry.table,
        entry.name,
        variable.description,
        variable.concept,
        list(entry.phases),
        variable.sensitivity,
        variable.years,
        int(entry.is_held),
        list(entry.packages),
        "no" if entry.refused else "reason" if entry.needs_reason else "yes",
    ]
