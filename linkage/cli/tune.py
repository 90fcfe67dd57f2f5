"""`leo tune`: change a step's weights and thresholds, and see at once what it does."""

from pathlib import Path
from typing import Annotated

import typer

from linkage.adhoc.options import say
from linkage.errors import ConfigError


def tune(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of leo run, leo link or leo dedupe.")],
    step: Annotated[str | None, typer.Option(help="A link step; without it the run's only one.")] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            help="What leo link or leo dedupe linked, where it has moved; of leo link given twice: left, then right."
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of this machine; 0 for any that is free.")] = 0,
    profile: Annotated[
        str,
        typer.Option(
            "--profile", "--disclosure", help="Rules by which subgroups are shown to others: configs/disclosure/."
        ),
    ] = "leo_publication",
) -> None:
    """Tune a step in a browser: m and u, thresholds, margin, frequencies; see links, expected error and review load.

    The run stays as it is. What is saved goes to RUN/tuned/ as a new version of the model, with a note. The pages are
    on this machine alone; the address that is printed lets in whoever has it.

    Of leo link and leo dedupe, what the files hold is kept in RUN/explained, for the owner alone.

    Example: leo tune runs/demo --step education-cis

    Example: leo tune linked
    """
    from linkage.catalogue import shipped
    from quality.disclosure import load as load_profile
    from quality.measures.definitions import load as load_definitions
    from quality.report.names import Names

    try:
        from quality.tune.app import application
        from quality.tune.desk import RunDesk
        from quality.web import check_port, serve
    except ModuleNotFoundError as missing:
        raise ConfigError(f"leo tune needs {missing.name}\n  install it: pip install 'leo-linkage[apps]'") from missing
    check_port(port)
    rules, definitions = load_profile(profile), load_definitions()
    with RunDesk(run, step, say, files or ()) as desk:
        typer.echo(f"{desk.pairs:,} pairs of step {desk.step}; Ctrl-C ends")
        serve(
            lambda token: application(desk, Names(shipped()), token, profile=rules, definitions=definitions),
            port,
            lambda address: typer.echo(f"open  {address}"),
        )
