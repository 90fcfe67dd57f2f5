"""`leo catalogue`: which variables there are."""

import difflib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.catalogue import load, load_standard, shipped, standard_extract
from linkage.errors import ConfigError
from linkage.pipeline.progress import counter_for

if TYPE_CHECKING:
    from linkage.catalogue.packages import Package
    from linkage.catalogue.site import Entry, TableEntry

app = typer.Typer(no_args_is_help=True, help="Look variables up, or check catalogue files.")


@app.command()
def show(
    name: Annotated[
        str | None, typer.Argument(help="A dataset (npd), a table (npd.census) or a variable (npd.census.UPN).")
    ] = None,
) -> None:
    """List the datasets, a dataset's tables, a table's variables, or all that is known of a variable.

    A dot before a variable says that it is only listed in the LEO standard extract: no data of it are held here.

    Example: leo catalogue show npd.census
    """
    from linkage.catalogue.packages import shipped_packages
    from linkage.catalogue.site import everything

    site = everything(shipped(), standard_extract(), shipped_packages())
    dataset, _, rest = (name or "").partition(".")
    table_name, _, variable = rest.partition(".")
    if not dataset:
        lines = [
            f"{one:<8} {sum(table.name.startswith(f'{one}.') for table in site.tables):>3} tables  {title} ({owner})"
            for one, (title, owner) in site.datasets.items()
        ]
    elif dataset not in site.datasets:
        raise ConfigError(f"the catalogue has no dataset '{dataset}'\n  it has: {', '.join(sorted(site.datasets))}")
    elif not table_name:
        lines = [
            f"{table.name:<30} {len(table.entries):>3} variables, {table.held:>3} held  one row: {table.grain}"
            for table in site.tables
            if table.name.startswith(f"{dataset}.")
        ]
    else:
        tables = {table.name: table for table in site.tables}
        table = tables.get(f"{dataset}.{table_name}")
        if table is None:
            raise ConfigError(
                f"no table '{dataset}.{table_name}'\n  {_nearest(f'{dataset}.{table_name}', tables)}"
                f"list them: leo catalogue show {dataset}"
            )
        lines = _variable(table, variable) if variable else [_line(entry) for entry in table.entries]
    typer.echo("\n".join(lines))


def _variable(table: "TableEntry", name: str) -> list[str]:
    """Every property of a variable that is set, and its code frame."""
    entries = {entry.name: entry for entry in table.entries}
    by_form = {entry.written: entry for entry in table.entries if entry.written}
    entry = entries.get(name) or by_form.get(name)
    if entry is None:
        raise ConfigError(
            f"{table.name} has no variable '{name}'\n  {_nearest(name, entries)}"
            f"list them: leo catalogue show {table.name}"
        )
    lines = [f"{fact + ':':<16} {value}" for fact, value in entry.variable.model_dump(exclude_defaults=True).items()]
    lines += [f"{'in the form:':<16} {entry.written}"] if entry.written and entry.written != name else []
    lines += [] if entry.is_held else [f"{'held:':<16} no, only listed"]
    return lines + [f"  {code:<14} {label}" for code, label in shipped().frame(entry.variable).items()]


def _line(entry: "Entry") -> str:
    name = entry.name if entry.is_held else f". {entry.name}"
    return f"{name:<32} {entry.variable.type:<8} {entry.rating}  {entry.variable.description}"


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1, 0.4)
    return f"nearest: {near[0]}; " if near else ""


@app.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="A folder of catalogue files; ours by default.")] = None,
) -> None:
    """Read every file of a catalogue and name all that is wrong with it.

    Example: leo catalogue check configs/catalogue
    """
    found = load(folder)
    if not found.datasets:
        raise ConfigError(f"{folder}: no folder that holds a catalogue\n  give the folder of its .toml files")
    tables = [table for dataset in found.datasets.values() for table in dataset.table.values()]
    variables = sum(len(table.variable) for table in tables)
    typer.echo(
        f"no fault: {len(found.datasets)} datasets, {len(tables)} tables, {variables:,} variables, "
        f"{len(found.frames)} code frames"
    )
    listed = folder / "standard" if folder else None
    if listed is None or listed.is_dir():
        standard = load_standard(listed, found)
        held = sum(len(table.held) for table in standard.tables.values())
        typer.echo(
            f"LEO standard extract: {len(standard.tables)} tables, {standard.field_count:,} variables, {held} held here"
        )


@app.command()
def packages(
    name: Annotated[str | None, typer.Argument(help="A package (demographics), to list its items.")] = None,
) -> None:
    """List the data packages: items that are asked for together, with their rating and size, or one package's items.

    The rating is the most identifying (1 to 5) and the most sensitive (A to E) of the items. What is listed is only in
    the LEO standard extract: no data of it are held here.

    Example: leo catalogue packages demographics
    """
    from linkage.catalogue.packages import shipped_packages

    found = shipped_packages()
    if name is None:
        lines = [f"{'package':<18} {'phase':<12} rating tables items listed years"]
        lines += [_package_line(package, phase) for package in found.values() for phase in package.parts]
    elif name in found:
        lines = _package_items(found[name])
    else:
        near = difflib.get_close_matches(name, list(found), 1, 0.4)
        raise ConfigError(
            f"no package '{name}'\n  " + (f"nearest: {near[0]}" if near else "list them: leo catalogue packages")
        )
    typer.echo("\n".join(lines))


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


def _package_line(package: "Package", phase: str) -> str:
    items = len(package.variables([phase]))
    return (
        f"{package.name:<18} {phase:<12} {package.rating([phase]):<6} {len(package.parts[phase]):>6} {items:>5} "
        f"{len(package.listed_in(phase)):>6} {package.years(phase) or ''}"
    )


def _package_items(package: "Package") -> list[str]:
    """A package's tables, phase by phase, and each item once."""
    lines = [f"{package.name}: {package.title}", f"  after {package.source}"]
    for phase, parts in package.parts.items():
        for part in parts:
            only = f"  {part.only.column} {', '.join(part.only.values)}" if part.only else ""
            before = f"  {part.years_before} years before" if part.years_before else ""
            held = part.holding.years or ""
            lines.append(f"  {phase:<12} {part.holding.name:<22} {len(part.variables):>3} items  {held}{before}{only}")
    items = [(holding.name, variable) for holding, variable in package.variables()]
    return lines + [
        f"{f'{table}.{v.name}':<38} {v.identifiability}{v.sensitivity}  {v.description}" for table, v in items
    ]
