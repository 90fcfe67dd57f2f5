"""`leo catalogue`: datasets, tables, variables and packages of the catalogue."""

import difflib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.catalogue import load, load_standard, shipped, standard_extract
from linkage.cli import options as o
from linkage.cli.output import checking, show
from linkage.errors import ConfigError
from linkage.pipeline.progress import counter_for

if TYPE_CHECKING:
    from linkage.catalogue.site import Entry, TableEntry

app = typer.Typer(no_args_is_help=True, help="Look variables up, list data packages, or write the catalogue's site.")


@app.command("show")
def show_catalogue(
    name: Annotated[
        str | None, typer.Argument(help="A dataset (npd), a table (npd.census) or a variable (npd.census.UPN).")
    ] = None,
    as_json: o.Json = False,
) -> None:
    """List the datasets, a dataset's tables, a table's variables, or all that is known of a variable.

    A dot before a variable: it is only listed in the LEO standard extract, and no data of it are here.

    Example: leo catalogue show npd.census
    """
    from linkage.catalogue.packages import shipped_packages
    from linkage.catalogue.site import everything

    site = everything(shipped(), standard_extract(), shipped_packages())
    dataset, _, rest = (name or "").partition(".")
    table_name, _, variable = rest.partition(".")
    report: Any
    if not dataset:
        report = {
            key: {
                "tables": sum(table.name.startswith(f"{key}.") for table in site.tables),
                "title": title,
                "owner": owner,
            }
            for key, (title, owner) in site.datasets.items()
        }
        lines = [f"{key:<8} {one['tables']:>3} tables  {one['title']} ({one['owner']})" for key, one in report.items()]
    elif dataset not in site.datasets:
        raise ConfigError(f"the catalogue has no dataset '{dataset}'\n  it has: {', '.join(sorted(site.datasets))}")
    elif not table_name:
        tables = [table for table in site.tables if table.name.startswith(f"{dataset}.")]
        report = {
            table.name: {"variables": len(table.entries), "held": table.held, "grain": table.grain} for table in tables
        }
        lines = [
            f"{key:<30} {one['variables']:>3} variables, {one['held']:>3} held  one row: {one['grain']}"
            for key, one in report.items()
        ]
    else:
        named = {table.name: table for table in site.tables}
        table = named.get(f"{dataset}.{table_name}")
        if table is None:
            wanted = f"{dataset}.{table_name}"
            raise ConfigError(
                f"no table '{wanted}'\n  {_nearest(wanted, named)}list them: leo catalogue show {dataset}"
            )
        if variable:
            report = _variable(table, variable)
            frame = report["codes"].items()
            lines = [f"{f'{fact}:':<16} {value}" for fact, value in report.items() if fact != "codes"]
            lines += [f"  {code:<14} {label}" for code, label in frame]
        else:
            report = {entry.name: {**_facts(entry), "held": entry.is_held} for entry in table.entries}
            lines = [_line(entry) for entry in table.entries]
    show(report, lines, as_json=as_json)


def _facts(entry: "Entry") -> dict[str, Any]:
    return entry.variable.model_dump(exclude_defaults=True)


def _variable(table: "TableEntry", name: str) -> dict[str, Any]:
    """Every property of a variable that is set, and its code frame."""
    entries = {entry.name: entry for entry in table.entries}
    entry = entries.get(name) or next((entry for entry in table.entries if entry.written == name), None)
    if entry is None:
        raise ConfigError(
            f"{table.name} has no variable '{name}'\n  {_nearest(name, entries)}"
            f"list them: leo catalogue show {table.name}"
        )
    facts = _facts(entry)
    facts |= {"in the form": entry.written} if entry.written and entry.written != name else {}
    facts |= {} if entry.is_held else {"held": "no, only listed"}
    return {**facts, "codes": dict(shipped().frame(entry.variable))}


def _line(entry: "Entry") -> str:
    name = entry.name if entry.is_held else f". {entry.name}"
    return f"{name:<32} {entry.variable.type:<8} {entry.rating}  {entry.variable.description}"


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1, 0.4)
    return f"nearest: {near[0]}; " if near else ""


@app.command(hidden=True)
def check(
    folder: Annotated[Path | None, typer.Argument(help="A folder of catalogue files; ours by default.")] = None,
) -> None:
    """Read every file of a catalogue and name all that is wrong with it. Exit code 3 for faults.

    Example: leo catalogue check configs/catalogue
    """
    with checking(folder):
        catalogue = load(folder)
    if not catalogue.datasets:
        raise ConfigError(f"{folder}: no folder that holds a catalogue\n  give the folder of its .toml files")
    listed = folder / "standard" if folder else None
    with checking(folder):
        standard = load_standard(listed, catalogue) if listed is None or listed.is_dir() else None
    tables = [table for dataset in catalogue.datasets.values() for table in dataset.table.values()]
    variables = sum(len(table.variable) for table in tables)
    typer.echo(
        f"no fault: {len(catalogue.datasets)} datasets, {len(tables)} tables, {variables:,} variables, "
        f"{len(catalogue.frames)} code frames"
    )
    if standard:
        held = sum(len(table.held) for table in standard.tables.values())
        typer.echo(
            f"LEO standard extract: {len(standard.tables)} tables, {standard.field_count:,} variables, {held} held here"
        )


@app.command()
def packages(
    name: Annotated[str | None, typer.Argument(help="A package (demographics), to list its items.")] = None,
    as_json: o.Json = False,
) -> None:
    """List the data packages: items that are requested together, with their rating and size, or one package's items.

    The rating is the most identifying (1 to 5) and the most sensitive (A to E) of the items. What is listed is only in
    the LEO standard extract: no data of it are here.

    Example: leo catalogue packages demographics
    """
    from linkage.catalogue.packages import shipped_packages

    known = shipped_packages()
    if name is not None and name not in known:
        raise ConfigError(f"no package '{name}'\n  {_nearest(name, known)}list them: leo catalogue packages")
    if name is None:
        report = [
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
        lines = [f"{'package':<18} {'phase':<12} rating tables items listed years"]
        lines += [
            "{package:<18} {phase:<12} {rating:<6} {tables:>6} {items:>5} {listed:>6} {years}".format(**one)
            for one in report
        ]
        show(report, lines, as_json=as_json)
        return
    package = known[name]
    lines = [f"{package.name}: {package.title}", f"  after {package.source}"]
    for phase, parts in package.parts.items():
        for part in parts:
            only = f"  {part.only.column} {', '.join(part.only.values)}" if part.only else ""
            before = f"  {part.years_before} years before" if part.years_before else ""
            years = part.holding.years or ""
            lines.append(f"  {phase:<12} {part.holding.name:<22} {len(part.variables):>3} items  {years}{before}{only}")
    items = {
        f"{holding.name}.{v.name}": {"rating": f"{v.identifiability}{v.sensitivity}", "description": v.description}
        for holding, v in package.variables()
    }
    lines += [f"{item:<38} {about['rating']}  {about['description']}" for item, about in items.items()]
    show({"package": name, "title": package.title, "items": items}, lines, as_json=as_json)


@app.command()
def site(out: Annotated[Path, typer.Option(help="Folder for the pages; an earlier site there is replaced.")]) -> None:
    """Write the catalogue as a site: search, datasets, packages, a page a variable, and lists that become requests.

    It opens from a file, in a browser with scripts or without, and fetches nothing: start with OUT/index.html.

    Example: leo catalogue site --out site
    """
    from linkage.catalogue.packages import shipped_packages
    from linkage.catalogue.site import everything, write_site

    content = everything(shipped(), standard_extract(), shipped_packages())
    with counter_for(sys.stderr, "variables", len(content.entries)) as advance:
        written = write_site(content, out, advance=advance)
    typer.echo(
        f"{written.folder / 'index.html'}: {written.variables:,} variables, {written.pages:,} pages, "
        f"{written.size / 1e6:.1f} MB"
    )
