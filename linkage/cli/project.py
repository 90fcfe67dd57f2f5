"""`leo request` and `leo extract`: a project from its request and its approval to its
extract.
"""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer import Argument, Option

from linkage.cli import options as o
from linkage.cli.failures import stoppable
from linkage.cli.output import checking, count_of, first_meant, show

if TYPE_CHECKING:
    from linkage.requests.register import Entry

request = typer.Typer(
    no_args_is_help=True,
    help="Check a project's request, record the panel's decision, publish it.",
)
extract = typer.Typer(
    cls=first_meant("make"),
    no_args_is_help=True,
    help="Make the extract of a project from a run: leo extract RUN REQUEST is short "
    "for leo extract make RUN REQUEST. "
    "Or verify one that was made; or make the master key.\n\n"
    "Example: leo extract runs/demo configs/projects/graduate-earnings.toml --key "
    "runs/demo-key",
)
key = typer.Typer(
    no_args_is_help=True, help="Make the master key that pseudonyms are derived from."
)
extract.add_typer(key, name="key")

_MOST_CHANGES = 20  # changed figures on the terminal; the extract's README.md has all
RULINGS = {
    "approve": "approved",
    "conditions": "approved-with-conditions",
    "reject": "rejected",
}


@request.command("check")
def check_request(request: o.RequestFile, as_json: o.Json = False) -> None:
    """Name all faults of a request, with rule and remedy, or show what it requests.
    Exit code 3 for faults.

    Example: leo request check configs/projects/graduate-earnings.toml
    """
    from linkage.requests.application import scope_of
    from linkage.requests.check import read_application

    with checking(request):
        scope = scope_of(read_application(request, datetime.date.today()))
    lines = [f"{request}: no fault", f"  {'table':<24} items rating years"]
    for table in scope["tables"]:
        rows = f"  {table['only']}" if table["only"] else ""
        lines.append(
            f"  {table['table']:<24} {table['items']:>5} {table['rating']:<6} "
            f"{table['years'] or ''}{rows}"
        )
    for place, reason in scope["names_a_person"].items():
        lines.append(
            f"  {place}: {reason}; leave it out before the extract, which holds it "
            "under no exemption"
        )
    lines += [f"  {place}: {years}" for place, years in scope["derived_years"].items()]
    lines += (
        [f"  link metadata of {', '.join(scope['link_metadata'])}"]
        if scope["link_metadata"]
        else []
    )
    people = count_of(scope["people"], "person", "people")
    lines += [f"  of {scope['population']}", f"  {people}, until {scope['retention']}"]
    show(scope, lines, as_json=as_json)


@request.command()
def submit(
    request: o.RequestFile, register: o.Register = None, date: o.Day = None
) -> None:
    """Check a request, and record that it was submitted to the panel.

    Example: leo request submit study.toml --register register.jsonl
    """
    from linkage.requests import decisions
    from linkage.requests.approved import register_of
    from linkage.requests.check import read_application

    register_file = register_of(request, register)
    _print_entry(
        register_file,
        decisions.submit(register_file, read_application(request, _date(date))),
    )


@request.command()
def decide(
    request: o.RequestFile,
    ruling: Annotated[
        Literal["approve", "conditions", "reject"],
        Argument(help="What the panel decided."),
    ],
    reference: Annotated[
        str, Option(help="Number of the decision in the panel's minutes.")
    ],
    register: o.Register = None,
    date: o.Day = None,
    expires: o.LastDay = None,
    condition: Annotated[
        list[str] | None, Option(help="A condition; published. Repeatable.")
    ] = None,
    exclude: Annotated[
        o.Texts, Option(help="A table or table.variable that is not approved.")
    ] = None,
    amends: Annotated[
        str,
        Option(
            help="The approval that this amends: pseudonyms stay; else they are new."
        ),
    ] = "",
    reason: Annotated[str, Option(help="Why it is rejected; not published.")] = "",
) -> None:
    """Record what the panel decided of a request. A request with faults can only be
    rejected.

    Example: leo request decide study.toml approve --reference DSAP-2026-17 --register
    register.jsonl
    """
    from linkage.requests import decisions
    from linkage.requests.approved import register_of
    from linkage.requests.check import read_application

    day = _date(date)
    application = read_application(request, day, only_form=ruling == "reject")
    decision = decisions.Ruling(
        outcome=RULINGS[ruling],  # type: ignore[arg-type]
        reference=reference,
        date=day,
        expires=expires.date() if expires else None,
        conditions=tuple(condition or ()),
        without=tuple(exclude or ()),
        reason=reason,
        amends=amends,
    )
    register_file = register_of(request, register)
    _print_entry(register_file, decisions.decide(register_file, application, decision))


@request.command()
def withdraw(
    register: o.RegisterFile,
    reference: Annotated[str, Argument(help="Number of the approval that ends.")],
    reason: Annotated[str, Option(help="Why; published.")],
    date: o.Day = None,
) -> None:
    """Record that an approval ends before its time: nothing more is extracted under it.

    Example: leo request withdraw register.jsonl DSAP-2026-17 --reason "The project has
    ended."
    """
    from linkage.requests import decisions

    _print_entry(register, decisions.withdraw(register, reference, _date(date), reason))


@request.command()
def status(
    request: o.RequestFile, register: o.Register = None, as_json: o.Json = False
) -> None:
    """Show where a request is: submitted, approved and until when, rejected and why;
    and whether its data may leave.

    The register is verified first.

    Example: leo request status configs/projects/graduate-earnings.toml
    """
    from linkage.requests.approved import register_of
    from linkage.requests.check import as_lines, faults_of, read_application
    from linkage.requests.decisions import standing
    from linkage.requests.register import read_register

    application = read_application(request, datetime.date.today(), only_form=True)
    register_file = register_of(request, register)
    entries = read_register(register_file) if register_file.exists() or register else []
    result = standing(entries, application)
    faults = (
        as_lines(faults_of(application, leaving=True))
        if result.state == "approved"
        else []
    )
    own = [entry for entry in entries if entry["request"] == application.request.id]
    lines = [
        f"{application.request.id}: "
        f"{result.state}{', and nothing may leave' if faults else ''}"
    ]
    lines += [f"  {line}" for line in [*result.reasons, *faults]]
    lines += (
        [
            "  its entries in the register:",
            *(f"    {_entry_line(entry)}" for entry in own),
        ]
        if own
        else []
    )
    content = [
        {"number": entry.number, "sha256": entry.sha256, **entry.content}
        for entry in own
    ]
    report = {
        "request": application.request.id,
        "state": result.state,
        "reasons": result.reasons,
        "faults": faults,
    }
    show({**report, "entries": content}, lines, as_json=as_json)


@request.command("verify")
def verify_register(
    register: o.RegisterFile,
    published: Annotated[
        str | None,
        Option(help="A hash of a published page, whose entry must be there."),
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Check every byte of a register: was a line changed, removed, inserted or moved?
    Exit code 3 where one was.

    Example: leo request verify register.jsonl --published 3f2a91c07d5e
    """
    from linkage.requests.register import read_register

    entries = read_register(register, published=published)
    last = entries[-1].sha256 if entries else None
    ending = f"the last has the hash {last}" if last else "it is empty"
    lines = [
        f"{register}: {count_of(len(entries), 'entry', 'entries')}, each as it was "
        f"written; {ending}"
    ]
    show(
        {"register": register, "entries": len(entries), "last": last},
        lines,
        as_json=as_json,
    )


@request.command()
def publish(
    register: o.RegisterFile,
    out: Annotated[Path, Option(help="Folder for index.html and register.csv.")] = Path(
        "transparency"
    ),
    date: o.Day = None,
) -> None:
    """Write the transparency register: what was approved, for which project and
    purpose, as a page and as CSV.

    Example: leo request publish register.jsonl --out transparency
    """
    from linkage.requests.published import published_rows, rejected_count
    from linkage.requests.register import read_register
    from quality.report.register import render_register

    entries, day = read_register(register), _date(date)
    last = entries[-1].sha256 if entries else ""
    rows = published_rows(entries, day)
    for path in render_register(
        rows, out, day=day, rejected=rejected_count(entries), last_hash=last
    ):
        typer.echo(path)


def _date(date: datetime.datetime | None) -> datetime.date:
    return date.date() if date else datetime.date.today()


def _entry_line(entry: "Entry") -> str:
    reference = entry.content.get("reference") or entry.content.get("withdraws") or ""
    return f"{entry.number:>4}  {entry['date']}  {entry.event:<24} {reference}".rstrip()


def _print_entry(register: Path, entry: "Entry") -> None:
    typer.echo(f"{register}: {_entry_line(entry).strip()}  hash {entry.sha256[:12]}")


@extract.command()
def make(
    run: o.Run,
    request: o.RequestFile,
    register: o.Register = None,
    key: o.MasterKey = None,
    out: Annotated[
        Path | None,
        Option(help="The extract's folder; RUN/extracts/PROJECT when not given."),
    ] = None,
    opt_outs: Annotated[
        Path | None, Option(help="CSV (source, entity_key) of people in no extract.")
    ] = None,
    compare_with: Annotated[
        Path | None, Option(help="The project's last extract; else the one replaced.")
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Make the extract of a project from a run that has ended well. A decision in force
    must cover its request.

    Example: leo extract runs/demo configs/projects/graduate-earnings.toml --key
    runs/demo-key
    """
    from linkage.extract.change import sentence
    from linkage.pipeline.stages.outputs import deliver

    with stoppable(run):
        info = deliver(
            run,
            request,
            register=register,
            key_file=key,
            out=out,
            opt_outs=opt_outs,
            previous=compare_with,
        )
    lines = [
        f"{info.folder}: {info.people:,} people, {len(info.rows)} tables, "
        f"{info.bytes:,} bytes"
    ]
    if info.same_user:
        lines.append(
            "  the decision was recorded and the extract made by one user: give these "
            "duties to different users"
        )
    if info.opted_out:
        left = info.opted_out
        lines.append(
            f"  opted out: {left.listed:,} listed, {left.found:,} found, "
            f"{left.people:,} people left out"
        )
    if info.change:
        changes: list[Any] = info.change["changes"]
        lines.append(
            f"  of {info.change['compared']:,} figures {len(changes):,} differ from "
            "the last by more than 5 %"
        )
        lines += [f"    {sentence(row)}" for row in changes[:_MOST_CHANGES]]
        if len(changes) > _MOST_CHANGES:
            lines.append(
                f"    and {len(changes) - _MOST_CHANGES:,} more: README.md of the "
                "extract lists them all"
            )
    seal = (
        f"  seal {info.seal}: keep it elsewhere; leo extract verify --seal shows "
        "that it is still this extract"
    )
    show(info, [*lines, seal], as_json=as_json)


@extract.command("verify")
def verify_extract(
    folder: Annotated[Path, Argument(metavar="FOLDER", help="An extract's folder.")],
    seal: Annotated[
        str | None,
        Option(help="The seal that was printed when it was made, or its beginning."),
    ] = None,
    key: Annotated[
        Path | None,
        Option(help="The master key: check that it was used, and is in no file."),
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Check that an extract is as it was made: every file's hash, columns and types,
    primary and foreign keys, rows.

    Every value is searched for signs of identifiers (NINO, UPN, ULN, HUSID, postcode,
    full birth date, e-mail) and keys, whatever its column is called. Exit code 3 where
    anything is wrong; the file is named, a value never.

    Example: leo extract verify runs/demo/extracts/graduate-earnings --seal 3f2a91c07d5e
    """
    from linkage.catalogue import shipped
    from linkage.engine import connect
    from linkage.extract import master_key
    from linkage.extract.verify import verify

    master = master_key(key) if key else None
    with connect(within=[folder]) as engine:
        result = verify(engine, shipped(), folder, key=master, seal=seal)
    counts = (
        f"{result.files} files, {result.tables} tables in their forms, "
        f"{result.rows:,} rows"
    )
    lines = [
        f"{folder}: no fault in {result.project}",
        f"  {counts}; seal {result.seal}",
    ]
    show(result, lines, as_json=as_json)


@key.command()
def new(
    file: Annotated[Path, Argument(help="File to write; refused where there is one.")],
) -> None:
    """Write a new random key that only its owner may read. Keep it outside every run's
    folder.

    Example: leo extract key new ~/leo-master.key
    """
    from linkage.extract import master_key, write_new_key

    write_new_key(file)
    typer.echo(
        f"{file}: a new key, mode 0600, fingerprint {master_key(file).fingerprint}"
    )
    typer.echo(
        "  name it in [outputs] key_file, or give it with --key; keep a copy: a lost "
        "key cannot be made again"
    )


@key.command()
def fingerprint(
    file: Annotated[Path, Argument(help="File of the master key.")],
) -> None:
    """Print a key's fingerprint, as manifests of runs and extracts name it.

    Example: leo extract key fingerprint ~/leo-master.key
    """
    from linkage.extract import master_key

    typer.echo(master_key(file).fingerprint)
