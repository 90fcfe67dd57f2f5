"""`leo request`: what a project asks for, checked, decided on and published."""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from linkage.catalogue import shipped
from linkage.errors import ConfigError

if TYPE_CHECKING:
    from linkage.requests.application import Application
    from linkage.requests.register import Entry

app = typer.Typer(
    no_args_is_help=True, help="Check what a project asks for, record what the panel decides, publish it."
)

RequestArgument = Annotated[Path, typer.Argument(metavar="REQUEST", help="A request's TOML file, CSV or workbook.")]
RegisterOption = Annotated[
    Path | None, typer.Option(help="The register of decisions; register.jsonl in its folder when not given.")
]
RegisterArgument = Annotated[Path, typer.Argument(metavar="REGISTER", help="A register of decisions.")]
DateOption = Annotated[
    datetime.datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="The day of it; today when not given."),
]
RULINGS = {"approve": "approved", "conditions": "approved-with-conditions", "reject": "rejected"}


@app.command()
def check(request: RequestArgument) -> None:
    """Name all faults of a request, with rule and remedy, or show what it requests. Exit code 2 for faults.

    Example: leo request check configs/projects/graduate-earnings.toml
    """
    application = _valid(request, datetime.date.today())
    typer.echo("\n".join([f"{request}: no fault", *_scope_lines(application)]))


@app.command()
def submit(request: RequestArgument, register: RegisterOption = None, date: DateOption = None) -> None:
    """Check a request, and record that it was handed to the panel.

    Example: leo request submit study.toml --register register.jsonl
    """
    from linkage.requests import decisions
    from linkage.requests.approved import register_of

    where = register_of(request, register)
    _said(where, decisions.submit(where, _valid(request, _day(date))))


@app.command()
def decide(
    request: RequestArgument,
    ruling: Annotated[Literal["approve", "conditions", "reject"], typer.Argument(help="What the panel decided.")],
    reference: Annotated[str, typer.Option(help="Number of the decision in the panel's minutes.")],
    register: RegisterOption = None,
    date: DateOption = None,
    expires: Annotated[
        datetime.datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="DAY", help="Last day in force; the request's retention when not given."
        ),
    ] = None,
    condition: Annotated[list[str] | None, typer.Option(help="A condition; published. May be repeated.")] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="table or table.variable that is not approved. May be repeated.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why it is rejected; not published.")] = "",
) -> None:
    """Record what the panel decided of a request. A request with faults can only be rejected.

    Example: leo request decide study.toml approve --reference DSAP-2026-17 --register register.jsonl
    """
    from linkage.requests import decisions
    from linkage.requests.approved import register_of

    day = _day(date)
    application = _read(request, day) if ruling == "reject" else _valid(request, day)
    given = decisions.Ruling(
        outcome=RULINGS[ruling],  # type: ignore[arg-type]
        reference=reference,
        date=day,
        expires=expires.date() if expires else None,
        conditions=tuple(condition or ()),
        without=tuple(without or ()),
        reason=reason,
    )
    where = register_of(request, register)
    _said(where, decisions.decide(where, application, given))


@app.command()
def withdraw(
    register: RegisterArgument,
    reference: Annotated[str, typer.Argument(help="Number of the approval that ends.")],
    reason: Annotated[str, typer.Option(help="Why; published.")],
    date: DateOption = None,
) -> None:
    """Record that an approval ends before its time: nothing more is extracted under it.

    Example: leo request withdraw register.jsonl DSAP-2026-17 --reason "The project has ended."
    """
    from linkage.requests import decisions

    _said(register, decisions.withdraw(register, reference, _day(date), reason))


@app.command()
def status(request: RequestArgument, register: RegisterOption = None) -> None:
    """Say where a request is: submitted, approved and until when, rejected and why; and whether its data may leave.

    The register is verified first.

    Example: leo request status configs/projects/graduate-earnings.toml
    """
    from linkage.requests.approved import register_of
    from linkage.requests.check import as_lines, faults_of
    from linkage.requests.decisions import standing
    from linkage.requests.register import read_register

    application = _read(request, datetime.date.today())
    where = register_of(request, register)
    entries = read_register(where) if where.exists() or register else []
    found = standing(entries, application)
    since = as_lines(faults_of(application, leaving=True)) if found.state == "approved" else []
    typer.echo(f"{application.request.id}: {found.state}{', and nothing may leave' if since else ''}")
    typer.echo("\n".join(f"  {line}" for line in [*found.reasons, *since]))
    ours = [entry for entry in entries if entry["request"] == application.request.id]
    if ours:
        typer.echo("  its entries in the register:")
    typer.echo("\n".join(f"    {_entry_line(entry)}" for entry in ours))


@app.command()
def verify(
    register: RegisterArgument,
    published: Annotated[
        str | None, typer.Option(help="A hash from a page that was published: the register must still hold its entry.")
    ] = None,
) -> None:
    """Check every byte of a register: was a line changed, removed, inserted or moved? Exit code 3 where one was.

    Example: leo request verify register.jsonl --published 3f2a91c07d5e
    """
    from linkage.requests.register import read_register

    entries = read_register(register, published=published)
    last = f"the last has the hash {entries[-1].sha256}" if entries else "it is empty"
    count = "1 entry" if len(entries) == 1 else f"{len(entries)} entries"
    typer.echo(f"{register}: {count}, each as it was written; {last}")


@app.command()
def publish(
    register: RegisterArgument,
    out: Annotated[Path, typer.Option(help="Folder for index.html and register.csv.")] = Path("transparency"),
    date: DateOption = None,
) -> None:
    """Write the transparency register: what was approved, for which project and purpose, as a page and as CSV.

    Example: leo request publish register.jsonl --out transparency
    """
    from linkage.requests.published import published_rows, rejected_count
    from linkage.requests.register import read_register
    from quality.report.register import render_register

    entries = read_register(register)
    day = _day(date)
    rows = published_rows(entries, day)
    last = entries[-1].sha256 if entries else ""
    for path in render_register(rows, out, day=day, rejected=rejected_count(entries), last_hash=last):
        typer.echo(path)


def _day(date: datetime.datetime | None) -> datetime.date:
    return date.date() if date else datetime.date.today()


def _read(path: Path, day: datetime.date) -> "Application":
    """A request whose form is right, whatever else is wrong with it."""
    from linkage.requests.check import application_of, as_lines
    from linkage.requests.request import read_request

    request, form = read_request(path)
    if form:
        raise ConfigError(f"{path}: cannot be read whole\n" + "\n".join(f"  {line}" for line in as_lines(form)))
    return application_of(request, shipped(), day)


def _valid(path: Path, day: datetime.date) -> "Application":
    """A request without a fault.

    Raises:
        ConfigError: all its faults.
    """
    from linkage.requests.check import application_of, as_lines, faults_of
    from linkage.requests.request import read_request

    request, form = read_request(path)
    application = application_of(request, shipped(), day)
    faults = faults_of(application, form)
    if faults:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        raise ConfigError(f"{path}: {count}\n" + "\n".join(f"  {line}" for line in as_lines(faults)))
    return application


def _scope_lines(application: "Application") -> list[str]:
    """What a request comes to, table by table, as the panel will see it."""
    from linkage.catalogue.holdings import names_a_person
    from linkage.requests.application import of_whom, tables_of

    grants = application.grants
    lines = [f"  {'table':<24} items rating years"]
    for table in tables_of(grants):
        held = application.held[table.name].definition.variables
        items = [held[name] for name in table.variables]
        rating = f"{min(v.identifiability for v in items)}{min(v.sensitivity for v in items)}"
        only = f"  {table.only.column} {', '.join(table.only.values)}" if table.only else ""
        lines.append(f"  {table.name:<24} {len(items):>5} {rating:<6} {table.years or ''}{only}")
    for grant, variable in application.items():
        if reason := names_a_person(variable):
            place = f"{grant.holding.name}.{variable.name}"
            lines.append(f"  {place}: {reason}; leave it out before the extract, which holds it under no exemption")
    people = len(application.request.person)
    lines.append(f"  of {of_whom(application.request.population)}")
    return [*lines, f"  {people} {'person' if people == 1 else 'people'}, until {application.request.retention}"]


def _entry_line(entry: "Entry") -> str:
    reference = entry.content.get("reference") or entry.content.get("withdraws") or ""
    return f"{entry.number:>4}  {entry['date']}  {entry.event:<24} {reference}".rstrip()


def _said(register: Path, entry: "Entry") -> None:
    typer.echo(f"{register}: {_entry_line(entry).strip()}  hash {entry.sha256[:12]}")
