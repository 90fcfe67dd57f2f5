"""`leo key`: the master key that pseudonyms are derived from."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Make the master key that pseudonyms are derived from.")


@app.callback()
def _verbs() -> None:
    """Keeps `new` a verb of its own."""


@app.command()
def new(file: Annotated[Path, typer.Argument(help="File to write; refused where there is one.")]) -> None:
    """Write a new random key that only its owner may read. Keep it outside every run's folder.

    Example: leo key new ~/leo-master.key
    """
    from linkage.extract import master_key, write_new_key

    write_new_key(file)
    typer.echo(f"{file}: a new key, mode 0600, fingerprint {master_key(file).fingerprint}")
    typer.echo("  name it in [outputs] key_file, or give it with --key; keep a copy: a lost key cannot be made again")
