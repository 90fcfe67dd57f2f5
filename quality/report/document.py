"""Sections to one HTML file that needs no network: styles, scripts and charts are inside it."""

import csv
import io
import json
import re
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cache
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from linkage import __version__
from linkage.engine import unfinished
from quality.disclosure import Cell
from quality.report import vega
from quality.report.drawing import packed
from quality.report.page import Block, Figure, Fold, Headline, Part, Section, Table

_OF_FORMULAS = frozenset("=+-@\t\r")
_AS_THEY_ARE = ",/:;()!*'@$=+?"  # what an address may hold though it is no letter
_LONG = 40  # letters, from which words want a column that is no narrower than a few of them
_DAY = re.compile(r"\d{4}-\d\d-\d\d")  # not to be broken over two lines


def document(
    title: str,
    statement: str,
    headlines: Sequence[Headline],
    sections: Sequence[Section] = (),
    *,
    parts: Sequence[Part] = (),
    style: str = "",
    is_interactive: bool = True,
) -> str:
    """A page in the report's form.

    Args:
        statement: what the page says, in a sentence or two.
        parts: in place of sections, where a page is long enough to have them.
        style: CSS beside the report's own.
        is_interactive: whether charts are drawn again with tooltips where scripts run, which takes half a megabyte.
    """
    every = [*sections, *(section for part in parts for section in part.sections)]
    charts = {chart.name: chart.specs for section in every for chart in _figures(section.blocks) if chart.specs}
    template = environment().get_template("report.html.j2")
    return template.render(
        title=title,
        statement=statement,
        headlines=headlines,
        sections=sections,
        parts=parts,
        version=__version__,
        style=Markup(report_style() + style),
        charts=packed(json.dumps(charts, separators=(",", ":"))) if is_interactive else "",
        vega=vega.script() if is_interactive else "",
        script=Markup(template_text("quality.report", "report.js")),
    )


def write_page(page: str, out: Path) -> Path:
    """Write a page whole or not at all, and return where. Of two who write it at once the last one's stays."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(out) as part:
        part.write_text(page, encoding="utf-8")
    return out


def _figures(blocks: Sequence[Block]) -> list[Figure]:
    return [
        chart
        for block in blocks
        for chart in (
            [block] if isinstance(block, Figure) else _figures(block.blocks) if isinstance(block, Fold) else []
        )
    ]


def template_text(package: str, name: str) -> str:
    """A style sheet or script among a package's templates."""
    return resources.files(package).joinpath("templates", name).read_text(encoding="utf-8")


def report_style() -> str:
    """The report's style sheet: of its blocks, and of the page around them, which has the last word on paper."""
    return template_text("quality.report", "blocks.css") + template_text("quality.report", "report.css")


def csv_of(table: Table) -> str:
    """A table as CSV: what it shows and nothing else, numbers without marks of thousands."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_plain(name) for name in table.columns])
    for row in table.rows:
        writer.writerow([_plain(value) for value in row])
    return out.getvalue()


def _plain(value: str | Cell) -> str:
    if isinstance(value, Cell):
        return value.text if value.mark else value.text.replace(",", "").replace("−", "-")
    return no_formula(value)


def no_formula(text: str) -> str:
    """A text as a spreadsheet shows it, which would take some for a formula, and run what it says."""
    return f"'{text}" if text[:1] in _OF_FORMULAS else text


@cache
def environment(*packages: str, is_dressed: bool = False) -> Environment:
    """Templates of the report, and before them those of packages that share its blocks: compiled once, not once a page.

    Args:
        is_dressed: whether the styles of GOV.UK Frontend are on the page; classes of theirs are left out where not.
    """

    @cache
    def dress(names: str) -> Markup:
        worn = [name for name in names.split() if is_dressed or not name.startswith("govuk-")]
        return Markup(f' class="{" ".join(worn)}"' if worn else "")

    found = Environment(
        loader=ChoiceLoader([PackageLoader(name, "templates") for name in (*packages, "quality.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["dress"] = dress
    found.filters["drawn"] = lambda svg: Markup(svg.result() if isinstance(svg, Future) else svg)
    found.filters["kind"] = lambda block: type(block).__name__
    found.filters["csv"] = lambda table: "data:text/csv;charset=utf-8," + quote(csv_of(table), safe=_AS_THEY_ARE)
    found.tests["text"] = lambda value: isinstance(value, str)
    found.tests["sentence"] = lambda value: isinstance(value, str) and len(value) > _LONG
    found.tests["day"] = lambda value: isinstance(value, str) and bool(_DAY.fullmatch(value))
    return found
