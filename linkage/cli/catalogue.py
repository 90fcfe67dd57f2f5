"""`leo catalogue`: which variables there are."""

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.catalogue import load, load_standard, shipped, standard_extract
from linkage.cli.catalogued import Everything
from linkage.errors import ConfigError
from linkage.pipeline.progress import counter_for

if TYPE_CHECKING:
    from linkage.requests.packages import Package

app = typer.Typer(no_args_is_help=True, help="Look variables up, or check catalogue files.")


@app.command()
def show(
    name: Annotated[
        str | None, typer.Argument(help="A dataset (npd), a table (npd.census) or a variable (npd.census.UPN).")
    ] = None,
) -> None:
    """List the datasets, a dataset's tables, a table's variables, or all that is known of a variable.

    What the LEO standard extract has and no data are held of here is listed with a dot before it.

    Example: leo catalogue show npd.census
    """
    found = Everything(shipped(), standard_extract())
    parts = name.split(".") if name else []
    if not parts:
        lines = found.datasets()
    elif len(parts) == 1:
        lines = found.tables(parts[0])
    elif len(parts) == 2:
        lines = found.variables(parts[0], parts[1])
    else:
        lines = found.variable(parts[0], parts[1], ".".join(parts[2:]))
    typer.echo("\n".join(lines))


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

    The rating is the most identifying (1 to 5) and the most sensitive (A to E) of the items. What is listed is in the
    LEO standard extract besides, and no data of it are held here.

    Example: leo catalogue packages demographics
    """
    from linkage.requests.packages import shipped_packages

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
def site(
    out: Annotated[Path, typer.Option(help="Folder for the pages; an earlier site there is replaced.")],
    run: Annotated[
        Path | None,
        typer.Option(help="A run's folder: pages say what it holds of each variable and how it was linked."),
    ] = None,
    disclosure: Annotated[
        str, typer.Option("--profile", "--disclosure", help="Disclosure profile for a run's numbers.")
    ] = "leo_publication",
    search: Annotated[bool, typer.Option(help="With search and lists; without, pages to leaf through alone.")] = True,
) -> None:
    """Write the catalogue as a site: search, datasets, packages, a page a variable, and lists that become requests.

    It opens from a file, in a browser with scripts or without, and fetches nothing: start with OUT/index.html.

    Example: leo catalogue site --run runs/demo --out site
    """
    from linkage.engine import connect
    from linkage.explore import ReleaseFacts, explored, release_facts, write_site
    from linkage.requests.packages import shipped_packages

    release = ReleaseFacts()
    if run:
        with connect("duckdb") as engine:
            release = release_facts(engine, run, shipped(), disclosure)
    found = explored(shipped(), standard_extract(), shipped_packages())
    with counter_for(sys.stderr, "variables", len(found.entries)) as advance:
        written = write_site(found, release, out, search=search, advance=advance)
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
