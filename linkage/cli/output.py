"""`leo output`: may these results leave?"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli.idle import refuse_idle
from linkage.errors import ConfigError, ExitCode, InputError

if TYPE_CHECKING:
    from quality.disclosure.outputs import Checked, Rules

app = typer.Typer(no_args_is_help=True, help="Check results that are to leave a secure setting.")


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="CSV or XLSX tables.")],
    profile: Annotated[str, typer.Option(help="Whose rules: leo output profiles lists them.")] = "leo_publication",
    out: Annotated[Path | None, typer.Option(help="A folder for the safe tables and the audit of each cell.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="A column of labels. May be repeated.")] = None,
    count: Annotated[list[str] | None, typer.Option(help="A column of counts.")] = None,
    share: Annotated[list[str] | None, typer.Option(help="A column of shares or percentages.")] = None,
    average: Annotated[list[str] | None, typer.Option(help="A column of means or medians.")] = None,
    of: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=[PART/]BASE", help="The counts that a column is made of.")
    ] = None,
    largest: Annotated[
        list[str] | None,
        typer.Option(metavar="TOTAL=FIRST,SECOND", help="Columns of the largest contributions to a total."),
    ] = None,
    total: Annotated[list[str] | None, typer.Option(help="A word that stands for a total.")] = None,
    rounded_to: Annotated[
        int, typer.Option(min=1, help="What the counts are rounded to already; a table is exact unless this is given.")
    ] = 1,
    tree: Annotated[
        Path | None, typer.Option(help="A CSV of column, code, parent: which areas, say, make up which region.")
    ] = None,
    approved: Annotated[Path | None, typer.Option(help="A folder of tables that left before.")] = None,
    microdata: Annotated[bool, typer.Option("--microdata", help="The files hold rows about people.")] = False,
    quasi: Annotated[list[str] | None, typer.Option(help="Microdata: a column that helps to identify people.")] = None,
    institution: Annotated[list[str] | None, typer.Option(help="Microdata: a column of institutions.")] = None,
    amount: Annotated[list[str] | None, typer.Option(help="Microdata: a column of amounts.")] = None,
    person: Annotated[
        str | None, typer.Option(help="Microdata: the column of the person, who may have several rows; else AE_ID.")
    ] = None,
    fraction: Annotated[float, typer.Option(min=0.0001, max=1, help="Microdata: share of the population held.")] = 1.0,
) -> None:
    """Name every cell that may not leave, with rule and remedy. Exit code 3 where there is one.

    Which columns are counts, shares and averages is inferred and shown; options overrule it. Several files are of the
    same people and leave together: what one shows must not disclose what another hides.

    Example: leo output check results.csv --profile ons_10_5 --out safe
    """
    of_tables: dict[str, object] = {
        "--label": label,
        "--count": count,
        "--share": share,
        "--average": average,
        "--of": of,
        "--total": total,
        "--largest": largest,
        "--tree": tree,
        "--rounded-to": rounded_to > 1,
        "--approved": approved,
        "--out": out,
    }
    of_rows: dict[str, object] = {
        "--quasi": quasi,
        "--institution": institution,
        "--amount": amount,
        "--person": person,
    }
    from quality.disclosure import load
    from quality.disclosure.outputs import Declared, Rules, check_tables, read_approved, read_tables

    if microdata:
        refuse_idle(of_tables, "is for tables, and has no meaning with --microdata")
        least = max(load(profile).threshold, 2)
        _check_microdata(files, Rules(quasi or (), institution or (), amount or (), least, fraction, person))
        return
    refuse_idle({**of_rows, "--fraction": fraction < 1}, "is for rows about people: give --microdata with it")
    from quality.disclosure.outputs import refuse_overwriting, write_safe

    if out:
        refuse_overwriting(files, out)
    declared = Declared(
        labels=label or (),
        counts=count or (),
        shares=share or (),
        averages=average or (),
        of=_pairs(of or [], "--of"),
        largest={name: columns.split(",") for name, columns in _pairs(largest or [], "--largest").items()},
        totals=total or (),
        parents=_parents(tree) if tree else {},
        rounded_to=rounded_to,
    )
    before = read_approved(approved) if approved else []
    sheets = [read_tables(path) for path in files]
    checked = iter(check_tables([sheet for of_file in sheets for sheet in of_file], declared, load(profile), before))
    by_file = [[next(checked) for _ in of_file] for of_file in sheets]
    # Files first: `| head` ends this process as it prints.
    written = [write_safe(tables, out) if out else [] for tables in by_file]
    for tables, paths in zip(by_file, written, strict=True):
        _show(tables)
        _show_second_opinion(tables)
        if paths:
            typer.echo("\n".join(f"  wrote {path}" for path in paths))
    if not all(table.passes for tables in by_file for table in tables):
        raise typer.Exit(int(ExitCode.GATE))


@app.command()
def profiles() -> None:
    """List whose rules there are.

    Example: leo output profiles
    """
    from quality.disclosure import load, names

    for name in names():
        rules = load(name)
        small = f"under {rules.threshold} hidden" if rules.threshold > 1 else "only rounded"
        rounding = f"to {rules.round_to}" if rules.round_to > 1 else "not rounded"
        zeros = ", zeros too" if rules.zeros_are_sensitive else ""
        typer.echo(f"{name:<16} {small}{zeros}, {rounding}: {rules.title}")


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    pairs = [text.rpartition("=")[::2] for text in given]
    if wrong := [text for text, (name, value) in zip(given, pairs, strict=True) if not name or not value]:
        raise ConfigError(f"{option} {wrong[0]}: no column before or after the =\n  write {option} COLUMN=...")
    by_name: dict[str, str] = {}
    for name, value in pairs:
        if by_name.setdefault(name, value) != value:
            raise ConfigError(f"{option} {name}: is given twice\n  give one of them")
    return by_name


def _parents(tree: Path) -> dict[tuple[str, str], str]:
    from linkage.config.spreadsheets import read_sheets

    header, *rows = next(iter(read_sheets(tree).values())) or [[]]
    places = {str(name).strip(): place for place, name in enumerate(header)}
    try:
        column, code, parent = places["column"], places["code"], places["parent"]
        return {(str(row[column]), str(row[code])): str(row[parent]) for row in rows if any(row)}
    except KeyError as missing:
        raise InputError(f"{tree}: no column {missing}\n  it needs column, code, parent") from None
    except IndexError:
        raise InputError(f"{tree}: a row ends before its last column\n  it needs column, code, parent") from None


def _show(tables: "list[Checked]") -> None:
    for checked in tables:
        sheet, layout = checked.sheet, checked.layout
        where = f"{sheet.file}{f', sheet {sheet.name}' if sheet.name else ''}"
        faults = sum(not finding.is_note for finding in checked.findings)
        verdict = "passes" if checked.passes else f"does not pass, {faults} fault{'' if faults == 1 else 's'}"
        typer.echo(f"{where}: {verdict}")
        kinds = {
            "labels": layout.labels,
            "counts": layout.counts,
            "shares": layout.shares,
            "averages": layout.averages,
            "not read": layout.unread,
        }
        for kind, columns in kinds.items():
            if columns:
                typer.echo(f"  {kind:<9} {', '.join(sheet.heads[column] for column in columns)}")
        codes = [row[label].text for row in sheet.rows for label in layout.labels if layout.is_total(row[label].text)]
        if codes:
            typer.echo(f"  totals    {', '.join(dict.fromkeys(codes))}")
        if layout.across is not None:
            typer.echo(f"  total     {sheet.heads[layout.across]}: the other counts add up to it")
        for finding in checked.findings:
            place = f"{finding.place} ({finding.column})" if finding.column else finding.place
            typer.echo(f"  {place}: {'note, ' * finding.is_note}{finding.rule}: {finding.message}")
            typer.echo(f"      remedy: {finding.remedy}")


def _show_second_opinion(tables: "list[Checked]") -> None:
    """ACRO's verdict, and every cell on which it and the check above differ."""
    from quality.disclosure.outputs.second_opinion import INSTALL, disagreements, is_installed, second_opinion

    if not is_installed():
        typer.echo(f"  acro      not installed; for its second opinion: {INSTALL}")
        return
    for checked in tables:
        opinion = second_opinion(checked)
        if opinion is None:
            typer.echo("  acro      has no opinion: the table has no count of a group")
            continue
        faults = f"{len(opinion.faults)} of {len(opinion.seen)} cells"
        verdict = "passes" if opinion.passes else f"does not pass, {faults}"
        typer.echo(f"  acro      {opinion.version}, by its own rules: {verdict}")
        for one in disagreements(checked, opinion):
            typer.echo(f"  {one.place} ({one.column}): only {one.checker} finds fault: {one.faults}")


def _check_microdata(files: list[Path], rules: "Rules") -> None:
    from linkage.engine import connect
    from quality.disclosure.outputs import check_microdata

    passes = True
    with connect("duckdb") as engine:
        for path in files:
            if not path.is_file():
                raise InputError(f"{path}: no such file\n  give a CSV or Parquet file that is there")
            signs = check_microdata(engine, path, rules)
            passes = passes and not signs
            verdict = f"does not pass, {len(signs)} sign{'' if len(signs) == 1 else 's'}" if signs else "passes"
            typer.echo(f"{path}: {verdict}")
            for sign in signs:
                typer.echo(f"  {sign.columns}: {sign.rule}: {sign.message}\n      remedy: {sign.remedy}")
    if not passes:
        raise typer.Exit(int(ExitCode.GATE))
