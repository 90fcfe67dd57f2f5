"""`leo output`: may these results leave?"""

import csv
import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli.idle import refuse_idle
from linkage.errors import ConfigError, ExitCode, InputError

if TYPE_CHECKING:
    from quality.disclosure.outputs import Checked, Context, Said

app = typer.Typer(
    no_args_is_help=True, help="Check results that are to leave a secure setting, and keep those that did."
)

FilesArgument = Annotated[list[Path], typer.Argument(metavar="FILE", help="CSV or XLSX tables.")]
ProfileOption = Annotated[str, typer.Option(help="Whose rules: leo output profiles lists them.")]
LabelOption = Annotated[list[str] | None, typer.Option("--label", help="A column of labels. May be repeated.")]
CountOption = Annotated[list[str] | None, typer.Option("--count", help="A column of counts.")]
ShareOption = Annotated[list[str] | None, typer.Option("--share", help="A column of shares or percentages.")]
AverageOption = Annotated[list[str] | None, typer.Option("--average", help="A column of means or medians.")]
OfOption = Annotated[
    list[str] | None, typer.Option("--of", metavar="COLUMN=[PART/]BASE", help="The counts that a column is made of.")
]
LargestOption = Annotated[
    list[str] | None,
    typer.Option("--largest", metavar="TOTAL=FIRST,SECOND", help="Columns of the largest contributions to a total."),
]
TotalOption = Annotated[list[str] | None, typer.Option("--total", help="A word that stands for all of a kind.")]
TreeOption = Annotated[
    Path | None, typer.Option(help="A CSV of column, code, parent: which areas, say, make up which region.")
]
ApprovedOption = Annotated[Path | None, typer.Option(help="A folder of tables that were approved before.")]
PopulationOption = Annotated[
    str | None, typer.Option(help="Whom the table is of, in the words of earlier tables; everybody when not given.")
]
UnitOption = Annotated[
    str | None, typer.Option(help="What is counted where the columns are groups; people when not given.")
]


@app.command()
def check(
    files: FilesArgument,
    profile: ProfileOption = "leo_publication",
    out: Annotated[Path | None, typer.Option(help="A folder for the safe tables and the audit of each cell.")] = None,
    label: LabelOption = None,
    count: CountOption = None,
    share: ShareOption = None,
    average: AverageOption = None,
    of: OfOption = None,
    largest: LargestOption = None,
    total: TotalOption = None,
    tree: TreeOption = None,
    approved: ApprovedOption = None,
    population: PopulationOption = None,
    unit: UnitOption = None,
    microdata: Annotated[bool, typer.Option("--microdata", help="The files hold rows about people.")] = False,
    quasi: Annotated[list[str] | None, typer.Option(help="Microdata: a column that helps to single out.")] = None,
    institution: Annotated[list[str] | None, typer.Option(help="Microdata: a column of institutions.")] = None,
    amount: Annotated[list[str] | None, typer.Option(help="Microdata: a column of amounts.")] = None,
    person: Annotated[
        str | None, typer.Option(help="Microdata: the column that is one person, who may have rows; AE_ID of extracts.")
    ] = None,
    fraction: Annotated[float, typer.Option(min=0.0001, max=1, help="Microdata: share of the population held.")] = 1.0,
) -> None:
    """Name every cell that may not leave, with rule and remedy. Exit code 3 where there is one.

    Which columns are counts, shares and averages is found out, and told; options overrule it. Several files are of the
    same people and leave together: what one shows must not undo what another hides.

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
        "--approved": approved,
        "--out": out,
        "--population": population,
        "--unit": unit,
    }
    of_rows: dict[str, object] = {
        "--quasi": quasi,
        "--institution": institution,
        "--amount": amount,
        "--person": person,
    }
    if microdata:
        refuse_idle(of_tables, "is for tables, and has no meaning with --microdata")
        _microdata(files, profile, quasi or [], institution or [], amount or [], fraction, person)
        return
    refuse_idle({**of_rows, "--fraction": fraction < 1}, "is for rows about people: give --microdata with it")
    if approved is not None and not approved.is_dir():
        raise ConfigError(
            f"{approved}: no such folder of approved tables\n  leave it out until leo output approve has kept one there"
        )
    if approved is None:
        of_approved = {"--population": population, "--unit": unit}
        refuse_idle(of_approved, "is for a table beside approved ones: give --approved with it")
    from quality.disclosure.outputs import refuse_overwriting, write_safe

    if out:
        refuse_overwriting(files, out)
    said = _said(label, count, share, average, of, largest, total, tree)
    found = _checked(files, said, profile, _context(approved, population, unit))
    # Files first: who shows the first lines alone (| head) ends this process as it prints.
    written = [write_safe(tables, out) if out else [] for tables in found]
    for tables, paths in zip(found, written, strict=True):
        _told(tables)
        _second_opinion(tables)
        if paths:
            typer.echo("\n".join(f"  wrote {path}" for path in paths))
    if not all(checked.passes for tables in found for checked in tables):
        raise typer.Exit(int(ExitCode.GATE))


@app.command()
def approve(
    file: Annotated[Path, typer.Argument(help="A CSV table that passes.")],
    name: Annotated[str, typer.Option(help="What it is called in the folder of approved tables.")],
    approved: Annotated[Path, typer.Option(help="The folder of approved tables.")],
    profile: ProfileOption = "leo_publication",
    label: LabelOption = None,
    count: CountOption = None,
    share: ShareOption = None,
    average: AverageOption = None,
    of: OfOption = None,
    total: TotalOption = None,
    tree: TreeOption = None,
    population: PopulationOption = None,
    unit: UnitOption = None,
) -> None:
    """Keep a table that left, so that later ones are held to it. One that does not pass is not kept: exit code 3.

    Example: leo output approve safe/results.csv --name pay-by-region --approved approved/
    """
    from quality.disclosure.outputs import alone
    from quality.disclosure.outputs import approve as keep

    said = _said(label, count, share, average, of, None, total, tree)
    with alone(approved):
        context = _context(approved, population, unit)
        (tables,) = _checked([file], said, profile, context)
        if len(tables) > 1:
            raise InputError(f"{file}: has {len(tables)} tables\n  approve them one at a time, as CSV")
        if not tables[0].passes:
            _told(tables)
            raise typer.Exit(int(ExitCode.GATE))
        assert context is not None
        kept = keep(tables[0], approved, name, context, profile, datetime.date.today())
    typer.echo(f"kept {kept}")


@app.command()
def profiles() -> None:
    """List whose rules there are.

    Example: leo output profiles
    """
    from quality.disclosure import load, names

    for name in names():
        rules = load(name)
        small = f"under {rules.threshold} hidden" if rules.threshold > 1 else "rounding alone"
        rounding = f"to {rules.round_to}" if rules.round_to > 1 else "not rounded"
        noughts = ", noughts too" if rules.zeros_are_sensitive else ""
        typer.echo(f"{name:<16} {small}{noughts}, {rounding}: {rules.title}")


def _said(
    label: list[str] | None,
    count: list[str] | None,
    share: list[str] | None,
    average: list[str] | None,
    of: list[str] | None,
    largest: list[str] | None,
    total: list[str] | None,
    tree: Path | None,
) -> "Said":
    from quality.disclosure.outputs import Said

    return Said(
        labels=label or (),
        counts=count or (),
        shares=share or (),
        averages=average or (),
        of=_pairs(of or [], "--of"),
        largest={name: those.split(",") for name, those in _pairs(largest or [], "--largest").items()},
        totals=total or (),
        parents=_parents(tree) if tree else {},
    )


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    pairs = [text.rpartition("=")[::2] for text in given]
    if wrong := [text for text, (name, value) in zip(given, pairs, strict=True) if not name or not value]:
        raise ConfigError(f"{option} {wrong[0]}: no column before or after the =\n  write {option} COLUMN=...")
    made: dict[str, str] = {}
    for name, value in pairs:
        if made.setdefault(name, value) != value:
            raise ConfigError(f"{option} {name}: is given twice\n  give one of them")
    return made


def _parents(tree: Path) -> dict[tuple[str, str], str]:
    from linkage.config.resources import filled_in

    try:
        with tree.open(newline="", encoding="utf-8-sig") as file:
            found = {(row["column"], row["code"]): row["parent"] for row in filled_in(file)}
        if any(value is None for (column, code), parent in found.items() for value in (column, code, parent)):
            raise csv.Error  # a row ends before its last column
        return found
    except (OSError, UnicodeDecodeError, csv.Error):
        raise InputError(f"{tree}: cannot be read\n  give a CSV file with the columns column, code, parent") from None
    except KeyError as missing:
        raise InputError(f"{tree}: no column {missing}\n  it needs column, code, parent") from None


def _context(approved: Path | None, population: str | None, unit: str | None) -> "Context | None":
    from quality.disclosure.outputs import Context, load_approved

    return Context(population or "everybody", unit or "people", load_approved(approved)) if approved else None


def _checked(paths: Sequence[Path], said: "Said", profile: str, context: "Context | None") -> "list[list[Checked]]":
    """The tables of each file, all looked at together: what one shows must not undo what another hides."""
    from quality.disclosure import load
    from quality.disclosure.outputs import check_tables, read_tables

    sheets = [read_tables(path) for path in paths]
    found = iter(check_tables([sheet for those in sheets for sheet in those], said, load(profile), context))
    return [[next(found) for _ in those] for those in sheets]


def _told(tables: "list[Checked]") -> None:
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
            typer.echo(f"  all       {', '.join(dict.fromkeys(codes))}")
        if layout.across is not None:
            typer.echo(f"  total     {sheet.heads[layout.across]}: the other counts add up to it")
        for finding in checked.findings:
            kind = "note, " if finding.is_note else ""
            where = f"{finding.place} ({finding.column})" if finding.column else finding.place
            typer.echo(f"  {where}: {kind}{finding.rule}: {finding.says}")
            typer.echo(f"      remedy: {finding.remedy}")


def _second_opinion(tables: "list[Checked]") -> None:
    """ACRO's verdict, and every cell on which it and the check above differ."""
    from quality.disclosure.outputs.second_opinion import INSTALL, disagreements, is_installed, second_opinion

    if not is_installed():
        typer.echo(f"  acro      not installed; for its opinion beside this one: {INSTALL}")
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
            typer.echo(f"  {one.place} ({one.column}): {one.who} alone finds fault: {one.says}")


def _microdata(
    files: list[Path],
    profile: str,
    quasi: list[str],
    institution: list[str],
    amount: list[str],
    fraction: float,
    person: str | None,
) -> None:
    from linkage.engine import connect
    from linkage.extract.guards import FOREIGN_NAMES, FOREIGN_SIGNS, NAMES, SIGNS
    from quality.disclosure import load
    from quality.disclosure.outputs import Asked, check_microdata

    least = max(load(profile).threshold, 2)
    forms, names = SIGNS | FOREIGN_SIGNS, NAMES + FOREIGN_NAMES
    asked = Asked(quasi, least, fraction, institution, least, amount, least, forms, names, person)
    passes = True
    with connect("duckdb") as engine:
        for path in files:
            if not path.is_file():
                raise InputError(f"{path}: no such file\n  name a CSV or XLSX table that is there")
            signs = check_microdata(engine, path, asked)
            passes = passes and not signs
            verdict = f"does not pass, {len(signs)} sign{'' if len(signs) == 1 else 's'}" if signs else "passes"
            typer.echo(f"{path}: {verdict}")
            for sign in signs:
                typer.echo(f"  {sign.columns}: {sign.rule}: {sign.says}\n      remedy: {sign.remedy}")
    if not passes:
        raise typer.Exit(int(ExitCode.GATE))
