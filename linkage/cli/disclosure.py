"""`leo disclosure`: which results may leave a secure setting."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from linkage.cli import options as o
from linkage.cli.output import count_of, exit_unless, request_of, show, show_rows
from linkage.errors import InputError

if TYPE_CHECKING:
    from quality.disclosure.outputs.findings import Checked

app = typer.Typer(
    no_args_is_help=True, help="Check results that are to leave a secure setting."
)


@app.command()
def check(
    files: Annotated[list[Path], Argument(metavar="FILE", help="CSV tables.")],
    profile: o.Profile = "leo_publication",
    out: Annotated[
        Path | None,
        Option(help="A folder for the safe tables and the audit of each cell."),
    ] = None,
    approved: Annotated[
        Path | None, Option(help="A folder of tables that left before.")
    ] = None,
    is_draft: Annotated[
        bool,
        Option("--draft", help="Only write a draft of each table's schema next to it."),
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Name every cell that may not leave, with rule and remedy. Exit code 3 where there
    is one.

    NAME.toml next to NAME.csv declares what the columns hold; what is neither declared
    nor certain from a heading is a fault. Several files are of the same people and
    leave together: what one shows must not disclose what another hides.

    Example: leo disclosure check results.csv --profile ons_10_5 --out safe
    """
    from quality.disclosure import load
    from quality.disclosure.outputs.checking import check_tables, draft, read_approved
    from quality.disclosure.outputs.reading import read_table
    from quality.disclosure.outputs.release import refuse_overwriting, write_safe

    sheets = [read_table(path) for path in files]
    if is_draft:
        drafts = {
            sheet.schema_file: draft(sheet)
            for sheet in sheets
            if not sheet.schema_file.exists()
        }
        for path, text in drafts.items():
            path.write_text(text, encoding="utf-8")
        show(list(drafts), (f"wrote {path}" for path in drafts), as_json=as_json)
        return
    if out:
        refuse_overwriting(files, out)
    rules = load(profile)
    tables = check_tables(sheets, rules, read_approved(approved) if approved else [])
    # Files are written before anything is printed: a reader that stops early (| head)
    # ends this process as it prints.
    reports = [
        {**_report(table), "written": write_safe(table, out, rules) if out else []}
        for table in tables
    ]
    show(
        reports,
        (line for report in reports for line in _lines(report)),
        as_json=as_json,
    )
    exit_unless(all(table.passes for table in tables))


@app.command()
def microdata(
    files: Annotated[
        list[Path],
        Argument(metavar="FILE", help="CSV or Parquet files of rows about people."),
    ],
    profile: o.Profile = "leo_publication",
    quasi: Annotated[
        o.Texts, Option(help="A column that helps to identify people. Repeatable.")
    ] = None,
    institutions: Annotated[
        o.Texts, Option("--institution", help="A column of institutions.")
    ] = None,
    amounts: Annotated[o.Texts, Option("--amount", help="A column of amounts.")] = None,
    person: Annotated[
        str | None,
        Option("--person-column", help="The column of the person; else AE_ID."),
    ] = None,
    fraction: Annotated[
        float, Option(min=0.0001, max=1, help="Share of the population in the file.")
    ] = 1.0,
    as_json: o.Json = False,
) -> None:
    """Name the columns by which people could be identified, with rule and remedy. Exit
    code 3 where there are some.

    Example: leo disclosure microdata sample.csv --quasi sex --quasi born --institution
    school --amount pay
    """
    options = locals()
    from linkage.engine import connect
    from quality.disclosure import load
    from quality.disclosure.outputs.microdata import Rules, check_microdata

    rules = request_of(Rules, options, threshold=max(load(profile).threshold, 2))
    signs = {}
    with connect("duckdb", within=files) as engine:
        for path in files:
            if not path.is_file():
                raise InputError(
                    f"{path}: no such file\n  give a CSV or Parquet file that is there"
                )
            signs[str(path)] = check_microdata(engine, path, rules)
    lines = []
    for file, of_file in signs.items():
        lines.append(f"{file}: {_verdict(not of_file, count_of(len(of_file), 'sign'))}")
        for sign in of_file:
            lines.append(
                f"  {sign.columns}: {sign.rule}: {sign.message}\n      remedy: "
                f"{sign.remedy}"
            )
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
        limit = f"under {rules.threshold}" if rules.threshold > 1 else "no"
        zeros = "too" if rules.zeros_are_sensitive else "no"
        rows.append(
            {
                "profile": name,
                "hidden": limit,
                "zeros": zeros,
                "rounded": rounding,
                "title": rules.title,
            }
        )
    show_rows(rows, as_json=as_json)


def _verdict(passes: bool, faults: str) -> str:
    return "passes" if passes else f"does not pass, {faults}"


def _report(check: "Checked") -> dict[str, Any]:
    """A table's columns, totals and findings: no value of its cells."""
    sheet, layout = check.sheet, check.layout
    kinds = [column.holds if column else "undeclared" for column in layout.columns]
    return {
        "table": str(sheet.file),
        "passes": check.passes,
        "columns": {
            kind: [
                head for head, of in zip(sheet.heads, kinds, strict=True) if of == kind
            ]
            for kind in kinds
        },
        "totals": sorted(frozenset[str]().union(*layout.totals)),
        "findings": [
            {**vars(finding), "is_note": finding.is_note} for finding in check.findings
        ],
    }


def _lines(report: dict[str, Any]) -> Iterator[str]:
    faults = sum(not finding["is_note"] for finding in report["findings"])
    yield f"{report['table']}: {_verdict(report['passes'], count_of(faults, 'fault'))}"
    yield from (
        f"  {kind:<12} {', '.join(columns)}"
        for kind, columns in report["columns"].items()
    )
    if report["totals"]:
        yield f"  {'totals':<12} {', '.join(report['totals'])}"
    for finding in report["findings"]:
        place = (
            f"{finding['place']} ({finding['column']})"
            if finding["column"]
            else finding["place"]
        )
        yield (
            f"  {place}: {'note, ' * finding['is_note']}{finding['rule']}: "
            f"{finding['message']}"
        )
        yield f"      remedy: {finding['remedy']}"
    yield from (f"  wrote {path}" for path in report["written"])
