"""`leo outcomes`: institutions compared by what became of their people."""

from pathlib import Path
from typing import Annotated

import typer


def outcomes(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    out: Annotated[Path, typer.Option(help="Folder of the pages: new, empty, or an earlier comparison's.")],
    profile: Annotated[str, typer.Option(help="Disclosure profile of configs/disclosure.")] = "leo_publication",
    years: Annotated[
        int | None, typer.Option(min=1, help="Only what was measured in the last so many years; all when not given.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="File of the master key, where the profile gives pseudonyms; LEO_MASTER_KEY when not given."),
    ] = None,
    definitions: Annotated[
        Path | None, typer.Option(help="The run's definitions of outcomes, where they are not a shipped file.")
    ] = None,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="Print only where the pages are.")] = False,
) -> None:
    """Compare schools, colleges and universities by outcomes 1, 3, 5 and 10 years after, in tables and static pages.

    Sustained employment, further study, benefits and quartiles of earnings, by institution, sex, free school meals and
    ethnic group. Every number has passed disclosure control.

    Example: leo outcomes runs/demo --out outcomes
    """
    from quality.dashboard.outcomes import Request, write_outcomes

    def progress(text: str) -> None:
        if not no_progress:
            typer.echo(f"  {text} ...", err=True)

    site = write_outcomes(run, out, Request(profile, years, definitions, key), progress=progress)
    typer.echo(f"{site.index}   {site.pages} pages, {site.bytes / 1e6:.1f} MB, {site.groups:,} groups")
