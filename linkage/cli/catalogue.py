"""`leo catalogue`: datasets, tables, variables and packages of the catalogue."""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from linkage.catalogue import load, load_standard, shipped, standard_extract
from linkage.cli import options as o
from linkage.cli.output import checking, show, show_rows, table_lines
from linkage.errors import ConfigError, nearest
from linkage.pipeline.progress import counter_for

app = typer.Typer(
    no_args_is_help=True,
    help="Look variables up, list data packages, or write the catalogue's site.",
)


@app.command("show")
def show_catalogue(
    name: Annotated[
        str | None, Argument(help="A dataset, a table or a variable: npd.census.UPN.")
    ] = None,
    as_json: o.Json = False,
) -> None:
    """List the datasets, a dataset's tables, a table's variables, or all that is known
    of a variable.

    A variable that is only listed is in the LEO standard extract, and no data of it are
    here.

    Example: leo catalogue show npd.census
    """
    from linkage.catalogue.packages import shipped_packages
    from linkage.catalogue.site import everything

    site = everything(shipped(), standard_extract(), shipped_packages())
    dataset, _, rest = (name or "").partition(".")
    table_name, _, variable = rest.partition(".")
    tables = {
        table.name: table
        for table in site.tables
        if not dataset or table.name.startswith(f"{dataset}.")
    }
    if not dataset:
        count = Counter(table.partition(".")[0] for table in tables)
        rows = [
            {"dataset": key, "tables": count[key], "title": title, "owner": owner}
            for key, (title, owner) in site.datasets.items()
        ]
    elif dataset not in site.datasets:
        raise ConfigError(
            f"the catalogue has no dataset '{dataset}'\n  it has: "
            f"{', '.join(sorted(site.datasets))}"
        )
    elif not table_name:
        rows = [
            {
                "table": table.name,
                "variables": len(table.entries),
                "held": table.held,
                "one row": table.grain,
            }
            for table in tables.values()
        ]
    else:
        table = _found(f"{dataset}.{table_name}", tables, "table", f"show {dataset}")
        entries = {entry.name: entry for entry in table.entries}
        if variable:
            by_form = {entry.written: entry for entry in table.entries if entry.written}
            entry = by_form.get(variable) or _found(
                variable, entries, "variable", f"show {table.name}"
            )
            codes = shipped().frame(entry.variable)
            facts = entry.variable.model_dump(exclude_defaults=True) | {
                "in the form": entry.written
            }
            lines = [
                f"{f'{fact}:':<16} {value}" for fact, value in facts.items() if value
            ]
            lines += [] if entry.is_held else [f"{'held:':<16} no, only listed"]
            lines += [f"  {code:<14} {label}" for code, label in codes.items()]
            show(
                {**facts, "held": entry.is_held, "codes": codes}, lines, as_json=as_json
            )
            return
        rows = [
            {
                "variable": key,
                "type": entry.variable.type,
                "rating": entry.rating,
                "held": "yes" if entry.is_held else "listed",
                "description": entry.variable.description,
            }
            for key, entry in entries.items()
        ]
    show_rows(rows, as_json=as_json)


def _found(name: str, known: Mapping[str, Any], noun: str, command: str) -> Any:
    """What a name names.

    Raises:
        ConfigError: nothing; the nearest name.
    """
    if name not in known:
        matches = nearest(name, known, cutoff=0.4)
        remedy = f"nearest: {matches[0]}; " if matches else ""
        raise ConfigError(
            f"no {noun} '{name}'\n  {remedy}list them: leo catalogue {command}"
        )
    return known[name]


@app.command(hidden=True)
def check(
    folder: Annotated[
        Path | None, Argument(help="A folder of catalogue files; ours by default.")
    ] = None,
) -> None:
    """Read every file of a catalogue and name all that is wrong with it. Exit code 3
    for faults.

    Example: leo catalogue check configs/catalogue
    """
    with checking(folder):
        catalogue = load(folder)
    if not catalogue.datasets:
        raise ConfigError(
            f"{folder}: no folder that holds a catalogue\n  give the folder of its "
            ".toml files"
        )
    forms = folder / "standard" if folder else None
    with checking(folder):
        standard = (
            load_standard(forms, catalogue) if forms is None or forms.is_dir() else None
        )
    tables = [
        table
        for dataset in catalogue.datasets.values()
        for table in dataset.table.values()
    ]
    variables = sum(len(table.variable) for table in tables)
    typer.echo(
        f"no fault: {len(catalogue.datasets)} datasets, {len(tables)} tables, "
        f"{variables:,} variables, "
        f"{len(catalogue.frames)} code frames"
    )
    if standard:
        count = sum(len(table.held) for table in standard.tables.values())
        typer.echo(
            f"LEO standard extract: {len(standard.tables)} tables, "
            f"{standard.field_count:,} variables, {count} held here"
        )


@app.command()
def packages(
    name: Annotated[
        str | None, Argument(help="A package (demographics), to list its items.")
    ] = None,
    as_json: o.Json = False,
) -> None:
    """List the data packages: items that are requested together, with their rating and
    size, or one package's items.

    The rating is the most identifying (1 to 5) and the most sensitive (A to E) of the
    items. What is listed is only in the LEO standard extract: no data of it are here.

    Example: leo catalogue packages demographics
    """
    from linkage.catalogue.packages import shipped_packages

    known = shipped_packages()
    if name is None:
        rows = [
            {
                "package": package.name,
                "phase": phase,
                "rating": package.rating([phase]),
                "tables": len(package.parts[phase]),
                "items": len(package.variables([phase])),
                "listed": len(package.listed_in(phase)),
                "years": str(package.years(phase) or ""),
            }
            for package in known.values()
            for phase in package.parts
        ]
        show_rows(rows, as_json=as_json)
        return
    package = _found(name, known, "package", "packages")
    parts = [
        {
            "phase": phase,
            "table": part.holding.name,
            "items": len(part.variables),
            "years": f"{part.holding.years or ''}{f', {part.years_before} years before' if part.years_before else ''}",  # noqa: E501
            "rows": f"{part.only.column} {', '.join(part.only.values)}"
            if part.only
            else "all",
        }
        for phase, parts in package.parts.items()
        for part in parts
    ]
    items = [
        {
            "item": f"{holding.name}.{variable.name}",
            "rating": variable.rating,
            "description": variable.description,
        }
        for holding, variable in package.variables()
    ]
    lines = [f"{package.name}: {package.title}", f"  after {package.source}"]
    for rows in (parts, items):
        lines += ["", *table_lines(list(rows[0]), [list(row.values()) for row in rows])]
    show(
        {"package": name, "title": package.title, "parts": parts, "items": items},
        lines,
        as_json=as_json,
    )


@app.command()
def site(
    out: Annotated[
        Path, Option(help="Folder for the pages; an earlier site there is replaced.")
    ],
) -> None:
    """Write the catalogue as a site: search, datasets, packages, a page a variable, and
    lists that become requests.

    It opens from a file, in a browser with scripts or without, and fetches nothing:
    start with OUT/index.html.

    Example: leo catalogue site --out site
    """
    from linkage.catalogue.packages import shipped_packages
    from linkage.catalogue.site import everything, write_site

    content = everything(shipped(), standard_extract(), shipped_packages())
    with counter_for(sys.stderr, "variables", len(content.entries)) as advance:
        result = write_site(content, out, advance=advance)
    typer.echo(
        f"{result.folder / 'index.html'}: {result.variables:,} variables, "
        f"{result.pages:,} pages, "
        f"{result.size / 1e6:.1f} MB"
    )
