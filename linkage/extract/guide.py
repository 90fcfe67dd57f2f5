"""README.md: what is in an extract, for the researchers who use it."""

import functools
from collections.abc import Mapping
from typing import Any

from linkage.extract.change import sentence
from linkage.extract.formats import Delivered
from linkage.extract.layout import PERSON
from linkage.extract.project import Project

_IN_R = {
    "parquet": 'arrow::read_parquet("parquet/{}.parquet")',
    "csv": 'readr::read_csv("csv/{}.csv")',
}
_IN_SQL = {
    "parquet": "'parquet/{}.parquet'",
    "csv": "'csv/{}.csv'",
}


def guide(
    project: Project,
    delivered: Delivered,
    run_info: Mapping[str, Any],
    *,
    change: Mapping[str, Any] | None = None,
    without: bool = False,
) -> str:
    """The guide in Markdown: contents, joins, link metadata, cautions, columns, codes, citation.

    Args:
        change: the differences from the last extract; None where there is none.
        without: whether people who opted out were left out.
    """
    tables = [layout for layout, _ in delivered.tables.values()]
    examples = [table.name for table in tables if table.holding] + ["people"]
    frames = {field.frame: field.labels for table in tables for field in table.fields if field.frame and field.labels}
    form = next(form for form in _IN_SQL if form in project.formats)
    release = f", release {run_info['name']}" if "name" in run_info else ""
    reference = f", {project.decision.reference}" if project.decision else ""
    text: str = _template("README.md.j2").render(
        project=project,
        decision=project.decision,
        tables=tables,
        rows=delivered.rows,
        person=PERSON,
        form=form,
        first=examples[0],
        second=examples[1] if len(examples) > 1 else "people",
        in_sql=_IN_SQL[form].format,
        in_r=_IN_R[form].format,
        frames=sorted(frames.items()),
        change=change,
        without=without,
        run={"definitions": (), "definitions_hash": "", "banner": "", **run_info},
        release=release + reference,
    )
    return text


def rubin(delivered: Delivered) -> str:
    """rubin.py: computes an estimate on each link draw and combines them; of pay where approved, else of links."""
    has_pay = any(
        layout.name == "leo_earnings" and "Earnings" in layout.columns for layout, _ in delivered.tables.values()
    )
    text: str = _template("rubin.py.j2").render(has_pay=has_pay)
    return text


@functools.cache
def _template(name: str) -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("linkage.extract"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=name.endswith(".md.j2"),
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters |= {
        "day": lambda date: f"{date:%d %B %Y}",
        "cell": lambda text: text.replace("|", "\\|"),
        "sentence": sentence,
    }
    return environment.get_template(name)
