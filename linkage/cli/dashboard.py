"""`leo dashboard`: one folder of pages over all runs."""

from pathlib import Path
from typing import Annotated

import typer


def dashboard(
    runs: Annotated[list[Path], typer.Argument(help="Folders of leo run, or folders that hold some.")],
    out: Annotated[Path, typer.Option(help="Folder of the pages: new, empty, or an earlier dashboard's.")],
    profile: Annotated[str, typer.Option(help="Disclosure profile of configs/disclosure.")] = "leo_publication",
    no_progress: Annotated[bool, typer.Option("--no-progress", help="Say only where the pages are.")] = False,
) -> None:
    """Make a dashboard of all RUNS: trends, any two compared, models, stage times, in pages that need no network.

    A run that is unfinished, unreadable, of another format or of another configuration is named with the reason. Every
    number has passed disclosure control.

    Example: leo dashboard runs --out runs-dashboard
    """
    from linkage.pipeline.manifest import check_intact
    from linkage.pipeline.reviewing import estimates
    from linkage.version import FORMAT
    from quality.dashboard import found_below, write_site

    found = found_below(runs, estimates, FORMAT, check_intact)
    if not no_progress:
        shown, aside = len(found.runs), len(found.aside)
        folders = f"{aside} folder{'s' if aside != 1 else ''} set aside"
        typer.echo(f"{shown} run{'s' if shown != 1 else ''} to show, {folders}", err=True)
        for one in found.aside:
            typer.echo(f"  {one.name}: {one.reason}", err=True)
    site = write_site(found, out, profile)
    typer.echo(f"{site.index}   {site.pages} pages, {site.bytes / 1e6:.1f} MB")
