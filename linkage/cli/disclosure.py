"""`leo disclosure`: which results may leave a secure setting."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli import options as o
from linkage.cli.output import count_of, exit_unless, request_of, show, show_rows
from linkage.errors import ConfigError, InputError

if TYPE_CHECKING:
    from quality.disclosure.outputs import Checked

app = typer.Typer(no_args_is_help=True, help="Check results that are to leave a secure setting.")

Names = list[str] | None


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="CSV or XLSX tables.")],
    profile: o.Profile = "leo_publication",
    out: Annotated[Path | None, typer.Option(help="A folder for the safe tables and the audit of each cell.")] = None,
    labels: Annotated[Names, typer.Option("--label", help="A column of labels. Repeatable.")] = None,
    counts: Annotated[Names, typer.Option("--count", help="A column of counts.")] = None,
    shares: Annotated[Names, typer.Option("--share", help="A column of shares or percentages.")] = None,
    averages: Annotated[Names, typer.Option("--average", help="A column of means or medians.")] = None,
    of: Annotated[
        Names, typer.Option(metavar="COLUMN=[PART/]BASE", help="The counts that a share or average is calculated from.")
    ] = None,
    largest: Annotated[
        Names, typer.Option(metavar="TOTAL=FIRST,SECOND", help="Columns of the largest contributions to a total.")
    ] = None,
    totals: Annotated[Names, typer.Option("--total", help="A code that stands for a total.")] = None,
    rounded_to: Annotated[
        int, typer.Option(min=1, help="What the counts are rounded to already; a table is exact unless this is given.")
    ] = 1,
    tree: Annotated[
        Path | None, typer.Option(help="A CSV of column, code, parent: for example which areas make up which region.")
    ] = None,
    approved: Annotated[Path | None, typer.Option(help="A folder of tables that left before.")] = None,
    as_json: o.Json = False,
) -> None:
    """Name every cell that may not leave, with rule and remedy. Exit code 3 where there is one.

    Which columns are counts, shares and averages is inferred and shown; options override it. Several files are of the
    same people and leave together: what one shows must not disclose what another hides.

    Example: leo disclosure check results.csv --profile ons_10_5 --out safe
    """
    options = locals()
    from quality.disclosure import load
    from quality.disclosure.outputs import (
        Declared,
        check_tables,
        read_approved,
        read_tables,
        refuse_overwriting,
        write_safe,
    )

    if out:
        refuse_overwriting(files, out)
    declared = request_of(
        Declared,
        options,
        of=_pairs(of, "--of"),
        largest={name: columns.split(",") for name, columns in _pairs(largest, "--largest").items()},
        parents=_parents(tree) if tree else {},
    )
    before = read_approved(approved) if approved else []
    sheets = [read_tables(path) for path in files]
    checked = iter(check_tables([sheet for of_file in sheets for sheet in of_file], declared, load(profile), before))
    by_file = [[next(checked) for _ in of_file] for of_file in sheets]
    # Files are written before anything is printed: a reader that stops early (| head) ends this process as it prints.
    written = [write_safe(tables, out) if out else [] for tables in by_file]
    reports = [
        {"tables": [_report(table) for table in tables], "written": paths}
        for tables, paths in zip(by_file, written, strict=True)
    ]
    show(reports, (line for report in reports for line in _lines(report)), as_json=as_json)
    exit_unless(all(table.passes for tables in by_file for table in tables))


@app.command()
def microdata(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="CSV or Parquet files of rows about people.")],
    profile: o.Profile = "leo_publication",
    quasi: Annotated[Names, typer.Option(help="A column that helps to identify people. Repeatable.")] = None,
    institutions: Annotated[Names, typer.Option("--institution", help="A column of institutions.")] = None,
    amounts: Annotated[Names, typer.Option("--amount", help="A column of amounts.")] = None,
    person: Annotated[
        str | None,
        typer.Option("--person-column", help="The column of the person, who may have several rows; else AE_ID."),
    ] = None,
    fraction: Annotated[float, typer.Option(min=0.0001, max=1, help="Share of the population in the file.")] = 1.0,
    as_json: o.Json = False,
) -> None:
    """Name the columns by which people could be identified, with rule and remedy. Exit code 3 where there are some.

    Example: leo disclosure microdata sample.csv --quasi sex --quasi born --institution school --amount pay
    """
    options = locals()
    from linkage.engine import connect
    from quality.disclosure import load
    from quality.disclosure.outputs import Rules, check_microdata

    rules = request_of(Rules, options, threshold=max(load(profile).threshold, 2))
    signs = {}
    with connect("duckdb") as engine:
        for path in files:
            if not path.is_file():
                raise InputError(f"{path}: no such file\n  give a CSV or Parquet file that is there")
            signs[str(path)] = check_microdata(engine, path, rules)
    lines = []
    for file, of_file in signs.items():
        lines.append(f"{file}: {_verdict(not of_file, count_of(len(of_file), 'sign'))}")
        for sign in of_file:
            lines.append(f"  {sign.columns}: {sign.rule}: {sign.message}\n      remedy: {sign.remedy}")
    show(signs, lines, as_json=as_json)
    exit_unless(not any(signs.values()))


@app.command()
def profiles(as_json: o.Json = False) -> None:
    """List the disclosure profiles.

    Example: leo disclosure profiles
    """
    from quality.disclosure import load, names

    rows = []
    for name in names():
        rules = load(name)
        rounding = f"to {rules.round_to}" if rules.round_to > 1 else "no"
        hidden = f"under {rules.threshold}" if rules.threshold > 1 else "no"
        zeros = "too" if rules.zeros_are_sensitive else "no"
        rows.append({"profile": name, "hidden": hidden, "zeros": zeros, "rounded": rounding, "title": rules.title})
    show_rows(rows, as_json=as_json)


def _verdict(passes: bool, faults: str) -> str:
    return "passes" if passes else f"does not pass, {faults}"


def _pairs(texts: Names, option: str) -> dict[str, str]:
    by_name: dict[str, str] = {}
    for text in texts or ():
        name, _, value = text.rpartition("=")
        if not name or not value:
            raise ConfigError(f"{option} {text}: no column before or after the =\n  write {option} COLUMN=...")
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


def _report(checked: "Checked") -> dict[str, Any]:
    """A table's columns, totals and findings, and ACRO's opinion of it: no value of its cells."""
    sheet, layout = checked.sheet, checked.layout
    columns = {
        "labels": layout.labels,
        "counts": layout.counts,
        "shares": layout.shares,
        "averages": layout.averages,
        "not read": layout.unread,
    }
    codes = [row[label].text for row in sheet.rows for label in layout.labels if layout.is_total(row[label].text)]
    return {
        "table": f"{sheet.file}{f', sheet {sheet.name}' if sheet.name else ''}",
        "passes": checked.passes,
        "columns": {kind: [sheet.heads[column] for column in places] for kind, places in columns.items() if places},
        "totals": list(dict.fromkeys(codes)),
        "total_column": None if layout.across is None else sheet.heads[layout.across],
        "findings": [
            {**vars(finding), "is_note": finding.is_note, "remedy": finding.remedy} for finding in checked.findings
        ],
        "acro": _second_opinion(checked),
    }


def _second_opinion(checked: "Checked") -> list[str]:
    """ACRO's verdict, and every cell on which it and the check above differ."""
    from quality.disclosure.outputs.second_opinion import INSTALL, disagreements, is_installed, second_opinion

    if not is_installed():
        return [f"acro      not installed; for its second opinion: {INSTALL}"]
    opinion = second_opinion(checked)
    if opinion is None:
        return ["acro      has no opinion: the table has no count of a group"]
    verdict = _verdict(opinion.passes, f"{len(opinion.faults)} of {len(opinion.seen)} cells")
    return [f"acro      {opinion.version}, by its own rules: {verdict}"] + [
        f"{one.place} ({one.column}): only {one.checker} finds fault: {one.faults}"
        for one in disagreements(checked, opinion)
    ]


def _lines(of_file: dict[str, Any]) -> Iterator[str]:
    for report in of_file["tables"]:
        faults = sum(not finding["is_note"] for finding in report["findings"])
        yield f"{report['table']}: {_verdict(report['passes'], count_of(faults, 'fault'))}"
        yield from (f"  {kind:<9} {', '.join(columns)}" for kind, columns in report["columns"].items())
        if report["totals"]:
            yield f"  totals    {', '.join(report['totals'])}"
        if report["total_column"]:
            yield f"  total     {report['total_column']}: the other counts add up to it"
        for finding in report["findings"]:
            place = f"{finding['place']} ({finding['column']})" if finding["column"] else finding["place"]
            yield f"  {place}: {'note, ' * finding['is_note']}{finding['rule']}: {finding['message']}"
            yield f"      remedy: {finding['remedy']}"
        yield from (f"  {line}" for line in report["acro"])
    yield from (f"  wrote {path}" for path in of_file["written"])
