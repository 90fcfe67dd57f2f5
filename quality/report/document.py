"""Sections to one HTML file that fetches nothing: its style and charts are inside it,
and it has no scripts.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from linkage.engine import unfinished
from linkage.version import VERSION
from quality.disclosure import Cell
from quality.report.page import Headline, Section, Table

_FORMULA_STARTS = frozenset("=+-@\t\r")
_CSV_SAFE = ",/:;()!*'@$=+?"  # characters that a data URL may hold unquoted
_SENTENCE = 40  # characters, from which a column is kept wide enough to read
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def document(
    title: str,
    statement: str,
    headlines: Sequence[Headline] = (),
    sections: Sequence[Section] = (),
    *,
    style: str = "",
    **more: Any,
) -> str:
    """A page in the report's form.

    Args:
        statement: what the page says, in a sentence or two.
        style: CSS after the report's own.
        more: `parts`, instead of sections, on a long page; `banner`, a warning above
            the title, for example that the data are synthetic; `about`, run, date and
            version, under the title; `places`, pages of the same site: file, name,
            whether it is this one; `links`, further files: file and text.
    """
    template = environment().get_template("report.html.j2")
    page = {
        "parts": (),
        "banner": "",
        "about": "",
        "places": (),
        "links": (),
        "version": VERSION,
    } | more
    whole = {
        "title": title,
        "statement": statement,
        "headlines": headlines,
        "sections": sections,
    }
    return template.render(**whole, **page, style=Markup(report_style() + style))


def banner_of(*manifests: Mapping[str, Any]) -> str:
    """The warning at the top of a page of runs on synthetic data; nothing of other
    runs.

    Args:
        manifests: of the runs; `synthetic`, run, started, finished, versions, and
            published where a release was made of it.
    """
    runs = []
    for one in manifests:
        version = (one.get("versions") or {}).get("leo-linkage", "")
        state = (
            f"published {str(one['published'])[:10]}"
            if one.get("published")
            else "draft"
        )
        day = str(one.get("finished") or one.get("started") or "")[:10]
        facts = (one.get("run", ""), day, version and f"leo-linkage {version}", state)
        runs += (
            [", ".join(str(fact) for fact in facts if fact)]
            if one.get("synthetic")
            else []
        )
    return (
        f"Synthetic data: no person here is real. {'; '.join(dict.fromkeys(runs))}."
        if runs
        else ""
    )


def write_page(page: str, out: Path) -> Path:
    """Write a page whole or not at all; of two who write it at once the last one's
    stays.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(out) as part:
        part.write_text(page, encoding="utf-8")
    return out


def template_text(package: str, name: str) -> str:
    """A style sheet or script among a package's templates."""
    return (
        resources.files(package).joinpath("templates", name).read_text(encoding="utf-8")
    )


def report_style() -> str:
    """The report's style sheet: blocks, then the page around them."""
    return template_text("quality.report", "blocks.css") + template_text(
        "quality.report", "report.css"
    )


def csv_of(table: Table) -> str:
    """A table as CSV: what it shows and nothing else, numbers without thousands
    separators.
    """
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([_plain(name) for name in table.columns])
    writer.writerows([_plain(value) for value in row] for row in table.rows)
    return stream.getvalue()


def _plain(value: str | Cell) -> str:
    if isinstance(value, Cell):
        return (
            value.text if value.mark else value.text.replace(",", "").replace("−", "-")
        )
    return (
        f"'{value}" if value[:1] in _FORMULA_STARTS else value
    )  # else a spreadsheet might run it


@cache
def environment(*packages: str) -> Environment:
    """Templates of the report, after those of packages that share its blocks."""
    templates = Environment(
        loader=ChoiceLoader(
            [PackageLoader(name, "templates") for name in (*packages, "quality.report")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["drawn"] = Markup
    templates.filters["kind"] = lambda block: type(block).__name__
    templates.filters["csv"] = lambda table: (
        "data:text/csv;charset=utf-8," + quote(csv_of(table), safe=_CSV_SAFE)
    )
    templates.tests["text"] = lambda value: isinstance(value, str)
    templates.tests["sentence"] = lambda value: (
        isinstance(value, str) and len(value) > _SENTENCE
    )
    templates.tests["day"] = lambda value: (
        isinstance(value, str) and bool(_DAY.fullmatch(value))
    )
    return templates
