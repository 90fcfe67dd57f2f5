"""README.md: what is in an extract, for the researchers who use it."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from linkage.extract.change import sentence
from linkage.extract.formats import Delivered
from linkage.extract.layout import EDUKEY, PERSON
from linkage.extract.link_draws import NAME as LINK_DRAWS
from linkage.extract.project import Project

_IN_R = {
    "parquet": "arrow::read_parquet({})",
    "csv": "readr::read_csv({}, show_col_types = FALSE)",
}


def guide(
    project: Project,
    delivered: Delivered,
    run_info: Mapping[str, Any],
    *,
    examples: Iterable[str] = (),
    change: Mapping[str, Any] | None = None,
    without: bool = False,
) -> str:
    """The guide in Markdown: contents, joins, link metadata, cautions, columns, codes,
    citation.

    Args:
        examples: paths of the worked examples.
        change: the differences from the last extract; None where there is none.
        without: whether people who opted out were left out.
    """
    tables = [layout for layout, _ in delivered.tables.values()]
    first, second, *_ = [
        *(table.name for table in tables if table.holding),
        "people",
        "people",
    ]
    frames = {
        field.frame: field.labels
        for table in tables
        for field in table.fields
        if field.frame and field.labels
    }
    form = _form(project)
    release = f", release {run_info['name']}" if "name" in run_info else ""
    reference = f", {project.decision.reference}" if project.decision else ""
    text: str = _template("README.md.j2").render(
        project=project,
        decision=project.decision,
        tables=tables,
        rows=delivered.rows,
        person=PERSON,
        form=form,
        first=first,
        second=second,
        in_r=lambda name: _IN_R[form].format(f'"{form}/{name}.{form}"'),
        examples=examples,
        frames=sorted(frames.items()),
        change=change,
        without=without,
        run={"definitions": (), "definitions_hash": "", "banner": "", **run_info},
        release=release + reference,
    )
    return text


def worked_examples(
    project: Project, delivered: Delivered, tax_sources: Sequence[str]
) -> dict[str, str]:
    """Path to text of examples in Python, R and Stata: weights by link rate, and
    Rubin's rules over link draws.

    They are of pay where it was approved, else of links. Weights need the linkage of
    tax records, and a coded column of a table of people to group by.

    Args:
        tax_sources: the run's sources of tax and benefit records.
    """
    layouts = {layout.name: layout for layout, _ in delivered.tables.values()}
    groups = [
        (name, field.name)
        for name in sorted(layouts, key=lambda name: name != "leo_person")
        if layouts[name].holding
        and (name == "leo_person" or EDUKEY not in layouts[name].columns)
        for field in layouts[name].fields
        if field.labels and field.type == "string"
    ]
    form, has_linkage = (
        _form(project),
        "linkage" in layouts and "cis" in layouts["linkage"].datasets,
    )
    facts = {
        "form": form,
        "reader": _IN_R[form].format(f'paste0("{form}/", table, ".{form}")'),
        "has_csv": "csv" in project.formats,
        "has_pay": "leo_earnings" in layouts
        and "Earnings" in layouts["leo_earnings"].columns,
        "sources": list(tax_sources),
        "group": groups[0] if groups else None,
    }
    names = [
        *(["weights"] if groups and has_linkage else []),
        *(["rubin"] if LINK_DRAWS in layouts else []),
    ]
    files = {
        f"examples/{name}.{kind}": ".j2" if kind == "py" else ""
        for name in names
        for kind in ("py", "R", "do")
    }
    return {
        path: _template(f"{path}{suffix}").render(facts)
        for path, suffix in files.items()
    }


def _form(project: Project) -> str:
    """The format that examples read."""
    return next(form for form in _IN_R if form in project.formats)


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
