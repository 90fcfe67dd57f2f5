"""`leo extract`: make an approved project's package from a run, or verify one."""

from pathlib import Path
from typing import Annotated

import typer

from linkage.cli.failures import stoppable
from linkage.cli.verbs import FirstVerbIsMeant

KeyOption = Annotated[Path | None, typer.Option(help="File of the master key; LEO_MASTER_KEY when not given.")]

EncryptionOption = Annotated[
    Path | None,
    typer.Option(help="File of the key that the Parquet files are encrypted by; LEO_EXTRACT_KEY when not given."),
]


class _MakeIsMeant(FirstVerbIsMeant):
    meant = "make"


app = typer.Typer(
    cls=_MakeIsMeant,
    no_args_is_help=True,
    help="Make the extract of a project from a run: leo extract RUN REQUEST is short for leo extract make RUN REQUEST. "
    "Or verify one that was made.\n\n"
    "Example: leo extract runs/demo configs/projects/graduate-earnings.toml --key runs/demo-key\n\n"
    "Example: leo extract verify runs/demo/extracts/graduate-earnings",
)


@app.command()
def make(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    request: Annotated[Path, typer.Argument(metavar="REQUEST", help="An approved request's TOML file.")],
    register: Annotated[
        Path | None, typer.Option(help="The register of decisions; register.jsonl in its folder when not given.")
    ] = None,
    key: KeyOption = None,
    out: Annotated[Path | None, typer.Option(help="The extract's folder; RUN/extracts/PROJECT when not given.")] = None,
    opt_outs: Annotated[
        Path | None, typer.Option(help="CSV of source and entity_key of those who may be in no extract.")
    ] = None,
    encryption_key: EncryptionOption = None,
    previous: Annotated[
        Path | None, typer.Option(help="The project's last extract, to compare with; else the one that is replaced.")
    ] = None,
) -> None:
    """Make the extract of a project from a run that has ended well. A decision in force must cover its request.

    Example: leo extract runs/demo configs/projects/graduate-earnings.toml --key runs/demo-key
    """
    from linkage.extract.change import sentence
    from linkage.pipeline.delivery import deliver

    with stoppable(run):
        made = deliver(
            run,
            request,
            register=register,
            key_file=key,
            out=out,
            opt_outs=opt_outs,
            encryption_file=encryption_key,
            previous=previous,
        )
    typer.echo(f"{made.folder}: {made.people:,} people, {len(made.rows)} tables, {made.bytes:,} bytes")
    if made.opted_out:
        left = made.opted_out
        typer.echo(f"  opted out: {left.listed:,} listed, {left.found:,} found, {left.people:,} people left out")
    if made.change:
        found = made.change["changes"]
        typer.echo(f"  of {made.change['compared']:,} figures {len(found):,} differ from the last by more than 5 %")
        typer.echo("\n".join(f"    {sentence(row)}" for row in found[:20]), nl=bool(found))
        if len(found) > 20:
            typer.echo(f"    and {len(found) - 20:,} more: README.md of the extract lists them all")
    typer.echo(f"  seal {made.seal}: keep it elsewhere; leo extract verify --seal shows that it is still this extract")


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="An extract's folder.")],
    seal: Annotated[
        str | None, typer.Option(help="The seal that was printed when the extract was made, or its beginning.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="File of the master key: see that no file holds it, and that it made the extract."),
    ] = None,
    encryption_key: EncryptionOption = None,
) -> None:
    """See that an extract is as it was made: every file's hash, columns and types, primary and foreign keys, rows.

    Every value is looked at for signs of identifiers (NINO, UPN, ULN, HUSID, postcode, full birth date, e-mail) and
    keys, whatever its column is called. Exit code 3 where anything is wrong; the file is named, a value never.

    Example: leo extract verify runs/demo/extracts/graduate-earnings --seal 3f2a91c07d5e
    """
    from linkage.catalogue import shipped
    from linkage.engine import connect
    from linkage.extract import encryption_key as key_of_files
    from linkage.extract import master_key
    from linkage.extract.verify import verify as verified

    with connect() as engine:
        found = verified(
            engine,
            shipped(),
            folder,
            key=master_key(key) if key else None,
            seal=seal,
            encryption=key_of_files(encryption_key),
        )
    typer.echo(f"{folder}: no fault in {found.project}")
    typer.echo(f"  {found.files} files, {found.tables} tables in their forms, {found.rows:,} rows; seal {found.seal}")
